/*
 * gcm.h - AES-256-GCM over one buffer.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_GCM_H
#define GAVEL_GCM_H

#include "gavel/types.h"

#define GV_GCM_TAG 16
#define GV_GCM_NONCE 12

/* Never one (key, nonce) for two messages. Wipe after use. */
struct gv_gcm {
    uint8_t key[32];
    uint8_t nonce[GV_GCM_NONCE];
    struct gv_bytes aad; /* authenticated, not encrypted */
};

/* out: plain.len + GV_GCM_TAG bytes. GV_OK or GV_FAULT. */
enum gv_rc gv_gcm_seal(const struct gv_gcm *gcm, struct gv_bytes plain,
                       uint8_t *out) GV_MUST_CHECK;

/* out: sealed.len - GV_GCM_TAG bytes, zeroed unless GV_OK. GV_REJECT: key,
 * associated data or sealed bytes are not those of the seal. */
enum gv_rc gv_gcm_open(const struct gv_gcm *gcm, struct gv_bytes sealed,
                       uint8_t *out) GV_MUST_CHECK;

#endif
