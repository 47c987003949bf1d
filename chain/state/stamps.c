/* stamps.c - find the STAMP behind a bid again, for whoever asks twice. */
#include <stdlib.h>

#include "chain/state/book_impl.h"
#include "chain/state/impl.h"

static enum gv_rc
copy(struct gv_state *s, struct gv_bytes from, uint8_t **raw, size_t *len)
{
    *raw = malloc(from.len);
    if (!*raw)
        return gv_state_fail(s, "out of memory");
    memcpy(*raw, from.p, from.len);
    *len = from.len;
    return GV_OK;
}

/* The waiting STAMP with this TSTInfo. */
static const struct gv_pool_tx *
waiting(const struct gv_chain *c, const uint8_t info_hash32[32])
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_STAMPS].first;

    while (e && memcmp(e->facts->tst[0].info_hash, info_hash32, 32) != 0)
        e = e->next;
    return e;
}

static enum gv_rc
from_block(struct gv_state *s, struct gv_chain *c, uint32_t stamp,
           uint8_t **raw, size_t *len)
{
    const uint8_t *want = c->book->stamp[stamp].info_hash;
    struct gv_reject why;
    struct gv_kv_value v;
    struct gv_block b;
    enum gv_rc rc =
        gv_state_block_at(s, c, gv_book_stamp_height(c->book, stamp), &v);

    if (rc != GV_OK)
        return rc;
    rc = gv_block_decode_bare(gv_bytes(v.p, v.len), s->opt.params, &b, &why);
    if (rc != GV_OK) {
        gv_kv_value_free(&v);
        return gv_state_fail(s, "a stored block is damaged");
    }
    rc = GV_ABSENT;
    for (uint32_t i = 0; i < b.h.header.tx_count && rc == GV_ABSENT; i++) {
        struct gv_tx_facts facts;

        if (b.tx[i].kind == GV_TX_STAMP &&
            gv_tx_facts_of(&b.tx[i], &facts, &why) == GV_OK &&
            memcmp(facts.tst[0].info_hash, want, 32) == 0)
            rc = copy(s, b.tx[i].raw, raw, len);
    }
    gv_block_clear(&b);
    gv_kv_value_free(&v);
    return rc;
}

enum gv_rc
gv_state_stamp_of(struct gv_state *s, struct gv_chain *c,
                  const uint8_t leaf32[32], uint8_t **raw, size_t *len,
                  uint64_t *t_us)
{
    const struct gv_pool_tx *e, *stamp;
    const struct gv_book_leaf *at;
    uint32_t leaf, info;

    if (gv_chain_load(s, c, c->used_ms) != GV_OK)
        return GV_FAULT;
    e = gv_pool_find_leaf(&s->pool, leaf32);
    stamp = e && e->t_us != UINT64_MAX ? waiting(c, e->info_hash) : NULL;
    if (stamp) {
        *t_us = e->t_us;
        return copy(s, gv_bytes(stamp->raw, stamp->len), raw, len);
    }
    leaf = gv_book_find_leaf(c->book, leaf32);
    if (leaf == GV_NOWHERE)
        return GV_ABSENT;
    at = &c->book->leaf[leaf];
    if (!gv_book_time_above(c->book, at,
                            e ? e->floor_us : gv_book_floor(c->book, at), t_us,
                            &info))
        return GV_ABSENT;
    return from_block(s, c, info, raw, len);
}

/* Of the mempool's. */
static const struct gv_pool_mark *
mark_by(const struct gv_chain *c, const struct gv_pool_tx *e,
        const struct gv_stamp_ask *ask)
{
    uint64_t d_us = c->book->open->terms.d_ms * UINT64_C(1000);
    const struct gv_pool_mark *best = NULL;

    for (size_t i = 0; e && i < e->marks; i++) {
        const struct gv_pool_mark *m = &e->mark[i];

        if (m->authority == ask->authority && m->time_us > e->floor_us &&
            ask->now_ms * 1000 <= m->time_us + d_us &&
            waiting(c, m->info_hash) && (!best || m->time_us < best->time_us))
            best = m;
    }
    return best;
}

/* Of the chain's; GV_NOWHERE: none. */
static uint32_t
stamp_by(const struct gv_book *b, const struct gv_book_leaf *at,
         uint64_t floor_us, uint8_t authority)
{
    uint32_t best = GV_NOWHERE;

    for (uint32_t m = at->mark; m != GV_NOWHERE; m = b->mark[m].next) {
        const struct gv_book_stamp *s = &b->stamp[b->mark[m].stamp];

        if (s->authority == authority && s->time_us > floor_us &&
            (best == GV_NOWHERE || s->time_us < b->stamp[best].time_us))
            best = b->mark[m].stamp;
    }
    return best;
}

enum gv_rc
gv_state_stamp_by(struct gv_state *s, struct gv_chain *c,
                  const struct gv_stamp_ask *ask, uint8_t **raw, size_t *len,
                  uint64_t *t_us)
{
    const struct gv_pool_mark *mark;
    const struct gv_book_leaf *at;
    const struct gv_pool_tx *e;
    uint32_t leaf, stamp;

    if (gv_chain_load(s, c, ask->now_ms) != GV_OK)
        return GV_FAULT;
    e = gv_pool_find_leaf(&s->pool, ask->leaf);
    leaf = gv_book_find_leaf(c->book, ask->leaf);
    if (leaf != GV_NOWHERE) {
        at = &c->book->leaf[leaf];
        stamp =
            stamp_by(c->book, at, e ? e->floor_us : gv_book_floor(c->book, at),
                     ask->authority);
        if (stamp != GV_NOWHERE) {
            *t_us = c->book->stamp[stamp].time_us;
            return from_block(s, c, stamp, raw, len);
        }
    }
    mark = mark_by(c, e, ask);
    if (!mark)
        return GV_ABSENT;
    *t_us = mark->time_us;
    e = waiting(c, mark->info_hash);
    return copy(s, gv_bytes(e->raw, e->len), raw, len);
}
