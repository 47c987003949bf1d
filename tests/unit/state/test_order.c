/* Sorting by 64-bit keys: against a sort that compares, on keys of every
 * shape, with equal keys in the order they came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "chain/state/order.h"

#define MOST 20000

static uint64_t
next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int
by_key_then_place(const void *x, const void *y)
{
    const struct gv_order *a = x, *b = y;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* n keys, of which `mask` lets through what may differ. */
static void
check(size_t n, uint64_t mask, uint64_t fixed)
{
    struct gv_order *got = calloc(2 * n + 1, sizeof(*got));
    struct gv_order *want = calloc(n + 1, sizeof(*want));
    uint64_t seed = 0x9e3779b97f4a7c15u ^ n ^ mask;

    assert_non_null(got);
    assert_non_null(want);
    for (size_t i = 0; i < n; i++)
        got[i] = want[i] =
            (struct gv_order){(next(&seed) & mask) | fixed, (uint32_t)i};
    qsort(want, n, sizeof(*want), by_key_then_place);
    gv_order_sort(got, got + n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(got[i].key == want[i].key);
        assert_int_equal(got[i].at, want[i].at);
    }
    free(got);
    free(want);
}

static void
sorts_like_a_sort_that_compares(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 255, 256, 257, 1000, MOST};
    static const uint64_t masks[] = {UINT64_MAX,
                                     0,
                                     1,
                                     0xff,
                                     UINT64_C(0xff) << 56,
                                     UINT64_C(0x8001) << 40,
                                     UINT64_C(0x0101010101010101)};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t j = 0; j < sizeof(masks) / sizeof(masks[0]); j++) {
            check(sizes[i], masks[j], 0);
            check(sizes[i], masks[j], UINT64_C(0x0005d0f000000000));
        }
}

/* A prefix orders as its bytes do, and gives them back. */
static void
a_prefix_orders_as_bytes_do(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t a[8], b[8], back[8];
        uint64_t x, y;
        int c;

        gv_order_bytes(next(&seed), a);
        gv_order_bytes(i % 2 ? next(&seed) : gv_order_prefix(a) ^ 1, b);
        x = gv_order_prefix(a);
        y = gv_order_prefix(b);
        c = memcmp(a, b, 8);
        assert_true(c < 0 ? x < y : c > 0 ? x > y : x == y);
        gv_order_bytes(x, back);
        assert_memory_equal(back, a, 8);
    }
    assert_true(gv_order_prefix((const uint8_t *)"\x01\x02\x03\x04\x05\x06"
                                                 "\x07\x08") ==
                UINT64_C(0x0102030405060708));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_like_a_sort_that_compares),
        cmocka_unit_test(a_prefix_orders_as_bytes_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
