/* web.c - the server behind `gavel web` (wallet/web.h). */
#include "wallet/web.h"

#include <stdlib.h>
#include <string.h>

#include "src/rpc/http.h"
#include "src/web/assets.h"
#include "wallet/json.h"
#include "wallet/web_call.h"
#include "wallet/web_setup.h"
#include "wallet/web_work.h"

#define ROUTES 32
#define BODY_MAX (128u << 10) /* the longest text twice over */
#define HEADER_MAX (8u << 10)
#define CONNECTIONS_MAX 32

struct gv_web {
    struct gv_web_options options;
    struct gv_web_door door; /* the http thread's once it runs */
    struct gv_http *http;
    struct gv_web_work *wallet, *node;
    struct gv_cli reader; /* asks the node, has no wallet */
    struct gv_http_route route[ROUTES];
    size_t routes;
};

/* --- answers --- */

static void
reply_json(struct gv_http_request *request, int status, json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT);

    json_decref(v);
    if (text == NULL) {
        gv_http_reply_text(request, 503, "out of memory");
        return;
    }
    gv_http_reply(request, status, "application/json",
                  gv_bytes(text, strlen(text)));
    gv_wipe(text, strlen(text));
    free(text);
}

static void
refuse(struct gv_http_request *request, int status, const char *why)
{
    reply_json(request, status,
               json_pack("{s{si ss sn}}", "error", "code", GV_EXIT_USAGE,
                         "message", why, "data"));
}

/* --- who may ask --- */

/* Of every request: it names this server, and not a name that was made to lead
 * here (W25); what changes anything comes from this server's own page. */
static bool
admit(void *ctx, struct gv_http_request *request)
{
    const struct gv_web *web = ctx;
    const char *method = gv_http_method(request);

    if (!gv_web_door_host(&web->door, gv_http_header(request, "Host"))) {
        refuse(request, 403, "this is not the address of this server");
        return false;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
        !gv_web_door_origin(&web->door, gv_http_header(request, "Origin"))) {
        refuse(request, 403, "this does not come from the page itself");
        return false;
    }
    return true;
}

static bool
has_session(const struct gv_web *web, struct gv_http_request *request)
{
    if (gv_web_door_knows(&web->door,
                          gv_http_header(request, "X-Gavel-Session")))
        return true;
    refuse(request, 401, "no session: open the newest link of `gavel web`");
    return false;
}

/* The body as an object; NULL after answering. */
static json_t *
read_body(struct gv_http_request *request)
{
    const char *type = gv_http_header(request, "Content-Type");
    struct gv_bytes body = gv_http_body(request);
    json_t *v;

    if (type == NULL || strcmp(type, "application/json") != 0) {
        refuse(request, 415, "expected application/json");
        return NULL;
    }
    v = json_loadb((const char *)body.p, body.len, JSON_REJECT_DUPLICATES,
                   NULL);
    if (json_is_object(v))
        return v;
    json_decref(v);
    refuse(request, 400, "expected a JSON object");
    return NULL;
}

/* --- paths --- */

static void
tell_link(const struct gv_web *web)
{
    char link[GV_WEB_HOST_MAX + 80];

    web->options.tell_link(web->options.arg,
                           gv_web_door_link(&web->door, link));
    gv_wipe(link, sizeof(link));
}

static void
login(void *ctx, struct gv_http_request *request)
{
    struct gv_web *web = ctx;
    json_t *body = read_body(request);
    const char *session;
    enum gv_rc rc;

    if (body == NULL)
        return;
    rc = gv_web_door_open(&web->door, gv_json_text(body, "token"), &session);
    json_decref(body);
    if (rc != GV_OK) {
        refuse(request, 401,
               "this link was used, or is of another run: open the newest "
               "link of `gavel web`");
        return;
    }
    reply_json(request, 200, json_pack("{ss}", "session", session));
    tell_link(web);
}

static void
call(void *ctx, struct gv_http_request *request)
{
    struct gv_web *web = ctx;
    const struct gv_web_call *known;
    const char *name;
    json_t *body;

    if (!has_session(web, request))
        return;
    body = read_body(request);
    if (body == NULL)
        return;
    name = gv_json_text(body, "call");
    known = gv_web_call_find(name);
    if (known == NULL && !gv_web_setup_has(name)) {
        json_decref(body);
        refuse(request, 400, "there is no such call");
        return;
    }
    gv_web_work_ask(known != NULL && !known->wallet ? web->node : web->wallet,
                    request, body);
}

static void
wallet(void *ctx, struct gv_http_request *request)
{
    struct gv_web *web = ctx;

    if (has_session(web, request))
        reply_json(request, 200, gv_web_work_wallet(web->wallet));
}

static void
progress(void *ctx, struct gv_http_request *request)
{
    struct gv_web *web = ctx;

    if (has_session(web, request))
        reply_json(request, 200, gv_web_work_progress(web->wallet));
}

static void
asset(void *ctx, struct gv_http_request *request)
{
    const struct gv_web_asset *a = ctx;

    gv_http_set_header(request, "Content-Security-Policy", GV_WEB_POLICY);
    gv_http_set_header(request, "Cross-Origin-Opener-Policy", "same-origin");
    gv_http_set_header(request, "Cross-Origin-Resource-Policy", "same-origin");
    gv_http_reply(request, 200, a->type, gv_bytes(a->bytes, a->len));
}

/* The page is "/"; a node's own page is not served here. */
static bool
make_routes(struct gv_web *web)
{
    const struct gv_http_route fixed[] = {
        {"POST", "/api/login", login, web},
        {"POST", "/api/call", call, web},
        {"GET", "/api/wallet", wallet, web},
        {"GET", "/api/progress", progress, web},
    };

    web->routes = sizeof(fixed) / sizeof(fixed[0]);
    memcpy(web->route, fixed, sizeof(fixed));
    for (const struct gv_web_asset *a = gv_web_assets; a->path != NULL; a++) {
        bool page = strcmp(a->path, "/index.html") == 0;

        if (strcmp(a->path, "/node.html") == 0)
            continue;
        if (web->routes == ROUTES)
            return false;
        web->route[web->routes++] = (struct gv_http_route){
            "GET", page ? "/" : a->path, asset, (void *)a};
    }
    return true;
}

/* --- life --- */

static bool
bind_server(struct gv_web *web, struct gv_error *e)
{
    const struct gv_http_options ho = {.max_header_bytes = HEADER_MAX,
                                       .max_body_bytes = BODY_MAX,
                                       .max_connections = CONNECTIONS_MAX};
    const struct gv_http_listen l = {.routes = web->route,
                                     .n_routes = web->routes};
    struct gv_http_listener *listener;
    int port = 0;

    web->http = gv_http_new(&ho, e);
    listener = web->http == NULL
                   ? NULL
                   : gv_http_bind(web->http, web->options.address, &port, e);
    if (listener == NULL)
        return false;
    gv_http_serve(listener, &l);
    gv_http_guard(listener, admit, web);
    if (gv_web_door_init(&web->door, web->options.address, port) == GV_OK)
        return true;
    gv_error_set(e, "no random numbers");
    return false;
}

struct gv_web *
gv_web_open(const struct gv_web_options *options, struct gv_error *e)
{
    struct gv_web *web = calloc(1, sizeof(*web));
    const struct gv_cli *cli = options->cli;

    if (web == NULL) {
        gv_error_set(e, "out of memory");
        return NULL;
    }
    web->options = *options;
    web->reader = (struct gv_cli){.config = cli->config,
                                  .program = cli->program,
                                  .wallet_dir = cli->wallet_dir,
                                  .cookie = cli->cookie,
                                  .params = cli->params};
    web->wallet = gv_web_work_new(options->cli, options->pass, e);
    if (web->wallet != NULL)
        web->node = gv_web_work_new(&web->reader, NULL, e);
    if (web->node != NULL && !make_routes(web))
        gv_error_set(e, "too many files in the page");
    else if (web->node != NULL && bind_server(web, e))
        return web;
    gv_web_close(web);
    return NULL;
}

enum gv_rc
gv_web_start(struct gv_web *web, struct gv_error *e)
{
    if (gv_web_work_start(web->wallet, e) != GV_OK ||
        gv_web_work_start(web->node, e) != GV_OK)
        return GV_FAULT;
    tell_link(web);
    return gv_http_start(web->http, e);
}

void
gv_web_close(struct gv_web *web)
{
    if (web == NULL)
        return;
    /* No request comes in, then none is answered any more, then it is gone. */
    if (web->http != NULL)
        gv_http_stop(web->http);
    gv_web_work_free(web->node);
    gv_web_work_free(web->wallet);
    gv_http_free(web->http);
    gv_rpcclient_free(web->reader.rpc);
    gv_keys_free(web->reader.keys);
    json_decref(web->reader.status);
    gv_wipe(web, sizeof(*web));
    free(web);
}
