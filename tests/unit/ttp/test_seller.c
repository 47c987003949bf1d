/* test_seller.c - pseudonymous sellers at the services: epochs, seats, and how
 * three notaries, two of whom are needed, compare seller and winner
 * (docs/spec/identity.md, I42 to I49). */
#include "src/ttp/serve.h"
#include "tests/unit/ttp/play.h"

/* --- seats --- */

static void
test_S0_05_a_subject_has_as_many_pseudonyms_as_seats_I44(void **state)
{
    struct play *p = *state;
    struct session s, again;
    struct gv_token first, second;

    session_make_seat(&s, &p->w, 1, 0);
    session_whole(&s, &first);
    session_make_seat(&again, &p->w, 1, 1);
    assert_false(GV_ID_EQ(&again.scope, &s.scope));
    memset(again.tree.node[0], 0x17, 32);
    session_whole(&again, &second);
    assert_false(GV_ID_EQ(&first.key, &second.key));
    assert_false(GV_ID_EQ(&again.id, &s.id));
    session_free(&again);
    /* The same seat again is the same session. */
    session_make_seat(&again, &p->w, 1, 0);
    session_open(&again);
    assert_true(GV_ID_EQ(&again.id, &s.id));
    session_free(&again);
    session_free(&s);
    /* There is no seat behind the last one. */
    session_make_seat(&s, &p->w, 1, p->w.epoch->seats);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 404, "no such");
    session_free(&s);
}

static void
test_S0_03_seats_are_for_users_in_their_epoch_I44(void **state)
{
    struct play *p = *state;
    uint64_t now = p->w.now;
    struct session s;

    session_begin(&s, &p->w, 2, &p->w.epoch->desk);
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 404, "no such");
    session_free(&s);
    session_make_seat(&s, &p->w, 2, 3);
    p->w.epoch_waits = true;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "not final");
    p->w.epoch_waits = false;
    p->w.user[2].cert.revoked = true;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "revoked");
    p->w.user[2].cert.revoked = false;
    p->w.now = p->w.epoch->end_ms;
    session_ask(&s);
    expect_error(session_send(&s, gv_issuer_open, s.open), 403, "over");
    p->w.now = now;
    session_free(&s);
}

/* S0-07: a leaf that names somebody else shows, as a bidder's does; the one in
 * 1,024 that is drawn cannot be this one. */
static void
test_S0_07_a_false_seat_is_convicted_I44(void **state)
{
    struct play *p = *state;
    struct session s;

    session_make_seat(&s, &p->w, 3, 0);
    session_open(&s);
    s.who.cert.b[0] ^= 1;
    session_commit(&s);
    session_make_reveal(&s);
    expect_error(session_send(&s, gv_issuer_reveal, s.reveal), 403,
                 "do not escrow");
    assert_true(GV_ID_EQ(&p->w.convict, &p->w.user[3].cert.cred.fingerprint));
    session_free(&s);
}

/* --- epochs --- */

static int
serve(struct play *p, const struct gv_epoch *e, struct gv_error *error)
{
    uint8_t raw[8192], *out = NULL;
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));
    size_t len;
    int status;

    gv_epoch_put_preimage(&s, e);
    assert_false(s.failed);
    status = (int)gv_notary_serve(p->w.notary[1], gv_bytes(raw, s.len), &out,
                                  &len, error);
    free(out);
    out = NULL;
    assert_int_equal((int)gv_issuer_serve(p->w.issuer, gv_bytes(raw, s.len),
                                          &out, &len, error),
                     status);
    free(out);
    return status;
}

static void
test_S0_06_nobody_chooses_what_is_in_an_epoch_I43(void **state)
{
    struct play *p = *state;
    struct gv_epoch e = *p->w.epoch;
    struct gv_error why;

    assert_int_equal(serve(p, &e, &why), 200); /* again */
    e.end_ms++;
    assert_int_equal(serve(p, &e, &why), 403);
    e = *p->w.epoch;
    e.start_ms -= 301000;
    e.end_ms -= 301000;
    assert_int_equal(serve(p, &e, &why), 403);
    e = *p->w.epoch;
    e.start_ms += 301000;
    e.end_ms += 301000;
    assert_int_equal(serve(p, &e, &why), 403);
    /* The next one begins at the end of this one, in its last 7 days. */
    e = *p->w.epoch;
    p->w.epoch_end_ms = p->w.now + SERVE_EPOCH_AHEAD_MS + 1;
    e.start_ms = p->w.epoch_end_ms;
    e.end_ms = e.start_ms + SERVE_EPOCH_MS;
    assert_int_equal(serve(p, &e, &why), 403);
    p->w.epoch_end_ms--;
    assert_int_equal(serve(p, &e, &why), 403);
    e.start_ms--;
    e.end_ms--;
    assert_int_equal(serve(p, &e, &why), 409); /* it is good but for its keys */
    p->w.epoch_end_ms = 0;
    e = *p->w.epoch;
    e.seats = 17;
    assert_int_equal(serve(p, &e, &why), 403);
    e = *p->w.epoch;
    e.desk.cut_log2 = 3;
    assert_int_equal(serve(p, &e, &why), 403);
    e = *p->w.epoch;
    e.desk.escrow_t = 1;
    assert_int_equal(serve(p, &e, &why), 403);
    e = *p->w.epoch;
    e.desk.notary_count = 2;
    assert_int_equal(serve(p, &e, &why), 403);
    assert_non_null(strstr(why.text, "every notary"));
    e = *p->w.epoch;
    e.start_ms++;
    e.end_ms++;
    assert_int_equal(serve(p, &e, &why), 409); /* its keys serve another */
}

/* --- the award --- */

/* Two shares open the seller to the winner: nobody's help is needed. */
static void
test_S0_13_the_winner_opens_the_seller_I48(void **state)
{
    struct play *p = *state;
    struct gv_open_escrow *pins;
    struct gv_escrow *worker;
    struct gv_escrow_opened opened;
    struct gv_share shares[2];
    struct gv_token token;
    struct party who;
    struct answer a;

    sell_to(p, 1);
    who = as_winner(p);
    get_parts(p, &who);
    shares[0] = read_share(p, 0, &who, share(p, 0, &who, 1u << 2));
    shares[1] = read_share(p, 2, &who, share(p, 2, &who, 1u << 1 | 1u << 2));
    gv_open_seller_token(&p->w.open, &token);
    pins = gv_open_escrow_new(&p->w.epoch->desk);
    worker = gv_escrow_new(&pins->pins, p->w.s.keys);
    assert_int_equal(gv_escrow_open(worker, shares, 2, &token, &opened, NULL),
                     GV_OK);
    assert_true(
        GV_ID_EQ(&opened.who.cert, &p->w.user[0].cert.cred.fingerprint));
    assert_int_equal(opened.false_shares, 0);
    /* Again, with other parts: the same bytes. */
    a = share(p, 0, &who, 1u << 3);
    assert_int_equal(a.status, 200);
    (void)read_share(p, 0, &who, a);
    /* Only that side was given. */
    assert_int_equal(award_sent(&p->w, 0).u.disclose.side, GV_SELLER_TO_WINNER);
    award_restart(&p->w);
    (void)read_share(p, 0, &who, share(p, 0, &who, 0));
    gv_escrow_free(worker);
    gv_open_escrow_free(pins);
    award_forget(&p->w);
}

static void
test_S0_13_the_seller_opens_the_winner_I48(void **state)
{
    struct play *p = *state;
    struct party who;
    struct gv_share a, b;

    sell_to(p, 1);
    who = as_seller(p);
    get_parts(p, &who);
    a = read_share(p, 1, &who, share(p, 1, &who, 1u << 1));
    b = read_share(p, 1, &who, share(p, 1, &who, 0));
    assert_memory_equal(&a, &b, sizeof(a));
    award_forget(&p->w);
}

static void
test_S0_11_nobody_else_is_answered_I47(void **state)
{
    struct play *p = *state;
    struct party who, stranger;

    sell_to(p, 1);
    p->w.facts.final = false;
    who = as_winner(p);
    expect_code(p, 0, match(p, 0, &who), GV_REFUSAL_NOT_FINAL);
    p->w.facts.final = true;
    p->w.facts.outcome.status = GV_RESERVE_NOT_MET;
    expect_code(p, 0, match(p, 0, &who), GV_REFUSAL_NOT_SOLD);
    p->w.facts.outcome.status = GV_SOLD;
    stranger = who;
    stranger.secret = &p->w.user[2].secret;
    expect_code(p, 0, match(p, 0, &stranger), GV_REFUSAL_NOT_WINNER);
    expect_code(p, 0, share(p, 0, &stranger, 0), GV_REFUSAL_NOT_WINNER);
    stranger = as_seller(p);
    stranger.secret = &p->w.user[2].secret;
    expect_code(p, 0, match(p, 0, &stranger), GV_REFUSAL_NOT_SELLER);
    who = as_seller(p);
    who.target = p->w.user[2].cert.cred.key; /* a loser's */
    expect_code(p, 0, match(p, 0, &who), GV_REFUSAL_NOT_WINNER);
    assert_int_equal(p->w.count, 0);
}

/* One notary's own shares are too few, and a part that another sealed for
 * somebody else, or that nobody signed, does not count. */
static void
test_S0_11_one_notary_alone_opens_nothing_I47(void **state)
{
    struct play *p = *state;
    struct gv_bytes good;
    struct party who;
    uint8_t *bad;

    sell_to(p, 1);
    who = as_winner(p);
    get_parts(p, &who);
    expect_busy(share(p, 0, &who, 0), 409, "more notaries");
    expect_busy(share(p, 0, &who, 1u << 1), 409, "more notaries");
    good = p->parts[1];
    bad = (uint8_t *)sample_copy(&p->w.s, good).p;
    bad[9] ^= 1; /* the box for notary 1 */
    p->parts[1].p = bad;
    expect_busy(share(p, 0, &who, 1u << 2), 409, "more notaries");
    memcpy(bad, good.p + 2 * GV_MATCH_PART_SIZE, GV_MATCH_PART_SIZE);
    expect_busy(share(p, 0, &who, 1u << 2), 409, "more notaries");
    memcpy(bad, good.p, GV_MATCH_PART_SIZE);
    (void)read_share(p, 0, &who, share(p, 0, &who, 1u << 2));
    award_forget(&p->w);
}

/* Both sides are refused, also with another certificate of the same key. */
static void
test_S0_13_an_equal_pair_is_refused_I49(void **state)
{
    struct play *p = *state;
    struct award_user *u = &p->w.user[2];
    struct gv_pubkey key = u->cert.cred.key;
    struct party who;

    sell_to(p, 0);
    who = as_seller(p);
    get_parts(p, &who);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        expect_code(p, i, share(p, i, &who, 7u << 1 & ~(2u << i)),
                    GV_REFUSAL_EQUAL);
    who = as_winner(p);
    get_parts(p, &who);
    expect_code(p, 0, share(p, 0, &who, 1u << 2), GV_REFUSAL_EQUAL);
    assert_int_equal(p->w.count, 0);
    /* A renewed certificate has another fingerprint and the same key. */
    sell_to(p, 2);
    u->cert.cred.key = p->w.user[0].cert.cred.key;
    who = as_seller(p);
    get_parts(p, &who);
    expect_code(p, 0, share(p, 0, &who, 1u << 3), GV_REFUSAL_EQUAL);
    /* As long as nobody can say whose certificates they are, nobody is shown.
     */
    p->w.certs_away = true;
    expect_busy(share(p, 0, &who, 1u << 3), 503, "cannot be made or kept");
    p->w.certs_away = false;
    expect_code(p, 0, share(p, 0, &who, 1u << 3), GV_REFUSAL_EQUAL);
    assert_int_equal(p->w.count, 0);
    u->cert.cred.key = key;
    (void)read_share(p, 0, &who, share(p, 0, &who, 1u << 3));
    award_forget(&p->w);
}

/* A blob that opens to nobody is said to, once all notaries have looked. */
static void
test_S0_12_a_false_winner_is_named_I49(void **state)
{
    struct play *p = *state;
    struct gv_bytes good;
    struct party who;
    struct gv_tx tx;
    uint8_t *raw;

    sell_to(p, 1);
    good = p->w.enrol;
    raw = (uint8_t *)sample_copy(&p->w.s, good).p;
    assert_int_equal(gv_tx_decode(gv_bytes(raw, good.len), &tx, NULL), GV_OK);
    ((uint8_t *)tx.u.enrol.blob.p)[tx.u.enrol.blob.len - 5] ^= 1;
    p->w.enrol.p = raw;
    who = as_seller(p);
    get_parts(p, &who);
    expect_busy(share(p, 0, &who, 1u << 2), 409, "more notaries");
    expect_code(p, 0, share(p, 0, &who, 1u << 2 | 1u << 3),
                GV_REFUSAL_WINNER_FALSE);
    p->w.enrol = good;
    assert_int_equal(p->w.count, 0);
}

static bool
holds_epoch_key(const struct play *p)
{
    EVP_PKEY *key =
        gv_auctionkeys_get(p->w.house[1].keys, p->w.epoch->desk.notary[0].key.p,
                           &p->w.epoch->desk.id);

    EVP_PKEY_free(key);
    return key != NULL;
}

/* An epoch's key lives as long as an award may need it, and 30 days. */
static void
test_S0_14_the_end_of_an_epochs_key_I50(void **state)
{
    struct play *p = *state;
    uint64_t due = p->w.epoch->end_ms + UINT64_C(30) * 86400000;

    gv_notary_tick(p->w.notary[0]);
    p->w.now = due - 1;
    gv_notary_tick(p->w.notary[0]);
    assert_true(holds_epoch_key(p));
    p->w.now = due + 600000; /* the auction is not over */
    gv_notary_tick(p->w.notary[0]);
    assert_true(holds_epoch_key(p));
    p->w.facts.final = true;
    p->w.facts.outcome.status = GV_NO_BID;
    for (unsigned i = 0; i < 2; i++) {
        p->w.now += 600000;
        gv_notary_tick(p->w.notary[0]);
    }
    assert_false(holds_epoch_key(p));
    award_restart(&p->w);
    gv_notary_tick(p->w.notary[0]);
    assert_false(holds_epoch_key(p));
}

static void
test_malformed_requests_I47(void **state)
{
    struct play *p = *state;
    struct gv_share_ask ask = {.count = 2};
    uint8_t raw[4096], *out;
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));
    struct gv_share_ask back;
    struct gv_reject why;
    struct gv_error e;
    size_t len;

    assert_int_equal(
        (int)gv_notary_match(p->w.notary[0], gv_bytes("x", 1), &out, &len, &e),
        400);
    assert_int_equal(
        (int)gv_notary_share(p->w.notary[0], gv_bytes("x", 1), &out, &len, &e),
        400);
    ask.part[0].from = 1;
    ask.part[1].from = 2;
    gv_share_ask_put(&s, &ask);
    assert_int_equal(gv_share_ask_decode(gv_bytes(raw, s.len), &back, &why),
                     GV_OK);
    for (size_t n = 0; n < s.len; n += 3)
        assert_int_equal(
            gv_share_ask_decode(sample_copy(&p->w.s, gv_bytes(raw, n)), &back,
                                &why),
            GV_REJECT);
    for (unsigned from = 0; from < 2; from++) {
        ask.part[1].from = (uint8_t)from;
        s = gv_sink_buffer(raw, sizeof(raw));
        gv_share_ask_put(&s, &ask);
        assert_int_equal(gv_share_ask_decode(gv_bytes(raw, s.len), &back, &why),
                         GV_REJECT);
        assert_string_equal(why.field, "share.from");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_S0_05_a_subject_has_as_many_pseudonyms_as_seats_I44),
        cmocka_unit_test(test_S0_03_seats_are_for_users_in_their_epoch_I44),
        cmocka_unit_test(test_S0_07_a_false_seat_is_convicted_I44),
        cmocka_unit_test(test_S0_06_nobody_chooses_what_is_in_an_epoch_I43),
        cmocka_unit_test(test_S0_11_nobody_else_is_answered_I47),
        cmocka_unit_test(test_malformed_requests_I47),
        cmocka_unit_test(test_S0_12_a_false_winner_is_named_I49),
        cmocka_unit_test(test_S0_11_one_notary_alone_opens_nothing_I47),
        cmocka_unit_test_setup_teardown(test_S0_13_an_equal_pair_is_refused_I49,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_S0_13_the_winner_opens_the_seller_I48, set_up, tear_down),
        cmocka_unit_test(test_S0_13_the_seller_opens_the_winner_I48),
        cmocka_unit_test_setup_teardown(test_S0_14_the_end_of_an_epochs_key_I50,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
