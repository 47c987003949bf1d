/* sample_settle.c - what becomes of an award. */
#include <string.h>

#include "tests/support/sample.h"

struct gv_tx
sample_settle(struct sample *s, const struct sample_party *by, uint8_t award,
              uint8_t what)
{
    struct gv_tx tx = sample_begin(s, GV_TX_SETTLE);

    tx.u.settle.award = award;
    tx.u.settle.what = what;
    tx.u.settle.side = by == &s->seller ? GV_SIDE_SELLER : GV_SIDE_WINNER;
    tx.u.settle.key = by->cred.key;
    return sample_tx(s, &tx, &by->secret);
}

struct gv_tx
sample_default(struct sample *s, uint8_t award, const struct gv_sealed_id *made,
               unsigned count, uint64_t t_us)
{
    struct gv_tx tx = sample_begin(s, GV_TX_SETTLE);
    uint8_t imprint[32];

    tx.u.settle.award = award;
    tx.u.settle.what = GV_SETTLE_DEFAULTED;
    tx.u.settle.side = GV_SIDE_SELLER;
    tx.u.settle.key = s->seller.cred.key;
    tx.u.settle.count = (uint8_t)count;
    gv_settle_imprint(&s->open.id, made, award, imprint);
    for (unsigned i = 0; i < count; i++) {
        tx.u.settle.token[i].authority = (uint8_t)i;
        tx.u.settle.token[i].token =
            sample_token(s, i, imprint, t_us + i, gv_policy_blind());
    }
    return sample_tx(s, &tx, &s->seller.secret);
}

struct gv_tx
sample_accept(struct sample *s, unsigned bidder, uint8_t award, uint64_t price)
{
    struct gv_tx tx = sample_begin(s, GV_TX_ACCEPT);

    tx.u.accept.award = award;
    tx.u.accept.key = s->bidder[bidder].cred.key;
    tx.u.accept.price = price;
    return sample_tx(s, &tx, &s->bidder[bidder].secret);
}
