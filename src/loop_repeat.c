/* loop_repeat.c - a bid submitted again gets its first answer (rpc.md, P5). */
#include <stdlib.h>

#include "src/loop_impl.h"

static const uint8_t *
leaf_of(const struct gv_tx *tx, uint8_t buf32[32])
{
    if (tx->kind == GV_TX_BID)
        return tx->u.bid.leaf;
    gv_stamp_leaf(GV_TX_CLOSE, tx->u.close.id.b, &tx->u.close.sig, buf32);
    return buf32;
}

bool
gv_loop_repeat_bid(struct gv_loop *l, struct gv_ticket *t)
{
    struct gv_reject why;
    uint8_t leaf[32], receipt[256], *stamp = NULL;
    struct gv_chain *c;
    struct gv_tx tx;
    size_t len, receipt_len = 0;
    uint64_t t_us;
    enum gv_rc rc;

    if (gv_tx_decode(gv_bytes(t->raw, t->len), &tx, &why) != GV_OK ||
        (tx.kind != GV_TX_BID && tx.kind != GV_TX_CLOSE))
        return false;
    c = gv_state_chain(l->state, &tx.chain);
    if (!c || c->registry)
        return false;
    rc =
        gv_state_stamp_of(l->state, c, leaf_of(&tx, leaf), &stamp, &len, &t_us);
    if (rc == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    if (rc != GV_OK)
        return false;
    if (l->stamper && tx.kind == GV_TX_BID)
        receipt_len = gv_stamper_receipt(
            gv_stamper_options(l->stamper), &c->id, &tx.u.bid.id, t_us,
            c->book->open->terms.d_ms * UINT64_C(1000), receipt);
    gv_loop_acknowledge(l, t, gv_bytes(stamp, len),
                        gv_bytes(receipt, receipt_len), t_us);
    free(stamp);
    return true;
}

bool
gv_loop_is_on_chain(struct gv_loop *l, const struct gv_tx *tx)
{
    struct gv_chain *c = gv_state_chain(l->state, &tx->chain);

    if (!c || c->registry || !c->loaded)
        return false;
    if (tx->kind == GV_TX_BID)
        return gv_book_find_bid(c->book, &tx->u.bid.id) != GV_NOWHERE;
    return tx->kind == GV_TX_CLOSE && c->book->closed;
}
