/*
 * http_keylog.h - hang a key log on an SSL_CTX; for http_tls.c alone, whose
 * header has the rest.
 */
#ifndef GAVEL_RPC_HTTP_KEYLOG_H
#define GAVEL_RPC_HTTP_KEYLOG_H

#include <openssl/ssl.h>

#include "src/rpc/http_tls.h"

/* NULL: none. */
void http_keylog_use(SSL_CTX *ctx, struct gv_http_keylog *keylog);

#endif
