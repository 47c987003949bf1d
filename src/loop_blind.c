/* loop_blind.c - bids of auctions whose authorities are blind (rule R5):
 * whoever made one had it stamped, and hands it in with its STAMPs. */
#include <stdlib.h>

#include "src/loop_impl.h"

bool
gv_loop_is_blind(struct gv_loop *l, const struct gv_chain_id *auction)
{
    const struct gv_open *open = gv_loop_open_of(l, auction);

    return open && gv_open_is_blind(open);
}

/* Call it for each STAMP; stops at the first that is not GV_OK. */
static enum gv_rc
each_stamp(struct gv_loop *l, const struct gv_ticket *t,
           enum gv_rc (*use)(struct gv_loop *l, const struct gv_ticket *t,
                             struct gv_bytes stamp, struct gv_reject *why),
           struct gv_reject *why)
{
    struct gv_reader r = gv_reader(gv_bytes(t->stamps, t->stamps_len));
    enum gv_rc rc = GV_OK;

    while (rc == GV_OK && r.left > 0) {
        struct gv_bytes stamp = gv_get_b32(&r, GV_TX_MAX, "stamps");

        rc = r.failed ? gv_refuse(why, GV_BAD_ENCODING, "stamps", 0, 0)
                      : use(l, t, stamp, why);
    }
    return rc;
}

static enum gv_rc
check(struct gv_loop *l, const struct gv_ticket *t, struct gv_bytes stamp,
      struct gv_reject *why)
{
    struct gv_stamp_in in;

    return gv_loop_check_stamp(l, gv_bytes(t->raw, t->len), stamp, &in, why);
}

static enum gv_rc
enter(struct gv_loop *l, const struct gv_ticket *t, struct gv_bytes stamp,
      struct gv_reject *why)
{
    (void)t;
    return gv_loop_enter(l, stamp, why);
}

/* The bid, and then its stamps. Nothing enters before all of them are known to
 * be good. */
static enum gv_rc
enter_all(struct gv_loop *l, struct gv_ticket *t, struct gv_reject *why)
{
    enum gv_rc rc = each_stamp(l, t, check, why);

    if (rc == GV_OK && t->task)
        rc = gv_loop_enter_bid(l, t, why);
    /* Gossip may have brought it, or it stands on its chain. */
    if (rc == GV_REJECT && why->code == GV_DUPLICATE)
        rc = GV_OK;
    return rc == GV_OK ? each_stamp(l, t, enter, why) : rc;
}

void
gv_loop_blind_bid(struct gv_loop *l, struct gv_ticket *t,
                  const struct gv_tx *tx)
{
    const struct gv_open *open = gv_loop_open_of(l, &tx->chain);
    unsigned need = open ? gv_open_f(open) + 1 : 1;
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = GV_OK;

    /* A peer asks for this node's own stamp, and there is none here. */
    if (!gv_loop_wants_all(t))
        rc = gv_refuse(&why, GV_NOT_SIGNER, "stamping service", 0, 0);
    else if (t->stamps_len == 0 && gv_loop_repeat_all(l, t))
        return;
    else if (t->stamps_len == 0)
        rc = gv_refuse(&why, GV_BAD_STAMP, "stamps", 0, need);
    if (rc == GV_OK)
        rc = enter_all(l, t, &why);
    if (rc == GV_OK)
        gv_loop_tell_known(l, t);
    else
        gv_ticket_reject(l, t, rc, &why);
}

bool
gv_loop_blind_known(struct gv_loop *l, struct gv_ticket *t)
{
    struct gv_reject why;
    struct gv_tx tx;

    if (gv_tx_decode(gv_bytes(t->raw, t->len), &tx, &why) != GV_OK ||
        !gv_loop_is_blind(l, &tx.chain))
        return false;
    gv_loop_blind_bid(l, t, &tx);
    return true;
}
