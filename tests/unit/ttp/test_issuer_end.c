/* test_issuer_end.c - lies, silences, the log of an auction and its end. */
#include <gavel/merkle.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ttp/session.h"

#define DAY_MS UINT64_C(86400000)

/* --- lies --- */

/* A bidder that seals another's identity in all leaves but one: whichever j is
 * drawn, unless it is that one, the issuer sees it. Here all are false. */
static void
lie(struct session *s)
{
    session_open(s);
    s->who.cert.b[0] ^= 1;
    session_commit(s);
    session_make_reveal(s);
}

/* Does the evidence prove the lie to somebody who has OPEN alone? */
static bool
proves(const struct award *w, const struct session *s,
       const struct gv_evidence *m)
{
    struct gv_open_escrow *pins = gv_open_escrow_new(&w->open);
    struct gv_escrow *worker = gv_escrow_new(&pins->pins, w->s.keys);
    struct gv_iss_session facts = gv_open_escrow_session(pins);
    struct gv_escrow_who who = {.session = s->id};
    struct gv_iss_commit commit;
    struct gv_iss_challenge challenge;
    struct gv_iss_reveal reveal;
    struct gv_ggm tree;
    uint8_t leaves[1 << AWARD_DEPTH][32], digest[32];
    bool ok;

    gv_sha256_of(m->cert.p, m->cert.len, who.cert.b);
    facts.session = s->id;
    facts.subject = w->user[s->user].subject;
    assert_int_equal(gv_iss_commit_decode(m->commit, &commit, NULL), GV_OK);
    memcpy(facts.root, commit.root, 32);
    gv_iss_commit_digest(&facts, digest);
    assert_int_equal(gv_iss_verify(s->point, digest, commit.sig), GV_OK);
    assert_int_equal(
        gv_iss_challenge_decode(m->challenge, AWARD_DEPTH, &challenge, NULL),
        GV_OK);
    assert_int_equal(
        gv_iss_challenge_verify(pins->challenge, &facts, &challenge, NULL),
        GV_OK);
    assert_int_equal(
        gv_iss_reveal_decode(m->reveal, AWARD_DEPTH, &reveal, NULL), GV_OK);
    gv_iss_reveal_digest(&facts, challenge.j, &reveal, digest);
    assert_int_equal(gv_iss_verify(s->point, digest, reveal.sig), GV_OK);
    gv_ggm_punctured((const uint8_t(*)[32])reveal.copath, AWARD_DEPTH,
                     challenge.j, &tree);
    assert_int_equal(
        gv_escrow_leaves(worker, &tree, &who, 0, 1u << AWARD_DEPTH, leaves),
        GV_OK);
    ok = !gv_escrow_reveal_ok(leaves, &tree, reveal.blinded, facts.root);
    gv_escrow_free(worker);
    gv_open_escrow_free(pins);
    return ok;
}

static struct gv_evidence
evidence_of(struct session *s, struct answer *raw)
{
    struct gv_evidence m;

    *raw = session_send(s, gv_issuer_evidence, gv_bytes(s->id.b, 32));
    if (raw->status != 200)
        fail_msg("%s", raw->e.text);
    assert_int_equal(gv_evidence_decode(gv_bytes(raw->raw, raw->len), &m, NULL),
                     GV_OK);
    return m;
}

/* S0-10: a false identity is caught, and the lie can be shown to anybody. */
static void
test_S0_10_a_false_identity_is_caught_with_proof(void **state)
{
    struct award *w = *state;
    struct gv_evidence m;
    struct answer raw;
    struct session s;

    session_make(&s, w, 1);
    lie(&s);
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 403,
                 "do not escrow the identity");
    assert_int_equal(w->convicted, 1);
    assert_string_equal(w->why, "cheated");
    assert_true(GV_ID_EQ(&w->convict, &w->user[1].cert.cred.fingerprint));
    for (unsigned i = 0; i < 2; i++) {
        m = evidence_of(&s, &raw);
        assert_true(
            gv_bytes_eq(m.cert, gv_bytes(w->user[1].der, w->user[1].len)));
        assert_true(gv_bytes_eq(m.commit, s.commit));
        assert_true(gv_bytes_eq(m.reveal, s.reveal));
        assert_true(proves(w, &s, &m));
        free(raw.raw);
        award_restart(w);
    }
    /* There is no second try. */
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 403,
                 "false reveal");
    s.who.cert.b[0] ^= 1;
    session_make_reveal(&s);
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 409,
                 "another REVEAL");
    session_free(&s);
}

/* A crash right behind the lie's record: the conviction comes with the next
 * start, once, until the registry has it. */
static void
test_S0_10_a_crash_saves_no_liar(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    lie(&s);
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 403,
                 "do not escrow the identity");
    gv_issuer_tick(w->issuer); /* nobody is named twice without a start */
    assert_int_equal(w->convicted, 1);
    w->convict = (struct gv_hash){{0}};
    award_restart(w);
    assert_int_equal(w->convicted, 1);
    w->answer = GV_FAULT;
    gv_issuer_tick(w->issuer);
    assert_int_equal(w->convicted, 1);
    w->answer = GV_OK;
    gv_issuer_tick(w->issuer);
    assert_int_equal(w->convicted, 2);
    assert_true(GV_ID_EQ(&w->convict, &w->user[1].cert.cred.fingerprint));
    gv_issuer_tick(w->issuer);
    assert_int_equal(w->convicted, 2);
    w->user[1].cert.revoked = true;
    award_restart(w);
    gv_issuer_tick(w->issuer);
    assert_int_equal(w->convicted, 2);
    session_free(&s);
}

static void
the_evidence_of_an_honest_session_proves_no_lie(void **state)
{
    struct award *w = *state;
    struct gv_evidence m;
    struct gv_token token;
    struct answer raw;
    struct session s;

    session_make(&s, w, 1);
    session_whole(&s, &token);
    m = evidence_of(&s, &raw);
    assert_false(proves(w, &s, &m));
    free(raw.raw);
    assert_int_equal(w->convicted, 0);
    expect_error(session_send(&s, gv_issuer_evidence, gv_bytes("x", 1)), 400,
                 "32 bytes");
    s.id.b[0] ^= 1;
    expect_error(session_send(&s, gv_issuer_evidence, gv_bytes(s.id.b, 32)),
                 404, "no such session");
    session_free(&s);
}

/* --- the close --- */

static void
close_issues_the_log_with_paths_that_verify(void **state)
{
    struct award *w = *state;
    struct session s[3];
    struct gv_token token;
    struct gv_evidence m;
    struct answer raw;
    struct gv_tx tx;
    uint8_t leaf[32], digest[32];

    for (unsigned i = 0; i < 3; i++) {
        session_make(&s[i], w, i + 1);
        session_open(&s[i]);
        session_commit(&s[i]);
    }
    session_reveal(&s[1]);
    session_token(&s[1], &token);
    m = evidence_of(&s[0], &raw);
    assert_int_equal(m.count, 0);
    free(raw.raw);
    w->now = AWARD_CLOSE_MS + 1;
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(w->count, 1);
    tx = award_sent(w, 0);
    assert_int_equal(tx.kind, GV_TX_ISSUED);
    assert_int_equal(tx.u.issued.count, 3);
    gv_tx_digest(&tx, digest);
    assert_true(gv_key_verify(w->s.keys, &w->open.issuer.cred.key, digest,
                              &tx.u.issued.sig));
    award_restart(w);
    for (unsigned i = 0; i < 3; i++) {
        m = evidence_of(&s[i], &raw);
        assert_int_equal(m.index, i);
        assert_int_equal(m.count, 3);
        gv_merkle_leaf(m.commit.p, m.commit.len, leaf);
        assert_true(gv_bytes_eq(m.commit, s[i].commit));
        assert_true(gv_merkle_verify(leaf, m.index, m.count,
                                     (const uint8_t(*)[32])m.path, m.path_len,
                                     tx.u.issued.root));
        free(raw.raw);
    }
    /* Asked again, it says the same. */
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(w->count, 2);
    assert_memory_equal(award_sent(w, 1).u.issued.root, tx.u.issued.root, 32);
    w->facts.issued = true;
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(w->count, 2);
    for (unsigned i = 0; i < 3; i++)
        session_free(&s[i]);
}

static void
an_auction_without_sessions_is_closed_too(void **state)
{
    struct award *w = *state;

    w->now = AWARD_CLOSE_MS + 1;
    gv_issuer_close(w->issuer, &w->open.id);
    assert_int_equal(award_sent(w, 0).u.issued.count, 0);
}

/* After ISSUED its count stays true: no COMMIT is taken, and the sessions
 * that are in it may still end. */
static void
test_S0_05_after_the_close_no_commit_is_taken(void **state)
{
    struct award *w = *state;
    struct session in, out, late;
    struct gv_token token;

    session_make(&in, w, 1);
    session_open(&in);
    session_commit(&in);
    session_make(&out, w, 2);
    session_open(&out);
    session_make_commit(&out);
    gv_issuer_close(w->issuer, &w->open.id);
    expect_error(session_send(&out, gv_issuer_commit, out.commit), 403,
                 "closed");
    award_restart(w);
    expect_error(session_send(&out, gv_issuer_commit, out.commit), 403,
                 "closed");
    /* A wallet that lost its record finds its session again, and nobody
     * begins one. */
    session_ask(&in);
    expect_same(session_send(&in, gv_issuer_open, in.open),
                gv_bytes(in.id.b, 32));
    session_make(&late, w, 3);
    session_ask(&late);
    expect_error(session_send(&late, gv_issuer_open, late.open), 403, "closed");
    session_free(&late);
    session_reveal(&in);
    session_token(&in, &token);
    session_free(&in);
    session_free(&out);
}

/* Records of before the close, put back: the chain says that it is over. */
static void
a_restored_issuer_adds_nothing_to_what_it_issued(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_make_commit(&s);
    w->facts.issued = true;
    expect_error(session_send(&s, gv_issuer_commit, s.commit), 403, "closed");
    w->facts.issued = false;
    w->facts.set_fixed = true;
    expect_error(session_send(&s, gv_issuer_commit, s.commit), 403, "closed");
    w->facts.set_fixed = false;
    session_commit(&s);
    session_free(&s);
}

/* --- damage --- */

struct copying {
    struct gv_ttp_store to;
    struct gv_hash without;     /* the session whose row is left out */
    const struct gv_hash *with; /* or whose name it gets instead */
};

static uint64_t
now_of(void *ctx)
{
    return ((const struct award *)ctx)->now;
}

static enum gv_rc
copy_row(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    const struct copying *c = arg;
    uint8_t name[34];

    memcpy(name, key.p, key.len);
    if (key.p[1] == 's' && memcmp(key.p + 2, c->without.b, 32) == 0) {
        if (c->with == NULL)
            return GV_OK;
        memcpy(name + 2, c->with->b, 32);
    }
    return c->to.put(c->to.ctx, gv_bytes(name, key.len), value);
}

/* Does an issuer start on a copy of the records that differs so? */
static bool
starts(struct award *w, const struct gv_hash *without,
       const struct gv_hash *with)
{
    struct award_house *h = &w->house[0];
    struct gv_ttp_store from = ttp_memory_store(h->memory);
    struct ttp_memory *memory = ttp_memory_new();
    struct copying c = {ttp_memory_store(memory), *without, with};
    struct gv_issuer_options o = {.role = &h->role,
                                  .operator_name = "Issuer",
                                  .keys = w->s.keys,
                                  .params = w->s.params,
                                  .auctionkeys = h->keys,
                                  .store = c.to,
                                  .ledger = {.ctx = w, .now_ms = now_of}};
    struct gv_error e = {""};
    struct gv_issuer *iss;

    assert_int_equal(from.each(from.ctx, 'i', copy_row, &c), GV_OK);
    iss = gv_issuer_new(&o, &e);
    if (iss == NULL)
        assert_non_null(strstr(e.text, "damaged or missing"));
    gv_issuer_free(iss);
    ttp_memory_free(memory);
    return iss != NULL;
}

/* A log with a gap would be published with a root over nothing in its place. */
static void
a_commit_that_is_gone_stops_the_issuer(void **state)
{
    struct award *w = *state;
    const struct gv_hash nobody = {{0}}, other = {{7}};
    struct session s[3];

    for (unsigned i = 0; i < 3; i++) {
        session_make(&s[i], w, i + 1);
        session_open(&s[i]);
        session_commit(&s[i]);
    }
    assert_true(starts(w, &nobody, NULL));
    assert_false(starts(w, &s[0].id, NULL));
    assert_false(starts(w, &s[1].id, NULL));
    assert_false(starts(w, &s[1].id, &other));   /* under another name */
    assert_false(starts(w, &s[1].id, &s[0].id)); /* in another's place */
    for (unsigned i = 0; i < 3; i++)
        session_free(&s[i]);
}

/* --- silences --- */

/* Commit in the present auction and say nothing more. */
static void
fall_silent(struct award *w, struct session *s)
{
    session_make(s, w, 1);
    session_open(s);
    session_commit(s);
}

/* In an auction that is not the present one any more. */
static void
late_reveal(struct award *w, struct session *s, const struct gv_open *open)
{
    struct gv_open present = w->open;
    struct gv_token token;

    w->open = *open;
    session_reveal(s);
    session_token(s, &token);
    w->open = present;
}

static void
two_silences_ban_for_thirty_days(void **state)
{
    struct award *w = *state;
    struct session a, b, c;
    struct gv_open second;

    fall_silent(w, &a);
    w->now += GV_ISSUER_REVEAL_MS + 1;
    award_next(w, 2, false);
    w->facts.close_us = UINT64_MAX;
    fall_silent(w, &b); /* one is forgiven */
    w->now += GV_ISSUER_REVEAL_MS + 1;
    second = w->open;
    award_next(w, 3, true);
    w->facts.close_us = UINT64_MAX;
    session_make(&c, w, 1);
    session_ask(&c);
    expect_error(session_send(&c, gv_issuer_open, c.open), 403,
                 "left unrevealed too often");
    award_restart(w); /* it is not forgotten */
    session_ask(&c);
    expect_error(session_send(&c, gv_issuer_open, c.open), 403,
                 "left unrevealed too often");
    assert_int_equal(w->convicted, 0);
    /* A REVEAL, however late, ends a silence. */
    late_reveal(w, &b, &second);
    session_open(&c);
    session_free(&a);
    session_free(&b);
    session_free(&c);
}

/* Silence is one subject's. */
static void
others_are_not_banned(void **state)
{
    struct award *w = *state;
    struct session s;

    fall_silent(w, &s);
    session_free(&s);
    award_next(w, 2, false);
    fall_silent(w, &s);
    session_free(&s);
    award_next(w, 3, false);
    w->now += GV_ISSUER_REVEAL_MS + 1;
    w->facts.close_us = UINT64_MAX;
    session_make(&s, w, 2);
    session_open(&s);
    session_free(&s);
}

static void
a_ban_ends(void **state)
{
    struct award *w = *state;
    struct session s;

    fall_silent(w, &s);
    session_free(&s);
    award_next(w, 2, false);
    fall_silent(w, &s);
    session_free(&s);
    w->now += GV_ISSUER_REVEAL_MS + 1;
    award_next(w, 3, false);
    w->facts.close_us = UINT64_MAX;
    session_make(&s, w, 1);
    w->now += GV_ISSUER_BAN_MS - 60000;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "30 days");
    w->now += 60000;
    session_open(&s);
    session_free(&s);
}

static void
five_silences_convict(void **state)
{
    struct award *w = *state;
    struct session s;

    w->facts.close_us = UINT64_MAX;
    for (uint8_t i = 0; i < GV_ISSUER_SILENCES; i++) {
        fall_silent(w, &s);
        session_free(&s);
        w->now += 31 * DAY_MS; /* never two in thirty days */
        assert_int_equal(w->convicted, 0);
        award_next(w, (uint8_t)(i + 2), false);
        w->facts.close_us = UINT64_MAX;
    }
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "left unrevealed");
    assert_int_equal(w->convicted, 1);
    assert_string_equal(w->why, "silent");
    session_free(&s);
}

static void
the_close_makes_a_silence_too(void **state)
{
    struct award *w = *state;
    struct session s;

    for (uint8_t i = 0; i < 2; i++) {
        fall_silent(w, &s);
        session_free(&s);
        gv_issuer_close(w->issuer, &w->open.id);
        w->now += 1000;
        award_next(w, (uint8_t)(i + 2), false);
    }
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403,
                 "left unrevealed too often");
    session_free(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, award_setup, award_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_10_a_false_identity_is_caught_with_proof),
        TEST(test_S0_10_a_crash_saves_no_liar),
        TEST(the_evidence_of_an_honest_session_proves_no_lie),
        TEST(close_issues_the_log_with_paths_that_verify),
        TEST(an_auction_without_sessions_is_closed_too),
        TEST(test_S0_05_after_the_close_no_commit_is_taken),
        TEST(a_restored_issuer_adds_nothing_to_what_it_issued),
        TEST(a_commit_that_is_gone_stops_the_issuer),
        TEST(two_silences_ban_for_thirty_days),
        TEST(others_are_not_banned),
        TEST(a_ban_ends),
        TEST(five_silences_convict),
        TEST(the_close_makes_a_silence_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
