/* services_tls.c - who may ask the services, and over which TLS. */
#include "src/services_tls.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/pki/x509.h"

/* What this CA has revoked counts at once, what the registry says as soon as
 * it stands in a block. */
static bool
is_revoked(void *ctx, const struct gv_hash *fingerprint)
{
    const struct gv_services *s = ctx;

    return (s->ca && gv_ca_standing(s->ca, fingerprint) == GV_CA_REVOKED) ||
           gv_revoked_has(s->revoked, fingerprint);
}

static enum gv_rc
open_judge(struct gv_services *s, struct gv_error *e)
{
    struct gv_clientcert_options o = {0};

    s->revoked = gv_revoked_new();
    if (!s->revoked) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    o.params = s->opt.params;
    o.root = s->keys.root;
    o.ca = s->keys.ca.cert;
    o.is_revoked = is_revoked;
    o.ctx = s;
    s->judge = gv_clientcert_new(&o, e);
    return s->judge ? GV_OK : GV_FAULT;
}

/* The root and, if it is here, the CA: who issued what a client may show. */
static char *
issuers(const struct gv_services *s)
{
    char *ca = s->keys.ca.cert ? gv_x509_pem(s->keys.ca.cert) : strdup("");
    char *out = NULL;

    if (ca && asprintf(&out, "%s%s", s->keys.root_pem, ca) < 0)
        out = NULL;
    free(ca);
    return out;
}

static enum gv_rc
open_context(struct gv_services *s, struct gv_error *e)
{
    const struct gv_services_tls *tls = &s->opt.tls;
    struct gv_http_tls o = {0};
    char *names = issuers(s);

    if (!names) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    o.chain = gv_bytes(s->keys.tls_cert_pem, strlen(s->keys.tls_cert_pem));
    o.key = gv_bytes(s->keys.tls_key_pem, strlen(s->keys.tls_key_pem));
    o.ask_clients = true;
    o.client_issuers = gv_bytes(names, strlen(names));
    o.min_version = tls->min_version;
    o.max_version = tls->max_version;
    o.ciphers = tls->ciphers;
    o.ciphersuites = tls->ciphersuites;
    o.keylog = s->keylog;
    s->tls = gv_http_tls_new(&o, e);
    free(names);
    return s->tls ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_services_open_tls(struct gv_services *s, struct gv_error *e)
{
    if (s->opt.tls.keylog) {
        s->keylog = gv_http_keylog_open(s->opt.tls.keylog, e);
        if (!s->keylog)
            return GV_FAULT;
    }
    return open_judge(s, e) == GV_OK ? open_context(s, e) : GV_FAULT;
}

void
gv_services_close_tls(struct gv_services *s)
{
    SSL_CTX_free(s->tls);
    gv_http_keylog_close(s->keylog);
    gv_clientcert_free(s->judge);
    gv_revoked_free(s->revoked);
}

void
gv_services_revoked(struct gv_services *s, struct gv_hash *list, size_t n)
{
    if (s->revoked)
        gv_revoked_set(s->revoked, list, n);
    else
        free(list);
}

/* What somebody needs who has no certificate yet, or checks those of others
 * (T21): RFC 7030 asks no authentication for cacerts and csrattrs (4.1.2,
 * 4.5.1), a first enrolment has its own rule (approval, one-time secret), who
 * wants a lost certificate again proves its keys, and revocation lists are
 * signed. */
static bool
is_open(const char *path)
{
    static const char *const open[] = {
        "/.well-known/est/cacerts",
        "/.well-known/est/csrattrs",
        "/.well-known/est/simpleenroll",
        "/.well-known/est/node/simpleenroll",
        GV_EST_CERTIFICATE,
        GV_CRLHTTP_CA_PATH,
        GV_CRLHTTP_ROOT_PATH,
    };

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (strcmp(path, open[i]) == 0)
            return true;
    /* Issuer and notary check signatures of those who ask, and a winner may
     * want to stay unknown (I33). A validator signs what anybody may show it
     * (T29). */
    return strncmp(path, "/issuer/", 8) == 0 ||
           strncmp(path, "/notary/", 8) == 0 ||
           strcmp(path, GV_VALIDATOR_PATH) == 0;
}

static bool
has_certificate(const struct gv_services *s, struct gv_http_request *request)
{
    const unsigned roles =
        GV_CLIENTCERT_ROLE(GV_ROLE_USER) | GV_CLIENTCERT_ROLE(GV_ROLE_NODE);
    struct gv_error why;

    if (gv_clientcert_judge(s->judge, gv_http_peer_cert(request),
                            gv_http_peer_chain(request), roles,
                            &why) == GV_CLIENTCERT_OK)
        return true;
    gv_http_reply_text(request, 403, why.text);
    return false;
}

bool
gv_services_admit(void *services, struct gv_http_request *request)
{
    const struct gv_services *s = services;

    return !s->opt.tls.mutual || is_open(gv_http_path(request)) ||
           has_certificate(s, request);
}

bool
gv_services_admit_rpc(void *services, struct gv_http_request *request)
{
    const struct gv_services *s = services;
    const char *path = gv_http_path(request);

    return !s->opt.tls.mutual || strcmp(path, GV_CRLHTTP_CA_PATH) == 0 ||
           strcmp(path, GV_CRLHTTP_ROOT_PATH) == 0 ||
           has_certificate(s, request);
}

void
gv_services_serve(struct gv_services *s, struct gv_http_listener *listener)
{
    struct gv_http_listen what = {
        .tls = s->tls, .routes = s->routes, .n_routes = s->route_count};

    gv_http_serve(listener, &what);
    gv_http_guard(listener, gv_services_admit, s);
}
