/* http_request.c - requests: routing, reading, answering; see http.h. */
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>

#include "src/rpc/http_impl.h"

#define PEER_UNKNOWN "unknown"

void
http_request_release(void *arg)
{
    struct gv_http_request *request = arg;

    if (atomic_fetch_sub(&request->references, 1) != 1)
        return;
    free(request->method);
    free(request->path);
    free(request->peer);
    evhttp_clear_headers(&request->headers);
    evhttp_clear_headers(&request->out_headers);
    if (request->body != NULL)
        gv_wipe(request->body, request->body_len); /* may hold secrets */
    free(request->body);
    X509_free(request->cert);
    sk_X509_pop_free(request->chain, X509_free);
    free(request->type);
    free(request->out);
    free(request->topic);
    if (request->timer != NULL)
        event_free(request->timer);
    free(request);
}

void
http_request_detach(struct gv_http_request *request)
{
    struct gv_http *http = request->http;

    if (request->streaming) {
        LIST_REMOVE(request, link);
        atomic_fetch_sub(&http->n_streams, 1);
        request->streaming = false;
    }
    request->conn->request = NULL;
    request->conn->since = http_now_ms();
    request->conn = NULL;
    request->event = NULL;
    http_request_release(request);
}

/* --- arrival --- */

static const char *
method_name(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    default: /* evhttp lets no others in but OPTIONS */
        return "OPTIONS";
    }
}

char *
http_request_path(const struct evhttp_uri *uri)
{
    const char *raw = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
    size_t len = 0;
    char *path;

    if (raw == NULL)
        return NULL;
    path = evhttp_uridecode(*raw != '\0' ? raw : "/", 0, &len);
    if (path == NULL)
        return NULL;
    if (path[0] != '/' || strlen(path) != len) {
        free(path);
        return NULL;
    }
    for (char *p = path; p != NULL; p = strchr(p + 1, '/')) {
        size_t n = strcspn(p + 1, "/");

        if ((n == 1 && p[1] == '.') || (n == 2 && !memcmp(p + 1, "..", 2))) {
            free(path);
            return NULL;
        }
    }
    return path;
}

static bool
copy_headers(struct evkeyvalq *to, const struct evkeyvalq *from)
{
    const struct evkeyval *header;

    TAILQ_FOREACH(header, from, next)
    {
        if (evhttp_add_header(to, header->key, header->value) != 0)
            return false;
    }
    return true;
}

static bool
copy_body(struct gv_http_request *request, struct evbuffer *in)
{
    request->body_len = evbuffer_get_length(in);
    request->body = malloc(request->body_len + 1);
    if (request->body == NULL)
        return false;
    evbuffer_remove(in, request->body, request->body_len);
    request->body[request->body_len] = '\0';
    return true;
}

static void
copy_peer(struct gv_http_request *request, struct http_conn *conn)
{
    SSL *ssl = conn->listener->tls != NULL
                   ? bufferevent_openssl_get_ssl(conn->bev)
                   : NULL;
    char *address = NULL;
    ev_uint16_t port;

    evhttp_connection_get_peer(conn->evcon, &address, &port);
    request->peer = strdup(address != NULL ? address : PEER_UNKNOWN);
    request->cert = ssl != NULL ? SSL_get1_peer_certificate(ssl) : NULL;
    if (request->cert != NULL && SSL_get_peer_cert_chain(ssl) != NULL)
        request->chain = X509_chain_up_ref(SSL_get_peer_cert_chain(ssl));
    request->conn_number = conn->number;
}

/* Copy all that an owner may ask, so that it can be read on any thread. */
static bool
fill(struct gv_http_request *request, struct http_conn *conn,
     struct evhttp_request *event)
{
    copy_peer(request, conn);
    request->method = strdup(method_name(evhttp_request_get_command(event)));
    return request->method != NULL && request->peer != NULL &&
           copy_headers(&request->headers,
                        evhttp_request_get_input_headers(event)) &&
           copy_body(request, evhttp_request_get_input_buffer(event));
}

static struct gv_http_request *
make_request(struct http_conn *conn, struct evhttp_request *event, char *path)
{
    struct gv_http_request *request = calloc(1, sizeof(*request));

    if (request == NULL) {
        free(path);
        return NULL;
    }
    TAILQ_INIT(&request->headers);
    TAILQ_INIT(&request->out_headers);
    atomic_init(&request->references, 1);
    request->http = conn->http;
    request->path = path;
    if (!fill(request, conn, event)) {
        http_request_release(request);
        return NULL;
    }
    atomic_store(&request->references, 2);
    request->conn = conn;
    request->event = event;
    conn->request = request;
    return request;
}

static bool
path_matches(const char *pattern, const char *path)
{
    size_t len = strlen(pattern);

    if (len > 1 && pattern[len - 1] == '*')
        return strncmp(pattern, path, len - 1) == 0;
    if (len > 1 && pattern[len - 1] == '/')
        return strncmp(pattern, path, len) == 0;
    return strcmp(pattern, path) == 0;
}

static bool
method_matches(const char *pattern, const char *method)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, method) == 0 ||
           (strcmp(pattern, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void
dispatch(const struct gv_http_listener *listener,
         struct gv_http_request *request)
{
    bool path_known = false;

    if (listener->admit != NULL &&
        !listener->admit(listener->admit_ctx, request))
        return;
    for (size_t i = 0; i < listener->n_routes; i++) {
        const struct gv_http_route *route = &listener->routes[i];

        if (!path_matches(route->path, request->path))
            continue;
        path_known = true;
        if (method_matches(route->method, request->method)) {
            route->handle(route->ctx, request);
            return;
        }
    }
    if (path_known)
        gv_http_reply_text(request, 405, "This path has no such method.");
    else
        gv_http_reply_text(request, 404, "There is nothing at this path.");
}

static struct http_conn *
find_conn(struct gv_http *http, struct evhttp_connection *evcon)
{
    struct http_conn *conn;

    /* The first request can come in the step in which the connection does. */
    http_conn_adopt(-1, 0, http);
    LIST_FOREACH(conn, &http->conns, link)
    {
        if (conn->evcon == evcon)
            return conn;
    }
    return NULL;
}

void
http_request_arrive(struct evhttp_request *event, void *arg)
{
    struct gv_http_listener *listener = arg;
    struct gv_http_request *request;
    struct http_conn *conn =
        find_conn(listener->http, evhttp_request_get_connection(event));
    char *path = http_request_path(evhttp_request_get_evhttp_uri(event));

    if (path == NULL || conn == NULL) {
        free(path);
        evhttp_send_reply(event, 400, "Bad Request", NULL);
        return;
    }
    request = make_request(conn, event, path);
    if (request == NULL) {
        evhttp_send_reply(event, 503, "Out of Memory", NULL);
        return;
    }
    atomic_fetch_add(&listener->http->n_requests, 1);
    dispatch(listener, request);
}

/* --- reading --- */

const char *
gv_http_method(const struct gv_http_request *request)
{
    return request->method;
}

const char *
gv_http_path(const struct gv_http_request *request)
{
    return request->path;
}

const char *
gv_http_header(const struct gv_http_request *request, const char *name)
{
    return evhttp_find_header(&request->headers, name);
}

struct gv_bytes
gv_http_body(const struct gv_http_request *request)
{
    return gv_bytes(request->body, request->body_len);
}

const char *
gv_http_peer(const struct gv_http_request *request)
{
    return request->peer;
}

struct x509_st *
gv_http_peer_cert(const struct gv_http_request *request)
{
    return request->cert;
}

struct stack_st_X509 *
gv_http_peer_chain(const struct gv_http_request *request)
{
    return request->chain;
}

uint64_t
gv_http_connection(const struct gv_http_request *request)
{
    return request->conn_number;
}
