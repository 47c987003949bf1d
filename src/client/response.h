/*
 * response.h - reads one HTTP/1.1 response: strict, bounded, with
 * Content-Length or chunked framing (RFC 9112), or until the end of the
 * connection.
 *
 * Refused: any other transfer coding, both framings at once, lengths that
 * differ, bare control bytes in the head, heads over 32 kB, obsolete line
 * folding, bodies over the limit, status lines that are none.
 *
 * Thread-safety: a reader belongs to one thread.
 */
#ifndef GAVEL_CLIENT_RESPONSE_H
#define GAVEL_CLIENT_RESPONSE_H

#include "src/client/https.h"

/* Where bytes come from: as conn_read, at least one byte unless GV_ABSENT
 * (end) or GV_FAULT. */
struct response_source {
    enum gv_rc (*read)(void *ctx, void *out, size_t room, size_t *n,
                       struct gv_error *e);
    void *ctx;
    bool head_request; /* the request was HEAD: no body follows */
    size_t max_body;
};

/* GV_OK with *reply filled; *any is set once a byte has come, *reusable if
 * the connection can take another request. GV_FAULT with e set. */
enum gv_rc response_read(const struct response_source *source,
                         struct gv_https_reply *reply, bool *any,
                         bool *reusable, struct gv_error *e) GV_MUST_CHECK;

#endif
