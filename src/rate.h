/*
 * rate.h - token buckets by key: how fast each bidder may have bids stamped
 * (rule R5).
 *
 * A bucket holds `burst` tokens and refills by `refill` a second; one bid
 * takes one. Full buckets are forgotten, so idle keys cost nothing. One
 * thread at a time.
 */
#ifndef GAVEL_RATE_H
#define GAVEL_RATE_H

#include "gavel/types.h"

struct gv_rate;

/* burst 0: no limit. NULL: no memory. */
struct gv_rate *gv_rate_new(uint64_t burst, uint64_t refill_per_s,
                            uint64_t seed);
void gv_rate_free(struct gv_rate *r);

/* Take a token of this key. False: none left, *wait_ms says for how long. */
bool gv_rate_take(struct gv_rate *r, const struct gv_pubkey *key,
                  uint64_t now_ms, uint64_t *wait_ms);

#endif
