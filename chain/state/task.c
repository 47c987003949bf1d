/* task.c - blocks and transactions on their way in: context, verify. */
#include <stdlib.h>

#include "chain/state/impl.h"

#define HOLD_MS 10000 /* R1: blocks further ahead are held */
#define STEP_MS 250   /* R1: least distance to the parent */

void
gv_task_free(struct gv_task *t)
{
    if (!t)
        return;
    gv_facts_clear(&t->facts);
    gv_block_clear(&t->block);
    gv_pins_free(t->pins);
    free(t->open);
    free(t->todo);
    if (t->look) /* whatever came of it: the next one may look */
        t->chain->looking = false;
    gv_look_free(t->look);
    free(t->raw);
    free(t);
}

size_t
gv_task_size(const struct gv_task *t)
{
    return t->todos + gv_look_count(t->look);
}

bool
gv_task_is_block(const struct gv_task *t)
{
    return t->is_block;
}

void
gv_task_set_user(struct gv_task *t, void *user)
{
    t->user = user;
}

void *
gv_task_user(const struct gv_task *t)
{
    return t->user;
}

const struct gv_tx *
gv_task_tx_of(const struct gv_task *t)
{
    return &t->tx;
}

enum gv_rc
gv_task_verdict(const struct gv_task *t, struct gv_reject *why)
{
    enum gv_rc rc = (enum gv_rc)atomic_load(&t->verdict);

    if (rc != GV_OK && why)
        *why = t->why;
    return rc;
}

struct gv_bytes
gv_task_raw(const struct gv_task *t)
{
    return gv_bytes(t->raw, t->len);
}

struct gv_task *
gv_task_new(struct gv_state *s, struct gv_bytes raw, bool is_block)
{
    struct gv_task *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->is_block = is_block;
    t->params = s->opt.params;
    t->why.index = GV_NO_INDEX;
    atomic_init(&t->verdict, GV_OK);
    atomic_init(&t->doubted, false);
    atomic_flag_clear(&t->told);
    t->raw = malloc(raw.len ? raw.len : 1);
    if (!t->raw) {
        free(t);
        return NULL;
    }
    memcpy(t->raw, raw.p, raw.len);
    t->len = raw.len;
    return t;
}

/* --- context of headers --- */

uint32_t
gv_chain_target(const struct gv_state *s, const struct gv_chain *c,
                uint32_t parent, uint64_t time_ms)
{
    const struct gv_node *p = &c->tree.node[parent], *g;
    const struct gv_params *params = s->opt.params;
    struct gv_retarget r = {0};
    unsigned fixed = c->registry ? params->registry_fixed
                                 : c->book->open->terms.fixed_difficulty;

    if (fixed)
        return gv_target_fixed(fixed);
    g = p->parent == GV_NOWHERE ? p : &c->tree.node[p->parent];
    r.parent_target = p->target;
    r.opening_target = c->tree.node[0].target;
    r.easiest_target = params->easiest_target;
    r.height = p->height + 1;
    r.time_ms = time_ms;
    r.parent_ms = p->time_ms;
    r.grandparent_ms = g->time_ms;
    r.t_ms = c->registry ? params->registry_t_ms : c->book->open->terms.t_ms;
    return gv_retarget_next(&r);
}

enum gv_rc
gv_task_context(struct gv_state *s, struct gv_chain *c,
                const struct gv_sealed_header *h, uint64_t now_ms,
                uint32_t *parent, struct gv_reject *why)
{
    const struct gv_node *p;
    uint32_t target;

    *parent = gv_tree_find(&c->tree, &h->header.prev);
    if (*parent == GV_NOWHERE)
        return gv_refuse(why, GV_ORPHAN, "header.prev", h->header.height,
                         c->sum.height);
    p = &c->tree.node[*parent];
    if (p->invalid)
        return gv_refuse(why, GV_BAD_HEADER, "header.prev", 0, 0);
    if (h->header.height != p->height + 1)
        return gv_refuse(why, GV_BAD_HEADER, "header.height", h->header.height,
                         p->height + 1);
    if (p->dead)
        return gv_refuse(why, GV_FORK_TOO_OLD, "header.prev", p->height,
                         c->sum.final_height);
    if (h->header.time_ms < p->time_ms + STEP_MS)
        return gv_refuse(why, GV_BAD_TIME, "header.time", h->header.time_ms,
                         p->time_ms + STEP_MS);
    if (h->header.time_ms > now_ms + HOLD_MS)
        return GV_ABSENT;
    target = gv_chain_target(s, c, *parent, h->header.time_ms);
    if (h->header.target != target)
        return gv_refuse(why, GV_BAD_TARGET, "header.target", h->header.target,
                         target);
    return gv_header_check_work(h, why);
}

/* --- verify --- */

static enum gv_rc
verify_one(struct gv_task *t, const struct gv_keys *keys, size_t i,
           struct gv_reject *why)
{
    uint32_t at = t->todo[i];

    if (t->open)
        return gv_open_verify(t->open, t->params, keys, why);
    return gv_tx_verify(t->is_block ? &t->block.tx[at] : &t->tx, t->pins, keys,
                        t->facts.at[at], why);
}

/* Validators' keys follow from the block's ancestors, which may not be here
 * yet: gv_seats_check has the last word. */
static bool
is_doubt(const struct gv_task *t, size_t i)
{
    if (t->open)
        return false;
    return gv_tx_signed_under(t->is_block ? &t->block.tx[t->todo[i]]
                                          : &t->tx) != NULL;
}

void
gv_task_verify(struct gv_task *t, const struct gv_keys *keys, size_t from,
               size_t to)
{
    for (size_t i = from; i < to && i < gv_task_size(t); i++) {
        struct gv_reject why = {.index = GV_NO_INDEX};
        enum gv_rc rc;

        if (atomic_load_explicit(&t->verdict, memory_order_relaxed) != GV_OK)
            return;
        if (i >= t->todos) {
            gv_look_at(t->look, i - t->todos);
            continue;
        }
        rc = verify_one(t, keys, i, &why);
        if (rc == GV_REJECT && is_doubt(t, i)) {
            atomic_store(&t->doubted, true);
            continue;
        }
        if (rc == GV_OK)
            continue;
        if (!atomic_flag_test_and_set(&t->told)) {
            t->why = why;
            t->why.index = t->is_block ? t->todo[i] : GV_NO_INDEX;
            atomic_store(&t->verdict, rc);
        }
        return;
    }
}
