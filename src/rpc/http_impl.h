/*
 * http_impl.h - what the parts of the HTTP server share.
 *
 * http.c       server, thread, listeners, mailboxes
 * http_conn.c  connections: counting, deadlines, their end
 * http_headers.c  headers that every reply carries
 * http_request.c  requests: routing, reading, answering
 * http_stream.c   event streams
 *
 * Everything here belongs to the server's thread, but for the two mailboxes,
 * the atomics, and a request that its handler has not answered yet.
 */
#ifndef GAVEL_RPC_HTTP_IMPL_H
#define GAVEL_RPC_HTTP_IMPL_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "src/base/mailbox.h"
#include "src/rpc/http.h"

struct gv_http_listener {
    LIST_ENTRY(gv_http_listener) link;
    struct gv_http *http;
    struct evhttp *evhttp;
    struct evconnlistener *listener; /* owned by evhttp */
    SSL_CTX *tls;
    const struct gv_http_route *routes;
    size_t n_routes;
    gv_http_admit *admit; /* NULL: everybody */
    void *admit_ctx;
    unsigned n_conns;
    bool resting; /* at the connection limit */
};

/* A connection from accept to close. fresh: its evhttp_connection is not
 * known yet, and a reference to bev is held. */
struct http_conn {
    LIST_ENTRY(http_conn) link;
    struct gv_http *http;
    struct gv_http_listener *listener;
    struct bufferevent *bev;
    struct evhttp_connection *evcon;
    uint64_t number;
    int64_t since; /* when it began to owe us a request, ms */
    bool fresh;
    bool answering;                  /* bytes of our reply are being written */
    struct gv_http_request *request; /* not answered yet, or a stream */
};

/* Counted by two: its owner's reference, given away with the answer, and its
 * connection's. */
struct gv_http_request {
    atomic_int references;
    struct gv_http *http;

    /* of the server's thread */
    struct http_conn *conn;           /* NULL once gone or answered */
    struct evhttp_request *event;     /* NULL likewise */
    LIST_ENTRY(gv_http_request) link; /* among the delayed or the streams */
    struct event *timer;              /* of a delayed answer */
    bool streaming;
    int64_t last_sent; /* of a stream, ms */

    /* read by its owner */
    char *method, *path, *peer;
    struct evkeyvalq headers;
    uint8_t *body;
    size_t body_len;
    X509 *cert;
    STACK_OF(X509) * chain;
    uint64_t conn_number;

    /* the answer, written by its owner */
    struct evkeyvalq out_headers;
    int status;
    char *type;
    uint8_t *out;
    size_t out_len;
    unsigned delay_ms;
    bool wants_stream;
    char *topic; /* NULL: all topics */
};

LIST_HEAD(http_request_list, gv_http_request);

struct gv_http {
    struct gv_http_options options;
    struct event_base *base;
    struct event *answers_event, *events_event, *adopt_event, *sweep_event;
    struct gv_mailbox *answers; /* gv_http_request, answered */
    struct gv_mailbox *events;  /* http_event */
    pthread_t thread;
    bool running, stopped;
    bool stopped_loop; /* tearing down: listeners may be gone */
    LIST_HEAD(, gv_http_listener) listeners;
    LIST_HEAD(, http_conn) conns;
    struct http_request_list delayed, streams;
    uint64_t last_number;
    atomic_bool lost_events;
    atomic_uint_fast64_t n_conns, n_streams, n_requests, n_slow, n_rests;
};

int64_t http_now_ms(void);

/* --- http_conn.c --- */

/* evhttp_set_bevcb: makes the bufferevent of an accepted socket and starts to
 * keep count of it. arg is the listener. */
struct bufferevent *http_conn_accept(struct event_base *base, void *arg);
/* Event callbacks; arg is the server. */
void http_conn_adopt(evutil_socket_t fd, short what, void *arg);
void http_conn_sweep(evutil_socket_t fd, short what, void *arg);
void http_conn_accept_error(struct evconnlistener *listener, void *arg);
/* Close a connection and forget it; its request is gone. */
void http_conn_close(struct http_conn *conn);

/* --- http_headers.c --- */

/* Add what the reply's headers lack. */
void http_headers_add(struct evkeyvalq *out, bool tls);
/* Give them to the replies, too, that evhttp makes by itself. */
void http_headers_watch(struct http_conn *conn);
void http_headers_unwatch(struct http_conn *conn);

/* --- http_request.c --- */

/* evhttp_set_gencb; arg is the listener. */
void http_request_arrive(struct evhttp_request *event, void *arg);
/* The decoded path, heap string, or NULL if it is none that a handler should
 * see (http.h, gv_http_path). */
char *http_request_path(const struct evhttp_uri *uri);
/* Carry out an answer that came through the mailbox. */
void http_request_answer(struct gv_http_request *request);
/* Take the request off its connection, which is closing (event not yet freed
 * by evhttp) or was answered. */
void http_request_detach(struct gv_http_request *request);
/* Drop one reference; any thread. */
void http_request_release(void *request);

/* --- http_stream.c --- */

struct http_event;
void http_event_free(void *event);
/* Turn a request into a stream, or answer 503. */
void http_stream_open(struct gv_http_request *request);
/* Event callback of the events mailbox; arg is the server. */
void http_stream_deliver(evutil_socket_t fd, short what, void *arg);
/* Comment lines on quiet streams, so that dead peers are noticed. */
void http_stream_heartbeat(struct gv_http *http, int64_t now);

#endif
