/*
 * hkdf.h - HMAC and HKDF with SHA-256 (RFC 2104, RFC 5869) of messages that
 * come in parts, for hpke.c. No heap, and nothing that can fail.
 */
#ifndef GAVEL_CHAIN_HKDF_H
#define GAVEL_CHAIN_HKDF_H

#include "gavel/hash.h"
#include "gavel/types.h"

struct hmac {
    struct gv_sha256 inner, outer;
};

void hmac_init(struct hmac *h, struct gv_bytes key);
void hmac_add(struct hmac *h, struct gv_bytes part);
/* Wipes the context. */
void hmac_end(struct hmac *h, uint8_t out32[32]);

/* HKDF-Extract of the n parts, joined. */
void hkdf_extract(struct gv_bytes salt, const struct gv_bytes *parts, size_t n,
                  uint8_t prk32[32]);

/* HKDF-Expand; info is the n parts, joined. len <= 255 * 32. */
void hkdf_expand(const uint8_t prk32[32], const struct gv_bytes *info, size_t n,
                 uint8_t *out, size_t len);

#endif
