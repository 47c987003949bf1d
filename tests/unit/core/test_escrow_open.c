/* test_escrow_open.c - from a token on the chain to an identity: every choice
 * of t shares agrees, false shares are named, false blobs void. */
#include "src/ttp/blindsign.h"
#include "tests/support/game.h"
#include "tests/support/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The shares whose bit is set. */
static unsigned
choose(const struct gv_share *shares, unsigned n, unsigned bits,
       struct gv_share *out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        if (bits >> i & 1)
            out[count++] = shares[i];
    return count;
}

static void
check_opened(const struct game *g, const struct gv_escrow_leaf *leaf,
             const struct gv_escrow_opened *o)
{
    assert_memory_equal(o->who.cert.b, g->who.cert.b, 32);
    assert_memory_equal(o->who.session.b, g->who.session.b, 32);
    assert_int_equal(o->index, leaf->index);
    assert_memory_equal(o->blinded, leaf->blinded, GV_RSA_SIZE);
    assert_memory_equal(o->es, leaf->es, 32);
}

static void
test_S0_10_every_choice_of_shares_opens_the_same_identity(void **state)
{
    static const uint8_t sizes[][2] = {{1, 1}, {1, 2}, {2, 2}, {2, 3}, {3, 3},
                                       {1, 4}, {2, 4}, {3, 4}, {4, 4}, {3, 5}};
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    struct gv_share shares[GV_ESCROW_MAX], some[GV_ESCROW_MAX];
    struct gv_escrow_opened o;

    (void)state;
    for (unsigned s = 0; s < sizeof(sizes) / 2; s++) {
        uint8_t t = sizes[s][0], n = sizes[s][1];

        game_make(&g, 3, t, n);
        game_token(&g, s % 8, &leaf, &token);
        assert_int_equal(game_shares(&g, &token, shares), n);
        for (unsigned bits = 0; bits < 1u << n; bits++) {
            unsigned count = choose(shares, n, bits, some);
            enum gv_rc rc =
                gv_escrow_open(g.worker, some, count, &token, &o, NULL);

            assert_int_equal(rc, count >= t ? GV_OK : GV_ABSENT);
            if (rc == GV_OK) {
                check_opened(&g, &leaf, &o);
                assert_int_equal(o.false_shares, 0);
            }
        }
        game_free(&g);
    }
}

static void
false_shares_are_named(void **state)
{
    enum { T = 2, N = 4 };
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    struct gv_share shares[GV_ESCROW_MAX], mixed[GV_ESCROW_MAX];
    struct gv_escrow_opened o;
    const char *field;

    (void)state;
    game_make(&g, 3, T, N);
    game_token(&g, 6, &leaf, &token);
    assert_int_equal(game_shares(&g, &token, shares), N);
    for (unsigned bits = 0; bits < 1u << N; bits++) {
        unsigned good = N - (unsigned)__builtin_popcount(bits);
        enum gv_rc rc;

        memcpy(mixed, shares, sizeof(mixed));
        for (unsigned i = 0; i < N; i++)
            if (bits >> i & 1)
                mixed[i].y[i * 9] ^= 0x40;
        rc = gv_escrow_open(g.worker, mixed, N, &token, &o, &field);
        if (good < T) {
            assert_int_equal(rc, GV_REJECT);
            assert_string_equal(field, "identity");
            continue;
        }
        assert_int_equal(rc, GV_OK);
        check_opened(&g, &leaf, &o);
        assert_int_equal(o.false_shares, bits << 1);
    }
    game_free(&g);
}

/* The worst case there is: 12,870 choices, and the last one is right. */
static void
eight_true_shares_of_sixteen_are_found(void **state)
{
    enum { T = 8, N = 16 };
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    struct gv_share shares[GV_ESCROW_MAX];
    struct gv_escrow_opened o;

    (void)state;
    game_make(&g, 0, T, N);
    game_token(&g, 0, &leaf, &token);
    assert_int_equal(game_shares(&g, &token, shares), N);
    for (unsigned i = 0; i < T; i++)
        shares[i].y[0] ^= 1;
    assert_int_equal(gv_escrow_open(g.worker, shares, N, &token, &o, NULL),
                     GV_OK);
    check_opened(&g, &leaf, &o);
    assert_int_equal(o.false_shares, 0x1fe);
    game_free(&g);
}

static void
shares_stand_in_their_places(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    struct gv_share shares[GV_ESCROW_MAX];
    struct gv_escrow_opened o;
    const char *field;

    (void)state;
    game_make(&g, 1, 2, 3);
    game_token(&g, 1, &leaf, &token);
    assert_int_equal(game_shares(&g, &token, shares), 3);
    shares[1].x = 1;
    assert_int_equal(gv_escrow_open(g.worker, shares, 3, &token, &o, &field),
                     GV_REJECT);
    assert_string_equal(field, "share");
    shares[1].x = 0;
    assert_int_equal(gv_escrow_open(g.worker, shares, 3, &token, &o, NULL),
                     GV_REJECT);
    shares[1].x = 4;
    assert_int_equal(gv_escrow_open(g.worker, shares, 3, &token, &o, NULL),
                     GV_REJECT);
    shares[1].x = 2;
    assert_int_equal(gv_escrow_open(g.worker, shares, 3, &token, &o, NULL),
                     GV_OK);
    game_free(&g);
}

static void
a_notary_finds_its_share_to_be_for_this_bid(void **state)
{
    uint8_t plain[GV_SHARE_PLAIN] = {3};
    struct gv_chain_id auction = {{1, 2, 3}};
    struct gv_pubkey key = {{4, 5, 6}};
    struct gv_bytes p = gv_bytes(plain, sizeof(plain));
    struct gv_share share;

    (void)state;
    memcpy(plain + 1, auction.b, 32);
    memcpy(plain + 33, key.b, 32);
    memset(plain + 65, 0x77, 32);
    assert_int_equal(gv_escrow_share_read(p, &auction, &key, 3, &share), GV_OK);
    assert_int_equal(share.x, 3);
    assert_memory_equal(share.y, plain + 65, 32);
    for (size_t i = 0; i < 8 * 65; i++) {
        plain[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(gv_escrow_share_read(p, &auction, &key, 3, &share),
                         GV_REJECT);
        plain[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (unsigned m = 0; m <= GV_ESCROW_MAX + 1; m++)
        assert_int_equal(gv_escrow_share_read(p, &auction, &key, m, &share),
                         m == 3 ? GV_OK : GV_REJECT);
    for (size_t len = 0; len < sizeof(plain); len++)
        assert_int_equal(gv_escrow_share_read(gv_bytes(plain, len), &auction,
                                              &key, 3, &share),
                         GV_REJECT);
}

/* --- what does not fit the chain --- */

static void
refused(struct game *g, const uint8_t es[32], const struct gv_token *token,
        const char *want)
{
    struct gv_escrow_opened o;
    const char *field = NULL;

    assert_int_equal(gv_escrow_identify(g->worker, es, token, &o, &field),
                     GV_REJECT);
    assert_string_equal(field, want);
}

static void
the_seed_must_give_what_is_on_the_chain(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf, other;
    struct gv_token token, bad;
    struct gv_escrow_opened o;
    uint8_t es[32];

    (void)state;
    game_make(&g, 2, 2, 3);
    game_token(&g, 2, &leaf, &token);
    game_token(&g, 3, &other, &bad);
    assert_int_equal(gv_escrow_identify(g.worker, leaf.es, &token, &o, NULL),
                     GV_OK);
    check_opened(&g, &leaf, &o);
    memcpy(es, leaf.es, 32);
    es[0] ^= 1;
    refused(&g, es, &token, "identity");
    refused(&g, other.es, &token, "identity");
    bad = token;
    bad.prefix[31] ^= 1;
    refused(&g, leaf.es, &bad, "prefix");
    bad = token;
    bad.sig[100] ^= 1;
    refused(&g, leaf.es, &bad, "token");
    memset(bad.sig, 0xff, sizeof(bad.sig));
    refused(&g, leaf.es, &bad, "token");
    bad = token;
    bad.ek[0] ^= 1; /* a token for another message */
    refused(&g, leaf.es, &bad, "token");
    bad = token;
    bad.key = other.key;
    refused(&g, leaf.es, &bad, "identity");
    bad = token;
    bad.blob.len--;
    refused(&g, leaf.es, &bad, "blob");
    bad.blob = gv_bytes(NULL, 0);
    refused(&g, leaf.es, &bad, "blob");
    g.pins.auction.b[0] ^= 1;
    gv_escrow_free(g.worker);
    g.worker = gv_escrow_new(&g.pins, g.keys);
    assert_non_null(g.worker);
    refused(&g, leaf.es, &token, "identity");
    game_free(&g);
}

static void
every_bit_of_the_blob_counts(void **state)
{
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;

    (void)state;
    game_make(&g, 0, 1, 1);
    game_token(&g, 0, &leaf, &token);
    for (size_t i = 0; i < 8 * leaf.blob_len; i++) {
        leaf.blob[i / 8] ^= (uint8_t)(1u << i % 8);
        refused(&g, leaf.es, &token, i / 8 < GV_RSA_SIZE ? "blob" : "identity");
        leaf.blob[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    game_free(&g);
}

/* --- cheats that survived the game --- */

/* A leaf whose second ciphertext holds another seed's share. */
static void
deal_two_secrets(struct game *g, struct gv_escrow_leaf *leaf)
{
    struct gv_share two[2];
    uint8_t plain[GV_SHARE_PLAIN], seed[32] = {8}, c[1][32], es[32] = {7};
    struct gv_rsa_work *work = gv_rsa_work_new();

    assert_non_null(work);
    memset(c, 0x3c, sizeof(c));
    gv_shamir_split(es, (const uint8_t(*)[32])c, 2, 2, two);
    plain[0] = 2;
    memcpy(plain + 1, g->pins.auction.b, 32);
    memcpy(plain + 33, leaf->key.b, 32);
    memcpy(plain + 65, two[1].y, 32);
    assert_int_equal(gv_rsa_oaep(g->notary[1], work,
                                 gv_bytes(plain, sizeof(plain)), seed,
                                 leaf->blob + GV_RSA_SIZE),
                     GV_OK);
    gv_rsa_work_free(work);
    game_blind(g, leaf);
}

/* Whichever notaries answer, a false blob is false: the award fails in the
 * same way, and cannot be steered by the choice of shares. */
static void
test_S0_10_a_false_blob_is_void_for_every_choice(void **state)
{
    enum { T = 2, N = 4 };
    struct game g;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    struct gv_share shares[GV_ESCROW_MAX], some[GV_ESCROW_MAX];
    struct gv_escrow_opened o;
    unsigned count, with_true_seed = 0;
    const char *field;

    (void)state;
    game_make(&g, 3, T, N);
    for (unsigned how = 0; how < 2; how++) {
        assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, 1, &leaf),
                         GV_OK);
        if (how == 0) {
            memset(leaf.blob, 0x11, GV_RSA_SIZE); /* no notary reads it */
            game_blind(&g, &leaf);
        } else {
            deal_two_secrets(&g, &leaf);
        }
        game_sign(&g, &leaf, &token);
        count = game_shares(&g, &token, shares);
        assert_int_equal(count, how == 0 ? N - 1 : N);
        for (unsigned bits = 0; bits < 1u << count; bits++) {
            unsigned chosen = choose(shares, count, bits, some);
            enum gv_rc rc =
                gv_escrow_open(g.worker, some, chosen, &token, &o, &field);

            assert_int_equal(rc, chosen < T ? GV_ABSENT : GV_REJECT);
            if (rc == GV_REJECT && strcmp(field, "blob") == 0)
                with_true_seed++;
        }
    }
    assert_true(with_true_seed > 0);
    game_free(&g);
}

/* An identity that is not the session's opens, and says so: the caller finds
 * no REVEAL with this leaf in the log of that session. */
static void
a_false_identity_names_the_wrong_session(void **state)
{
    struct game g;
    struct gv_escrow_who liar;
    struct gv_escrow_leaf leaf, honest;
    struct gv_token token;
    struct gv_share shares[GV_ESCROW_MAX];
    struct gv_escrow_opened o;

    (void)state;
    game_make(&g, 3, 2, 3);
    liar = g.who;
    liar.cert.b[0] ^= 1;
    assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &liar, 4, &leaf), GV_OK);
    assert_int_equal(gv_escrow_leaf(g.worker, &g.tree, &g.who, 4, &honest),
                     GV_OK);
    game_sign(&g, &leaf, &token);
    assert_int_equal(game_shares(&g, &token, shares), 3);
    assert_int_equal(gv_escrow_open(g.worker, shares, 3, &token, &o, NULL),
                     GV_OK);
    assert_memory_equal(o.who.cert.b, liar.cert.b, 32);
    assert_memory_equal(o.blinded, leaf.blinded, GV_RSA_SIZE);
    assert_memory_not_equal(o.blinded, honest.blinded, GV_RSA_SIZE);
    game_free(&g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_S0_10_every_choice_of_shares_opens_the_same_identity),
        cmocka_unit_test(false_shares_are_named),
        cmocka_unit_test(eight_true_shares_of_sixteen_are_found),
        cmocka_unit_test(shares_stand_in_their_places),
        cmocka_unit_test(a_notary_finds_its_share_to_be_for_this_bid),
        cmocka_unit_test(the_seed_must_give_what_is_on_the_chain),
        cmocka_unit_test(every_bit_of_the_blob_counts),
        cmocka_unit_test(test_S0_10_a_false_blob_is_void_for_every_choice),
        cmocka_unit_test(a_false_identity_names_the_wrong_session),
    };

    return cmocka_run_group_tests_name("escrow_open", tests, NULL, NULL);
}
