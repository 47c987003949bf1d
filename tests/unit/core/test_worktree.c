/* test_worktree.c - the work tree of rule R9: building, checking, and what
 * a miner who wants two blocks of one chain under one root may try. */
#include "gavel/hash.h"
#include "gavel/worktree.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

/* A leaf whose chain id begins with these bytes, zeros after them. */
static struct gv_work_leaf
leaf(const char *id_hex, uint8_t block)
{
    struct gv_work_leaf l = {{{0}}, {{0}}};

    support_unhex(id_hex, l.chain.b, strlen(id_hex) / 2);
    l.block.b[0] = block;
    return l;
}

/* SHA256(prefix | a | b), as the rule writes it. */
static void
join(uint8_t prefix, const uint8_t a32[32], const uint8_t b32[32],
     uint8_t out32[32])
{
    uint8_t in[65];

    in[0] = prefix;
    memcpy(in + 1, a32, 32);
    memcpy(in + 33, b32, 32);
    gv_sha256_of(in, sizeof(in), out32);
}

static void
leaf_hash(const struct gv_work_leaf *l, uint8_t out32[32])
{
    join(0, l->chain.b, l->block.b, out32);
}

static void
one_chain_needs_no_branch(void **state)
{
    struct gv_work_leaf l = leaf("c0", 1);
    struct gv_branch b;
    uint8_t root[32], want[32];

    (void)state;
    assert_int_equal(gv_work_build(&l, 1, &b, root), GV_OK);
    assert_int_equal(b.depth, 0);
    leaf_hash(&l, want);
    assert_memory_equal(root, want, 32);
    assert_true(gv_work_verify(&l, &b, root));
    l.block.b[31] ^= 1;
    assert_false(gv_work_verify(&l, &b, root));
}

/* 00.. and 80.. part at the root; 40.. shares one bit with 00.., and 80..
 * with c0..; bits are counted from the root, the most significant first. */
static void
four_chains_by_hand(void **state)
{
    struct gv_work_leaf l[4] = {leaf("c0", 4), leaf("40", 2), leaf("80", 3),
                                leaf("00", 1)};
    uint8_t h[4][32], left[32], right[32], want[32], root[32];
    struct gv_branch b[4];

    (void)state;
    assert_int_equal(gv_work_build(l, 4, b, root), GV_OK);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(l[i].block.b[0], i + 1);
        leaf_hash(&l[i], h[i]);
        assert_int_equal(b[i].depth, 2);
        assert_true(gv_work_verify(&l[i], &b[i], root));
    }
    join(1, h[0], h[1], left);
    join(1, h[2], h[3], right);
    join(1, left, right, want);
    assert_memory_equal(root, want, 32);
    assert_memory_equal(b[0].hash[0], right, 32);
    assert_memory_equal(b[0].hash[1], h[1], 32);
    assert_memory_equal(b[3].hash[0], left, 32);
    assert_memory_equal(b[3].hash[1], h[2], 32);
}

/* 00.. and 20.. share two bits: two only children, siblings EMPTY. */
static void
only_children_have_the_sibling_empty(void **state)
{
    static const uint8_t empty[32];
    struct gv_work_leaf l[2] = {leaf("00", 1), leaf("20", 2)};
    uint8_t h[2][32], node[32], root[32];
    struct gv_branch b[2];

    (void)state;
    assert_int_equal(gv_work_build(l, 2, b, root), GV_OK);
    leaf_hash(&l[0], h[0]);
    leaf_hash(&l[1], h[1]);
    join(1, h[0], h[1], node);
    join(1, node, empty, node);
    join(1, node, empty, node);
    assert_memory_equal(root, node, 32);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(b[i].depth, 3);
        assert_memory_equal(b[i].hash[0], empty, 32);
        assert_memory_equal(b[i].hash[1], empty, 32);
        assert_memory_equal(b[i].hash[2], h[1 - i], 32);
        assert_true(gv_work_verify(&l[i], &b[i], root));
    }
}

/* The empty levels left out: shorter, but a second place for one key. */
static void
skipped_levels_are_refused(void **state)
{
    struct gv_work_leaf l[2] = {leaf("00", 1), leaf("20", 2)};
    struct gv_branch b[2], cut;
    uint8_t root[32];

    (void)state;
    assert_int_equal(gv_work_build(l, 2, b, root), GV_OK);
    for (unsigned skipped = 0; skipped < 3; skipped++) {
        cut = b[0];
        memmove(cut.hash[skipped], cut.hash[skipped + 1],
                (GV_BRANCH_MAX - 1 - skipped) * 32);
        cut.depth--;
        assert_false(gv_work_verify(&l[0], &cut, root));
    }
    cut = b[0];
    memmove(cut.hash[1], cut.hash[0], (GV_BRANCH_MAX - 1) * 32);
    memset(cut.hash[0], 0, 32);
    cut.depth++;
    assert_false(gv_work_verify(&l[0], &cut, root));
}

/* A tree that counts the bits from the leaf, or the least significant first,
 * would put one chain in two places: its roots must not verify. */
static void
reversed_bits_are_refused(void **state)
{
    /* 0x80 and 0x40: bits 10 and 01. Both at depth 2, read backwards they
     * would change places. */
    struct gv_work_leaf a = leaf("80", 1);
    struct gv_branch b = {.depth = 2};
    uint8_t h[32], reversed[32], right[32];

    (void)state;
    memset(b.hash, 0x5a, sizeof(b.hash));
    leaf_hash(&a, h);
    join(1, b.hash[1], h, reversed); /* bit 0 used next to the leaf */
    join(1, reversed, b.hash[0], reversed);
    assert_false(gv_work_verify(&a, &b, reversed));
    join(1, h, b.hash[1], right);
    join(1, b.hash[0], right, right);
    assert_true(gv_work_verify(&a, &b, right));

    a = leaf("01", 1); /* least significant first, this would go right */
    b.depth = 1;
    leaf_hash(&a, h);
    join(1, b.hash[0], h, reversed);
    assert_false(gv_work_verify(&a, &b, reversed));
    join(1, h, b.hash[0], right);
    assert_true(gv_work_verify(&a, &b, right));
}

static void
forged_branches_are_refused(void **state)
{
    struct gv_work_leaf l[3] = {leaf("10", 1), leaf("50", 2), leaf("90", 3)};
    struct gv_branch b[3], forged;
    struct gv_work_leaf other;
    uint8_t root[32];

    (void)state;
    assert_int_equal(gv_work_build(l, 3, b, root), GV_OK);
    /* another block or another chain in a place that exists */
    other = l[0];
    other.block.b[0] = 9;
    assert_false(gv_work_verify(&other, &b[0], root));
    other = l[0];
    other.chain.b[31] ^= 1;
    assert_false(gv_work_verify(&other, &b[0], root));
    /* another leaf's branch */
    assert_false(gv_work_verify(&l[0], &b[1], root));
    assert_false(gv_work_verify(&l[0], &b[2], root));
    /* a flipped bit in each sibling, a wrong depth */
    for (unsigned i = 0; i < b[0].depth; i++) {
        forged = b[0];
        forged.hash[i][7] ^= 0x10;
        assert_false(gv_work_verify(&l[0], &forged, root));
    }
    for (unsigned depth = 0; depth < 256; depth++) {
        forged = b[0];
        memset(forged.hash[forged.depth], 0,
               (GV_BRANCH_MAX - (size_t)forged.depth) * 32);
        forged.depth = (uint8_t)depth;
        assert_int_equal(gv_work_verify(&l[0], &forged, root),
                         depth == b[0].depth);
    }
}

/* A root that a branch one level too long would lead to. */
static void
a_branch_of_65_is_refused(void **state)
{
    struct {
        struct gv_branch branch;
        uint8_t beyond[32];
    } b = {.branch = {.depth = 64}};
    struct gv_work_leaf l = leaf("00", 1);
    uint8_t h[32];
    static const uint8_t empty[32];

    (void)state;
    leaf_hash(&l, h);
    for (unsigned i = 0; i < 64; i++)
        join(1, h, empty, h);
    assert_true(gv_work_verify(&l, &b.branch, h));
    join(1, h, empty, h);
    b.branch.depth = 65;
    assert_false(gv_work_verify(&l, &b.branch, h));
}

static void
twins_and_64_equal_bits_are_refused(void **state)
{
    struct gv_work_leaf twin[3] = {leaf("aa", 1), leaf("55", 2), leaf("aa", 3)};
    struct gv_work_leaf near[2] = {leaf("0123456789abcdef00", 1),
                                   leaf("0123456789abcdef80", 2)};
    struct gv_work_leaf far[2] = {leaf("0123456789abcdee", 1),
                                  leaf("0123456789abcdef", 2)};
    struct gv_branch b[3];
    uint8_t root[32];

    (void)state;
    assert_int_equal(gv_work_build(twin, 3, b, root), GV_REJECT);
    assert_int_equal(gv_work_build(near, 2, b, root), GV_REJECT);
    assert_int_equal(gv_work_build(far, 2, b, root), GV_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(b[i].depth, 64);
        assert_true(gv_work_verify(&far[i], &b[i], root));
    }
    assert_int_equal(gv_work_build(twin, 0, b, root), GV_REJECT);
}

/* Every branch of a tree of n random chains verifies, whatever the order of
 * the input was, and one for another root does not. */
static void
many_chains(size_t n)
{
    struct support_rng rng = support_rng_new();
    struct gv_work_leaf *l = malloc(n * sizeof(*l));
    struct gv_branch *b = malloc(n * sizeof(*b));
    uint8_t root[32], again[32];

    assert_non_null(l);
    assert_non_null(b);
    support_rng_bytes(&rng, l, n * sizeof(*l));
    assert_int_equal(gv_work_build(l, n, b, root), GV_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(gv_work_verify(&l[i], &b[i], root));
        if (i > 0)
            assert_true(GV_ID_CMP(&l[i - 1].chain, &l[i].chain) < 0);
    }
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = support_rng_below(&rng, i + 1);
        struct gv_work_leaf t = l[i];

        l[i] = l[j];
        l[j] = t;
    }
    assert_int_equal(gv_work_build(l, n, b, again), GV_OK);
    assert_memory_equal(root, again, 32);
    l[n / 2].block.b[5] ^= 1;
    assert_int_equal(gv_work_build(l, n, b, again), GV_OK);
    assert_memory_not_equal(root, again, 32);
    assert_false(gv_work_verify(&l[0], &b[0], root));
    free(l);
    free(b);
}

static void
a_thousand_chains(void **state)
{
    (void)state;
    many_chains(1000);
}

static void
ten_thousand_chains(void **state)
{
    (void)state;
    many_chains(10000);
}

/* Our own vector, for other implementations: chain i has the id
 * SHA256("chain i") and the block SHA256("block i"). */
static void
published_vector(void **state)
{
    static const struct {
        size_t n;
        const char *root;
    } vectors[] = {
        {1, "dead747ffd67f4f3d98535a272edb0c9fe64a11f68baf237e4abd43d9d7978d0"},
        {2, "85f815be674eb208b6ece853f490cf15d79704b91a14de9e65361ad14a374f6e"},
        {3, "ee3442367583bb76e3942b3b50354c043902869f014898f957448750dae2ea55"},
        {10,
         "884a89d3de8b90d1f073912854fd35d28892bfc4b0f194dc9b484bb93a4da71c"},
        {100,
         "1be4758acf84a47bf872a26d4f1ee1080fa761154edbf1beb2d79fb8e8c05e79"},
    };
    struct gv_work_leaf l[100];
    struct gv_branch b[100];
    uint8_t root[32];
    char text[32];

    (void)state;
    for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
        for (size_t i = 0; i < vectors[v].n; i++) {
            snprintf(text, sizeof(text), "chain %zu", i);
            gv_sha256_of(text, strlen(text), l[i].chain.b);
            snprintf(text, sizeof(text), "block %zu", i);
            gv_sha256_of(text, strlen(text), l[i].block.b);
        }
        assert_int_equal(gv_work_build(l, vectors[v].n, b, root), GV_OK);
        assert_true(support_hex_is(root, 32, vectors[v].root));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_chain_needs_no_branch),
        cmocka_unit_test(four_chains_by_hand),
        cmocka_unit_test(only_children_have_the_sibling_empty),
        cmocka_unit_test(skipped_levels_are_refused),
        cmocka_unit_test(reversed_bits_are_refused),
        cmocka_unit_test(forged_branches_are_refused),
        cmocka_unit_test(a_branch_of_65_is_refused),
        cmocka_unit_test(twins_and_64_equal_bits_are_refused),
        cmocka_unit_test(a_thousand_chains),
        cmocka_unit_test(ten_thousand_chains),
        cmocka_unit_test(published_vector),
    };

    return cmocka_run_group_tests_name("worktree", tests, NULL, NULL);
}
