/*
 * derive.h - every secret of a wallet from its words (docs/spec/wallet.md,
 * W1 to W4): ledger keys, edge keys, memos.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_DERIVE_H
#define GAVEL_WALLET_DERIVE_H

#include <gavel/params.h>
#include <gavel/types.h>
#include <openssl/types.h>

/* The roots of one wallet on one network; wipe with gv_wipe. */
struct gv_derive {
    uint8_t ledger[64]; /* key | chain code of m/7471'/n'/0' */
    uint8_t secret[32]; /* the secret branch, m/7471'/n'/1' */
    uint8_t edge[64];   /* key | chain code of m/7471'/n'/2' */
};

/* entropy as of gv_bip39_entropy. GV_OK or GV_FAULT. */
enum gv_rc gv_derive_init(struct gv_bytes entropy,
                          const struct gv_params *params,
                          struct gv_derive *out) GV_MUST_CHECK;

/* The ledger key of identity i < 2^31. */
enum gv_rc gv_derive_ledger(const struct gv_derive *d, uint32_t i,
                            struct gv_seckey *out) GV_MUST_CHECK;

/* The P-256 key of identity i, new reference; NULL if the library fails. */
EVP_PKEY *gv_derive_edge(const struct gv_derive *d, uint32_t i);

#endif
