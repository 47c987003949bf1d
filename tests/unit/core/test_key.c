/* test_key.c - keys and signatures; the vectors are in test_bip340.c. */
#include "gavel/key.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The order of the group, big-endian. */
static const char order[] =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

static void
a_signature_verifies_and_only_as_made(void **state)
{
    struct support_rng rng = support_rng_new();
    struct gv_keys *signer, *verifier = gv_keys_new(NULL);
    struct gv_seckey secret;
    struct gv_pubkey pk;
    struct gv_sig sig, again;
    struct gv_signkey ready;
    uint8_t seed[32], msg[32], aux[32];

    (void)state;
    support_rng_bytes(&rng, seed, 32);
    support_rng_bytes(&rng, secret.b, 32);
    support_rng_bytes(&rng, msg, 32);
    support_rng_bytes(&rng, aux, 32);
    signer = gv_keys_new(seed);
    assert_non_null(signer);
    assert_non_null(verifier);
    assert_int_equal(gv_key_public(signer, &secret, &pk), GV_OK);
    assert_true(gv_key_valid(verifier, &pk));

    assert_int_equal(gv_key_sign(signer, &secret, msg, aux, &sig), GV_OK);
    assert_true(gv_key_verify(verifier, &pk, msg, &sig));
    assert_int_equal(gv_key_sign(signer, &secret, msg, NULL, &again), GV_OK);
    assert_true(gv_key_verify(verifier, &pk, msg, &again));
    assert_memory_not_equal(sig.b, again.b, 64);
    assert_int_equal(gv_key_sign(verifier, &secret, msg, aux, &again), GV_OK);
    assert_memory_equal(sig.b, again.b, 64);
    assert_int_equal(gv_signkey_make(signer, &secret, &ready), GV_OK);
    assert_int_equal(gv_signkey_sign(signer, &ready, msg, aux, &again), GV_OK);
    assert_memory_equal(sig.b, again.b, 64);
    gv_keys_free(signer);
    gv_keys_free(verifier);
}

static void
S0_07_every_flipped_bit_is_refused(void **state)
{
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_seckey secret = {{[31] = 7}};
    uint8_t msg[32] = "an amount and an auction's name";
    struct gv_pubkey pk;
    struct gv_sig sig;

    (void)state;
    assert_int_equal(gv_key_public(keys, &secret, &pk), GV_OK);
    assert_int_equal(gv_key_sign(keys, &secret, msg, NULL, &sig), GV_OK);
    for (unsigned i = 0; i < 256; i++) {
        msg[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(gv_key_verify(keys, &pk, msg, &sig));
        msg[i / 8] ^= (uint8_t)(1 << i % 8);
        pk.b[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(gv_key_verify(keys, &pk, msg, &sig));
        pk.b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (unsigned i = 0; i < 512; i++) {
        sig.b[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(gv_key_verify(keys, &pk, msg, &sig));
        sig.b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(gv_key_verify(keys, &pk, msg, &sig));
    gv_keys_free(keys);
}

static void
secrets_outside_the_group_are_refused(void **state)
{
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_seckey secret = {{0}};
    uint8_t msg[32] = {0};
    struct gv_pubkey pk;
    struct gv_sig sig;

    (void)state;
    assert_int_equal(gv_key_public(keys, &secret, &pk), GV_REJECT);
    assert_int_equal(gv_key_sign(keys, &secret, msg, NULL, &sig), GV_REJECT);
    support_unhex(order, secret.b, 32);
    assert_int_equal(gv_key_public(keys, &secret, &pk), GV_REJECT);
    assert_int_equal(gv_key_sign(keys, &secret, msg, NULL, &sig), GV_REJECT);
    secret.b[31]--;
    assert_int_equal(gv_key_public(keys, &secret, &pk), GV_OK);
    assert_int_equal(gv_key_sign(keys, &secret, msg, NULL, &sig), GV_OK);
    assert_true(gv_key_verify(keys, &pk, msg, &sig));
    gv_keys_free(keys);
}

static void
points_off_the_curve_are_no_keys(void **state)
{
    struct gv_keys *keys = gv_keys_new(NULL);
    struct gv_pubkey pk;

    (void)state;
    memset(pk.b, 0xff, sizeof(pk.b)); /* not below the field's prime */
    assert_false(gv_key_valid(keys, &pk));
    memset(pk.b, 0, sizeof(pk.b)); /* 0^3 + 7 is no square */
    assert_false(gv_key_valid(keys, &pk));
    pk.b[31] = 1; /* 1 + 7 is one */
    assert_true(gv_key_valid(keys, &pk));
    gv_keys_free(keys);
}

static void
free_of_nothing_is_legal(void **state)
{
    (void)state;
    gv_keys_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_verifies_and_only_as_made),
        cmocka_unit_test(S0_07_every_flipped_bit_is_refused),
        cmocka_unit_test(secrets_outside_the_group_are_refused),
        cmocka_unit_test(points_off_the_curve_are_no_keys),
        cmocka_unit_test(free_of_nothing_is_legal),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
