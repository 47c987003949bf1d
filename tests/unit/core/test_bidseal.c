/* test_bidseal.c - sealed bids: what opens them, and what cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "gavel/bidseal.h"
#include "gavel/hash.h"
#include "gavel/prf.h"
#include "gavel/wire.h"
#include "tests/support/support.h"

struct keyring {
    struct gv_bidseal_pins pins;
    struct gv_bidseal_key key[GV_BIDSEAL_MAX];
    struct gv_pubkey bidder;
    uint8_t es[32];
};

static struct keyring
make(unsigned t, unsigned n, uint64_t seed)
{
    struct support_rng rng = support_rng_new();
    struct keyring k;

    memset(&k, 0, sizeof(k));
    support_rng_bytes(&rng, k.pins.auction.b, 32);
    support_rng_bytes(&rng, k.bidder.b, 32);
    support_rng_bytes(&rng, k.es, 32);
    k.es[0] ^= (uint8_t)seed;
    k.pins.t = (uint8_t)t;
    k.pins.n = (uint8_t)n;
    for (unsigned i = 0; i < n; i++) {
        k.key[i].notary = (uint8_t)i;
        support_rng_bytes(&rng, k.key[i].secret, 32);
        gv_bidseal_clamp(k.key[i].secret);
        assert_int_equal(gv_x25519_public(k.key[i].secret, k.pins.key[i]),
                         GV_OK);
    }
    return k;
}

static uint8_t *
seal(const struct keyring *k, uint64_t amount)
{
    uint8_t *out = malloc(gv_bidseal_size(k->pins.n));

    assert_non_null(out);
    assert_int_equal(gv_bidseal_make(&k->pins, &k->bidder, k->es, amount, out),
                     GV_OK);
    return out;
}

static struct gv_bytes
part(const struct keyring *k, const uint8_t *sealed)
{
    return gv_bytes(sealed, gv_bidseal_size(k->pins.n));
}

/* The verdict of the t keys from `first` on, cyclically. */
static enum gv_rc
recover(const struct keyring *k, struct gv_bytes sealed, unsigned first,
        uint64_t *amount)
{
    struct gv_bidseal_key some[GV_BIDSEAL_MAX];
    uint8_t es[32];

    for (unsigned i = 0; i < k->pins.t; i++)
        some[i] = k->key[(first + i) % k->pins.n];
    return gv_bidseal_recover(&k->pins, &k->bidder, sealed, some, es, amount);
}

static void
any_t_keys_open_what_was_sealed(void **state)
{
    static const unsigned sizes[][2] = {{1, 1},  {1, 3}, {2, 3},  {3, 3},
                                        {9, 16}, {3, 5}, {16, 16}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct keyring k = make(sizes[i][0], sizes[i][1], i);
        uint64_t want = UINT64_MAX - i, amount;
        uint8_t *sealed = seal(&k, want);

        assert_int_equal(sealed[0], k.pins.n);
        for (unsigned first = 0; first < k.pins.n; first++) {
            assert_int_equal(recover(&k, part(&k, sealed), first, &amount),
                             GV_OK);
            assert_true(amount == want);
        }
        assert_int_equal(gv_bidseal_open(&k.pins, &k.bidder, part(&k, sealed),
                                         k.es, &amount),
                         GV_OK);
        assert_true(amount == want);
        free(sealed);
    }
}

/* Whichever byte is changed: nothing opens it, and every choice of keys, and
 * the bidder's own secret, say so alike. */
static void
a_changed_byte_never_opens(void **state)
{
    struct keyring k = make(2, 3, 0);
    uint8_t *sealed = seal(&k, 12345);
    uint64_t amount = 7;

    (void)state;
    for (size_t at = 0; at < gv_bidseal_size(3); at++) {
        sealed[at] ^= 0x10;
        for (unsigned first = 0; first < 3; first++) {
            assert_int_equal(recover(&k, part(&k, sealed), first, &amount),
                             GV_REJECT);
            assert_true(amount == 0);
        }
        assert_int_equal(gv_bidseal_open(&k.pins, &k.bidder, part(&k, sealed),
                                         k.es, &amount),
                         GV_REJECT);
        sealed[at] ^= 0x10;
    }
    assert_int_equal(recover(&k, part(&k, sealed), 0, &amount), GV_OK);
    free(sealed);
}

/* One share of another secret: keys that do not need it see it all the same. */
static void
a_share_of_another_secret_spoils_it_for_all(void **state)
{
    struct keyring k = make(2, 3, 0), other = k;
    uint8_t *sealed, *foreign;
    uint64_t amount;

    (void)state;
    other.es[5] ^= 1;
    foreign = seal(&other, 12345);
    for (unsigned m = 0; m < 3; m++) {
        size_t at = 1 + 32 + m * GV_BIDSEAL_SHARE;

        sealed = seal(&k, 12345);
        memcpy(sealed + at, foreign + at, GV_BIDSEAL_SHARE);
        for (unsigned first = 0; first < 3; first++)
            assert_int_equal(recover(&k, part(&k, sealed), first, &amount),
                             GV_REJECT);
        assert_int_equal(gv_bidseal_open(&k.pins, &k.bidder, part(&k, sealed),
                                         k.es, &amount),
                         GV_REJECT);
        free(sealed);
    }
    free(foreign);
}

static void
a_copy_in_another_name_never_opens(void **state)
{
    struct keyring k = make(2, 3, 0), thief = k, elsewhere = k;
    uint8_t *sealed = seal(&k, 500);
    uint64_t amount;

    (void)state;
    thief.bidder.b[31] ^= 1;
    elsewhere.pins.auction.b[0] ^= 1;
    for (unsigned first = 0; first < 3; first++) {
        assert_int_equal(recover(&thief, part(&k, sealed), first, &amount),
                         GV_REJECT);
        assert_int_equal(recover(&elsewhere, part(&k, sealed), first, &amount),
                         GV_REJECT);
    }
    /* Not even with the secret, once it is known. */
    assert_int_equal(gv_bidseal_open(&thief.pins, &thief.bidder,
                                     part(&k, sealed), k.es, &amount),
                     GV_REJECT);
    assert_int_equal(gv_bidseal_open(&elsewhere.pins, &k.bidder,
                                     part(&k, sealed), k.es, &amount),
                     GV_REJECT);
    free(sealed);
}

static void
wrong_keys_and_too_few_do_not_open(void **state)
{
    struct keyring k = make(2, 3, 0), foreign = make(2, 3, 0);
    struct gv_bidseal_key twice[2];
    uint8_t *sealed = seal(&k, 500), es[32], zero[32] = {0};
    uint64_t amount;

    (void)state;
    foreign.key[0].secret[5] ^= 1;
    assert_int_equal(recover(&foreign, part(&k, sealed), 0, &amount),
                     GV_REJECT);
    twice[0] = twice[1] = k.key[0];
    assert_int_equal(gv_bidseal_recover(&k.pins, &k.bidder, part(&k, sealed),
                                        twice, es, &amount),
                     GV_REJECT);
    assert_memory_equal(es, zero, 32);
    twice[1].notary = 3;
    assert_int_equal(gv_bidseal_recover(&k.pins, &k.bidder, part(&k, sealed),
                                        twice, es, &amount),
                     GV_REJECT);
    assert_int_equal(gv_bidseal_open(&k.pins, &k.bidder,
                                     gv_bytes(sealed, gv_bidseal_size(3) - 1),
                                     k.es, &amount),
                     GV_REJECT);
    free(sealed);
}

static void
zero_and_small_order_are_refused(void **state)
{
    struct keyring k = make(2, 3, 0);
    uint8_t out[GV_BIDSEAL_SIZE_MAX];

    (void)state;
    assert_int_equal(gv_bidseal_make(&k.pins, &k.bidder, k.es, 0, out),
                     GV_REJECT);
    memset(k.pins.key[1], 0, 32);
    assert_int_equal(gv_bidseal_make(&k.pins, &k.bidder, k.es, 1, out),
                     GV_REJECT);
}

/* Q2 to Q4, each part made again from its text. */
static void
the_parts_are_those_of_the_spec(void **state)
{
    struct keyring k = make(1, 1, 0);
    uint8_t *sealed = seal(&k, 0x0102), msg[104], digest[32], seed[32],
            names[65], enc[32];
    struct gv_hpke h;
    uint8_t ct[48];

    (void)state;
    memcpy(msg, k.pins.auction.b, 32);
    memcpy(msg + 32, k.bidder.b, 32);
    memset(msg + 64, 0, 8);
    msg[64] = 2;
    msg[65] = 1;
    gv_prf(k.es, gv_bytes("salt", 4), msg + 72);
    gv_tagged(GV_TAG_SEAL, msg, sizeof(msg), digest);
    assert_memory_equal(sealed + 1, digest, 32);
    memcpy(names, msg, 64);
    names[64] = 1;
    gv_prf(k.es, gv_bytes("hpke\x01", 5), seed);
    assert_int_equal(gv_hpke_send(k.pins.key[0], gv_bytes(seed, 32),
                                  gv_bytes(names, 65), enc, &h),
                     GV_OK);
    /* t = 1: the share is es itself. */
    assert_int_equal(
        gv_hpke_seal(&h, gv_bytes(names, 64), gv_bytes(k.es, 32), ct), GV_OK);
    assert_memory_equal(sealed + 33, enc, 32);
    assert_memory_equal(sealed + 65, ct, 48);
    free(sealed);
}

static void
a_secret_has_one_spelling(void **state)
{
    uint8_t a[32], b[32], pub[32], other[32];

    (void)state;
    memset(a, 0xff, 32);
    assert_false(gv_bidseal_clamped(a));
    memcpy(b, a, 32);
    gv_bidseal_clamp(b);
    assert_true(gv_bidseal_clamped(b));
    assert_int_equal(gv_x25519_public(a, pub), GV_OK);
    assert_int_equal(gv_x25519_public(b, other), GV_OK);
    assert_memory_equal(pub, other, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_t_keys_open_what_was_sealed),
        cmocka_unit_test(a_changed_byte_never_opens),
        cmocka_unit_test(a_share_of_another_secret_spoils_it_for_all),
        cmocka_unit_test(a_copy_in_another_name_never_opens),
        cmocka_unit_test(wrong_keys_and_too_few_do_not_open),
        cmocka_unit_test(zero_and_small_order_are_refused),
        cmocka_unit_test(the_parts_are_those_of_the_spec),
        cmocka_unit_test(a_secret_has_one_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
