/*
 * http.h - an HTTP/1.1 server with its own thread, for RPC, event streams and
 * the standard TTP endpoints, plain or over TLS.
 *
 * One gv_http is one thread with one event loop and any number of listeners;
 * each listener has its own routes and, if it has an SSL_CTX, speaks TLS.
 * Handlers run on that thread: they parse and hand on, and never block.
 *
 * A request is answered exactly once, now or later, from any thread, by
 * gv_http_reply or gv_http_stream; that call takes the request. Until then
 * its owner may read it from any one thread at a time, even after the peer
 * has gone away (the answer is then dropped). All the work on sockets stays
 * on the server's thread: answers travel there through a mailbox.
 *
 * Limits keep strangers cheap: bytes of header and body, connections of a
 * listener (so that a crowd at one does not shut the others), one deadline for
 * a request to arrive whole, TLS handshake included (it is also how long an
 * idle connection is kept), one for a peer to accept a reply, and the backlog
 * of a stream. Out of descriptors, listeners rest and come back.
 *
 * Every reply, also those to malformed requests, carries Cache-Control
 * no-store, a Content-Security-Policy that allows nothing, Referrer-Policy,
 * X-Content-Type-Options, X-Frame-Options and, over TLS,
 * Strict-Transport-Security. A handler may set another value
 * (gv_http_set_header), as a page's own policy. There is no Server header.
 *
 * Life: new, listen (several), start, ..., stop, free. Stop before the
 * threads that answer; free after they have ended: a request answered after
 * stop is only freed. The program must have SIGPIPE blocked or ignored only
 * for its own sake: the server's thread blocks all signals.
 */
#ifndef GAVEL_RPC_HTTP_H
#define GAVEL_RPC_HTTP_H

#include <gavel/types.h>

#include "src/base/error.h"
#include "src/base/log.h"

struct ssl_ctx_st;    /* SSL_CTX of OpenSSL */
struct x509_st;       /* X509 of OpenSSL */
struct stack_st_X509; /* STACK_OF(X509) of OpenSSL */

struct gv_http;
struct gv_http_listener;
struct gv_http_request;

/* Called on the server's thread with a request that it now owns. */
typedef void gv_http_handler(void *ctx, struct gv_http_request *request);

/* The first matching route answers. A path ending in '/' or "*" matches as a
 * prefix (without the '*'), any other path exactly. No match: 404; a match by
 * path alone: 405. */
struct gv_http_route {
    const char *method; /* "GET" (answers HEAD too), "POST", "PUT",
                         * "DELETE", "OPTIONS" or "*" */
    const char *path;
    gv_http_handler *handle;
    void *ctx;
};

struct gv_http_options {
    struct gv_log *log;       /* may be NULL */
    size_t max_header_bytes;  /* 0: 16 kB */
    size_t max_body_bytes;    /* 0: 4 MB */
    unsigned max_connections; /* of each listener; 0: 256 */
    unsigned max_streams;     /* of all listeners; 0: half of that */
    unsigned timeout_ms;      /* see above; 0: 10 s */
    size_t stream_backlog;    /* unsent bytes that drop a stream; 0: 256 kB */
    unsigned heartbeat_ms;    /* comment line on quiet streams; 0: 15 s */
};

struct gv_http_listen {
    const char *address;    /* "127.0.0.1:8332", "[::1]:0"; port 0: any free */
    struct ssl_ctx_st *tls; /* NULL: plain HTTP; else kept by reference */
    const struct gv_http_route *routes; /* must outlive the server */
    size_t n_routes;
};

/* NULL with e set. */
struct gv_http *gv_http_new(const struct gv_http_options *options,
                            struct gv_error *e);

/* Asked about every request before it is routed: true lets it pass; false: it
 * has been answered. On the server's thread. */
typedef bool gv_http_admit(void *ctx, struct gv_http_request *request);

/* Open a listening socket for who must know its port before he knows what it
 * serves; only before start. Until gv_http_serve it answers 404. *port_out,
 * unless NULL, gets the bound port. NULL with e set. */
struct gv_http_listener *gv_http_bind(struct gv_http *http, const char *address,
                                      int *port_out, struct gv_error *e);

/* What a listener serves; its address is not looked at. Only before start. */
void gv_http_serve(struct gv_http_listener *listener,
                   const struct gv_http_listen *listen);

/* Whom a listener serves; without it, everybody. Only before start. */
void gv_http_guard(struct gv_http_listener *listener, gv_http_admit *admit,
                   void *ctx);

/* bind and serve in one. GV_OK or GV_FAULT with e set. */
enum gv_rc gv_http_listen(struct gv_http *http,
                          const struct gv_http_listen *listen, int *port_out,
                          struct gv_error *e) GV_MUST_CHECK;

/* Start the thread. GV_OK or GV_FAULT. */
enum gv_rc gv_http_start(struct gv_http *http,
                         struct gv_error *e) GV_MUST_CHECK;

/* Close listeners and connections (answers already given are first offered
 * to the sockets once) and end the thread. Not from a handler. */
void gv_http_stop(struct gv_http *http);

/* Stops if need be. Every request must have been answered. */
void gv_http_free(struct gv_http *http);

/* --- reading a request; what is returned is borrowed from it --- */

const char *gv_http_method(const struct gv_http_request *request);
/* Decoded path without the query; always starts with '/', has no NUL, and no
 * "." or ".." segments (such requests get 400 before any handler). */
const char *gv_http_path(const struct gv_http_request *request);
/* Value of a header (any case) or NULL. The first if repeated. */
const char *gv_http_header(const struct gv_http_request *request,
                           const char *name);
struct gv_bytes gv_http_body(const struct gv_http_request *request);
/* Numeric address of the peer, without port. */
const char *gv_http_peer(const struct gv_http_request *request);
/* The client's certificate, or NULL (plain, or none was sent). The peer has
 * proved that it holds the key; see http_tls.h for whether anybody has judged
 * the certificate. */
struct x509_st *gv_http_peer_cert(const struct gv_http_request *request);
/* What the client sent with it: certificates of issuers, unjudged; or NULL. */
struct stack_st_X509 *gv_http_peer_chain(const struct gv_http_request *request);
/* Number of the connection, never reused by this server. */
uint64_t gv_http_connection(const struct gv_http_request *request);

/* --- answering --- */

/* Before the answer: add a response header. Names and values are copied;
 * control bytes in value become spaces. */
void gv_http_set_header(struct gv_http_request *request, const char *name,
                        const char *value);

/* Before the answer: send it only after ms milliseconds (to slow down
 * guessing) while the loop goes on. */
void gv_http_delay(struct gv_http_request *request, unsigned ms);

/* Answer, and give the request away. body is copied; type may be NULL if it
 * is empty. status: 200..599. Any thread. */
void gv_http_reply(struct gv_http_request *request, int status,
                   const char *type, struct gv_bytes body);

/* As reply, with a text/plain line. */
void gv_http_reply_text(struct gv_http_request *request, int status,
                        const char *text);

/* --- event streams (text/event-stream) --- */

/* Answer with an open stream, and give the request away. first (may be empty)
 * is sent at once. The stream gets every event whose topic equals its own, or
 * every event if topic is NULL. With max_streams open it answers 503. A
 * reader whose unsent bytes pass stream_backlog is disconnected. Any thread. */
void gv_http_stream(struct gv_http_request *request, const char *topic,
                    struct gv_bytes first);

/* Send one event to the streams of its topic. event, id (may be NULL) and
 * data are copied; each line of data becomes a "data:" line. Any thread,
 * never blocks; if events come faster than the server's thread takes them
 * (4 MB queued), all streams are disconnected, since a stream must not skip
 * silently. */
struct gv_http_event {
    const char *topic; /* may be NULL: only streams without topic get it */
    const char *event; /* "block" */
    const char *id;
    const char *data; /* text, as one line of JSON */
};
void gv_http_broadcast(struct gv_http *http, const struct gv_http_event *event);

/* Figures for /metrics. Any thread. */
struct gv_http_stats {
    uint64_t connections;    /* open now */
    uint64_t streams;        /* open now */
    uint64_t requests;       /* handled since start */
    uint64_t slow_dropped;   /* streams disconnected as too slow */
    uint64_t listener_rests; /* times a listener had to rest */
};
void gv_http_stats(struct gv_http *http, struct gv_http_stats *out);

#endif
