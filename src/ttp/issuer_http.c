/* issuer_http.c - the token issuer over HTTPS (docs/spec/identity.md). */
#include "src/ttp/issuer_http.h"

#include <stdlib.h>

static const struct {
    const char *path;
    gv_issuer_call *call;
} calls[GV_ISSUER_ROUTES] = {
    {"/issuer/keys", gv_issuer_keys},
    {"/issuer/serve", gv_issuer_serve},
    {"/issuer/nonce", gv_issuer_nonce},
    {"/issuer/open", gv_issuer_open},
    {"/issuer/commit", gv_issuer_commit},
    {"/issuer/reveal", gv_issuer_reveal},
    {"/issuer/evidence", gv_issuer_evidence},
};

static gv_issuer_call *
call_of(const char *path)
{
    for (size_t i = 0; i < GV_ISSUER_ROUTES; i++)
        if (strcmp(path, calls[i].path) == 0)
            return calls[i].call;
    return NULL;
}

static void
refill(void *ctx)
{
    struct gv_issuer_http *service = ctx;

    gv_issuer_refill(service->issuer);
}

static void
answer(void *ctx, const char *path, struct gv_bytes request,
       struct gv_service_answer *a)
{
    struct gv_issuer_http *service = ctx;
    gv_issuer_call *call = call_of(path);

    a->status = (int)call(service->issuer, request, &a->out, &a->len, &a->e);
    if (a->status != GV_ISSUER_OK) {
        free(a->out);
        a->out = NULL;
    }
    if (call == gv_issuer_keys && a->status == GV_ISSUER_OK)
        a->then = refill;
}

void
gv_issuer_routes(struct gv_issuer_http *service,
                 struct gv_http_route out[GV_ISSUER_ROUTES])
{
    service->http = (struct gv_service_http){service, answer, service->pool};
    for (size_t i = 0; i < GV_ISSUER_ROUTES; i++)
        out[i] = gv_service_route(&service->http, calls[i].path);
}
