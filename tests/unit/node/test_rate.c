/* Token buckets: how fast a key may have bids stamped (rule R5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/rate.h"

#define T0 UINT64_C(1800000000000)

static struct gv_pubkey
key_of(uint32_t n)
{
    struct gv_pubkey key;

    memset(&key, 0x5a, sizeof(key));
    memcpy(key.b, &n, sizeof(n));
    return key;
}

static bool
take(struct gv_rate *r, uint32_t key, uint64_t now_ms, uint64_t *wait_ms)
{
    struct gv_pubkey k = key_of(key);

    return gv_rate_take(r, &k, now_ms, wait_ms);
}

static void
a_burst_then_one_each_second(void **state)
{
    struct gv_rate *r = gv_rate_new(32, 1, 7);
    uint64_t wait;

    (void)state;
    assert_non_null(r);
    for (int i = 0; i < 32; i++) {
        assert_true(take(r, 1, T0, &wait));
        assert_int_equal(wait, 0);
    }
    assert_false(take(r, 1, T0, &wait));
    assert_int_equal(wait, 1000);
    assert_false(take(r, 1, T0 + 250, &wait));
    assert_int_equal(wait, 750);
    /* The waiting time that was told is enough, and no more than enough. */
    assert_false(take(r, 1, T0 + 999, &wait));
    assert_int_equal(wait, 1);
    assert_true(take(r, 1, T0 + 1000, &wait));
    assert_false(take(r, 1, T0 + 1000, &wait));
    /* Another key has a bucket of its own. */
    assert_true(take(r, 2, T0 + 1000, &wait));
    gv_rate_free(r);
}

static void
a_bucket_never_holds_more_than_its_burst(void **state)
{
    struct gv_rate *r = gv_rate_new(3, 1000, 7);
    uint64_t wait, now = T0;
    int taken = 0;

    (void)state;
    assert_true(take(r, 1, now, &wait));
    now += UINT64_C(1) << 50;
    while (taken < 100 && take(r, 1, now, &wait))
        taken++;
    assert_int_equal(taken, 3);
    /* 1000 a second: one each millisecond. */
    assert_int_equal(wait, 1);
    assert_true(take(r, 1, now + 1, &wait));
    gv_rate_free(r);
}

static void
largest_limits_do_not_overflow(void **state)
{
    struct gv_rate *r = gv_rate_new(1000000, 1000000, 7);
    uint64_t wait;

    (void)state;
    for (int i = 0; i < 1000000; i++)
        assert_true(take(r, 1, T0, &wait));
    assert_false(take(r, 1, T0, &wait));
    assert_int_equal(wait, 1);
    assert_true(take(r, 1, UINT64_MAX, &wait));
    gv_rate_free(r);
}

static void
no_refill_waits_for_ever(void **state)
{
    struct gv_rate *r = gv_rate_new(1, 0, 7);
    uint64_t wait;

    (void)state;
    assert_true(take(r, 1, T0, &wait));
    assert_false(take(r, 1, T0 + 100000000, &wait));
    assert_true(wait == UINT64_MAX);
    gv_rate_free(r);
}

static void
no_burst_is_no_limit(void **state)
{
    struct gv_rate *r = gv_rate_new(0, 0, 7);
    uint64_t wait;

    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_true(take(r, 1, T0, &wait));
    gv_rate_free(r);
}

static void
a_clock_that_falls_back_gives_nothing(void **state)
{
    struct gv_rate *r = gv_rate_new(1, 1, 7);
    uint64_t wait;

    (void)state;
    assert_true(take(r, 1, T0, &wait));
    assert_false(take(r, 1, T0 - 100000, &wait));
    assert_int_equal(wait, 1000);
    gv_rate_free(r);
}

/* Full buckets are forgotten while new keys come, and empty ones are not:
 * after any number of other keys an empty bucket is still empty. */
static void
empty_buckets_are_remembered(void **state)
{
    struct gv_rate *r = gv_rate_new(2, 1, 7);
    uint64_t wait, now = T0;

    (void)state;
    for (uint32_t round = 0; round < 40; round++) {
        uint32_t spent = 1000000 + round;

        now += 10000; /* every bucket of earlier rounds is full again */
        assert_true(take(r, spent, now, &wait));
        assert_true(take(r, spent, now, &wait));
        for (uint32_t i = 0; i < 500; i++)
            assert_true(take(r, round * 500 + i, now, &wait));
        assert_false(take(r, spent, now, &wait));
        for (uint32_t i = 0; i < 500; i++) {
            assert_true(take(r, round * 500 + i, now, &wait));
            assert_false(take(r, round * 500 + i, now, &wait));
        }
    }
    gv_rate_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_then_one_each_second),
        cmocka_unit_test(a_bucket_never_holds_more_than_its_burst),
        cmocka_unit_test(largest_limits_do_not_overflow),
        cmocka_unit_test(no_refill_waits_for_ever),
        cmocka_unit_test(no_burst_is_no_limit),
        cmocka_unit_test(a_clock_that_falls_back_gives_nothing),
        cmocka_unit_test(empty_buckets_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
