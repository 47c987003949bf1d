/*
 * test_rfc9474.c - the vectors of RFC 9474, appendix A: every step of
 * RSABSSA, byte for byte. Gavel uses the first variant (Randomized, salt of
 * 48 bytes); the others have the same steps with another salt or no prefix.
 * The keys have 4096 bits, Gavel's 3072: the inside works for both.
 */
#include "chain/core/rsa_impl.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIZE 512

struct vector {
    const char *name;
    struct gv_rsa_pub *pub;
    struct gv_rsa_work *work;
    BIGNUM *n, *d;
    uint8_t *input, *salt; /* prefix | message */
    size_t input_len, salt_len;
    uint8_t r[SIZE], blinded[SIZE], blind_sig[SIZE], sig[SIZE];
};

/* "0x..." */
static BIGNUM *
number(const json_t *object, const char *key)
{
    const char *text = support_json_text(object, key);
    BIGNUM *out = NULL;

    assert_memory_equal(text, "0x", 2);
    assert_true(BN_hex2bn(&out, text + 2) > 0);
    return out;
}

static void
bytes(const json_t *object, const char *key, uint8_t out[SIZE])
{
    support_unhex(support_json_text(object, key), out, SIZE);
}

static void
load(const json_t *json, struct vector *v)
{
    BIGNUM *inv = number(json, "inv"), *e = number(json, "e");
    BN_CTX *ctx = BN_CTX_new();
    uint8_t modulus[SIZE];

    v->name = support_json_text(json, "name");
    v->n = number(json, "n");
    v->d = number(json, "d");
    assert_true(BN_is_word(e, 65537));
    assert_int_equal(BN_bn2binpad(v->n, modulus, SIZE), SIZE);
    v->pub = rsa_pub_make(gv_bytes(modulus, SIZE));
    v->work = gv_rsa_work_new();
    assert_true(v->pub != NULL && v->work != NULL);
    v->input =
        support_unhex_new(support_json_text(json, "input_msg"), &v->input_len);
    v->salt = support_unhex_new(support_json_text(json, "salt"), &v->salt_len);
    assert_non_null(BN_mod_inverse(inv, inv, v->n, ctx));
    assert_int_equal(BN_bn2binpad(inv, v->r, SIZE), SIZE);
    bytes(json, "blinded_msg", v->blinded);
    bytes(json, "blind_sig", v->blind_sig);
    bytes(json, "sig", v->sig);
    BN_CTX_free(ctx);
    BN_free(e);
    BN_free(inv);
}

static void
unload(struct vector *v)
{
    free(v->salt);
    free(v->input);
    gv_rsa_work_free(v->work);
    gv_rsa_pub_free(v->pub);
    BN_free(v->d);
    BN_free(v->n);
}

static void
check_encoding(const json_t *json, const struct vector *v, uint8_t em[SIZE])
{
    const json_t *want = json_object_get(json, "encoded_msg");

    pss_encode(SIZE, gv_bytes(v->input, v->input_len),
               gv_bytes(v->salt, v->salt_len), em);
    if (want != NULL)
        assert_true(support_hex_is(em, SIZE, json_string_value(want)));
}

/* The signer, by the definition. */
static void
check_signer(const struct vector *v)
{
    BIGNUM *z = BN_bin2bn(v->blinded, SIZE, NULL);
    BN_CTX *ctx = BN_CTX_new();
    uint8_t out[SIZE];

    assert_int_equal(BN_mod_exp(z, z, v->d, v->n, ctx), 1);
    assert_int_equal(BN_bn2binpad(z, out, SIZE), SIZE);
    assert_memory_equal(out, v->blind_sig, SIZE);
    BN_CTX_free(ctx);
    BN_free(z);
}

static void
check_vector(const json_t *json)
{
    struct gv_blind_answer answer = {.mask = {7}};
    struct vector v;
    uint8_t em[SIZE], out[SIZE];
    struct gv_bytes input;
    enum gv_rc rc;

    load(json, &v);
    print_message("%s\n", v.name);
    check_encoding(json, &v, em);
    assert_true(rsa_coprime(v.pub, v.work, em));
    assert_int_equal(blind_apply(v.pub, v.work, em, v.r, out), GV_OK);
    assert_memory_equal(out, v.blinded, SIZE);
    check_signer(&v);
    answer.signature = v.blind_sig;
    for (unsigned i = 0; i < 3; i++) { /* whatever the mask */
        answer.mask[1] = (uint8_t)i;
        memset(out, 0, sizeof(out));
        assert_int_equal(blind_remove(v.pub, v.work, v.r, &answer, out), GV_OK);
        assert_memory_equal(out, v.sig, SIZE);
    }
    input = gv_bytes(v.input, v.input_len);
    rc = gv_rsa_verify_pss(v.pub, input, gv_bytes(v.sig, SIZE));
    /* The salt has 48 bytes or the signature is none. */
    assert_int_equal(rc, v.salt_len == 48 ? GV_OK : GV_REJECT);
    assert_int_equal(rsa_public(v.pub, v.work, v.sig, out), GV_OK);
    assert_memory_equal(out, em, SIZE);
    unload(&v);
}

static void
test_S0_04_rfc_9474_vectors(void **state)
{
    json_t *file = support_vector_json("rfc9474/test_vectors_rfc9474.json");
    const json_t *one;
    size_t i;

    (void)state;
    if (file == NULL)
        skip();
    assert_int_equal(json_array_size(file), 4);
    json_array_foreach(file, i, one) check_vector(one);
    json_decref(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_S0_04_rfc_9474_vectors),
    };

    return cmocka_run_group_tests_name("rfc9474", tests, NULL, NULL);
}
