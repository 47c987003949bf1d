/*
 * test_key.c - composite keys: order, reading back, bounds of ranges.
 */
#include "fixture.h"

static void
test_integers_sort_as_numbers(void **state)
{
    static const uint32_t n[] = {0, 1, 255, 256, 65535, 65536, UINT32_MAX};
    struct gv_key a, b;

    (void)state;
    for (size_t i = 1; i < sizeof(n) / sizeof(n[0]); i++) {
        gv_key_init(&a);
        gv_key_u32(&a, n[i - 1]);
        gv_key_text(&a, "zzz");
        gv_key_init(&b);
        gv_key_u32(&b, n[i]);
        assert_true(gv_key_cmp(gv_key_view(&a), gv_key_view(&b)) < 0);
        assert_true(gv_key_cmp(gv_key_view(&b), gv_key_view(&a)) > 0);
        assert_int_equal(gv_key_cmp(gv_key_view(&b), gv_key_view(&b)), 0);
    }
}

static void
test_fields_read_back(void **state)
{
    static const uint8_t whole[] = {7, 0, 0, 1, 0, 0,   0,  0,
                                    0, 0, 2, 3, 0, 'i', 'd'};
    struct gv_key key;
    struct gv_bytes in;
    uint8_t a;
    uint32_t c;
    uint64_t d;

    (void)state;
    gv_key_init(&key);
    gv_key_u8(&key, 7);
    gv_key_u32(&key, 0x100);
    gv_key_u64(&key, 0x20300);
    gv_key_bytes(&key, gv_bytes("id", 2));
    in = gv_key_view(&key);
    assert_int_equal(in.len, sizeof(whole));
    assert_memory_equal(in.p, whole, sizeof(whole));
    assert_true(gv_key_take_u8(&in, &a) && a == 7);
    assert_true(gv_key_take_u32(&in, &c) && c == 0x100);
    assert_true(gv_key_take_u64(&in, &d) && d == 0x20300);
    assert_false(gv_key_take_u32(&in, &c));
    assert_int_equal(in.len, 2);
    assert_memory_equal(in.p, "id", 2);
    assert_true(gv_key_take_u8(&in, &a) && gv_key_take_u8(&in, &a));
    assert_false(gv_key_take_u8(&in, &a));
}

static void
check_end(const char *prefix, size_t len, const char *end, size_t end_len)
{
    struct gv_key key;

    gv_key_prefix_end(gv_bytes(prefix, len), &key);
    assert_int_equal(key.len, end_len);
    assert_memory_equal(key.b, end, end_len);
}

static void
test_prefix_end(void **state)
{
    uint8_t longest[GV_KEY_MAX];
    struct gv_key end;

    (void)state;
    check_end("a", 1, "b", 1);
    check_end("a\xff", 2, "b", 1);
    check_end("a\xff\xff\x01", 4, "a\xff\xff\x02", 4);
    memset(longest, 0xff, sizeof(longest));
    gv_key_prefix_end(gv_bytes(longest, sizeof(longest)), &end);
    assert_true(
        gv_key_cmp(gv_key_view(&end), gv_bytes(longest, sizeof(longest))) > 0);
    gv_key_prefix_end(gv_bytes(NULL, 0), &end);
    assert_true(
        gv_key_cmp(gv_key_view(&end), gv_bytes(longest, sizeof(longest))) > 0);
}

/* A cursor longer than any key still splits the keys where it should. */
static void
test_bounds_of_overlong_strings(void **state)
{
    uint8_t s[GV_KEY_MAX + 5];
    struct gv_key after, from;
    struct gv_bytes key = {s, GV_KEY_MAX};

    (void)state;
    memset(s, 'm', sizeof(s));
    gv_key_after(gv_bytes(s, sizeof(s)), &after);
    gv_key_from(gv_bytes(s, sizeof(s)), &from);
    assert_true(gv_key_cmp(gv_key_view(&after), key) > 0);
    assert_true(gv_key_cmp(gv_key_view(&from), key) > 0);
    s[GV_KEY_MAX - 1] = 'n';
    assert_true(gv_key_cmp(gv_key_view(&after), key) < 0);
    assert_true(gv_key_cmp(gv_key_view(&from), key) < 0);
    gv_key_from(text("k"), &from);
    gv_key_after(text("k"), &after);
    assert_int_equal(gv_key_cmp(gv_key_view(&from), text("k")), 0);
    assert_int_equal(gv_key_cmp(gv_key_view(&after), gv_bytes("k\0", 2)), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_sort_as_numbers),
        cmocka_unit_test(test_fields_read_back),
        cmocka_unit_test(test_prefix_end),
        cmocka_unit_test(test_bounds_of_overlong_strings),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
