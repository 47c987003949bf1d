/* crlhttp.c - see crlhttp.h. */
#include "src/ttp/crlhttp.h"

#include <stdlib.h>

#define TYPE "application/pkix-crl"

static void
on_root(void *ctx, struct gv_http_request *rq)
{
    const struct gv_crlhttp *service = ctx;

    if (service->root.len == 0)
        gv_http_reply_text(rq, 404, "this node has no list of the root");
    else
        gv_http_reply(rq, 200, TYPE, service->root);
}

static void
on_ca(void *ctx, struct gv_http_request *rq)
{
    const struct gv_crlhttp *service = ctx;
    struct gv_error e = {""};
    size_t len = 0;
    uint8_t *der;

    if (service->ca == NULL) {
        gv_http_reply_text(rq, 404, "this node is no CA");
        return;
    }
    der = gv_ca_crl(service->ca, &len, &e);
    if (der == NULL)
        gv_http_reply_text(rq, 500, e.text);
    else
        gv_http_reply(rq, 200, TYPE, gv_bytes(der, len));
    free(der);
}

void
gv_crlhttp_routes(struct gv_crlhttp *service,
                  struct gv_http_route out[GV_CRLHTTP_ROUTES])
{
    out[0] = (struct gv_http_route){"GET", GV_CRLHTTP_CA_PATH, on_ca, service};
    out[1] =
        (struct gv_http_route){"GET", GV_CRLHTTP_ROOT_PATH, on_root, service};
}
