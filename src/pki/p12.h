/*
 * p12.h - a keystore in memory: aliases with private keys and their
 * certificates, or with trusted certificates; read from and written to
 * PKCS#12 (RFC 7292) as Java's keytool and OpenSSL do (docs/spec/keystore.md).
 *
 * A key entry holds one key, sealed under a password of its own, and its
 * certificate; the chain above that is looked up among all certificates of
 * the file, as Java does it. The file's password seals the certificates and
 * authenticates everything. Keys stay sealed in memory until gv_p12_key.
 *
 * Aliases are 1 to 255 bytes of UTF-8, compared without regard to the case of
 * ASCII letters, and unique. New ones have at most GV_P12_ALIAS_MAX bytes, no
 * control bytes, and no blank at either end.
 *
 * Passwords are bytes; new ones have at least GV_P12_PASSWORD_MIN.
 *
 * No I/O here, and no clock.
 *
 * Thread-safety: one thread at a time per keystore.
 */
#ifndef GAVEL_PKI_P12_H
#define GAVEL_PKI_P12_H

#include <openssl/x509.h>

#include "src/pki/fail.h"
#include "src/pki/seal.h"

#define GV_P12_ALIAS_MAX 64
#define GV_P12_PASSWORD_MIN 6
#define GV_P12_PASSWORD_MAX 1024
#define GV_P12_ENTRIES_MAX 500
#define GV_P12_FILE_MAX (4 << 20)

/* Java's mark of a trusted certificate. */
#define GV_P12_OID_TRUSTED "2.16.840.1.113894.746875.1.1"

struct gv_p12;

enum gv_p12_kind { GV_P12_KEY, GV_P12_TRUSTED };

struct gv_p12_entry { /* borrowed, good until the next change */
    const char *alias;
    enum gv_p12_kind kind;
    X509 *cert; /* the key's, or the trusted one */
};

/* An empty keystore; NULL if memory is out. */
struct gv_p12 *gv_p12_new(void);
void gv_p12_free(struct gv_p12 *p12);

/* Rounds of key derivation for what is sealed and written from now on, at
 * least GV_SEAL_ROUNDS_MIN (GV_SEAL_ROUNDS by default). */
void gv_p12_rounds(struct gv_p12 *p12, unsigned rounds);

/* --- bytes --- */

/* Does it begin as PKCS#12 does? Certificates, keys and requests do not. */
bool gv_p12_is(struct gv_bytes file);

/* Read a file. GV_OK; GV_REJECT with why PASSWORD (wrong, or so much of the
 * file was changed that it cannot be told) or DAMAGED; GV_FAULT. */
enum gv_rc gv_p12_read(struct gv_bytes file, struct gv_bytes password,
                       struct gv_p12 **out,
                       struct gv_pki_error *x) GV_MUST_CHECK;

/* The file's bytes under a password, heap memory of *len. NULL with x. */
uint8_t *gv_p12_write(const struct gv_p12 *p12, struct gv_bytes password,
                      size_t *len, struct gv_pki_error *x);

/* --- looking --- */

size_t gv_p12_count(const struct gv_p12 *p12);
/* Entry i < gv_p12_count. */
struct gv_p12_entry gv_p12_at(const struct gv_p12 *p12, size_t i);
/* GV_OK with *i, or GV_REJECT with why UNKNOWN. */
enum gv_rc gv_p12_find(const struct gv_p12 *p12, const char *alias, size_t *i,
                       struct gv_pki_error *x) GV_MUST_CHECK;

/* Every certificate of the file, a new stack of new references (free with
 * gv_chain_free); NULL if memory is out. */
STACK_OF(X509) * gv_p12_certs(const struct gv_p12 *p12);
/* The trusted ones alone. */
STACK_OF(X509) * gv_p12_trusted(const struct gv_p12 *p12);
/* The chain of entry i, leaf first, as far as it goes. */
STACK_OF(X509) * gv_p12_chain(const struct gv_p12 *p12, size_t i);

/* The private key of entry i. GV_OK with a new reference; GV_REJECT with why
 * PASSWORD, DAMAGED (it is not the certificate's) or REFUSED (no key entry). */
enum gv_rc gv_p12_key(const struct gv_p12 *p12, size_t i,
                      struct gv_bytes password, EVP_PKEY **out,
                      struct gv_pki_error *x) GV_MUST_CHECK;

/* --- changing --- */

/* May this be the alias of a new entry? GV_REJECT with why REFUSED (form) or
 * DUPLICATE. */
enum gv_rc gv_p12_alias_free(const struct gv_p12 *p12, const char *alias,
                             struct gv_pki_error *x) GV_MUST_CHECK;

/* Add a key, sealed under password, with its chain: leaf first, its key must
 * fit. GV_REJECT as gv_p12_alias_free, or REFUSED. */
enum gv_rc gv_p12_add_key(struct gv_p12 *p12, const char *alias, EVP_PKEY *key,
                          struct gv_bytes password, STACK_OF(X509) * chain,
                          struct gv_pki_error *x) GV_MUST_CHECK;

/* Add a certificate as trusted. */
enum gv_rc gv_p12_add_trusted(struct gv_p12 *p12, const char *alias, X509 *cert,
                              struct gv_pki_error *x) GV_MUST_CHECK;

/* Give key entry i another chain: leaf first, of the same public key (else
 * REFUSED). Certificates that no entry needs any more go. */
enum gv_rc gv_p12_set_chain(struct gv_p12 *p12, size_t i,
                            STACK_OF(X509) * chain,
                            struct gv_pki_error *x) GV_MUST_CHECK;

/* Seal the key of entry i anew. GV_REJECT as gv_p12_key. */
enum gv_rc gv_p12_set_password(struct gv_p12 *p12, size_t i,
                               struct gv_bytes old, struct gv_bytes fresh,
                               struct gv_pki_error *x) GV_MUST_CHECK;

/* Remove entry i and the certificates that only its chain needed. GV_OK or
 * GV_FAULT. */
enum gv_rc gv_p12_remove(struct gv_p12 *p12, size_t i,
                         struct gv_pki_error *x) GV_MUST_CHECK;

#endif
