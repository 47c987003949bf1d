/*
 * root.h - the root of a network in a directory: what a key ceremony keeps
 * offline (docs/spec/ttp.md, T24).
 *
 *     root-key.pem     X.509 side, P-256, PKCS#8 under a passphrase
 *     root-ledger.pem  BIP340 side, a secp256k1 key under the same passphrase
 *     root-cert.pem    the certificate, self-signed
 *     root.crl         the newest revocation list, DER: also the record of
 *                      what was revoked, since it is signed
 *
 * Directory mode 0700, files 0600. Nothing but the list is ever replaced.
 *
 * Thread-safety: one thread at a time per root.
 */
#ifndef GAVEL_WALLET_ROOT_H
#define GAVEL_WALLET_ROOT_H

#include <gavel/key.h>
#include <openssl/x509.h>

#include "src/base/error.h"
#include "src/pki/rolekeys.h"

#define GV_ROOT_CRL_MS (365ull * 86400000) /* life of a list */

struct gv_root {
    char *dir;
    EVP_PKEY *key;
    X509 *cert;
    char *cert_pem;
    struct gv_seckey secret;
    struct gv_pubkey pub;
    uint8_t *crl;
    size_t crl_len;
};

struct gv_root_options {
    const char *dir;
    const char *network; /* its name, for the certificate; of make alone */
    uint64_t life_ms;    /* likewise */
    const char *passphrase;
    const struct gv_keys *keys; /* may sign */
    uint64_t now_ms;
};

/* Make a root in a new directory, with an empty list. GV_OK, or GV_FAULT with
 * e set; clear *out in every case. */
enum gv_rc gv_root_make(const struct gv_root_options *o, struct gv_root *out,
                        struct gv_error *e) GV_MUST_CHECK;

/* Open one. GV_OK; GV_FAULT: something is missing, damaged, of another root,
 * or the passphrase is wrong. Clear *out in every case. */
enum gv_rc gv_root_open(const struct gv_root_options *o, struct gv_root *out,
                        struct gv_error *e) GV_MUST_CHECK;

/* Sign the next list, which has everything of the present one and, unless cert
 * is NULL, this certificate; replace the file. GV_OK; GV_REJECT: the root did
 * not issue it, or it is on the list; GV_FAULT. */
enum gv_rc gv_root_revoke(struct gv_root *root, const X509 *cert, int reason,
                          uint64_t now_ms, struct gv_error *e) GV_MUST_CHECK;

/* Certificates on the list. */
int gv_root_revoked(const struct gv_root *root);

/* What certifies with it; borrowed from root. */
struct gv_rolekeys_signer gv_root_signer(const struct gv_root *root);

void gv_root_clear(struct gv_root *root);

#endif
