/* test_types.c - hex, wiping and the comparison of names. */
#include "gavel/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
hex_of_every_byte_and_back(void **state)
{
    uint8_t in[256], out[256];
    char hex[513];

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        in[i] = (uint8_t)i;
    assert_ptr_equal(gv_hex(in, sizeof(in), hex), hex);
    assert_int_equal(strlen(hex), 512);
    assert_memory_equal(hex, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_string_equal(hex + 508, "feff");
    assert_int_equal(gv_unhex(hex, out, sizeof(out)), GV_OK);
    assert_memory_equal(in, out, sizeof(in));
}

static void
unhex_takes_either_case(void **state)
{
    static const uint8_t want[] = {0xab, 0xcd, 0xef};
    uint8_t out[3];

    (void)state;
    assert_int_equal(gv_unhex("aBCdEf", out, 3), GV_OK);
    assert_memory_equal(out, want, 3);
    assert_int_equal(gv_unhex("", out, 0), GV_OK);
}

static void
unhex_refuses_what_is_not_exact(void **state)
{
    static const char *const bad[] = {
        "",
        "a",
        "abc",
        "abcd0",
        "abcd00",
        " abcd",
        "abcd ",
        "0xab",
        "abcg",
        "abc/",
        "abc:",
        "abc@",
        "abcG",
        "abc`",
        "ab\xff"
        "d",
    };
    uint8_t out[2];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(gv_unhex(bad[i], out, 2), GV_REJECT);
    assert_int_equal(gv_unhex("abcd", out, 2), GV_OK);
}

static void
wipe_leaves_zeros(void **state)
{
    uint8_t secret[64], zero[64] = {0};

    (void)state;
    memset(secret, 0xa5, sizeof(secret));
    gv_wipe(secret, 32);
    assert_memory_equal(secret, zero, 32);
    assert_int_equal(secret[32], 0xa5);
    gv_wipe(secret, sizeof(secret));
    assert_memory_equal(secret, zero, sizeof(zero));
}

static void
names_compare_by_bytes(void **state)
{
    struct gv_tx_id a = {{0}}, b = {{0}};

    (void)state;
    assert_true(GV_ID_EQ(&a, &b));
    b.b[31] = 1;
    assert_false(GV_ID_EQ(&a, &b));
    assert_true(GV_ID_CMP(&a, &b) < 0);
    a.b[0] = 0x80;
    assert_true(GV_ID_CMP(&a, &b) > 0);
}

static void
views_compare_by_length_and_bytes(void **state)
{
    (void)state;
    assert_true(gv_bytes_eq(gv_bytes(NULL, 0), gv_bytes("x", 0)));
    assert_true(gv_bytes_eq(gv_bytes("abc", 3), gv_bytes("abcd", 3)));
    assert_false(gv_bytes_eq(gv_bytes("abc", 3), gv_bytes("abcd", 4)));
    assert_false(gv_bytes_eq(gv_bytes("abc", 3), gv_bytes("abd", 3)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_of_every_byte_and_back),
        cmocka_unit_test(unhex_takes_either_case),
        cmocka_unit_test(unhex_refuses_what_is_not_exact),
        cmocka_unit_test(wipe_leaves_zeros),
        cmocka_unit_test(names_compare_by_bytes),
        cmocka_unit_test(views_compare_by_length_and_bytes),
    };

    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
