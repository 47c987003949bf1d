/* tsahttp.c - RFC 3161 over HTTP (docs/spec/ttp.md, T9). */
#include "src/ttp/tsahttp.h"

#include <stdlib.h>
#include <strings.h>

struct job {
    struct gv_tsahttp *service;
    struct gv_http_request *rq;
};

static void
stamp(struct gv_tsahttp *service, struct gv_http_request *rq)
{
    size_t len = 0;
    uint8_t *der = gv_tsa_respond(service->tsa, gv_http_body(rq), &len);

    if (der == NULL)
        gv_http_reply_text(rq, 500, "out of memory");
    else
        gv_http_reply(rq, 200, "application/timestamp-reply",
                      gv_bytes(der, len));
    free(der);
}

static void
run(void *arg)
{
    struct job *job = arg;

    stamp(job->service, job->rq);
    free(job);
}

static void
on_query(void *ctx, struct gv_http_request *rq)
{
    struct gv_tsahttp *service = ctx;
    const char *type = gv_http_header(rq, "Content-Type");
    struct job *job;

    if (type == NULL ||
        strncasecmp(type, "application/timestamp-query", 27) != 0) {
        gv_http_reply_text(rq, 415,
                           "Content-Type must be application/timestamp-query");
        return;
    }
    if (gv_http_body(rq).len > GV_TSA_QUERY_MAX) {
        gv_http_reply_text(rq, 413, "a query has at most 4096 bytes");
        return;
    }
    if (service->pool.submit == NULL) {
        stamp(service, rq);
        return;
    }
    job = malloc(sizeof(*job));
    if (job != NULL) {
        *job = (struct job){service, rq};
        if (service->pool.submit(service->pool.ctx, run, job))
            return;
    }
    free(job);
    gv_http_reply_text(rq, 503, "busy; try again");
}

struct gv_http_route
gv_tsahttp_route(struct gv_tsahttp *service)
{
    return (struct gv_http_route){"POST", GV_TSAHTTP_PATH, on_query, service};
}
