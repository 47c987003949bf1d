/* test_socks.c - what a SOCKS 5 proxy may answer (RFC 1928), and what is said
 * of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/client/socks.h"

#define HELLO "\5\0"

/* Of a proxy that answers this at once. */
static void
check(struct gv_bytes answer, enum gv_rc want, const char *says)
{
    struct gv_error e = {""};
    int pair[2];
    struct conn conn = {.interrupt_fd = -1, .deadline = conn_now_ms() + 60000};

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    conn.fd = pair[0];
    assert_int_equal(write(pair[1], answer.p, answer.len), answer.len);
    assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
    assert_int_equal(socks_connect(&conn, "name.example", "443", &e), want);
    assert_string_equal(e.text, says);
    close(pair[0]);
    close(pair[1]);
}

#define CHECK(answer, want, says)                                              \
    check(gv_bytes(answer, sizeof(answer) - 1), want, says)

static void
every_answer_has_its_word(void **state)
{
    (void)state;
    CHECK(HELLO "\5\0\0\1\1\2\3\4\1\2", GV_OK, "");
    CHECK(HELLO "\5\0\0\3\2ab\1\2", GV_OK, "");
    CHECK("\4\0", GV_FAULT, "the proxy is no SOCKS 5 proxy without a login");
    CHECK("\5\2", GV_FAULT, "the proxy is no SOCKS 5 proxy without a login");
    CHECK(HELLO "\5\5\0\1", GV_FAULT,
          "the proxy says: the connection was refused");
    CHECK(HELLO "\5\x80\0\1", GV_FAULT, "the proxy says: something unknown");
    CHECK(HELLO "\4\0\0\1", GV_FAULT, "the proxy's answer is none of SOCKS 5");
    CHECK(HELLO "\5\0\0\1\1\2", GV_FAULT, "the proxy closed the connection");
    CHECK("", GV_FAULT, "the proxy closed the connection");
}

static void
only_a_proxys_address_is_read(void **state)
{
    static const char *const bad[] = {
        "http://x:1",    "socks5://",     "socks5://x",    "socks5://x:0",
        "socks5://:1",   "socks5://x:",   "socks5://x:1 ", "socks5://x:65536",
        "socks5://[::1", "socks5://x:-1", "socks5://x:+1", "socks5://x: 1",
    };
    struct gv_error e;
    char *host, *port;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(socks_parse(bad[i], &host, &port, &e), GV_REJECT);
    assert_int_equal(socks_parse("socks5://[::1]:9050", &host, &port, &e),
                     GV_OK);
    assert_string_equal(host, "::1");
    assert_string_equal(port, "9050");
    free(host);
    free(port);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_its_word),
        cmocka_unit_test(only_a_proxys_address_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
