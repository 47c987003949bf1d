/* notary_http.c - the notary over HTTPS (docs/spec/identity.md). */
#include "src/ttp/notary_http.h"

#include <stdlib.h>
#include <strings.h>

#define TYPE "application/octet-stream"

static const struct {
    const char *path;
    gv_notary_call *call;
} calls[GV_NOTARY_ROUTES] = {
    {"/notary/keys", gv_notary_keys},   {"/notary/serve", gv_notary_serve},
    {"/notary/open", gv_notary_open},   {"/notary/seller", gv_notary_seller},
    {"/notary/match", gv_notary_match}, {"/notary/share", gv_notary_share},
};

struct job {
    struct gv_notary *notary;
    gv_notary_call *call;
    struct gv_http_request *rq;
};

static void
run(void *arg)
{
    struct job *job = arg;
    struct gv_error e = {""};
    uint8_t *out = NULL;
    size_t len = 0;
    enum gv_notary_status status =
        job->call(job->notary, gv_http_body(job->rq), &out, &len, &e);

    if (out != NULL)
        gv_http_reply(job->rq, (int)status, TYPE, gv_bytes(out, len));
    else
        gv_http_reply_text(job->rq, (int)status, e.text);
    if (job->call == gv_notary_keys && status == GV_NOTARY_OK)
        gv_notary_refill(job->notary);
    free(out);
    free(job);
}

static gv_notary_call *
call_of(const char *path)
{
    for (size_t i = 0; i < GV_NOTARY_ROUTES; i++)
        if (strcmp(path, calls[i].path) == 0)
            return calls[i].call;
    return NULL;
}

static void
on_request(void *ctx, struct gv_http_request *rq)
{
    struct gv_notary_http *service = ctx;
    const char *type = gv_http_header(rq, "Content-Type");
    struct job *job;

    if (gv_http_body(rq).len > 0 &&
        (type == NULL || strncasecmp(type, TYPE, sizeof(TYPE) - 1) != 0)) {
        gv_http_reply_text(rq, 415, "Content-Type must be " TYPE);
        return;
    }
    if (gv_http_body(rq).len > GV_NOTARY_BODY_MAX) {
        gv_http_reply_text(rq, 413, "a request has at most 65536 bytes");
        return;
    }
    job = malloc(sizeof(*job));
    if (job != NULL) {
        *job = (struct job){service->notary, call_of(gv_http_path(rq)), rq};
        if (service->pool.submit(service->pool.ctx, run, job))
            return;
    }
    free(job);
    gv_http_reply_text(rq, 503, "busy; try again");
}

void
gv_notary_routes(struct gv_notary_http *service,
                 struct gv_http_route out[GV_NOTARY_ROUTES])
{
    for (size_t i = 0; i < GV_NOTARY_ROUTES; i++)
        out[i] =
            (struct gv_http_route){"POST", calls[i].path, on_request, service};
}
