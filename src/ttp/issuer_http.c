/* issuer_http.c - the token issuer over HTTPS (docs/spec/identity.md). */
#include "src/ttp/issuer_http.h"

#include <stdlib.h>
#include <strings.h>

#define TYPE "application/octet-stream"

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

struct job {
    struct gv_issuer *issuer;
    gv_issuer_call *call;
    struct gv_http_request *rq;
};

static void
run(void *arg)
{
    struct job *job = arg;
    struct gv_error e = {""};
    uint8_t *out = NULL;
    size_t len = 0;
    enum gv_issuer_status status =
        job->call(job->issuer, gv_http_body(job->rq), &out, &len, &e);

    if (status == GV_ISSUER_OK)
        gv_http_reply(job->rq, 200, TYPE, gv_bytes(out, len));
    else
        gv_http_reply_text(job->rq, (int)status, e.text);
    if (job->call == gv_issuer_keys && status == GV_ISSUER_OK)
        gv_issuer_refill(job->issuer);
    free(out);
    free(job);
}

static gv_issuer_call *
call_of(const char *path)
{
    for (size_t i = 0; i < GV_ISSUER_ROUTES; i++)
        if (strcmp(path, calls[i].path) == 0)
            return calls[i].call;
    return NULL;
}

static void
on_request(void *ctx, struct gv_http_request *rq)
{
    struct gv_issuer_http *service = ctx;
    const char *type = gv_http_header(rq, "Content-Type");
    struct job *job;

    if (gv_http_body(rq).len > 0 &&
        (type == NULL || strncasecmp(type, TYPE, sizeof(TYPE) - 1) != 0)) {
        gv_http_reply_text(rq, 415, "Content-Type must be " TYPE);
        return;
    }
    if (gv_http_body(rq).len > GV_ISSUER_BODY_MAX) {
        gv_http_reply_text(rq, 413, "a request has at most 65536 bytes");
        return;
    }
    job = malloc(sizeof(*job));
    if (job != NULL) {
        *job = (struct job){service->issuer, call_of(gv_http_path(rq)), rq};
        if (service->pool.submit(service->pool.ctx, run, job))
            return;
    }
    free(job);
    gv_http_reply_text(rq, 503, "busy; try again");
}

void
gv_issuer_routes(struct gv_issuer_http *service,
                 struct gv_http_route out[GV_ISSUER_ROUTES])
{
    for (size_t i = 0; i < GV_ISSUER_ROUTES; i++)
        out[i] =
            (struct gv_http_route){"POST", calls[i].path, on_request, service};
}
