/*
 * content.h - what a wallet holds, and its bytes inside the keystore:
 * u8 length of the entropy | 32 bytes, the rest of them zero | JSON.
 *
 * The JSON is {identities: [{name, cred?, issuer?, certificate?, request?}],
 * enrolled: {}, bids: {id: {}}, tokens: {auction: {}}, watched: {auction: {}},
 * limits: {currency: {}}, agents: {auction: {}}}; store.h says what its members
 * mean. The last four may be missing.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_CONTENT_H
#define GAVEL_WALLET_CONTENT_H

#include <gavel/types.h>
#include <jansson.h>

#include "wallet/bip39.h"

struct gv_content {
    uint8_t entropy[GV_BIP39_ENTROPY_MAX];
    size_t entropy_len;
    json_t *json;
};

/* A wallet with nothing but its entropy. GV_OK; GV_REJECT: no entropy of
 * BIP39; GV_FAULT. Clear after GV_OK. */
enum gv_rc gv_content_new(struct gv_bytes entropy,
                          struct gv_content *out) GV_MUST_CHECK;

/* GV_OK, or GV_REJECT with *what a constant that names the part. Clear after
 * GV_OK. */
enum gv_rc gv_content_read(struct gv_bytes data, struct gv_content *out,
                           const char **what) GV_MUST_CHECK;

/* Heap memory of *len bytes, to be wiped and freed; NULL without memory. */
uint8_t *gv_content_write(const struct gv_content *c, size_t *len);

/* Wipes the entropy and releases the JSON. */
void gv_content_clear(struct gv_content *c);

#endif
