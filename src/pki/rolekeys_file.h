/*
 * rolekeys_file.h - the files of role keys, one at a time (rolekeys.c).
 *
 * Loading gives GV_ABSENT when the file is missing; every error names it.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_PKI_ROLEKEYS_FILE_H
#define GAVEL_PKI_ROLEKEYS_FILE_H

#include <gavel/cred.h>
#include <openssl/types.h>

#include "src/base/error.h"

struct rolekeys_file {
    const char *dir, *name;
    const char *passphrase; /* of keys, or NULL */
};

enum gv_rc rolekeys_file_key(const struct rolekeys_file *f, EVP_PKEY **out,
                             struct gv_error *e) GV_MUST_CHECK;
enum gv_rc rolekeys_file_key_put(const struct rolekeys_file *f,
                                 const EVP_PKEY *key,
                                 struct gv_error *e) GV_MUST_CHECK;
/* A BIP340 secret, in its file a secp256k1 key. */
enum gv_rc rolekeys_file_secret(const struct rolekeys_file *f,
                                struct gv_seckey *out,
                                struct gv_error *e) GV_MUST_CHECK;
/* A fresh one in both forms. GV_OK or GV_FAULT; free *key with
 * EVP_PKEY_free. */
enum gv_rc rolekeys_secret_new(EVP_PKEY **key,
                               struct gv_seckey *out) GV_MUST_CHECK;
enum gv_rc rolekeys_file_cert(const struct rolekeys_file *f, X509 **out,
                              struct gv_error *e) GV_MUST_CHECK;
enum gv_rc rolekeys_file_cert_put(const struct rolekeys_file *f,
                                  const X509 *cert,
                                  struct gv_error *e) GV_MUST_CHECK;
enum gv_rc rolekeys_file_cred(const struct rolekeys_file *f,
                              struct gv_cred *out,
                              struct gv_error *e) GV_MUST_CHECK;
enum gv_rc rolekeys_file_cred_put(const struct rolekeys_file *f,
                                  const struct gv_cred *cred,
                                  struct gv_error *e) GV_MUST_CHECK;
enum gv_rc rolekeys_file_put(const struct rolekeys_file *f,
                             struct gv_bytes content,
                             struct gv_error *e) GV_MUST_CHECK;
/* *out is heap memory. */
enum gv_rc rolekeys_file_get(const struct rolekeys_file *f, uint8_t **out,
                             size_t *len, struct gv_error *e) GV_MUST_CHECK;

#endif
