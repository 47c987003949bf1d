/* What strangers may cost the HTTP server: bytes, time, connections,
 * descriptors, backlog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

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
stream(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_stream(request, NULL, gv_bytes(": hello\n\n", 9));
}

static const struct gv_http_route routes[] = {
    {"*", "/echo", echo, NULL},
    {"GET", "/events", stream, NULL},
};

static void
start(struct fixture *f, const struct gv_http_options *options)
{
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, routes, 2};

    f->http = gv_http_new(options, &f->e);
    assert_non_null(f->http);
    assert_int_equal(gv_http_listen(f->http, &listen, &f->port, &f->e), GV_OK);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
}

static int
set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
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

static void
headers_and_bodies_are_limited(void **state)
{
    struct gv_http_options options = {.max_header_bytes = 2048,
                                      .max_body_bytes = 1000};
    struct fixture *f = *state;
    char big[4096];
    int fd;

    start(f, &options);
    fd = raw(f->port);
    memset(big, 'h', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    put(fd, "GET /echo HTTP/1.1\r\nX: ");
    put(fd, big);
    put(fd, "\r\n\r\n");
    assert_false(expect(fd, "200 OK", 1000));
    close(fd);
    fd = raw(f->port);
    put(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    assert_true(expect(fd, " 413 ", 1000));
    close(fd);
    fd = raw(f->port);
    put(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    big[1000] = '\0';
    put(fd, big);
    assert_true(expect(fd, "200 OK", 1000));
    close(fd);
}

static void
slow_senders_are_closed(void **state)
{
    struct gv_http_options options = {.timeout_ms = 400};
    struct fixture *f = *state;
    struct gv_http_stats stats;
    double begin = now();
    int silent, slow;

    start(f, &options);
    silent = raw(f->port);
    slow = raw(f->port);
    put(slow, "GET /echo HTTP/1.1\r\n");
    /* A byte now and then keeps it from being idle, and must not help. */
    while (now() - begin < 2 && !closed_within(slow, 100))
        put(slow, "X");
    assert_true(now() - begin < 1.5);
    assert_true(closed_within(silent, 1000));
    gv_http_stats(f->http, &stats);
    assert_int_equal(stats.connections, 0);
    close(silent);
    close(slow);
}

static void
connections_are_limited(void **state)
{
    struct gv_http_options options = {.max_connections = 4};
    struct fixture *f = *state;
    struct gv_http_stats stats;
    int fds[8];

    start(f, &options);
    for (int i = 0; i < 8; i++)
        fds[i] = raw(f->port);
    for (int i = 0; i < 8; i++)
        put(fds[i], "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 4; i++)
        assert_true(expect(fds[i], "200 OK", 1000));
    assert_false(expect(fds[4], "200 OK", 100));
    gv_http_stats(f->http, &stats);
    assert_int_equal(stats.connections, 4);
    assert_int_equal(stats.listener_rests, 1);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    for (int i = 4; i < 8; i++) {
        assert_true(expect(fds[i], "200 OK", 1000));
        close(fds[i]);
    }
}

static double
cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* accept fails while no descriptor is free: the loop must neither spin nor
 * stay deaf afterwards. */
static void
out_of_descriptors_it_rests(void **state)
{
    struct gv_http_options options = {0};
    struct rlimit before, low;
    struct fixture *f = *state;
    int fds[64], n = 0, fd;
    double cpu;

    start(f, &options);
    fd = raw(f->port);
    put(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(expect(fd, "200 OK", 1000));
    close(fd);
    usleep(50000);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 48;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (n < 64 && (fd = dup(0)) >= 0)
        fds[n++] = fd;
    assert_true(n > 1 && n < 64);
    close(fds[--n]);
    fd = raw(f->port);
    put(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    cpu = cpu_seconds();
    assert_false(expect(fd, "200 OK", 600));
    assert_true(cpu_seconds() - cpu < 0.3);
    while (n > 0)
        close(fds[--n]);
    assert_true(expect(fd, "200 OK", 2000));
    close(fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void
slow_readers_are_dropped(void **state)
{
    struct gv_http_options options = {.stream_backlog = 64 << 10};
    struct gv_http_event event = {NULL, "e", NULL, NULL};
    struct fixture *f = *state;
    struct gv_http_stats stats;
    char *data = malloc(8192);
    int slow;

    start(f, &options);
    slow = raw(f->port);
    put(slow, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(expect(slow, ": hello", 1000));
    memset(data, 'd', 8191);
    data[8191] = '\0';
    event.data = data;
    for (int i = 0; i < 4000; i++) {
        gv_http_broadcast(f->http, &event);
        gv_http_stats(f->http, &stats);
        if (stats.slow_dropped > 0)
            break;
        usleep(500);
    }
    assert_int_equal(stats.slow_dropped, 1);
    gv_http_stats(f->http, &stats);
    assert_int_equal(stats.streams, 0);
    close(slow);
    free(data);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(headers_and_bodies_are_limited), TEST(slow_senders_are_closed),
        TEST(connections_are_limited),        TEST(out_of_descriptors_it_rests),
        TEST(slow_readers_are_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
