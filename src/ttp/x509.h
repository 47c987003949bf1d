/*
 * x509.h - keys, certificates and revocation lists of Gavel's services.
 *
 * Profiles (docs/spec/ttp.md, T10): P-256 keys, ecdsa-with-SHA256, X.509 v3,
 * random positive 126-bit serials, subject and authority key identifiers,
 * critical basicConstraints and keyUsage. The root has pathlen 1 and
 * certifies the CA (pathlen 0), the time-stamping authority and TLS servers;
 * the CA certifies users and nodes.
 *
 * EVP_PKEY and X509 are OpenSSL's, freed with EVP_PKEY_free and X509_free.
 *
 * Thread-safety: no shared state; objects are safe to read from many threads.
 */
#ifndef GAVEL_TTP_X509_H
#define GAVEL_TTP_X509_H

#include <gavel/cred.h>
#include <openssl/types.h>

#include "src/base/error.h"

enum gv_x509_kind {
    GV_X509_ROOT,
    GV_X509_CA,
    GV_X509_TSA,
    GV_X509_TLS_SERVER,
    GV_X509_NODE,
    GV_X509_USER
};

struct gv_x509_issue {
    enum gv_x509_kind kind;
    EVP_PKEY *subject_key;    /* its public half is certified */
    const X509_NAME *subject; /* NULL: use common_name alone */
    const char *common_name;  /* UTF-8, 1 to 64 bytes */
    X509 *issuer;             /* NULL: self-signed */
    EVP_PKEY *issuer_key;
    uint64_t not_before_ms, not_after_ms; /* rounded down to seconds */
    const char *const *names; /* TLS server: DNS names or addresses */
    size_t n_names;
    const char *crl_url; /* distribution point, or NULL */
};

/* A fresh P-256 key; NULL if the library fails. */
EVP_PKEY *gv_x509_key_new(void);

/* Is it a P-256 key? */
bool gv_x509_key_ok(const EVP_PKEY *key);

/* Issue a certificate. NULL with e set. */
X509 *gv_x509_issue(const struct gv_x509_issue *request, struct gv_error *e);

/* DER as heap memory; NULL if memory is out. */
uint8_t *gv_x509_der(const X509 *cert, size_t *len);

/* PEM as heap string; NULL if memory is out. */
char *gv_x509_pem(const X509 *cert);
/* The first certificate of a PEM text, or NULL. */
X509 *gv_x509_from_pem(struct gv_bytes pem);

/* PKCS#8 PEM, encrypted (PBES2, AES-256-CBC, PBKDF2) when passphrase is not
 * NULL. Heap string of *len bytes and a NUL; wipe and free it. */
char *gv_x509_key_pem(const EVP_PKEY *key, const char *passphrase, size_t *len);
/* NULL when it is no key or the passphrase is wrong or missing. */
EVP_PKEY *gv_x509_key_from_pem(struct gv_bytes pem, const char *passphrase);

/* SHA256 of the DER. GV_OK or GV_FAULT. */
enum gv_rc gv_x509_fingerprint(const X509 *cert,
                               struct gv_hash *out) GV_MUST_CHECK;
/* SHA256 of the DER SubjectPublicKeyInfo. GV_OK or GV_FAULT. */
enum gv_rc gv_x509_spki_hash(const EVP_PKEY *key,
                             uint8_t out32[32]) GV_MUST_CHECK;
/* Validity in ms since 1970. GV_OK or GV_FAULT. */
enum gv_rc gv_x509_dates(const X509 *cert, uint64_t *not_before_ms,
                         uint64_t *not_after_ms) GV_MUST_CHECK;

/* One line of a revocation list. */
struct gv_x509_revoked {
    const uint8_t *serial; /* big-endian, positive */
    size_t serial_len;
    uint64_t time_ms;
    int reason; /* RFC 5280 CRLReason, 0 to 10 but 7; 0 is left out */
};

struct gv_x509_crl {
    X509 *issuer;
    EVP_PKEY *issuer_key;
    const struct gv_x509_revoked *list;
    size_t n;
    uint64_t number; /* CRL number, must grow */
    uint64_t now_ms, next_ms;
};

/* A DER revocation list, heap memory of *len bytes. NULL with e set. */
uint8_t *gv_x509_crl_make(const struct gv_x509_crl *crl, size_t *len,
                          struct gv_error *e);

#endif
