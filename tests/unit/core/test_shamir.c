/* test_shamir.c - secret sharing: against a table of GF(2^8) made another way,
 * every subset, and what fewer shares say. */
#include "gavel/shamir.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Logarithms to the base 3, a generator under 0x11b. */
static uint8_t exps[255], logs[256];

static int
make_tables(void **state)
{
    unsigned x = 1;

    (void)state;
    for (unsigned i = 0; i < 255; i++) {
        exps[i] = (uint8_t)x;
        logs[x] = (uint8_t)i;
        x ^= x << 1;
        if (x & 0x100)
            x ^= 0x11b;
    }
    return x != 1;
}

static uint8_t
times(uint8_t a, uint8_t b)
{
    return a == 0 || b == 0 ? 0 : exps[(logs[a] + logs[b]) % 255];
}

/* With t = 2, y = secret + c x: every product there is. */
static void
products_are_those_of_the_field(void **state)
{
    uint8_t secret[32] = {0}, c[1][32];
    struct gv_share shares[GV_SHAMIR_MAX];

    (void)state;
    for (unsigned a = 0; a < 256; a += 32) {
        for (unsigned i = 0; i < 32; i++)
            c[0][i] = (uint8_t)(a + i);
        gv_shamir_split(secret, c, 2, GV_SHAMIR_MAX, shares);
        for (unsigned x = 0; x < GV_SHAMIR_MAX; x++)
            for (unsigned i = 0; i < 32; i++)
                assert_int_equal(shares[x].y[i],
                                 times(c[0][i], (uint8_t)(x + 1)));
    }
}

/* Interpolation divides by every number: 1 = 2 of 2 at any two x. */
static void
quotients_are_those_of_the_field(void **state)
{
    struct gv_share s[2];
    uint8_t out[32];

    (void)state;
    for (unsigned x = 1; x < 256; x++) {
        for (unsigned z = 1; z < 256; z++) {
            if (x == z)
                continue;
            s[0].x = (uint8_t)x;
            s[1].x = (uint8_t)z;
            for (unsigned i = 0; i < 32; i++) {
                s[0].y[i] = (uint8_t)(7 * i ^ times(1 + i, (uint8_t)x));
                s[1].y[i] = (uint8_t)(7 * i ^ times(1 + i, (uint8_t)z));
            }
            assert_int_equal(gv_shamir_combine(s, 2, out), GV_OK);
            for (unsigned i = 0; i < 32; i++)
                assert_int_equal(out[i], (uint8_t)(7 * i));
        }
    }
}

static void
split(struct support_rng *rng, unsigned t, unsigned n, uint8_t secret[32],
      struct gv_share *shares)
{
    uint8_t c[GV_SHAMIR_MAX][32];

    support_rng_bytes(rng, secret, 32);
    support_rng_bytes(rng, c, sizeof(c));
    gv_shamir_split(secret, t == 1 ? NULL : (const uint8_t(*)[32])c, t, n,
                    shares);
}

/* Of the n shares, those whose bit is set. */
static unsigned
choose(const struct gv_share *shares, unsigned n, unsigned bits,
       struct gv_share *out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        if (bits >> i & 1)
            out[count++] = shares[i];
    return count;
}

static void
all_subsets_of_t_shares_give_the_secret(void **state)
{
    struct support_rng rng = support_rng_new();
    struct gv_share shares[GV_SHAMIR_MAX], some[GV_SHAMIR_MAX];
    uint8_t secret[32], out[32];
    unsigned tried = 0;

    (void)state;
    for (unsigned n = 1; n <= 7; n++) {
        for (unsigned t = 1; t <= n; t++) {
            split(&rng, t, n, secret, shares);
            for (unsigned bits = 1; bits < 1u << n; bits++) {
                unsigned count = choose(shares, n, bits, some);

                assert_int_equal(gv_shamir_combine(some, count, out), GV_OK);
                /* Fewer interpolate another polynomial. */
                assert_int_equal(memcmp(out, secret, 32) == 0, count >= t);
                tried++;
            }
        }
    }
    assert_true(tried > 1000);
}

static void
the_most_shares_there_can_be(void **state)
{
    struct support_rng rng = support_rng_new();
    struct gv_share shares[GV_SHAMIR_MAX];
    uint8_t secret[32], out[32];

    (void)state;
    split(&rng, GV_SHAMIR_MAX, GV_SHAMIR_MAX, secret, shares);
    assert_int_equal(gv_shamir_combine(shares, GV_SHAMIR_MAX, out), GV_OK);
    assert_memory_equal(out, secret, 32);
    assert_int_equal(gv_shamir_combine(shares + 1, GV_SHAMIR_MAX - 1, out),
                     GV_OK);
    assert_memory_not_equal(out, secret, 32);
}

/* t - 1 shares fit every secret: for each there is a polynomial. */
static void
fewer_shares_say_nothing(void **state)
{
    struct support_rng rng = support_rng_new();
    struct gv_share shares[3], forged[3];
    uint8_t secret[32], out[32];

    (void)state;
    split(&rng, 3, 3, secret, shares);
    for (unsigned v = 0; v < 256; v++) {
        /* Keep two, and take for the third what a secret of v needs: the
         * secret is linear in it. */
        memcpy(forged, shares, sizeof(forged));
        for (unsigned i = 0; i < 32; i++)
            forged[2].y[i] = 0;
        assert_int_equal(gv_shamir_combine(forged, 3, out), GV_OK);
        /* weight of x = 3 among {1, 2, 3}: 1 * 2 / ((1^3) (2^3)) = 1 */
        for (unsigned i = 0; i < 32; i++)
            forged[2].y[i] = (uint8_t)(out[i] ^ v);
        assert_int_equal(gv_shamir_combine(forged, 3, out), GV_OK);
        for (unsigned i = 0; i < 32; i++)
            assert_int_equal(out[i], v);
    }
}

static void
zero_and_repeated_places_are_refused(void **state)
{
    struct support_rng rng = support_rng_new();
    struct gv_share shares[GV_SHAMIR_MAX + 1] = {{0}};
    uint8_t secret[32], out[32];

    (void)state;
    split(&rng, 3, 5, secret, shares);
    assert_int_equal(gv_shamir_combine(shares, 0, out), GV_REJECT);
    assert_int_equal(gv_shamir_combine(shares, GV_SHAMIR_MAX + 1, out),
                     GV_REJECT);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t x = shares[i].x;

        shares[i].x = 0;
        assert_int_equal(gv_shamir_combine(shares, 3, out), GV_REJECT);
        shares[i].x = shares[(i + 1) % 3].x;
        assert_int_equal(gv_shamir_combine(shares, 3, out), GV_REJECT);
        shares[i].x = x;
    }
    assert_int_equal(gv_shamir_combine(shares, 3, out), GV_OK);
    assert_memory_equal(out, secret, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_the_field),
        cmocka_unit_test(quotients_are_those_of_the_field),
        cmocka_unit_test(all_subsets_of_t_shares_give_the_secret),
        cmocka_unit_test(the_most_shares_there_can_be),
        cmocka_unit_test(fewer_shares_say_nothing),
        cmocka_unit_test(zero_and_repeated_places_are_refused),
    };

    return cmocka_run_group_tests_name("shamir", tests, make_tables, NULL);
}
