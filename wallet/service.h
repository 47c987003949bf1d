/*
 * service.h - the trusted third party's services as the wallet meets them: who
 * they are by the registry, and their binary calls over HTTPS
 * (docs/spec/identity.md).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_SERVICE_H
#define GAVEL_WALLET_SERVICE_H

#include <gavel/cred.h>

#include "src/client/https.h"
#include "wallet/cli.h"

#define GV_SERVICES_MAX 64

struct gv_service {
    struct gv_cred cred; /* signed by the network's root, valid now */
    char endpoint[257];
    char operator_name[65];
};

/* Services of this role on the registry that the root certified, newest
 * first, each key once. An exit code. */
int gv_services_find(struct gv_cli *cli, uint8_t role, struct gv_service *out,
                     size_t *count) GV_MUST_CHECK;

/* The one with this ledger key among them: GV_EXIT_FAILED when there is none,
 * naming `what`. */
int gv_service_of(struct gv_cli *cli, uint8_t role, const struct gv_pubkey *key,
                  const char *what, struct gv_service *out) GV_MUST_CHECK;

/* Wait, a minute at most, until the certificate with this fingerprint stands in
 * a block of the registry: services believe nothing else. An exit code. */
int gv_service_await(struct gv_cli *cli,
                     const struct gv_hash *fingerprint) GV_MUST_CHECK;

/* A connection that trusts the network's root alone. NULL with e set. */
struct gv_https *gv_service_connect(const struct gv_service *service,
                                    const struct gv_params *params,
                                    struct gv_error *e);

/* POST a message. GV_OK with *out (heap, *len bytes); GV_REJECT: the service
 * refused, e says why in its words, and *out is its body if that is no text
 * (a signed refusal), else NULL; GV_FAULT: no proper answer. */
enum gv_rc gv_service_post(struct gv_https *https, const char *path,
                           struct gv_bytes body, uint8_t **out, size_t *len,
                           struct gv_error *e) GV_MUST_CHECK;

#endif
