/* test_memo.c - memos in bids, and the keys they hang on. */
#include "wallet/memo.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static const uint8_t secret[32] = {1, 2, 3};
static const struct gv_chain_id auction = {{9}};
static const struct gv_pubkey bidder = {{8}};

static void
a_memo_opens_to_what_was_sealed(void **state)
{
    struct gv_memo memo = {.amount = UINT64_MAX,
                           .placed_ms = 1234567890123,
                           .seq = 7,
                           .identity = 3,
                           .attempt = 0xfedcba98};
    uint8_t a[GV_MEMO_SIZE], b[GV_MEMO_SIZE];
    struct gv_memo out;

    (void)state;
    assert_int_equal(gv_memo_seal(secret, &auction, &bidder, &memo, a), GV_OK);
    assert_int_equal(gv_memo_open(secret, &auction, &bidder, a, &out), GV_OK);
    assert_true(out.amount == memo.amount && out.placed_ms == memo.placed_ms);
    assert_int_equal(out.seq, 7);
    assert_int_equal(out.identity, 3);
    assert_true(out.attempt == memo.attempt);

    /* Fresh salt: equal notes have nothing in common. */
    assert_int_equal(gv_memo_seal(secret, &auction, &bidder, &memo, b), GV_OK);
    for (size_t i = 0; i < GV_MEMO_SIZE; i += 8)
        assert_memory_not_equal(a + i, b + i, 8);
}

static void
a_memo_opens_only_in_its_place(void **state)
{
    const struct gv_chain_id other_auction = {{10}};
    const struct gv_pubkey other_bidder = {{11}};
    const uint8_t other_secret[32] = {0};
    struct gv_memo memo = {.amount = 5}, out;
    uint8_t sealed[GV_MEMO_SIZE];

    (void)state;
    assert_int_equal(gv_memo_seal(secret, &auction, &bidder, &memo, sealed),
                     GV_OK);
    assert_int_equal(
        gv_memo_open(other_secret, &auction, &bidder, sealed, &out), GV_REJECT);
    assert_int_equal(
        gv_memo_open(secret, &other_auction, &bidder, sealed, &out), GV_REJECT);
    assert_int_equal(
        gv_memo_open(secret, &auction, &other_bidder, sealed, &out), GV_REJECT);
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 0x40;
        assert_int_equal(gv_memo_open(secret, &auction, &bidder, sealed, &out),
                         GV_REJECT);
        sealed[i] ^= 0x40;
    }
    assert_int_equal(gv_memo_open(secret, &auction, &bidder, sealed, &out),
                     GV_OK);
}

static void
keys_differ_by_network_branch_and_index(void **state)
{
    const struct gv_params *main_net = gv_params_find("main");
    const struct gv_params *regtest = gv_params_find("regtest");
    const uint8_t entropy[32] = {0x42};
    struct gv_derive a, b, again;
    struct gv_seckey k0, k1, other;

    (void)state;
    assert_int_equal(gv_derive_init(gv_bytes(entropy, 32), main_net, &a),
                     GV_OK);
    assert_int_equal(gv_derive_init(gv_bytes(entropy, 32), main_net, &again),
                     GV_OK);
    assert_int_equal(gv_derive_init(gv_bytes(entropy, 32), regtest, &b), GV_OK);
    assert_memory_equal(&a, &again, sizeof(a));
    assert_int_equal(gv_derive_ledger(&a, 0, &k0), GV_OK);
    assert_int_equal(gv_derive_ledger(&a, 1, &k1), GV_OK);
    assert_int_equal(gv_derive_ledger(&b, 0, &other), GV_OK);
    assert_memory_not_equal(k0.b, k1.b, 32);
    assert_memory_not_equal(k0.b, other.b, 32);
    assert_memory_not_equal(a.secret, a.ledger, 32);
    assert_memory_not_equal(a.edge, a.ledger, 32);
}

static void
the_edge_key_is_always_the_same_p256_key(void **state)
{
    const uint8_t entropy[32] = {0x42};
    struct gv_derive d;
    EVP_PKEY *one, *two, *next;
    char group[32];

    (void)state;
    assert_int_equal(
        gv_derive_init(gv_bytes(entropy, 32), gv_params_find("regtest"), &d),
        GV_OK);
    one = gv_derive_edge(&d, 0);
    two = gv_derive_edge(&d, 0);
    next = gv_derive_edge(&d, 1);
    assert_non_null(one);
    assert_non_null(two);
    assert_non_null(next);
    assert_int_equal(EVP_PKEY_eq(one, two), 1);
    assert_int_not_equal(EVP_PKEY_eq(one, next), 1);
    assert_int_equal(EVP_PKEY_get_group_name(one, group, sizeof(group), NULL),
                     1);
    assert_string_equal(group, "prime256v1");
    EVP_PKEY_free(one);
    EVP_PKEY_free(two);
    EVP_PKEY_free(next);
}

/* W31: it follows from words and memo, and from nothing less. */
static void
a_memo_gives_the_secret_of_a_sealed_bid(void **state)
{
    const struct gv_chain_id other_auction = {{10}};
    const struct gv_pubkey other_bidder = {{11}};
    const uint8_t other_secret[32] = {0};
    struct gv_memo memo = {.amount = 5};
    uint8_t a[GV_MEMO_SIZE], b[GV_MEMO_SIZE], es[32], again[32];

    (void)state;
    assert_int_equal(gv_memo_seal(secret, &auction, &bidder, &memo, a), GV_OK);
    assert_int_equal(gv_memo_seal(secret, &auction, &bidder, &memo, b), GV_OK);
    gv_memo_seal_secret(secret, &auction, &bidder, a, es);
    gv_memo_seal_secret(secret, &auction, &bidder, a, again);
    assert_memory_equal(es, again, 32);
    gv_memo_seal_secret(secret, &auction, &bidder, b, again);
    assert_memory_not_equal(es, again, 32);
    gv_memo_seal_secret(other_secret, &auction, &bidder, a, again);
    assert_memory_not_equal(es, again, 32);
    gv_memo_seal_secret(secret, &other_auction, &bidder, a, again);
    assert_memory_not_equal(es, again, 32);
    gv_memo_seal_secret(secret, &auction, &other_bidder, a, again);
    assert_memory_not_equal(es, again, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memo_opens_to_what_was_sealed),
        cmocka_unit_test(a_memo_opens_only_in_its_place),
        cmocka_unit_test(a_memo_gives_the_secret_of_a_sealed_bid),
        cmocka_unit_test(keys_differ_by_network_branch_and_index),
        cmocka_unit_test(the_edge_key_is_always_the_same_p256_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
