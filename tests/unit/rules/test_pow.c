/*
 * test_pow.c - compact targets, work, seals (rules R10, R11).
 */
#include "gavel/hash.h"
#include "gavel/pow.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static const struct gv_u256 one = {{1, 0, 0, 0}};
static const struct gv_u256 top = {
    {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

static struct gv_u256
target_of(uint32_t compact)
{
    struct gv_u256 t;

    assert_int_equal(gv_target_from_compact(compact, &t), GV_OK);
    return t;
}

static void
compact_has_one_form(void **state)
{
    static const uint32_t good[] = {0x01010000, 0x017f0000, 0x02008000,
                                    0x02123400, 0x03123456, 0x04008000,
                                    0x1d00ffff, 0x207fffff, 0x2100ffff};
    static const uint32_t bad[] = {
        0,          0x01000000, 0x00123456, /* zero, or all bytes below */
        0x01800000, 0x1d80ffff, 0x04923456, /* sign */
        0x01010001, 0x02123456,             /* bytes below the first */
        0x1e0000ff, 0x1d007fff, 0x03000012, /* can be shorter */
        0x21010000, 0x2200ffff, 0xff123456, /* above 2^256 */
    };
    struct gv_u256 t;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        t = target_of(good[i]);
        assert_int_equal(gv_target_to_compact(&t), good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(gv_target_from_compact(bad[i], &t), GV_REJECT);
    t = target_of(0x01010000);
    assert_int_equal(gv_u256_cmp(&t, &one), 0);
}

static void
compact_rounds_down(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct gv_u256 t, back, above;
        uint8_t bytes[32] = {0};
        uint32_t c;

        support_rng_bytes(&rng, bytes, 1 + support_rng_below(&rng, 32));
        bytes[0] |= 1;
        t = gv_u256_from_le(bytes);
        c = gv_target_to_compact(&t);
        back = target_of(c);
        assert_true(gv_u256_cmp(&back, &t) <= 0);
        if (gv_target_from_compact(c + 1, &above) == GV_OK)
            assert_true(gv_u256_cmp(&above, &t) > 0);
    }
}

static void
S4_83_fixed_difficulties(void **state)
{
    static const uint32_t want[] = {0,          0x200fffff, 0x2000ffff,
                                    0x1f0fffff, 0x1f00ffff, 0};
    /* Each step is 16 times the work of the one before. */
    static const uint64_t work[] = {0, 16, 256, 4096, 65537};

    (void)state;
    for (unsigned n = 0; n <= 5; n++)
        assert_int_equal(gv_target_fixed(n), want[n]);
    for (unsigned n = 1; n <= 4; n++) {
        struct gv_u256 t = target_of(gv_target_fixed(n)), w = gv_work_of(&t);

        assert_int_equal(w.v[1] | w.v[2] | w.v[3], 0);
        assert_in_range(w.v[0], work[n], work[n] + work[n] / 256 + 1);
    }
}

/* w = floor(2^256 / d) is the one number with w d <= 2^256 < (w + 1) d. */
static void
work_is_the_quotient(void **state)
{
    const struct gv_u256 zero = {{0}};
    struct gv_u256 t = {{0xffffffff, 0, 0, 0}}, w;

    (void)state;
    w = gv_work_of(&zero);
    assert_int_equal(gv_u256_cmp(&w, &top), 0);
    w = gv_work_of(&top);
    assert_int_equal(gv_u256_cmp(&w, &one), 0);
    w = gv_work_of(&one); /* 2^256 / 2 */
    assert_true(w.v[3] == UINT64_C(1) << 63 && w.v[0] == 0);
    w = gv_work_of(&t); /* 2^256 / 2^32 */
    assert_true(w.v[3] == UINT64_C(1) << 32);
    t.v[0] = 2; /* 2^256 / 3 */
    w = gv_work_of(&t);
    for (int i = 0; i < 4; i++)
        assert_true(w.v[i] == UINT64_C(0x5555555555555555));
    t = target_of(0x1d00ffff); /* Bitcoin's chainwork of one block */
    w = gv_work_of(&t);
    assert_true(w.v[0] == UINT64_C(0x100010001) && w.v[1] == 0);
}

static void
sums_saturate(void **state)
{
    struct gv_u256 a = {{UINT64_MAX, UINT64_MAX, 0, 0}}, r;

    (void)state;
    r = gv_u256_add(&a, &one);
    assert_true(r.v[0] == 0 && r.v[1] == 0 && r.v[2] == 1 && r.v[3] == 0);
    r = gv_u256_add(&top, &one);
    assert_int_equal(gv_u256_cmp(&r, &top), 0);
    assert_true(gv_u256_cmp(&a, &r) < 0 && gv_u256_cmp(&r, &a) > 0);
}

static void
S4_82_seal_is_sha256d_little_endian(void **state)
{
    struct gv_seal seal = {{0}};
    struct gv_u256 hash, less;
    uint8_t digest[32], back[32];

    (void)state;
    gv_sha256d_of(seal.b, sizeof(seal.b), digest);
    hash = gv_u256_from_le(digest);
    gv_u256_to_le(&hash, back);
    assert_memory_equal(back, digest, 32);
    assert_true(gv_seal_meets(&seal, &hash));
    assert_true(gv_seal_meets(&seal, &top));
    less = hash;
    less.v[0]--; /* the lowest limb of this hash is not zero */
    assert_true(hash.v[0] != 0);
    assert_false(gv_seal_meets(&seal, &less));
}

static void
scale_is_exact_at_whole_powers_and_clamped(void **state)
{
    const struct gv_u256 zero = {{0}};
    struct gv_u256 t = target_of(0x1d00ffff), r;
    struct gv_u256 limit = target_of(0x207fffff);

    (void)state;
    r = gv_asert_scale(&t, 0, &limit);
    assert_int_equal(gv_u256_cmp(&r, &t), 0);
    r = gv_asert_scale(&t, 8 * 65536, &limit);
    assert_int_equal(gv_target_to_compact(&r), 0x1e00ffff);
    r = gv_asert_scale(&t, -8 * 65536, &limit);
    assert_int_equal(gv_target_to_compact(&r), 0x1c00ffff);
    r = gv_asert_scale(&t, 33 * 65536, &limit);
    assert_int_equal(gv_u256_cmp(&r, &limit), 0);
    r = gv_asert_scale(&one, 256 * 65536, &limit);
    assert_int_equal(gv_u256_cmp(&r, &limit), 0);
    r = gv_asert_scale(&one, 255 * 65536, &top);
    assert_true(r.v[3] == UINT64_C(1) << 63);
    r = gv_asert_scale(&one, -1, &limit);
    assert_int_equal(gv_u256_cmp(&r, &one), 0);
    r = gv_asert_scale(&t, INT64_MAX, &limit);
    assert_int_equal(gv_u256_cmp(&r, &limit), 0);
    r = gv_asert_scale(&t, INT64_MIN, &limit);
    assert_int_equal(gv_u256_cmp(&r, &one), 0);
    r = gv_asert_scale(&zero, 65536, &limit);
    assert_int_equal(gv_u256_cmp(&r, &one), 0);
}

static void
retarget_refuses_what_is_no_target(void **state)
{
    struct gv_retarget r = {.parent_target = 0x1d00ffff,
                            .opening_target = 0x1d00ffff,
                            .easiest_target = 0x207fffff,
                            .height = 1,
                            .parent_ms = 1000,
                            .time_ms = 2000,
                            .t_ms = 1000};

    (void)state;
    assert_int_equal(gv_retarget_next(&r), 0x1d00ffff);
    r.parent_target = 0x1d80ffff;
    assert_int_equal(gv_retarget_next(&r), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_has_one_form),
        cmocka_unit_test(compact_rounds_down),
        cmocka_unit_test(S4_83_fixed_difficulties),
        cmocka_unit_test(work_is_the_quotient),
        cmocka_unit_test(sums_saturate),
        cmocka_unit_test(S4_82_seal_is_sha256d_little_endian),
        cmocka_unit_test(scale_is_exact_at_whole_powers_and_clamped),
        cmocka_unit_test(retarget_refuses_what_is_no_target),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
