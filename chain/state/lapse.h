/*
 * lapse.h - stamped bids that missed their blocks.
 *
 * A BID or CLOSE that was stamped has been acknowledged, or will be when enough
 * authorities have stamped it (R3). When the deadline of its stamps passes (R2)
 * it can stand in no block with them, and with too few of them in none at all,
 * but new stamps help; so it stays in the mempool and its journal, in a list of
 * its own (GV_POOL_LAPSED) where no template and no outcome meets it. It is
 * told as missed, again and again with growing pauses, until a stamp dates it,
 * or until it can never count: a BID or CLOSE of its name stands on the chain,
 * the set is fixed, its bidder's credential has ended, or stamps in final
 * blocks fix a time that is too early.
 *
 * On the chain thread.
 */
#ifndef GAVEL_STATE_LAPSE_H
#define GAVEL_STATE_LAPSE_H

#include "chain/state/impl.h"

/* It was stamped at this time, too late for a block: from now on the journal
 * knows it as stamped. */
void gv_lapse_stamped(struct gv_state *s, struct gv_pool_tx *e,
                      uint64_t time_us);
/* Its time was settled anew: if that is a good one, it is as new. */
void gv_lapse_wake(struct gv_state *s, struct gv_pool_tx *e, uint64_t now_ms);
/* Bids past their deadline, of one auction. */
void gv_lapse_tick(struct gv_state *s, struct gv_chain *c, uint64_t now_ms);

#endif
