/* What an agent bids: never beyond its limit, and nothing that would be void.
 */
#include "wallet/agent_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>
#include <gavel/fold.h>

#define SECOND UINT64_C(1000000)

static struct gv_terms
terms_of(uint8_t flags)
{
    struct gv_terms t = {.flags = flags, .reference = GV_REF_HIGHEST};

    if (flags & GV_MIN_FIRST)
        t.min_first = 100;
    if (flags & GV_MIN_STEP)
        t.min_step = 10;
    if (flags & GV_MAX_STEP)
        t.max_step = 50;
    return t;
}

static struct gv_agent_view
after(uint64_t leading, uint64_t last, bool mine)
{
    return (struct gv_agent_view){.any = true,
                                  .mine = mine,
                                  .leading = leading,
                                  .last = last,
                                  .close_us = UINT64_MAX};
}

static void
check(const struct gv_agent *a, const struct gv_terms *t,
      const struct gv_agent_view *v, uint64_t expect)
{
    uint64_t amount = 0;

    assert_int_equal(gv_agent_next(a, t, v, &amount), GV_AGENT_BID);
    assert_int_equal(amount, expect);
}

static void
check_move(const struct gv_agent *a, const struct gv_terms *t,
           const struct gv_agent_view *v, enum gv_agent_move expect)
{
    uint64_t amount;

    assert_int_equal(gv_agent_next(a, t, v, &amount), expect);
}

static const struct gv_agent_view nobody = {.close_us = UINT64_MAX};

static void
steady_bids_the_least_that_leads(void **state)
{
    struct gv_terms plain = terms_of(0), first = terms_of(GV_MIN_FIRST),
                    step = terms_of(GV_MIN_STEP), last = step;
    struct gv_agent a = {.limit = 500};
    struct gv_agent_view v = after(200, 150, false);

    (void)state;
    check(&a, &plain, &nobody, 1);
    check(&a, &first, &nobody, 100);
    check(&a, &plain, &v, 201);
    check(&a, &step, &v, 210);
    last.reference = GV_REF_LAST;
    check(&a, &last, &v, 201);
    a.step = 25;
    check(&a, &step, &v, 225);
    check(&a, &first, &nobody, 100);
    v = after(200, 200, true);
    check_move(&a, &step, &v, GV_AGENT_WAIT);
}

static void
no_amount_is_beyond_the_limit(void **state)
{
    struct gv_terms step = terms_of(GV_MIN_STEP);
    struct gv_agent a = {.limit = 500, .step = 100};
    struct gv_agent_view v = after(450, 450, false);

    (void)state;
    check(&a, &step, &v, 500);
    v = after(490, 490, false);
    check(&a, &step, &v, 500);
    v = after(491, 491, false);
    check_move(&a, &step, &v, GV_AGENT_BEATEN);
    v = after(500, 500, true);
    check_move(&a, &step, &v, GV_AGENT_WAIT);
    step.reserve = 501;
    check_move(&a, &step, &nobody, GV_AGENT_BEATEN);
    v = after(UINT64_MAX, UINT64_MAX, false);
    a.limit = UINT64_MAX;
    step.reserve = 0;
    check_move(&a, &(struct gv_terms){.flags = 0}, &v, GV_AGENT_BID);
}

static void
a_reserve_is_reached(void **state)
{
    struct gv_terms t = terms_of(GV_MIN_FIRST);
    struct gv_agent a = {.limit = 500};
    struct gv_agent_view v = after(200, 200, true);

    (void)state;
    t.reserve = 400;
    check(&a, &t, &nobody, 400);
    check(&a, &t, &v, 400); /* its own bid leads, and would not win */
    v = after(400, 400, true);
    check_move(&a, &t, &v, GV_AGENT_WAIT);
}

static void
late_waits_for_the_end(void **state)
{
    struct gv_terms t = terms_of(0);
    struct gv_agent a = {
        .limit = 500, .strategy = GV_STRATEGY_LATE, .before_us = 30 * SECOND};
    struct gv_agent_view v = after(200, 200, false);

    (void)state;
    check_move(&a, &t, &v, GV_AGENT_WAIT); /* nothing ends it yet */
    v.close_us = 100 * SECOND;
    v.now_us = 70 * SECOND - 1;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.now_us++;
    check(&a, &t, &v, 201);
    v.now_us = 0;
    a.limit = 200; /* there is no use in waiting */
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
}

static void
all_bids_the_limit_once(void **state)
{
    struct gv_terms t = terms_of(0), steps = terms_of(GV_MAX_STEP);
    struct gv_agent a = {.limit = 500, .strategy = GV_STRATEGY_ALL};
    struct gv_agent_view v = after(200, 200, true);

    (void)state;
    check(&a, &t, &nobody, 500);
    check(&a, &t, &v, 500);
    check(&a, &steps, &v, 250);
    v = after(500, 500, true);
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v = after(500, 500, false);
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
}

static void
reverse_goes_down(void **state)
{
    struct gv_terms t = terms_of(GV_MIN_FIRST | GV_MIN_STEP);
    struct gv_agent a = {.limit = 40};
    struct gv_agent_view v = after(80, 80, false);

    (void)state;
    t.direction = GV_REVERSE;
    assert_null(gv_agent_refuses(&t));
    check(&a, &t, &nobody, 100);
    check(&a, &t, &v, 70);
    v = after(50, 50, false);
    check(&a, &t, &v, 40);
    v = after(49, 49, false);
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
    t.flags = 0;
    assert_non_null(gv_agent_refuses(&t));
    t = terms_of(0);
    t.visibility = GV_VISIBLE_RESERVE_SEALED; /* bids are open */
    assert_null(gv_agent_refuses(&t));
}

/* One bid, also of who leads; no step is measured, and nothing is beyond the
 * limit, whatever --final says. */
static void
a_final_round_gets_one_bid_A32(void **state)
{
    struct gv_terms t = terms_of(GV_MIN_STEP);
    struct gv_agent a = {.limit = 500, .step = 100};
    struct gv_agent_view v = after(499, 499, false);

    (void)state;
    t.visibility = GV_VISIBLE_FINAL;
    assert_null(gv_agent_refuses(&t));
    check_move(&a, &t, &v, GV_AGENT_WAIT); /* 509 is asked for; 500 may win */
    v.leading = 500;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
    v = after(499, 499, false);
    v.round = true;
    check(&a, &t, &v, 500);
    v.mine = true;
    check(&a, &t, &v, 500);
    v.placed = true;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.placed = false;
    a.final = 450;
    check_move(&a, &t, &v, GV_AGENT_WAIT); /* its open bid leads */
    v.mine = false;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
    v.leading = 449;
    check(&a, &t, &v, 450);
    a.final = 501;
    check(&a, &t, &v, 500);
    a.final = 450;
    t.reserve = 451;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
    t.reserve = 450;
    check(&a, &t, &v, 450);
}

static void
a_final_bid_waits_and_goes_down_A32(void **state)
{
    struct gv_terms t = terms_of(GV_MIN_FIRST);
    struct gv_agent a = {
        .limit = 40, .strategy = GV_STRATEGY_LATE, .before_us = 5 * SECOND};
    struct gv_agent_view v = after(50, 50, false);

    (void)state;
    t.visibility = GV_VISIBLE_FINAL;
    t.direction = GV_REVERSE;
    v.round = true;
    v.close_us = 100 * SECOND;
    v.now_us = 95 * SECOND - 1;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.now_us++;
    check(&a, &t, &v, 40);
    a.final = 45;
    check(&a, &t, &v, 45);
    a.final = 39; /* beyond the limit */
    check(&a, &t, &v, 40);
    v.now_us = 100 * SECOND;
    check(&a, &t, &v, 40);
    v.now_us++;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v = nobody;
    a.limit = 100; /* others have to begin there */
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    t.reserve = 99;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
}

/* One bid of the limit, whatever the strategy, and none after it. */
static void
a_sealed_bid_is_the_limit_and_one(void **state)
{
    struct gv_terms t = terms_of(GV_MIN_FIRST);
    struct gv_agent a = {.limit = 500};
    struct gv_agent_view v = {.close_us = 100 * SECOND};

    (void)state;
    t.visibility = GV_VISIBLE_SEALED;
    assert_null(gv_agent_refuses(&t));
    check(&a, &t, &v, 500);
    a.strategy = GV_STRATEGY_ALL;
    check(&a, &t, &v, 500);
    a.strategy = GV_STRATEGY_LATE;
    a.before_us = 30 * SECOND;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.now_us = 70 * SECOND;
    check(&a, &t, &v, 500);
    v.placed = true;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.placed = false;
    a.limit = 99;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
    t.direction = GV_REVERSE;
    a.limit = 101;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
    a.limit = 60;
    check(&a, &t, &v, 60);
    t.flags = 0; /* the limit is there to start from */
    assert_null(gv_agent_refuses(&t));
}

static void
a_clock_comes_down_to_the_limit(void **state)
{
    struct gv_terms t = {
        .direction = GV_DUTCH, .flags = GV_LIMIT, .clock_floor = 40};
    struct gv_agent a = {.limit = 60};
    struct gv_agent_view v = {.close_us = 1000, .now_us = 500, .clock = 61};

    (void)state;
    assert_null(gv_agent_refuses(&t));
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.clock = 60;
    check(&a, &t, &v, 60);
    v.clock = 55; /* it has been away */
    check(&a, &t, &v, 55);
    a.strategy = GV_STRATEGY_ALL;
    check(&a, &t, &v, 60);
    a.strategy = GV_STRATEGY_LATE;
    a.before_us = 499;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    a.before_us = 500;
    check(&a, &t, &v, 55);
    v.any = true;
    check_move(&a, &t, &v, GV_AGENT_WAIT);
    v.any = false;
    a.limit = 39;
    check_move(&a, &t, &v, GV_AGENT_BEATEN);
}

/* --- in the wallet's file --- */

#define AUCTION                                                                \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void
a_row_comes_back(void **state)
{
    const struct gv_currency c = {.tag = {'E', 'U', 'R'}, .exponent = 2};
    const struct gv_agent a = {.limit = UINT64_MAX,
                               .final = 7,
                               .step = 3,
                               .strategy = GV_STRATEGY_ALL,
                               .before_us = 5 * SECOND};
    json_t *row = gv_agent_row(&a, &c, NULL);
    struct gv_agent back;

    (void)state;
    gv_agent_row_read(row, &back);
    assert_true(back.limit == a.limit && back.final == a.final &&
                back.step == a.step && back.strategy == a.strategy &&
                back.before_us == a.before_us);
    json_decref(row);
    gv_agent_row_read(NULL, &back);
    assert_true(back.limit == 0 && back.final == 0);
}

/* A key has one form: with its lot, or without lots. */
static void
a_key_names_auction_and_lot(void **state)
{
    static const char *const wrong[] = {
        "",           AUCTION "0",   AUCTION ":",
        AUCTION ":0", AUCTION ":01", AUCTION ":65",
        AUCTION ":x", AUCTION ":1 ", "x" AUCTION};
    char key[GV_AGENT_KEY_MAX], auction[65];
    uint8_t lot;

    (void)state;
    for (unsigned n = 0; n <= GV_LOTS_MAX; n++) {
        gv_agent_key(AUCTION, (uint8_t)n, key);
        assert_true(gv_agent_key_read(key, auction, &lot));
        assert_string_equal(auction, AUCTION);
        assert_int_equal(lot, n);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(gv_agent_key_read(wrong[i], auction, &lot));
}

/* --- against F itself --- */

static const struct gv_pubkey *
any_key(void *arg, uint32_t bidder)
{
    static const struct gv_pubkey key;

    (void)arg;
    (void)bidder;
    return &key;
}

/* Two agents in an auction of random terms: every bid they make is accepted, no
 * one is beyond its limit, and it ends with the higher limit in the lead. */
static void
two_agents_bid_what_counts(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 2000; round++) {
        struct gv_terms t = terms_of((uint8_t)(rand() & 7));
        struct gv_fold_context ctx = {.terms = &t, .bidder_key = any_key};
        struct gv_agent a[2];
        struct gv_fold *f = gv_fold_new(&ctx);
        uint64_t t_us = 1;
        int waits = 0;

        t.reference = rand() % 2 ? GV_REF_LAST : GV_REF_HIGHEST;
        t.close_policy = GV_CLOSE_NEVER;
        for (int i = 0; i < 2; i++)
            a[i] = (struct gv_agent){
                .limit = 1 + (uint64_t)rand() % 2000,
                .step = (uint64_t)rand() % 60,
                .strategy = rand() % 2 ? GV_STRATEGY_ALL : GV_STRATEGY_STEADY};
        for (int turn = 0; waits < 2; turn = 1 - turn) {
            int64_t lead = gv_fold_leader(f);
            size_t n = gv_fold_count(f);
            struct gv_agent_view v = {.any = n > 0, .close_us = UINT64_MAX};
            struct gv_fold_bid bid = {
                .t_us = t_us++, .bidder = (uint32_t)turn, .ref = (uint32_t)n};

            if (n > 0) {
                v.leading = gv_fold_row_at(f, (size_t)lead)->bid.amount;
                v.mine = gv_fold_row_at(f, (size_t)lead)->bid.bidder ==
                         (uint32_t)turn;
                v.last = gv_fold_row_at(f, n - 1)->bid.amount;
            }
            if (gv_agent_next(&a[turn], &t, &v, &bid.amount) != GV_AGENT_BID) {
                waits++;
                continue;
            }
            waits = 0;
            bid.id.b[0] = (uint8_t)n;
            bid.id.b[1] = (uint8_t)(n >> 8);
            assert_true(bid.amount <= a[turn].limit);
            assert_int_equal(gv_fold_add(f, &bid), GV_OK);
            assert_int_equal(gv_fold_row_at(f, n)->code, GV_ACCEPTED);
            assert_true(n < 5000);
        }
        if (gv_fold_leader(f) >= 0) {
            const struct gv_fold_row *lead =
                gv_fold_row_at(f, (size_t)gv_fold_leader(f));
            const struct gv_agent *loser = &a[1 - lead->bid.bidder];

            /* The loser could not lead any more within its limit. */
            assert_true(loser->limit <= lead->bid.amount ||
                        loser->limit < lead->bid.amount + t.min_step);
        }
        gv_fold_free(f);
    }
}

/* What a node says of the fold at a time, to one of two agents. */
static struct gv_agent_view
view_of(const struct gv_fold *f, uint32_t bidder, uint64_t now_us)
{
    int64_t lead = gv_fold_leader(f);
    struct gv_agent_view v = {.any = lead >= 0, .now_us = now_us};
    uint64_t from_us, until_us;

    v.round = gv_fold_final_round(f, &from_us, &until_us) && now_us > from_us;
    v.close_us = gv_fold_effective_close(f);
    if (lead >= 0) {
        v.leading = v.last = gv_fold_row_at(f, (size_t)lead)->bid.amount;
        v.mine = gv_fold_row_at(f, (size_t)lead)->bid.bidder == bidder;
    }
    for (size_t i = 0; i < gv_fold_count(f); i++)
        v.placed = v.placed || (gv_fold_row_at(f, i)->bid.final &&
                                gv_fold_row_at(f, i)->bid.bidder == bidder);
    return v;
}

static void
open_final(void *arg, struct gv_fold_bid *b)
{
    const struct gv_agent *a = arg;

    if (b->final) {
        b->amount = a[b->bidder].limit;
        b->seal = GV_FOLD_KNOWN;
    }
}

static void
bid_at(struct gv_fold *f, const struct gv_agent *a, const struct gv_terms *t,
       uint32_t turn, uint64_t now_us)
{
    struct gv_agent_view v = view_of(f, turn, now_us);
    struct gv_fold_bid bid = {.t_us = now_us, .bidder = turn};

    if (gv_agent_next(&a[turn], t, &v, &bid.amount) != GV_AGENT_BID)
        return;
    assert_true(bid.amount <= a[turn].limit);
    gv_le32_put(bid.id.b, (uint32_t)gv_fold_count(f));
    bid.final = v.round;
    if (v.round) {
        bid.amount = 0;
        bid.seal = GV_FOLD_UNOPENED;
    }
    assert_int_equal(gv_fold_add(f, &bid), GV_OK);
}

/* Two agents to the end of a final round of random terms: each has one bid in
 * it at most, and every bid that either makes, open or final, counts. */
static void
two_agents_go_through_a_final_round_A32(void **state)
{
    unsigned rounds = 0;

    (void)state;
    srand(11);
    for (int n = 0; n < 500; n++) {
        struct gv_terms t = terms_of((uint8_t)(rand() & 3) | GV_LIMIT);
        struct gv_fold_context ctx = {.terms = &t, .bidder_key = any_key};
        struct gv_agent a[2];
        struct gv_fold *f;
        unsigned finals[2] = {0, 0};

        t.reference = GV_REF_HIGHEST;
        t.visibility = GV_VISIBLE_FINAL;
        t.limit_ms = 60000;
        t.soft_ms = t.soft_cap_ms = 10000;
        t.final_ms = 20000;
        f = gv_fold_new(&ctx);
        for (int i = 0; i < 2; i++)
            a[i] = (struct gv_agent){.limit = 50 + (uint64_t)rand() % 300,
                                     .strategy = (enum gv_strategy)(rand() % 3),
                                     .before_us =
                                         (uint64_t)(rand() % 9 + 1) * SECOND};
        for (uint64_t now = 1; now < 92 * SECOND; now += SECOND / 2)
            bid_at(f, a, &t, (uint32_t)(now / (SECOND / 2) % 2), now);
        gv_fold_reveal(f, open_final, a);
        for (size_t i = 0; i < gv_fold_count(f); i++) {
            const struct gv_fold_row *row = gv_fold_row_at(f, i);

            finals[row->bid.bidder] += row->bid.final;
            assert_int_equal(row->code, GV_ACCEPTED);
        }
        assert_true(finals[0] <= 1 && finals[1] <= 1);
        rounds += finals[0] + finals[1];
        gv_fold_free(f);
    }
    assert_true(rounds > 50);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_bids_the_least_that_leads),
        cmocka_unit_test(no_amount_is_beyond_the_limit),
        cmocka_unit_test(a_reserve_is_reached),
        cmocka_unit_test(late_waits_for_the_end),
        cmocka_unit_test(all_bids_the_limit_once),
        cmocka_unit_test(reverse_goes_down),
        cmocka_unit_test(a_final_round_gets_one_bid_A32),
        cmocka_unit_test(a_final_bid_waits_and_goes_down_A32),
        cmocka_unit_test(a_sealed_bid_is_the_limit_and_one),
        cmocka_unit_test(a_clock_comes_down_to_the_limit),
        cmocka_unit_test(a_row_comes_back),
        cmocka_unit_test(a_key_names_auction_and_lot),
        cmocka_unit_test(two_agents_bid_what_counts),
        cmocka_unit_test(two_agents_go_through_a_final_round_A32),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
