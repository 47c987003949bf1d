/*
 * sealed.h - a sealed file: secret bytes under a passphrase
 * (docs/spec/wallet.md, W6).
 *
 * The file is JSON with mode 0600: format, version, network, the parameters
 * of the key derivation, nonce, and the sealed bytes as hex. Everything but
 * the sealed bytes is readable without the passphrase and authenticated by
 * it. The key is scrypt(passphrase, salt); the cipher AES-256-GCM with a
 * fresh random nonce at each write. Writes are atomic.
 *
 * Thread-safety: one thread at a time per struct.
 */
#ifndef GAVEL_BASE_SEALED_H
#define GAVEL_BASE_SEALED_H

#include <gavel/types.h>

#include "src/base/error.h"
#include "src/base/secret.h"

#define GV_SEALED_NETWORK_MAX 16
#define GV_SEALED_LOG_N 17      /* scrypt N = 2^17: 0.3 s and 134 MB */
#define GV_SEALED_LOG_N_TEST 12 /* regtest: 8 ms */

/* Kinds of sealed files: the wallet's, and the backup of a node's services. */
struct gv_sealed_kind {
    const char *format; /* in the file */
    const char *noun;   /* for people, as "wallet" */
    size_t max;         /* bytes of a file's text */
};
extern const struct gv_sealed_kind gv_sealed_wallet, gv_sealed_backup;

struct gv_sealed {
    const struct gv_sealed_kind *kind;
    char network[GV_SEALED_NETWORK_MAX + 1];
    uint32_t n, r, p;
    uint8_t salt[32];
    uint8_t key[32]; /* wipe the struct with gv_wipe */
};

/* A new file: fresh salt, key derived with N = 2^log_n, r = 8, p = 1. */
enum gv_rc gv_sealed_new(const struct gv_sealed_kind *kind, const char *network,
                         unsigned log_n, const struct gv_passphrase *passphrase,
                         struct gv_sealed *out,
                         struct gv_error *e) GV_MUST_CHECK;

/* --- the text of a file --- */

struct gv_sealed_file {
    const struct gv_sealed_kind *kind;
    const char *name; /* its path, or how errors call it */
    struct gv_bytes text;
};

/* What stands in clear; out->key is left zero. GV_OK, or GV_REJECT for a text
 * that is none of its kind. */
enum gv_rc gv_sealed_head(const struct gv_sealed_file *file,
                          struct gv_sealed *out,
                          struct gv_error *e) GV_MUST_CHECK;

/* Unseal. *data is heap memory of *len bytes (and a NUL), to be wiped and
 * freed. GV_OK; GV_REJECT: wrong passphrase or changed text, which cannot be
 * told apart, or a text that is none of its kind; GV_FAULT. */
enum gv_rc gv_sealed_unseal(const struct gv_sealed_file *file,
                            const struct gv_passphrase *passphrase,
                            struct gv_sealed *out, uint8_t **data, size_t *len,
                            struct gv_error *e) GV_MUST_CHECK;

/* Seal data: the text of a file as heap string; NULL without memory or random
 * numbers. */
char *gv_sealed_seal(const struct gv_sealed *k, struct gv_bytes data);

/* --- files --- */

/* The network a file is for, without the passphrase. GV_ABSENT: no file. */
enum gv_rc gv_sealed_network(const struct gv_sealed_kind *kind,
                             const char *path,
                             char out[GV_SEALED_NETWORK_MAX + 1],
                             struct gv_error *e) GV_MUST_CHECK;

/* Read the file at file->name, whose text is not looked at, and unseal it. As
 * gv_sealed_unseal; GV_ABSENT: no file. */
enum gv_rc gv_sealed_open(const struct gv_sealed_file *file,
                          const struct gv_passphrase *passphrase,
                          struct gv_sealed *out, uint8_t **data, size_t *len,
                          struct gv_error *e) GV_MUST_CHECK;

/* Seal data and replace the file. GV_OK or GV_FAULT. */
enum gv_rc gv_sealed_write(const struct gv_sealed *k, const char *path,
                           struct gv_bytes data,
                           struct gv_error *e) GV_MUST_CHECK;

#endif
