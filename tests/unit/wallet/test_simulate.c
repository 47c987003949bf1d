/*
 * test_simulate.c - made-up bidders (wallet/simulate.h).
 */
#include "wallet/simulate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define HOUR_MS UINT64_C(3600000)

static struct gv_simulation
usual(const struct gv_terms *t)
{
    return (struct gv_simulation){.terms = t,
                                  .seed = 7,
                                  .low = 100,
                                  .high = 1000,
                                  .duration_us = HOUR_MS * 1000,
                                  .rounds = 200,
                                  .bidders = 6,
                                  .strategy = GV_MIXED};
}

static void
play(const struct gv_simulation *s, struct gv_simulated *out)
{
    assert_int_equal(gv_simulate(s, out), GV_OK);
    assert_int_equal(out->rounds, s->rounds);
    for (unsigned i = 0; i < out->things; i++)
        assert_int_equal(out->thing[i].sold + out->thing[i].unsold +
                             out->thing[i].reserve_missed,
                         s->rounds);
}

static void
a_seed_says_all(void **state)
{
    const struct gv_terms t = {.flags = GV_LIMIT | GV_MIN_STEP,
                               .reference = GV_REF_HIGHEST,
                               .limit_ms = HOUR_MS,
                               .min_step = 5,
                               .soft_ms = 60000,
                               .soft_cap_ms = 600000};
    struct gv_simulation s = usual(&t);
    struct gv_simulated a, b;

    (void)state;
    play(&s, &a);
    play(&s, &b);
    assert_true(a.thing->sold == b.thing->sold && a.thing->sold > 0);
    assert_memory_equal(a.thing->price, b.thing->price,
                        a.thing->sold * sizeof(uint64_t));
    assert_memory_equal(a.thing->voids, b.thing->voids, sizeof(a.thing->voids));
    assert_true(a.thing->accepted == b.thing->accepted &&
                a.thing->longest_us == b.thing->longest_us);
    gv_simulated_clear(&b);
    s.seed = 8;
    play(&s, &b);
    assert_memory_not_equal(
        a.thing->price, b.thing->price,
        (a.thing->sold < b.thing->sold ? a.thing->sold : b.thing->sold) *
            sizeof(uint64_t));
    gv_simulated_clear(&a);
    gv_simulated_clear(&b);
}

/* Where everybody bids the value once, it goes to the greatest of them; the
 * prices are values, in order and within their bounds. */
static void
the_truthful_give_it_to_the_best(void **state)
{
    struct gv_terms t = {.pricing = GV_PRICE_FIRST};
    struct gv_simulation s = usual(&t);
    struct gv_simulated first, vickrey;

    (void)state;
    s.strategy = GV_TRUTHFUL;
    play(&s, &first);
    assert_true(first.thing->sold == s.rounds &&
                first.thing->best_won == s.rounds);
    assert_true(first.thing->price[0] >= s.low &&
                first.thing->price[s.rounds - 1] <= s.high);
    for (uint32_t i = 1; i < s.rounds; i++)
        assert_true(first.thing->price[i - 1] <= first.thing->price[i]);
    t.pricing = GV_PRICE_VICKREY;
    play(&s, &vickrey);
    assert_int_equal(vickrey.thing->best_won, s.rounds);
    for (uint32_t i = 0; i < s.rounds; i++)
        assert_true(vickrey.thing->price[i] <= first.thing->price[i]);
    gv_simulated_clear(&first);
    gv_simulated_clear(&vickrey);
    t.direction = GV_REVERSE;
    play(&s, &first);
    assert_int_equal(first.thing->best_won, s.rounds);
    gv_simulated_clear(&first);
}

/* The clock passes a value a minute; one bid each, and never above the value
 * of whom it goes to. */
static void
a_clock_is_taken_once(void **state)
{
    struct gv_terms t = {.direction = GV_DUTCH,
                         .flags = GV_LIMIT,
                         .limit_ms = 1000 * 60000,
                         .clock_start = 1000,
                         .clock_floor = 1,
                         .clock_drop = 1,
                         .clock_step_ms = 60000};
    struct gv_simulation s = usual(&t);
    struct gv_simulated r, mixed;

    (void)state;
    s.strategy = GV_TRUTHFUL;
    play(&s, &r);
    assert_true(r.thing->sold == s.rounds && r.thing->accepted == s.rounds);
    assert_true(r.thing->best_won == s.rounds);
    assert_true(r.thing->price[r.thing->sold - 1] <= 1000);
    s.strategy = GV_MIXED;
    play(&s, &mixed);
    assert_true(mixed.thing->best_won < mixed.thing->sold);
    assert_true(mixed.thing->price[0] < r.thing->price[0]);
    gv_simulated_clear(&r);
    gv_simulated_clear(&mixed);
    t.clock_floor = 1001;
    t.clock_start = 1002;
    play(&s, &r);
    assert_int_equal(r.thing->unsold, s.rounds);
    gv_simulated_clear(&r);
}

/* Sealed bids go through the fold that chains are judged by: one bid each, the
 * price that of the next one, and a reserve that nobody knew. */
static void
sealed_bids_are_opened_together(void **state)
{
    struct gv_terms t = {.visibility = GV_VISIBLE_SEALED,
                         .opening_period_ms = HOUR_MS};
    struct gv_simulation s = usual(&t);
    struct gv_simulated first, vickrey, shaded;

    (void)state;
    s.strategy = GV_TRUTHFUL;
    play(&s, &first);
    assert_true(first.thing->sold == s.rounds &&
                first.thing->best_won == s.rounds);
    assert_int_equal(first.thing->accepted, (uint64_t)s.rounds * s.bidders);
    t.pricing = GV_PRICE_VICKREY;
    play(&s, &vickrey);
    assert_int_equal(vickrey.thing->best_won, s.rounds);
    for (uint32_t i = 0; i < s.rounds; i++)
        assert_true(vickrey.thing->price[i] <= first.thing->price[i]);
    assert_true(vickrey.thing->price[0] < first.thing->price[0]);
    /* Who bids less than it is worth loses it to others now and then. */
    t.pricing = GV_PRICE_FIRST;
    s.strategy = GV_MIXED;
    play(&s, &shaded);
    assert_true(shaded.thing->best_won < shaded.thing->sold);
    assert_true(shaded.thing->price[s.rounds / 2] <
                first.thing->price[s.rounds / 2]);
    gv_simulated_clear(&shaded);
    t.direction = GV_REVERSE;
    play(&s, &shaded);
    assert_true(shaded.thing->price[0] >= s.low);
    gv_simulated_clear(&shaded);
    gv_simulated_clear(&first);
    gv_simulated_clear(&vickrey);
}

static void
a_hidden_reserve_is_opened_with_them(void **state)
{
    struct gv_terms t = {.visibility = GV_VISIBLE_SEALED_RESERVE,
                         .pricing = GV_PRICE_VICKREY,
                         .opening_period_ms = HOUR_MS,
                         .flags = GV_MIN_FIRST,
                         .min_first = 300};
    struct gv_simulation s = usual(&t);
    struct gv_simulated r;

    (void)state;
    s.strategy = GV_TRUTHFUL;
    s.hidden_reserve = 900;
    play(&s, &r);
    assert_true(r.thing->sold > 0 && r.thing->reserve_missed > 0);
    assert_true(r.thing->price[0] >= 900);
    assert_true(r.thing->voids[GV_BELOW_FIRST] > 0);
    gv_simulated_clear(&r);
    s.hidden_reserve = 1001;
    play(&s, &r);
    assert_int_equal(r.thing->sold, 0);
    gv_simulated_clear(&r);
}

static void
terms_show_in_what_is_void(void **state)
{
    struct gv_terms t = {.flags = GV_TOTAL, .total_cap = 2};
    struct gv_simulation s = usual(&t);
    struct gv_simulated r;

    (void)state;
    s.strategy = GV_TRUTHFUL;
    play(&s, &r);
    assert_int_equal(r.thing->accepted, 2 * s.rounds);
    assert_int_equal(r.thing->voids[GV_TOTAL_CAP], (s.bidders - 2) * s.rounds);
    gv_simulated_clear(&r);
    t = (struct gv_terms){.reserve = 1001};
    play(&s, &r);
    assert_int_equal(r.thing->reserve_missed, s.rounds);
    gv_simulated_clear(&r);
    t = (struct gv_terms){.flags = GV_MIN_FIRST, .min_first = 1001};
    play(&s, &r);
    assert_true(r.thing->unsold == s.rounds && r.thing->accepted == 0 &&
                r.thing->voids[GV_BELOW_FIRST] ==
                    (uint64_t)s.rounds * s.bidders);
    gv_simulated_clear(&r);
}

/* Late bids move the end, to its bound at most. */
static void
snipers_extend_a_soft_close(void **state)
{
    struct gv_terms t = {.flags = GV_LIMIT,
                         .limit_ms = HOUR_MS,
                         .soft_ms = 60000,
                         .soft_cap_ms = 120000};
    struct gv_simulation s = usual(&t);
    struct gv_simulated r;

    (void)state;
    s.strategy = GV_SNIPE;
    play(&s, &r);
    assert_true(r.thing->extended > s.rounds / 2);
    assert_in_range(r.thing->longest_us, 1, 120000000);
    gv_simulated_clear(&r);
    t.soft_ms = t.soft_cap_ms = 0;
    play(&s, &r);
    assert_int_equal(r.thing->extended, 0);
    gv_simulated_clear(&r);
}

/* Who goes by little steps pays about what the next one would have. */
static void
steps_stop_beyond_the_next(void **state)
{
    const struct gv_terms t = {.flags = GV_MIN_STEP | GV_MIN_FIRST,
                               .reference = GV_REF_HIGHEST,
                               .min_first = 50,
                               .min_step = 10};
    struct gv_simulation s = usual(&t);
    struct gv_simulated r;

    (void)state;
    s.strategy = GV_STEP;
    s.bidders = 1;
    play(&s, &r);
    assert_true(r.thing->sold == s.rounds &&
                r.thing->price[s.rounds - 1] == 50);
    gv_simulated_clear(&r);
    s.bidders = 6;
    play(&s, &r);
    assert_true(r.thing->price[s.rounds - 1] <= s.high);
    assert_int_equal(r.thing->voids[GV_BELOW_STEP], 0);
    gv_simulated_clear(&r);
}

/* Two lots, of which each has its own first bid or reserve. */
static struct gv_terms
lots_of(const uint8_t lots[36])
{
    return (struct gv_terms){.flags = GV_LIMIT,
                             .limit_ms = HOUR_MS,
                             .lots = 2,
                             .lot_list = gv_bytes(lots, 36)};
}

/* What a lot is worth is drawn for each; no bid for one counts for another. */
static void
lots_are_valued_each_by_itself_A33(void **state)
{
    static const uint8_t lots[36] = {
        1, 'a', 0,    0, 0, 0, 0, 0, 0, 0, 0x84, 3, 0, 0, 0, 0, 0, 0,
        1, 'b', 0xe9, 3, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0};
    struct gv_terms t = lots_of(lots);
    struct gv_simulation s = usual(&t);
    struct gv_simulated r;

    (void)state;
    s.strategy = GV_TRUTHFUL;
    play(&s, &r);
    assert_int_equal(r.things, 2);
    assert_true(r.thing[0].sold > 0 && r.thing[0].reserve_missed > 0);
    assert_true(r.thing[0].price[0] >= 900);
    assert_true(r.thing[1].unsold == s.rounds && r.thing[1].accepted == 0);
    assert_int_equal(r.thing[1].voids[GV_BELOW_FIRST],
                     (uint64_t)s.rounds * s.bidders);
    for (uint32_t i = 0; i < s.rounds; i++)
        assert_true(i == 0 || r.total[i - 1] <= r.total[i]);
    assert_true(r.total[s.rounds - 1] == r.thing[0].price[r.thing[0].sold - 1]);
    gv_simulated_clear(&r);
}

static void
a_total_is_of_all_lots_of_a_round(void **state)
{
    static const uint8_t lots[36] = {1, 'a', [18] = 1, [19] = 'b'};
    struct gv_terms t = lots_of(lots);
    struct gv_simulation s = usual(&t);
    uint64_t sum = 0, total = 0;
    struct gv_simulated r, b;

    (void)state;
    t.flags |= GV_PER_BIDDER;
    t.per_bidder = 1; /* of each lot */
    s.strategy = GV_TRUTHFUL;
    play(&s, &r);
    for (uint32_t i = 0; i < s.rounds; i++) {
        sum += r.thing[0].price[i] + r.thing[1].price[i];
        total += r.total[i];
    }
    assert_true(sum == total && r.thing[0].best_won == s.rounds &&
                r.thing[1].best_won == s.rounds);
    assert_memory_not_equal(r.thing[0].price, r.thing[1].price,
                            s.rounds * sizeof(uint64_t));
    play(&s, &b);
    assert_memory_equal(r.total, b.total, s.rounds * sizeof(uint64_t));
    gv_simulated_clear(&r);
    gv_simulated_clear(&b);
}

/* Where extensions reach their cap, one sealed bid each follows; nothing that
 * anybody makes there is void, and nothing open stands behind the cap. */
static void
a_final_round_is_played_A32(void **state)
{
    struct gv_terms t = {.flags = GV_LIMIT,
                         .visibility = GV_VISIBLE_FINAL,
                         .limit_ms = HOUR_MS,
                         .soft_ms = 600000,
                         .soft_cap_ms = 600000,
                         .final_ms = 600000,
                         .opening_period_ms = HOUR_MS};
    struct gv_simulation s = usual(&t);
    struct gv_simulated r, without;

    (void)state;
    s.strategy = GV_STEP;
    play(&s, &r);
    assert_in_range(r.thing->final_rounds, 1, s.rounds);
    assert_in_range(r.thing->final_won, 1, r.thing->final_rounds);
    assert_in_range(r.thing->longest_us, 1, 600000000);
    for (int code = 1; code < GV_SIMULATED_CODES; code++)
        assert_int_equal(r.thing->voids[code], 0);
    t.visibility = GV_VISIBLE_OPEN;
    t.final_ms = 0;
    play(&s, &without);
    assert_int_equal(without.thing->final_rounds, 0);
    assert_true(without.thing->price[s.rounds / 2] <
                r.thing->price[s.rounds / 2]);
    gv_simulated_clear(&r);
    gv_simulated_clear(&without);
    t.visibility = GV_VISIBLE_FINAL;
    t.final_ms = 600000;
    t.flags |= GV_TOTAL; /* and then there is none */
    t.total_cap = 1;
    play(&s, &r);
    assert_int_equal(r.thing->final_won, 0);
    gv_simulated_clear(&r);
}

/* Of an open auction: nobody bids by it, and it is opened at the end. */
static void
an_open_auction_may_hide_its_reserve_A24(void **state)
{
    struct gv_terms t = {.flags = GV_LIMIT,
                         .visibility = GV_VISIBLE_RESERVE_SEALED,
                         .limit_ms = HOUR_MS,
                         .opening_period_ms = HOUR_MS};
    struct gv_simulation s = usual(&t);
    struct gv_simulated hidden, shown;

    (void)state;
    s.hidden_reserve = 900;
    play(&s, &hidden);
    assert_true(hidden.thing->sold > 0 && hidden.thing->reserve_missed > 0);
    t.visibility = GV_VISIBLE_OPEN;
    t.reserve = 900;
    play(&s, &shown);
    assert_int_equal(hidden.thing->sold, shown.thing->sold);
    assert_memory_equal(hidden.total, shown.total, s.rounds * sizeof(uint64_t));
    gv_simulated_clear(&hidden);
    gv_simulated_clear(&shown);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_says_all),
        cmocka_unit_test(the_truthful_give_it_to_the_best),
        cmocka_unit_test(a_clock_is_taken_once),
        cmocka_unit_test(sealed_bids_are_opened_together),
        cmocka_unit_test(a_hidden_reserve_is_opened_with_them),
        cmocka_unit_test(terms_show_in_what_is_void),
        cmocka_unit_test(snipers_extend_a_soft_close),
        cmocka_unit_test(steps_stop_beyond_the_next),
        cmocka_unit_test(lots_are_valued_each_by_itself_A33),
        cmocka_unit_test(a_total_is_of_all_lots_of_a_round),
        cmocka_unit_test(a_final_round_is_played_A32),
        cmocka_unit_test(an_open_auction_may_hide_its_reserve_A24),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
