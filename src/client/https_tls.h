/*
 * https_tls.h - the SSL_CTX of the HTTPS client: TLS 1.3 only, given roots
 * only, an optional client certificate.
 */
#ifndef GAVEL_CLIENT_HTTPS_TLS_H
#define GAVEL_CLIENT_HTTPS_TLS_H

#include <openssl/ssl.h>

#include "src/client/https.h"

/* NULL with e set. *client_cert: whether there is a client certificate. */
SSL_CTX *https_tls_new(const struct gv_https_options *options,
                       bool *client_cert, struct gv_error *e);

#endif
