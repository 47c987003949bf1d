/* endpoint.c - see endpoint.h. */
#include "src/endpoint.h"

#include <stdio.h>

#include "src/rpc/work.h"

void
gv_endpoint_host(const char *bind, char *out, size_t cap)
{
    const char *colon = strrchr(bind, ':');
    size_t len = colon ? (size_t)(colon - bind) : strlen(bind);
    bool bracketed = len > 2 && bind[0] == '[' && bind[len - 1] == ']';

    snprintf(out, cap, "%.*s", (int)len - 2 * bracketed, bind + bracketed);
    if (strcmp(out, "0.0.0.0") == 0)
        snprintf(out, cap, "127.0.0.1");
    else if (strcmp(out, "::") == 0)
        snprintf(out, cap, "::1");
}

/* A login that travels in the clear is for this machine alone. */
static void
warn_if_open(const struct gv_endpoint_options *o)
{
    char host[64];

    gv_endpoint_host(o->rpc_bind, host, sizeof(host));
    if (strncmp(o->rpc_bind, "0.0.0.0:", 8) == 0 ||
        strncmp(o->rpc_bind, "[::]:", 5) == 0 ||
        (strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0))
        gv_log_warn(o->log, "rpc",
                    "JSON-RPC is open to other machines without TLS, its "
                    "login too; use rpc-tls-bind for them",
                    GV_S("bind", o->rpc_bind));
}

static enum gv_rc
bind_all(const struct gv_endpoint_options *o, struct gv_endpoint *p,
         struct gv_error *e)
{
    struct gv_http_listen l = {.address = o->rpc_bind,
                               .routes = p->route,
                               .n_routes = GV_ENDPOINT_ROUTES};

    if (gv_http_listen(p->http, &l, &p->rpc_port, e) != GV_OK)
        return GV_FAULT;
    if (o->rpc_tls_bind) {
        p->rpc_tls =
            gv_http_bind(p->http, o->rpc_tls_bind, &p->rpc_tls_port, e);
        if (!p->rpc_tls)
            return GV_FAULT;
    }
    if (o->tls_bind) {
        p->services = gv_http_bind(p->http, o->tls_bind, &p->tls_port, e);
        if (!p->services)
            return GV_FAULT;
    }
    return GV_OK;
}

enum gv_rc
gv_endpoint_open(const struct gv_endpoint_options *o, struct gv_endpoint *out,
                 struct gv_error *e)
{
    struct gv_http_options ho = {.log = o->log};
    struct gv_rpc_options ro = {.log = o->log};

    memset(out, 0, sizeof(*out));
    out->auth = gv_auth_new(o->cookie, o->miner_login, e);
    if (!out->auth)
        return GV_FAULT;
    ro.auth = out->auth;
    out->rpc = gv_rpc_new(&ro);
    if (!out->rpc) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    out->http = gv_http_new(&ho, e);
    if (!out->http)
        return GV_FAULT;
    gv_pages_routes(&out->pages, out->http, out->route);
    out->route[GV_PAGES_ROUTES] = (struct gv_http_route){
        "*", GV_WORK_LONGPOLL_PATH, gv_rpc_http, out->rpc};
    out->route[GV_PAGES_ROUTES + 1] =
        (struct gv_http_route){"*", "/", gv_rpc_http, out->rpc};
    warn_if_open(o);
    return bind_all(o, out, e);
}

void
gv_endpoint_serve(struct gv_endpoint *p, struct gv_services *services)
{
    struct gv_http_listen l = {.tls = services->tls,
                               .routes = p->tls_route,
                               .n_routes =
                                   GV_CRLHTTP_ROUTES + GV_ENDPOINT_ROUTES};

    if (p->services)
        gv_services_serve(services, p->services);
    if (!p->rpc_tls)
        return;
    gv_crlhttp_routes(&services->crlhttp, p->tls_route);
    memcpy(&p->tls_route[GV_CRLHTTP_ROUTES], p->route, sizeof(p->route));
    gv_http_serve(p->rpc_tls, &l);
    gv_http_guard(p->rpc_tls, gv_services_admit_rpc, services);
}

void
gv_endpoint_stop(struct gv_endpoint *p)
{
    if (p->http)
        gv_http_stop(p->http);
}

void
gv_endpoint_close(struct gv_endpoint *p)
{
    if (p->http)
        gv_http_free(p->http);
    if (p->rpc)
        gv_rpc_free(p->rpc);
    if (p->auth)
        gv_auth_free(p->auth);
    memset(p, 0, sizeof(*p));
}
