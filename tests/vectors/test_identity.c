/*
 * test_identity.c - leaves and tokens against tests/vectors/identity.json,
 * which tests/oracle/identity.py made from docs/spec/identity.md alone.
 */
#include "gavel/escrow.h"
#include "src/ttp/blindsign.h"
#include "tests/support/rsakey.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/evp.h>

#define VECTORS "tests/vectors/identity.json"

struct vector {
    const json_t *json;
    struct gv_keys *keys;
    struct gv_escrow_pins pins;
    struct gv_rsa_pub *own[1 + GV_ESCROW_MAX];
    struct gv_escrow_who who;
    struct gv_ggm tree;
    uint32_t j;
};

static void
bytes(const json_t *json, const char *key, void *out, size_t len)
{
    support_unhex(support_json_text(json, key), out, len);
}

static void
is(const struct vector *v, const char *key, const void *p, size_t len)
{
    assert_true(support_hex_is(p, len, support_json_text(v->json, key)));
}

static void
load(const json_t *json, struct vector *v)
{
    uint8_t modulus[GV_RSA_SIZE], seed[32] = {1}, branch[32], master[32];
    struct gv_hash subject;

    memset(v, 0, sizeof(*v));
    v->json = json;
    v->keys = gv_keys_new(seed);
    v->j = (uint32_t)support_json_u64(json, "j");
    v->pins.depth = (uint8_t)support_json_u64(json, "depth");
    v->pins.t = (uint8_t)support_json_u64(json, "t");
    v->pins.n = (uint8_t)support_json_u64(json, "n");
    bytes(json, "auction", v->pins.auction.b, 32);
    v->pins.token = v->own[0] = support_rsa_pub(0, modulus);
    for (unsigned m = 0; m < v->pins.n; m++)
        v->pins.notary[m] = v->own[1 + m] = support_rsa_pub(2 + m % 4, modulus);
    bytes(json, "cert", v->who.cert.b, 32);
    bytes(json, "session", v->who.session.b, 32);
    bytes(json, "branch", branch, 32);
    bytes(json, "subject", subject.b, 32);
    gv_escrow_master(branch, &v->pins.auction, &subject,
                     (uint32_t)support_json_u64(json, "attempt"), master);
    is(v, "master", master, 32);
    gv_ggm_whole(master, v->pins.depth, &v->tree);
}

static void
unload(struct vector *v)
{
    for (unsigned i = 0; i <= v->pins.n; i++)
        gv_rsa_pub_free(v->own[i]);
    gv_keys_free(v->keys);
}

static void
check_commitment(const struct vector *v, struct gv_escrow *worker)
{
    uint8_t leaves[8][32], root[32], copath[GV_CUT_MAX][32];

    assert_in_range(v->pins.depth, 0, 3);
    assert_int_equal(gv_escrow_leaves(worker, &v->tree, &v->who, 0,
                                      1u << v->pins.depth, leaves),
                     GV_OK);
    gv_escrow_root(leaves, v->pins.depth, root);
    is(v, "root", root, 32);
    gv_ggm_copath(&v->tree, v->j, copath);
    is(v, "copath", copath, (size_t)v->pins.depth * 32);
}

static void
check_leaf(const struct vector *v, struct gv_escrow *worker,
           struct gv_escrow_leaf *leaf)
{
    assert_int_equal(gv_escrow_leaf(worker, &v->tree, &v->who, v->j, leaf),
                     GV_OK);
    is(v, "es", leaf->es, 32);
    is(v, "key", leaf->key.b, 32);
    is(v, "ek", leaf->ek, 32);
    is(v, "blob", leaf->blob, leaf->blob_len);
    is(v, "blinded", leaf->blinded, GV_RSA_SIZE);
}

static void
check_token(const struct vector *v, struct gv_escrow *worker,
            const struct gv_escrow_leaf *leaf)
{
    uint8_t signature[GV_RSA_SIZE], mask[32] = {2}, message[32];
    EVP_PKEY *key = support_rsa_key(0);
    struct gv_token token;
    struct gv_escrow_opened opened;

    assert_int_equal(gv_blindsign(key, leaf->blinded, signature), GV_OK);
    is(v, "blind_sig", signature, GV_RSA_SIZE);
    assert_int_equal(gv_escrow_finish(worker, leaf, signature, mask, &token),
                     GV_OK);
    gv_token_message(&v->pins.auction, &token, message);
    is(v, "message", message, 32);
    is(v, "prefix", token.prefix, 32);
    is(v, "token", token.sig, GV_RSA_SIZE);
    assert_int_equal(gv_token_verify(v->pins.token, &v->pins.auction, &token),
                     GV_OK);
    assert_int_equal(
        gv_escrow_identify(worker, leaf->es, &token, &opened, NULL), GV_OK);
    is(v, "cert", opened.who.cert.b, 32);
    assert_int_equal(opened.index, v->j);
    EVP_PKEY_free(key);
}

static void
test_S0_10_leaves_are_those_of_the_page(void **state)
{
    static struct gv_escrow_leaf leaf;
    size_t len, i;
    char *text = (char *)support_file(VECTORS, &len);
    json_t *file = json_loads(text, 0, NULL);
    const json_t *one;

    (void)state;
    assert_int_equal(json_array_size(file), 3);
    json_array_foreach(file, i, one)
    {
        struct vector v;
        struct gv_escrow *worker;

        load(one, &v);
        worker = gv_escrow_new(&v.pins, v.keys);
        assert_non_null(worker);
        check_commitment(&v, worker);
        check_leaf(&v, worker, &leaf);
        check_token(&v, worker, &leaf);
        gv_escrow_free(worker);
        unload(&v);
    }
    json_decref(file);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_S0_10_leaves_are_those_of_the_page),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
