/*
 * crlhttp.h - revocation lists over HTTP, DER, for everybody.
 *
 *     GET /crl/ca.crl     of this node's CA; 404 without that role
 *     GET /crl/root.crl   of the network's root; 404 if this node has none
 *
 * Thread-safety: the handlers run on the HTTP thread.
 */
#ifndef GAVEL_TTP_CRLHTTP_H
#define GAVEL_TTP_CRLHTTP_H

#include "src/rpc/http.h"
#include "src/ttp/ca.h"

#define GV_CRLHTTP_ROUTES 2
#define GV_CRLHTTP_CA_PATH "/crl/ca.crl"
#define GV_CRLHTTP_ROOT_PATH "/crl/root.crl"

struct gv_crlhttp {
    struct gv_ca *ca;     /* or NULL; outlives the HTTP server */
    struct gv_bytes root; /* DER, likewise; may be empty */
};

/* The service is the routes' ctx. */
void gv_crlhttp_routes(struct gv_crlhttp *service,
                       struct gv_http_route out[GV_CRLHTTP_ROUTES]);

#endif
