/* What every reply carries, also those that the HTTP library makes by
 * itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/rpc/http.h"
#include "tests/unit/rpc/raw.h"

struct fixture {
    struct gv_http *http;
    int port;
    struct gv_error e;
};

static void
echo(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_reply(request, 200, "text/x-echo", gv_http_body(request));
}

static void
page(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_set_header(request, "Content-Security-Policy",
                       "default-src 'self'");
    gv_http_reply(request, 200, "text/html", gv_bytes("<p>", 3));
}

static void
stream(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_stream(request, NULL, gv_bytes(": hello\n\n", 9));
}

static const struct gv_http_route routes[] = {
    {"*", "/echo", echo, NULL},
    {"GET", "/page", page, NULL},
    {"GET", "/events", stream, NULL},
};

static int
set_up(void **state)
{
    struct gv_http_options options = {.max_body_bytes = 1000};
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, routes, 3};
    struct fixture *f = calloc(1, sizeof(*f));

    f->http = gv_http_new(&options, &f->e);
    assert_non_null(f->http);
    assert_int_equal(gv_http_listen(f->http, &listen, &f->port, &f->e), GV_OK);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    gv_http_free(f->http);
    free(f);
    return 0;
}

/* The head of the next reply, and nothing behind it. */
static void
read_head(int fd, char *out, size_t cap)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t len = 0;

    while (len < cap - 1 && poll(&p, 1, 2000) == 1 &&
           recv(fd, out + len, 1, 0) == 1) {
        out[++len] = '\0';
        if (len >= 4 && strcmp(out + len - 4, "\r\n\r\n") == 0)
            return;
    }
    fail_msg("no whole head: %.*s", (int)len, out);
}

static unsigned
count(const char *text, const char *needle)
{
    unsigned n = 0;

    while ((text = strcasestr(text, needle)) != NULL) {
        text++;
        n++;
    }
    return n;
}

static void
check_head(const char *head, const char *status, const char *policy)
{
    static const char *const once[] = {
        "\r\nCache-Control: no-store\r\n",
        "\r\nReferrer-Policy: no-referrer\r\n",
        "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nX-Frame-Options: DENY\r\n", "\r\nContent-Security-Policy: "};

    if (strstr(head, status) == NULL || strstr(head, policy) == NULL)
        fail_msg("expected %s and %s in %s", status, policy, head);
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
        if (count(head, once[i]) != 1)
            fail_msg("%s: not once in %s", once[i], head);
    assert_int_equal(count(head, "\r\nServer:"), 0);
    /* Only over TLS does a browser heed it. */
    assert_int_equal(count(head, "Strict-Transport-Security"), 0);
}

#define NOTHING "Content-Security-Policy: default-src 'none'; frame-ancestors"

static void
every_reply_carries_them(void **state)
{
    static const struct {
        const char *request, *status, *policy;
    } rows[] = {
        {"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", " 200 ", NOTHING},
        {"HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n", " 200 ", NOTHING},
        {"GET /events HTTP/1.1\r\nHost: a\r\n\r\n", " 200 ", NOTHING},
        {"GET /page HTTP/1.1\r\nHost: a\r\n\r\n", " 200 ",
         "Content-Security-Policy: default-src 'self'\r\n"},
        {"GET /none HTTP/1.1\r\nHost: a\r\n\r\n", " 404 ", NOTHING},
        {"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", " 405 ",
         NOTHING},
        {"GET /../echo HTTP/1.1\r\nHost: a\r\n\r\n", " 400 ", NOTHING},
        {"nonsense\r\n\r\n", " 400 ", NOTHING},
        {"GET /echo HTTP/1.1\r\nno colon\r\n\r\n", " 400 ", NOTHING},
        {"BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n", " 501 ", NOTHING},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
         " 413 ", NOTHING},
    };
    struct fixture *f = *state;
    char head[4096];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = raw(f->port);

        put(fd, rows[i].request);
        read_head(fd, head, sizeof(head));
        check_head(head, rows[i].status, rows[i].policy);
        close(fd);
    }
}

/* A body that looks like a reply is left alone, an interim reply too, and the
 * library's own reply on a kept connection is not mistaken for ours. */
static void
nothing_else_is_touched(void **state)
{
    static const char line[] = "HTTP/1.1 200 OK\r\n";
    struct fixture *f = *state;
    char head[4096], body[sizeof(line)];
    int fd = raw(f->port);

    put(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n");
    put(fd, line);
    read_head(fd, head, sizeof(head));
    check_head(head, " 200 ", NOTHING);
    assert_int_equal(recv(fd, body, 17, MSG_WAITALL), 17);
    assert_memory_equal(body, line, 17);
    put(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
            "Expect: 100-continue\r\n\r\n");
    read_head(fd, head, sizeof(head));
    assert_string_equal(head, "HTTP/1.1 100 Continue\r\n\r\n");
    put(fd, "ab");
    read_head(fd, head, sizeof(head));
    check_head(head, " 200 ", NOTHING);
    assert_int_equal(recv(fd, body, 2, MSG_WAITALL), 2);
    put(fd, "nonsense\r\n\r\n");
    read_head(fd, head, sizeof(head));
    check_head(head, " 400 ", NOTHING);
    close(fd);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_reply_carries_them),
        TEST(nothing_else_is_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
