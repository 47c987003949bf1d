/* shade.c - the mempool's bids in an auction's fold, for look-ups. */
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/vec.h"

enum gv_rc
gv_chain_shade_pool(struct gv_chain *c)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_BIDS].first;
    struct gv_fold_bid *rows = NULL;
    size_t n = 0, cap = 0;
    enum gv_rc rc;

    for (; e; e = e->next) {
        const struct gv_tx_bid *t = &e->tx.u.bid;
        uint32_t bidder;

        if (e->tx.kind != GV_TX_BID || e->t_us == UINT64_MAX)
            continue;
        bidder = gv_book_find_bidder(c->book, &t->bidder);
        if (bidder == GV_NOWHERE)
            continue;
        if (!gv_vec_room(&rows, n, &cap, sizeof(*rows))) {
            free(rows);
            return GV_FAULT;
        }
        rows[n].id = t->id;
        rows[n].t_us = e->t_us;
        rows[n].amount = t->amount;
        rows[n].bidder = bidder;
        rows[n].ref = GV_SHADE_REF | (uint32_t)n;
        gv_tie(e->info_hash, t->id.b, rows[n].tie);
        n++;
    }
    rc = gv_book_shade(c->book, rows, n);
    free(rows);
    return rc;
}
