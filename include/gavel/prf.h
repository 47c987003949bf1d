/*
 * prf.h - the one way in which secrets are made from secrets.
 *
 * PRF(key, label) = H_tag("gavel/prf", key | label) (docs/spec/wallet.md, W3);
 * stream(key, label) = PRF(key, label | u32 0) | PRF(key, label | u32 1) | ...
 * with the counter little-endian (docs/spec/identity.md, I1). Under one key no
 * label that is used alone may begin with one that a stream uses.
 *
 * Time depends on lengths alone. Thread-safety: pure functions.
 */
#ifndef GAVEL_PRF_H
#define GAVEL_PRF_H

#include "gavel/types.h"

/* label: any length, public or secret. */
void gv_prf(const uint8_t key32[32], struct gv_bytes label, uint8_t out32[32]);

/* The first len bytes of stream(key, label); label is a string constant. */
void gv_prf_stream(const uint8_t key32[32], const char *label, uint8_t *out,
                   size_t len);

#endif
