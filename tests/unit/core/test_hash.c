/* test_hash.c - SHA-256 against FIPS 180-4, and the tags. */
#include "gavel/hash.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <stdlib.h>

/* SHA-256 by OpenSSL's high-level interface. */
static void
reference(const void *p, size_t len, uint8_t out32[32])
{
    assert_int_equal(EVP_Digest(p, len, out32, NULL, EVP_sha256(), NULL), 1);
}

static void
sha256_of_the_fips_examples(void **state)
{
    static const char long56[] =
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t out[32];

    (void)state;
    gv_sha256_of("abc", 3, out);
    assert_true(support_hex_is(
        out, 32,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    gv_sha256_of(long56, 56, out);
    assert_true(support_hex_is(
        out, 32,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    gv_sha256_of(NULL, 0, out);
    assert_true(support_hex_is(
        out, 32,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

static void
pieces_hash_like_the_whole(void **state)
{
    struct support_rng rng = support_rng_new();
    uint8_t data[1000], want[32], got[32];

    (void)state;
    support_rng_bytes(&rng, data, sizeof(data));
    for (unsigned round = 0; round < 300; round++) {
        size_t len = support_rng_below(&rng, sizeof(data) + 1), at = 0;
        struct gv_sha256 c;

        reference(data, len, want);
        gv_sha256_init(&c);
        while (at < len) {
            size_t n = 1 + support_rng_below(&rng, len - at);

            gv_sha256_add(&c, data + at, n);
            at += n;
        }
        gv_sha256_end(&c, got);
        assert_memory_equal(got, want, 32);
    }
}

static void
sha256d_hashes_twice(void **state)
{
    uint8_t once[32], twice[32], got[32];

    (void)state;
    reference("gavel", 5, once);
    reference(once, 32, twice);
    gv_sha256d_of("gavel", 5, got);
    assert_memory_equal(got, twice, 32);
}

/* The table of midstates, against the definition of BIP340. */
static void
every_tag_hashes_as_bip340_defines(void **state)
{
    uint8_t block[64 + 200], want[32], got[32];

    (void)state;
    for (unsigned i = 0; i < 200; i++)
        block[64 + i] = (uint8_t)(7 * i);
    for (int t = 0; t < GV_TAG_COUNT; t++) {
        const char *text = gv_tag_text((enum gv_tag)t);

        assert_memory_equal(text, "gavel/", 6);
        reference(text, strlen(text), block);
        memcpy(block + 32, block, 32);
        for (size_t len = 0; len <= 200; len++) {
            reference(block, 64 + len, want);
            gv_tagged((enum gv_tag)t, block + 64, len, got);
            assert_memory_equal(got, want, 32);
        }
    }
}

static void
no_two_tags_are_alike(void **state)
{
    static const struct {
        enum gv_tag tag;
        const char *text;
    } some[] = {
        {GV_TAG_BLOCK, "gavel/block"}, {GV_TAG_SEALED, "gavel/sealed"},
        {GV_TAG_CERT, "gavel/cert"},   {GV_TAG_BID, "gavel/bid"},
        {GV_TAG_TIE, "gavel/tie"},     {GV_TAG_CUTOFF, "gavel/cutoff"},
        {GV_TAG_PRF, "gavel/prf"},     {GV_TAG_PEER, "gavel/peer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        assert_string_equal(gv_tag_text(some[i].tag), some[i].text);
    for (int a = 0; a < GV_TAG_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(gv_tag_text((enum gv_tag)a),
                                    gv_tag_text((enum gv_tag)b));
}

static void
many_tagged_hashes_equal_single_ones(void **state)
{
    enum { N = 75 };
    static uint8_t data[N][600];
    const uint8_t *msgs[N];
    size_t lens[N];
    uint8_t many[N][32], one[32];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        memset(data[i], (int)i, sizeof(data[i]));
        msgs[i] = data[i];
        lens[i] = i * 7 % sizeof(data[i]);
    }
    for (int tag = 0; tag < GV_TAG_COUNT; tag++) {
        gv_tagged_many((enum gv_tag)tag, msgs, lens, N, many);
        for (size_t i = 0; i < N; i++) {
            gv_tagged((enum gv_tag)tag, msgs[i], lens[i], one);
            assert_memory_equal(one, many[i], 32);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_the_fips_examples),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(sha256d_hashes_twice),
        cmocka_unit_test(every_tag_hashes_as_bip340_defines),
        cmocka_unit_test(no_two_tags_are_alike),
        cmocka_unit_test(many_tagged_hashes_equal_single_ones),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
