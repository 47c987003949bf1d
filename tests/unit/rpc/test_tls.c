/* TLS between our server and clients, with a CA made on the spot: who proves
 * who he is, versions and suites, and how refusals are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "src/client/https.h"
#include "src/rpc/http.h"
#include "src/rpc/http_tls.h"
#include "tests/support/support.h"
#include "tests/unit/rpc/identity.h"
#include "tests/unit/rpc/raw.h"

struct fixture {
    struct identity root, server, client, stranger;
    struct gv_http *http;
    char url[64];
    int port;
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

/* Serve by this SSL_CTX, which is taken. */
static void
serve_by(struct fixture *f, SSL_CTX *tls)
{
    struct gv_http_options options = {0};
    struct gv_http_listen listen = {"127.0.0.1:0", tls, routes, 1};

    assert_non_null(tls);
    gv_http_free(f->http);
    f->http = gv_http_new(&options, &f->e);
    assert_int_equal(gv_http_listen(f->http, &listen, &f->port, &f->e), GV_OK);
    SSL_CTX_free(tls);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
    snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%d", f->port);
}

static SSL_CTX *
context(struct fixture *f, const struct identity *as, bool ask_clients)
{
    struct gv_http_tls tls = {.chain = text(as->cert_pem),
                              .key = text(as->key_pem),
                              .client_issuers = text(f->root.cert_pem),
                              .ask_clients = ask_clients};
    SSL_CTX *ctx = gv_http_tls_new(&tls, &f->e);

    if (ctx == NULL)
        fail_msg("%s", f->e.text);
    return ctx;
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

    serve_by(f, context(f, &f->server, false));
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

    serve_by(f, context(f, &f->stranger, false));
    assert_int_equal(ask(f, NULL, &reply), GV_FAULT);
    assert_non_null(strstr(f->e.text, "the server's certificate is refused"));
    identity_make(&elsewhere, "elsewhere", &f->root, "IP:127.0.0.2");
    serve_by(f, context(f, &elsewhere, false));
    assert_int_equal(ask(f, NULL, &reply), GV_FAULT);
    assert_non_null(strstr(f->e.text, "IP address mismatch"));
    identity_clear(&elsewhere);
}

/* Whoever issued it: the handler judges. */
static void
a_shown_certificate_reaches_the_handler(void **state)
{
    struct fixture *f = *state;
    struct gv_https_reply reply;

    serve_by(f, context(f, &f->server, true));
    assert_int_equal(ask(f, NULL, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "nobody\n");
    gv_https_reply_clear(&reply);
    assert_int_equal(ask(f, &f->client, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "client\n");
    gv_https_reply_clear(&reply);
    assert_int_equal(ask(f, &f->stranger, &reply), GV_OK);
    assert_string_equal((char *)reply.body, "Other Root\n");
    gv_https_reply_clear(&reply);
}

/* Somebody else's server may judge within the handshake. The handshake of a
 * client without certificate succeeds on its side; only the reply tells, by an
 * alert or by a bare end. */
static void
the_client_understands_refusals_by_alert(void **state)
{
    struct fixture *f = *state;
    struct gv_https_reply reply;
    SSL_CTX *ctx = context(f, &f->server, true);

    SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    serve_by(f, ctx);
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

/* --- protocol and suites --- */

/* What a client that offers these gets, as "TLSv1.3 SUITE", or "refused".
 * NULL: whatever the library offers. */
static const char *
session(struct fixture *f, int version, const char *suites, char out[80])
{
    struct timeval limit = {5, 0};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int fd = raw(f->port);
    SSL *ssl;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    if (suites != NULL && version == TLS1_3_VERSION)
        assert_int_equal(SSL_CTX_set_ciphersuites(ctx, suites), 1);
    else if (suites != NULL)
        assert_int_equal(SSL_CTX_set_cipher_list(ctx, suites), 1);
    ssl = SSL_new(ctx);
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    if (SSL_connect(ssl) == 1)
        snprintf(out, 80, "%s %s", SSL_get_version(ssl), SSL_get_cipher(ssl));
    else
        snprintf(out, 80, "refused");
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return out;
}

static void
serve_tls(struct fixture *f, struct gv_http_tls tls)
{
    SSL_CTX *ctx;

    tls.chain = text(f->server.cert_pem);
    tls.key = text(f->server.key_pem);
    ctx = gv_http_tls_new(&tls, &f->e);
    if (ctx == NULL)
        fail_msg("%s", f->e.text);
    serve_by(f, ctx);
}

static void
S4_53_versions_and_suites_follow_the_options(void **state)
{
    const char *cbc = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA";
    struct fixture *f = *state;
    char got[80];

    serve_tls(f, (struct gv_http_tls){0});
    assert_string_equal(session(f, TLS1_2_VERSION, NULL, got), "refused");
    assert_string_equal(
        session(f, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", got),
        "TLSv1.3 TLS_AES_128_GCM_SHA256");
    assert_string_equal(
        session(f, TLS1_3_VERSION, "TLS_AES_128_CCM_8_SHA256", got), "refused");

    serve_tls(f, (struct gv_http_tls){.min_version = "1.2"});
    assert_string_equal(session(f, TLS1_1_VERSION, "ALL:@SECLEVEL=0", got),
                        "refused");
    assert_string_equal(session(f, TLS1_2_VERSION, NULL, got),
                        "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384");
    assert_string_equal(session(f, TLS1_2_VERSION, cbc, got), "refused");

    serve_tls(f, (struct gv_http_tls){.min_version = "1.2",
                                      .max_version = "1.2",
                                      .ciphers = cbc});
    assert_string_equal(session(f, TLS1_3_VERSION, NULL, got), "refused");
    assert_string_equal(session(f, TLS1_2_VERSION, NULL, got),
                        "TLSv1.2 ECDHE-ECDSA-AES128-SHA256");

    serve_tls(f, (struct gv_http_tls){.ciphersuites =
                                          "TLS_CHACHA20_POLY1305_SHA256"});
    assert_string_equal(session(f, TLS1_3_VERSION, NULL, got),
                        "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256");
    assert_string_equal(
        session(f, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", got), "refused");
}

static void
S4_53_nonsense_is_named(void **state)
{
    static const struct {
        const char *min, *max, *ciphers, *ciphersuites, *text;
    } rows[] = {
        {"SSLv3", NULL, NULL, NULL, "tls versions: SSLv3: expected 1.2 or"},
        {"1.3", "1.2", NULL, NULL, "tls versions: none lies between"},
        {NULL, NULL, NULL, "NONSENSE", "tls ciphersuites NONSENSE: 'NONSENSE'"},
        {NULL, NULL, NULL, "", "tls ciphersuites : ''"},
        {NULL, NULL, NULL, "TLS_AES_128_GCM_SHA256:",
         "tls ciphersuites TLS_AES_128_GCM_SHA256:: ''"},
        /* One good name does not hide a bad one. */
        {NULL, NULL, NULL, "TLS_AES_128_GCM_SHA256:TLS_AES_512",
         "'TLS_AES_512' names no suite of TLS 1.3"},
        {NULL, NULL, NULL, "ECDHE-ECDSA-AES128-GCM-SHA256",
         "names no suite of TLS 1.3"},
        {"1.2", "1.2", NULL, "TLS_AES_128_GCM_SHA256",
         "tls ciphersuites TLS_AES_128_GCM_SHA256: are for TLS 1.3"},
        {NULL, NULL, "ECDHE+AESGCM", NULL,
         "tls ciphers ECDHE+AESGCM: are for TLS 1.2"},
        {"1.2", NULL, "ECDHE+AESGCM:!aNUL", NULL, "'!aNUL' names no suite"},
        {"1.2", NULL, "ECDHE+AESGCM,ECDHE+NIX", NULL, "names no suite of TLS"},
        {"1.2", NULL, "ALL:@SECLEVEL=0", NULL, "'@SECLEVEL=0' names no suite"},
        {"1.2", NULL, "TLS_AES_128_GCM_SHA256", NULL, "names no suite of TLS"},
        {"1.2", NULL, "ECDHE:!ECDHE", NULL, "no suite is left"},
        {"1.2", NULL, "ECDHE+AESGCM:eNULL", NULL, "does not encrypt"},
        {"1.2", NULL, "aNULL", NULL, "does not authenticate the server"},
        {"1.2", NULL, "AES128-SHA", NULL, "none fits the server's ECDSA key"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gv_http_tls tls = {.chain = text(f->server.cert_pem),
                                  .key = text(f->server.key_pem),
                                  .min_version = rows[i].min,
                                  .max_version = rows[i].max,
                                  .ciphers = rows[i].ciphers,
                                  .ciphersuites = rows[i].ciphersuites};

        assert_null(gv_http_tls_new(&tls, &f->e));
        if (strstr(f->e.text, rows[i].text) == NULL)
            fail_msg("expected \"%s\" in \"%s\"", rows[i].text, f->e.text);
    }
}

static void
bad_keys_and_roots_are_named(void **state)
{
    struct fixture *f = *state;
    struct gv_http_tls tls = {.chain = text(f->server.cert_pem),
                              .key = text(f->client.key_pem)};
    struct gv_https_options client = {.url = "https://127.0.0.1:1"};

    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "server key cannot be used"));
    tls.key = text(f->server.key_pem);
    tls.ask_clients = true;
    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "issuers of the clients: missing"));
    tls.client_issuers_file = "/nonexistent/root.pem";
    assert_null(gv_http_tls_new(&tls, &f->e));
    assert_non_null(strstr(f->e.text, "/nonexistent/root.pem"));
    assert_null(gv_https_new(&client, &f->e));
    assert_non_null(strstr(f->e.text, "root certificate: missing"));
}

/* --- session secrets --- */

#define SECRETS_MAX 4096

static void
note_secret(const SSL *ssl, const char *line)
{
    char *text = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    size_t len = strlen(text);

    snprintf(text + len, SECRETS_MAX - len, "%s\n", line);
}

/* The server's file holds, line by line, what the client derived: Wireshark
 * can read the session with either. */
static void
S4_62_session_secrets_are_those_of_the_client(void **state)
{
    struct fixture *f = *state;
    struct support_dir dir;
    char path[PATH_MAX + 8], *rest = NULL;
    char secrets[SECRETS_MAX] = "", noted[SECRETS_MAX] = "";
    struct gv_http_keylog *keylog;
    SSL_CTX *ctx;
    SSL *ssl;
    struct stat st;
    FILE *file;
    unsigned lines = 0;

    assert_null(gv_http_keylog_open("/nonexistent/keys", &f->e));
    assert_non_null(strstr(f->e.text, "tls keylog /nonexistent/keys: No such"));
    support_dir_make(&dir);
    snprintf(path, sizeof(path), "%s/keys", dir.path);
    keylog = gv_http_keylog_open(path, &f->e);
    assert_non_null(keylog);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    serve_tls(f, (struct gv_http_tls){.keylog = keylog});

    ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_app_data(ctx, noted);
    SSL_CTX_set_keylog_callback(ctx, note_secret);
    ssl = SSL_new(ctx);
    assert_int_equal(SSL_set_fd(ssl, raw(f->port)), 1);
    assert_int_equal(SSL_connect(ssl), 1);
    assert_int_equal(SSL_write(ssl, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    assert_true(SSL_read(ssl, secrets, sizeof(secrets)) > 0);
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
    SSL_CTX_free(ctx);

    memset(secrets, 0, sizeof(secrets));
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(secrets, 1, sizeof(secrets) - 1, file) > 0);
    fclose(file);
    for (char *line = strtok_r(noted, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(secrets, line) == NULL)
            fail_msg("%s: not in %s", line, secrets);
        lines++;
    }
    assert_true(lines >= 4);
    gv_http_free(f->http);
    f->http = NULL;
    gv_http_keylog_close(keylog);
    support_dir_remove(&dir);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(server_authentication),
        TEST(a_false_server_is_refused),
        TEST(a_shown_certificate_reaches_the_handler),
        TEST(the_client_understands_refusals_by_alert),
        TEST(S4_53_versions_and_suites_follow_the_options),
        TEST(S4_53_nonsense_is_named),
        TEST(bad_keys_and_roots_are_named),
        TEST(S4_62_session_secrets_are_those_of_the_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
