/*
 * escrow_impl.h - what deriving a leaf (escrow.c) and deriving it again from
 * an opened seed (escrow_open.c) share.
 */
#ifndef GAVEL_CHAIN_ESCROW_IMPL_H
#define GAVEL_CHAIN_ESCROW_IMPL_H

#include "gavel/escrow.h"

#define IDENTITY_SIZE (GV_IDCT_SIZE - 16) /* without its tag */

struct gv_escrow {
    struct gv_escrow_pins pins;
    const struct gv_keys *keys;
    struct gv_rsa_work *work;
};

/* Whose blob, and what it says. */
struct escrow_subject {
    const struct gv_pubkey *key;
    struct gv_escrow_who who;
    uint32_t index;
};

/* The n shares of es (I6). */
void escrow_shares(const struct gv_escrow *worker, const uint8_t es32[32],
                   struct gv_share shares[GV_ESCROW_MAX]);

/* The blob, gv_blob_size(n) bytes (I7, I8). */
enum gv_rc escrow_blob(struct gv_escrow *worker, const uint8_t es32[32],
                       const struct escrow_subject *s,
                       uint8_t *blob) GV_MUST_CHECK;

/* The identity that the end of a blob seals. GV_REJECT: not under es. */
enum gv_rc escrow_read_identity(const struct gv_escrow *worker,
                                const uint8_t es32[32], const uint8_t *idct,
                                struct escrow_subject *s) GV_MUST_CHECK;

/* Prefix, salt and r (I9). */
enum gv_rc escrow_secret(struct gv_escrow *worker, const uint8_t es32[32],
                         struct gv_blind *out) GV_MUST_CHECK;

#endif
