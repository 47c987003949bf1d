/*
 * key.h - BIP340 Schnorr keys on secp256k1 (libsecp256k1).
 *
 * struct gv_keys holds a library context. It is made once and is read-only
 * afterwards, so one may serve many threads (verification and signing take
 * it const).
 */
#ifndef GAVEL_KEY_H
#define GAVEL_KEY_H

#include "gavel/types.h"

struct gv_keys;

/* seed32: fresh random bytes that blind the signing tables against side
 * channels; NULL for a context that only verifies. NULL on failure. */
struct gv_keys *gv_keys_new(const uint8_t seed32[32]);
void gv_keys_free(struct gv_keys *keys);

/* GV_REJECT when secret is 0 or not below the group order. */
enum gv_rc gv_key_public(const struct gv_keys *keys,
                         const struct gv_seckey *secret,
                         struct gv_pubkey *out) GV_MUST_CHECK;

/* Is this a valid x-only public key? */
bool gv_key_valid(const struct gv_keys *keys, const struct gv_pubkey *pk);

/* Sign a 32-byte message. aux32: fresh randomness (BIP340), or NULL for a
 * deterministic signature. GV_REJECT for a bad secret. */
enum gv_rc gv_key_sign(const struct gv_keys *keys,
                       const struct gv_seckey *secret, const uint8_t msg32[32],
                       const uint8_t aux32[32],
                       struct gv_sig *out) GV_MUST_CHECK;

/* A secret made ready to sign much: half the work of a signature is that which
 * depends on the secret alone. It is a secret: wipe it (gv_wipe). */
struct gv_signkey {
    uint8_t b[96];
};

/* GV_REJECT for a bad secret. */
enum gv_rc gv_signkey_make(const struct gv_keys *keys,
                           const struct gv_seckey *secret,
                           struct gv_signkey *out) GV_MUST_CHECK;
/* The same signature as by gv_key_sign. GV_REJECT or GV_FAULT: none. */
enum gv_rc gv_signkey_sign(const struct gv_keys *keys,
                           const struct gv_signkey *key,
                           const uint8_t msg32[32], const uint8_t aux32[32],
                           struct gv_sig *out) GV_MUST_CHECK;

/* True when sig is pk's signature over msg32. */
bool gv_key_verify(const struct gv_keys *keys, const struct gv_pubkey *pk,
                   const uint8_t msg32[32], const struct gv_sig *sig);

#endif
