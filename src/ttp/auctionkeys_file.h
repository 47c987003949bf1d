/*
 * auctionkeys_file.h - the files of auctionkeys.h, one a key.
 *
 * Thread-safety: none; auctionkeys.c has the lock.
 */
#ifndef GAVEL_TTP_AUCTIONKEYS_FILE_H
#define GAVEL_TTP_AUCTIONKEYS_FILE_H

#include <gavel/rsa.h>
#include <openssl/types.h>

#include "src/base/error.h"
#include "src/ttp/auctionkeys.h"

struct auctionkeys_row {
    bool bound;
    struct gv_chain_id auction; /* zero unless bound */
    uint8_t pub[GV_RSA_SIZE];   /* of X25519: the first 32 bytes */
    EVP_PKEY *key;
};

/* A fresh key and its public part. GV_OK or GV_FAULT with e set. */
enum gv_rc auctionkeys_row_new(enum gv_auctionkeys_kind kind,
                               struct auctionkeys_row *out,
                               struct gv_error *e) GV_MUST_CHECK;
/* Bytes of a public key. */
size_t auctionkeys_pub_size(enum gv_auctionkeys_kind kind);

struct auctionkeys_dir {
    enum gv_auctionkeys_kind kind;
    char *path;
    uint8_t key[32]; /* seals the files */
};

enum gv_rc auctionkeys_dir_open(struct auctionkeys_dir *d,
                                enum gv_auctionkeys_kind kind, const char *path,
                                const struct gv_seckey *secret,
                                struct gv_error *e) GV_MUST_CHECK;
void auctionkeys_dir_close(struct auctionkeys_dir *d);

/* Visit every key; the visitor owns row->key when it answers GV_OK. Destruction
 * that was interrupted is brought to its end first, and so are writes: what
 * they left is destroyed. */
enum gv_rc auctionkeys_dir_each(
    const struct auctionkeys_dir *d,
    enum gv_rc (*visit)(void *arg, const struct auctionkeys_row *row),
    void *arg, struct gv_error *e) GV_MUST_CHECK;
/* Durable, in the place of what was there of this key, which is overwritten. */
enum gv_rc auctionkeys_dir_put(const struct auctionkeys_dir *d,
                               const struct auctionkeys_row *row,
                               struct gv_error *e) GV_MUST_CHECK;
/* Zeros over it, then remove it. */
enum gv_rc auctionkeys_dir_destroy(const struct auctionkeys_dir *d,
                                   const uint8_t *pub,
                                   struct gv_error *e) GV_MUST_CHECK;

#endif
