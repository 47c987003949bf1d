/* test_est.c - EST and RFC 3161 over TLS, by the wallet's client and by plain
 * curl and openssl. */
#include "src/client/csr.h"
#include "src/client/https.h"
#include "src/pki/x509.h"
#include "src/rpc/http_tls.h"
#include "src/ttp/crlhttp.h"
#include "src/ttp/est.h"
#include "src/ttp/tsahttp.h"
#include "tests/support/ttp_memory.h"
#include "tests/unit/ttp/fixture.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EST "/.well-known/est"
#define ROUTES (GV_EST_ROUTES + GV_CRLHTTP_ROUTES + 1)

struct server {
    struct fixture f;
    struct ttp_memory *memory;
    struct gv_ca *ca;
    struct gv_est *est;
    struct gv_clientcert *judge;
    struct gv_crlhttp crlhttp;
    struct gv_tsa *tsa;
    struct gv_tsahttp tsahttp;
    struct gv_http_route routes[ROUTES];
    struct gv_http *http;
    char url[64];
};

static void
die(const struct gv_error *e)
{
    support_die("%s", e->text);
}

static SSL_CTX *
make_tls(const struct fixture *f)
{
    struct gv_error e;
    char *ca = gv_x509_pem(f->roles.ca.cert), roots[8192];
    SSL_CTX *tls;

    (void)snprintf(roots, sizeof(roots), "%s%s", f->roles.root_pem, ca);
    free(ca);
    tls = gv_http_tls_new(
        &(struct gv_http_tls){
            .chain =
                gv_bytes(f->roles.tls_cert_pem, strlen(f->roles.tls_cert_pem)),
            .key = gv_bytes(f->roles.tls_key_pem, strlen(f->roles.tls_key_pem)),
            .client_issuers = gv_bytes(roots, strlen(roots)),
            .ask_clients = true},
        &e);
    if (tls == NULL)
        die(&e);
    return tls;
}

static bool
is_revoked(void *ctx, const struct gv_hash *fingerprint)
{
    const struct server *s = ctx;

    return gv_ca_standing(s->ca, fingerprint) == GV_CA_REVOKED;
}

static void
server_make(struct server *s, enum gv_ca_approval approval)
{
    struct gv_error e;
    SSL_CTX *tls;
    int port;

    memset(s, 0, sizeof(*s));
    fixture_make(&s->f);
    tls = make_tls(&s->f);
    s->memory = ttp_memory_new();
    s->ca =
        gv_ca_new(&(struct gv_ca_options){.role = &s->f.roles.ca,
                                          .keys = s->f.keys,
                                          .registry = s->f.params->registry,
                                          .store = ttp_memory_store(s->memory),
                                          .approval = approval},
                  &e);
    s->tsa = gv_tsa_new(&(struct gv_tsa_options){.key = s->f.roles.tsa.key,
                                                 .cert = s->f.roles.tsa.cert},
                        &e);
    s->judge = gv_clientcert_new(
        &(struct gv_clientcert_options){.params = s->f.params,
                                        .root = s->f.roles.root,
                                        .ca = s->f.roles.ca.cert,
                                        .is_revoked = is_revoked,
                                        .ctx = s},
        &e);
    if (s->judge == NULL)
        die(&e);
    s->est = gv_est_new(&(struct gv_est_options){
        .ca = s->ca, .root = s->f.roles.root, .judge = s->judge});
    s->http = gv_http_new(&(struct gv_http_options){.timeout_ms = 5000}, &e);
    if (s->ca == NULL || s->tsa == NULL || s->est == NULL || s->http == NULL)
        die(&e);
    gv_est_routes(s->est, s->routes);
    s->tsahttp.tsa = s->tsa;
    s->routes[GV_EST_ROUTES] = gv_tsahttp_route(&s->tsahttp);
    s->crlhttp.ca = s->ca;
    s->crlhttp.root = gv_bytes(s->f.roles.root_crl, s->f.roles.root_crl_len);
    gv_crlhttp_routes(&s->crlhttp, &s->routes[GV_EST_ROUTES + 1]);
    if (gv_http_listen(s->http,
                       &(struct gv_http_listen){.address = "127.0.0.1:0",
                                                .tls = tls,
                                                .routes = s->routes,
                                                .n_routes = ROUTES},
                       &port, &e) != GV_OK ||
        gv_http_start(s->http, &e) != GV_OK)
        die(&e);
    SSL_CTX_free(tls);
    (void)snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d", port);
}

static void
server_free(struct server *s)
{
    gv_http_stop(s->http);
    gv_http_free(s->http);
    gv_est_free(s->est);
    gv_clientcert_free(s->judge);
    gv_tsa_free(s->tsa);
    gv_ca_free(s->ca);
    ttp_memory_free(s->memory);
    fixture_free(&s->f);
}

static struct gv_https *
connect_to(const struct server *s, const char *chain, const char *key)
{
    struct gv_error e;
    struct gv_https_options o = {
        .url = s->url,
        .roots = gv_bytes(s->f.roles.root_pem, strlen(s->f.roles.root_pem))};
    struct gv_https *client;

    if (chain != NULL) {
        o.chain = gv_bytes(chain, strlen(chain));
        o.key = gv_bytes(key, strlen(key));
    }
    client = gv_https_new(&o, &e);
    if (client == NULL)
        die(&e);
    return client;
}

static void
call(struct gv_https *client, const struct gv_https_request *rq,
     struct gv_https_reply *reply)
{
    struct gv_error e;

    if (gv_https_request(client, rq, reply, &e) != GV_OK)
        die(&e);
}

/* Enrol over the wire; the status, and the answer in *reply. */
static void
enrol(const struct server *s, struct gv_https *client, EVP_PKEY *key,
      const char *name, const char *path, struct gv_https_reply *reply)
{
    struct gv_seckey ledger;
    struct gv_https_reply attrs;
    struct gv_error e;
    uint8_t nonce[32], *csr;
    char *body;
    size_t len;

    memset(ledger.b, 9, sizeof(ledger.b));
    call(client,
         &(struct gv_https_request){.method = "GET", .path = EST "/csrattrs"},
         &attrs);
    assert_int_equal(attrs.status, 200);
    assert_string_equal(attrs.type, "application/csrattrs");
    assert_int_equal(gv_csr_nonce(gv_bytes(attrs.body, attrs.len), nonce, &e),
                     GV_OK);
    gv_https_reply_clear(&attrs);
    csr = gv_csr_make(&(struct gv_csr_make){.key = key,
                                            .common_name = name,
                                            .nonce32 = nonce,
                                            .keys = s->f.keys,
                                            .ledger = &ledger},
                      &len, &e);
    assert_non_null(csr);
    body = gv_csr_base64(gv_bytes(csr, len));
    call(client,
         &(struct gv_https_request){.method = "POST",
                                    .path = path,
                                    .type = "application/pkcs10",
                                    .body = gv_bytes(body, strlen(body))},
         reply);
    free(body);
    free(csr);
}

static void
S0_01_the_wallet_enrols_and_renews(void **state)
{
    struct server s;
    struct gv_https *client, *mutual;
    struct gv_https_reply reply;
    struct gv_error e;
    EVP_PKEY *key = gv_csr_key_new();
    uint8_t *der;
    size_t len;
    X509 *cert;
    char *cert_pem, *key_pem;

    (void)state;
    server_make(&s, GV_CA_AUTO);
    client = connect_to(&s, NULL, NULL);
    enrol(&s, client, key, "Alice", EST "/simpleenroll", &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.type,
                        "application/pkcs7-mime; smime-type=certs-only");
    der = gv_csr_certificate(gv_bytes(reply.body, reply.len), &len, &e);
    assert_non_null(der);
    cert = gv_x509_from_der(gv_bytes(der, len));
    assert_non_null(cert);
    assert_int_equal(X509_check_private_key(cert, key), 1);
    gv_https_reply_clear(&reply);

    enrol(&s, client, key, "Mallory", EST "/simpleenroll", &reply);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr((char *)reply.body, "duplicate identity"));
    gv_https_reply_clear(&reply);

    enrol(&s, client, key, "Alice", EST "/simplereenroll", &reply);
    assert_int_equal(reply.status, 403);
    gv_https_reply_clear(&reply);

    cert_pem = gv_x509_pem(cert);
    key_pem = gv_x509_key_pem(key, NULL, &len);
    mutual = connect_to(&s, cert_pem, key_pem);
    enrol(&s, mutual, key, "Alice", EST "/simplereenroll", &reply);
    if (reply.status != 200)
        fail_msg("%d %s", reply.status, (char *)reply.body);
    gv_https_reply_clear(&reply);

    gv_https_free(mutual);
    gv_https_free(client);
    free(cert_pem);
    free(key_pem);
    free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
    server_free(&s);
}

static void
bad_requests_say_what_is_wrong(void **state)
{
    static const struct {
        const char *path, *type, *body, *text;
        int status;
    } rows[] = {
        {EST "/simpleenroll", "text/plain", "AAAA", "application/pkcs10", 415},
        {EST "/simpleenroll", "application/pkcs10", "!!!", "not base64", 400},
        {EST "/simpleenroll", "application/pkcs10", "AAAA", "not a PKCS#10",
         400},
        {"/tsa", "text/plain", "x", "application/timestamp-query", 415},
    };
    struct server s;
    struct gv_https *client;

    (void)state;
    server_make(&s, GV_CA_AUTO);
    client = connect_to(&s, NULL, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gv_https_reply reply;

        call(client,
             &(struct gv_https_request){
                 .method = "POST",
                 .path = rows[i].path,
                 .type = rows[i].type,
                 .body = gv_bytes(rows[i].body, strlen(rows[i].body))},
             &reply);
        assert_int_equal(reply.status, rows[i].status);
        assert_non_null(strstr((char *)reply.body, rows[i].text));
        gv_https_reply_clear(&reply);
    }
    gv_https_free(client);
    server_free(&s);
}

static void
approval_shows_in_the_status(void **state)
{
    struct server s;
    struct gv_https *client;
    struct gv_https_reply reply;
    EVP_PKEY *key = gv_csr_key_new();
    char *retry;

    (void)state;
    server_make(&s, GV_CA_HAND);
    client = connect_to(&s, NULL, NULL);
    enrol(&s, client, key, "Alice", EST "/simpleenroll", &reply);
    assert_int_equal(reply.status, 202);
    retry = gv_https_header(&reply, "Retry-After");
    assert_non_null(retry);
    assert_string_equal(retry, "10");
    free(retry);
    gv_https_reply_clear(&reply);
    gv_https_free(client);
    server_free(&s);

    server_make(&s, GV_CA_SECRET);
    client = connect_to(&s, NULL, NULL);
    enrol(&s, client, key, "Alice", EST "/simpleenroll", &reply);
    assert_int_equal(reply.status, 401);
    retry = gv_https_header(&reply, "WWW-Authenticate");
    assert_non_null(retry);
    free(retry);
    gv_https_reply_clear(&reply);
    gv_https_free(client);
    EVP_PKEY_free(key);
    server_free(&s);
}

static void
S0_08_plain_openssl_and_curl_are_enough(void **state)
{
    static const char *const commands[] = {
        "curl -sSf --cacert gavel-root.pem $U/.well-known/est/cacerts | "
        "base64 -d | openssl pkcs7 -inform DER -print_certs -out all.pem && "
        "grep -q 'BEGIN CERT' all.pem && openssl verify -CAfile "
        "gavel-root.pem all.pem",
        "curl -sSf --cacert gavel-root.pem $U/.well-known/est/csrattrs | "
        "base64 -d | openssl asn1parse -inform DER | grep -q "
        "challengePassword",
        "curl -sSf --cacert gavel-root.pem $U/crl/ca.crl | openssl crl "
        "-inform DER -noout -issuer",
        "curl -sSf --cacert gavel-root.pem $U/crl/root.crl | openssl crl "
        "-inform DER -noout -CAfile gavel-root.pem",
        "openssl ts -query -data gavel-root.pem -sha256 -cert -out q && curl "
        "-sSf --cacert gavel-root.pem -H 'Content-Type: "
        "application/timestamp-query' --data-binary @q -o r $U/tsa && "
        "openssl ts -verify -queryfile q -in r -CAfile gavel-root.pem",
    };
    struct server s;

    (void)state;
    server_make(&s, GV_CA_AUTO);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char line[1024];

        (void)snprintf(line, sizeof(line), "U=%s; %s", s.url, commands[i]);
        if (fixture_shell(&s.f, line) != 0)
            fail_msg("failed: %s", line);
    }
    server_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_01_the_wallet_enrols_and_renews),
        cmocka_unit_test(bad_requests_say_what_is_wrong),
        cmocka_unit_test(approval_shows_in_the_status),
        cmocka_unit_test(S0_08_plain_openssl_and_curl_are_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
