/*
 * http_tls.h - the SSL_CTX of a TLS listener: server or mutual
 * authentication, protocol and suites configurable, safe defaults.
 *
 * Thread-safety: an SSL_CTX may be shared once made.
 */
#ifndef GAVEL_RPC_HTTP_TLS_H
#define GAVEL_RPC_HTTP_TLS_H

#include <gavel/types.h>

#include "src/base/error.h"

struct ssl_ctx_st;

enum gv_tls_clients {
    GV_TLS_CLIENTS_ANONYMOUS = 0, /* server authentication only */
    GV_TLS_CLIENTS_OPTIONAL,      /* a certificate is verified if sent */
    GV_TLS_CLIENTS_REQUIRED       /* mutual: no certificate, no reply */
};

/* A certificate, key or root is PEM, either bytes or (if those are empty) the
 * file named. */
struct gv_http_tls {
    const char *chain_file; /* server certificate, then intermediates */
    struct gv_bytes chain;
    const char *key_file; /* unencrypted private key */
    struct gv_bytes key;
    const char *client_roots_file; /* needed unless ANONYMOUS */
    struct gv_bytes client_roots;
    enum gv_tls_clients clients;
    const char *min_protocol; /* "TLSv1.3" (also NULL) or "TLSv1.2" */
    const char *suites_13;    /* OpenSSL notation; NULL: library default */
    const char *suites_12;    /* NULL: ECDHE with AES-GCM or ChaCha20 */
};

/* NULL with e set. Free with SSL_CTX_free (listeners hold references). */
struct ssl_ctx_st *gv_http_tls_new(const struct gv_http_tls *options,
                                   struct gv_error *e);

#endif
