/*
 * notary_http.h - the notary over HTTPS:
 *
 *     POST /notary/keys /notary/serve     for sellers
 *     POST /notary/open                   for the seller of an award
 *     POST /notary/seller                 for its winner
 *
 * Bodies are application/octet-stream, the messages of gavel/notary.h and
 * gavel/serve.h. Errors are one line of text, but for a REFUSAL, which is 403
 * with a body of that type.
 *
 * Thread-safety: the handlers may run at once.
 */
#ifndef GAVEL_TTP_NOTARY_HTTP_H
#define GAVEL_TTP_NOTARY_HTTP_H

#include "src/ttp/notary.h"
#include "src/ttp/service_http.h"

#define GV_NOTARY_ROUTES 7

struct gv_notary_http {
    struct gv_notary *notary; /* outlives the HTTP server */
    struct gv_est_pool pool;
    struct gv_service_http http; /* made by routes */
};

/* The routes; service outlives the HTTP server and is their ctx. */
void gv_notary_routes(struct gv_notary_http *service,
                      struct gv_http_route out[GV_NOTARY_ROUTES]);

#endif
