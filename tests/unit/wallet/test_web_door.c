/* Whom the server of gavel web lets in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wallet/web_door.h"

static void
only_this_machine_is_loopback(void **state)
{
    static const char *const good[] = {"127.0.0.1:0", "127.9.8.7:65535",
                                       "[::1]:80"};
    static const char *const bad[] = {"0.0.0.0:0",
                                      "[::]:0",
                                      "128.0.0.1:1",
                                      "126.255.255.255:1",
                                      "localhost:80",
                                      "[::2]:80",
                                      "::1:80",
                                      "127.0.0.1",
                                      "127.1:80",
                                      "",
                                      ":80",
                                      "[::1]80",
                                      "[::ffff:127.0.0.1]:80"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(gv_web_is_loopback(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(gv_web_is_loopback(bad[i]));
}

static void
names_and_origins_must_be_its_own(void **state)
{
    char link[GV_WEB_HOST_MAX + 80];
    struct gv_web_door d;

    (void)state;
    assert_int_equal(gv_web_door_init(&d, "127.0.0.1:0", 8480), GV_OK);
    assert_true(gv_web_door_host(&d, "127.0.0.1:8480"));
    assert_false(gv_web_door_host(&d, "127.0.0.1"));
    assert_false(gv_web_door_host(&d, "localhost:8480"));
    assert_false(gv_web_door_host(&d, NULL));
    assert_true(gv_web_door_origin(&d, "http://127.0.0.1:8480"));
    assert_false(gv_web_door_origin(&d, "http://127.0.0.1:84800"));
    assert_false(gv_web_door_origin(&d, "null"));
    assert_false(gv_web_door_origin(&d, NULL));
    gv_web_door_link(&d, link);
    assert_memory_equal(link, "http://127.0.0.1:8480/#", 23);
    assert_string_equal(link + 23, d.token);
    assert_int_equal(gv_web_door_init(&d, "[::1]:0", 1), GV_OK);
    assert_true(gv_web_door_host(&d, "[::1]:1"));
}

static void
a_token_opens_one_session(void **state)
{
    const char *session;
    struct gv_web_door d;
    char token[65];

    (void)state;
    assert_int_equal(gv_web_door_init(&d, "127.0.0.1:0", 1), GV_OK);
    assert_false(gv_web_door_knows(&d, "")); /* none is open */
    assert_false(gv_web_door_knows(&d, NULL));
    memcpy(token, d.token, sizeof(token));
    assert_int_equal(gv_web_door_open(&d, "", &session), GV_REJECT);
    assert_int_equal(gv_web_door_open(&d, token + 1, &session), GV_REJECT);
    assert_int_equal(gv_web_door_open(&d, token, &session), GV_OK);
    assert_true(gv_web_door_knows(&d, session));
    assert_false(gv_web_door_knows(&d, token));
    assert_int_equal(gv_web_door_open(&d, token, &session), GV_REJECT);
    assert_string_not_equal(d.token, token);
}

static void
the_oldest_session_makes_room(void **state)
{
    char first[65];
    const char *session;
    struct gv_web_door d;

    (void)state;
    assert_int_equal(gv_web_door_init(&d, "127.0.0.1:0", 1), GV_OK);
    assert_int_equal(gv_web_door_open(&d, d.token, &session), GV_OK);
    memcpy(first, session, sizeof(first));
    for (int i = 1; i < GV_WEB_SESSIONS; i++) {
        assert_int_equal(gv_web_door_open(&d, d.token, &session), GV_OK);
        assert_true(gv_web_door_knows(&d, first));
    }
    assert_int_equal(gv_web_door_open(&d, d.token, &session), GV_OK);
    assert_false(gv_web_door_knows(&d, first));
    assert_true(gv_web_door_knows(&d, session));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_this_machine_is_loopback),
        cmocka_unit_test(names_and_origins_must_be_its_own),
        cmocka_unit_test(a_token_opens_one_session),
        cmocka_unit_test(the_oldest_session_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
