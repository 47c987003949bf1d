/*
 * est.h - enrolment at a CA: EST (RFC 7030) for the certificate, the ledger
 * for the credential (docs/spec/ttp.md).
 *
 * The server's certificate must lead to the network's root; the credential is
 * believed when the CA's ledger key signed it and the root signed the CA's.
 *
 * Thread-safety: one thread at a time per client.
 */
#ifndef GAVEL_WALLET_EST_H
#define GAVEL_WALLET_EST_H

#include <gavel/cred.h>
#include <gavel/key.h>
#include <gavel/params.h>
#include <openssl/types.h>

#include "src/client/https.h"
#include "src/client/rpcclient.h"

struct gv_est_client;

/* url: "https://HOST:PORT", with or without "/.well-known/est". NULL with e
 * set. */
struct gv_est_client *gv_est_client_new(const char *url,
                                        const struct gv_params *params,
                                        struct gv_error *e);
void gv_est_client_free(struct gv_est_client *c);

struct gv_est_ask {
    EVP_PKEY *key; /* P-256 */
    const char *name;
    const struct gv_keys *keys;
    const struct gv_seckey *ledger;
};

/* A PKCS#10 request over a fresh nonce of the server, heap memory. NULL with
 * e set and *rc GV_REJECT (the server refused) or GV_FAULT. */
uint8_t *gv_est_request(struct gv_est_client *c, const struct gv_est_ask *ask,
                        size_t *len, enum gv_rc *rc, struct gv_error *e);

/* Send a request; secret: the one-time secret or NULL. GV_OK with the
 * certificate's DER as heap memory; GV_ABSENT: it waits for approval, ask
 * again with the same request; GV_REJECT, GV_FAULT with e set. */
enum gv_rc gv_est_enrol(struct gv_est_client *c, struct gv_bytes csr,
                        const char *secret, uint8_t **der, size_t *len,
                        struct gv_error *e) GV_MUST_CHECK;

/* The certificate that the CA has issued for the keys of a request, as it was
 * given then: for a wallet restored from words. The request's name is not
 * looked at. GV_OK as gv_est_enrol; GV_ABSENT: the CA knows none. */
enum gv_rc gv_est_again(struct gv_est_client *c, struct gv_bytes csr,
                        uint8_t **der, size_t *len,
                        struct gv_error *e) GV_MUST_CHECK;

struct gv_est_expect {
    const struct gv_params *params;
    const struct gv_keys *keys;
    struct gv_bytes der;     /* the certificate, or empty */
    struct gv_pubkey ledger; /* the key it must be for */
};

/* The credential of a ledger key from the node, checked. GV_OK; GV_ABSENT:
 * the node does not know it yet; GV_REJECT: what the node gave is wrong;
 * GV_FAULT. */
enum gv_rc gv_est_credential(struct gv_rpcclient *rpc,
                             const struct gv_est_expect *expect,
                             struct gv_cred *cred, struct gv_pubkey *issuer,
                             struct gv_error *e) GV_MUST_CHECK;

#endif
