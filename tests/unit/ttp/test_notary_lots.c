/* test_notary_lots.c - the notary of an auction with several lots: each that is
 * sold is an award of its own. */
#include <stdio.h>

#include "tests/unit/ttp/scene.h"

#define DAY_MS UINT64_C(86400000)

/* Lots 1 and 2 are the winner's, 3 is not sold, 4 is the other one's. */
struct sale {
    struct scene s; /* first: the tests of scene.h take it */
    struct gv_escrow_leaf other;
    uint8_t list[256];
};

static int
setup_lots(void **state)
{
    struct sale *x = calloc(1, sizeof(*x));
    struct gv_terms t;

    assert_non_null(x);
    t = award_lots(4, x->list);
    award_make(&x->s.w, &t);
    award_enrol(&x->s.w, 2, 3, &x->other);
    award_enrol(&x->s.w, 1, 5, &x->s.winner);
    award_sold_lots(
        &x->s.w, (const struct gv_pubkey *const[]){
                     &x->s.winner.key, &x->s.winner.key, NULL, &x->other.key});
    memset(x->s.xk, 9, 32);
    *state = x;
    return 0;
}

/* The seller asks notary 0 who bought this lot. */
static struct reply
ask_lot(struct sale *x, uint8_t lot, const struct gv_pubkey *key)
{
    x->s.award = lot;
    return ask_for(&x->s, 0, key);
}

/* A winner asks notary 0 who sells. */
static struct reply
ask_who(struct sale *x, uint8_t lot, const struct gv_escrow_leaf *who)
{
    x->s.award = lot;
    return ask_seller(&x->s, 0, &who->key, &who->sk);
}

static void
expect_same(struct reply r, const struct reply *before)
{
    assert_int_equal(r.status, 200);
    assert_int_equal(r.len, before->len);
    assert_memory_equal(r.raw, before->raw, before->len);
    drop(&r);
}

static void
stands(struct sale *x, uint8_t lot, unsigned side)
{
    x->s.w.lot[lot - 1].disclosed[side] |= 1;
}

static void
tick(struct sale *x)
{
    x->s.w.now += 6000;
    gv_notary_tick(x->s.w.notary[0]);
}

static void
test_S0_14_each_lot_opens_its_own_winner(void **state)
{
    struct sale *x = *state;
    struct gv_escrow_opened opened;
    struct gv_share shares[2];

    for (uint8_t lot = 1; lot <= 2; lot++) {
        x->s.award = lot;
        shares[0] = share_of(&x->s, 0);
        shares[1] = share_of(&x->s, 1);
        assert_int_equal(combine(&x->s, shares, 2, &opened), GV_OK);
        assert_memory_equal(opened.es, x->s.winner.es, 32);
    }
    drop_reply(ask_lot(x, 4, &x->other.key));
}

static void
test_S0_14_no_lot_opens_another_ones_winner(void **state)
{
    static const uint8_t none[] = {0, 3, 5, 64};
    struct sale *x = *state;

    for (size_t i = 0; i < sizeof(none); i++)
        expect_refusal(&x->s, 0, ask_lot(x, none[i], &x->s.winner.key),
                       &x->s.winner.key, GV_REFUSAL_NOT_SOLD);
    expect_refusal(&x->s, 0, ask_lot(x, 4, &x->s.winner.key), &x->s.winner.key,
                   GV_REFUSAL_NOT_WINNER);
    expect_refusal(&x->s, 0, ask_lot(x, 1, &x->other.key), &x->other.key,
                   GV_REFUSAL_NOT_WINNER);
    expect_refusal(&x->s, 0, ask_who(x, 3, &x->other), &x->other.key,
                   GV_REFUSAL_NOT_SOLD);
    assert_int_equal(x->s.w.count, 0);
    /* Nor does one that was asked for give another's answer. */
    drop_reply(ask_lot(x, 1, &x->s.winner.key));
    expect_text(ask_who(x, 2, &x->s.winner), 404, "has not asked");
    expect_refusal(&x->s, 0, ask_who(x, 1, &x->other), &x->other.key,
                   GV_REFUSAL_NOT_WINNER);
    drop_reply(ask_who(x, 1, &x->s.winner));
}

static void
test_S0_14_a_lot_is_disclosed_once(void **state)
{
    struct sale *x = *state;
    struct reply first = ask_lot(x, 1, &x->s.winner.key);

    expect_disclose(&x->s, 0, 0, GV_WINNER_TO_SELLER,
                    gv_bytes(first.raw, first.len));
    memset(x->s.xk, 8, 32); /* another request */
    expect_refusal(&x->s, 0, ask_lot(x, 1, &x->s.winner.key), &x->s.winner.key,
                   GV_REFUSAL_DISCLOSED);
    drop_reply(ask_lot(x, 2, &x->s.winner.key));
    memset(x->s.xk, 9, 32);
    expect_refusal(&x->s, 0, ask_lot(x, 2, &x->s.winner.key), &x->s.winner.key,
                   GV_REFUSAL_DISCLOSED);
    expect_same(ask_lot(x, 1, &x->s.winner.key), &first);
    award_restart(&x->s.w);
    expect_same(ask_lot(x, 1, &x->s.winner.key), &first);
    expect_refusal(&x->s, 0, ask_lot(x, 2, &x->s.winner.key), &x->s.winner.key,
                   GV_REFUSAL_DISCLOSED);
    drop(&first);
}

/* The chain remembers what a notary forgot, of each lot. */
static void
test_S0_14_a_forgotten_lot_is_not_disclosed_again(void **state)
{
    struct sale *x = *state;

    stands(x, 1, GV_WINNER_TO_SELLER);
    expect_refusal(&x->s, 0, ask_lot(x, 1, &x->s.winner.key), &x->s.winner.key,
                   GV_REFUSAL_DISCLOSED);
    drop_reply(ask_lot(x, 2, &x->s.winner.key));
}

static void
each_lots_disclose_is_published_until_it_stands(void **state)
{
    struct sale *x = *state;
    struct reply one = ask_lot(x, 1, &x->s.winner.key);
    struct reply four = ask_lot(x, 4, &x->other.key);
    struct reply cert = ask_who(x, 4, &x->other);

    award_forget(&x->s.w);
    award_restart(&x->s.w);
    tick(x);
    assert_int_equal(x->s.w.count, 3);
    x->s.award = 1;
    expect_disclose(&x->s, 0, 0, 0, gv_bytes(one.raw, one.len));
    x->s.award = 4;
    expect_disclose(&x->s, 1, 0, 0, gv_bytes(four.raw, four.len));
    expect_disclose(&x->s, 2, 0, 1, gv_bytes(cert.raw, cert.len));
    award_forget(&x->s.w);
    stands(x, 1, 0);
    stands(x, 4, 1);
    tick(x);
    assert_int_equal(x->s.w.count, 1);
    expect_disclose(&x->s, 0, 0, 0, gv_bytes(four.raw, four.len));
    drop(&one);
    drop(&four);
    drop(&cert);
}

static void
the_key_waits_for_both_sides_of_every_lot(void **state)
{
    static const uint8_t sold[] = {1, 2, 4};
    struct sale *x = *state;
    struct reply kept = {.raw = NULL};

    for (size_t i = 0; i < sizeof(sold); i++) {
        const struct gv_escrow_leaf *who =
            sold[i] == 4 ? &x->other : &x->s.winner;
        struct reply r = ask_lot(x, sold[i], &who->key);

        if (sold[i] == 2)
            kept = r;
        else
            drop_reply(r);
        assert_true(holds_key(&x->s, 0));
        drop_reply(ask_who(x, sold[i], who));
        stands(x, sold[i], 0);
        tick(x);
        award_restart(&x->s.w);
        assert_true(holds_key(&x->s, 0));
        stands(x, sold[i], 1);
        tick(x);
        assert_true(holds_key(&x->s, 0) == (sold[i] != 4));
    }
    award_restart(&x->s.w);
    assert_false(holds_key(&x->s, 0)); /* nor on disk */
    expect_same(ask_lot(x, 2, &x->s.winner.key), &kept);
    drop_reply(ask_who(x, 4, &x->other));
    drop(&kept);
}

static void
after_the_days_lots_that_nobody_asked_for_are_refused(void **state)
{
    struct sale *x = *state;
    struct reply one = ask_lot(x, 1, &x->s.winner.key);

    stands(x, 1, 0);
    tick(x);
    x->s.w.now += GV_NOTARY_AWARD_DAYS * DAY_MS;
    tick(x);
    assert_false(holds_key(&x->s, 0));
    expect_refusal(&x->s, 0, ask_lot(x, 2, &x->s.winner.key), &x->s.winner.key,
                   GV_REFUSAL_DESTROYED);
    expect_same(ask_lot(x, 1, &x->s.winner.key), &one);
    drop(&one);
}

static void
an_auction_of_which_no_lot_is_sold_ends_the_key(void **state)
{
    struct sale *x = *state;

    award_sold_lots(&x->s.w, (const struct gv_pubkey *const[4]){NULL});
    x->s.w.facts.outcome.status = GV_NO_BID;
    tick(x);
    assert_false(holds_key(&x->s, 0));
}

/* A lost ledger ends no award: the answer to a lot tells that there was one. */
static void
a_lot_that_was_answered_is_not_missing_I41(void **state)
{
    struct sale *x = *state;

    drop_reply(ask_lot(x, 4, &x->other.key));
    x->s.w.hidden = true;
    for (unsigned i = 0; i < 9 * 144; i++) {
        x->s.w.now += 600000;
        gv_notary_tick(x->s.w.notary[0]);
    }
    assert_true(holds_key(&x->s, 0));
}

static void
a_record_of_a_lot_that_is_of_another_stops_the_notary(void **state)
{
    struct sale *x = *state;
    struct award_house *h = &x->s.w.house[1];
    struct gv_ttp_store store = ttp_memory_store(h->memory);
    struct gv_notary_options o = {.role = &h->role,
                                  .operator_name = "Notary",
                                  .keys = x->s.w.s.keys,
                                  .params = x->s.w.s.params,
                                  .auctionkeys = h->keys,
                                  .store = store,
                                  .award_days = 1};
    uint8_t key[34] = {'n'}, *value = NULL;
    struct gv_error e = {""};
    size_t len;

    drop_reply(ask_lot(x, 1, &x->s.winner.key));
    memcpy(key + 1, x->s.w.open.id.b, 32);
    key[33] = 1;
    assert_int_equal(store.get(store.ctx, gv_bytes(key, 34), &value, &len),
                     GV_OK);
    key[33] = 2;
    assert_int_equal(
        store.put(store.ctx, gv_bytes(key, 34), gv_bytes(value, len)), GV_OK);
    free(value);
    assert_null(gv_notary_new(&o, &e));
    assert_non_null(strstr(e.text, "damaged"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_lots, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_14_each_lot_opens_its_own_winner),
        TEST(test_S0_14_no_lot_opens_another_ones_winner),
        TEST(test_S0_14_a_lot_is_disclosed_once),
        TEST(test_S0_14_a_forgotten_lot_is_not_disclosed_again),
        TEST(each_lots_disclose_is_published_until_it_stands),
        TEST(the_key_waits_for_both_sides_of_every_lot),
        TEST(after_the_days_lots_that_nobody_asked_for_are_refused),
        TEST(an_auction_of_which_no_lot_is_sold_ends_the_key),
        TEST(a_lot_that_was_answered_is_not_missing_I41),
        TEST(a_record_of_a_lot_that_is_of_another_stops_the_notary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
