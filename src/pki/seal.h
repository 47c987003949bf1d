/*
 * seal.h - private keys under a password: PKCS#8 EncryptedPrivateKeyInfo,
 * which is also the shrouded key bag of PKCS#12.
 *
 * Written: PBES2 (RFC 8018) with AES-256-CBC, PBKDF2-HMAC-SHA256, a salt of
 * 16 bytes. Read: what OpenSSL knows of PBES2 with PBKDF2 and of PBES1 and
 * PKCS#12's own schemes, with at most GV_SEAL_ROUNDS_MAX rounds, so that
 * nobody's file keeps a processor busy for hours.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_PKI_SEAL_H
#define GAVEL_PKI_SEAL_H

#include <gavel/types.h>
#include <openssl/x509.h>

#define GV_SEAL_ROUNDS 200000 /* about 0.1 s */
#define GV_SEAL_ROUNDS_MIN 10000
#define GV_SEAL_ROUNDS_MAX 4000000
#define GV_SEAL_SALT 16

/* Encrypt a key. The password is bytes without a NUL at the end. NULL if the
 * library fails. Free with X509_SIG_free. */
X509_SIG *gv_seal_key(const EVP_PKEY *key, struct gv_bytes password,
                      unsigned rounds);

/* The key, or NULL: the password is wrong, the content is no key, or the
 * encryption is not one of the above. Free with EVP_PKEY_free. */
EVP_PKEY *gv_seal_open(const X509_SIG *sealed, struct gv_bytes password);

/* Rounds that a password costs under an encryption algorithm. False if the
 * algorithm is none of those that are read. */
bool gv_seal_rounds(const X509_ALGOR *algorithm, uint64_t *out);

#endif
