/*
 * service_http.h - what the issuer, the notary and the validator have in common
 * over HTTPS: a POST of bytes goes to a pool, and its answer comes back.
 *
 * Bodies are application/octet-stream of at most GV_SERVICE_BODY_MAX bytes;
 * errors are one line of text. 415: another type; 413: too long; 503: no room.
 *
 * Thread-safety: calls may run at once in many threads.
 */
#ifndef GAVEL_TTP_SERVICE_HTTP_H
#define GAVEL_TTP_SERVICE_HTTP_H

#include "src/base/error.h"
#include "src/rpc/http.h"
#include "src/ttp/est_pool.h"

#define GV_SERVICE_BODY_MAX 65536

struct gv_service_answer {
    int status;              /* HTTP's */
    uint8_t *out;            /* heap; NULL with another status than 200: */
    size_t len;              /* the body is the text of e */
    struct gv_error e;       /* empty at first, as all of it */
    void (*then)(void *ctx); /* NULL, or what to do when it was sent */
};

/* Answer a request that came for this path. */
typedef void gv_service_call(void *ctx, const char *path,
                             struct gv_bytes request,
                             struct gv_service_answer *a);

/* A service and what it works with; all outlives the HTTP server. */
struct gv_service_http {
    void *ctx; /* of call */
    gv_service_call *call;
    struct gv_est_pool pool; /* submit must be set */
};

/* One of its paths, which is borrowed. */
struct gv_http_route gv_service_route(struct gv_service_http *service,
                                      const char *path);

#endif
