/*
 * test_wycheproof_rsa.c - the Wycheproof vectors of RSA: OAEP with SHA-256,
 * PSS with SHA-384 and a salt of 48 bytes, and that no other PSS passes.
 *
 * OAEP vectors are about decryption. Encryption is tested by taking the seed
 * out of every good ciphertext and making the ciphertext again.
 */
#include "chain/core/rsa_impl.h"
#include "src/ttp/blindsign.h"
#include "tests/vectors/wycheproof.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

/* --- OAEP --- */

static BIGNUM *
number(const json_t *object, const char *key)
{
    BIGNUM *out = NULL;

    assert_true(BN_hex2bn(&out, support_json_text(object, key)) > 0);
    return out;
}

/* The modulus without the zero byte that marks it as positive. */
static struct gv_rsa_pub *
public_key(const json_t *key)
{
    struct buffer n = unhex_member(key, "modulus");
    struct buffer e = unhex_member(key, "publicExponent");
    struct gv_rsa_pub *pub;

    assert_true(n.len > 1 && n.p[0] == 0 && e.len == 3);
    assert_memory_equal(e.p, "\x01\x00\x01", 3);
    pub = rsa_pub_make(gv_bytes(n.p + 1, n.len - 1));
    assert_non_null(pub);
    free(e.p);
    free(n.p);
    return pub;
}

static EVP_PKEY *
private_key(const json_t *key)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = number(key, "modulus"), *e = number(key, "publicExponent");
    BIGNUM *d = number(key, "privateExponent");
    OSSL_PARAM *params;
    EVP_PKEY *out = NULL;

    assert_true(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d));
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    return out;
}

/* EM of a ciphertext, by the textbook operation. */
static void
raw_decrypt(const json_t *key, struct gv_bytes ct, uint8_t *em)
{
    BIGNUM *n = number(key, "modulus"), *d = number(key, "privateExponent");
    BIGNUM *c = BN_bin2bn(ct.p, (int)ct.len, NULL);
    BN_CTX *ctx = BN_CTX_new();

    assert_int_equal(BN_mod_exp(c, c, d, n, ctx), 1);
    assert_int_equal(BN_bn2binpad(c, em, (int)ct.len), ct.len);
    BN_CTX_free(ctx);
    BN_free(c);
    BN_free(d);
    BN_free(n);
}

/* The seed: its mask is MGF1 of the masked rest. */
static void
seed_of(const uint8_t *em, size_t size, uint8_t seed[32])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    static const uint8_t zero[4];

    assert_true(EVP_DigestInit_ex(md, EVP_sha256(), NULL) &&
                EVP_DigestUpdate(md, em + 33, size - 33) &&
                EVP_DigestUpdate(md, zero, 4) &&
                EVP_DigestFinal_ex(md, seed, NULL));
    EVP_MD_CTX_free(md);
    for (size_t i = 0; i < 32; i++)
        seed[i] ^= em[1 + i];
}

/* Does encryption with the vector's seed give the vector's ciphertext? */
static bool
encrypts_to(const json_t *key, struct gv_bytes msg, struct gv_bytes ct)
{
    struct gv_rsa_pub *pub = public_key(key);
    struct gv_rsa_work *work = gv_rsa_work_new();
    uint8_t em[GV_RSA_SIZE_MAX], seed[32], out[GV_RSA_SIZE_MAX];
    bool same = false;

    assert_non_null(work);
    if (ct.len == gv_rsa_pub_size(pub)) {
        raw_decrypt(key, ct, em);
        seed_of(em, ct.len, seed);
        assert_int_equal(gv_rsa_oaep(pub, work, msg, seed, out), GV_OK);
        same = memcmp(out, ct.p, ct.len) == 0;
    }
    gv_rsa_work_free(work);
    gv_rsa_pub_free(pub);
    return same;
}

static enum outcome
one_encryption(struct vector v)
{
    const json_t *key = json_object_get(v.group, "privateKey");
    struct buffer label = unhex_member(v.test, "label");
    struct buffer msg = unhex_member(v.test, "msg");
    struct buffer ct = unhex_member(v.test, "ct");
    enum outcome got = UNFIT;

    if (label.len == 0)
        got = encrypts_to(key, view(&msg), view(&ct)) ? PASSED : REFUSED;
    free(ct.p);
    free(msg.p);
    free(label.p);
    return got;
}

static void
oaep_encryption_makes_every_ciphertext_again(void **state)
{
    (void)state;
    run_file("wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json",
             one_encryption);
    run_file("wycheproof/rsa_oaep_3072_sha256_mgf1sha256_test.json",
             one_encryption);
    run_file("wycheproof/rsa_oaep_4096_sha256_mgf1sha256_test.json",
             one_encryption);
}

static enum outcome
one_decryption(struct vector v)
{
    struct buffer label = unhex_member(v.test, "label");
    struct buffer msg = unhex_member(v.test, "msg");
    struct buffer ct = unhex_member(v.test, "ct");
    enum outcome got = UNFIT;

    if (label.len == 0 && ct.len == GV_RSA_SIZE) {
        EVP_PKEY *key = private_key(json_object_get(v.group, "privateKey"));
        uint8_t out[GV_RSA_SIZE];
        size_t len = sizeof(out);
        enum gv_rc rc = gv_oaep_open(key, ct.p, out, &len);

        got = rc == GV_OK ? PASSED : REFUSED;
        if (rc == GV_OK)
            assert_true(gv_bytes_eq(gv_bytes(out, len), view(&msg)));
        else
            assert_int_equal(rc, GV_REJECT);
        EVP_PKEY_free(key);
    }
    free(ct.p);
    free(msg.p);
    free(label.p);
    return got;
}

static void
oaep_decryption_of_a_notary(void **state)
{
    (void)state;
    run_file("wycheproof/rsa_oaep_3072_sha256_mgf1sha256_test.json",
             one_decryption);
}

/* --- PSS --- */

static enum outcome
one_pss(struct vector v)
{
    struct gv_rsa_pub *pub = public_key(json_object_get(v.group, "publicKey"));
    struct buffer msg = unhex_member(v.test, "msg");
    struct buffer sig = unhex_member(v.test, "sig");
    enum gv_rc rc = gv_rsa_verify_pss(pub, view(&msg), view(&sig));

    assert_true(rc == GV_OK || rc == GV_REJECT);
    gv_rsa_pub_free(pub);
    free(sig.p);
    free(msg.p);
    return rc == GV_OK ? PASSED : REFUSED;
}

static void
pss_sha384_with_a_salt_of_48_bytes(void **state)
{
    (void)state;
    run_file("wycheproof/rsa_pss_2048_sha384_mgf1_48_test.json", one_pss);
    run_file("wycheproof/rsa_pss_4096_sha384_mgf1_48_test.json", one_pss);
}

/* Good signatures of another hash and salt are refused one and all. */
static void
no_other_pss(void **state)
{
    json_t *file =
        support_vector_json("wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json");
    struct vector v;
    size_t i, j, n = 0;

    (void)state;
    if (file == NULL)
        skip();
    json_array_foreach(json_object_get(file, "testGroups"), i, v.group)
    {
        json_array_foreach(json_object_get(v.group, "tests"), j, v.test)
        {
            assert_int_equal(one_pss(v), REFUSED);
            n++;
        }
    }
    assert_int_equal(n, support_json_u64(file, "numberOfTests"));
    json_decref(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oaep_encryption_makes_every_ciphertext_again),
        cmocka_unit_test(oaep_decryption_of_a_notary),
        cmocka_unit_test(pss_sha384_with_a_salt_of_48_bytes),
        cmocka_unit_test(no_other_pss),
    };

    return cmocka_run_group_tests_name("wycheproof_rsa", tests, NULL, NULL);
}
