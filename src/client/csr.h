/*
 * csr.h - the wallet's side of enrolment: make a request, read the answers of
 * an EST server (RFC 7030; docs/spec/ttp.md, T13 and T14).
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_CSR_H
#define GAVEL_CLIENT_CSR_H

#include <gavel/key.h>
#include <openssl/types.h>

#include "src/base/error.h"

/* A fresh P-256 key (EVP_PKEY_free); NULL if the library fails. */
EVP_PKEY *gv_csr_key_new(void);

struct gv_csr_make {
    EVP_PKEY *key;
    const char *common_name; /* UTF-8, 1 to 64 bytes */
    const uint8_t *nonce32;  /* from gv_csr_nonce */
    const struct gv_keys *keys;
    const struct gv_seckey *ledger;
};

/* A PKCS#10 request in DER, heap memory of *len bytes. NULL with e set. */
uint8_t *gv_csr_make(const struct gv_csr_make *what, size_t *len,
                     struct gv_error *e);

/* The nonce in the body of a csrattrs answer. GV_OK or GV_REJECT. */
enum gv_rc gv_csr_nonce(struct gv_bytes body, uint8_t out32[32],
                        struct gv_error *e) GV_MUST_CHECK;

/* The first certificate (DER, heap memory of *len bytes) in the body of a
 * simpleenroll or cacerts answer. NULL with e set. */
uint8_t *gv_csr_certificate(struct gv_bytes body, size_t *len,
                            struct gv_error *e);

/* Base64 in lines of 64, heap string; NULL if memory is out. */
char *gv_csr_base64(struct gv_bytes data);
/* Heap memory of *len bytes; NULL if it is no base64 (blanks and line ends
 * are skipped). */
uint8_t *gv_csr_unbase64(struct gv_bytes text, size_t *len);

#endif
