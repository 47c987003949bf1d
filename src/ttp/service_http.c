/* service_http.c - see service_http.h. */
#include "src/ttp/service_http.h"

#include <stdlib.h>
#include <strings.h>

#define TYPE "application/octet-stream"

struct job {
    const struct gv_service_http *service;
    struct gv_http_request *rq;
};

static void
run(void *arg)
{
    struct job *job = arg;
    const struct gv_service_http *s = job->service;
    struct gv_service_answer a = {.status = 503};

    s->call(s->ctx, gv_http_path(job->rq), gv_http_body(job->rq), &a);
    if (a.out != NULL || a.status == 200)
        gv_http_reply(job->rq, a.status, TYPE, gv_bytes(a.out, a.len));
    else
        gv_http_reply_text(job->rq, a.status, a.e.text);
    if (a.then != NULL)
        a.then(s->ctx);
    free(a.out);
    free(job);
}

static void
on_request(void *ctx, struct gv_http_request *rq)
{
    struct gv_service_http *service = ctx;
    const char *type = gv_http_header(rq, "Content-Type");
    struct job *job;

    if (gv_http_body(rq).len > 0 &&
        (type == NULL || strncasecmp(type, TYPE, sizeof(TYPE) - 1) != 0)) {
        gv_http_reply_text(rq, 415, "Content-Type must be " TYPE);
        return;
    }
    if (gv_http_body(rq).len > GV_SERVICE_BODY_MAX) {
        gv_http_reply_text(rq, 413, "a request has at most 65536 bytes");
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
gv_service_route(struct gv_service_http *service, const char *path)
{
    return (struct gv_http_route){"POST", path, on_request, service};
}
