/*
 * tsa.h - time-stamping authorities that the wallet asks itself, by RFC 3161
 * over HTTP (docs/spec/ttp.md, T9 and T33): where OPEN's authorities answer,
 * and what is wrong with a token.
 *
 * Thread-safety: one thread at a time, but gv_tsa_ask runs on any thread.
 */
#ifndef GAVEL_WALLET_TSA_H
#define GAVEL_WALLET_TSA_H

#include <gavel/open.h>

#include "src/client/tsaclient.h"
#include "wallet/service.h"

/* How one authority is asked. */
struct gv_tsa_way {
    char url[GV_TSACLIENT_URL_MAX];
    char name[65]; /* its operator */
    uint8_t policy[32];
    size_t policy_len;
    struct gv_bytes roots; /* of the network; borrowed */
    const char *proxy;     /* "socks5://HOST:PORT", borrowed, or NULL */
};

/* One of the network's services (list, n) answers where the registry says,
 * under gavel-blind; another where OPEN says. False: the registry does not name
 * it. proxy is left NULL. */
bool gv_tsa_way_of(const struct gv_params *params, const struct gv_authority *a,
                   const struct gv_service *list, size_t n,
                   struct gv_tsa_way *out);

/* Nothing is connected yet. GV_OK, or GV_FAULT with e set. */
enum gv_rc gv_tsa_way_open(const struct gv_tsa_way *way, struct gv_tsaclient *c,
                           struct gv_error *e) GV_MUST_CHECK;

/* Ask, in at most 10 s, for a token that is not verified yet; as
 * gv_tsaclient_ask. */
enum gv_rc gv_tsa_ask(const struct gv_tsa_way *way, const uint8_t imprint32[32],
                      uint8_t token[GV_TOKEN_MAX], size_t *len,
                      struct gv_error *e) GV_MUST_CHECK;

/* What the verdict on its token means, in plain words. */
const char *gv_tsa_explain(const struct gv_reject *why, char out[240]);

#endif
