/*
 * issuer_http.h - the token issuer over HTTPS:
 *
 *     POST /issuer/keys /issuer/serve             for sellers
 *     POST /issuer/nonce /issuer/open /issuer/commit /issuer/reveal
 *     POST /issuer/evidence
 *
 * Bodies are application/octet-stream, the messages of gavel/issue.h and
 * gavel/serve.h; errors are one line of text.
 *
 * Thread-safety: the handlers may run at once.
 */
#ifndef GAVEL_TTP_ISSUER_HTTP_H
#define GAVEL_TTP_ISSUER_HTTP_H

#include "src/ttp/issuer.h"
#include "src/ttp/service_http.h"

#define GV_ISSUER_ROUTES 7

struct gv_issuer_http {
    struct gv_issuer *issuer; /* outlives the HTTP server */
    struct gv_est_pool pool;
    struct gv_service_http http; /* made by routes */
};

/* The routes; service outlives the HTTP server and is their ctx. */
void gv_issuer_routes(struct gv_issuer_http *service,
                      struct gv_http_route out[GV_ISSUER_ROUTES]);

#endif
