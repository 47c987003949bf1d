/* loop_repeat.c - a bid submitted again gets its first answer (rpc.md, P5). */
#include <stdlib.h>

#include "src/loop_impl.h"

/* A STAMP found again; its bytes are heap memory. */
struct repeated {
    uint8_t *stamp;
    size_t len;
    uint64_t t_us;
};

/* Where several authorities date it, a peer is told this node's own stamp, with
 * the receipt for it. GV_ABSENT: there is none of use. */
static enum gv_rc
own_stamp(struct gv_loop *l, struct gv_chain *c, const struct gv_tx *tx,
          struct repeated *out)
{
    struct gv_stamp_ask ask = {.now_ms = l->now_ms};

    if (!gv_loop_is_pinned(l, &c->id, &ask.authority))
        return GV_ABSENT;
    gv_loop_leaf(tx, ask.leaf);
    return gv_state_stamp_by(l->state, c, &ask, &out->stamp, &out->len,
                             &out->t_us);
}

bool
gv_loop_repeat_bid(struct gv_loop *l, struct gv_ticket *t)
{
    struct repeated r = {NULL, 0, 0};
    struct gv_reject why;
    uint8_t leaf[32], receipt[256];
    struct gv_chain *c;
    struct gv_tx tx;
    size_t receipt_len = 0;
    enum gv_rc rc;

    if (gv_tx_decode(gv_bytes(t->raw, t->len), &tx, &why) != GV_OK ||
        (tx.kind != GV_TX_BID && tx.kind != GV_TX_CLOSE))
        return false;
    c = gv_state_chain(l->state, &tx.chain);
    if (!c || c->registry)
        return false;
    gv_loop_leaf(&tx, leaf);
    if (!gv_loop_has_several(l, &tx.chain) && !gv_loop_is_blind(l, &tx.chain))
        rc = gv_state_stamp_of(l->state, c, leaf, &r.stamp, &r.len, &r.t_us);
    else if (gv_loop_wants_all(t))
        return gv_loop_repeat_all(l, t);
    else
        rc = own_stamp(l, c, &tx, &r);
    if (rc == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    if (rc != GV_OK)
        return false;
    if (l->stamper && tx.kind == GV_TX_BID)
        receipt_len = gv_stamper_receipt(
            l->stamper, &c->id, &tx.u.bid.id, r.t_us,
            c->book->open->terms.d_ms * UINT64_C(1000), receipt);
    gv_loop_acknowledge(l, t, gv_bytes(r.stamp, r.len),
                        gv_bytes(receipt, receipt_len), r.t_us);
    free(r.stamp);
    return true;
}

bool
gv_loop_is_on_chain(struct gv_loop *l, const struct gv_tx *tx)
{
    struct gv_chain *c = gv_state_chain(l->state, &tx->chain);

    if (!c || c->registry)
        return false;
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK) {
        gv_loop_fail(l, gv_state_error(l->state));
        return false;
    }
    if (tx->kind == GV_TX_BID)
        return gv_book_find_bid(c->book, &tx->u.bid.id) != GV_NOWHERE;
    return tx->kind == GV_TX_CLOSE && c->book->closed;
}
