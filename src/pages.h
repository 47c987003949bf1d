/*
 * pages.h - the small HTTP pages beside JSON-RPC: /healthz, /metrics
 * (Prometheus text), /events (SSE), and at / a page that tells people what this
 * is and how to start the page of their wallet. None needs a login.
 *
 * Thread-safety: handlers run on the http thread.
 */
#ifndef GAVEL_PAGES_H
#define GAVEL_PAGES_H

#include "src/rpc/http.h"

#define GV_PAGES_ROUTES 5

struct gv_pages {
    struct gv_http *http;
};

/* Fill GV_PAGES_ROUTES routes; pages is their ctx. */
void gv_pages_routes(struct gv_pages *pages, struct gv_http *http,
                     struct gv_http_route *out);

#endif
