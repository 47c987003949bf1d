/*
 * test_fold.c - F: each constraint at its boundary, ties and outcomes (rules
 * A1 to A13).
 */
#include "gavel/params.h"
#include "tests/unit/rules/fold_fixture.h"

static enum gv_code
add_at(struct gv_fold *f, uint64_t t_us)
{
    struct gv_fold_bid b = bid_at(t_us, 0, 5);

    assert_int_equal(gv_fold_add(f, &b), GV_OK);
    return gv_fold_row_at(f, gv_fold_count(f) - 1)->code;
}

static void
S4_01_normal_takes_every_bid(void **state)
{
    const struct gv_terms t = {0};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    expect_outcome(f, GV_NO_BID, 0, 0);
    assert_int_equal(gv_fold_leader(f), -1);
    assert_int_equal(add(f, 1, 50), GV_ACCEPTED);
    assert_int_equal(add(f, 2, 1), GV_ACCEPTED);
    assert_int_equal(add(f, 3, 80), GV_ACCEPTED);
    assert_int_equal(add(f, 4, 80), GV_ACCEPTED); /* a tie: the earlier */
    assert_int_equal(add(f, 5, 79), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 3, 80);
    assert_int_equal(gv_fold_leader(f), 2);
    assert_int_equal(gv_fold_accepted(f), 5);
    assert_true(gv_fold_effective_close(f) == UINT64_MAX);
    gv_fold_free(f);
    gv_fold_free(NULL);
}

static void
S4_02_minimum_first(void **state)
{
    const struct gv_terms t = {.flags = GV_MIN_FIRST, .min_first = 100};
    struct gv_fold *f = fold_new(&t);
    const struct gv_fold_row *row;

    (void)state;
    assert_int_equal(add(f, 1, 99), GV_BELOW_FIRST);
    row = gv_fold_row_at(f, 0);
    assert_int_equal(row->have, 99);
    assert_int_equal(row->want, 100);
    assert_int_equal(row->reference, 0);
    assert_int_equal(add(f, 1, 100), GV_ACCEPTED);
    assert_int_equal(add(f, 1, 1), GV_ACCEPTED); /* only the first */
    gv_fold_free(f);
}

static void
S4_03_minimum_step(void **state)
{
    const struct gv_terms t = {.flags = GV_MIN_STEP, .min_step = 10};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, 5), GV_ACCEPTED); /* no step before a bid */
    assert_int_equal(add(f, 1, 14), GV_BELOW_STEP);
    assert_int_equal(gv_fold_row_at(f, 1)->want, 15);
    assert_int_equal(add(f, 1, 4), GV_BELOW_STEP);
    assert_int_equal(add(f, 1, 15), GV_ACCEPTED);
    assert_int_equal(add(f, 1, 26), GV_ACCEPTED);
    assert_int_equal(add(f, 1, UINT64_MAX), GV_ACCEPTED);
    assert_int_equal(add(f, 1, UINT64_MAX), GV_BELOW_STEP);
    assert_true(gv_fold_row_at(f, 6)->want == UINT64_MAX);
    gv_fold_free(f);
}

static void
S4_04_maximum_step(void **state)
{
    const struct gv_terms t = {.flags = GV_MAX_STEP, .max_step = 10};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, UINT64_MAX - 5), GV_ACCEPTED);
    assert_int_equal(add(f, 1, UINT64_MAX), GV_ACCEPTED); /* sum overflows */
    assert_int_equal(add(f, 1, 100), GV_ACCEPTED);        /* no lower bound */
    assert_int_equal(add(f, 1, 111), GV_ABOVE_STEP);
    assert_int_equal(gv_fold_row_at(f, 3)->want, 110);
    assert_int_equal(add(f, 1, 110), GV_ACCEPTED);
    assert_int_equal(add(f, 1, 119), GV_ACCEPTED);
    gv_fold_free(f);
}

static void
S4_05_range(void **state)
{
    const struct gv_terms t = {
        .flags = GV_MIN_STEP | GV_MAX_STEP, .min_step = 10, .max_step = 20};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, 100), GV_ACCEPTED);
    assert_int_equal(add(f, 1, 109), GV_BELOW_STEP);
    assert_int_equal(add(f, 1, 121), GV_ABOVE_STEP);
    assert_int_equal(add(f, 1, 110), GV_ACCEPTED);
    assert_int_equal(add(f, 1, 130), GV_ACCEPTED);
    gv_fold_free(f);
}

static void
S4_06_allowed_set(void **state)
{
    uint8_t list[3 * GV_ALLOWED_ENTRY] = {0};
    const struct gv_terms t = {.flags = GV_ALLOWED,
                               .allowed = gv_bytes(list, sizeof(list))};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    put_entry(list, 0, 2, 0);
    put_entry(list, 1, 5, 0);
    put_entry(list, 2, 9, 0);
    for (uint32_t bidder = 0; bidder < 12; bidder++) {
        bool listed = bidder == 2 || bidder == 5 || bidder == 9;

        assert_int_equal(add(f, bidder, 7),
                         listed ? GV_ACCEPTED : GV_NOT_ALLOWED);
    }
    gv_fold_free(f);
}

static void
S4_07_cap_of_each_bidder(void **state)
{
    uint8_t list[2 * GV_ALLOWED_ENTRY] = {0};
    struct gv_terms t = {.flags = GV_ALLOWED | GV_PER_BIDDER,
                         .per_bidder = 2,
                         .allowed = gv_bytes(list, sizeof(list))};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    put_entry(list, 0, 1, 0);
    put_entry(list, 1, 2, 3); /* a cap of its own */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(add(f, 1, 7), i < 2 ? GV_ACCEPTED : GV_BIDDER_CAP);
        assert_int_equal(add(f, 2, 7), i < 3 ? GV_ACCEPTED : GV_BIDDER_CAP);
    }
    assert_int_equal(gv_fold_row_at(f, 7)->have, 3);
    assert_int_equal(gv_fold_row_at(f, 7)->want, 3);
    gv_fold_free(f);

    /* Without a list it holds for everybody. */
    t = (struct gv_terms){.flags = GV_PER_BIDDER, .per_bidder = 1};
    f = fold_new(&t);
    assert_int_equal(add(f, 3000, 7), GV_ACCEPTED);
    assert_int_equal(add(f, 3000, 7), GV_BIDDER_CAP);
    assert_int_equal(add(f, 3, 7), GV_ACCEPTED);
    gv_fold_free(f);
}

static void
S4_08_total_cap_by_trusted_time(void **state)
{
    const struct gv_terms t = {.flags = GV_TOTAL, .total_cap = 2};
    struct gv_fold *f = fold_new(&t);
    struct gv_fold_bid late = bid_at(OPENING_US + 1, 9, 3);

    (void)state;
    assert_int_equal(add_at(f, OPENING_US), GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == UINT64_MAX);
    assert_int_equal(add_at(f, OPENING_US + 7), GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 7);
    assert_int_equal(add_at(f, OPENING_US + 8), GV_TOTAL_CAP);
    /* The slots go by trusted time: one that arrives late takes its own. */
    assert_int_equal(gv_fold_add(f, &late), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 1)->code, GV_ACCEPTED);
    assert_int_equal(gv_fold_row_at(f, 2)->code, GV_TOTAL_CAP);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 1);
    gv_fold_free(f);
}

static void
S4_09_time_limit_to_the_microsecond(void **state)
{
    const struct gv_terms t = {.flags = GV_LIMIT, .limit_ms = 3000};
    const uint64_t limit = OPENING_US + 3000000;
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add_at(f, OPENING_US - 1), GV_WRONG_PHASE);
    assert_int_equal(add_at(f, OPENING_US), GV_ACCEPTED);
    assert_int_equal(add_at(f, limit - 1000000), GV_ACCEPTED);
    assert_int_equal(add_at(f, limit), GV_ACCEPTED);
    assert_int_equal(add_at(f, limit + 1), GV_TIME_LIMIT);
    assert_int_equal(add_at(f, limit + 1000000), GV_TIME_LIMIT);
    assert_true(gv_fold_effective_close(f) == limit);
    gv_fold_free(f);
}

static void
S4_11_reference_last_or_highest(void **state)
{
    struct gv_terms t = {.flags = GV_MAX_STEP, .max_step = 10};
    struct gv_fold *f;

    (void)state;
    for (uint8_t mode = GV_REF_LAST; mode <= GV_REF_HIGHEST; mode++) {
        bool last = mode == GV_REF_LAST;

        t.reference = mode;
        f = fold_new(&t);
        assert_int_equal(add(f, 1, 100), GV_ACCEPTED);
        assert_int_equal(add(f, 2, 40), GV_ACCEPTED);
        assert_int_equal(add(f, 3, 60), last ? GV_ABOVE_STEP : GV_ACCEPTED);
        assert_int_equal(gv_fold_row_at(f, 2)->reference, last ? 40 : 100);
        assert_int_equal(add(f, 3, 50), GV_ACCEPTED);
        assert_int_equal(add(f, 3, 110), last ? GV_ABOVE_STEP : GV_ACCEPTED);
        gv_fold_free(f);
    }
}

static void
close_counts_and_can_change(void **state)
{
    const struct gv_terms t = {0};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    for (uint64_t i = 0; i < 200; i++)
        assert_int_equal(add_at(f, OPENING_US + i), GV_ACCEPTED);
    gv_fold_set_close(f, OPENING_US + 100);
    assert_int_equal(gv_fold_accepted(f), 101); /* t <= close counts */
    assert_int_equal(gv_fold_row_at(f, 101)->code, GV_WRONG_PHASE);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 100);
    gv_fold_set_close(f, OPENING_US + 150);
    assert_int_equal(gv_fold_accepted(f), 151);
    gv_fold_set_close(f, UINT64_MAX);
    assert_int_equal(gv_fold_accepted(f), 200);
    gv_fold_free(f);
}

/* Rule A29: it works while nobody has bid, and otherwise with its notice. */
static void
a_cancellation_needs_an_auction_without_bids(void **state)
{
    struct gv_terms t = {.flags = GV_LIMIT, .limit_ms = 1};
    struct gv_fold_bid at = bid_at(OPENING_US + 500, 1, 10),
                       after = bid_at(OPENING_US + 501, 2, 20);
    struct gv_fold *f = fold_new(&t);

    (void)state;
    gv_fold_set_close(f, OPENING_US + 900);
    gv_fold_set_cancel(f, OPENING_US + 500);
    expect_outcome(f, GV_CANCELLED, 0, 0);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 500);
    assert_int_equal(gv_fold_try(f, 2, 20, after.t_us, NULL), GV_WRONG_PHASE);
    assert_int_equal(gv_fold_add(f, &after), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 0)->code, GV_WRONG_PHASE);
    expect_outcome(f, GV_CANCELLED, 0, 0);
    /* A bid that was in time arrives late: all that follow count again. */
    assert_int_equal(gv_fold_add(f, &at), GV_OK);
    expect_outcome(f, GV_SOLD, 2, 20);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 900);
    assert_int_equal(gv_fold_remove(f, &at), GV_OK);
    expect_outcome(f, GV_CANCELLED, 0, 0);
    /* The time limit had ended it before. */
    gv_fold_set_cancel(f, OPENING_US + 1001);
    assert_int_equal(gv_fold_remove(f, &after), GV_OK);
    expect_outcome(f, GV_NO_BID, 0, 0);
    gv_fold_set_cancel(f, OPENING_US + 1000);
    expect_outcome(f, GV_CANCELLED, 0, 0);
    gv_fold_set_cancel(f, UINT64_MAX);
    expect_outcome(f, GV_NO_BID, 0, 0);
    gv_fold_free(f);
}

static void
reserve_decides_the_result_only(void **state)
{
    struct gv_terms t = {.reserve = 100};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, 99), GV_ACCEPTED);
    expect_outcome(f, GV_RESERVE_NOT_MET, 0, 0);
    assert_int_equal(add(f, 2, 100), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 100);
    gv_fold_free(f);
}

static void
S0_09_ties_are_bytewise(void **state)
{
    const struct gv_terms t = {0};
    struct gv_fold *f = fold_new(&t);
    struct gv_fold_bid b[4] = {{.t_us = OPENING_US, .amount = 5}};

    (void)state;
    for (uint32_t i = 1; i < 4; i++)
        b[i] = b[0];
    for (uint32_t i = 0; i < 4; i++)
        b[i].ref = b[i].bidder = i;
    b[0].tie[0] = 1;
    b[1].tie[31] = 1; /* before 01 00 .., after 00 .. */
    b[2].id.b[0] = 0x80;
    b[3].id.b[0] = 0x7f;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(gv_fold_add(f, &b[i]), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 0)->bid.ref, 3);
    assert_int_equal(gv_fold_row_at(f, 1)->bid.ref, 2);
    assert_int_equal(gv_fold_row_at(f, 2)->bid.ref, 1);
    assert_int_equal(gv_fold_row_at(f, 3)->bid.ref, 0);
    expect_outcome(f, GV_SOLD, 3, 5);
    gv_fold_free(f);
}

static void
times_beyond_64_bits_are_never(void **state)
{
    const struct gv_terms t = {.flags = GV_LIMIT, .limit_ms = UINT64_MAX};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_true(gv_fold_effective_close(f) == UINT64_MAX);
    assert_int_equal(add_at(f, UINT64_MAX), GV_ACCEPTED);
    gv_fold_free(f);
}

/* A reorg takes a bidder off and gives its index to another key. */
static void
S4_06_an_index_given_to_another_key_is_judged_anew(void **state)
{
    struct gv_pubkey key[1] = {keys[7]};
    uint8_t list[GV_ALLOWED_ENTRY];
    struct gv_terms t;
    const struct gv_fold_context ctx = {.terms = &t,
                                        .opening_ms = OPENING_MS,
                                        .bidder_key = bidder_key,
                                        .arg = key};
    struct gv_fold_bid bid = {.amount = 5, .t_us = OPENING_US + 1};
    struct gv_fold *f;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &t);
    t.flags = GV_ALLOWED;
    put_entry(list, 0, 7, 0);
    t.allowed = gv_bytes(list, sizeof(list));
    f = gv_fold_new(&ctx);
    assert_non_null(f);
    assert_int_equal(gv_fold_add(f, &bid), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 0)->code, GV_ACCEPTED);
    assert_int_equal(gv_fold_remove(f, &bid), GV_OK);
    gv_fold_forget_bidders(f, 0, 1);
    key[0] = keys[8];
    assert_int_equal(gv_fold_add(f, &bid), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 0)->code, GV_NOT_ALLOWED);
    gv_fold_free(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancellation_needs_an_auction_without_bids),
        cmocka_unit_test(S4_01_normal_takes_every_bid),
        cmocka_unit_test(S4_02_minimum_first),
        cmocka_unit_test(S4_03_minimum_step),
        cmocka_unit_test(S4_04_maximum_step),
        cmocka_unit_test(S4_05_range),
        cmocka_unit_test(S4_06_allowed_set),
        cmocka_unit_test(S4_07_cap_of_each_bidder),
        cmocka_unit_test(S4_08_total_cap_by_trusted_time),
        cmocka_unit_test(S4_09_time_limit_to_the_microsecond),
        cmocka_unit_test(S4_11_reference_last_or_highest),
        cmocka_unit_test(close_counts_and_can_change),
        cmocka_unit_test(reserve_decides_the_result_only),
        cmocka_unit_test(S0_09_ties_are_bytewise),
        cmocka_unit_test(times_beyond_64_bits_are_never),
        cmocka_unit_test(S4_06_an_index_given_to_another_key_is_judged_anew),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
