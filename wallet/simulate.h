/*
 * simulate.h - how terms play out before anybody is bound by them: F over bids
 * of made-up bidders, many times (docs/spec/wallet.md, W45).
 *
 * All that happens follows from the seed. Amounts are minor units, times
 * microseconds.
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_WALLET_SIMULATE_H
#define GAVEL_WALLET_SIMULATE_H

#include <gavel/fold.h>

/* Truthful bids what it is worth to him, once, at any time. Step looks again
 * and again, and goes as little beyond the reference as counts. Snipe bids
 * what it is worth as late as possible, again when that was too early. At a
 * Dutch clock they wait until it shows what it is worth, up to a tenth less, or
 * up to a third less. Where bids are sealed they bid that much, once: in
 * reverse auctions more by so much; and so they do in a final round, but better
 * than the best open bid, if it is worth that to them. */
enum gv_strategy {
    GV_TRUTHFUL = 0,
    GV_STEP = 1,
    GV_SNIPE = 2,
    GV_MIXED = 3 /* each bidder draws one of the three */
};

#define GV_SIMULATION_WORK 1000000 /* rounds, bidders and lots, multiplied */
#define GV_SIMULATION_BIDDERS 1000

struct gv_simulation {
    const struct gv_terms *terms;
    uint64_t hidden_reserve;  /* where the terms hide one; minor units */
    uint64_t seed, low, high; /* what it is worth to a bidder: low to high,
                               * low >= 1 */
    uint64_t duration_us;     /* without a time limit it is closed then; > 0 */
    uint32_t rounds, bidders; /* each at least 1 */
    enum gv_strategy strategy;
    bool peaked; /* values gather in the middle; else all are as likely */
};

#define GV_SIMULATED_CODES (GV_BID_CODE_LAST + 1)

/* Of what is sold, or of one lot. */
struct gv_simulated_thing {
    uint32_t sold, unsold, reserve_missed; /* rounds; unsold: without a bid */
    uint32_t best_won; /* sold to whom it is worth most (costs least) */
    uint64_t *price;   /* of the rounds that sold, ascending */
    uint64_t accepted, voids[GV_SIMULATED_CODES]; /* bids, by enum gv_code */
    uint32_t extended;                            /* rounds */
    uint64_t longest_us;                          /* extension */
    uint32_t final_rounds; /* rounds that had one (A32) */
    uint32_t final_won;    /* and were sold to a bid of it */
};

struct gv_simulated {
    struct gv_simulated_thing *thing; /* by place (gv_terms_lot_place) */
    unsigned things;
    uint32_t rounds;
    uint64_t *total; /* of all prices of a round, for each, ascending; what does
                      * not fit is UINT64_MAX */
};

/* GV_OK, or GV_FAULT (memory). Clear after GV_OK. */
enum gv_rc gv_simulate(const struct gv_simulation *s,
                       struct gv_simulated *out) GV_MUST_CHECK;
void gv_simulated_clear(struct gv_simulated *s);

#endif
