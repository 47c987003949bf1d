/*
 * shamir.h - Shamir's secret sharing of 32 bytes, t of n, bytewise over
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1 (0x11b).
 *
 * Byte b of share x is secret[b] + c_1[b] x + ... + c_(t-1)[b] x^(t-1). Any t
 * shares give the secret, fewer give nothing. A false share gives a wrong
 * secret and no error: whoever combines must be able to check the result, as
 * escrow.h does by deriving everything again.
 *
 * No branch and no index depends on a secret. Thread-safety: pure functions.
 */
#ifndef GAVEL_SHAMIR_H
#define GAVEL_SHAMIR_H

#include "gavel/types.h"

#define GV_SHAMIR_MAX 16 /* shares */

struct gv_share {
    uint8_t x;     /* 1 to n; public */
    uint8_t y[32]; /* secret */
};

/* shares[i] gets x = i + 1, for i < n. coefficients: t - 1 rows, c_1 first,
 * uniform and secret; NULL allowed when t is 1. 1 <= t <= n <= 16. */
void gv_shamir_split(const uint8_t secret32[32],
                     const uint8_t (*coefficients)[32], unsigned t, unsigned n,
                     struct gv_share *shares);

/* The secret from t shares, in any order. GV_REJECT when t is 0 or above 16,
 * or when an x is 0 or occurs twice. */
enum gv_rc gv_shamir_combine(const struct gv_share *shares, unsigned t,
                             uint8_t secret32[32]) GV_MUST_CHECK;

#endif
