/*
 * http_conn.c - connections from accept to close.
 *
 * evhttp 2.1 neither counts connections nor tells when one ends that never
 * sent a request. So the bufferevent is made here at accept, and one step
 * later, when evhttp has put its connection behind it as callback argument,
 * a close callback is hung on that.
 */
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>

#include "src/rpc/http_impl.h"

static void
rest(struct gv_http_listener *listener)
{
    struct gv_http *http = listener->http;

    if (listener->resting)
        return;
    listener->resting = true;
    atomic_fetch_add(&http->n_rests, 1);
    gv_log_warn(http->options.log, "http", "connection limit reached",
                GV_U("limit", http->options.max_connections));
    evconnlistener_disable(listener->listener);
}

/* Listen again if there is room; also ends the rest that a listener took in
 * http_conn_accept_error. */
static void
revive(struct gv_http_listener *listener)
{
    if (listener->n_conns >= listener->http->options.max_connections)
        return;
    listener->resting = false;
    evconnlistener_enable(listener->listener);
}

/* accept failed, most likely for want of descriptors. The socket stays
 * readable, so without a rest the loop would spin. The sweep revives it. (arg
 * is evhttp's own here.) */
void
http_conn_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg;
    evconnlistener_disable(listener);
}

static struct bufferevent *
make_bufferevent(struct event_base *base,
                 const struct gv_http_listener *listener)
{
    SSL *ssl;

    if (listener->tls == NULL)
        return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    ssl = SSL_new(listener->tls);
    if (ssl == NULL)
        return NULL;
    /* Takes ssl, also when it fails. */
    return bufferevent_openssl_socket_new(
        base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

struct bufferevent *
http_conn_accept(struct event_base *base, void *arg)
{
    struct gv_http_listener *listener = arg;
    struct gv_http *http = listener->http;
    struct http_conn *conn = calloc(1, sizeof(*conn));
    struct bufferevent *bev;

    if (conn == NULL)
        return NULL;
    bev = make_bufferevent(base, listener);
    if (bev == NULL) {
        free(conn);
        return NULL;
    }
    bufferevent_incref(bev);
    conn->http = http;
    conn->listener = listener;
    conn->bev = bev;
    conn->number = ++http->last_number;
    conn->since = http_now_ms();
    conn->fresh = true;
    LIST_INSERT_HEAD(&http->conns, conn, link);
    http_headers_watch(conn);
    atomic_fetch_add(&http->n_conns, 1);
    if (++listener->n_conns >= http->options.max_connections)
        rest(listener);
    event_active(http->adopt_event, 0, 0);
    return bev;
}

static void
forget(struct http_conn *conn)
{
    struct gv_http *http = conn->http;
    struct gv_http_listener *listener = conn->listener;

    http_headers_unwatch(conn);
    LIST_REMOVE(conn, link);
    atomic_fetch_sub(&http->n_conns, 1);
    listener->n_conns--;
    free(conn);
    if (listener->resting && !http->stopped_loop)
        revive(listener);
}

/* evhttp's close callback. */
static void
on_close(struct evhttp_connection *evcon, void *arg)
{
    struct http_conn *conn = arg;
    struct evhttp_request *orphan = NULL;

    (void)evcon;
    if (conn->request != NULL) {
        struct evhttp_request *event = conn->request->event;

        /* If evhttp has already taken the request off the connection, the
         * request waits for our answer and is ours to free. */
        if (evhttp_request_get_connection(event) == NULL)
            orphan = event;
        http_request_detach(conn->request);
    }
    if (orphan != NULL)
        evhttp_request_free(orphan);
    forget(conn);
}

void
http_conn_close(struct http_conn *conn)
{
    evhttp_connection_free(conn->evcon);
}

/* What bufferevent_free leaves is a bufferevent without callbacks: such a
 * connection has died within its first step. */
static void
adopt(struct http_conn *conn)
{
    struct bufferevent *bev = conn->bev;
    void *evcon = NULL;

    bufferevent_getcb(bev, NULL, NULL, NULL, &evcon);
    conn->fresh = false;
    if (evcon == NULL) {
        forget(conn);
    } else {
        conn->evcon = evcon;
        evhttp_connection_set_closecb(conn->evcon, on_close, conn);
    }
    bufferevent_decref(bev);
}

void
http_conn_adopt(evutil_socket_t fd, short what, void *arg)
{
    struct gv_http *http = arg;
    struct http_conn *conn, *next;

    (void)fd;
    (void)what;
    /* New ones are inserted at the head. */
    for (conn = LIST_FIRST(&http->conns); conn != NULL && conn->fresh;
         conn = next) {
        next = LIST_NEXT(conn, link);
        adopt(conn);
    }
}

/* Overdue: it owes a whole request for too long, and it is not busy taking
 * the last reply (evhttp's own timeout watches over that). */
static bool
is_overdue(const struct http_conn *conn, int64_t now)
{
    return conn->request == NULL && !conn->fresh &&
           now - conn->since > (int64_t)conn->http->options.timeout_ms &&
           evbuffer_get_length(bufferevent_get_output(conn->bev)) == 0;
}

void
http_conn_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct gv_http *http = arg;
    struct gv_http_listener *listener;
    struct http_conn *conn, *next;
    int64_t now = http_now_ms();

    (void)fd;
    (void)what;
    for (conn = LIST_FIRST(&http->conns); conn != NULL; conn = next) {
        next = LIST_NEXT(conn, link);
        if (is_overdue(conn, now))
            http_conn_close(conn);
    }
    LIST_FOREACH(listener, &http->listeners, link)
    revive(listener);
    http_stream_heartbeat(http, now);
}
