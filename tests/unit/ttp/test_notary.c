/* test_notary.c - custody: who may have whose identity, when, and how often. */
#include <stdio.h>

#include "tests/unit/ttp/scene.h"

/* --- opening --- */

/* S0-10, S0-11: any t of n notaries open the winner, and what they open is
 * the certificate and session that were sealed. */
static void
test_S0_10_any_t_notaries_open_the_winner(void **state)
{
    struct scene *s = *state;
    struct gv_share all[AWARD_NOTARIES], some[AWARD_T];
    struct gv_escrow_opened o;

    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        all[i] = share_of(s, i);
    for (unsigned out = 0; out < AWARD_NOTARIES; out++) {
        unsigned n = 0;

        for (unsigned i = 0; i < AWARD_NOTARIES; i++)
            if (i != out)
                some[n++] = all[i];
        assert_int_equal(combine(s, some, n, &o), GV_OK);
        assert_true(GV_ID_EQ(&o.who.cert, &s->w.user[1].cert.cred.fingerprint));
        assert_int_equal(o.index, 5);
        assert_memory_equal(o.es, s->winner.es, 32);
        assert_int_equal(o.false_shares, 0);
    }
    assert_int_equal(combine(s, all, AWARD_T - 1, &o), GV_ABSENT);
}

static void
a_lying_notary_is_named(void **state)
{
    struct scene *s = *state;
    struct gv_share all[AWARD_NOTARIES];
    struct gv_escrow_opened o;

    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        all[i] = share_of(s, i);
    all[1].y[7] ^= 0x10;
    assert_int_equal(combine(s, all, AWARD_NOTARIES, &o), GV_OK);
    assert_memory_equal(o.es, s->winner.es, 32);
    assert_int_equal(o.false_shares, 1u << all[1].x);
}

/* S0-11: a loser's identity stays sealed; the refusal is signed. */
static void
test_S0_11_opening_a_loser_is_refused_with_a_signed_reason(void **state)
{
    struct scene *s = *state;
    struct gv_escrow_leaf loser;

    award_enrol(&s->w, 2, 1, &loser);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        expect_refusal(s, i, ask_for(s, i, &loser.key), &loser.key,
                       GV_REFUSAL_NOT_WINNER);
    assert_int_equal(s->w.count, 0);
    /* Nor after the winner is opened. */
    award_enrol(&s->w, 1, 5, &s->winner);
    (void)share_of(s, 0);
    expect_refusal(s, 0, ask_for(s, 0, &loser.key), &loser.key,
                   GV_REFUSAL_NOT_WINNER);
}

static void
test_S0_11_nobody_but_the_seller_may_ask(void **state)
{
    struct scene *s = *state;
    struct gv_open_ask ask = open_ask(s, &s->winner.key);

    sign_ask(s, &ask, 2);
    expect_refusal(s, 0, send_ask(s, 0, &ask), &ask.of.key,
                   GV_REFUSAL_NOT_SELLER);
    /* The right key, another's certificate. */
    ask.cert = gv_bytes(s->w.user[2].der, s->w.user[2].len);
    sign_ask(s, &ask, 0);
    expect_refusal(s, 0, send_ask(s, 0, &ask), &ask.of.key,
                   GV_REFUSAL_NOT_SELLER);
    /* A signature of before a change. */
    ask = open_ask(s, &s->winner.key);
    sign_ask(s, &ask, 0);
    ask.ek[3] ^= 1;
    expect_refusal(s, 0, send_ask(s, 0, &ask), &ask.of.key,
                   GV_REFUSAL_NOT_SELLER);
    assert_int_equal(s->w.count, 0);
}

/* S0-13: not before the outcome is final, whoever leads by then. */
static void
test_S0_13_only_after_the_outcome_is_final(void **state)
{
    struct scene *s = *state;

    s->w.facts.final = false;
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_NOT_FINAL);
    expect_refusal(s, 0, ask_seller(s, 0, &s->winner.key, &s->winner.sk),
                   &s->winner.key, GV_REFUSAL_NOT_FINAL);
    s->w.facts.final = true;
    for (unsigned status = GV_NO_BID; status <= GV_VOID; status++) {
        s->w.facts.outcome.status = (uint8_t)status;
        expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                       GV_REFUSAL_NOT_SOLD);
    }
    assert_int_equal(s->w.count, 0);
}

/* S0-14: one disclosure an award. */
static void
test_S0_14_the_same_request_is_repeated_and_another_refused(void **state)
{
    struct scene *s = *state;
    struct reply first = ask_for(s, 0, &s->winner.key), again;

    assert_int_equal(first.status, GV_NOTARY_OK);
    expect_disclose(s, 0, 0, GV_WINNER_TO_SELLER,
                    gv_bytes(first.raw, first.len));
    again = ask_for(s, 0, &s->winner.key);
    assert_int_equal(again.status, GV_NOTARY_OK);
    assert_int_equal(again.len, first.len);
    assert_memory_equal(again.raw, first.raw, first.len);
    drop(&again);
    memset(s->xk, 10, 32); /* another key of the seller's */
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DISCLOSED);
    memset(s->xk, 9, 32);
    award_restart(&s->w);
    again = ask_for(s, 0, &s->winner.key);
    assert_int_equal(again.len, first.len);
    assert_memory_equal(again.raw, first.raw, first.len);
    drop(&again);
    drop(&first);
    memset(s->xk, 10, 32);
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DISCLOSED);
}

/* The runner-up has accepted a second chance, finally. */
static void
go_on(struct scene *s, unsigned user, uint8_t award)
{
    award_enrol(&s->w, user, 1, &s->winner);
    s->w.facts.award = s->award = award;
    s->w.facts.outcome.winner = s->winner.key;
    memset(s->w.facts.disclosed, 0, sizeof(s->w.facts.disclosed));
}

/* S0-14: an award has one disclosure, and the award after it has its own. */
static void
test_S0_14_the_runner_up_of_a_second_chance_is_opened_once(void **state)
{
    struct scene *s = *state;
    struct gv_pubkey first = s->winner.key;
    struct reply r;

    drop_reply(ask_for(s, 0, &first));
    s->award = 1; /* not accepted yet */
    expect_refusal(s, 0, ask_for(s, 0, &first), &first, GV_REFUSAL_NOT_WINNER);
    go_on(s, 2, 1);
    expect_refusal(s, 0, ask_for(s, 0, &first), &first, GV_REFUSAL_NOT_WINNER);
    s->award = 0; /* the defaulter again, by the key that was open to it */
    expect_refusal(s, 0, ask_for(s, 0, &first), &first, GV_REFUSAL_NOT_WINNER);
    s->award = 1;
    r = ask_seller(s, 0, &s->winner.key, &s->winner.sk);
    expect_text(r, GV_NOTARY_UNKNOWN, "has not asked yet");
    r = ask_for(s, 0, &s->winner.key);
    assert_int_equal(r.status, GV_NOTARY_OK);
    expect_disclose(s, 1, 0, GV_WINNER_TO_SELLER, gv_bytes(r.raw, r.len));
    drop(&r);
    memset(s->xk, 10, 32);
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DISCLOSED);
    memset(s->xk, 9, 32);
    award_restart(&s->w);
    drop_reply(ask_for(s, 0, &s->winner.key)); /* the same, from its record */
    drop_reply(ask_seller(s, 0, &s->winner.key, &s->winner.sk));
    /* A ledger that fell behind moves nothing back. */
    s->w.facts.award = s->award = 0;
    s->w.facts.outcome.winner = first;
    expect_refusal(s, 0, ask_for(s, 0, &first), &first, GV_REFUSAL_DISCLOSED);
}

/* S0-14: a notary restored from a copy of before the disclosure forgot what it
 * gave; the chain did not. */
static void
test_S0_14_the_chain_remembers_for_a_restored_notary(void **state)
{
    struct scene *s = *state;

    s->w.facts.disclosed[GV_WINNER_TO_SELLER] = 1u << 1;
    expect_refusal(s, 1, ask_for(s, 1, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DISCLOSED);
    (void)share_of(s, 0); /* which is another's */
}

static void
test_S0_14_refusals_are_logged(void **state)
{
    struct scene *s = *state;
    char path[PATH_MAX + 8], hex[65];
    struct gv_log_options o = {.level = GV_LOG_INFO, .file = path};
    struct gv_error e;
    uint8_t *text;
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/log", s->w.dir.path);
    s->w.log = gv_log_open(&o, &e);
    assert_non_null(s->w.log);
    award_restart(&s->w);
    (void)share_of(s, 0);
    memset(s->xk, 11, 32);
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DISCLOSED);
    text = support_file(path, &len);
    gv_hex(s->w.open.id.b, 32, hex);
    assert_non_null(strstr((char *)text, "disclosed already"));
    assert_non_null(strstr((char *)text, hex));
    free(text);
    gv_log_free(s->w.log);
    s->w.log = NULL;
    award_restart(&s->w);
}

/* The blob is what its maker sealed: a share for another key or auction is no
 * share of this one. */
static void
a_blob_with_anothers_share_is_refused(void **state)
{
    struct scene *s = *state;
    struct gv_escrow_leaf other;
    struct gv_tx tx;
    struct gv_sink sink;
    uint8_t raw[4096];

    award_enrol(&s->w, 2, 1, &other);
    assert_int_equal(gv_tx_decode(s->w.enrol, &tx, NULL), GV_OK);
    tx.u.enrol.key = s->winner.key; /* transplanted */
    assert_int_equal(gv_tx_sign(s->w.s.keys, &s->winner.sk, &tx), GV_OK);
    sink = gv_sink_buffer(raw, sizeof(raw));
    gv_tx_put(&sink, &tx);
    s->w.enrol = sample_copy(&s->w.s, gv_bytes(raw, sink.len));
    s->w.enrolled = s->winner.key;
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_NOT_MINE);
    /* Bytes that are no ciphertext at all. */
    ((uint8_t *)tx.u.enrol.blob.p)[100] ^= 1;
    assert_int_equal(gv_tx_sign(s->w.s.keys, &s->winner.sk, &tx), GV_OK);
    sink = gv_sink_buffer(raw, sizeof(raw));
    gv_tx_put(&sink, &tx);
    s->w.enrol = gv_bytes(raw, sink.len);
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_NOT_MINE);
    s->w.enrol.len = 0;
    assert_int_equal(s->w.count, 0);
}

static void
other_requests_get_their_errors(void **state)
{
    struct scene *s = *state;
    struct gv_open_ask ask = open_ask(s, &s->winner.key);
    struct reply r = {.raw = NULL};

    r.status = (int)gv_notary_open(s->w.notary[0], gv_bytes("x", 1), &r.raw,
                                   &r.len, &r.e);
    expect_text(r, 400, "OPEN_ASK is malformed");
    r.status = (int)gv_notary_seller(s->w.notary[0], gv_bytes("x", 1), &r.raw,
                                     &r.len, &r.e);
    expect_text(r, 400, "SELLER_ASK is malformed");
    memset(ask.ek, 0, 32);
    sign_ask(s, &ask, 0);
    expect_text(send_ask(s, 0, &ask), 400, "ek");
    ask = open_ask(s, &s->winner.key);
    ask.of.auction.b[0] ^= 1;
    sign_ask(s, &ask, 0);
    expect_text(send_ask(s, 0, &ask), 404, "no such auction");
    s->w.answer = GV_FAULT;
    expect_text(ask_for(s, 0, &s->winner.key), 503, "ledger");
    s->w.answer = GV_OK;
    s->w.enrolled.b[0] ^= 1; /* not there for some reason */
    expect_text(ask_for(s, 0, &s->winner.key), 503, "cannot be made");
    s->w.enrolled.b[0] ^= 1;
    (void)share_of(s, 0); /* and nothing of all that counted */
}

/* --- the other direction --- */

/* S0-13: the winner, and nobody else, learns who the seller is, and the
 * notary's records hold neither side's identity. */
static void
test_S0_13_the_winner_gets_the_sellers_certificate(void **state)
{
    struct scene *s = *state;
    struct gv_award of = {.auction = s->w.open.id, .key = s->winner.key};
    struct gv_notary_box box = {.what = GV_NOTARY_CERTS, .of = &of};
    uint8_t digest[32], plain[4096];
    struct gv_seller_cert m;
    struct reply r, again;

    expect_text(ask_seller(s, 0, &s->winner.key, &s->winner.sk), 404,
                "not asked yet");
    (void)share_of(s, 0);
    award_forget(&s->w);
    r = ask_seller(s, 0, &s->winner.key, &s->winner.sk);
    assert_int_equal(r.status, 200);
    assert_int_equal(gv_seller_cert_decode(gv_bytes(r.raw, r.len), &m, NULL),
                     GV_OK);
    gv_seller_cert_digest(&of, &m, digest);
    assert_true(gv_key_verify(s->w.s.keys, &s->w.open.notary[0].cred.key,
                              digest, &m.sig));
    memcpy(box.enc, m.enc, 32);
    assert_int_equal(gv_notary_unseal(&box, s->winner.xk, m.sealed, plain),
                     GV_OK);
    assert_int_equal(m.sealed.len - GV_HPKE_TAG, s->w.user[0].len);
    assert_memory_equal(plain, s->w.user[0].der, s->w.user[0].len);
    expect_disclose(s, 0, 0, GV_SELLER_TO_WINNER, gv_bytes(r.raw, r.len));
    award_restart(&s->w);
    again = ask_seller(s, 0, &s->winner.key, &s->winner.sk);
    assert_int_equal(again.len, r.len);
    assert_memory_equal(again.raw, r.raw, r.len);
    drop(&again);
    drop(&r);
}

static void
test_S0_13_losers_do_not_learn_the_seller(void **state)
{
    struct scene *s = *state;
    struct gv_escrow_leaf loser;

    (void)share_of(s, 0);
    award_enrol(&s->w, 2, 1, &loser);
    expect_refusal(s, 0, ask_seller(s, 0, &loser.key, &loser.sk), &loser.key,
                   GV_REFUSAL_NOT_WINNER);
    expect_text(ask_seller(s, 0, &s->winner.key, &loser.sk), 401,
                "not the key's");
}

struct search {
    struct gv_bytes what;
    bool found;
};

static enum gv_rc
search_row(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct search *q = arg;

    (void)key;
    if (memmem(value.p, value.len, q->what.p, q->what.len) != NULL)
        q->found = true;
    return GV_OK;
}

static bool
records_hold(const struct scene *s, struct gv_bytes what)
{
    struct gv_ttp_store store = ttp_memory_store(s->w.house[1].memory);
    struct search q = {what, false};

    assert_int_equal(store.each(store.ctx, 'n', search_row, &q), GV_OK);
    return q.found;
}

static void
test_S0_13_records_hold_nothing_readable(void **state)
{
    struct scene *s = *state;
    struct gv_share share = share_of(s, 0);
    const struct award_user *seller = &s->w.user[0];
    struct reply r = ask_seller(s, 0, &s->winner.key, &s->winner.sk);

    assert_int_equal(r.status, 200);
    assert_true(records_hold(s, gv_bytes(r.raw, r.len)));
    assert_false(records_hold(s, gv_bytes(share.y, 32)));
    assert_false(records_hold(s, gv_bytes(seller->der + 40, 32)));
    assert_false(
        records_hold(s, gv_bytes(seller->cert.cred.fingerprint.b, 32)));
    assert_false(
        records_hold(s, gv_bytes(s->w.user[1].cert.cred.fingerprint.b, 32)));
    drop(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_10_any_t_notaries_open_the_winner),
        TEST(a_lying_notary_is_named),
        TEST(test_S0_11_opening_a_loser_is_refused_with_a_signed_reason),
        TEST(test_S0_11_nobody_but_the_seller_may_ask),
        TEST(test_S0_13_only_after_the_outcome_is_final),
        TEST(test_S0_14_the_same_request_is_repeated_and_another_refused),
        TEST(test_S0_14_the_runner_up_of_a_second_chance_is_opened_once),
        TEST(test_S0_14_the_chain_remembers_for_a_restored_notary),
        TEST(test_S0_14_refusals_are_logged),
        TEST(a_blob_with_anothers_share_is_refused),
        TEST(other_requests_get_their_errors),
        TEST(test_S0_13_the_winner_gets_the_sellers_certificate),
        TEST(test_S0_13_losers_do_not_learn_the_seller),
        TEST(test_S0_13_records_hold_nothing_readable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
