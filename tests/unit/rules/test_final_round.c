/*
 * test_final_round.c - the final round behind a soft close (A32), to the
 * microsecond.
 */
#include "tests/unit/rules/fold_fixture.h"

#include "gavel/params.h"

#define SECOND UINT64_C(1000000)
#define LIMIT (OPENING_US + 60 * SECOND)
#define CAP (LIMIT + 15 * SECOND)
#define END (CAP + 20 * SECOND)

static struct gv_terms
round_terms(void)
{
    return (struct gv_terms){.flags = GV_LIMIT,
                             .reference = GV_REF_HIGHEST,
                             .visibility = GV_VISIBLE_FINAL,
                             .limit_ms = 60000,
                             .soft_ms = 10000,
                             .soft_cap_ms = 15000,
                             .final_ms = 20000};
}

static enum gv_code
place(struct gv_fold *f, const struct gv_fold_bid *b)
{
    assert_int_equal(gv_fold_add(f, b), GV_OK);
    for (size_t i = 0; i < gv_fold_count(f); i++)
        if (GV_ID_EQ(&gv_fold_row_at(f, i)->bid.id, &b->id))
            return gv_fold_row_at(f, i)->code;
    fail();
    return GV_BAD_ENCODING;
}

static enum gv_code
open_bid(struct gv_fold *f, uint64_t t_us, uint32_t bidder, uint64_t amount)
{
    struct gv_fold_bid b = bid_at(t_us, bidder, amount);

    return place(f, &b);
}

/* Sealed; amount 0: not opened. */
static enum gv_code
final_bid(struct gv_fold *f, uint64_t t_us, uint32_t bidder, uint64_t amount)
{
    struct gv_fold_bid b = bid_at(t_us, bidder, amount);

    b.final = true;
    b.seal = amount == 0 ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN;
    return place(f, &b);
}

/* Bids that lead to the round: the last of them is the least that does. */
static struct gv_fold *
at_the_cap(const struct gv_terms *t)
{
    struct gv_fold *f = fold_new(t);

    assert_int_equal(open_bid(f, LIMIT - SECOND, 1, 100), GV_ACCEPTED);
    assert_int_equal(open_bid(f, CAP - 10 * SECOND, 2, 110), GV_ACCEPTED);
    return f;
}

static void
assert_round(const struct gv_fold *f, bool on)
{
    uint64_t from_us, until_us;

    assert_int_equal(gv_fold_final_round(f, &from_us, &until_us), on);
    if (on)
        assert_true(from_us == CAP && until_us == END);
}

static void
extensions_that_reach_the_cap_lead_to_it_A32(void **state)
{
    const struct gv_terms t = round_terms();
    struct gv_fold *f = fold_new(&t);
    const struct gv_fold_bid b = bid_at(CAP - 10 * SECOND, 2, 110);

    (void)state;
    assert_int_equal(open_bid(f, LIMIT - SECOND, 1, 100), GV_ACCEPTED);
    assert_int_equal(open_bid(f, CAP - 10 * SECOND - 1, 1, 101), GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == CAP - 1);
    assert_round(f, false);
    /* No round: no final bid, before the cap or behind it. */
    assert_int_equal(final_bid(f, CAP - 2, 3, 500), GV_WRONG_PHASE);
    assert_int_equal(final_bid(f, CAP + 1, 3, 500), GV_WRONG_PHASE);
    assert_int_equal(open_bid(f, CAP + 1, 3, 500), GV_TIME_LIMIT);
    expect_outcome(f, GV_SOLD, 1, 101);
    /* A late earlier bid turns it on, and off again. */
    assert_int_equal(place(f, &b), GV_ACCEPTED);
    assert_round(f, true);
    assert_true(gv_fold_effective_close(f) == END);
    assert_int_equal(gv_fold_row_at(f, 3)->code, GV_WRONG_PHASE);
    assert_int_equal(gv_fold_row_at(f, 4)->code, GV_ACCEPTED);
    assert_int_equal(gv_fold_row_at(f, 5)->code, GV_WRONG_PHASE);
    expect_outcome(f, GV_SOLD, 3, 500);
    assert_int_equal(gv_fold_remove(f, &b), GV_OK);
    assert_round(f, false);
    expect_outcome(f, GV_SOLD, 1, 101);
    gv_fold_free(f);
}

static void
its_bounds_hold_to_the_microsecond_A32(void **state)
{
    const struct gv_terms t = round_terms();
    struct gv_fold *f = at_the_cap(&t);
    struct gv_fold_row row;

    (void)state;
    assert_int_equal(gv_fold_try(f, 3, 120, CAP, NULL), GV_ACCEPTED);
    assert_int_equal(gv_fold_try(f, 3, 120, CAP + 1, &row), GV_WRONG_PHASE);
    assert_true(row.have == CAP + 1 && row.want == CAP);
    assert_int_equal(gv_fold_try(f, 3, 0, CAP, &row), GV_WRONG_PHASE);
    assert_true(row.want == CAP);
    assert_int_equal(gv_fold_try(f, 3, 0, CAP + 1, NULL), GV_NOT_OPENED);
    assert_int_equal(gv_fold_try(f, 3, 0, END, NULL), GV_NOT_OPENED);
    assert_int_equal(gv_fold_try(f, 3, 0, END + 1, &row), GV_TIME_LIMIT);
    assert_true(row.have == END + 1 && row.want == END);
    assert_int_equal(gv_fold_try(f, 3, 9, END + 1, NULL), GV_WRONG_PHASE);
    assert_int_equal(open_bid(f, CAP, 3, 120), GV_ACCEPTED);
    assert_int_equal(final_bid(f, CAP + 1, 4, 121), GV_ACCEPTED);
    assert_int_equal(final_bid(f, END, 5, 121), GV_ACCEPTED);
    assert_int_equal(final_bid(f, END + 1, 6, 900), GV_TIME_LIMIT);
    assert_true(gv_fold_effective_close(f) == END);
    expect_outcome(f, GV_SOLD, 4, 121); /* of equal ones the earlier */
    gv_fold_free(f);
}

static void
the_floor_is_the_best_open_bid_A32(void **state)
{
    struct gv_terms t = round_terms();
    struct gv_fold *f;
    struct gv_fold_row row;

    (void)state;
    t.flags |= GV_MIN_STEP | GV_MAX_STEP;
    t.min_step = t.max_step = 10;
    f = at_the_cap(&t);
    assert_int_equal(gv_fold_floor(f), 1);
    assert_int_equal(final_bid(f, CAP + 1, 1, 110), GV_BELOW_FLOOR);
    row = *gv_fold_row_at(f, 2);
    assert_true(row.have == 110 && row.want == 110);
    assert_int_equal(final_bid(f, CAP + 2, 2, 110), GV_BELOW_FLOOR);
    /* No step is measured, from neither side; and a final bid is no floor. */
    assert_int_equal(final_bid(f, CAP + 3, 3, 300), GV_ACCEPTED);
    assert_int_equal(final_bid(f, CAP + 4, 4, 111), GV_ACCEPTED);
    assert_int_equal(gv_fold_floor(f), 1);
    expect_outcome(f, GV_SOLD, 3, 300);
    gv_fold_free(f);
    t = round_terms();
    t.direction = GV_REVERSE;
    f = fold_new(&t);
    assert_int_equal(open_bid(f, LIMIT, 1, 100), GV_ACCEPTED);
    assert_int_equal(open_bid(f, LIMIT + 5 * SECOND, 2, 200), GV_ACCEPTED);
    assert_int_equal(final_bid(f, CAP + 1, 3, 100), GV_BELOW_FLOOR);
    assert_int_equal(final_bid(f, CAP + 2, 4, 99), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 4, 99);
    gv_fold_free(f);
}

static void
one_for_each_bidder_whatever_it_is_A32(void **state)
{
    struct gv_terms t = round_terms();
    struct gv_fold *f;
    struct gv_fold_bid false_one = bid_at(CAP + 2, 2, 0);

    (void)state;
    t.flags |= GV_PER_BIDDER;
    t.per_bidder = 1;
    f = at_the_cap(&t);
    /* The cap of A7 is used up, and counts open bids alone. */
    assert_int_equal(open_bid(f, CAP, 2, 150), GV_BIDDER_CAP);
    assert_int_equal(final_bid(f, CAP + 1, 1, 0), GV_NOT_OPENED);
    assert_int_equal(final_bid(f, CAP + 3, 1, 500), GV_BIDDER_CAP);
    false_one.final = true;
    false_one.seal = GV_FOLD_FALSE;
    assert_int_equal(place(f, &false_one), GV_BAD_SEAL);
    assert_int_equal(final_bid(f, CAP + 4, 2, 500), GV_BIDDER_CAP);
    assert_int_equal(final_bid(f, CAP + 5, 3, 7), GV_BELOW_FLOOR);
    assert_int_equal(final_bid(f, CAP + 6, 3, 500), GV_BIDDER_CAP);
    assert_int_equal(gv_fold_unopened(f), 1);
    expect_outcome(f, GV_SOLD, 2, 110);
    /* Somebody who has not bid before may. */
    assert_int_equal(gv_fold_try(f, 9, 0, CAP + 9, NULL), GV_NOT_OPENED);
    /* Its place is free again with it. */
    assert_int_equal(gv_fold_remove(f, &false_one), GV_OK);
    assert_int_equal(gv_fold_row_at(f, gv_fold_count(f) - 3)->code,
                     GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 500);
    gv_fold_free(f);
}

static void
other_ends_leave_no_round_A32(void **state)
{
    struct gv_terms t = round_terms();
    struct gv_fold *f;

    (void)state;
    t.flags |= GV_TOTAL;
    t.total_cap = 2;
    f = at_the_cap(&t);
    assert_round(f, false);
    assert_true(gv_fold_effective_close(f) == CAP - 10 * SECOND);
    assert_int_equal(final_bid(f, CAP + 1, 3, 500), GV_TOTAL_CAP);
    gv_fold_free(f);
    t.total_cap = 3;
    f = at_the_cap(&t);
    assert_int_equal(final_bid(f, CAP + 1, 3, 500), GV_ACCEPTED);
    assert_int_equal(final_bid(f, CAP + 2, 4, 501), GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == END); /* they fill no cap */
    gv_fold_free(f);
    t = round_terms();
    t.buy_now = 110;
    f = fold_new(&t);
    assert_int_equal(open_bid(f, CAP - 15 * SECOND, 2, 110), GV_ACCEPTED);
    assert_int_equal(final_bid(f, CAP + 1, 3, 500), GV_WRONG_PHASE);
    assert_round(f, false);
    gv_fold_free(f);
    t = round_terms();
    f = at_the_cap(&t);
    gv_fold_set_close(f, CAP);
    assert_round(f, false);
    assert_int_equal(final_bid(f, CAP + 1, 3, 500), GV_WRONG_PHASE);
    gv_fold_set_close(f, CAP + 1);
    assert_int_equal(gv_fold_row_at(f, 2)->code, GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == CAP + 1);
    gv_fold_free(f);
}

/* A19 over open and final bids; A31 among the others. */
static void
prices_read_all_accepted_bids_A32(void **state)
{
    struct gv_terms t = round_terms();
    uint32_t without = 4, bidder;
    uint64_t price;
    struct gv_fold *f;

    (void)state;
    t.pricing = GV_PRICE_VICKREY;
    f = at_the_cap(&t);
    assert_int_equal(final_bid(f, CAP + 1, 4, 300), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 4, 110);
    assert_int_equal(final_bid(f, CAP + 2, 1, 200), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 4, 200);
    assert_true(gv_fold_among_others(f, &without, 1, &bidder, &price));
    assert_true(bidder == 1 && price == 110);
    gv_fold_set_reserve(f, 301);
    expect_outcome(f, GV_RESERVE_NOT_MET, 0, 0);
    gv_fold_set_reserve(f, 250);
    expect_outcome(f, GV_SOLD, 4, 250);
    gv_fold_free(f);
}

/* --- terms --- */

static void
assert_terms(const struct gv_terms *t, const char *field)
{
    struct gv_reject why = {0};
    enum gv_rc rc = gv_terms_check(t, gv_params_find("regtest"), &why);

    assert_int_equal(rc, field == NULL ? GV_OK : GV_REJECT);
    if (field != NULL)
        assert_string_equal(why.field, field);
}

static struct gv_terms
whole_terms(void)
{
    struct gv_terms t, bounds = round_terms();

    gv_terms_default(gv_params_find("regtest"), &t);
    t.flags = bounds.flags;
    t.visibility = bounds.visibility;
    t.limit_ms = bounds.limit_ms;
    t.soft_ms = bounds.soft_ms;
    t.soft_cap_ms = bounds.soft_cap_ms;
    t.final_ms = bounds.final_ms;
    t.opening_period_ms = t.d_ms;
    return t;
}

static void
terms_with_a_final_round_A17(void **state)
{
    struct gv_terms t = whole_terms();

    (void)state;
    assert_terms(&t, NULL);
    t.direction = GV_REVERSE;
    assert_terms(&t, NULL);
    t.final_ms = GV_SOFT_MIN_MS;
    assert_terms(&t, NULL);
    t.final_ms--;
    assert_terms(&t, "terms.final_ms");
    t.final_ms = 7 * 86400000;
    assert_terms(&t, NULL);
    t.final_ms++;
    assert_terms(&t, "terms.final_ms");
    t.final_ms = 0;
    assert_terms(&t, "terms.final_ms");
    t = whole_terms();
    t.soft_ms = t.soft_cap_ms = 0;
    assert_terms(&t, "terms.final_ms");
    t = whole_terms();
    t.opening_period_ms = 0;
    assert_terms(&t, "terms.opening_period_ms");
    t = whole_terms();
    t.buy_now = 5;
    assert_terms(&t, NULL);
    t.visibility = GV_VISIBLE_FINAL_RESERVE;
    assert_terms(&t, "terms.buy_now");
    t.buy_now = 0;
    assert_terms(&t, NULL);
    t.reserve = 1;
    assert_terms(&t, "terms.reserve");
    t = whole_terms();
    t.visibility = GV_VISIBLE_RESERVE_SEALED; /* no round */
    assert_terms(&t, "terms.final_ms");
    t.final_ms = 0;
    assert_terms(&t, NULL);
    t.direction = GV_DUTCH;
    assert_terms(&t, "terms.visibility");
}

/* A15: old visibilities keep their bytes. */
static void
terms_with_a_final_round_come_back_A15(void **state)
{
    static const size_t more[] = {0, 4, 4, 4, 8, 8};
    struct gv_terms back;
    uint8_t raw[256];
    size_t open = 0;

    (void)state;
    for (uint8_t v = 0; v < 7; v++) {
        struct gv_terms t = whole_terms();
        struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));
        struct gv_reader r;

        t.visibility = v;
        t.opening_period_ms = v == GV_VISIBLE_OPEN ? 0 : 0x01020304;
        t.final_ms = v == GV_VISIBLE_FINAL || v == GV_VISIBLE_FINAL_RESERVE
                         ? 0x05060708
                         : 0;
        gv_terms_put(&s, &t);
        r = gv_reader(gv_bytes(raw, s.len));
        gv_terms_get(&r, &back);
        assert_int_equal(gv_reader_done(&r), v < 6);
        if (v == 6)
            break;
        if (v == 0)
            open = s.len;
        assert_int_equal(s.len, open + more[v]);
        assert_int_equal(back.final_ms, t.final_ms);
        assert_int_equal(back.opening_period_ms, t.opening_period_ms);
        for (size_t cut = 1; cut <= more[v]; cut++) {
            r = gv_reader(gv_bytes(raw, s.len - cut));
            gv_terms_get(&r, &back);
            assert_false(gv_reader_done(&r));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extensions_that_reach_the_cap_lead_to_it_A32),
        cmocka_unit_test(its_bounds_hold_to_the_microsecond_A32),
        cmocka_unit_test(the_floor_is_the_best_open_bid_A32),
        cmocka_unit_test(one_for_each_bidder_whatever_it_is_A32),
        cmocka_unit_test(other_ends_leave_no_round_A32),
        cmocka_unit_test(prices_read_all_accepted_bids_A32),
        cmocka_unit_test(terms_with_a_final_round_A17),
        cmocka_unit_test(terms_with_a_final_round_come_back_A15),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
