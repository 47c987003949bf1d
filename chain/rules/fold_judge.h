/*
 * fold_judge.h - the checks F makes of one bid (rules A3 to A10 of
 * docs/spec/auction.md), apart from how rows are kept.
 *
 * Thread-safety: pure.
 */
#ifndef CHAIN_RULES_FOLD_JUDGE_H
#define CHAIN_RULES_FOLD_JUDGE_H

#include "gavel/fold.h"

/* Terms with their times made absolute, us; UINT64_MAX where none applies. */
struct fold_rules {
    const struct gv_terms *terms;
    uint64_t opening_ms; /* as in OPEN */
    uint64_t opening_us, limit_us, close_us;
    uint64_t cancel_us;        /* while no bid is accepted (rule A29) */
    uint64_t soft_us, last_us; /* an extension; the limit can go no further */
    uint64_t final_us;         /* end of a final round (rule A32) */
    uint64_t reserve;          /* what was sealed, 0: none (A24) */
};

/* What the rows before a bid left behind. */
struct fold_before {
    uint64_t reference; /* amount of the reference bid, 0: none yet */
    uint64_t limit_us;  /* with its extensions so far (rule A21) */
    uint64_t bought_us; /* t of the bid that bought it, UINT64_MAX: none */
    uint64_t floor;     /* best open amount (rule A32) */
    uint32_t accepted;  /* accepted open bids; where all are sealed, all */
    uint32_t placed;    /* bids that take a place (A23) */
    uint32_t bidder_accepted; /* accepted open bids of this bidder */
    uint32_t bidder_finals; /* and those of the final round that have a place */
    uint32_t bidder_cap;    /* UINT32_MAX: none */
    bool bidder_allowed;
    bool final_round; /* extensions have reached their cap */
};

/* a ms + b ms in us, UINT64_MAX when it does not fit. */
uint64_t fold_time_us(uint64_t a_ms, uint64_t b_ms);

/* a + b, or UINT64_MAX when that is more. */
uint64_t fold_sum(uint64_t a, uint64_t b);

/* The reserve in force: the terms', or the one that was sealed. */
uint64_t fold_reserve(const struct fold_rules *rules);

/* What the winner pays (rule A19): lead is his amount, other the best
 * accepted one of another bidder, 0 when there is none. */
uint64_t fold_price(const struct fold_rules *rules, uint64_t lead,
                    uint64_t other);

/* Does a bid, judged, count against its bidder's cap? An accepted one; where it
 * is sealed each one that was not void by A3 to A8 (A23, A32). */
bool fold_takes_place(const struct gv_terms *terms,
                      const struct gv_fold_row *row);

/* Judge row->bid: fills code, reference, have and want. */
void fold_judge(const struct fold_rules *rules,
                const struct fold_before *before, struct gv_fold_row *row);

#endif
