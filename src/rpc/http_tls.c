/* http_tls.c - see http_tls.h. */
#include "src/rpc/http_tls.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "src/client/tls_pem.h"
#include "src/rpc/http_keylog.h"

#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!SHA1:!AESCCM"
#define GROUPS "X25519:P-256:P-384"
/* Of what a client shows before anybody knows him: three certificates of this
 * network take 2 kB. */
#define CLIENT_CHAIN_MAX 16384

/* --- versions --- */

static int
version_of(const char *text)
{
    if (text == NULL || strcmp(text, "1.3") == 0)
        return TLS1_3_VERSION;
    return strcmp(text, "1.2") == 0 ? TLS1_2_VERSION : 0;
}

static bool
use_versions(SSL_CTX *ctx, const struct gv_http_tls *o, struct gv_error *e)
{
    int min = version_of(o->min_version), max = version_of(o->max_version);

    if (min == 0 || max == 0) {
        gv_error_set(e, "tls versions: %s: expected 1.2 or 1.3",
                     min == 0 ? o->min_version : o->max_version);
        return false;
    }
    if (min > max) {
        gv_error_set(e, "tls versions: none lies between 1.3 and 1.2");
        return false;
    }
    if (SSL_CTX_set_min_proto_version(ctx, min) == 1 &&
        SSL_CTX_set_max_proto_version(ctx, max) == 1)
        return true;
    gv_error_set(e, "tls versions: the library refuses them");
    return false;
}

/* --- suites --- */

/* The library skips names it does not know as long as one is left, so that a
 * slip of the pen goes unnoticed. Each is tried alone. */
static bool
is_known(SSL_CTX *scratch, const char *name, bool tls13)
{
    STACK_OF(SSL_CIPHER) * all;

    if (!tls13)
        return SSL_CTX_set_cipher_list(scratch, name) == 1;
    if (SSL_CTX_set_ciphersuites(scratch, name) != 1)
        return false;
    all = SSL_CTX_get_ciphers(scratch);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++)
        if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i)), name) == 0)
            return true;
    return false;
}

/* One name of a list, its length given. In lists of TLS 1.2 '!', '-' and '+'
 * may stand before a name, and "@STRENGTH" for one. */
static bool
check_name(SSL_CTX *scratch, const char *text, size_t len, bool tls13)
{
    char name[64];

    if (!tls13 && len == 9 && memcmp(text, "@STRENGTH", 9) == 0)
        return true;
    if (!tls13 && len > 1 && strchr("!-+", text[0]) != NULL) {
        text++;
        len--;
    }
    if (len == 0 || len >= sizeof(name))
        return false;
    memcpy(name, text, len);
    name[len] = '\0';
    for (const char *p = name; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("-_+", *p) == NULL)
            return false;
    return is_known(scratch, name, tls13);
}

static bool
check_names(const char *list, bool tls13, struct gv_error *e)
{
    const char *what = tls13 ? "ciphersuites" : "ciphers";
    SSL_CTX *scratch = SSL_CTX_new(TLS_server_method());
    bool good = scratch != NULL;

    if (!good)
        gv_error_set(e, "tls %s %.200s: out of memory", what, list);
    for (const char *p = list; good; p++) {
        size_t len = strcspn(p, ":");

        good = check_name(scratch, p, len, tls13);
        if (!good)
            gv_error_set(e, "tls %s %.200s: '%.*s' names no suite of TLS 1.%d",
                         what, list, (int)(len < 64 ? len : 64), p,
                         tls13 ? 3 : 2);
        p += len;
        if (*p == '\0')
            break;
    }
    SSL_CTX_free(scratch);
    ERR_clear_error();
    return good;
}

/* However lax an operator is, a channel is encrypted and the server proves
 * who it is. */
static const char *
weakness(const SSL_CIPHER *c)
{
    if (SSL_CIPHER_get_cipher_nid(c) == NID_undef)
        return "does not encrypt";
    if (SSL_CIPHER_get_auth_nid(c) == NID_auth_null)
        return "does not authenticate the server";
    if (SSL_CIPHER_get_bits(c, NULL) < 128)
        return "has keys of less than 128 bits";
    return NULL;
}

/* What the list has come to, now that the key is known, too. */
static bool
check_effective(SSL_CTX *ctx, const char *list, struct gv_error *e)
{
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
    const EVP_PKEY *key = SSL_CTX_get0_privatekey(ctx);
    int auth = EVP_PKEY_is_a(key, "EC") ? NID_auth_ecdsa : NID_auth_rsa;
    unsigned usable = 0;

    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
        const char *weak = weakness(c);

        if (weak != NULL) {
            gv_error_set(e, "tls ciphers %.200s: %s %s", list,
                         SSL_CIPHER_get_name(c), weak);
            return false;
        }
        usable += SSL_CIPHER_get_auth_nid(c) == auth;
    }
    if (usable > 0)
        return true;
    gv_error_set(e, "tls ciphers %.200s: none fits the server's %s key", list,
                 auth == NID_auth_ecdsa ? "ECDSA" : "RSA");
    return false;
}

static bool
use_ciphers(SSL_CTX *ctx, const struct gv_http_tls *o, struct gv_error *e)
{
    const char *list = o->ciphers;

    if (list != NULL && version_of(o->min_version) != TLS1_2_VERSION) {
        gv_error_set(e,
                     "tls ciphers %.200s: are for TLS 1.2, which is not "
                     "spoken",
                     list);
        return false;
    }
    if (list != NULL && !check_names(list, false, e))
        return false;
    if (SSL_CTX_set_cipher_list(ctx, list != NULL ? list : CIPHERS_12) != 1) {
        gv_error_set(e, "tls ciphers %.200s: no suite is left",
                     list != NULL ? list : CIPHERS_12);
        ERR_clear_error();
        return false;
    }
    return list == NULL || check_effective(ctx, list, e);
}

static bool
use_ciphersuites(SSL_CTX *ctx, const char *list, const char *max_version,
                 struct gv_error *e)
{
    if (list == NULL)
        return true;
    if (version_of(max_version) != TLS1_3_VERSION) {
        gv_error_set(e,
                     "tls ciphersuites %.200s: are for TLS 1.3, which is "
                     "not spoken",
                     list);
        return false;
    }
    if (!check_names(list, true, e))
        return false;
    if (SSL_CTX_set_ciphersuites(ctx, list) == 1)
        return true;
    gv_error_set(e, "tls ciphersuites %.200s: the library refuses them", list);
    ERR_clear_error();
    return false;
}

/* --- the whole --- */

static int
leave_to_the_handlers(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

/* Sessions are not resumed, so that a client certificate is shown anew on
 * every connection. */
static void
set_behaviour(SSL_CTX *ctx, bool ask_clients)
{
    SSL_CTX_set_verify(ctx, ask_clients ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       NULL);
    if (ask_clients)
        SSL_CTX_set_cert_verify_callback(ctx, leave_to_the_handlers, NULL);
    SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_MAX);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
}

struct ssl_ctx_st *
gv_http_tls_new(const struct gv_http_tls *o, struct gv_error *e)
{
    struct tls_pem chain = {o->chain, o->chain_file, "server certificate"};
    struct tls_pem key = {o->key, o->key_file, "server key"};
    struct tls_pem issuers = {o->client_issuers, o->client_issuers_file,
                              "issuers of the clients"};
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL || SSL_CTX_set1_groups_list(ctx, GROUPS) != 1) {
        gv_error_set(e, "tls: out of memory");
        SSL_CTX_free(ctx);
        return NULL;
    }
    ERR_clear_error();
    set_behaviour(ctx, o->ask_clients);
    http_keylog_use(ctx, o->keylog);
    if (!use_versions(ctx, o, e) || !tls_pem_chain(ctx, &chain, e) ||
        !tls_pem_key(ctx, &key, e) ||
        (o->ask_clients && !tls_pem_roots(ctx, &issuers, true, e)) ||
        !use_ciphers(ctx, o, e) ||
        !use_ciphersuites(ctx, o->ciphersuites, o->max_version, e)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}
