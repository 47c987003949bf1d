/* test_escrow.c - the tree of seeds, the leaves, and the game of cut and
 * choose: honest bidders get their token, cheats are caught. */
#include "gavel/hash.h"
#include "gavel/hpke.h"
#include "gavel/issue.h"
#include "gavel/prf.h"
#include "src/ttp/blindsign.h"
#include "tests/support/game.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

/* --- the tree --- */

/* By the definition, from the root down. */
static void
leaf_by_definition(const uint8_t master[32], unsigned depth, uint32_t i,
                   uint8_t out[32])
{
    uint8_t in[33];

    memcpy(out, master, 32);
    for (unsigned level = depth; level-- > 0;) {
        memcpy(in, out, 32);
        in[32] = (uint8_t)(i >> level & 1);
        gv_tagged(GV_TAG_GGM, in, sizeof(in), out);
    }
}

static void
a_whole_tree_knows_every_leaf(void **state)
{
    uint8_t master[32] = {42}, want[32], got[32];
    struct gv_ggm tree;

    (void)state;
    for (uint8_t depth = 0; depth <= 6; depth++) {
        gv_ggm_whole(master, depth, &tree);
        for (uint32_t i = 0; i < 1u << depth; i++) {
            leaf_by_definition(master, depth, i, want);
            assert_int_equal(gv_ggm_leaf(&tree, i, got), GV_OK);
            assert_memory_equal(got, want, 32);
        }
        assert_int_equal(gv_ggm_leaf(&tree, 1u << depth, got), GV_ABSENT);
        assert_int_equal(gv_ggm_leaf(&tree, UINT32_MAX, got), GV_ABSENT);
    }
    gv_ggm_whole(master, GV_CUT_MAX, &tree);
    leaf_by_definition(master, GV_CUT_MAX, GV_LEAVES_MAX - 1, want);
    assert_int_equal(gv_ggm_leaf(&tree, GV_LEAVES_MAX - 1, got), GV_OK);
    assert_memory_equal(got, want, 32);
}

static void
a_punctured_tree_knows_every_leaf_but_one(void **state)
{
    uint8_t master[32] = {43}, copath[GV_CUT_MAX][32], want[32], got[32];
    struct gv_ggm whole, holed;

    (void)state;
    for (uint8_t depth = 0; depth <= 6; depth++) {
        gv_ggm_whole(master, depth, &whole);
        for (uint32_t j = 0; j < 1u << depth; j++) {
            gv_ggm_copath(&whole, j, copath);
            gv_ggm_punctured((const uint8_t(*)[32])copath, depth, j, &holed);
            for (uint32_t i = 0; i < 1u << depth; i++) {
                if (i == j) {
                    assert_int_equal(gv_ggm_leaf(&holed, i, got), GV_ABSENT);
                    continue;
                }
                assert_int_equal(gv_ggm_leaf(&whole, i, want), GV_OK);
                assert_int_equal(gv_ggm_leaf(&holed, i, got), GV_OK);
                assert_memory_equal(got, want, 32);
            }
            assert_int_equal(gv_ggm_leaf(&holed, 1u << depth, got), GV_ABSENT);
        }
    }
}

/* None of its nodes stands on the path to the hole. */
static void
the_copath_says_nothing_about_the_hole(void **state)
{
    enum { DEPTH = 8 };
    uint8_t master[32] = {44}, copath[GV_CUT_MAX][32], node[32];
    struct gv_ggm tree;

    (void)state;
    gv_ggm_whole(master, DEPTH, &tree);
    for (uint32_t j = 0; j < 1u << DEPTH; j += 37) {
        gv_ggm_copath(&tree, j, copath);
        for (unsigned depth = 0; depth <= DEPTH; depth++) {
            leaf_by_definition(master, depth, j >> (DEPTH - depth), node);
            for (unsigned i = 0; i < DEPTH; i++)
                assert_memory_not_equal(copath[i], node, 32);
        }
    }
}

static void
the_master_is_of_one_session(void **state)
{
    uint8_t branch[32] = {1}, in[32 + 6 + 32 + 32 + 4], want[32], got[32];
    struct gv_chain_id auction = {{2}};
    struct gv_hash subject = {{3}};

    (void)state;
    memcpy(in, branch, 32);
    memcpy(in + 32, "escrow", 6);
    memcpy(in + 38, auction.b, 32);
    memcpy(in + 70, subject.b, 32);
    gv_le32_put(in + 102, 0x01020304);
    gv_tagged(GV_TAG_PRF, in, sizeof(in), want);
    gv_escrow_master(branch, &auction, &subject, 0x01020304, got);
    assert_memory_equal(got, want, 32);
}

/* Whatever an issuer makes up, another session has another master; and so has
 * another certificate in the same one, because its leaves differ. */
static void
test_S0_05_a_session_has_its_own_attempt(void **state)
{
    const uint8_t branch[32] = {1}, other_branch[32] = {9};
    uint8_t in[32 + 7 + 96], prf[32];
    struct gv_chain_id auction = {{2}}, other = {{3}};
    struct gv_escrow_who who = {.cert = {{4}}, .session = {{5}}}, changed;
    uint32_t attempt = gv_escrow_attempt(branch, &auction, &who);

    (void)state;
    memcpy(in, branch, 32);
    memcpy(in + 32, "attempt", 7);
    memcpy(in + 39, auction.b, 32);
    memcpy(in + 71, who.session.b, 32);
    memcpy(in + 103, who.cert.b, 32);
    gv_tagged(GV_TAG_PRF, in, sizeof(in), prf);
    assert_true(attempt == gv_le32(prf));
    assert_true(attempt != gv_escrow_attempt(other_branch, &auction, &who));
    assert_true(attempt != gv_escrow_attempt(branch, &other, &who));
    for (size_t bit = 0; bit < 256; bit++) {
        changed = who;
        changed.session.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(attempt != gv_escrow_attempt(branch, &auction, &changed));
        changed = who;
        changed.cert.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(attempt != gv_escrow_attempt(branch, &auction, &changed));
    }
}

/* --- leaves --- */

static void
a_leaf_is_what_the_definition_says(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf;
    uint8_t seed[32], want[32];
    struct gv_pubkey key;

    (void)state;
    game_make(&g, 3, 2, 3);
    assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, 5, &leaf),
                     GV_OK);
    assert_int_equal(leaf.index, 5);
    assert_int_equal(leaf.blob_len, 3 * 384 + 84);
    leaf_by_definition(g.master, 3, 5, seed);
    gv_prf(seed, gv_bytes("es", 2), want);
    assert_memory_equal(leaf.es, want, 32);
    gv_prf(seed, gv_bytes("xk", 2), want);
    assert_memory_equal(leaf.xk, want, 32);
    assert_int_equal(gv_x25519_public(want, want), GV_OK);
    assert_memory_equal(leaf.ek, want, 32);
    gv_prf(seed, gv_bytes("sk", 2), want);
    assert_memory_equal(leaf.sk.b, want, 32);
    assert_int_equal(gv_key_public(g.keys, &leaf.sk, &key), GV_OK);
    assert_memory_equal(leaf.key.b, key.b, 32);
    game_free(&g);
}

/* What goes onto the chain or to the issuer, in one piece. */
static size_t
visible(const struct gv_escrow_leaf *leaf, uint8_t *out)
{
    memcpy(out, leaf->key.b, 32);
    memcpy(out + 32, leaf->ek, 32);
    memcpy(out + 64, leaf->blinded, GV_RSA_SIZE);
    memcpy(out + 64 + GV_RSA_SIZE, leaf->blob, leaf->blob_len);
    return 64 + GV_RSA_SIZE + leaf->blob_len;
}

static void
no_two_leaves_have_anything_in_common(void **state)
{
    struct game g;
    struct gv_escrow_leaf a, b;
    uint8_t x[64 + GV_RSA_SIZE + GV_BLOB_MAX], y[sizeof(x)];
    size_t nx, ny;

    (void)state;
    game_make(&g, 2, 2, 2);
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t k = 0; k < i; k++) {
            assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, i, &a),
                             GV_OK);
            assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, k, &b),
                             GV_OK);
            nx = visible(&a, x);
            ny = visible(&b, y);
            for (size_t at = 0; at + 8 <= nx; at++)
                assert_null(memmem(y, ny, x + at, 8));
        }
    }
    game_free(&g);
}

static void
ranges_and_workers_share_the_work(void **state)
{
    enum { K = 16 };
    struct game g;
    struct gv_escrow *second;
    uint8_t all[K][32], parts[K][32] = {{0}};

    (void)state;
    game_make(&g, 4, 1, 1);
    second = gv_escrow_new(&g.pins, g.keys);
    assert_non_null(second);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, 0, K, all),
                     GV_OK);
    assert_int_equal(gv_escrow_leaves(second, &g.tree, &g.who, 7, 9, parts + 7),
                     GV_OK);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, 0, 7, parts),
                     GV_OK);
    assert_memory_equal(all, parts, sizeof(all));
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, 0, K + 1, all),
                     GV_ABSENT);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, K, 1, all),
                     GV_ABSENT);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, UINT32_MAX,
                                      UINT32_MAX, all),
                     GV_ABSENT);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, K, 0, all),
                     GV_OK);
    gv_escrow_free(second);
    game_free(&g);
}

/* Half the leaves, on a thread of its own. */
struct half {
    struct game *g;
    struct gv_escrow *worker;
    uint32_t first;
    uint8_t (*out)[32];
    enum gv_rc rc;
};

static void *
run_half(void *arg)
{
    struct half *h = arg;

    h->rc = gv_escrow_leaves(h->worker, &h->g->tree, &h->g->who, h->first, 16,
                             h->out);
    return NULL;
}

static void
threads_share_keys_and_pins(void **state)
{
    struct game g;
    uint8_t want[32][32], got[32][32];
    struct half h[2];
    pthread_t thread[2];

    (void)state;
    game_make(&g, 5, 2, 3);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, 0, 32, want),
                     GV_OK);
    for (unsigned i = 0; i < 2; i++) {
        h[i] = (struct half){.g = &g, .first = 16 * i, .out = got + 16 * i};
        h[i].worker = gv_escrow_new(&g.pins, g.keys);
        assert_non_null(h[i].worker);
        assert_int_equal(pthread_create(&thread[i], NULL, run_half, &h[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(h[i].rc, GV_OK);
        gv_escrow_free(h[i].worker);
    }
    assert_memory_equal(want, got, sizeof(want));
    game_free(&g);
}

static void
workers_refuse_numbers_out_of_range(void **state)
{
    struct game g;
    struct gv_escrow_pins bad;

    (void)state;
    game_make(&g, 3, 2, 3);
    bad = g.pins;
    bad.depth = GV_CUT_MAX + 1;
    assert_null(gv_escrow_new(&bad, g.keys));
    bad = g.pins;
    bad.t = 0;
    assert_null(gv_escrow_new(&bad, g.keys));
    bad.t = 4;
    assert_null(gv_escrow_new(&bad, g.keys));
    bad.n = GV_ESCROW_MAX + 1;
    assert_null(gv_escrow_new(&bad, g.keys));
    gv_escrow_free(NULL);
    game_free(&g);
}

/* --- the game --- */

/* The issuer's side of one reveal. */
static bool
issuer_accepts(struct game *g, const uint8_t (*copath)[32], uint32_t j,
               const uint8_t blinded[GV_RSA_SIZE], const uint8_t root[32])
{
    uint8_t leaves[64][32];
    struct gv_ggm holed;

    gv_ggm_punctured(copath, g->pins.depth, j, &holed);
    assert_int_equal(gv_escrow_leaves(g->worker, &holed, &g->who, 0,
                                      1u << g->pins.depth, leaves),
                     GV_OK);
    return gv_escrow_reveal_ok(leaves, &holed, blinded, root);
}

static void
commit(struct game *g, uint8_t root[32])
{
    uint8_t leaves[64][32];

    assert_int_equal(gv_escrow_leaves(g->worker, &g->tree, &g->who, 0,
                                      1u << g->pins.depth, leaves),
                     GV_OK);
    gv_escrow_root(leaves, g->pins.depth, root);
}

static void
an_honest_bidder_gets_a_token_whatever_j_is(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    uint8_t root[32], copath[GV_CUT_MAX][32];

    (void)state;
    for (uint8_t depth = 0; depth <= 3; depth++) {
        game_make(&g, depth, 2, 3);
        commit(&g, root);
        for (uint32_t j = 0; j < 1u << depth; j++) {
            game_token(&g, j, &leaf, &token);
            gv_ggm_copath(&g.tree, j, copath);
            assert_true(issuer_accepts(&g, (const uint8_t(*)[32])copath, j,
                                       leaf.blinded, root));
            if (depth > 0) /* and no leaf but j */
                assert_false(issuer_accepts(&g, (const uint8_t(*)[32])copath,
                                            j ^ 1, leaf.blinded, root));
        }
        game_free(&g);
    }
}

static void
every_bit_of_a_reveal_counts(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf;
    uint8_t root[32], copath[GV_CUT_MAX][32], *parts[3];
    size_t sizes[3] = {32, 2 * 32, GV_RSA_SIZE};

    (void)state;
    game_make(&g, 2, 1, 1);
    commit(&g, root);
    assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, 1, &leaf),
                     GV_OK);
    gv_ggm_copath(&g.tree, 1, copath);
    parts[0] = root;
    parts[1] = copath[0];
    parts[2] = leaf.blinded;
    for (unsigned p = 0; p < 3; p++) {
        for (size_t i = 0; i < 8 * sizes[p]; i += 3) {
            parts[p][i / 8] ^= (uint8_t)(1u << i % 8);
            assert_false(issuer_accepts(&g, (const uint8_t(*)[32])copath, 1,
                                        leaf.blinded, root));
            parts[p][i / 8] ^= (uint8_t)(1u << i % 8);
        }
    }
    assert_true(issuer_accepts(&g, (const uint8_t(*)[32])copath, 1,
                               leaf.blinded, root));
    g.who.cert.b[31] ^= 1; /* whom the issuer authenticated */
    assert_false(issuer_accepts(&g, (const uint8_t(*)[32])copath, 1,
                                leaf.blinded, root));
    g.who.cert.b[31] ^= 1;
    g.who.session.b[0] ^= 1;
    assert_false(issuer_accepts(&g, (const uint8_t(*)[32])copath, 1,
                                leaf.blinded, root));
    game_free(&g);
}

static void
a_signature_on_another_leaf_gives_no_token(void **state)
{
    struct game g;
    struct gv_escrow_leaf a, b;
    struct gv_token token;
    uint8_t signature[GV_RSA_SIZE], mask[32] = {0};

    (void)state;
    game_make(&g, 2, 1, 1);
    assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, 0, &a), GV_OK);
    assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, 1, &b), GV_OK);
    assert_int_equal(gv_blindsign(g.token_key, b.blinded, signature), GV_OK);
    assert_int_equal(gv_escrow_finish(g.worker, &a, signature, mask, &token),
                     GV_REJECT);
    assert_int_equal(gv_escrow_finish(g.worker, &b, signature, mask, &token),
                     GV_OK);
    game_free(&g);
}

/* --- cheats --- */

/* Make leaf i false, in one of three ways. */
static void
falsify(struct game *g, uint32_t i, unsigned how, struct gv_escrow_leaf *leaf)
{
    struct gv_escrow_who other = g->who;
    struct gv_escrow_leaf donor;

    if (how == 0) /* somebody else's identity */
        other.cert.b[0] ^= 0xff;
    assert_int_equal(gv_escrow_leaf(g->worker, &g->tree, &other, i, leaf),
                     GV_OK);
    if (how == 1) /* nothing that a notary can read */
        memset(leaf->blob, 0x11, GV_RSA_SIZE);
    if (how == 2) { /* the blob of another key */
        assert_int_equal(
            gv_escrow_leaf(g->worker, &g->tree, &g->who, i ^ 1, &donor), GV_OK);
        memcpy(leaf->blob, donor.blob, leaf->blob_len);
    }
    if (how > 0)
        game_blind(g, leaf);
}

/* One session of a cheat at k = 8, with the challenge the key gives. Did the
 * issuer accept? */
static bool
cheat(struct game *g, uint32_t number)
{
    struct gv_iss_session s = {.auction = g->pins.auction, .depth = 3};
    struct gv_escrow_leaf leaf;
    uint32_t bad = number * 5 % 8, j;
    uint8_t leaves[8][32], copath[GV_CUT_MAX][32], digest[32], sig[GV_RSA_SIZE];

    game_session(g, number);
    assert_int_equal(
        gv_escrow_leaves(g->worker, &g->tree, &g->who, 0, 8, leaves), GV_OK);
    falsify(g, bad, number % 3, &leaf);
    gv_escrow_leaf_hash(bad, leaf.blinded, leaves[bad]);
    gv_escrow_root(leaves, 3, s.root);
    gv_iss_challenge_digest(&s, digest);
    assert_int_equal(gv_challenge_sign(g->challenge_key, digest, sig), GV_OK);
    j = gv_iss_challenge_j(sig, 3);
    if (j != bad)
        assert_int_equal(gv_escrow_leaf(g->worker, &g->tree, &g->who, j, &leaf),
                         GV_OK);
    gv_ggm_copath(&g->tree, j, copath);
    return issuer_accepts(g, (const uint8_t(*)[32])copath, j, leaf.blinded,
                          s.root);
}

/* 500 sessions are a binomial experiment with p = 1/8: mean 62.5, deviation
 * 7.4. The bounds are four deviations away; every number is fixed, so the
 * count is the same at each run. */
static void
test_S0_10_a_false_blob_survives_once_in_k(void **state)
{
    enum { RUNS = 500 };
    struct game g;
    unsigned survived = 0;

    (void)state;
    game_make(&g, 3, 1, 1);
    for (uint32_t number = 0; number < RUNS; number++)
        survived += cheat(&g, number);
    print_message("%u of %u survived, 62.5 expected\n", survived, RUNS);
    assert_in_range(survived, 33, 92);
    game_free(&g);
}

/* Two false leaves cannot both be j. */
static void
two_false_leaves_are_always_caught(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf;
    uint8_t root[32], copath[GV_CUT_MAX][32], made[8][32], leaves[8][32];

    (void)state;
    game_make(&g, 3, 1, 1);
    assert_int_equal(gv_escrow_leaves(g.worker, &g.tree, &g.who, 0, 8, made),
                     GV_OK);
    for (uint32_t i = 0; i < 2; i++) {
        falsify(&g, i, 0, &leaf);
        gv_escrow_leaf_hash(i, leaf.blinded, made[i]);
    }
    memcpy(leaves, made, sizeof(leaves));
    gv_escrow_root(leaves, 3, root);
    for (uint32_t j = 0; j < 8; j++) {
        if (j < 2)
            falsify(&g, j, 0, &leaf);
        else
            assert_int_equal(
                gv_escrow_leaf(g.worker, &g.tree, &g.who, j, &leaf), GV_OK);
        gv_ggm_copath(&g.tree, j, copath);
        assert_false(issuer_accepts(&g, (const uint8_t(*)[32])copath, j,
                                    leaf.blinded, root));
    }
    game_free(&g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_tree_knows_every_leaf),
        cmocka_unit_test(a_punctured_tree_knows_every_leaf_but_one),
        cmocka_unit_test(the_copath_says_nothing_about_the_hole),
        cmocka_unit_test(the_master_is_of_one_session),
        cmocka_unit_test(test_S0_05_a_session_has_its_own_attempt),
        cmocka_unit_test(a_leaf_is_what_the_definition_says),
        cmocka_unit_test(no_two_leaves_have_anything_in_common),
        cmocka_unit_test(ranges_and_workers_share_the_work),
        cmocka_unit_test(threads_share_keys_and_pins),
        cmocka_unit_test(workers_refuse_numbers_out_of_range),
        cmocka_unit_test(an_honest_bidder_gets_a_token_whatever_j_is),
        cmocka_unit_test(every_bit_of_a_reveal_counts),
        cmocka_unit_test(a_signature_on_another_leaf_gives_no_token),
        cmocka_unit_test(test_S0_10_a_false_blob_survives_once_in_k),
        cmocka_unit_test(two_false_leaves_are_always_caught),
    };

    return cmocka_run_group_tests_name("escrow", tests, NULL, NULL);
}
