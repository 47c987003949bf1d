/*
 * pricing.h - what the winner pays, from flags and to text: the increment
 * table of the second price (docs/spec/auction.md, A19).
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_PRICING_H
#define GAVEL_WALLET_PRICING_H

#include <gavel/terms.h>
#include <stdio.h>

#include "src/base/error.h"

#define GV_INCREMENTS_BYTES (GV_INCREMENTS_MAX * GV_INCREMENT_ENTRY)

/* "1:0.05,5:0.25,0.50": below 1.00 the increment is 0.05, below 5.00 it is
 * 0.25, from there on 0.50. Fills out and *len; GV_REJECT with e set. */
enum gv_rc gv_increments_parse(const char *text, const struct gv_currency *c,
                               uint8_t out[GV_INCREMENTS_BYTES], size_t *len,
                               struct gv_error *e) GV_MUST_CHECK;
/* The table of a large auction house, from 0.05 below 1.00 to 100.00 from
 * 5,000.00 on, in a currency of two decimals. In another one the numbers are
 * the same in minor units. */
size_t gv_increments_usual(uint8_t out[GV_INCREMENTS_BYTES]);

/* Lines for people: pricing, direction, buy-now, soft close, where they are
 * not the plain ones. */
void gv_pricing_print(const struct gv_terms *t, FILE *out);

#endif
