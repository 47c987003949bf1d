/* test_nonce.c - nonces: how long they are good, once, and what a clock that is
 * set back does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/ttp/nonce.h"

#define PERIOD 60000u
#define START UINT64_C(1767225600000)

static int
setup(void **state)
{
    static struct gv_nonces n;

    *state = &n;
    return gv_nonces_init(&n, PERIOD, START) == GV_OK ? 0 : 1;
}

static int
teardown(void **state)
{
    gv_nonces_clear(*state);
    return 0;
}

/* One that was used when it was made. */
static void
use(struct gv_nonces *n, uint64_t now, uint8_t out32[32])
{
    assert_int_equal(gv_nonces_make(n, now, out32), GV_OK);
    assert_int_equal(gv_nonces_check(n, out32, now), GV_OK);
    assert_int_equal(gv_nonces_use(n, out32, now), GV_OK);
    assert_int_equal(gv_nonces_check(n, out32, now), GV_REJECT);
}

static void
test_S0_02_a_nonce_is_good_for_a_period_and_once(void **state)
{
    struct gv_nonces *n = *state;
    uint8_t nonce[32], used[32];

    assert_int_equal(gv_nonces_make(n, START, nonce), GV_OK);
    use(n, START, used);
    for (uint64_t t = 0; t <= PERIOD; t += PERIOD / 4) {
        assert_int_equal(gv_nonces_check(n, nonce, START + t), GV_OK);
        assert_int_equal(gv_nonces_check(n, used, START + t), GV_REJECT);
    }
    assert_int_equal(gv_nonces_check(n, nonce, START + PERIOD + 1), GV_ABSENT);
    assert_int_equal(gv_nonces_check(n, used, START + PERIOD + 1), GV_ABSENT);
    for (unsigned i = 0; i < 32; i++) {
        nonce[i] ^= 1;
        assert_int_equal(gv_nonces_check(n, nonce, START), GV_ABSENT);
        nonce[i] ^= 1;
    }
}

/* A clock that is set back again and again, each time a little. */
static void
test_S0_02_a_clock_set_back_lets_no_nonce_be_used_again(void **state)
{
    struct gv_nonces *n = *state;
    uint64_t made = START, now = made;
    uint8_t used[32];

    use(n, made, used);
    for (unsigned i = 0; i < 5; i++) {
        now -= 10;
        assert_int_not_equal(gv_nonces_check(n, used, now), GV_OK);
    }
    for (; now <= made + 2 * PERIOD; now += PERIOD / 8)
        assert_int_not_equal(gv_nonces_check(n, used, now), GV_OK);
}

/* Set back by nearly a period, after which the nonce becomes good again. */
static void
test_S0_02_nor_one_set_back_by_a_period(void **state)
{
    struct gv_nonces *n = *state;
    uint64_t made = START + 10 * PERIOD, now = made - PERIOD + 1;
    uint8_t used[32];

    use(n, made, used);
    for (; now <= made + 2 * PERIOD; now += PERIOD / 8)
        assert_int_not_equal(gv_nonces_check(n, used, now), GV_OK);
}

/* And the table does not fill up for as long as the clock was ahead. */
static void
a_clock_that_was_far_ahead_stops_nobody(void **state)
{
    struct gv_nonces *n = *state;
    uint64_t now = START;
    uint8_t used[32];

    use(n, START + 86400000, used);
    for (unsigned i = 0; i < 4; i++, now += PERIOD)
        use(n, now, used);
    assert_in_range(n->used[0].n + n->used[1].n, 1, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_02_a_nonce_is_good_for_a_period_and_once),
        TEST(test_S0_02_a_clock_set_back_lets_no_nonce_be_used_again),
        TEST(test_S0_02_nor_one_set_back_by_a_period),
        TEST(a_clock_that_was_far_ahead_stops_nobody),
    };

    return cmocka_run_group_tests_name("nonce", tests, NULL, NULL);
}
