/* TLS 1.3 between our server and our client, with a CA made on the spot:
 * server and mutual authentication, and how refusals are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "src/client/https.h"
#include "src/rpc/http.h"
#include "src/rpc/http_tls.h"
#include "tests/unit/rpc/identity.h"

struct fixture {
    struct identity root, server, client, stranger;
    struct gv_http *http;
    char url[64];
    struct gv_error e;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    identity_make(&f->root, "Test Root", NULL, NULL);
    identity_make(&f->server, "server", &f->root, "IP:127.0.0.1");
    identity_make(&f->client, "client", &f->root, NULL);
    identity_make(&f->stranger, "Other Root", NULL, "IP:127.0.0.1");
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    gv_http_free(f->http);
    identity_clear(&f->root);
    identity_clear(&f->server);
    identity_clear(&f->client);
    identity_clear(&f->stranger);
    free(f);
    return 0;
}

/* Answers with the common name in the client's certificate. */
static void
whoami(void *ctx, struct gv_http_request *request)
{
    X509 *cert = gv_http_peer_cert(request);
    char name[64] = "nobody";

    (void)ctx;
    if (cert != NULL)
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
                                  name, sizeof(name));
    gv_http_reply_text(request, 200, name);
}

static const struct gv_http_route routes[] = {{"*", "/", whoami, NULL}};

static struct gv_bytes
text(const char *s)
{
    return gv_bytes(s, strlen(s));
}

static void
serve(struct fixture *f, const struct identity *as, enum gv_tls_clients mode)
{
    struct gv_http_tls tls = {.chain = text(as->cert_pem),
                              .key = text(as->key_pem),
                              .client_roots = text(f->root.cert_pem),
                              .clients = mode};
    struct gv_http_options options = {0};
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, routes, 1};
    int port;

    gv_http_free(f->http);
    listen.tls = gv_http_tls_new(&tls, &f->e);
    assert_non_null(listen.tls);
    f->http = gv_http_new(&options, &f->e);
    assert_int_equal(gv_http_listen(f->http, &listen, &port, &f->e), GV_OK);
    SSL_CTX_free(listen.tls);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%d", port);
}

/* GET / as somebody (NULL: without certificate). */
static enum gv_rc
ask(struct fixture *f, const struct identity *as, struct gv_https_reply *reply)
{
    struct gv_https_options options = {.url = f->url,
                                       .roots = text(f->root.cert_pem)};
    struct gv_https_request request = {.method = "GET", .path = "/"};
    struct gv_https *c;
    enum gv_rc rc;

    if (as != NULL) {
        options.chain = text(as->cert_pem);
        options.key = text(as->key_pem);
    }
    c = gv_https_new(&options, &f->e);
    assert_non_null(c);
    rc = gv_https_request(c, &request, reply, &f->e);
    if (rc == GV_OK) { /* the connection can be used again */
        gv_https_reply_clear(reply);
        rc = gv_https_request(c, &request, reply, &f->e);
    }
    gv_https_free(c);
    return rc;
}

static void
server_authentication(void **state)
{
    struct fixture *f = *state;
    struct gv_https_reply reply;

    serve(f, &f->server, GV_TLS_CLIENTS_ANONYMOUS);
    assert_int_equal(ask(f, NULL, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "nobody\n");
    gv_https_reply_clear(&reply);
}

static void
a_false_server_is_refused(void **state)
{
    struct fixture *f = *state;
    struct identity elsewhere;
    struct gv_https_reply reply;

    serve(f, &f->stranger, GV_TLS_CLIENTS_ANONYMOUS);
    assert_int_equal(ask(f, NULL, &reply), GV_FAULT);
    assert_non_null(strstr(f->e.text, "the server's certificate is refused"));
    identity_make(&elsewhere, "elsewhere", &f->root, "IP:127.0.0.2");
    serve(f, &elsewhere, GV_TLS_CLIENTS_ANONYMOUS);
    assert_int_equal(ask(f, NULL, &reply), GV_FAULT);
    assert_non_null(strstr(f->e.text, "IP address mismatch"));
    identity_clear(&elsewhere);
}

static void
an_optional_certificate_is_seen(void **state)
{
    struct fixture *f = *state;
    struct gv_https_reply reply;

    serve(f, &f->server, GV_TLS_CLIENTS_OPTIONAL);
    assert_int_equal(ask(f, NULL, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "nobody\n");
    gv_https_reply_clear(&reply);
    assert_int_equal(ask(f, &f->client, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "client\n");
    gv_https_reply_clear(&reply);
}

/* The handshake of a client without certificate succeeds on its side; only
 * the reply tells, by an alert or by a bare end. */
static void
mutual_authentication_refuses_on_the_reply(void **state)
{
    struct fixture *f = *state;
    struct gv_https_reply reply;

    serve(f, &f->server, GV_TLS_CLIENTS_REQUIRED);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ask(f, NULL, &reply), GV_FAULT);
        if (strstr(f->e.text, "the server demands a client certificate") ==
            NULL)
            fail_msg("%s", f->e.text);
    }
    assert_int_equal(ask(f, &f->stranger, &reply), GV_FAULT);
    assert_non_null(
        strstr(f->e.text, "the server refused this client's certificate"));
    assert_int_equal(ask(f, &f->client, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "client\n");
    gv_https_reply_clear(&reply);
}

static void
bad_settings_are_named(void **state)
{
    struct fixture *f = *state;
    struct gv_http_tls tls = {.chain = text(f->server.cert_pem),
                              .key = text(f->client.key_pem)};
    struct gv_https_options client = {.url = "https://127.0.0.1:1"};

    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "server key cannot be used"));
    tls.key = text(f->server.key_pem);
    tls.min_protocol = "SSLv3";
    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "SSLv3: expected TLSv1.2 or TLSv1.3"));
    tls.min_protocol = NULL;
    tls.suites_13 = "NONSENSE";
    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "NONSENSE"));
    tls.suites_13 = "TLS_AES_256_GCM_SHA384";
    tls.clients = GV_TLS_CLIENTS_REQUIRED;
    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "root of the clients: missing"));
    tls.client_roots_file = "/nonexistent/root.pem";
    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "/nonexistent/root.pem"));
    assert_null(gv_https_new(&client, &f->e));
    assert_non_null(strstr(f->e.text, "root certificate: missing"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(server_authentication),
        TEST(a_false_server_is_refused),
        TEST(an_optional_certificate_is_seen),
        TEST(mutual_authentication_refuses_on_the_reply),
        TEST(bad_settings_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
