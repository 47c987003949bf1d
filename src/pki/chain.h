/*
 * chain.h - chains of certificates: found among many, and verified up to a
 * trusted one (RFC 5280, section 6).
 *
 * For programs and people at the edges. Consensus never asks this: what a
 * library calls valid changes from release to release.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_PKI_CHAIN_H
#define GAVEL_PKI_CHAIN_H

#include <openssl/x509.h>

#include "src/pki/fail.h"
#include "src/pki/x509.h"

/* Certificates of a chain, at most. */
#define GV_CHAIN_MAX 8

/* Does this certificate issue itself, with a good signature? */
bool gv_chain_is_root(X509 *cert);

/* From leaf upwards through the issuers in pool, whose signatures are
 * checked, to a self-signed certificate or as far as it goes. A new stack of
 * new references, leaf first; NULL if memory is out. */
STACK_OF(X509) * gv_chain_build(X509 *leaf, const STACK_OF(X509) * pool);

/* Does it end with a self-signed certificate? */
bool gv_chain_is_whole(const STACK_OF(X509) * chain);

/* Append a new reference unless an equal certificate is there. GV_OK or
 * GV_FAULT. */
enum gv_rc gv_chain_add(STACK_OF(X509) * pool, X509 *cert) GV_MUST_CHECK;

/* May issuer certify a certificate of this kind at that time? GV_REJECT with
 * why NOT_CA or EXPIRED. */
enum gv_rc gv_chain_may_issue(X509 *issuer, enum gv_x509_kind kind,
                              uint64_t at_ms,
                              struct gv_pki_error *x) GV_MUST_CHECK;

void gv_chain_free(STACK_OF(X509) * chain);

struct gv_chain_check {
    X509 *leaf;
    const STACK_OF(X509) * others; /* of these the chain is made */
    STACK_OF(X509) * roots;        /* these are trusted, self-signed or not */
    STACK_OF(X509_CRL) * crls;     /* NULL: revocation is not looked at; else
                                    * every certificate of the chain needs a
                                    * current list of its issuer */
    enum gv_x509_kind kind;        /* the leaf must be of this kind;
                                    * GV_X509_KINDS: any */
    uint64_t at_ms;
};

/* GV_OK; GV_REJECT with why NOT_CA, EXPIRED, UNTRUSTED, REVOKED, NO_CRL or
 * REFUSED (another kind); GV_FAULT. */
enum gv_rc gv_chain_verify(const struct gv_chain_check *check,
                           struct gv_pki_error *x) GV_MUST_CHECK;

#endif
