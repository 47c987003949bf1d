/*
 * test_fold_pricing.c - F: what the winner pays, reverse auctions, soft close
 * and buy-now (rules A19 to A22).
 */
#include "tests/unit/rules/fold_fixture.h"

/* Rule A19. Bidder 1 bids most and pays what bidder 2 makes him pay. */
static void
the_second_price_is_another_bidders(void **state)
{
    uint8_t table[2 * GV_INCREMENT_ENTRY];
    struct gv_terms t = {.pricing = GV_PRICE_SECOND,
                         .increments = gv_bytes(table, sizeof(table)),
                         .flags = GV_MIN_FIRST,
                         .min_first = 20};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    gv_le64_put(table, 100);
    gv_le64_put(table + 8, 5);
    gv_le64_put(table + 16, UINT64_MAX);
    gv_le64_put(table + 24, 50);
    assert_int_equal(add(f, 1, 300), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 20); /* alone: the first bid's minimum */
    assert_int_equal(add(f, 1, 400), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 20); /* never against himself */
    assert_int_equal(add(f, 2, 99), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 104);
    assert_int_equal(add(f, 3, 100), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 150);
    assert_int_equal(add(f, 2, 380), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 400); /* no more than he bid */
    assert_int_equal(add(f, 2, 500), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 450);
    t.reserve = 490;
    expect_outcome(f, GV_SOLD, 2, 490);
    t.reserve = 501;
    expect_outcome(f, GV_RESERVE_NOT_MET, 0, 0);
    gv_fold_free(f);
}

/* Rule A19: a second name that bids next to nothing lowers no price. */
static void
the_minimum_first_bid_bounds_the_price(void **state)
{
    struct gv_terms t = {
        .pricing = GV_PRICE_VICKREY, .flags = GV_MIN_FIRST, .min_first = 20};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, 300), GV_ACCEPTED);
    assert_int_equal(add(f, 2, 1), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 20);
    gv_fold_free(f);
    t.direction = GV_REVERSE;
    f = fold_new(&t);
    assert_int_equal(add(f, 1, 10), GV_ACCEPTED);
    assert_int_equal(add(f, 2, 5000), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 20);
    gv_fold_free(f);
}

/* Rule A20: the lowest leads, steps go down, Vickrey pays the next one. */
static void
in_a_reverse_auction_the_lowest_bid_wins(void **state)
{
    const struct gv_terms t = {.direction = GV_REVERSE,
                               .pricing = GV_PRICE_VICKREY,
                               .reference = GV_REF_HIGHEST,
                               .flags =
                                   GV_MIN_FIRST | GV_MIN_STEP | GV_MAX_STEP,
                               .min_first = 1000,
                               .min_step = 10,
                               .max_step = 100,
                               .reserve = 900};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, 1001), GV_BELOW_FIRST);
    assert_int_equal(add(f, 1, 1000), GV_ACCEPTED);
    expect_outcome(f, GV_RESERVE_NOT_MET, 0, 0);
    assert_int_equal(add(f, 2, 991), GV_BELOW_STEP);
    assert_int_equal(add(f, 2, 1001), GV_BELOW_STEP);
    assert_int_equal(add(f, 2, 899), GV_ABOVE_STEP);
    assert_int_equal(add(f, 2, 900), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 900); /* the reserve is below 1000 */
    assert_int_equal(add(f, 1, 800), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 1, 900);
    gv_fold_free(f);
}

/* Rule A22: only as the first accepted bid, and nothing counts after it. */
static void
buy_now_ends_the_auction(void **state)
{
    const struct gv_terms t = {
        .buy_now = 500, .flags = GV_MIN_FIRST, .min_first = 10};
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(add(f, 1, 9), GV_BELOW_FIRST);
    assert_true(gv_fold_effective_close(f) == UINT64_MAX);
    assert_int_equal(add(f, 2, 600), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 500);
    assert_true(gv_fold_effective_close(f) == gv_fold_row_at(f, 1)->bid.t_us);
    assert_int_equal(add(f, 3, 700), GV_WRONG_PHASE);
    /* An ordinary bid that was earlier takes the offer away. */
    assert_int_equal(gv_fold_remove(f, &gv_fold_row_at(f, 0)->bid), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 1)->code, GV_WRONG_PHASE);
    gv_fold_free(f);
    f = fold_new(&t);
    assert_int_equal(add(f, 1, 10), GV_ACCEPTED);
    assert_int_equal(add(f, 2, 600), GV_ACCEPTED);
    assert_int_equal(add(f, 3, 700), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 3, 700);
    gv_fold_free(f);
}

/* Rule A21: accepted bids near the end move it, void ones do not, and a late
 * earlier bid changes what came after. */
static void
a_soft_close_follows_accepted_bids(void **state)
{
    const struct gv_terms t = {.flags = GV_LIMIT | GV_MIN_STEP,
                               .reference = GV_REF_HIGHEST,
                               .limit_ms = 60000,
                               .min_step = 1,
                               .soft_ms = 10000,
                               .soft_cap_ms = 15000};
    const uint64_t end = OPENING_US + 60000000;
    struct gv_fold *f = fold_new(&t);
    struct gv_fold_bid early = bid_at(end - 10000000, 1, 5),
                       low = bid_at(end - 1000000, 2, 5),
                       late = bid_at(end - 1, 3, 6),
                       later = bid_at(end + 9999999, 4, 7),
                       last = bid_at(end + 15000000, 5, 8),
                       over = bid_at(end + 15000001, 6, 9);

    (void)state;
    assert_int_equal(gv_fold_add(f, &early), GV_OK);
    assert_true(gv_fold_effective_close(f) == end);
    assert_int_equal(gv_fold_add(f, &low), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 1)->code, GV_BELOW_STEP);
    assert_true(gv_fold_effective_close(f) == end);
    assert_int_equal(gv_fold_add(f, &later), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 2)->code, GV_TIME_LIMIT);
    assert_int_equal(gv_fold_add(f, &late), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 2)->code, GV_ACCEPTED);
    assert_int_equal(gv_fold_row_at(f, 3)->code, GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == end + 15000000);
    assert_int_equal(gv_fold_add(f, &over), GV_OK);
    assert_int_equal(gv_fold_add(f, &last), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 4)->code, GV_ACCEPTED);
    assert_int_equal(gv_fold_row_at(f, 5)->code, GV_TIME_LIMIT);
    assert_true(gv_fold_effective_close(f) == end + 15000000);
    assert_int_equal(gv_fold_remove(f, &late), GV_OK);
    assert_int_equal(gv_fold_row_at(f, 2)->code, GV_TIME_LIMIT);
    assert_true(gv_fold_effective_close(f) == end);
    gv_fold_free(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_price_is_another_bidders),
        cmocka_unit_test(the_minimum_first_bid_bounds_the_price),
        cmocka_unit_test(in_a_reverse_auction_the_lowest_bid_wins),
        cmocka_unit_test(buy_now_ends_the_auction),
        cmocka_unit_test(a_soft_close_follows_accepted_bids),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
