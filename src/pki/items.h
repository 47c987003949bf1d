/*
 * items.h - a file of certificates, keys, requests or revocation lists, PEM
 * or DER, taken apart.
 *
 * PEM: any number of blocks CERTIFICATE, X509 CRL, at most one request and at
 * most one private key (PKCS#8 plain or encrypted, or the older EC and RSA
 * forms without encryption); text between blocks and EC PARAMETERS are
 * skipped, other blocks are refused. DER: one object.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_PKI_ITEMS_H
#define GAVEL_PKI_ITEMS_H

#include <openssl/x509.h>

#include "src/pki/fail.h"

#define GV_ITEMS_MAX 256            /* blocks of a file */
#define GV_ITEMS_FILE_MAX (4 << 20) /* bytes */

struct gv_items {
    STACK_OF(X509) * certs;
    STACK_OF(X509_CRL) * crls;
    X509_REQ *request; /* verified (src/pki/request.h), or NULL */
    EVP_PKEY *key;     /* or NULL */
    X509_SIG *sealed;  /* a key that is still encrypted, or NULL */
};

/* Add what bytes hold to *items (all zero at first). GV_OK; GV_REJECT with
 * why DAMAGED; GV_FAULT. Clear in every case. */
enum gv_rc gv_items_read(struct gv_bytes bytes, struct gv_items *items,
                         struct gv_pki_error *x) GV_MUST_CHECK;

/* Decrypt items->sealed into items->key. GV_REJECT with why PASSWORD. */
enum gv_rc gv_items_open(struct gv_items *items, struct gv_bytes password,
                         struct gv_pki_error *x) GV_MUST_CHECK;

void gv_items_clear(struct gv_items *items);

#endif
