/* What tokens are made over: leaves, roots, cutoff imprints and ties, each
 * computed again from its definition (docs/spec/format.md, "Time"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain/core/text.h"
#include "gavel/merkle.h"
#include "gavel/tx.h"

static void
test_leaf_F7(void **state)
{
    uint8_t msg[108], id[32], want[32], got[32];
    struct gv_sig sig;

    (void)state;
    memset(id, 0xaa, 32);
    memset(sig.b, 0xbb, 64);
    memcpy(msg, "gavel/tst/1", 11);
    msg[11] = 18;
    memcpy(msg + 12, id, 32);
    memcpy(msg + 44, sig.b, 64);
    gv_sha256_of(msg, sizeof(msg), want);
    gv_stamp_leaf(GV_TX_BID, id, &sig, got);
    assert_memory_equal(got, want, 32);

    msg[11] = 20;
    gv_sha256_of(msg, sizeof(msg), want);
    gv_stamp_leaf(GV_TX_CLOSE, id, &sig, got);
    assert_memory_equal(got, want, 32);
}

static void
test_root_F7(void **state)
{
    static uint8_t leaves[GV_STAMP_LEAVES_MAX * 32];
    static uint8_t hashes[GV_STAMP_LEAVES_MAX][32];
    static const size_t sizes[] = {1, 2, 3, 7, 8, GV_STAMP_LEAVES_MAX};
    uint8_t want[32], got[32];

    (void)state;
    for (size_t i = 0; i < sizeof(leaves); i++)
        leaves[i] = (uint8_t)(i * 7 + i / 32);
    gv_merkle_leaf(leaves, 32, want);
    gv_stamp_root(leaves, 1, got);
    assert_memory_equal(got, want, 32);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        for (size_t i = 0; i < sizes[k]; i++)
            gv_merkle_leaf(leaves + 32 * i, 32, hashes[i]);
        gv_merkle_root(hashes, sizes[k], want);
        gv_stamp_root(leaves, sizes[k], got);
        assert_memory_equal(got, want, 32);
    }
}

static void
test_cutoff_and_tie_F8(void **state)
{
    struct gv_chain_id auction;
    struct gv_sealed_id parent;
    uint8_t msg[64], want[32], got[32];

    (void)state;
    memset(auction.b, 1, 32);
    memset(parent.b, 2, 32);
    memset(msg, 1, 32);
    memset(msg + 32, 2, 32);
    gv_tagged(GV_TAG_CUTOFF, msg, 64, want);
    gv_cutoff_imprint(&auction, &parent, got);
    assert_memory_equal(got, want, 32);
    gv_tagged(GV_TAG_TIE, msg, 64, want);
    gv_tie(auction.b, parent.b, got);
    assert_memory_equal(got, want, 32);
}

static bool
line(const char *text)
{
    return text_is_line(gv_bytes(text, strlen(text)));
}

static void
test_text_F1(void **state)
{
    (void)state;
    assert_true(line(""));
    assert_true(line("A chair, 19th century"));
    assert_true(line("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\xaa\x91"));
    assert_true(line("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"));
    assert_false(line("\xc3"));             /* cut short */
    assert_false(line("\xe2\x82"));         /* cut short */
    assert_false(line("\x80"));             /* no head */
    assert_false(line("\xc3\x28"));         /* no continuation */
    assert_false(line("\xc0\x80"));         /* overlong */
    assert_false(line("\xe0\x80\x80"));     /* overlong */
    assert_false(line("\xf0\x80\x80\x80")); /* overlong */
    assert_false(line("\xed\xa0\x80"));     /* surrogate */
    assert_false(line("\xf4\x90\x80\x80")); /* above U+10FFFF */
    assert_false(line("\xff"));
    assert_false(line("a\nb"));
    assert_false(line("a\x7f"));
    assert_false(line("\xc2\x85")); /* U+0085 */
    assert_false(text_is_line(gv_bytes("a\0b", 3)));
    assert_true(text_is_page(gv_bytes("a\n\tb", 4)));
    assert_false(text_is_page(gv_bytes("a\rb", 3)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_F7),
        cmocka_unit_test(test_root_F7),
        cmocka_unit_test(test_cutoff_and_tie_F8),
        cmocka_unit_test(test_text_F1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
