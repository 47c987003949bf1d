/*
 * est.h - enrolment at a CA by EST (RFC 7030; docs/spec/ttp.md, T14), for the
 * wallet's users and for nodes.
 *
 * The server's certificate must lead to the network's root.
 *
 * Thread-safety: one thread at a time per client, except interrupt.
 */
#ifndef GAVEL_CLIENT_EST_H
#define GAVEL_CLIENT_EST_H

#include <gavel/key.h>
#include <gavel/params.h>
#include <openssl/types.h>

#include "src/base/error.h"

struct gv_est_client;

/* url: "https://HOST:PORT", with or without "/.well-known/est". NULL with e
 * set. */
struct gv_est_client *gv_est_client_new(const char *url,
                                        const struct gv_params *params,
                                        struct gv_error *e);
void gv_est_client_free(struct gv_est_client *c);

/* From any thread: what runs or comes later fails at once. */
void gv_est_client_interrupt(struct gv_est_client *c);

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

struct gv_est_send {
    struct gv_bytes csr;
    const char *secret; /* the one-time secret, or NULL */
    bool node;          /* for a node, not for a user */
};

/* Send a request. GV_OK with the certificate's DER as heap memory; GV_ABSENT:
 * it waits for approval, ask again with the same request; GV_REJECT, GV_FAULT
 * with e set. */
enum gv_rc gv_est_enrol(struct gv_est_client *c, const struct gv_est_send *what,
                        uint8_t **der, size_t *len,
                        struct gv_error *e) GV_MUST_CHECK;

/* The certificate that the CA has issued for the keys of a request, as it was
 * given then: for a wallet restored from words. The request's name is not
 * looked at. GV_OK as gv_est_enrol; GV_ABSENT: the CA knows none. */
enum gv_rc gv_est_again(struct gv_est_client *c, struct gv_bytes csr,
                        uint8_t **der, size_t *len,
                        struct gv_error *e) GV_MUST_CHECK;

#endif
