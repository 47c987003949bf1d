/* test_merkle.c - RFC 6962 trees against the recursive definition. */
#include "gavel/hash.h"
#include "gavel/merkle.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

/* The largest power of two below n, n >= 2. */
static size_t
split(size_t n)
{
    size_t k = 1;

    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH of RFC 6962 2.1, over leaf hashes. */
static void
mth(const uint8_t (*leaves)[32], size_t n, uint8_t out32[32])
{
    uint8_t in[65] = {1};

    if (n == 1) {
        memcpy(out32, leaves[0], 32);
        return;
    }
    mth(leaves, split(n), in + 1);
    mth(leaves + split(n), n - split(n), in + 33);
    gv_sha256_of(in, sizeof(in), out32);
}

/* PROOF(m, D[n]) and SUBPROOF of RFC 6962 2.1.2; returns its length. */
static size_t
subproof(size_t m, const uint8_t (*leaves)[32], size_t n, bool whole,
         uint8_t (*out)[32])
{
    size_t k, len;

    if (m == n) {
        if (!whole)
            mth(leaves, n, out[0]);
        return whole ? 0 : 1;
    }
    k = split(n);
    if (m <= k) {
        len = subproof(m, leaves, k, whole, out);
        mth(leaves + k, n - k, out[len]);
    } else {
        len = subproof(m - k, leaves + k, n - k, false, out);
        mth(leaves, k, out[len]);
    }
    return len + 1;
}

static uint8_t (*make_leaves(size_t n))[32]
{
    uint8_t(*leaves)[32] = malloc(n * 32);

    assert_non_null(leaves);
    for (size_t i = 0; i < n; i++)
        gv_merkle_leaf(&i, sizeof(i), leaves[i]);
    return leaves;
}

static void
root_of(const uint8_t (*leaves)[32], size_t n, uint8_t out32[32])
{
    uint8_t(*work)[32] = malloc(n * 32);

    assert_non_null(work);
    memcpy(work, leaves, n * 32);
    gv_merkle_root(work, n, out32);
    free(work);
}

static void
S4_87_small_trees_by_hand(void **state)
{
    uint8_t leaf[3][32], want[32], got[32], in[65] = {1};

    (void)state;
    gv_merkle_root(leaf, 0, got);
    gv_sha256_of("", 0, want);
    assert_memory_equal(got, want, 32);

    gv_sha256_of("\0"
                 "a",
                 2, want);
    gv_merkle_leaf("a", 1, leaf[0]);
    assert_memory_equal(leaf[0], want, 32);
    gv_sha256_of("\0", 1, want);
    gv_merkle_leaf(NULL, 0, leaf[1]);
    assert_memory_equal(leaf[1], want, 32);

    memcpy(in + 1, leaf, 64);
    gv_sha256_of(in, 65, want);
    gv_merkle_node(leaf[0], leaf[1], got);
    assert_memory_equal(got, want, 32);
    gv_merkle_leaf("c", 1, leaf[2]);
    memcpy(in + 1, want, 32);
    memcpy(in + 33, leaf[2], 32);
    gv_sha256_of(in, 65, want);
    gv_merkle_root(leaf, 3, got);
    assert_memory_equal(got, want, 32);
}

static void
roots_follow_the_recursive_definition(void **state)
{
    static const size_t big[] = {1023, 1024, 1025, 5000, 16383, 16384};
    uint8_t(*leaves)[32] = make_leaves(16384);
    uint8_t want[32], got[32];

    (void)state;
    for (size_t n = 1; n <= 300; n++) {
        mth((const uint8_t(*)[32])leaves, n, want);
        root_of((const uint8_t(*)[32])leaves, n, got);
        assert_memory_equal(got, want, 32);
    }
    for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++) {
        mth((const uint8_t(*)[32])leaves, big[i], want);
        root_of((const uint8_t(*)[32])leaves, big[i], got);
        assert_memory_equal(got, want, 32);
    }
    free(leaves);
}

/* CVE-2012-2459: no tail of a list can be repeated without another root. */
static void
S4_87_a_doubled_tail_changes_the_root(void **state)
{
    enum { N = 33 };
    uint8_t(*leaves)[32] = make_leaves(N);
    uint8_t twice[2 * N][32], one[32], two[32];

    (void)state;
    for (size_t n = 1; n <= N; n++) {
        root_of((const uint8_t(*)[32])leaves, n, one);
        for (size_t tail = 1; tail <= n; tail++) {
            memcpy(twice, leaves, n * 32);
            memcpy(twice + n, leaves + n - tail, tail * 32);
            root_of((const uint8_t(*)[32])twice, n + tail, two);
            assert_memory_not_equal(one, two, 32);
        }
    }
    free(leaves);
}

/* Two leaves' hashes as the content of a leaf are not their node. */
static void
S4_87_a_leaf_is_never_a_node(void **state)
{
    uint8_t leaf[2][32], node[32], as_leaf[32];

    (void)state;
    gv_merkle_leaf("a", 1, leaf[0]);
    gv_merkle_leaf("b", 1, leaf[1]);
    gv_merkle_node(leaf[0], leaf[1], node);
    gv_merkle_leaf(leaf, sizeof(leaf), as_leaf);
    assert_memory_not_equal(node, as_leaf, 32);
}

static void
S4_87_paths_verify_at_their_place_only(void **state)
{
    uint8_t(*leaves)[32] = make_leaves(70);
    uint8_t path[GV_MERKLE_MAX + 1][32], work[70][32], root[32];

    (void)state;
    for (size_t n = 1; n <= 70; n++) {
        root_of((const uint8_t(*)[32])leaves, n, root);
        for (size_t i = 0; i < n; i++) {
            size_t len;
            const uint8_t(*p)[32] = (const uint8_t(*)[32])path;

            memcpy(work, leaves, n * 32);
            len = gv_merkle_path(work, n, i, path);
            assert_true(gv_merkle_verify(leaves[i], i, n, p, len, root));
            for (size_t j = 0; j <= n; j++)
                if (j != i)
                    assert_false(
                        gv_merkle_verify(leaves[i], j, n, p, len, root));
            memset(path[len], 0, 32);
            assert_false(gv_merkle_verify(leaves[i], i, n, p, len + 1, root));
            if (len > 0)
                assert_false(
                    gv_merkle_verify(leaves[i], i, n, p, len - 1, root));
            for (size_t k = 0; k < len; k++) {
                path[k][31] ^= 1;
                assert_false(gv_merkle_verify(leaves[i], i, n, p, len, root));
                path[k][31] ^= 1;
            }
        }
    }
    assert_false(gv_merkle_verify(leaves[0], 0, 0, NULL, 0, root));
    free(leaves);
}

static void
prefixes_are_consistent_and_nothing_else_is(void **state)
{
    enum { N = 40 };
    uint8_t(*leaves)[32] = make_leaves(N);
    uint8_t root[N + 1][32], proof[GV_MERKLE_MAX + 1][32];
    const uint8_t(*p)[32] = (const uint8_t(*)[32])proof;

    (void)state;
    for (size_t n = 1; n <= N; n++)
        root_of((const uint8_t(*)[32])leaves, n, root[n]);
    for (size_t n = 1; n <= N; n++) {
        for (size_t m = 1; m <= n; m++) {
            size_t len =
                subproof(m, (const uint8_t(*)[32])leaves, n, true, proof);

            assert_true(gv_merkle_consistent(m, root[m], n, root[n], p, len));
            assert_false(
                gv_merkle_consistent(m, root[m % N + 1], n, root[n], p, len));
            memset(proof[len], 0, 32);
            assert_false(
                gv_merkle_consistent(m, root[m], n, root[n], p, len + 1));
            if (len == 0)
                continue;
            assert_false(
                gv_merkle_consistent(m, root[m], n, root[n], p, len - 1));
            assert_false(gv_merkle_consistent(n, root[n], m, root[m], p, len));
            proof[len - 1][0] ^= 1;
            assert_false(gv_merkle_consistent(m, root[m], n, root[n], p, len));
        }
    }
    assert_false(gv_merkle_consistent(0, root[1], 1, root[1], NULL, 0));
    free(leaves);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_87_small_trees_by_hand),
        cmocka_unit_test(roots_follow_the_recursive_definition),
        cmocka_unit_test(S4_87_a_doubled_tail_changes_the_root),
        cmocka_unit_test(S4_87_a_leaf_is_never_a_node),
        cmocka_unit_test(S4_87_paths_verify_at_their_place_only),
        cmocka_unit_test(prefixes_are_consistent_and_nothing_else_is),
    };

    return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
