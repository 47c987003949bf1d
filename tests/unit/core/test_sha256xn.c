/* test_sha256xn.c - many messages at once against OpenSSL, at every width. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <string.h>

#include "gavel/sha256xn.h"
#include "tests/support/support.h"

#define MANY 300
#define LONGEST 700

struct batch {
    uint8_t data[MANY][LONGEST];
    const uint8_t *msgs[MANY];
    size_t lens[MANY];
    uint8_t out[MANY][32];
};

static void
openssl_hash(int prefix, const uint8_t *msg, size_t len, uint8_t out32[32])
{
    uint8_t *all = malloc(len + 1);
    const size_t shift = prefix >= 0;

    assert_non_null(all);
    all[0] = (uint8_t)prefix;
    if (len > 0)
        memcpy(all + shift, msg, len);
    assert_int_equal(
        EVP_Digest(all, len + shift, out32, NULL, EVP_sha256(), NULL), 1);
    free(all);
}

static void
check_batch(struct batch *b, size_t n, int prefix)
{
    uint8_t want[32];

    for (unsigned lanes = 1; lanes <= gv_sha256_lanes();
         lanes = lanes == 1 ? 8 : lanes * 2) {
        memset(b->out, 0xaa, sizeof(b->out));
        gv_sha256_many_at(lanes, b->msgs, b->lens, n, prefix, b->out);
        for (size_t i = 0; i < n; i++) {
            openssl_hash(prefix, b->msgs[i], b->lens[i], want);
            assert_memory_equal(b->out[i], want, 32);
        }
    }
}

static void
every_length(void **state)
{
    struct support_rng rng = support_rng_new();
    struct batch *b = calloc(1, sizeof(*b));

    (void)state;
    assert_non_null(b);
    support_rng_bytes(&rng, b->data, sizeof(b->data));
    for (int prefix = -1; prefix <= 1; prefix++) {
        for (size_t i = 0; i < MANY; i++) { /* mixed: 0, 1, 2 ... */
            b->msgs[i] = i == 0 ? NULL : b->data[i];
            b->lens[i] = i;
        }
        check_batch(b, MANY, prefix);
        for (size_t len = 0; len < 140; len++) { /* alike */
            for (size_t i = 0; i < 20; i++)
                b->lens[i] = len;
            b->msgs[0] = b->data[0];
            check_batch(b, 20, prefix);
        }
    }
    free(b);
}

static void
random_batches(void **state)
{
    struct support_rng rng = support_rng_new();
    struct batch *b = calloc(1, sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (int round = 0; round < 60; round++) {
        const size_t n = support_rng_below(&rng, MANY + 1);
        const int prefix = (int)support_rng_below(&rng, 257) - 1;

        support_rng_bytes(&rng, b->data, sizeof(b->data));
        for (size_t i = 0; i < n; i++) {
            b->msgs[i] = b->data[i];
            b->lens[i] = support_rng_below(&rng, LONGEST + 1);
        }
        check_batch(b, n, prefix);
    }
    free(b);
}

static void
long_among_short(void **state)
{
    const size_t len = 1 << 20;
    uint8_t *big = calloc(1, len), out[20][32], want[32];
    const uint8_t *msgs[20];
    size_t lens[20];

    (void)state;
    assert_non_null(big);
    for (size_t i = 0; i < 20; i++) {
        msgs[i] = big;
        lens[i] = i == 7 ? len : i;
    }
    gv_sha256_many(msgs, lens, 20, GV_SHA256_LEAF, out);
    for (size_t i = 0; i < 20; i++) {
        openssl_hash(GV_SHA256_LEAF, big, lens[i], want);
        assert_memory_equal(out[i], want, 32);
    }
    free(big);
}

static void
nodes_apart_and_in_place(void **state)
{
    struct support_rng rng = support_rng_new();
    uint8_t pairs[70][64], out[70][32], want[32];

    (void)state;
    for (size_t n = 0; n <= 70; n++) {
        for (unsigned lanes = 1; lanes <= gv_sha256_lanes();
             lanes = lanes == 1 ? 8 : lanes * 2) {
            support_rng_bytes(&rng, pairs, sizeof(pairs));
            gv_sha256_nodes_at(lanes, pairs[0], n, out);
            for (size_t i = 0; i < n; i++) {
                openssl_hash(GV_SHA256_NODE, pairs[i], 64, want);
                assert_memory_equal(out[i], want, 32);
            }
            gv_sha256_nodes_at(lanes, pairs[0], n, (uint8_t(*)[32])pairs[0]);
            assert_memory_equal(pairs, out, 32 * n);
        }
    }
    gv_sha256_nodes(pairs[0], 70, out);
    openssl_hash(GV_SHA256_NODE, pairs[69], 64, want);
    assert_memory_equal(out[69], want, 32);
}

static void
one_block(void **state)
{
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223"
                              "b00361a396177a9cb410ff61f20015ad";
    uint8_t block[64] = {'a', 'b', 'c', 0x80, [63] = 24}, out[32];
    uint32_t h[8] = GV_SHA256_IV;

    (void)state;
    gv_sha256_block(h, block);
    gv_sha256_store(h, out);
    assert_true(support_hex_is(out, 32, abc));
    printf("lanes: %u\n", gv_sha256_lanes());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block),
        cmocka_unit_test(every_length),
        cmocka_unit_test(random_batches),
        cmocka_unit_test(long_among_short),
        cmocka_unit_test(nodes_apart_and_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
