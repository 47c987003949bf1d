/* pages.c - health, metrics, events, and a page for people. */
#include "src/pages.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "src/web/assets.h"

static void
healthz(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_reply_text(request, 200, "ok");
}

static void
metrics(void *ctx, struct gv_http_request *request)
{
    const struct gv_pages *p = ctx;
    struct gv_http_stats s;
    struct rusage use;
    char text[1024];
    int len;

    gv_http_stats(p->http, &s);
    getrusage(RUSAGE_SELF, &use);
    len = snprintf(
        text, sizeof(text),
        "# TYPE gavel_http_connections gauge\n"
        "gavel_http_connections %llu\n"
        "# TYPE gavel_http_streams gauge\n"
        "gavel_http_streams %llu\n"
        "# TYPE gavel_http_requests_total counter\n"
        "gavel_http_requests_total %llu\n"
        "# TYPE gavel_http_slow_streams_total counter\n"
        "gavel_http_slow_streams_total %llu\n"
        "# TYPE gavel_memory_peak_bytes gauge\n"
        "gavel_memory_peak_bytes %llu\n"
        "# TYPE gavel_cpu_seconds_total counter\n"
        "gavel_cpu_seconds_total %lld\n",
        (unsigned long long)s.connections, (unsigned long long)s.streams,
        (unsigned long long)s.requests, (unsigned long long)s.slow_dropped,
        (unsigned long long)use.ru_maxrss * 1024,
        (long long)(use.ru_utime.tv_sec + use.ru_stime.tv_sec));
    gv_http_reply(request, 200, "text/plain; version=0.0.4",
                  gv_bytes(text, (size_t)len));
}

static void
events(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_stream(request, NULL, gv_bytes(NULL, 0));
}

/* One of the embedded files: it says nothing of this node. */
static void
asset(struct gv_http_request *request, const char *path)
{
    const struct gv_web_asset *a = gv_web_assets;

    while (a->path != NULL && strcmp(a->path, path) != 0)
        a++;
    gv_http_set_header(request, "Content-Security-Policy", GV_WEB_POLICY);
    gv_http_reply(request, a->path != NULL ? 200 : 404, a->type,
                  gv_bytes(a->bytes, a->len));
}

static void
page(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    asset(request, "/node.html");
}

static void
style(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    asset(request, "/style.css");
}

void
gv_pages_routes(struct gv_pages *pages, struct gv_http *http,
                struct gv_http_route *out)
{
    pages->http = http;
    out[0] = (struct gv_http_route){"GET", "/healthz", healthz, pages};
    out[1] = (struct gv_http_route){"GET", "/metrics", metrics, pages};
    out[2] = (struct gv_http_route){"GET", "/events", events, pages};
    out[3] = (struct gv_http_route){"GET", "/", page, pages};
    out[4] = (struct gv_http_route){"GET", "/style.css", style, pages};
}
