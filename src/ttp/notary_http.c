/* notary_http.c - the notary over HTTPS (docs/spec/identity.md). */
#include "src/ttp/notary_http.h"

#include <stdlib.h>

static const struct {
    const char *path;
    gv_notary_call *call;
} calls[GV_NOTARY_ROUTES] = {
    {"/notary/keys", gv_notary_keys},      {"/notary/serve", gv_notary_serve},
    {"/notary/open", gv_notary_open},      {"/notary/seller", gv_notary_seller},
    {"/notary/match", gv_notary_match},    {"/notary/share", gv_notary_share},
    {"/notary/seal", gv_notary_seal_keys},
};

static gv_notary_call *
call_of(const char *path)
{
    for (size_t i = 0; i < GV_NOTARY_ROUTES; i++)
        if (strcmp(path, calls[i].path) == 0)
            return calls[i].call;
    return NULL;
}

static void
refill(void *ctx)
{
    struct gv_notary_http *service = ctx;

    gv_notary_refill(service->notary);
}

static void
answer(void *ctx, const char *path, struct gv_bytes request,
       struct gv_service_answer *a)
{
    struct gv_notary_http *service = ctx;
    gv_notary_call *call = call_of(path);

    a->status = (int)call(service->notary, request, &a->out, &a->len, &a->e);
    if (call == gv_notary_keys && a->status == GV_NOTARY_OK)
        a->then = refill;
}

void
gv_notary_routes(struct gv_notary_http *service,
                 struct gv_http_route out[GV_NOTARY_ROUTES])
{
    service->http = (struct gv_service_http){service, answer, service->pool};
    for (size_t i = 0; i < GV_NOTARY_ROUTES; i++)
        out[i] = gv_service_route(&service->http, calls[i].path);
}
