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
    uint64_t opening_us, limit_us, close_us;
};

/* What the rows before a bid left behind. */
struct fold_before {
    uint64_t reference;       /* amount of the reference bid, 0: none yet */
    uint32_t accepted;        /* accepted bids */
    uint32_t bidder_accepted; /* accepted bids of this bidder */
    uint32_t bidder_cap;      /* UINT32_MAX: none */
    bool bidder_allowed;
};

/* a ms + b ms in us, UINT64_MAX when it does not fit. */
uint64_t fold_time_us(uint64_t a_ms, uint64_t b_ms);

/* The one comparison of amounts: is a better for the seller than b? */
bool fold_better(uint64_t a, uint64_t b);

/* Judge row->bid: fills code, reference, have and want. */
void fold_judge(const struct fold_rules *rules,
                const struct fold_before *before, struct gv_fold_row *row);

#endif
