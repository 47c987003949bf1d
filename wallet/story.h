/*
 * story.h - how the price of an auction comes about, in words (rules A11, A12,
 * A19 and A22 of docs/spec/auction.md).
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_WALLET_STORY_H
#define GAVEL_WALLET_STORY_H

#include <gavel/outcome.h>
#include <gavel/terms.h>
#include <stdio.h>

/* Amounts in minor units; 0: there is none. Bids are numbered from 1. */
struct gv_story {
    uint8_t status;       /* enum gv_status */
    uint64_t lead, other; /* the leader's, and the best of another bidder */
    size_t lead_at, other_at;
    uint64_t price;
    uint64_t hidden; /* a reserve that was sealed, once it is opened (A24) */
    bool bought;     /* by buy-now */
};

/* One line a thought, each as gv_columns_line. */
void gv_story_print(const struct gv_terms *t, const struct gv_story *s,
                    FILE *out);

#endif
