/*
 * endpoint.h - where a node listens for HTTP: JSON-RPC on loopback, JSON-RPC
 * over TLS if asked for, and the services over TLS.
 *
 * Sockets are bound first and served later, because certificates name the port
 * that the system chose.
 *
 * Thread-safety: open, serve, stop and close from one thread.
 */
#ifndef GAVEL_ENDPOINT_H
#define GAVEL_ENDPOINT_H

#include "src/pages.h"
#include "src/rpc/auth.h"
#include "src/rpc/jsonrpc.h"
#include "src/services.h"

struct gv_endpoint_options {
    struct gv_log *log;
    const char *cookie;       /* path of the cookie file to write */
    const char *miner_login;  /* "user:password" or NULL */
    const char *rpc_bind;     /* "127.0.0.1:18332" */
    const char *rpc_tls_bind; /* likewise, or NULL: no JSON-RPC over TLS */
    const char *tls_bind;     /* of the services, or NULL */
};

#define GV_ENDPOINT_ROUTES (GV_PAGES_ROUTES + 2)

struct gv_endpoint {
    struct gv_auth *auth;
    struct gv_http *http;
    struct gv_rpc *rpc;
    struct gv_pages pages;
    struct gv_http_route route[GV_ENDPOINT_ROUTES];
    /* Over TLS the revocation lists, too: the certificate names them. */
    struct gv_http_route tls_route[GV_CRLHTTP_ROUTES + GV_ENDPOINT_ROUTES];
    struct gv_http_listener *rpc_tls, *services; /* or NULL */
    int rpc_port, rpc_tls_port, tls_port;        /* 0: none */
};

/* GV_OK, or GV_FAULT with e set; close in either case. */
enum gv_rc gv_endpoint_open(const struct gv_endpoint_options *o,
                            struct gv_endpoint *out,
                            struct gv_error *e) GV_MUST_CHECK;
/* The TLS listeners serve these services, which outlive the endpoint. Before
 * the HTTP server starts. */
void gv_endpoint_serve(struct gv_endpoint *p, struct gv_services *services);
/* No requests come any more. Those that wait must still be answered. */
void gv_endpoint_stop(struct gv_endpoint *p);
void gv_endpoint_close(struct gv_endpoint *p);

/* The host that clients on this machine, and those of a bound address, reach a
 * listener by: bind's own, without brackets, or the loopback address where it
 * binds every address. */
void gv_endpoint_host(const char *bind, char *out, size_t cap);

#endif
