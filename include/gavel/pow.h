/*
 * pow.h - proof of work: compact targets, work sums, retargeting (rules R10,
 * R11, docs/spec/consensus.md).
 *
 * A target is a 256-bit integer; a seal is valid when SHA256d of its 80
 * bytes, read as a little-endian integer as in Bitcoin, is not above it.
 *
 * Thread-safety: pure.
 */
#ifndef GAVEL_POW_H
#define GAVEL_POW_H

#include "gavel/types.h"

struct gv_u256 { /* little-endian limbs: v[0] is the lowest */
    uint64_t v[4];
};

int gv_u256_cmp(const struct gv_u256 *a, const struct gv_u256 *b);
struct gv_u256 gv_u256_from_le(const uint8_t in32[32]);
void gv_u256_to_le(const struct gv_u256 *a, uint8_t out32[32]);
/* a + b, saturating at 2^256 - 1. */
struct gv_u256 gv_u256_add(const struct gv_u256 *a, const struct gv_u256 *b);

/* Canonical compact form only: GV_REJECT for a sign bit, a zero, an overflow
 * or a mantissa another exponent would write shorter. */
enum gv_rc gv_target_from_compact(uint32_t compact,
                                  struct gv_u256 *out) GV_MUST_CHECK;
/* Rounded down to the nearest canonical compact value. */
uint32_t gv_target_to_compact(const struct gv_u256 *target);

/* `fixed n` of R10, n = 1 to 4. */
uint32_t gv_target_fixed(unsigned n);

/* floor(2^256 / (target + 1)); 2^256 - 1 for target 0. */
struct gv_u256 gv_work_of(const struct gv_u256 *target);

/* Does the seal's hash meet the target? */
bool gv_seal_meets(const struct gv_seal *seal, const struct gv_u256 *target);

/* aserti3-2d's exponent: target * 2^(exponent / 65536) with its cubic, exact
 * integers, arithmetic shifts; clamped to [1, limit]. exponent in
 * 1/65536 units. */
struct gv_u256 gv_asert_scale(const struct gv_u256 *target, int64_t exponent,
                              const struct gv_u256 *limit);

/* Rule R11. Times in ms. t_ms = T >= 1. `easiest` is the network's floor of
 * difficulty, `opening` the chain's initial target; the result is clamped to
 * opening / 64 and easiest and then rounded down to canonical compact, so it
 * may lie below opening / 64 by that rounding. 0, which no target is, when one
 * of the three targets is not canonical. */
struct gv_retarget {
    uint32_t parent_target;
    uint32_t opening_target, easiest_target;
    uint32_t height; /* of the block to be made, >= 1 */
    uint64_t time_ms, parent_ms, grandparent_ms;
    uint32_t t_ms;
};
uint32_t gv_retarget_next(const struct gv_retarget *r);

#endif
