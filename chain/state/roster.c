/* roster.c - see roster.h. */
#include "chain/state/roster.h"

#include "chain/state/vec.h"

void
gv_roster_free(struct gv_roster *r)
{
    free(r->at);
    *r = (struct gv_roster){0};
}

enum gv_rc
gv_roster_note(struct gv_roster *r, struct gv_tree *t, uint32_t node,
               const struct gv_tx_handover *h)
{
    if (!gv_vec_room(&r->at, r->count, &r->cap, sizeof(*r->at)))
        return GV_FAULT;
    r->at[r->count] = (struct gv_handover){*h, t->node[node].handover};
    t->node[node].handover = (uint32_t)r->count++;
    return GV_OK;
}

static const struct gv_handover *
newest(const struct gv_roster *r, uint32_t from, unsigned validator)
{
    for (; from != GV_NOWHERE; from = r->at[from].below)
        if (r->at[from].tx.validator == validator)
            return &r->at[from];
    return NULL;
}

const struct gv_handover *
gv_roster_under(const struct gv_roster *r, const struct gv_tree *t,
                uint32_t node, unsigned validator)
{
    uint32_t parent = t->node[node].parent;

    return parent == GV_NOWHERE
               ? NULL
               : newest(r, t->node[parent].handover, validator);
}

const struct gv_handover *
gv_roster_after(const struct gv_roster *r, const struct gv_tree *t,
                uint32_t node, unsigned validator)
{
    return newest(r, t->node[node].handover, validator);
}

const struct gv_handover *
gv_roster_before(const struct gv_roster *r, const struct gv_handover *h)
{
    return newest(r, h->below, h->tx.validator);
}
