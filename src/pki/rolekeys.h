/*
 * rolekeys.h - the keys and certificates of the services a node runs.
 *
 * A role that signs for the ledger has a P-256 key and certificate (X.509
 * side), a BIP340 key (ledger side) and a credential that ties the two,
 * signed by the root's BIP340 key. Files in the directory, all mode 0600:
 *
 *     ROLE-key.pem ROLE-ledger.pem tls-key.pem
 *         PKCS#8, encrypted when there is a passphrase; -ledger is the BIP340
 *         secret as a secp256k1 key
 *     ROLE-cert.pem tls-cert.pem   PEM, issued by the root
 *     ROLE.cred                    struct gv_cred, encoded
 *     root.crl                     the root's revocation list, DER
 *
 * ROLE is ca, tsa, issuer, notary or validator. A validator's ledger key is the
 * one it votes with, which is elsewhere and given by the caller; it may go
 * without a certificate, where nobody can make one: then the registry does not
 * name it. The keys that issuer and notary make for
 * single auctions are elsewhere (auctionkeys.h).
 *
 * With a signer what is missing is made: at a key ceremony, and by any node on
 * a network whose secrets are public (regtest). Elsewhere a missing file is an
 * error that names it; root.crl may be missing there.
 *
 * Thread-safety: read-only once open; may be shared.
 */
#ifndef GAVEL_PKI_ROLEKEYS_H
#define GAVEL_PKI_ROLEKEYS_H

#include <gavel/cred.h>
#include <gavel/key.h>
#include <gavel/params.h>
#include <openssl/types.h>

#include "src/base/error.h"

enum gv_rolekeys_roles {
    GV_ROLEKEYS_CA = 1,
    GV_ROLEKEYS_TSA = 2,
    GV_ROLEKEYS_TLS = 4, /* the TLS server; no ledger key */
    GV_ROLEKEYS_ISSUER = 8,
    GV_ROLEKEYS_NOTARY = 16,
    GV_ROLEKEYS_VALIDATOR = 32
};

#define GV_ROLEKEYS_LABEL_MAX 24

struct gv_rolekeys_role {
    EVP_PKEY *key; /* NULL: this node has not got the role */
    X509 *cert;
    struct gv_seckey secret; /* ledger side */
    struct gv_cred cred;     /* has the public ledger key */
};

struct gv_rolekeys {
    X509 *root;
    char *root_pem;
    struct gv_rolekeys_role ca, tsa, issuer, notary, validator;
    EVP_PKEY *tls_key;
    X509 *tls_cert;
    char *tls_key_pem; /* unencrypted, for the TLS library; secret */
    char *tls_cert_pem;
    uint8_t *root_crl; /* DER; NULL if there is none */
    size_t root_crl_len;
};

/* Who may certify what is missing: the root, at a key ceremony. */
struct gv_rolekeys_signer {
    EVP_PKEY *key; /* of the root's certificate */
    const struct gv_seckey *secret;
    struct gv_bytes crl; /* the root's list, DER */
};

struct gv_rolekeys_options {
    const char *dir;     /* made if missing */
    const char *datadir; /* gavel-root.pem is written here; NULL: nowhere */
    const struct gv_params *params;
    const struct gv_keys *keys;              /* may sign */
    const struct gv_rolekeys_signer *signer; /* NULL: the public secrets of
                                              * params, or nobody */
    /* More of the common names, at most GV_ROLEKEYS_LABEL_MAX bytes, or NULL */
    const char *label;
    unsigned roles;                    /* enum gv_rolekeys_roles, ored */
    const char *passphrase;            /* of the keys, or NULL */
    const struct gv_seckey *validator; /* its ledger key, if it is a role */
    const char *const *tls_names; /* more names of the TLS server; 127.0.0.1,
                                   * ::1 and localhost are always there */
    size_t n_tls_names;
    const char *crl_url; /* of the root's list, for certificates made here, or
                          * NULL */
    uint64_t now_ms;
};

/* GV_OK, or GV_FAULT with e set and *out zeroed. Certificates are checked:
 * they fit their keys, lead to the network's root and are valid now;
 * credentials are signed by the network's root. */
enum gv_rc gv_rolekeys_open(const struct gv_rolekeys_options *options,
                            struct gv_rolekeys *out,
                            struct gv_error *e) GV_MUST_CHECK;

/* Wipes the secrets; legal on a zeroed struct. */
void gv_rolekeys_clear(struct gv_rolekeys *keys);

#endif
