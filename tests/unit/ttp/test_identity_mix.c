/* test_identity_mix.c - evidence packs put together from parts that are good
 * where they come from. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "src/ttp/blindsign.h"
#include "tests/unit/ttp/stage.h"

/* --- exchanged parts --- */

static void
parts_of_two_bidders_make_no_pack(void **state)
{
    struct stage *t = *state;
    const struct gv_identity_pack *a = &t->alice.pack, *b = &t->bob.pack;
    struct gv_identity_pack p = *a;

    expect_holds(t, a);
    expect_holds(t, b);
    memcpy(p.es, b->es, 32);
    expect_refused(t, &p, "es");
    p = *a;
    p.cred = b->cred;
    expect_refused(t, &p, "cred");
    p = *a;
    p.enrol = b->enrol;
    expect_refused(t, &p, "bid");
    p = *a;
    p.bid = b->bid;
    expect_refused(t, &p, "bid");
    p = *a;
    p.evidence = b->evidence;
    expect_refused(t, &p, "certificate");
    /* Bob's bid, link by link, until nothing of Alice's is left. */
    p = *a;
    p.enrol = b->enrol;
    p.bid = b->bid;
    expect_refused(t, &p, "es");
    memcpy(p.es, b->es, 32);
    expect_refused(t, &p, "certificate");
    p.evidence = b->evidence;
    expect_refused(t, &p, "cred");
    p.cred = b->cred;
    expect_holds(t, &p);
}

static void
parts_of_two_sessions_make_no_evidence(void **state)
{
    struct stage *t = *state;
    const struct gv_evidence a = evidence_of(&t->alice),
                             b = evidence_of(&t->bob);
    struct gv_identity_pack p;
    struct gv_evidence e = a;

    e.cert = b.cert;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "certificate");
    e = a;
    e.commit = b.commit;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "commit");
    e = a;
    e.challenge = b.challenge;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "challenge");
    e = a;
    e.reveal = b.reveal;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "reveal");
    e = a;
    e.index = b.index;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "log");
    e = a;
    e.path = b.path;
    e.path_len = b.path_len;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "log");
    e = a;
    e.count = 0;
    p = with_evidence(t, &e);
    expect_refused(t, &p, "log");
    e = a;
    e.challenge = gv_bytes(NULL, 0);
    p = with_evidence(t, &e);
    expect_refused(t, &p, "challenge");
    p = with_evidence(t, &a);
    expect_holds(t, &p);
}

/* Transactions that are good, in the places of others. */
static void
every_transaction_has_its_place(void **state)
{
    struct stage *t = *state;
    const struct gv_identity_pack *a = &t->alice.pack;
    struct gv_identity_pack p = *a;

    p.open = gv_bytes(NULL, 0);
    expect_refused(t, &p, "open");
    p.open = t->scene.w.s.open.raw; /* its bidders are certified */
    expect_refused(t, &p, "open");
    p = *a;
    p.enrol = a->bid;
    expect_refused(t, &p, "enrol");
    p = *a;
    p.bid = a->enrol;
    expect_refused(t, &p, "bid");
    p = *a;
    p.issued = a->bid;
    expect_refused(t, &p, "issued");
    p = *a;
    p.evidence = a->bid;
    expect_refused(t, &p, "evidence");
}

static void
the_open_of_another_auction_proves_nothing(void **state)
{
    struct stage *t = *state;
    struct gv_identity_pack p = t->alice.pack;
    struct gv_bytes old = sample_copy(&t->scene.w.s, p.open);

    award_next(&t->scene.w, 2, false);
    assert_false(gv_bytes_eq(old, t->scene.w.open.raw));
    p.open = t->scene.w.open.raw;
    expect_refused(t, &p, "enrol");
    p.open = old;
    expect_holds(t, &p);
}

/* --- the issuer's own inventions --- */

/* A token on leaf i of the session, by an issuer that asks for no REVEAL. */
static void
issuer_signs(struct packed *of, uint32_t i, struct gv_escrow_leaf *leaf,
             struct gv_token *token)
{
    static const uint8_t mask[32] = {6};
    struct session *s = &of->session;
    EVP_PKEY *key = gv_auctionkeys_get(
        s->w->house[0].keys, s->w->open.issuer.token.p, &s->w->open.id);
    uint8_t signature[GV_RSA_SIZE];

    assert_non_null(key);
    assert_int_equal(gv_escrow_leaf(s->worker, &s->tree, &s->who, i, leaf),
                     GV_OK);
    assert_int_equal(gv_blindsign(key, leaf->blinded, signature), GV_OK);
    assert_int_equal(gv_escrow_finish(s->worker, leaf, signature, mask, token),
                     GV_OK);
    EVP_PKEY_free(key);
}

/* REVEAL tells the issuer the keys of all leaves but j. It can bid with them,
 * and blame nobody. */
static void
test_S0_10_the_issuer_cannot_bid_in_a_name(void **state)
{
    struct stage *t = *state;
    struct packed *alice = &t->alice;
    struct gv_escrow_leaf leaf;
    struct gv_token token;

    for (uint32_t i = 0; i < 1u << AWARD_DEPTH; i++) {
        issuer_signs(alice, i, &leaf, &token);
        pack_bid(alice, &leaf, &token, 1000000);
        if (i != alice->session.j)
            expect_refused(t, &alice->pack, "challenge");
        else
            expect_holds(t, &alice->pack);
    }
}

/* Nor with the leaf of somebody who said nothing after COMMIT. */
static void
test_S0_10_without_a_reveal_nothing_is_proven(void **state)
{
    struct award w;
    struct packed carol;
    struct gv_escrow_leaf leaf;
    struct gv_token token;
    struct gv_identity_proof proof;
    struct gv_reject why = {.field = NULL};

    (void)state;
    award_make(&w, NULL);
    memset(&carol, 0, sizeof(carol));
    session_make(&carol.session, &w, 3);
    session_open(&carol.session);
    session_commit(&carol.session);
    issuer_signs(&carol, carol.session.j, &leaf, &token);
    pack_bid(&carol, &leaf, &token, 900);
    pack_finish(&carol, pack_close(&w));
    assert_int_equal(evidence_of(&carol).reveal.len, 0);
    assert_int_equal(gv_identity_verify(&carol.pack, w.s.params, w.s.keys,
                                        &pack_reader, &proof, &why),
                     GV_REJECT);
    assert_string_equal(why.field, "reveal");
    session_free(&carol.session);
    award_free(&w);
}

/* --- signatures --- */

/* (r, n - s) is an ECDSA signature where (r, s) is. */
static struct gv_bytes
twist(struct award *w, struct gv_bytes sig)
{
    const unsigned char *p = sig.p;
    ECDSA_SIG *old = d2i_ECDSA_SIG(NULL, &p, (long)sig.len);
    ECDSA_SIG *new = ECDSA_SIG_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *r, *s = BN_new();
    unsigned char *der = NULL;
    struct gv_bytes out;
    int len;

    assert_non_null(old);
    assert_non_null(group);
    r = BN_dup(ECDSA_SIG_get0_r(old));
    assert_int_equal(
        BN_sub(s, EC_GROUP_get0_order(group), ECDSA_SIG_get0_s(old)), 1);
    assert_int_equal(ECDSA_SIG_set0(new, r, s), 1);
    len = i2d_ECDSA_SIG(new, &der);
    assert_true(len > 0);
    out = sample_copy(&w->s, gv_bytes(der, (size_t)len));
    OPENSSL_free(der);
    EC_GROUP_free(group);
    ECDSA_SIG_free(new);
    ECDSA_SIG_free(old);
    assert_false(gv_bytes_eq(out, sig));
    return out;
}

/* Whoever has a signature of the certificate's has its twin too. It signs the
 * same message, so a pack with it proves the same and nothing else; the log
 * has the COMMIT as it was sent. */
static void
the_twin_of_a_signature_proves_the_same(void **state)
{
    struct stage *t = *state;
    struct award *w = &t->scene.w;
    struct gv_evidence e = evidence_of(&t->alice);
    struct gv_identity_pack p;
    struct gv_iss_commit commit;
    struct gv_iss_reveal reveal;
    uint8_t raw[1024];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    assert_int_equal(gv_iss_reveal_decode(e.reveal, AWARD_DEPTH, &reveal, NULL),
                     GV_OK);
    reveal.sig = twist(w, reveal.sig);
    gv_iss_reveal_put(&s, &reveal);
    e.reveal = gv_bytes(raw, s.len);
    p = with_evidence(t, &e);
    expect_holds(t, &p);
    assert_int_equal(gv_iss_commit_decode(e.commit, &commit, NULL), GV_OK);
    commit.sig = twist(w, commit.sig);
    s = gv_sink_buffer(raw, sizeof(raw));
    gv_iss_commit_put(&s, &commit);
    e = evidence_of(&t->alice);
    e.commit = gv_bytes(raw, s.len);
    p = with_evidence(t, &e);
    expect_refused(t, &p, "log");
    p.issued = gv_bytes(NULL, 0);
    expect_holds(t, &p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_twin_of_a_signature_proves_the_same),
        TEST(parts_of_two_bidders_make_no_pack),
        TEST(parts_of_two_sessions_make_no_evidence),
        TEST(every_transaction_has_its_place),
        TEST(the_open_of_another_auction_proves_nothing),
        TEST(test_S0_10_the_issuer_cannot_bid_in_a_name),
        cmocka_unit_test(test_S0_10_without_a_reveal_nothing_is_proven),
    };

    return cmocka_run_group_tests_name("identity_mix", tests, NULL, NULL);
}
