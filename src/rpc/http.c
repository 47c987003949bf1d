/* http.c - the server: its thread, listeners and mailboxes; see http.h. */
#include "src/rpc/http.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "src/rpc/http_impl.h"

#define SWEEP_MS 250
#define EVENTS_MAX_BYTES ((size_t)4 << 20)
/* How long stop waits for given answers to leave. */
#define FLUSH_MS 100

int64_t
http_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
set_defaults(struct gv_http_options *options)
{
    if (options->max_header_bytes == 0)
        options->max_header_bytes = 16 << 10;
    if (options->max_body_bytes == 0)
        options->max_body_bytes = 4 << 20;
    if (options->max_connections == 0)
        options->max_connections = 256;
    if (options->max_streams == 0)
        options->max_streams = (options->max_connections + 1) / 2;
    if (options->timeout_ms == 0)
        options->timeout_ms = 10000;
    if (options->stream_backlog == 0)
        options->stream_backlog = 256 << 10;
    if (options->heartbeat_ms == 0)
        options->heartbeat_ms = 15000;
}

static bool
has_pending_output(const struct gv_http *http)
{
    const struct http_conn *conn;

    LIST_FOREACH(conn, &http->conns, link)
    {
        if (evbuffer_get_length(bufferevent_get_output(conn->bev)) > 0)
            return true;
    }
    return false;
}

/* Answers arrive. Once the mailbox is closed and empty, the loop ends. */
static void
take_answers(evutil_socket_t fd, short what, void *arg)
{
    struct timeval soon = {0, FLUSH_MS * 1000};
    struct gv_http *http = arg;
    void *request;

    (void)fd;
    (void)what;
    while ((request = gv_mailbox_take(http->answers)) != NULL)
        http_request_answer(request);
    if (!gv_mailbox_done(http->answers))
        return;
    event_del(http->answers_event);
    event_base_loopexit(http->base, has_pending_output(http) ? &soon : NULL);
}

static bool
make_events(struct gv_http *http)
{
    struct event_base *base = http->base;
    struct timeval sweep = {0, SWEEP_MS * 1000};

    http->answers_event = event_new(base, gv_mailbox_fd(http->answers),
                                    EV_READ | EV_PERSIST, take_answers, http);
    http->events_event =
        event_new(base, gv_mailbox_fd(http->events), EV_READ | EV_PERSIST,
                  http_stream_deliver, http);
    http->adopt_event = event_new(base, -1, 0, http_conn_adopt, http);
    http->sweep_event = event_new(base, -1, EV_PERSIST, http_conn_sweep, http);
    return http->answers_event != NULL && http->events_event != NULL &&
           http->adopt_event != NULL && http->sweep_event != NULL &&
           event_add(http->answers_event, NULL) == 0 &&
           event_add(http->events_event, NULL) == 0 &&
           event_add(http->sweep_event, &sweep) == 0;
}

struct gv_http *
gv_http_new(const struct gv_http_options *options, struct gv_error *e)
{
    struct gv_mailbox_limits no_limits = {0, 0};
    struct gv_mailbox_limits limits = {0, EVENTS_MAX_BYTES};
    struct gv_http *http = calloc(1, sizeof(*http));

    if (http != NULL) {
        http->options = *options;
        set_defaults(&http->options);
        LIST_INIT(&http->listeners);
        LIST_INIT(&http->conns);
        LIST_INIT(&http->delayed);
        LIST_INIT(&http->streams);
        http->base = event_base_new();
        /* One answer a connection at most: the connections are the limit. */
        http->answers = gv_mailbox_new(no_limits, http_request_release);
        http->events = gv_mailbox_new(limits, http_event_free);
    }
    if (http == NULL || http->base == NULL || http->answers == NULL ||
        http->events == NULL || !make_events(http)) {
        gv_error_set(e, "http server: out of memory or descriptors");
        gv_http_free(http);
        return NULL;
    }
    return http;
}

/* The library takes port 65536 and above modulo 65536. */
static bool
is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= 5 && text[digits] == '\0' &&
           strtoul(text, NULL, 10) <= UINT16_MAX;
}

/* "1.2.3.4:80" or "[::1]:80", port 0 for any (which libevent's own parser
 * refuses). False if it is neither. */
static bool
parse_address(const char *address, struct addrinfo **out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    const char *colon = strrchr(address, ':');
    size_t len = colon != NULL ? (size_t)(colon - address) : 0;
    bool bracketed = len > 2 && address[0] == '[' && address[len - 1] == ']';
    char host[64];

    if (len == 0 || len >= sizeof(host) || !is_port(colon + 1) ||
        (!bracketed && memchr(address, ':', len) != NULL))
        return false;
    snprintf(host, sizeof(host), "%.*s", (int)len - 2 * bracketed,
             address + bracketed);
    return getaddrinfo(host, colon + 1, &hints, out) == 0;
}

static struct evconnlistener *
bind_socket(struct gv_http *http, const char *address, struct gv_error *e)
{
    struct evconnlistener *listener;
    struct addrinfo *parsed;
    int on = 1;

    if (!parse_address(address, &parsed)) {
        gv_error_set(e,
                     "cannot listen on %s: expected ADDRESS:PORT, the "
                     "address in digits, the port from 0 to 65535",
                     address);
        return NULL;
    }
    listener = evconnlistener_new_bind(
        http->base, NULL, NULL,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128,
        parsed->ai_addr, (int)parsed->ai_addrlen);
    freeaddrinfo(parsed);
    if (listener == NULL) {
        gv_error_set(e, "cannot listen on %s: %s", address, strerror(errno));
        return NULL;
    }
    /* Accepted sockets inherit it. Without it head and body, being two
     * writes, wait 40 ms for the peer's delayed acknowledgement. */
    (void)setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY,
                     &on, sizeof(on));
    return listener;
}

static struct evhttp *
make_evhttp(struct gv_http_listener *listener)
{
    const struct gv_http_options *options = &listener->http->options;
    struct timeval timeout = {options->timeout_ms / 1000,
                              options->timeout_ms % 1000 * 1000};
    struct evhttp *evhttp = evhttp_new(listener->http->base);

    if (evhttp == NULL)
        return NULL;
    evhttp_set_max_headers_size(evhttp, (ev_ssize_t)options->max_header_bytes);
    evhttp_set_max_body_size(evhttp, (ev_ssize_t)options->max_body_bytes);
    evhttp_set_timeout_tv(evhttp, &timeout);
    evhttp_set_default_content_type(evhttp, NULL);
    evhttp_set_allowed_methods(
        evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS);
    evhttp_set_bevcb(evhttp, http_conn_accept, listener);
    evhttp_set_gencb(evhttp, http_request_arrive, listener);
    return evhttp;
}

static int
bound_port(struct evconnlistener *listener)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);

    if (getsockname(evconnlistener_get_fd(listener),
                    (struct sockaddr *)&storage, &len) != 0)
        return 0;
    if (storage.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
    return ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

static void
free_listener(struct gv_http_listener *listener)
{
    if (listener->evhttp != NULL)
        evhttp_free(listener->evhttp);
    SSL_CTX_free(listener->tls);
    free(listener);
}

struct gv_http_listener *
gv_http_bind(struct gv_http *http, const char *address, int *port_out,
             struct gv_error *e)
{
    struct gv_http_listener *listener = calloc(1, sizeof(*listener));
    struct evconnlistener *socket;

    assert(!http->running && !http->stopped);
    if (listener == NULL) {
        gv_error_set(e, "cannot listen on %s: out of memory", address);
        return NULL;
    }
    listener->http = http;
    listener->evhttp = make_evhttp(listener);
    socket = bind_socket(http, address, e);
    if (socket == NULL || listener->evhttp == NULL ||
        evhttp_bind_listener(listener->evhttp, socket) == NULL) {
        if (socket != NULL) {
            gv_error_set(e, "cannot listen on %s: out of memory", address);
            evconnlistener_free(socket);
        }
        free_listener(listener);
        return NULL;
    }
    listener->listener = socket;
    evconnlistener_set_error_cb(socket, http_conn_accept_error);
    if (port_out != NULL)
        *port_out = bound_port(socket);
    LIST_INSERT_HEAD(&http->listeners, listener, link);
    return listener;
}

void
gv_http_serve(struct gv_http_listener *listener,
              const struct gv_http_listen *listen)
{
    assert(!listener->http->running);
    listener->routes = listen->routes;
    listener->n_routes = listen->n_routes;
    if (listen->tls != NULL && SSL_CTX_up_ref(listen->tls) == 1)
        listener->tls = listen->tls;
}

void
gv_http_guard(struct gv_http_listener *listener, gv_http_admit *admit,
              void *ctx)
{
    assert(!listener->http->running);
    listener->admit = admit;
    listener->admit_ctx = ctx;
}

enum gv_rc
gv_http_listen(struct gv_http *http, const struct gv_http_listen *listen,
               int *port_out, struct gv_error *e)
{
    struct gv_http_listener *listener =
        gv_http_bind(http, listen->address, port_out, e);

    if (listener == NULL)
        return GV_FAULT;
    gv_http_serve(listener, listen);
    return GV_OK;
}

static void *
run(void *arg)
{
    struct gv_http *http = arg;

    event_base_dispatch(http->base);
    return NULL;
}

/* The thread starts with every signal blocked: signals are the main thread's,
 * and a write to a closed socket must not raise SIGPIPE. */
enum gv_rc
gv_http_start(struct gv_http *http, struct gv_error *e)
{
    sigset_t all, before;
    int error;

    assert(!http->running && !http->stopped);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&http->thread, NULL, run, http);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        gv_error_set(e, "http server: cannot start its thread: %s",
                     strerror(error));
        return GV_FAULT;
    }
    http->running = true;
    return GV_OK;
}

/* With the thread gone its things are ours. Freeing an evhttp closes its
 * connections, which detaches their requests. */
static void
tear_down(struct gv_http *http)
{
    struct gv_http_listener *listener;
    struct gv_http_request *request;

    http_conn_adopt(-1, 0, http);
    http->stopped_loop = true;
    while ((listener = LIST_FIRST(&http->listeners)) != NULL) {
        LIST_REMOVE(listener, link);
        free_listener(listener);
    }
    while ((request = LIST_FIRST(&http->delayed)) != NULL) {
        LIST_REMOVE(request, link);
        http_request_release(request);
    }
}

void
gv_http_stop(struct gv_http *http)
{
    if (http->stopped)
        return;
    http->stopped = true;
    gv_mailbox_close(http->events);
    /* The thread closes the answers by itself, between two requests: a handler
     * may be about to give one. */
    if (http->running)
        pthread_join(http->thread, NULL);
    gv_mailbox_close(http->answers);
    http->running = false;
    tear_down(http);
}

void
gv_http_free(struct gv_http *http)
{
    if (http == NULL)
        return;
    if (http->answers != NULL && http->events != NULL)
        gv_http_stop(http);
    struct event *events[] = {http->answers_event, http->events_event,
                              http->adopt_event, http->sweep_event};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i] != NULL)
            event_free(events[i]);
    }
    gv_mailbox_free(http->answers);
    gv_mailbox_free(http->events);
    if (http->base != NULL)
        event_base_free(http->base);
    free(http);
}

void
gv_http_stats(struct gv_http *http, struct gv_http_stats *out)
{
    out->connections = atomic_load(&http->n_conns);
    out->streams = atomic_load(&http->n_streams);
    out->requests = atomic_load(&http->n_requests);
    out->slow_dropped = atomic_load(&http->n_slow);
    out->listener_rests = atomic_load(&http->n_rests);
}
