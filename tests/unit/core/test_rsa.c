/* test_rsa.c - RSA-3072 public keys against OpenSSL's private ones. */
#include "gavel/rsa.h"
#include "src/ttp/blindsign.h"
#include "tests/support/rsakey.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

struct fixture {
    EVP_PKEY *key;
    struct gv_rsa_pub *pub;
    struct gv_rsa_work *work;
    uint8_t n[GV_RSA_SIZE];
};

static int
setup(void **state)
{
    static struct fixture f;

    f.key = support_rsa_key(0);
    f.pub = support_rsa_pub(0, f.n);
    f.work = gv_rsa_work_new();
    *state = &f;
    return f.work == NULL;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    gv_rsa_work_free(f->work);
    gv_rsa_pub_free(f->pub);
    EVP_PKEY_free(f->key);
    return 0;
}

static void
a_modulus_has_its_top_bit_and_is_odd(void **state)
{
    struct fixture *f = *state;
    uint8_t n[GV_RSA_SIZE];

    assert_true(gv_rsa_modulus_ok(f->n));
    assert_int_equal(gv_rsa_pub_size(f->pub), GV_RSA_SIZE);
    memcpy(n, f->n, sizeof(n));
    n[0] &= 0x7f;
    assert_false(gv_rsa_modulus_ok(n));
    assert_null(gv_rsa_pub_new(n));
    memcpy(n, f->n, sizeof(n));
    n[GV_RSA_SIZE - 1] &= 0xfe;
    assert_false(gv_rsa_modulus_ok(n));
    assert_null(gv_rsa_pub_new(n));
}

static void
freeing_nothing_is_legal(void **state)
{
    (void)state;
    gv_rsa_pub_free(NULL);
    gv_rsa_work_free(NULL);
}

static void
oaep_is_read_by_the_private_key(void **state)
{
    struct fixture *f = *state;
    struct support_rng rng = support_rng_new();
    uint8_t msg[GV_RSA_OAEP_MAX], seed[32], sealed[GV_RSA_SIZE],
        out[GV_RSA_SIZE];
    static const size_t lens[] = {0, 1, 97, GV_RSA_OAEP_MAX};

    support_rng_bytes(&rng, msg, sizeof(msg));
    for (size_t i = 0; i < 4; i++) {
        size_t len = sizeof(out);

        support_rng_bytes(&rng, seed, sizeof(seed));
        assert_int_equal(gv_rsa_oaep(f->pub, f->work,
                                     gv_bytes(lens[i] ? msg : NULL, lens[i]),
                                     seed, sealed),
                         GV_OK);
        assert_int_equal(gv_oaep_open(f->key, sealed, out, &len), GV_OK);
        assert_int_equal(len, lens[i]);
        assert_memory_equal(out, msg, len);
        sealed[200] ^= 1;
        len = sizeof(out);
        assert_int_equal(gv_oaep_open(f->key, sealed, out, &len), GV_REJECT);
    }
}

static void
oaep_refuses_what_does_not_fit(void **state)
{
    struct fixture *f = *state;
    uint8_t msg[GV_RSA_OAEP_MAX + 1] = {0}, seed[32] = {0}, out[GV_RSA_SIZE];

    assert_int_equal(
        gv_rsa_oaep(f->pub, f->work, gv_bytes(msg, sizeof(msg)), seed, out),
        GV_REJECT);
}

static void
oaep_depends_on_nothing_but_its_arguments(void **state)
{
    struct fixture *f = *state;
    uint8_t msg[97] = {1}, seed[32] = {2}, a[GV_RSA_SIZE], b[GV_RSA_SIZE];

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(
            gv_rsa_oaep(f->pub, f->work, gv_bytes(msg, 97), seed, i ? b : a),
            GV_OK);
        if (i > 0)
            assert_memory_equal(a, b, sizeof(a));
    }
    seed[0] ^= 1;
    assert_int_equal(gv_rsa_oaep(f->pub, f->work, gv_bytes(msg, 97), seed, b),
                     GV_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

/* Every byte of the signature and of the message counts. */
static void
pkcs1_is_what_the_challenge_key_signs(void **state)
{
    struct fixture *f = *state;
    uint8_t msg[32] = "thirty-two bytes of the message", sig[GV_RSA_SIZE];
    struct gv_bytes m = gv_bytes(msg, 32), s = gv_bytes(sig, sizeof(sig));

    assert_int_equal(gv_challenge_sign(f->key, msg, sig), GV_OK);
    assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, s), GV_OK);
    assert_int_equal(gv_rsa_verify_pss(f->pub, m, s), GV_REJECT);
    for (size_t i = 0; i < sizeof(sig); i += 7) {
        sig[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, s), GV_REJECT);
        sig[i] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t i = 0; i < 32; i++) {
        msg[i] ^= 1;
        assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, s), GV_REJECT);
        msg[i] ^= 1;
    }
    assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, s), GV_OK);
    assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, gv_bytes(sig, 383)),
                     GV_REJECT);
    assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, gv_bytes(NULL, 0)),
                     GV_REJECT);
}

/* The one signature there is: the challenge cannot be chosen by signing
 * again. */
static void
pkcs1_signatures_are_unique(void **state)
{
    struct fixture *f = *state;
    uint8_t msg[32] = {3}, a[GV_RSA_SIZE], b[GV_RSA_SIZE];

    assert_int_equal(gv_challenge_sign(f->key, msg, a), GV_OK);
    assert_int_equal(gv_challenge_sign(f->key, msg, b), GV_OK);
    assert_memory_equal(a, b, sizeof(a));
}

/* s + n, where it fits into 384 bytes, is the same number mod n and must not
 * pass: there would be two challenges, and two tokens. */
static void
a_signature_is_below_the_modulus(void **state)
{
    struct fixture *f = *state;
    uint8_t msg[32] = {0}, sig[GV_RSA_SIZE];
    struct gv_bytes m = gv_bytes(msg, 32), s = gv_bytes(sig, sizeof(sig));
    unsigned carry, tried = 0;

    for (unsigned i = 0; i < 40 && tried < 3; i++) {
        msg[0] = (uint8_t)i;
        assert_int_equal(gv_challenge_sign(f->key, msg, sig), GV_OK);
        carry = 0;
        for (size_t k = GV_RSA_SIZE; k-- > 0;) {
            carry += sig[k] + (unsigned)f->n[k];
            sig[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0)
            continue;
        tried++;
        assert_int_equal(gv_rsa_verify_pkcs1(f->pub, m, s), GV_REJECT);
    }
    assert_true(tried > 0);
}

static void
sign_pss(EVP_PKEY *key, int salt, const uint8_t msg32[32], uint8_t *sig)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    size_t len = GV_RSA_SIZE;

    assert_true(EVP_DigestSignInit(ctx, &pctx, EVP_sha384(), NULL, key) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) ==
                    1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1 &&
                EVP_DigestSign(ctx, sig, &len, msg32, 32) == 1);
    EVP_MD_CTX_free(ctx);
}

static void
pss_has_a_salt_of_exactly_48_bytes(void **state)
{
    struct fixture *f = *state;
    uint8_t msg[32] = {9}, sig[GV_RSA_SIZE];
    struct gv_bytes m = gv_bytes(msg, 32), s = gv_bytes(sig, sizeof(sig));
    static const int others[] = {0, 32, 47, 49, 64};

    sign_pss(f->key, 48, msg, sig);
    assert_int_equal(gv_rsa_verify_pss(f->pub, m, s), GV_OK);
    for (size_t i = 0; i < sizeof(sig); i += 5) {
        sig[i] ^= 4;
        assert_int_equal(gv_rsa_verify_pss(f->pub, m, s), GV_REJECT);
        sig[i] ^= 4;
    }
    for (size_t i = 0; i < 5; i++) {
        sign_pss(f->key, others[i], msg, sig);
        assert_int_equal(gv_rsa_verify_pss(f->pub, m, s), GV_REJECT);
    }
}

static void
keys_are_made_with_3072_bits(void **state)
{
    EVP_PKEY *key = gv_rsakey_new(NULL), *other;
    struct fixture *f = *state;
    uint8_t n[GV_RSA_SIZE];

    assert_non_null(key);
    assert_int_equal(gv_rsakey_modulus(key, n), GV_OK);
    assert_true(gv_rsa_modulus_ok(n));
    assert_memory_not_equal(n, f->n, sizeof(n));
    EVP_PKEY_free(key);
    other = EVP_RSA_gen(2048);
    assert_int_equal(gv_rsakey_modulus(other, n), GV_REJECT);
    EVP_PKEY_free(other);
    other = EVP_EC_gen("P-256");
    assert_int_equal(gv_rsakey_modulus(other, n), GV_REJECT);
    EVP_PKEY_free(other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_modulus_has_its_top_bit_and_is_odd),
        cmocka_unit_test(freeing_nothing_is_legal),
        cmocka_unit_test(oaep_is_read_by_the_private_key),
        cmocka_unit_test(oaep_refuses_what_does_not_fit),
        cmocka_unit_test(oaep_depends_on_nothing_but_its_arguments),
        cmocka_unit_test(pkcs1_is_what_the_challenge_key_signs),
        cmocka_unit_test(pkcs1_signatures_are_unique),
        cmocka_unit_test(a_signature_is_below_the_modulus),
        cmocka_unit_test(pss_has_a_salt_of_exactly_48_bytes),
        cmocka_unit_test(keys_are_made_with_3072_bits),
    };

    return cmocka_run_group_tests_name("rsa", tests, setup, teardown);
}
