/* What an agent bids: never beyond its limit, and nothing that would be void.
 */
#include "wallet/agent.h"

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
    t.visibility = GV_VISIBLE_FINAL;
    assert_non_null(gv_agent_refuses(&t));
    t.visibility = GV_VISIBLE_RESERVE_SEALED; /* bids are open */
    assert_null(gv_agent_refuses(&t));
    t.lots = 2;
    assert_non_null(gv_agent_refuses(&t));
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
        cmocka_unit_test(a_sealed_bid_is_the_limit_and_one),
        cmocka_unit_test(a_clock_comes_down_to_the_limit),
        cmocka_unit_test(two_agents_bid_what_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
