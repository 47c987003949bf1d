/*
 * tls_pem.h - certificates and keys in PEM form for an SSL_CTX, from memory
 * or from a file; used by the HTTPS client and by the node's TLS listeners.
 *
 * All return false with e set, naming what and the file.
 */
#ifndef GAVEL_CLIENT_TLS_PEM_H
#define GAVEL_CLIENT_TLS_PEM_H

#include <gavel/types.h>
#include <openssl/ssl.h>

#include "src/base/error.h"

struct tls_pem {
    struct gv_bytes bytes; /* used unless empty */
    const char *file;      /* else this; NULL: missing */
    const char *what;      /* for errors, as "server key" */
};

/* A certificate, then intermediates. */
bool tls_pem_chain(SSL_CTX *ctx, const struct tls_pem *pem, struct gv_error *e);
/* An unencrypted private key, which must fit the certificate. */
bool tls_pem_key(SSL_CTX *ctx, const struct tls_pem *pem, struct gv_error *e);
/* Roots to verify the peer with; announce: name them to clients, too. */
bool tls_pem_roots(SSL_CTX *ctx, const struct tls_pem *pem, bool announce,
                   struct gv_error *e);

#endif
