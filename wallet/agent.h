/*
 * agent.h - what an agent does that bids for its owner up to a limit.
 *
 * It knows the terms, the leading and the last accepted bid, and the end, and
 * says: wait, bid this amount, or give up. It never names an amount beyond the
 * limit (docs/spec/wallet.md, W37). Where bids are sealed it knows nothing of
 * others, and makes one bid of the limit; in a final round (auction.md A32) it
 * makes the one last bid that is sealed there.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_AGENT_H
#define GAVEL_WALLET_AGENT_H

#include <gavel/terms.h>

enum gv_strategy {
    GV_STRATEGY_STEADY, /* the least that leads, at once */
    GV_STRATEGY_LATE,   /* the same, but not before the end is near */
    GV_STRATEGY_ALL     /* the limit, at once */
};
#define GV_STRATEGIES "steady|late|all" /* in the order of the enum */

struct gv_agent {
    uint64_t limit; /* the most, in reverse auctions the least, it bids */
    uint64_t final; /* what it bids in a final round, within the limit; 0: that
                     */
    uint64_t
        step; /* beyond the leading bid, at least; 0: as little as can be */
    enum gv_strategy strategy;
    uint64_t before_us; /* of GV_STRATEGY_LATE: how near the end is near */
};

struct gv_agent_view {
    bool any;  /* there is an accepted bid; else the next three are unset */
    bool mine; /* the leading one is the owner's */
    uint64_t leading, last; /* amounts: the best, and the newest */
    uint64_t close_us;      /* E as it is now, UINT64_MAX: nothing ends it; in
                             * a final round its end */
    uint64_t now_us;
    uint64_t clock; /* of Dutch terms: what it shows */
    bool placed;    /* the owner's sealed bid is made */
    bool round;     /* a final round is on now, and leading its floor */
};

enum gv_agent_move {
    GV_AGENT_WAIT,
    GV_AGENT_BID,
    GV_AGENT_BEATEN /* what could lead is beyond the limit */
};

/* Can an agent act on such terms at all? NULL, or why not. Here and below terms
 * with lots are those of the lot (gv_terms_of_lot). */
const char *gv_agent_refuses(const struct gv_terms *t);

/* What it bids in a final round: never beyond the limit. */
uint64_t gv_agent_final(const struct gv_agent *a, const struct gv_terms *t);

/* *amount is set with GV_AGENT_BID. In auctions with a largest step the amount
 * may not lead yet. In Dutch ones it bids what the clock shows, once that is
 * within the limit, or with GV_STRATEGY_ALL the limit then. In sealed ones it
 * is the limit with every strategy, and in a final round gv_agent_final;
 * GV_STRATEGY_LATE waits with it. What cannot lead any more in open bids may in
 * a final round, where no step is measured: it is not beaten before that. After
 * E it waits. */
enum gv_agent_move gv_agent_next(const struct gv_agent *a,
                                 const struct gv_terms *t,
                                 const struct gv_agent_view *v,
                                 uint64_t *amount);

#endif
