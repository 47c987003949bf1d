/*
 * tsaclient.h - RFC 3161 from the asking side: the query for an imprint, and
 * the bare token in a response. Whether a token is good is for gavel/tst.h.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_TSACLIENT_H
#define GAVEL_CLIENT_TSACLIENT_H

#include <gavel/tst.h>

#include "src/base/error.h"

#define GV_TSACLIENT_QUERY_MAX 128
#define GV_TSACLIENT_REPLY_MAX 16384

/* TimeStampReq { 1, { sha256, imprint }, policy }, without nonce and without
 * the wish for a certificate; policy: OID content, at most 32 bytes. Returns
 * its length. */
size_t gv_tsaclient_query(struct gv_bytes policy, const uint8_t imprint32[32],
                          uint8_t out[GV_TSACLIENT_QUERY_MAX]);

/* The token of a TimeStampResp that grants one, its whole DER. GV_OK, or
 * GV_REJECT with e set. */
enum gv_rc gv_tsaclient_token(struct gv_bytes response,
                              uint8_t token[GV_TOKEN_MAX], size_t *len,
                              struct gv_error *e) GV_MUST_CHECK;

#endif
