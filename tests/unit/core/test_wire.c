/* test_wire.c - the canonical encoding: sinks and the reader. */
#include "gavel/wire.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One of each, as a type's field list would put them. */
static void
sample_put(struct gv_sink *s)
{
    gv_put_u8(s, 0x01);
    gv_put_u16(s, 0x0302);
    gv_put_u32(s, 0x07060504);
    gv_put_u64(s, 0x0f0e0d0c0b0a0908);
    gv_put(s, "raw", 3);
    gv_put_b8(s, gv_bytes("a", 1));
    gv_put_b16(s, gv_bytes("bc", 2));
    gv_put_b32(s, gv_bytes(NULL, 0));
}

static const char sample_hex[] = "0102030405060708090a0b0c0d0e0f726177"
                                 "0161"
                                 "02006263"
                                 "00000000";

static void
three_sinks_agree(void **state)
{
    uint8_t buf[28], want[32], got[32];
    struct gv_sha256 h;
    struct gv_sink count = gv_sink_count();
    struct gv_sink buffer = gv_sink_buffer(buf, sizeof(buf));
    struct gv_sink hash = gv_sink_hash(&h);

    (void)state;
    sample_put(&count);
    assert_int_equal(count.len, sizeof(buf));
    assert_false(count.failed);

    sample_put(&buffer);
    assert_int_equal(buffer.len, sizeof(buf));
    assert_false(buffer.failed);
    assert_true(support_hex_is(buf, sizeof(buf), sample_hex));

    gv_sha256_init(&h);
    sample_put(&hash);
    gv_sha256_end(&h, got);
    gv_sha256_of(buf, sizeof(buf), want);
    assert_memory_equal(got, want, 32);
    assert_int_equal(hash.len, sizeof(buf));
}

static void
a_small_buffer_fails_and_is_not_overrun(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 28; cap++) {
        uint8_t buf[29];
        struct gv_sink s = gv_sink_buffer(cap ? buf : NULL, cap);

        memset(buf, 0xee, sizeof(buf));
        sample_put(&s);
        assert_true(s.failed);
        assert_int_equal(s.len, 28);
        assert_int_equal(buf[cap], 0xee);
    }
}

static void
a_length_beyond_its_prefix_fails(void **state)
{
    static uint8_t big[65536];
    struct gv_sink s = gv_sink_count();

    (void)state;
    gv_put_b8(&s, gv_bytes(big, 255));
    gv_put_b16(&s, gv_bytes(big, 65535));
    gv_put_b32(&s, gv_bytes(big, 65536));
    assert_false(s.failed);
    assert_int_equal(s.len, 1 + 255 + 2 + 65535 + 4 + 65536);
    gv_put_b8(&s, gv_bytes(big, 256));
    assert_true(s.failed);
    s = gv_sink_count();
    gv_put_b16(&s, gv_bytes(big, 65536));
    assert_true(s.failed);
}

static void
the_reader_reads_what_was_put(void **state)
{
    uint8_t in[28], raw[3];
    struct gv_reader r;

    (void)state;
    support_unhex(sample_hex, in, sizeof(in));
    r = gv_reader(gv_bytes(in, sizeof(in)));
    assert_int_equal(gv_get_u8(&r, "u8"), 0x01);
    assert_int_equal(gv_get_u16(&r, "u16"), 0x0302);
    assert_int_equal(gv_get_u32(&r, "u32"), 0x07060504);
    assert_true(gv_get_u64(&r, "u64") == 0x0f0e0d0c0b0a0908);
    gv_get(&r, raw, 3, "raw");
    assert_memory_equal(raw, "raw", 3);
    assert_true(gv_bytes_eq(gv_get_b8(&r, 1, "b8"), gv_bytes("a", 1)));
    assert_true(gv_bytes_eq(gv_get_b16(&r, 2, "b16"), gv_bytes("bc", 2)));
    assert_int_equal(gv_get_b32(&r, 0, "b32").len, 0);
    assert_true(gv_reader_done(&r));
    assert_null(r.field);
}

static void
a_cut_input_fails_at_the_field_and_stays_failed(void **state)
{
    static const struct {
        size_t len;
        const char *field;
    } cuts[] = {
        {0, "u8"},   {1, "u16"},  {2, "u16"},  {3, "u32"},  {6, "u32"},
        {7, "u64"},  {14, "u64"}, {15, "raw"}, {17, "raw"}, {18, "b8"},
        {19, "b8"},  {20, "b16"}, {21, "b16"}, {22, "b16"}, {23, "b16"},
        {24, "b32"}, {27, "b32"},
    };
    uint8_t in[28], raw[3];

    (void)state;
    support_unhex(sample_hex, in, sizeof(in));
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct gv_reader r = gv_reader(gv_bytes(in, cuts[i].len));

        gv_get_u8(&r, "u8");
        gv_get_u16(&r, "u16");
        gv_get_u32(&r, "u32");
        gv_get_u64(&r, "u64");
        gv_get(&r, raw, 3, "raw");
        gv_get_b8(&r, 9, "b8");
        gv_get_b16(&r, 9, "b16");
        gv_get_b32(&r, 9, "b32");
        assert_false(gv_reader_done(&r));
        assert_string_equal(r.field, cuts[i].field);
    }
}

static void
after_a_failure_everything_is_zero(void **state)
{
    uint8_t out[4] = {9, 9, 9, 9}, zero[4] = {0};
    struct gv_reader r = gv_reader(gv_bytes("\x01\x02\x03\x04\x05", 5));

    (void)state;
    gv_get_require(&r, true, "right");
    assert_false(r.failed);
    gv_get_require(&r, false, "first");
    gv_get_require(&r, false, "second");
    assert_string_equal(r.field, "first");
    assert_int_equal(gv_get_u8(&r, "x"), 0);
    assert_int_equal(gv_get_u16(&r, "x"), 0);
    assert_int_equal(gv_get_u32(&r, "x"), 0);
    assert_true(gv_get_u64(&r, "x") == 0);
    gv_get(&r, out, 4, "x");
    assert_memory_equal(out, zero, 4);
    assert_int_equal(gv_get_view(&r, 1, "x").len, 0);
    assert_int_equal(gv_get_b8(&r, 9, "x").len, 0);
    assert_false(gv_reader_done(&r));
    assert_string_equal(r.field, "first");
}

static void
lengths_above_the_maximum_are_refused(void **state)
{
    static const uint8_t b8[] = {3, 'a', 'b', 'c'};
    static const uint8_t b16[] = {3, 0, 'a', 'b', 'c'};
    static const uint8_t b32[] = {3, 0, 0, 0, 'a', 'b', 'c'};
    static const uint8_t huge[] = {255, 255, 255, 255, 'a'};
    struct gv_reader r = gv_reader(gv_bytes(b8, sizeof(b8)));

    (void)state;
    assert_int_equal(gv_get_b8(&r, 2, "b8").len, 0);
    assert_true(r.failed);
    r = gv_reader(gv_bytes(b16, sizeof(b16)));
    assert_int_equal(gv_get_b16(&r, 2, "b16").len, 0);
    assert_true(r.failed);
    r = gv_reader(gv_bytes(b32, sizeof(b32)));
    assert_int_equal(gv_get_b32(&r, 2, "b32").len, 0);
    assert_true(r.failed);
    r = gv_reader(gv_bytes(b32, sizeof(b32)));
    assert_int_equal(gv_get_b32(&r, 3, "b32").len, 3);
    assert_true(gv_reader_done(&r));
    r = gv_reader(gv_bytes(huge, sizeof(huge)));
    assert_int_equal(gv_get_b32(&r, SIZE_MAX, "huge").len, 0);
    assert_true(r.failed);
}

static void
bytes_after_the_end_are_refused(void **state)
{
    struct gv_reader r = gv_reader(gv_bytes("ab", 2));

    (void)state;
    gv_get_u8(&r, "u8");
    assert_false(gv_reader_done(&r));
    assert_true(r.failed);
    assert_string_equal(r.field, "bytes after the end");
}

static void
little_endian_stores_and_loads(void **state)
{
    struct support_rng rng = support_rng_new();
    uint8_t b[8];

    (void)state;
    gv_le32_put(b, 0x80000001);
    assert_true(support_hex_is(b, 4, "01000080"));
    gv_le64_put(b, 0xfedcba9876543210);
    assert_true(support_hex_is(b, 8, "1032547698badcfe"));
    assert_int_equal(gv_le16(b), 0x3210);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t v = support_rng_u64(&rng);

        gv_le64_put(b, v);
        assert_true(gv_le64(b) == v);
        assert_true(gv_le32(b) == (uint32_t)v);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_sinks_agree),
        cmocka_unit_test(a_small_buffer_fails_and_is_not_overrun),
        cmocka_unit_test(a_length_beyond_its_prefix_fails),
        cmocka_unit_test(the_reader_reads_what_was_put),
        cmocka_unit_test(a_cut_input_fails_at_the_field_and_stays_failed),
        cmocka_unit_test(after_a_failure_everything_is_zero),
        cmocka_unit_test(lengths_above_the_maximum_are_refused),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(little_endian_stores_and_loads),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
