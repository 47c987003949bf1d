/* What strangers may cost a TLS listener, at every stage: before, in and after
 * the handshake; and what its replies carry. */
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "src/rpc/http.h"
#include "src/rpc/http_tls.h"
#include "tests/unit/rpc/identity.h"
#include "tests/unit/rpc/raw.h"

#define BIG ((size_t)8 << 20)

struct fixture {
    struct identity root, server;
    SSL_CTX *client;
    struct gv_http *http;
    int port, plain_port;
    struct gv_error e;
};

static void
echo(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_reply(request, 200, "text/x-echo", gv_http_body(request));
}

/* More than kernel and library will buffer. */
static void
big(void *ctx, struct gv_http_request *request)
{
    char *body = malloc(BIG);

    (void)ctx;
    assert_non_null(body);
    memset(body, 'b', BIG);
    gv_http_reply(request, 200, "text/plain", gv_bytes(body, BIG));
    free(body);
}

static void
stream(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_stream(request, NULL, gv_bytes(": hello\n\n", 9));
}

static const struct gv_http_route routes[] = {
    {"*", "/echo", echo, NULL},
    {"GET", "/big", big, NULL},
    {"GET", "/events", stream, NULL},
};

static struct gv_bytes
text(const char *s)
{
    return gv_bytes(s, strlen(s));
}

/* A TLS listener, and a plain one beside it. */
static void
start(struct fixture *f, const struct gv_http_options *options)
{
    struct gv_http_tls tls = {.chain = text(f->server.cert_pem),
                              .key = text(f->server.key_pem)};
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, routes, 3};

    f->http = gv_http_new(options, &f->e);
    assert_non_null(f->http);
    assert_int_equal(gv_http_listen(f->http, &listen, &f->plain_port, &f->e),
                     GV_OK);
    listen.tls = gv_http_tls_new(&tls, &f->e);
    assert_non_null(listen.tls);
    assert_int_equal(gv_http_listen(f->http, &listen, &f->port, &f->e), GV_OK);
    SSL_CTX_free(listen.tls);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    identity_make(&f->root, "Test Root", NULL, NULL);
    identity_make(&f->server, "server", &f->root, "IP:127.0.0.1");
    f->client = SSL_CTX_new(TLS_client_method());
    assert_non_null(f->client);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(f->client), f->root.cert);
    SSL_CTX_set_verify(f->client, SSL_VERIFY_PEER, NULL);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    gv_http_free(f->http);
    SSL_CTX_free(f->client);
    identity_clear(&f->root);
    identity_clear(&f->server);
    free(f);
    return 0;
}

static SSL *
shake(struct fixture *f)
{
    struct timeval limit = {2, 0};
    int fd = raw(f->port);
    SSL *ssl = SSL_new(f->client);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_non_null(ssl);
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    assert_int_equal(SSL_connect(ssl), 1);
    return ssl;
}

static void
hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_free(ssl);
    close(fd);
}

static void
say(SSL *ssl, const char *what)
{
    assert_int_equal(SSL_write(ssl, what, (int)strlen(what)),
                     (int)strlen(what));
}

/* Read until needle comes (true), or the end, or two seconds of silence. */
static bool
hear(SSL *ssl, const char *needle, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    while (len < cap - 1) {
        int n = SSL_read(ssl, out + len, (int)(cap - 1 - len));

        if (n <= 0)
            return false;
        len += (size_t)n;
        out[len] = '\0';
        if (strstr(out, needle) != NULL)
            return true;
    }
    return false;
}

static uint64_t
connections(struct fixture *f)
{
    struct gv_http_stats stats;

    gv_http_stats(f->http, &stats);
    return stats.connections;
}

static bool
emptied_within(struct fixture *f, int ms)
{
    for (double end = now() + ms / 1000.0; now() < end; usleep(10000))
        if (connections(f) == 0)
            return true;
    return false;
}

static void
replies_carry_the_headers_and_hsts(void **state)
{
    static const char *const requests[] = {
        "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /none HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /events HTTP/1.1\r\nHost: a\r\n\r\n",
        "nonsense\r\n\r\n",
    };
    static const char *const headers[] = {
        "Strict-Transport-Security: max-age=31536000\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "X-Frame-Options: DENY\r\n",
        "Content-Security-Policy: default-src 'none'",
        "Referrer-Policy: no-referrer\r\n",
        "Cache-Control: no-store\r\n",
    };
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    char head[4096];

    start(f, &options);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        SSL *ssl = shake(f);

        say(ssl, requests[i]);
        assert_true(hear(ssl, "\r\n\r\n", head, sizeof(head)));
        for (size_t k = 0; k < sizeof(headers) / sizeof(headers[0]); k++)
            if (strstr(head, headers[k]) == NULL)
                fail_msg("no %s in %s", headers[k], head);
        assert_null(strcasestr(head, "\r\nServer:"));
        hang_up(ssl);
    }
}

static void
headers_and_bodies_are_limited(void **state)
{
    struct gv_http_options options = {.max_header_bytes = 2048,
                                      .max_body_bytes = 1000};
    struct fixture *f = *state;
    char long_line[4096], head[4096];
    SSL *ssl;

    start(f, &options);
    memset(long_line, 'h', sizeof(long_line));
    long_line[sizeof(long_line) - 1] = '\0';
    ssl = shake(f);
    say(ssl, "GET /echo HTTP/1.1\r\nX: ");
    say(ssl, long_line);
    say(ssl, "\r\n\r\n");
    assert_false(hear(ssl, " 200 ", head, sizeof(head)));
    hang_up(ssl);
    ssl = shake(f);
    say(ssl, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    assert_true(hear(ssl, " 413 ", head, sizeof(head)));
    hang_up(ssl);
}

/* Silent before the handshake, stopped within it, slow after it. */
static void
the_slow_are_closed_at_every_stage(void **state)
{
    /* The start of a ClientHello of 512 bytes. */
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    struct gv_http_options options = {.timeout_ms = 400};
    struct fixture *f = *state;
    int silent, stopped;
    SSL *quiet, *slow;

    start(f, &options);
    silent = raw(f->port);
    stopped = raw(f->port);
    assert_int_equal(send(stopped, hello, sizeof(hello) - 1, 0),
                     sizeof(hello) - 1);
    quiet = shake(f);
    slow = shake(f);
    say(slow, "GET /echo HTTP/1.1\r\n");
    /* A byte now and then keeps it from being idle, and must not help. */
    for (int i = 0; i < 20 && SSL_write(slow, "X", 1) == 1; i++)
        usleep(100000);
    assert_true(closed_within(silent, 2000));
    assert_true(closed_within(stopped, 2000));
    assert_true(closed_within(SSL_get_fd(quiet), 2000));
    assert_true(closed_within(SSL_get_fd(slow), 2000));
    assert_true(emptied_within(f, 2000));
    close(silent);
    close(stopped);
    hang_up(quiet);
    hang_up(slow);
}

static void
a_reader_that_does_not_read_is_closed(void **state)
{
    struct gv_http_options options = {.timeout_ms = 400};
    struct fixture *f = *state;
    SSL *ssl;

    start(f, &options);
    ssl = shake(f);
    say(ssl, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(emptied_within(f, 5000));
    hang_up(ssl);
}

static void
garbage_leaves_nothing(void **state)
{
    static const char *const garbage[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff",
        "\x80\x2e\x01\x03\x01", "\x15\x03\x03\x00\x02\x02\x28", "\n"};
    struct gv_http_options options = {.timeout_ms = 1000};
    struct fixture *f = *state;
    char head[4096];
    SSL *ssl;

    start(f, &options);
    for (int i = 0; i < 300; i++) {
        int fd = raw(f->port);

        put(fd, garbage[i % 5]);
        if (i % 3 == 0)
            shutdown(fd, SHUT_WR);
        close(fd);
    }
    assert_true(emptied_within(f, 5000));
    ssl = shake(f);
    say(ssl, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(hear(ssl, " 200 ", head, sizeof(head)));
    hang_up(ssl);
}

/* A crowd at one listener keeps waiting and leaves the other alone. */
static void
connections_are_limited_for_each_listener(void **state)
{
    struct gv_http_options options = {.max_connections = 4};
    struct fixture *f = *state;
    struct gv_http_stats stats;
    char head[4096];
    SSL *crowd[4], *next = SSL_new(f->client);
    int waiting, plain;

    start(f, &options);
    for (int i = 0; i < 4; i++)
        crowd[i] = shake(f);
    waiting = raw(f->port);
    assert_int_equal(SSL_set_fd(next, waiting), 1);
    SSL_set_connect_state(next);
    plain = raw(f->plain_port);
    put(plain, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(expect(plain, "200 OK", 1000));
    gv_http_stats(f->http, &stats);
    assert_int_equal(stats.connections, 5);
    assert_int_equal(stats.listener_rests, 1);
    for (int i = 0; i < 4; i++)
        hang_up(crowd[i]);
    assert_int_equal(SSL_do_handshake(next), 1);
    say(next, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(hear(next, " 200 ", head, sizeof(head)));
    hang_up(next);
    close(plain);
}

/* Head and body are two writes; the second must not wait for the first to be
 * acknowledged. The accepted socket is one of this process. */
static void
accepted_sockets_send_at_once(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    struct sockaddr_in own, peer;
    socklen_t len = sizeof(own), found = 0;
    char head[4096];
    SSL *ssl;

    start(f, &options);
    ssl = shake(f);
    say(ssl, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(hear(ssl, " 200 ", head, sizeof(head)));
    assert_int_equal(
        getsockname(SSL_get_fd(ssl), (struct sockaddr *)&own, &len), 0);
    for (int fd = 3; fd < 256; fd++) {
        int on = 0;

        len = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 ||
            peer.sin_family != AF_INET || peer.sin_port != own.sin_port)
            continue;
        found++;
        len = sizeof(on);
        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len),
                         0);
        assert_int_not_equal(on, 0);
    }
    assert_int_equal(found, 1);
    hang_up(ssl);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(replies_carry_the_headers_and_hsts),
        TEST(headers_and_bodies_are_limited),
        TEST(the_slow_are_closed_at_every_stage),
        TEST(a_reader_that_does_not_read_is_closed),
        TEST(garbage_leaves_nothing),
        TEST(connections_are_limited_for_each_listener),
        TEST(accepted_sockets_send_at_once),
    };

    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to closed sockets */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
