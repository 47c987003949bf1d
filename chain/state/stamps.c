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
