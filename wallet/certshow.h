/*
 * certshow.h - certificates, requests and keystore entries as text for people
 * and as JSON.
 *
 * JSON of a certificate: subject, issuer, serial, role, not_before_ms,
 * not_after_ms, key, key_id (SHA256 of SubjectPublicKeyInfo), sha256 and sha1
 * (fingerprints of the DER), version, signature (algorithm), extensions
 * [{name, critical, value}]. Of a revocation list: issuer, this_update_ms,
 * next_update_ms, signature, extensions, revoked (serial numbers). Of an entry:
 * alias, kind ("key" or "trusted"), subject, issuer, role, the dates, sha256,
 * chain (how many certificates), complete (does the chain end at a root?).
 * Bytes are hex.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_WALLET_CERTSHOW_H
#define GAVEL_WALLET_CERTSHOW_H

#include <jansson.h>
#include <stdio.h>

#include "src/pki/p12.h"

/* New references; NULL if memory is out. */
json_t *gv_certshow_json(X509 *cert);
json_t *gv_certshow_request_json(X509_REQ *request);
json_t *gv_certshow_crl_json(X509_CRL *crl);
json_t *gv_certshow_entry_json(const struct gv_p12 *p12, size_t i);
/* Every certificate of a chain. */
json_t *gv_certshow_chain_json(const STACK_OF(X509) * chain);

/* The same as lines; of the JSON, so that both tell the same. */
void gv_certshow_print(FILE *out, const json_t *certificate);
void gv_certshow_entry_print(FILE *out, const json_t *entry);

#endif
