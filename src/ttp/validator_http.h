/*
 * validator_http.h - a validator says over HTTPS that it serves an auction:
 *
 *     POST /validator/serve   preimage -> 64 bytes
 *
 * The body is an OPEN's preimage, the answer the validator's BIP340 signature
 * over H_tag("gavel/pop", auction id); application/octet-stream both. Errors
 * are one line of text (docs/spec/ttp.md, T29).
 *
 * Thread-safety: the handler may run at once in many threads.
 */
#ifndef GAVEL_TTP_VALIDATOR_HTTP_H
#define GAVEL_TTP_VALIDATOR_HTTP_H

#include "src/base/error.h"
#include "src/pki/rolekeys.h"
#include "src/ttp/ledger.h"
#include "src/ttp/service_http.h"

#define GV_VALIDATOR_PATH "/validator/serve"

/* All outlive the HTTP server. */
struct gv_validator_http {
    const struct gv_seckey *secret; /* it votes with this key */
    struct gv_pubkey key;
    const char *operator_name;
    const struct gv_keys *keys; /* may sign */
    const struct gv_params *params;
    struct gv_ttp_ledger ledger;
    struct gv_est_pool pool;
    struct gv_service_http http; /* made by route */
};

/* The route; service outlives the HTTP server and is its ctx. */
struct gv_http_route gv_validator_route(struct gv_validator_http *service);

/* Judge a preimage and sign for it: the HTTP status, 200 with *out filled,
 * else with e set. Asks the ledger: on the pool. */
int gv_validator_serve(const struct gv_validator_http *service,
                       struct gv_bytes preimage, struct gv_sig *out,
                       struct gv_error *e);

#endif
