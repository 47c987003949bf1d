/* The HTTP server over real sockets: routing, late answers, streams, and speed
 * of kept connections. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/client/https.h"
#include "src/rpc/http.h"
#include "tests/unit/rpc/raw.h"

struct fixture {
    struct gv_http *http;
    struct gv_http_request *kept; /* handed over by the "later" route */
    bool thinks;                  /* the "thinking" route was entered */
    pthread_mutex_t lock;
    int port;
    struct gv_error e;
};

static void
echo(void *ctx, struct gv_http_request *request)
{
    struct gv_bytes body = gv_http_body(request);
    const char *name = gv_http_header(request, "Accept");

    (void)ctx;
    gv_http_set_header(request, "X-Path", gv_http_path(request));
    gv_http_set_header(request, "X-Peer", gv_http_peer(request));
    gv_http_set_header(request, "X-Name", name != NULL ? name : "none\r\nX: y");
    gv_http_reply(request, 200, "text/x-echo", body);
}

static void
later(void *ctx, struct gv_http_request *request)
{
    struct fixture *f = ctx;

    pthread_mutex_lock(&f->lock);
    f->kept = request;
    pthread_mutex_unlock(&f->lock);
}

/* Answers itself, but not at once. */
static void
thinking(void *ctx, struct gv_http_request *request)
{
    struct fixture *f = ctx;

    pthread_mutex_lock(&f->lock);
    f->thinks = true;
    pthread_mutex_unlock(&f->lock);
    usleep(100000);
    gv_http_reply_text(request, 200, "a thought");
}

static void
slowly(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_delay(request, 100);
    gv_http_reply_text(request, 401, "no");
}

static void
stream(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    gv_http_stream(request, gv_http_header(request, "Accept"),
                   gv_bytes(": hello\n\n", 9));
}

static struct gv_http_route routes[] = {
    {"GET", "/echo", echo, NULL},         {"POST", "/echo", echo, NULL},
    {"GET", "/under/", echo, NULL},       {"GET", "/later", later, NULL},
    {"GET", "/slowly", slowly, NULL},     {"GET", "/events", stream, NULL},
    {"GET", "/thinking", thinking, NULL},
};

static void
start(struct fixture *f, const struct gv_http_options *options)
{
    struct gv_http_listen listen = {"127.0.0.1:0", NULL, routes,
                                    sizeof(routes) / sizeof(routes[0])};

    for (size_t i = 0; i < listen.n_routes; i++)
        routes[i].ctx = f;
    f->http = gv_http_new(options, &f->e);
    assert_non_null(f->http);
    assert_int_equal(gv_http_listen(f->http, &listen, &f->port, &f->e), GV_OK);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    pthread_mutex_init(&f->lock, NULL);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    gv_http_free(f->http);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

static struct gv_http_request *
take_kept(struct fixture *f)
{
    struct gv_http_request *request = NULL;

    for (int i = 0; i < 2000 && request == NULL; i++) {
        pthread_mutex_lock(&f->lock);
        request = f->kept;
        f->kept = NULL;
        pthread_mutex_unlock(&f->lock);
        if (request == NULL)
            usleep(1000);
    }
    assert_non_null(request);
    return request;
}

static struct gv_https *
client(struct fixture *f)
{
    struct gv_https_options options = {.timeout_ms = 5000};
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", f->port);
    options.url = url;
    return gv_https_new(&options, &f->e);
}

static int
get(struct gv_https *c, const char *path, struct gv_https_reply *reply)
{
    struct gv_https_request request = {.method = "GET", .path = path};
    struct gv_error e;

    if (gv_https_request(c, &request, reply, &e) != GV_OK)
        fail_msg("%s", e.text);
    return reply->status;
}

static void
routes_and_requests(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    struct gv_https_request post = {.method = "POST",
                                    .path = "/echo?name=other",
                                    .type = "text/plain",
                                    .accept = "a b"};
    struct gv_https_reply reply;
    struct gv_https *c;
    char *value;

    start(f, &options);
    c = client(f);
    post.body = gv_bytes("hello", 5);
    assert_int_equal(gv_https_request(c, &post, &reply, &f->e), GV_OK);
    assert_int_equal(reply.status, 200);
    assert_string_equal((char *)reply.body, "hello");
    assert_string_equal(reply.type, "text/x-echo");
    value = gv_https_header(&reply, "x-name");
    assert_string_equal(value, "a b");
    free(value);
    value = gv_https_header(&reply, "X-Peer");
    assert_string_equal(value, "127.0.0.1");
    free(value);
    gv_https_reply_clear(&reply);

    assert_int_equal(get(c, "/under/a%2Fb", &reply), 200);
    value = gv_https_header(&reply, "X-Path");
    assert_string_equal(value, "/under/a/b");
    free(value);
    assert_null(gv_https_header(&reply, "X"));
    gv_https_reply_clear(&reply);

    assert_int_equal(get(c, "/none", &reply), 404);
    gv_https_reply_clear(&reply);
    assert_int_equal(get(c, "/under/../echo", &reply), 400);
    gv_https_reply_clear(&reply);
    assert_int_equal(get(c, "/under/%2e%2e/echo", &reply), 400);
    gv_https_reply_clear(&reply);
    assert_int_equal(get(c, "/under/%00", &reply), 400);
    gv_https_reply_clear(&reply);
    post.path = "/events";
    assert_int_equal(gv_https_request(c, &post, &reply, &f->e), GV_OK);
    assert_int_equal(reply.status, 405);
    gv_https_reply_clear(&reply);
    post = (struct gv_https_request){.method = "HEAD", .path = "/echo"};
    assert_int_equal(gv_https_request(c, &post, &reply, &f->e), GV_OK);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.len, 0);
    gv_https_reply_clear(&reply);
    gv_https_free(c);
}

static void *
answer_late(void *arg)
{
    struct fixture *f = arg;
    struct gv_http_request *request = take_kept(f);

    gv_http_reply_text(request, 200, "late");
    return NULL;
}

static void
another_thread_answers(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    struct gv_https_reply reply;
    struct gv_https *c;
    pthread_t thread;

    start(f, &options);
    c = client(f);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(pthread_create(&thread, NULL, answer_late, f), 0);
        assert_int_equal(get(c, "/later", &reply), 200);
        assert_string_equal((char *)reply.body, "late\n");
        gv_https_reply_clear(&reply);
        pthread_join(thread, NULL);
    }
    gv_https_free(c);
}

static void
answers_to_the_gone_are_dropped(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    struct gv_http_request *request;
    struct gv_https_reply reply;
    struct gv_https *c;
    int fd;

    start(f, &options);
    for (int i = 0; i < 20; i++) {
        struct linger hard = {1, 0};

        fd = raw(f->port);
        put(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
        request = take_kept(f);
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(fd);
        if (i % 4 < 2)
            usleep(10000);
        gv_http_reply_text(request, 200, "too late");
    }
    c = client(f);
    assert_int_equal(get(c, "/echo", &reply), 200);
    gv_https_reply_clear(&reply);
    gv_https_free(c);
    /* One that is still open when the server stops. */
    fd = raw(f->port);
    put(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    request = take_kept(f);
    gv_http_stop(f->http);
    gv_http_reply_text(request, 200, "far too late");
    close(fd);
}

/* A stop does not come between a handler and its answer. */
static void
a_handler_may_answer_while_the_server_stops(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    bool thinks = false;
    int fd;

    start(f, &options);
    fd = raw(f->port);
    put(fd, "GET /thinking HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 10000 && !thinks; i++) {
        usleep(1000);
        pthread_mutex_lock(&f->lock);
        thinks = f->thinks;
        pthread_mutex_unlock(&f->lock);
    }
    assert_true(thinks);
    gv_http_stop(f->http);
    assert_true(expect(fd, "a thought", 1000));
    close(fd);
}

static void
delayed_answers_wait(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    struct gv_https_reply reply;
    struct gv_https *c;
    double begin;
    int fd;

    start(f, &options);
    c = client(f);
    begin = now();
    assert_int_equal(get(c, "/slowly", &reply), 401);
    assert_true(now() - begin >= 0.1);
    gv_https_reply_clear(&reply);
    gv_https_free(c);
    fd = raw(f->port); /* delayed when the server stops */
    put(fd, "GET /slowly HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(30000);
    gv_http_stop(f->http);
    close(fd);
}

static void
kept_connections_answer_at_once(void **state)
{
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    struct gv_https_reply reply;
    double best = 1;
    struct gv_https *c;

    start(f, &options);
    c = client(f);
    for (int i = 0; i < 50; i++) {
        double begin = now();

        assert_int_equal(get(c, "/echo", &reply), 200);
        gv_https_reply_clear(&reply);
        best = now() - begin < best ? now() - begin : best;
    }
    gv_https_free(c);
    print_message("best of 50: %.3f ms\n", best * 1000);
    /* With Nagle's algorithm in the way every one of them takes 40 ms. */
    assert_true(best < 0.005);
}

static void
streams_get_their_events(void **state)
{
    struct gv_http_options options = {.max_streams = 2, .heartbeat_ms = 300};
    struct gv_http_event event = {"x", "block", "7", "{\"a\":\n1}"};
    struct fixture *f = *state;
    int all, other, third;

    start(f, &options);
    all = raw(f->port);
    put(all, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    other = raw(f->port);
    put(other, "GET /events HTTP/1.1\r\nHost: a\r\nAccept: y\r\n\r\n");
    assert_true(expect(all, ": hello", 1000));
    assert_true(expect(other, ": hello", 1000));
    third = raw(f->port);
    put(third, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(expect(third, " 503 ", 1000));
    gv_http_broadcast(f->http, &event);
    assert_true(
        expect(all, "event: block\nid: 7\ndata: {\"a\":\ndata: 1}\n\n", 1000));
    event.topic = "y";
    gv_http_broadcast(f->http, &event);
    assert_true(expect(other, "data: 1}\n\n", 1000));
    assert_true(expect(other, ":\n\n", 1500));
    close(all);
    close(other);
    close(third);
}

static bool
admit(void *ctx, struct gv_http_request *request)
{
    (void)ctx;
    if (gv_http_header(request, "Accept") != NULL)
        return true;
    gv_http_reply_text(request, 403, "say your name");
    return false;
}

/* Bound for its port's sake, served and guarded later. */
static void
a_listener_may_be_bound_first_and_guarded(void **state)
{
    struct gv_http_options options = {0};
    struct gv_http_listen listen = {NULL, NULL, routes, 1};
    struct fixture *f = *state;
    struct gv_http_listener *listener;
    struct gv_https_request named = {
        .method = "GET", .path = "/echo", .accept = "x"};
    struct gv_https_reply reply;
    struct gv_https *c;
    int unserved;

    f->http = gv_http_new(&options, &f->e);
    assert_non_null(gv_http_bind(f->http, "127.0.0.1:0", &unserved, &f->e));
    listener = gv_http_bind(f->http, "127.0.0.1:0", &f->port, &f->e);
    assert_non_null(listener);
    assert_true(f->port > 0 && unserved > 0 && f->port != unserved);
    gv_http_serve(listener, &listen);
    gv_http_guard(listener, admit, NULL);
    assert_int_equal(gv_http_start(f->http, &f->e), GV_OK);
    c = client(f);
    assert_int_equal(get(c, "/echo", &reply), 403);
    assert_string_equal((char *)reply.body, "say your name\n");
    gv_https_reply_clear(&reply);
    assert_int_equal(get(c, "/none", &reply), 403);
    gv_https_reply_clear(&reply);
    assert_int_equal(gv_https_request(c, &named, &reply, &f->e), GV_OK);
    assert_int_equal(reply.status, 200);
    gv_https_reply_clear(&reply);
    gv_https_free(c);
    f->port = unserved;
    c = client(f);
    assert_int_equal(gv_https_request(c, &named, &reply, &f->e), GV_OK);
    assert_int_equal(reply.status, 404);
    gv_https_reply_clear(&reply);
    gv_https_free(c);
}

static void
bad_addresses_are_refused(void **state)
{
    struct gv_http_listen listen = {"nonsense", NULL, routes, 1};
    struct gv_http_options options = {0};
    struct fixture *f = *state;
    char taken[32];

    start(f, &options);
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", f->port);
    gv_http_free(f->http);
    f->http = gv_http_new(&options, &f->e);
    assert_int_equal(gv_http_listen(f->http, &listen, NULL, &f->e), GV_FAULT);
    assert_non_null(strstr(f->e.text, "nonsense"));
    listen.address = taken;
    assert_int_equal(gv_http_listen(f->http, &listen, NULL, &f->e), GV_OK);
    assert_int_equal(gv_http_listen(f->http, &listen, NULL, &f->e), GV_FAULT);
    assert_non_null(strstr(f->e.text, "Address already in use"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(routes_and_requests),
        TEST(another_thread_answers),
        TEST(answers_to_the_gone_are_dropped),
        TEST(a_handler_may_answer_while_the_server_stops),
        TEST(delayed_answers_wait),
        TEST(kept_connections_answer_at_once),
        TEST(streams_get_their_events),
        TEST(a_listener_may_be_bound_first_and_guarded),
        TEST(bad_addresses_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
