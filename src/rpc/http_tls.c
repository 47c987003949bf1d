/* http_tls.c - see http_tls.h. */
#include "src/rpc/http_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "src/client/tls_pem.h"

#define SUITES_12 "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!SHA1:!AESCCM"

static bool
use_protocol(SSL_CTX *ctx, const struct gv_http_tls *options,
             struct gv_error *e)
{
    const char *min = options->min_protocol;
    const char *suites = options->suites_12;
    int version = TLS1_3_VERSION;

    if (min != NULL && strcmp(min, "TLSv1.2") == 0) {
        version = TLS1_2_VERSION;
    } else if (min != NULL && strcmp(min, "TLSv1.3") != 0) {
        gv_error_set(e, "tls: protocol %s: expected TLSv1.2 or TLSv1.3", min);
        return false;
    }
    if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_cipher_list(ctx, suites != NULL ? suites : SUITES_12) !=
            1 ||
        (options->suites_13 != NULL &&
         SSL_CTX_set_ciphersuites(ctx, options->suites_13) != 1)) {
        gv_error_set(e, "tls: no known suite in %s%s%s",
                     options->suites_13 != NULL ? options->suites_13 : "",
                     options->suites_13 != NULL && suites != NULL ? " or " : "",
                     suites != NULL ? suites : "");
        ERR_clear_error();
        return false;
    }
    return true;
}

/* Sessions are bound to this server, and without them a client certificate
 * is judged anew on every connection. */
static void
set_behaviour(SSL_CTX *ctx, enum gv_tls_clients clients)
{
    int mode = SSL_VERIFY_NONE;

    if (clients == GV_TLS_CLIENTS_OPTIONAL)
        mode = SSL_VERIFY_PEER;
    if (clients == GV_TLS_CLIENTS_REQUIRED)
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
}

struct ssl_ctx_st *
gv_http_tls_new(const struct gv_http_tls *options, struct gv_error *e)
{
    struct tls_pem chain = {options->chain, options->chain_file,
                            "server certificate"};
    struct tls_pem key = {options->key, options->key_file, "server key"};
    struct tls_pem roots = {options->client_roots, options->client_roots_file,
                            "root of the clients"};
    bool verifies = options->clients != GV_TLS_CLIENTS_ANONYMOUS;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL) {
        gv_error_set(e, "tls: out of memory");
        return NULL;
    }
    ERR_clear_error();
    set_behaviour(ctx, options->clients);
    if (!use_protocol(ctx, options, e) || !tls_pem_chain(ctx, &chain, e) ||
        !tls_pem_key(ctx, &key, e) ||
        (verifies && !tls_pem_roots(ctx, &roots, true, e))) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}
