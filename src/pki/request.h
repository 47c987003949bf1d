/*
 * request.h - certificate requests (PKCS#10, RFC 2986) of Gavel's roles, made
 * and read; the CA's own, with proof of a ledger key, are another matter
 * (src/client/csr.h).
 *
 * A request carries a subject and a key and is signed by the key. What it
 * asks for besides is for people to read; it is not copied into certificates
 * (docs/spec/ttp.md, T13).
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_PKI_REQUEST_H
#define GAVEL_PKI_REQUEST_H

#include <openssl/x509.h>

#include "src/pki/fail.h"

#define GV_REQUEST_MAX 16384 /* bytes of DER */

/* A request for the subject and the key, signed. NULL with x filled. Free
 * with X509_REQ_free. */
X509_REQ *gv_request_make(const X509_NAME *subject, EVP_PKEY *key,
                          struct gv_pki_error *x);

/* Read DER: whole input, canonical, at most GV_REQUEST_MAX bytes, with a
 * subject, its signature verified. GV_OK, GV_REJECT or GV_FAULT. */
enum gv_rc gv_request_read(struct gv_bytes der, X509_REQ **out,
                           struct gv_pki_error *x) GV_MUST_CHECK;

/* PEM as heap string; NULL if memory is out. */
char *gv_request_pem(const X509_REQ *request);

#endif
