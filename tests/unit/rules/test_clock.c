/*
 * test_clock.c - Dutch auctions: the falling price, what it refuses and what F
 * makes of bids (rules A15 to A17 and A30).
 */
#include "gavel/clock.h"

#include "gavel/params.h"
#include "tests/support/support.h"
#include "tests/unit/rules/fold_fixture.h"

/* 100, 70, 40, 20: the last step is a short one. */
static struct gv_terms
dutch(void)
{
    struct gv_terms t;

    gv_terms_default(gv_params_find("regtest"), &t);
    t.direction = GV_DUTCH;
    t.clock_start = 100;
    t.clock_floor = 20;
    t.clock_drop = 30;
    t.clock_step_ms = 2000;
    t.flags = GV_LIMIT;
    t.limit_ms = 8000;
    return t;
}

#define STEP_US UINT64_C(2000000)
#define EDGE(n) (OPENING_US + (n)*STEP_US)

static void
the_price_falls_at_the_microsecond(void **state)
{
    const struct gv_terms t = dutch();
    const struct {
        uint64_t t_us, price, next;
    } cases[] = {
        {0, 100, EDGE(1)},
        {EDGE(0), 100, EDGE(1)},
        {EDGE(1) - 1, 100, EDGE(1)},
        {EDGE(1), 70, EDGE(2)},
        {EDGE(1) + 1, 70, EDGE(2)},
        {EDGE(2) - 1, 70, EDGE(2)},
        {EDGE(2), 40, EDGE(3)},
        {EDGE(3) - 1, 40, EDGE(3)},
        {EDGE(3), 20, UINT64_MAX},
        {EDGE(4), 20, UINT64_MAX},
        {UINT64_MAX, 20, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(gv_clock_price(&t, OPENING_MS, cases[i].t_us) ==
                    cases[i].price);
        assert_true(gv_clock_next_us(&t, OPENING_MS, cases[i].t_us) ==
                    cases[i].next);
    }
    assert_true(gv_clock_length_ms(&t) == 8000);
}

/* It is the first microsecond at which the amount is enough. */
static void
the_clock_reaches_an_amount(void **state)
{
    const struct gv_terms t = dutch();

    (void)state;
    for (uint64_t amount = 1; amount < 120; amount++) {
        uint64_t at = gv_clock_reaches_us(&t, OPENING_MS, amount);

        if (amount < t.clock_floor) {
            assert_true(at == UINT64_MAX);
            continue;
        }
        assert_true(gv_clock_price(&t, OPENING_MS, at) <= amount);
        assert_true(at == OPENING_US ||
                    gv_clock_price(&t, OPENING_MS, at - 1) > amount);
    }
}

static void
long_clocks_do_not_wrap_around(void **state)
{
    struct gv_terms t = dutch();

    (void)state;
    t.clock_start = UINT64_MAX;
    t.clock_floor = 1;
    t.clock_drop = 1;
    t.clock_step_ms = 1000;
    assert_true(gv_clock_price(&t, OPENING_MS, UINT64_MAX) ==
                UINT64_MAX - (UINT64_MAX - OPENING_US) / 1000000);
    assert_true(gv_clock_length_ms(&t) == UINT64_MAX);
    assert_true(gv_clock_next_us(&t, OPENING_MS, UINT64_MAX) == UINT64_MAX);
    assert_true(gv_clock_reaches_us(&t, OPENING_MS, 1) == UINT64_MAX);
    assert_true(gv_clock_price(&t, UINT64_MAX, 5) == UINT64_MAX);
    t.clock_drop = UINT64_MAX - 1;
    assert_true(gv_clock_price(&t, OPENING_MS, OPENING_US + 999999) ==
                UINT64_MAX);
    assert_true(gv_clock_price(&t, OPENING_MS, OPENING_US + 1000000) == 1);
}

static enum gv_code
place(struct gv_fold *f, uint64_t t_us, uint32_t bidder, uint64_t amount)
{
    struct gv_fold_bid b = bid_at(t_us, bidder, amount);

    assert_int_equal(gv_fold_add(f, &b), GV_OK);
    for (size_t i = 0; i < gv_fold_count(f); i++)
        if (gv_fold_row_at(f, i)->bid.ref == b.ref)
            return (enum gv_code)gv_fold_row_at(f, i)->code;
    fail();
    return GV_ACCEPTED;
}

/* One minor unit and one microsecond decide. */
static void
the_first_that_reaches_the_clock_has_it(void **state)
{
    const struct gv_terms t = dutch();
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(place(f, EDGE(1) - 1, 1, 99), GV_BELOW_CLOCK);
    assert_true(gv_fold_row_at(f, 0)->have == 99);
    assert_true(gv_fold_row_at(f, 0)->want == 100);
    assert_int_equal(place(f, EDGE(1), 1, 69), GV_BELOW_CLOCK);
    assert_int_equal(gv_fold_try(f, 2, 69, EDGE(2) - 1, NULL), GV_BELOW_CLOCK);
    assert_int_equal(gv_fold_try(f, 2, 69, EDGE(2), NULL), GV_ACCEPTED);
    expect_outcome(f, GV_NO_BID, 0, 0);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 8000000);
    assert_int_equal(place(f, EDGE(2) - 1, 2, 95), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 70);
    assert_true(gv_fold_price(f) == 70);
    assert_true(gv_fold_effective_close(f) == EDGE(2) - 1);
    assert_int_equal(place(f, EDGE(2) - 1, 3, 500), GV_WRONG_PHASE);
    assert_int_equal(place(f, EDGE(2), 3, 500), GV_WRONG_PHASE);
    assert_int_equal(gv_fold_try(f, 3, 500, EDGE(3), NULL), GV_WRONG_PHASE);
    /* A bid that was made earlier comes to light: it had the price then. */
    assert_int_equal(place(f, EDGE(1) - 1, 4, 100), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 4, 100);
    assert_true(gv_fold_effective_close(f) == EDGE(1) - 1);
    assert_int_equal(gv_fold_accepted(f), 1);
    gv_fold_free(f);
}

static void
nobody_takes_the_clock(void **state)
{
    const struct gv_terms t = dutch();
    struct gv_fold *f = fold_new(&t);

    (void)state;
    assert_int_equal(place(f, EDGE(4), 1, 19), GV_BELOW_CLOCK);
    assert_int_equal(place(f, EDGE(4) + 1, 1, 20), GV_TIME_LIMIT);
    assert_int_equal(place(f, EDGE(0) - 1, 1, 100), GV_WRONG_PHASE);
    expect_outcome(f, GV_NO_BID, 0, 0);
    assert_int_equal(place(f, EDGE(4), 2, 20), GV_ACCEPTED);
    expect_outcome(f, GV_SOLD, 2, 20);
    gv_fold_free(f);
}

#define BIDS 60

/* Any order of arrival gives one outcome: that of the first bid in total order
 * that reaches the clock; and a bid more never makes the price lower. */
static void
order_of_arrival_never_matters(void **state)
{
    static struct gv_fold_bid bids[BIDS];
    struct support_rng rng = support_rng_new();

    (void)state;
    for (int round = 0; round < 200; round++) {
        const struct gv_terms t = dutch();
        struct gv_fold *sorted = fold_new(&t), *other = fold_new(&t);
        struct gv_outcome a, b;
        uint64_t price = 0;

        for (size_t i = 0; i < BIDS; i++)
            bids[i] = bid_at(
                EDGE(0) - 5 + support_rng_below(&rng, 4) * STEP_US +
                    support_rng_below(&rng, 10),
                (uint32_t)support_rng_below(&rng, 9),
                1 + support_rng_below(&rng, 45 + support_rng_below(&rng, 60)));
        for (size_t i = 0; i < BIDS; i++) {
            assert_int_equal(gv_fold_add(sorted, &bids[i]), GV_OK);
            assert_true(gv_fold_price(sorted) >= price);
            price = gv_fold_price(sorted);
        }
        for (size_t i = BIDS; i-- > 0;) {
            size_t j = (size_t)support_rng_below(&rng, i + 1);
            struct gv_fold_bid swap = bids[i];

            bids[i] = bids[j];
            bids[j] = swap;
            assert_int_equal(gv_fold_add(other, &bids[i]), GV_OK);
        }
        gv_fold_outcome(sorted, &a);
        gv_fold_outcome(other, &b);
        assert_true(a.status == b.status && a.price == b.price &&
                    a.price == price && GV_ID_EQ(&a.winner, &b.winner));
        assert_memory_equal(a.fold_hash, b.fold_hash, sizeof(a.fold_hash));
        assert_true(gv_fold_effective_close(sorted) ==
                    gv_fold_effective_close(other));
        gv_fold_free(sorted);
        gv_fold_free(other);
    }
}

static void
expect(struct gv_terms t, const char *field)
{
    struct gv_reject why = {0};

    if (field == NULL) {
        assert_int_equal(gv_terms_check(&t, gv_params_find("regtest"), &why),
                         GV_OK);
        return;
    }
    assert_int_equal(gv_terms_check(&t, gv_params_find("regtest"), &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_BAD_TERMS);
    assert_string_equal(why.field, field);
}

#define GOOD(change)                                                           \
    do {                                                                       \
        struct gv_terms t = dutch();                                           \
        change;                                                                \
        expect(t, NULL);                                                       \
    } while (0)
#define BAD(field, change)                                                     \
    do {                                                                       \
        struct gv_terms t = dutch();                                           \
        change;                                                                \
        expect(t, "terms." field);                                             \
    } while (0)

static void
terms_of_a_clock_have_bounds(void **state)
{
    (void)state;
    expect(dutch(), NULL);
    GOOD(t.reference = GV_REF_LAST);
    GOOD(t.identity = GV_ANONYMOUS);
    GOOD(t.clock_floor = 99; t.clock_drop = 1);
    BAD("clock_start", t.clock_floor = 100);
    BAD("clock_floor", t.clock_floor = 0);
    BAD("clock_drop", t.clock_drop = 0);
    GOOD(t.clock_drop = 80);
    BAD("clock_drop", t.clock_drop = 81);
    GOOD(t.clock_step_ms = 1000);
    BAD("clock_step_ms", t.clock_step_ms = 999);
    GOOD(t.clock_step_ms = 7 * 24 * 3600 * 1000);
    BAD("clock_step_ms", t.clock_step_ms = 7 * 24 * 3600 * 1000 + 1);
    BAD("limit_ms", t.flags = 0; t.limit_ms = 0);
    BAD("min_first", t.flags |= GV_MIN_FIRST; t.min_first = 50);
    BAD("min_step", t.flags |= GV_MIN_STEP; t.min_step = 1);
    BAD("max_step", t.flags |= GV_MAX_STEP; t.max_step = 1);
    BAD("per_bidder", t.flags |= GV_PER_BIDDER; t.per_bidder = 1);
    BAD("total_cap", t.flags |= GV_TOTAL; t.total_cap = 1);
    BAD("pricing", t.pricing = GV_PRICE_VICKREY);
    BAD("reserve", t.reserve = 30);
    BAD("buy_now", t.buy_now = 100);
    BAD("soft_ms", t.soft_ms = t.soft_cap_ms = 10000);
    BAD("clock_start", t.direction = GV_ASCENDING);
    BAD("clock_start", t.direction = GV_REVERSE;
        t.clock_start = t.clock_floor = t.clock_drop = 0);
}

/* The fields stand at the end, of Dutch terms alone. */
static void
other_terms_keep_their_bytes(void **state)
{
    struct gv_terms t = dutch(), back;
    uint8_t buf[256], plain[256];
    struct gv_sink s = gv_sink_buffer(buf, sizeof(buf)), other;
    struct gv_reader r;

    (void)state;
    gv_terms_put(&s, &t);
    r = gv_reader(gv_bytes(buf, s.len));
    gv_terms_get(&r, &back);
    assert_true(gv_reader_done(&r));
    assert_true(back.clock_start == 100 && back.clock_floor == 20 &&
                back.clock_drop == 30 && back.clock_step_ms == 2000);
    r = gv_reader(gv_bytes(buf, s.len - 1));
    gv_terms_get(&r, &back);
    assert_true(r.failed);
    assert_string_equal(r.field, "terms.clock_step_ms");
    t.direction = GV_ASCENDING;
    t.clock_start = t.clock_floor = t.clock_drop = t.clock_step_ms = 0;
    other = gv_sink_buffer(plain, sizeof(plain));
    gv_terms_put(&other, &t);
    assert_int_equal(other.len + 28, s.len);
    buf[10] = GV_ASCENDING; /* the direction, A15 */
    assert_memory_equal(buf, plain, other.len);
}

static bool
warns_of(const struct gv_terms *t, const char *word)
{
    const char *out[GV_TERMS_WARNINGS];
    size_t n =
        gv_terms_warn(t, gv_params_find("regtest"), out, GV_TERMS_WARNINGS);
    bool found = false;

    for (size_t i = 0; i < n; i++)
        found = found || strstr(out[i], word) != NULL;
    return found;
}

static void
warnings_tell_of_clocks(void **state)
{
    struct gv_terms t = dutch();

    (void)state;
    assert_true(warns_of(&t, "arrives late"));
    t.limit_ms = 6001; /* the floor is shown after three steps */
    assert_false(warns_of(&t, "floor price"));
    t.limit_ms = 6000;
    assert_true(warns_of(&t, "floor price"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_price_falls_at_the_microsecond),
        cmocka_unit_test(the_clock_reaches_an_amount),
        cmocka_unit_test(long_clocks_do_not_wrap_around),
        cmocka_unit_test(the_first_that_reaches_the_clock_has_it),
        cmocka_unit_test(nobody_takes_the_clock),
        cmocka_unit_test(order_of_arrival_never_matters),
        cmocka_unit_test(terms_of_a_clock_have_bounds),
        cmocka_unit_test(other_terms_keep_their_bytes),
        cmocka_unit_test(warnings_tell_of_clocks),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
