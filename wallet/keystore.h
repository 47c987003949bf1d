/*
 * keystore.h - a sealed file: secret bytes under a passphrase
 * (docs/spec/wallet.md, W6).
 *
 * The file is JSON with mode 0600: format, version, network, the parameters
 * of the key derivation, nonce, and the sealed bytes as hex. Everything but
 * the sealed bytes is readable without the passphrase and authenticated by
 * it. The key is scrypt(passphrase, salt); the cipher AES-256-GCM with a
 * fresh random nonce at each write. Writes are atomic.
 *
 * Thread-safety: one thread at a time per keystore.
 */
#ifndef GAVEL_WALLET_KEYSTORE_H
#define GAVEL_WALLET_KEYSTORE_H

#include <gavel/types.h>

#include "src/base/error.h"
#include "src/base/secret.h"

#define GV_KEYSTORE_NETWORK_MAX 16
#define GV_KEYSTORE_LOG_N 17      /* scrypt N = 2^17: 0.3 s and 134 MB */
#define GV_KEYSTORE_LOG_N_TEST 12 /* regtest: 8 ms */
#define GV_KEYSTORE_MAX (64u << 20)

struct gv_keystore {
    char network[GV_KEYSTORE_NETWORK_MAX + 1];
    uint32_t n, r, p;
    uint8_t salt[32];
    uint8_t key[32]; /* wipe the struct with gv_wipe */
};

/* A new keystore: fresh salt, key derived with N = 2^log_n, r = 8, p = 1. */
enum gv_rc gv_keystore_new(const char *network, unsigned log_n,
                           const struct gv_passphrase *passphrase,
                           struct gv_keystore *out,
                           struct gv_error *e) GV_MUST_CHECK;

/* --- the text of a file --- */

struct gv_keystore_file {
    const char *name; /* how errors call it */
    struct gv_bytes text;
};

/* What stands in clear; out->key is left zero. GV_OK, or GV_REJECT for a text
 * that is no keystore. */
enum gv_rc gv_keystore_head(const struct gv_keystore_file *file,
                            struct gv_keystore *out,
                            struct gv_error *e) GV_MUST_CHECK;

/* Unseal. *data is heap memory of *len bytes (and a NUL), to be wiped and
 * freed. GV_OK; GV_REJECT: wrong passphrase or changed text, which cannot be
 * told apart, or a text that is no keystore; GV_FAULT. */
enum gv_rc gv_keystore_unseal(const struct gv_keystore_file *file,
                              const struct gv_passphrase *passphrase,
                              struct gv_keystore *out, uint8_t **data,
                              size_t *len, struct gv_error *e) GV_MUST_CHECK;

/* Seal data: the text of a file as heap string; NULL without memory or random
 * numbers. */
char *gv_keystore_seal(const struct gv_keystore *k, struct gv_bytes data);

/* --- files --- */

/* The network a file is for, without the passphrase. GV_ABSENT: no file. */
enum gv_rc gv_keystore_network(const char *path,
                               char out[GV_KEYSTORE_NETWORK_MAX + 1],
                               struct gv_error *e) GV_MUST_CHECK;

/* Read a file and unseal it. As gv_keystore_unseal; GV_ABSENT: no file. */
enum gv_rc gv_keystore_open(const char *path,
                            const struct gv_passphrase *passphrase,
                            struct gv_keystore *out, uint8_t **data,
                            size_t *len, struct gv_error *e) GV_MUST_CHECK;

/* Seal data and replace the file. GV_OK or GV_FAULT. */
enum gv_rc gv_keystore_write(const struct gv_keystore *k, const char *path,
                             struct gv_bytes data,
                             struct gv_error *e) GV_MUST_CHECK;

#endif
