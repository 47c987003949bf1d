/* test_issuer_keys.c - when the token issuer destroys the keys of an auction,
 * and what it answers afterwards (identity.md I29, I41). */
#include "src/ttp/auctionkeys_file.h"
#include "tests/unit/ttp/session.h"

#define DAY_MS UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

static bool
holds(const struct award *w, struct gv_bytes modulus)
{
    EVP_PKEY *key =
        gv_auctionkeys_get(w->house[0].keys, modulus.p, &w->open.id);

    EVP_PKEY_free(key);
    return key != NULL;
}

/* Both keys or none. */
static bool
holds_keys(const struct award *w)
{
    bool token = holds(w, w->open.issuer.token);

    assert_int_equal(token, holds(w, w->open.issuer.challenge));
    return token;
}

/* Look after the auctions once an hour for so long. */
static void
watch(struct award *w, uint64_t ms)
{
    for (uint64_t end = w->now + ms; w->now < end; w->now += HOUR_MS)
        gv_issuer_tick(w->issuer);
    gv_issuer_tick(w->issuer);
}

static void
end_auction(struct award *w)
{
    w->now = AWARD_CLOSE_MS + 1;
    gv_issuer_close(w->issuer, &w->open.id);
    w->facts.issued = w->facts.set_fixed = true;
}

/* ISSUED and X are not enough: another branch may still come. */
static void
the_final_outcome_ends_the_keys_I41(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_commit(&s);
    session_reveal(&s);
    end_auction(w);
    watch(w, DAY_MS);
    assert_true(holds_keys(w));
    w->facts.final = true;
    watch(w, HOUR_MS);
    assert_false(holds_keys(w));
    award_restart(w);
    assert_false(holds_keys(w));
    /* What was given is given again. */
    expect_same(session_send(&s, gv_issuer_commit, s.commit), s.challenge);
    expect_same(session_send(&s, gv_issuer_reveal, s.reveal),
                gv_bytes(s.sign, sizeof(s.sign)));
    session_free(&s);
}

/* A true REVEAL ends the silence and gets no token; a false one convicts. */
static void
a_late_reveal_ends_a_silence_I29(void **state)
{
    struct award *w = *state;
    struct session s, liar;

    session_make(&s, w, 1);
    session_open(&s);
    session_commit(&s);
    session_make_reveal(&s);
    session_make(&liar, w, 2);
    session_open(&liar);
    liar.who.cert.b[0] ^= 1;
    session_commit(&liar);
    session_make_reveal(&liar);
    end_auction(w);
    w->facts.final = true;
    watch(w, HOUR_MS);
    assert_false(holds_keys(w));
    for (unsigned i = 0; i < 3; i++) {
        expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 403,
                     "the reveal is kept");
        award_restart(w);
    }
    expect_error(session_send(&liar, gv_issuer_reveal, liar.reveal), 403,
                 "do not escrow the identity");
    assert_int_equal(w->convicted, 1);
    session_free(&s);
    session_free(&liar);
}

/* Two silences would ban; one was ended late. */
static void
a_late_reveal_lifts_the_ban_I29(void **state)
{
    struct award *w = *state;
    struct session s[2], next;

    for (unsigned i = 0; i < 2; i++) {
        session_make(&s[i], w, 1);
        session_open(&s[i]);
        session_commit(&s[i]);
        session_make_reveal(&s[i]);
        if (i == 0) {
            w->now += GV_ISSUER_REVEAL_MS + 1;
            award_next(w, 2, true);
            w->facts.close_us = UINT64_MAX;
        }
    }
    w->now += GV_ISSUER_REVEAL_MS + 1;
    w->facts.final = w->facts.issued = w->facts.set_fixed = true;
    gv_issuer_tick(w->issuer);
    assert_false(holds_keys(w));
    expect_error(session_send(&s[1], gv_issuer_reveal, s[1].reveal), 403,
                 "the reveal is kept");
    award_next(w, 3, true);
    w->facts.close_us = UINT64_MAX;
    session_make(&next, w, 1);
    session_open(&next); /* not refused */
    session_free(&next);
    session_free(&s[0]);
    session_free(&s[1]);
}

static void
without_an_open_the_keys_go_after_seven_days_I41(void **state)
{
    struct award *w = *state;
    struct session s;

    w->hidden = true;
    watch(w, 7 * DAY_MS - HOUR_MS);
    assert_true(holds_keys(w));
    watch(w, HOUR_MS);
    assert_false(holds_keys(w));
    award_restart(w);
    /* An OPEN that comes now gets no session, so nobody falls silent in it. */
    w->hidden = false;
    w->facts.close_us = UINT64_MAX;
    session_make(&s, w, 1);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "destroyed");
    session_free(&s);
}

static void
what_may_only_seem_to_be_missing_keeps_its_keys_I41(void **state)
{
    struct award *w = *state;

    w->hidden = w->stale = true;
    watch(w, 30 * DAY_MS);
    w->stale = false;
    watch(w, 6 * DAY_MS);
    w->hidden = false;
    watch(w, HOUR_MS);
    w->hidden = true;
    watch(w, 6 * DAY_MS);
    award_restart(w);
    watch(w, 6 * DAY_MS);
    w->answer = GV_FAULT;
    watch(w, 6 * DAY_MS);
    assert_true(holds_keys(w));
}

/* With a COMMIT its OPEN was on the ledger: the ledger was lost. */
static void
a_lost_ledger_ends_no_auction_I41(void **state)
{
    struct award *w = *state;
    struct session s;

    session_make(&s, w, 1);
    session_open(&s);
    session_commit(&s);
    award_restart(w);
    w->hidden = true;
    watch(w, 9 * DAY_MS);
    assert_true(holds_keys(w));
    session_free(&s);
}

static void
a_stalled_auction_ends_the_keys_I41(void **state)
{
    struct award *w = *state;

    w->facts.stalled = true;
    watch(w, 7 * DAY_MS - HOUR_MS);
    assert_true(holds_keys(w));
    watch(w, HOUR_MS);
    assert_false(holds_keys(w));
}

/* The decision is durable before the keys go: keys that a crash or an old copy
 * of the directory left are destroyed again, whatever the ledger says then. */
static void
a_decision_outlives_a_crash_I41(void **state)
{
    struct award *w = *state;
    struct award_house *h = &w->house[0];
    struct auctionkeys_row row = {.bound = true, .auction = w->open.id};
    struct auctionkeys_dir dir;
    struct gv_error e;

    memcpy(row.pub, w->open.issuer.token.p, GV_RSA_SIZE);
    row.key = gv_auctionkeys_get(h->keys, row.pub, &w->open.id);
    assert_non_null(row.key);
    w->facts.final = true;
    gv_issuer_tick(w->issuer);
    assert_false(holds_keys(w));
    assert_int_equal(auctionkeys_dir_open(&dir, GV_AUCTIONKEYS_RSA, h->dir,
                                          &h->role.secret, &e),
                     GV_OK);
    assert_int_equal(auctionkeys_dir_put(&dir, &row, &e), GV_OK);
    auctionkeys_dir_close(&dir);
    EVP_PKEY_free(row.key);
    w->facts.final = false;
    award_restart(w);
    assert_true(holds(w, w->open.issuer.token));
    gv_issuer_tick(w->issuer);
    assert_false(holds_keys(w));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, award_setup, award_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_final_outcome_ends_the_keys_I41),
        TEST(a_late_reveal_ends_a_silence_I29),
        TEST(a_late_reveal_lifts_the_ban_I29),
        TEST(without_an_open_the_keys_go_after_seven_days_I41),
        TEST(what_may_only_seem_to_be_missing_keeps_its_keys_I41),
        TEST(a_lost_ledger_ends_no_auction_I41),
        TEST(a_stalled_auction_ends_the_keys_I41),
        TEST(a_decision_outlives_a_crash_I41),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
