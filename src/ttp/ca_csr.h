/*
 * ca_csr.h - reading and checking certificate requests (docs/spec/ttp.md, T13).
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_TTP_CA_CSR_H
#define GAVEL_TTP_CA_CSR_H

#include <gavel/key.h>
#include <openssl/types.h>

#include "src/base/error.h"

#define GV_CA_CSR_MAX 4096 /* bytes of DER */

struct gv_ca_csr {
    struct X509_req_st *req; /* OpenSSL X509_REQ */
    EVP_PKEY *key;           /* of req, borrowed */
    uint8_t id[32];          /* SHA256 of the DER */
    uint8_t subject[32];     /* hash of the name: the same for all string types
                              * and cases of ASCII letters */
    uint8_t spki[32];        /* SHA256 of SubjectPublicKeyInfo */
    uint8_t nonce[32];
    struct gv_pubkey ledger;
    struct gv_sig proof;
    char text[200]; /* subject for people, RFC 2253 */
};

/* Parse and check everything a request says by itself: whole canonical input,
 * P-256 key, self-signature, subject, nonce, ledger proof. GV_OK; GV_REJECT
 * with e set; GV_FAULT. Clear after GV_OK. */
enum gv_rc gv_ca_csr_read(const struct gv_keys *keys, struct gv_bytes der,
                          struct gv_ca_csr *out,
                          struct gv_error *e) GV_MUST_CHECK;
void gv_ca_csr_clear(struct gv_ca_csr *csr);

#endif
