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
    assert_int_equal(out->sold + out->unsold + out->reserve_missed, s->rounds);
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
    assert_true(a.sold == b.sold && a.sold > 0);
    assert_memory_equal(a.price, b.price, a.sold * sizeof(uint64_t));
    assert_memory_equal(a.voids, b.voids, sizeof(a.voids));
    assert_true(a.accepted == b.accepted && a.longest_us == b.longest_us);
    gv_simulated_clear(&b);
    s.seed = 8;
    play(&s, &b);
    assert_memory_not_equal(a.price, b.price,
                            (a.sold < b.sold ? a.sold : b.sold) *
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
    assert_true(first.sold == s.rounds && first.best_won == s.rounds);
    assert_true(first.price[0] >= s.low && first.price[s.rounds - 1] <= s.high);
    for (uint32_t i = 1; i < s.rounds; i++)
        assert_true(first.price[i - 1] <= first.price[i]);
    t.pricing = GV_PRICE_VICKREY;
    play(&s, &vickrey);
    assert_int_equal(vickrey.best_won, s.rounds);
    for (uint32_t i = 0; i < s.rounds; i++)
        assert_true(vickrey.price[i] <= first.price[i]);
    gv_simulated_clear(&first);
    gv_simulated_clear(&vickrey);
    t.direction = GV_REVERSE;
    play(&s, &first);
    assert_int_equal(first.best_won, s.rounds);
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
    assert_true(r.sold == s.rounds && r.accepted == s.rounds);
    assert_true(r.best_won == s.rounds);
    assert_true(r.price[r.sold - 1] <= 1000);
    s.strategy = GV_MIXED;
    play(&s, &mixed);
    assert_true(mixed.best_won < mixed.sold);
    assert_true(mixed.price[0] < r.price[0]);
    gv_simulated_clear(&r);
    gv_simulated_clear(&mixed);
    t.clock_floor = 1001;
    t.clock_start = 1002;
    play(&s, &r);
    assert_int_equal(r.unsold, s.rounds);
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
    assert_true(first.sold == s.rounds && first.best_won == s.rounds);
    assert_int_equal(first.accepted, (uint64_t)s.rounds * s.bidders);
    t.pricing = GV_PRICE_VICKREY;
    play(&s, &vickrey);
    assert_int_equal(vickrey.best_won, s.rounds);
    for (uint32_t i = 0; i < s.rounds; i++)
        assert_true(vickrey.price[i] <= first.price[i]);
    assert_true(vickrey.price[0] < first.price[0]);
    /* Who bids less than it is worth loses it to others now and then. */
    t.pricing = GV_PRICE_FIRST;
    s.strategy = GV_MIXED;
    play(&s, &shaded);
    assert_true(shaded.best_won < shaded.sold);
    assert_true(shaded.price[s.rounds / 2] < first.price[s.rounds / 2]);
    gv_simulated_clear(&shaded);
    t.direction = GV_REVERSE;
    play(&s, &shaded);
    assert_true(shaded.price[0] >= s.low);
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
    assert_true(r.sold > 0 && r.reserve_missed > 0);
    assert_true(r.price[0] >= 900);
    assert_true(r.voids[GV_BELOW_FIRST] > 0);
    gv_simulated_clear(&r);
    s.hidden_reserve = 1001;
    play(&s, &r);
    assert_int_equal(r.sold, 0);
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
    assert_int_equal(r.accepted, 2 * s.rounds);
    assert_int_equal(r.voids[GV_TOTAL_CAP], (s.bidders - 2) * s.rounds);
    gv_simulated_clear(&r);
    t = (struct gv_terms){.reserve = 1001};
    play(&s, &r);
    assert_int_equal(r.reserve_missed, s.rounds);
    gv_simulated_clear(&r);
    t = (struct gv_terms){.flags = GV_MIN_FIRST, .min_first = 1001};
    play(&s, &r);
    assert_true(r.unsold == s.rounds && r.accepted == 0 &&
                r.voids[GV_BELOW_FIRST] == (uint64_t)s.rounds * s.bidders);
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
    assert_true(r.extended > s.rounds / 2);
    assert_in_range(r.longest_us, 1, 120000000);
    gv_simulated_clear(&r);
    t.soft_ms = t.soft_cap_ms = 0;
    play(&s, &r);
    assert_int_equal(r.extended, 0);
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
    assert_true(r.sold == s.rounds && r.price[s.rounds - 1] == 50);
    gv_simulated_clear(&r);
    s.bidders = 6;
    play(&s, &r);
    assert_true(r.price[s.rounds - 1] <= s.high);
    assert_int_equal(r.voids[GV_BELOW_STEP], 0);
    gv_simulated_clear(&r);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
