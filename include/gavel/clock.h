/*
 * clock.h - the price of a Dutch auction (rule A30 of docs/spec/auction.md): it
 * starts high and falls by one step at a time, down to a floor, until somebody
 * takes it.
 *
 * Amounts are in minor units. Thread-safety: pure.
 */
#ifndef GAVEL_CLOCK_H
#define GAVEL_CLOCK_H

#include "gavel/terms.h"

/* p(t) of Dutch terms, t in us; before the opening it is where the clock
 * starts. Total for all terms that gv_terms_get gives. */
uint64_t gv_clock_price(const struct gv_terms *t, uint64_t opening_ms,
                        uint64_t t_us);

/* When, after t_us, the price falls next, us: the first microsecond of the
 * lower price. UINT64_MAX when it does not fall any more. */
uint64_t gv_clock_next_us(const struct gv_terms *t, uint64_t opening_ms,
                          uint64_t t_us);

/* When the price first is no more than `amount`, us; UINT64_MAX when the floor
 * is above it. */
uint64_t gv_clock_reaches_us(const struct gv_terms *t, uint64_t opening_ms,
                             uint64_t amount);

/* From the opening until the floor has stood for one step, ms; UINT64_MAX when
 * that is more. What a time limit may be, unless the seller wants another. */
uint64_t gv_clock_length_ms(const struct gv_terms *t);

/* Rule A17 of Dutch terms; GV_OK for all others. */
enum gv_rc gv_clock_check(const struct gv_terms *t,
                          struct gv_reject *why) GV_MUST_CHECK;

#endif
