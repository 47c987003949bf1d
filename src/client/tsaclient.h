/*
 * tsaclient.h - RFC 3161 from the asking side: the query for an imprint, and
 * the bare token in a response. Whether a token is good is for gavel/tst.h.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_TSACLIENT_H
#define GAVEL_CLIENT_TSACLIENT_H

#include <gavel/tst.h>

#include "src/client/https.h"

#define GV_TSACLIENT_URL_MAX 320
#define GV_TSACLIENT_QUERY_MAX 128
#define GV_TSACLIENT_REPLY_MAX 16384

/* TimeStampReq { 1, { sha256, imprint }, policy }, without nonce and without
 * the wish for a certificate; policy: OID content, at most 32 bytes. Returns
 * its length. */
size_t gv_tsaclient_query(struct gv_bytes policy, const uint8_t imprint32[32],
                          uint8_t out[GV_TSACLIENT_QUERY_MAX]);

/* An authority that can be asked, once. */
struct gv_tsaclient {
    struct gv_https *https; /* may be interrupted from any thread */
    char path[GV_TSACLIENT_URL_MAX];
};
#define GV_TSACLIENT_PATH "/tsa" /* of services of the network */

/* Nothing is connected yet. o->url is the whole address that answers queries;
 * to https:// alone o->roots are needed. GV_OK, or GV_FAULT with e set. */
enum gv_rc gv_tsaclient_open(struct gv_tsaclient *c,
                             const struct gv_https_options *o,
                             struct gv_error *e) GV_MUST_CHECK;
void gv_tsaclient_close(struct gv_tsaclient *c);

/* Ask for a token over imprint32 under this policy. What is sent names nobody:
 * no certificate, no login, no nonce. GV_OK with the token, which is not
 * verified; GV_REJECT: it answered, and gave none; GV_FAULT: no answer. e says
 * why. */
enum gv_rc gv_tsaclient_ask(struct gv_tsaclient *c, struct gv_bytes policy,
                            const uint8_t imprint32[32],
                            uint8_t token[GV_TOKEN_MAX], size_t *len,
                            struct gv_error *e) GV_MUST_CHECK;

/* The token of a TimeStampResp that grants one, its whole DER. GV_OK, or
 * GV_REJECT with e set. */
enum gv_rc gv_tsaclient_token(struct gv_bytes response,
                              uint8_t token[GV_TOKEN_MAX], size_t *len,
                              struct gv_error *e) GV_MUST_CHECK;

#endif
