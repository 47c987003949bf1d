/*
 * x509.h - keys, certificates and revocation lists of Gavel's roles.
 *
 * Profiles (docs/spec/ttp.md, T10): X.509 v3, random positive 126-bit serials,
 * subject and authority key identifiers, critical basicConstraints and
 * keyUsage; P-256 keys, but RSA-3072 for token issuers (id-RSASSA-PSS) and
 * notaries. The root has pathlen 1 and certifies the CA (pathlen 0), the
 * services and TLS servers; the CA certifies users and nodes.
 *
 * EVP_PKEY and X509 are OpenSSL's, freed with EVP_PKEY_free and X509_free.
 *
 * Thread-safety: no shared state; objects are safe to read from many threads.
 */
#ifndef GAVEL_PKI_X509_H
#define GAVEL_PKI_X509_H

#include <gavel/cred.h>
#include <openssl/x509.h>

#include "src/base/error.h"

enum gv_x509_kind {
    GV_X509_ROOT,
    GV_X509_CA,
    GV_X509_TSA,
    GV_X509_TLS_SERVER,
    GV_X509_NODE,
    GV_X509_USER,
    GV_X509_ISSUER,
    GV_X509_NOTARY,
    GV_X509_VALIDATOR,
    GV_X509_KINDS /* how many; also: none of them */
};

/* "root", "ca", "tsa", "server", "node", "user", "issuer", "notary",
 * "validator"; "none" for GV_X509_KINDS. */
const char *gv_x509_kind_name(enum gv_x509_kind kind);

/* The kind whose profile a certificate has: basicConstraints, keyUsage,
 * extKeyUsage. GV_X509_KINDS if it has that of none. */
enum gv_x509_kind gv_x509_kind_of(const X509 *cert);

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

/* A key that may sign time stamps, as OPEN pins it (docs/spec/ttp.md, T6): *alg
 * and the key's *len bytes. False: neither P-256 nor RSA of 2048 to 4096 bits
 * with exponent 65537. */
bool gv_x509_stamp_key(const EVP_PKEY *key, uint8_t *alg, uint8_t out512[512],
                       size_t *len);

/* A fresh key of the sort that a kind has (RSA takes about a second); NULL if
 * the library fails. */
EVP_PKEY *gv_x509_key_new_for(enum gv_x509_kind kind);

/* Is the key of that sort? RSA: 3072 bits, exponent 65537; of an issuer
 * restricted to SHA-384, MGF1 with SHA-384, salt of 48 bytes (RFC 9474). */
bool gv_x509_key_fits(const EVP_PKEY *key, enum gv_x509_kind kind);

/* The digest that signatures by this key are made with: SHA-384 for
 * id-RSASSA-PSS, else SHA-256. */
const EVP_MD *gv_x509_digest(const EVP_PKEY *key);

/* Issue a certificate. NULL with e set. */
X509 *gv_x509_issue(const struct gv_x509_issue *request, struct gv_error *e);

/* DER as heap memory; NULL if memory is out. */
uint8_t *gv_x509_der(const X509 *cert, size_t *len);
/* Strict: whole input, canonical. NULL if it is no certificate. */
X509 *gv_x509_from_der(struct gv_bytes der);

/* PEM as heap string; NULL if memory is out. */
char *gv_x509_pem(const X509 *cert);
/* Several, one after the other. */
char *gv_x509_chain_pem(const STACK_OF(X509) * chain);
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
/* An ECDSA signature (r, s) has a twin (r, n - s) that verifies as well, and
 * anybody can make it. With it the same certificate has another fingerprint:
 * this one. (Everything else of the DER is either signed or has one form.) So
 * whoever asks whether a certificate that somebody shows is revoked must ask
 * about both. GV_OK; GV_FAULT: no ECDSA signature on P-256, or memory. */
enum gv_rc gv_x509_twin_fingerprint(const X509 *cert,
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
