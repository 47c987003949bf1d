/* spine.c - blocks of one branch by height and id. */
#include "chain/state/spine.h"

#include "chain/state/vec.h"

static const uint8_t *
key_of(const void *arg, uint32_t place)
{
    const struct gv_spine *s = arg;

    return s->at[place].sealed.b;
}

void
gv_spine_init(struct gv_spine *s, uint64_t seed)
{
    memset(s, 0, sizeof(*s));
    gv_table_init(&s->by_id, seed, key_of, s);
}

void
gv_spine_free(struct gv_spine *s)
{
    gv_table_free(&s->by_id);
    gv_links_free(&s->links);
    free(s->at);
    s->at = NULL;
    s->count = s->cap = 0;
}

uint32_t
gv_spine_height(const struct gv_spine *s, const struct gv_sealed_id *id)
{
    return gv_table_find(&s->by_id, id->b);
}

const struct gv_vertebra *
gv_spine_tip(const struct gv_spine *s)
{
    return &s->at[s->count - 1];
}

bool
gv_block_is_empty(const struct gv_block *block)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++)
        if (block->tx[i].kind != GV_TX_FINAL &&
            block->tx[i].kind != GV_TX_OBJECTION &&
            block->tx[i].kind != GV_TX_HANDOVER)
            return false;
    return true;
}

enum gv_rc
gv_spine_push(struct gv_spine *s, const struct gv_sealed_header *h,
              uint64_t max_gen_us)
{
    struct gv_vertebra *v;

    if (!gv_vec_room(&s->at, s->count, &s->cap, sizeof(*s->at)))
        return GV_FAULT;
    v = &s->at[s->count];
    v->sealed = h->sealed_id;
    v->time_ms = h->header.time_ms;
    v->max_gen_us = max_gen_us;
    v->links = (uint32_t)s->links.count;
    s->count++;
    if (gv_table_add(&s->by_id, (uint32_t)s->count - 1) == GV_OK)
        return GV_OK;
    s->count--;
    return GV_FAULT;
}

void
gv_spine_pop(struct gv_spine *s)
{
    gv_table_remove(&s->by_id, (uint32_t)s->count - 1);
    gv_links_undo(&s->links, s->at[s->count - 1].links);
    s->count--;
}

enum gv_rc
gv_spine_final(struct gv_spine *s, const struct gv_vote *link,
               struct gv_reject *why)
{
    enum gv_rc rc;
    uint32_t own = (uint32_t)s->count - 1;

    if (link->target_height >= own ||
        gv_spine_height(s, &link->source) != link->source_height ||
        gv_spine_height(s, &link->target) != link->target_height)
        return gv_refuse(why, GV_BAD_FINAL, "final.link", link->target_height,
                         own);
    rc = gv_links_check(&s->links, link, why);
    return rc == GV_OK ? gv_links_add(&s->links, link) : rc;
}
