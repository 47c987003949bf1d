/*
 * tsahttp.h - RFC 3161 over HTTP in front of the stamping engine.
 *
 *     POST /tsa   application/timestamp-query -> application/timestamp-reply
 *
 * Every well-formed HTTP request is answered 200 with a TimeStampResp, which
 * says inside why there is no token (RFC 3161, 3.4).
 *
 * Thread-safety: the handler may run at once.
 */
#ifndef GAVEL_TTP_TSAHTTP_H
#define GAVEL_TTP_TSAHTTP_H

#include "src/rpc/http.h"
#include "src/ttp/est_pool.h"
#include "src/ttp/tsa.h"

#define GV_TSAHTTP_PATH "/tsa"

struct gv_tsahttp {
    struct gv_tsa *tsa; /* outlives the listener */
    struct gv_est_pool pool;
};

/* The route; service outlives the HTTP server and is its ctx. */
struct gv_http_route gv_tsahttp_route(struct gv_tsahttp *service);

#endif
