/*
 * http_tls.h - the SSL_CTX of a TLS listener: protocol versions and suites
 * configurable, safe defaults (TLS 1.3 alone, AEAD suites alone).
 *
 * Client certificates may be asked for. A client that shows one must hold its
 * key, but the handshake does not judge the certificate: a refusal within a
 * handshake of TLS 1.3 reaches the client, if at all, as an alert after its
 * own side has succeeded, without a reason. Whoever serves the requests must
 * judge it (src/ttp/clientcert.h) and can say why not.
 *
 * Thread-safety: an SSL_CTX may be shared once made.
 */
#ifndef GAVEL_RPC_HTTP_TLS_H
#define GAVEL_RPC_HTTP_TLS_H

#include <gavel/types.h>

#include "src/base/error.h"

struct ssl_ctx_st;
struct gv_http_keylog;

/* A certificate, key or root is PEM, either bytes or (if those are empty) the
 * file named. */
struct gv_http_tls {
    const char *chain_file; /* server certificate, then intermediates */
    struct gv_bytes chain;
    const char *key_file; /* unencrypted private key */
    struct gv_bytes key;
    bool ask_clients; /* for a certificate */
    /* Issuers named to clients, so that they know which certificate to show;
     * needed with ask_clients. */
    const char *client_issuers_file;
    struct gv_bytes client_issuers;
    const char *min_version;  /* "1.2" or "1.3" (also NULL) */
    const char *max_version;  /* likewise */
    const char *ciphers;      /* of TLS 1.2, OpenSSL notation; NULL: ECDHE with
                               * AES-GCM or ChaCha20 */
    const char *ciphersuites; /* of TLS 1.3; NULL: the library's default */
    struct gv_http_keylog *keylog; /* or NULL; outlives the SSL_CTX */
};

/* NULL with e set. Every name in ciphers and ciphersuites must be known; a
 * suite that does not encrypt with 128 bits or does not authenticate the
 * server is refused, and so are lists for a version that is not spoken. An
 * error of versions starts with "tls versions", of suites with "tls ciphers "
 * or "tls ciphersuites ". Free with SSL_CTX_free (listeners hold references).
 */
struct ssl_ctx_st *gv_http_tls_new(const struct gv_http_tls *options,
                                   struct gv_error *e);

/* --- session secrets for an audit of the channel --- */

/* A file of TLS session secrets in the form that Wireshark reads (NSS key
 * log). Whoever reads it reads all traffic: for test networks alone.
 *
 * Opens path for appending, mode 0600. NULL with e set, which starts with
 * "tls keylog". */
struct gv_http_keylog *gv_http_keylog_open(const char *path,
                                           struct gv_error *e);
void gv_http_keylog_close(struct gv_http_keylog *keylog);

#endif
