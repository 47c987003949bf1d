/*
 * test_amount.c - checked amounts and their text form.
 */
#include "gavel/amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static void
currency_tags_have_one_form(void **state)
{
    static const char *const bad[] = {"", "eur", "EU R", "EUROS", "E-R"};
    struct gv_currency c, hole = {.tag = {'E', 0, 'R', 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(gv_currency_parse(bad[i], 2, &c), GV_REJECT);
    assert_int_equal(gv_currency_parse("EUR", 9, &c), GV_REJECT);
    assert_false(gv_currency_valid(&hole));
    assert_int_equal(gv_currency_parse("X1", 8, &c), GV_OK);
    assert_memory_equal(c.tag, "X1\0", 4);
    assert_int_equal(gv_currency_parse("USDT", 0, &c), GV_OK);
    assert_true(gv_currency_valid(&c));
}

static void
text_and_back(void **state)
{
    static const struct {
        uint8_t exponent;
        uint64_t minor;
        const char *text;
    } cases[] = {{2, 12345, "123.45 EUR"},
                 {2, 5, "0.05 EUR"},
                 {0, 0, "0 EUR"},
                 {8, UINT64_MAX, "184467440737.09551615 EUR"},
                 {0, UINT64_MAX, "18446744073709551615 EUR"}};
    char out[40];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_currency c;
        struct gv_amount a = {cases[i].minor}, back;

        assert_int_equal(gv_currency_parse("EUR", cases[i].exponent, &c),
                         GV_OK);
        assert_string_equal(gv_amount_text(a, &c, out), cases[i].text);
        *strchr(out, ' ') = '\0';
        assert_int_equal(gv_amount_parse(out, &c, &back), GV_OK);
        assert_true(back.minor == a.minor);
    }
}

static void
texts_that_are_no_amount(void **state)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.",
                                      ".5",
                                      "1.234",
                                      "1.2.3",
                                      "1,5",
                                      "0x10",
                                      "1e3",
                                      "EUR",
                                      "1.5EUR",
                                      "184467440737095516.16",
                                      "1.-5",
                                      "18446744073709551616",
                                      "184467440737095517"};
    struct gv_currency eur;
    struct gv_amount a = {7};

    (void)state;
    assert_int_equal(gv_currency_parse("EUR", 2, &eur), GV_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(gv_amount_parse(bad[i], &eur, &a), GV_REJECT);
    assert_int_equal(a.minor, 7);
    assert_int_equal(gv_amount_parse("123", &eur, &a), GV_OK);
    assert_int_equal(a.minor, 12300);
    assert_int_equal(gv_amount_parse("1.5", &eur, &a), GV_OK);
    assert_int_equal(a.minor, 150);
    assert_int_equal(gv_amount_parse("184467440737095516.15", &eur, &a), GV_OK);
    assert_true(a.minor == UINT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(currency_tags_have_one_form),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(texts_that_are_no_amount),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
