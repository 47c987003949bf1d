/* https_tls.c - see https_tls.h. */
#include "src/client/https_tls.h"

#include "src/client/tls_pem.h"

SSL_CTX *
https_tls_new(const struct gv_https_options *options, bool *client_cert,
              struct gv_error *e)
{
    struct tls_pem roots = {options->roots, options->roots_file,
                            "root certificate"};
    struct tls_pem chain = {options->chain, options->chain_file,
                            "client certificate"};
    struct tls_pem key = {options->key, options->key_file, "client key"};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    *client_cert = chain.bytes.len > 0 || chain.file != NULL;
    if (ctx == NULL ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1) {
        gv_error_set(e, "tls: out of memory");
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
    if (!tls_pem_roots(ctx, &roots, false, e) ||
        (*client_cert &&
         (!tls_pem_chain(ctx, &chain, e) || !tls_pem_key(ctx, &key, e)))) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}
