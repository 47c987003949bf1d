/* test_basic.c - logins in Authorization headers. */
#include "src/rpc/basic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static void
logins_are_read(void **state)
{
    static const struct {
        const char *header, *text;
        size_t user_len;
    } cases[] = {
        {"Basic QTpi", "A:b", 1},
        {"basic   QTpi", "A:b", 1},
        {"Basic Og==", ":", 0},
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame", 7},
        {"Basic YTpiOmM=", "a:b:c", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_basic login;

        assert_true(gv_basic_read(cases[i].header, &login));
        assert_string_equal(login.text, cases[i].text);
        assert_int_equal(login.len, strlen(cases[i].text));
        assert_int_equal(login.user_len, cases[i].user_len);
        assert_string_equal(gv_basic_password(&login),
                            cases[i].text + cases[i].user_len + 1);
    }
}

static void
nothing_else_is_a_login(void **state)
{
    static const char *const cases[] = {
        NULL,
        "",
        "Basic",
        "Basic ",
        "Bearer QTpi",
        "Basic QUJD",     /* no colon */
        "Basic QTpi----", /* what the library forgives */
        "Basic QTpi    ",
        "Basic QTp",
        "Basic QTpiAA==", /* a zero byte */
        "Basic Oh==",     /* spare bits */
        "Basic O===",
        "Basic ====",
        "Basic QTp!",
    };
    static const struct gv_basic zero;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_basic login;

        if (gv_basic_read(cases[i], &login))
            fail_msg("taken: %s", cases[i]);
        assert_memory_equal(&login, &zero, sizeof(zero));
    }
}

/* A login of n bytes, n a multiple of 3. */
static bool
read_long(size_t n)
{
    char header[1024] = "Basic Ojpi"; /* "::b" */
    struct gv_basic login;

    for (size_t i = 3; i < n; i += 3)
        memcpy(header + strlen(header), "YWFh", 5);
    return gv_basic_read(header, &login) && login.len == n;
}

static void
a_login_has_an_end(void **state)
{
    (void)state;
    assert_true(read_long(510));
    assert_false(read_long(513));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logins_are_read),
        cmocka_unit_test(nothing_else_is_a_login),
        cmocka_unit_test(a_login_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
