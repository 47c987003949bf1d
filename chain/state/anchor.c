/* anchor.c - ended auctions whose FINAL is to be time-stamped (V6). */
#include <stdlib.h>

#include "chain/state/impl.h"

/* Does it make Y, at this height, final (V2)? */
static bool
ends(const struct gv_tx *tx, const void *arg)
{
    const struct gv_vote *v = &tx->u.final.link;
    const uint32_t *outcome = arg;

    return tx->kind == GV_TX_FINAL && v->source_height >= *outcome &&
           v->target_height == v->source_height + 1;
}

enum gv_rc
gv_state_final_of(struct gv_state *s, struct gv_chain *c, struct gv_tx_id *out)
{
    uint32_t y = c->sum.outcome_height;

    for (uint32_t h = y + 1; y && h <= c->sum.height; h++) {
        uint8_t *raw;
        size_t len;
        enum gv_rc rc = gv_state_copy_tx(s, c, h, ends, &y, &raw, &len);

        if (rc == GV_ABSENT)
            continue;
        if (rc == GV_OK)
            gv_tx_id_of(gv_bytes(raw, len), out);
        free(raw);
        return rc;
    }
    return GV_ABSENT;
}

static bool
anchor_waits(const struct gv_state *s, const struct gv_chain_id *auction)
{
    const struct gv_pool_tx *e = s->registry->pool.of[GV_POOL_BIDS].first;

    while (e && (e->tx.kind != GV_TX_ANCHOR ||
                 !GV_ID_EQ(&e->tx.u.anchor.auction, auction)))
        e = e->next;
    return e != NULL;
}

size_t
gv_state_anchors_due(struct gv_state *s, uint64_t now_ms, uint64_t retry_ms,
                     struct gv_chain **out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < s->awakes && n < cap; i++) {
        struct gv_chain *c = s->awake[i];

        if (c->registry || !c->loaded || !gv_book_ended(c->book) ||
            now_ms < c->anchor_asked_ms + retry_ms ||
            gv_directory_anchor(s->registry->dir, &c->id, NULL) ||
            anchor_waits(s, &c->id))
            continue;
        out[n++] = c;
    }
    return n;
}
