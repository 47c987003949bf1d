/* The client's reader of HTTP/1.1 responses, fed from memory in pieces of
 * every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/client/response.h"

struct feed {
    const char *text;
    size_t left, piece;
};

static enum gv_rc
feed_read(void *ctx, void *out, size_t room, size_t *n, struct gv_error *e)
{
    struct feed *feed = ctx;

    (void)e;
    *n = feed->piece < room ? feed->piece : room;
    *n = *n < feed->left ? *n : feed->left;
    memcpy(out, feed->text, *n);
    feed->text += *n;
    feed->left -= *n;
    return *n > 0 ? GV_OK : GV_ABSENT;
}

static enum gv_rc
feed_to(const char *text, size_t piece, struct gv_https_reply *reply,
        bool *reusable, struct gv_error *e)
{
    struct feed feed = {text, strlen(text), piece};
    struct response_source source = {feed_read, &feed, false, 100};
    bool any;

    return response_read(&source, reply, &any, reusable, e);
}

#define H "HTTP/1.1 200 OK\r\n"

static void
good_responses(void **state)
{
    static const struct {
        const char *text, *body;
        int status;
        bool reusable;
    } rows[] = {
        {H "Content-Length: 3\r\n\r\nabc", "abc", 200, true},
        {H "Content-Length: 0\r\n\r\n", "", 200, true},
        {H "content-length:3\nX: y\n\nabc", "abc", 200, true},
        {H "Content-Length: 3\r\nConnection: close\r\n\r\nabc", "abc", 200,
         false},
        {H "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n"
           "T: u\r\n\r\n",
         "abc", 200, true},
        {H "\r\nuntil the end", "until the end", 200, false},
        {"HTTP/1.1 100 Continue\r\n\r\n" H "Content-Length: 1\r\n\r\nx", "x",
         200, true},
        {"HTTP/1.0 404 Not\r\nContent-Length: 1\r\n\r\nx", "x", 404, false},
        {"HTTP/1.1 204 No\r\n\r\n", "", 204, true},
    };
    struct gv_https_reply reply;
    struct gv_error e;
    bool reusable;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t piece = 1; piece < 200; piece += piece < 9 ? 1 : 95) {
            if (feed_to(rows[i].text, piece, &reply, &reusable, &e) != GV_OK)
                fail_msg("%s: %s", rows[i].text, e.text);
            assert_int_equal(reply.status, rows[i].status);
            assert_string_equal((char *)reply.body, rows[i].body);
            assert_int_equal(reusable, rows[i].reusable);
            gv_https_reply_clear(&reply);
        }
    }
}

static void
bad_responses(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "without a reply"},
        {"HTTP/1.1 20", "in the middle"},
        {"HTTP/2 200 OK\r\n\r\n", "begin as HTTP/1.1"},
        {"HTTP/1.1 2x0 OK\r\n\r\n", "no status"},
        {"HTTP/1.1 2000 OK\r\n\r\n", "no status"},
        {H "Content-Length: 4\r\n\r\nabc", "in the middle"},
        {H "Content-Length: 101\r\n\r\nabc", "longer than 100 bytes"},
        {H "Content-Length: -1\r\n\r\n", "Content-Length"},
        {H "Content-Length: 99999999999999999999\r\n\r\n", "Content-Length"},
        {H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         "Content-Length"},
        {H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both"},
        {H "Transfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding"},
        {H "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "size of a chunk"},
        {H "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "size of a chunk"},
        {H "Transfer-Encoding: chunked\r\n\r\n65\r\n", "longer than 100"},
        {H "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "a chunk"},
        {H "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "in the middle"},
        {H " folded: x\r\n\r\n", "a header line"},
        {H "no colon\r\n\r\n", "a header line"},
        {H "Sp ace: x\r\n\r\n", "a header line"},
        {H "X: \x01\r\n\r\n", "control byte"},
    };
    struct gv_https_reply reply;
    struct gv_error e;
    bool reusable;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t piece = 1; piece < 200; piece += 96) {
            assert_int_equal(
                feed_to(rows[i].text, piece, &reply, &reusable, &e), GV_FAULT);
            assert_null(reply.body);
            assert_false(reusable);
            if (strstr(e.text, rows[i].error) == NULL)
                fail_msg("%s: %s", rows[i].text, e.text);
        }
    }
}

static void
heads_are_limited(void **state)
{
    size_t len = 40 << 10;
    char *text = malloc(len + 1);
    struct gv_https_reply reply;
    struct gv_error e;
    bool reusable;

    (void)state;
    memset(text, 'h', len);
    memcpy(text, H "X: ", strlen(H "X: "));
    text[len] = '\0';
    assert_int_equal(feed_to(text, 4096, &reply, &reusable, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "head is too long"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_responses),
        cmocka_unit_test(bad_responses),
        cmocka_unit_test(heads_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
