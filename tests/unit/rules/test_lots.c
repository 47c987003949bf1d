/*
 * test_lots.c - several lots in one auction (rule A33): their encoding, what
 * is refused, and that F judges each by itself.
 */
#include "tests/support/support.h"
#include "tests/unit/rules/lots_fixture.h"

#define LOTS 3
#define ROUNDS 40
#define BIDS 200

static enum gv_code
add_for(struct gv_fold *f, uint8_t lot, uint32_t bidder, uint64_t amount)
{
    size_t n = gv_fold_count(f);
    struct gv_fold_bid b = bid_at(OPENING_US + n, bidder, amount);
    enum gv_code said;

    b.lot = lot;
    said = gv_fold_try_bid(f, &b, NULL);
    assert_int_equal(gv_fold_add(f, &b), GV_OK);
    assert_int_equal(gv_fold_row_at(f, n)->code, said);
    return said;
}

static void
each_lot_has_its_own_minimum_reserve_and_caps(void **state)
{
    static const uint64_t lots[LOTS][2] = {{0, 0}, {50, 0}, {0, 500}};
    struct gv_terms t = {.flags = GV_PER_BIDDER | GV_MIN_FIRST,
                         .per_bidder = 2,
                         .min_first = 10};
    uint8_t buf[256];
    struct gv_outcome all;
    struct gv_fold *f;

    (void)state;
    make_lots(&t, buf, sizeof(buf), lots, LOTS);
    f = fold_new(&t);
    assert_int_equal(add_for(f, 1, 1, 9), GV_BELOW_FIRST);
    assert_int_equal(add_for(f, 1, 1, 10), GV_ACCEPTED);
    assert_int_equal(add_for(f, 2, 1, 49), GV_BELOW_FIRST);
    assert_int_equal(gv_fold_row_at(f, 2)->want, 50);
    assert_int_equal(add_for(f, 1, 1, 12), GV_ACCEPTED);
    assert_int_equal(add_for(f, 1, 1, 13), GV_BIDDER_CAP);
    assert_int_equal(add_for(f, 3, 1, 499), GV_ACCEPTED);
    assert_int_equal(add_for(f, 3, 2, 10), GV_ACCEPTED);
    expect_result(f, 0, GV_SOLD, 1, 12);
    expect_result(f, 1, GV_NO_BID, 0, 0);
    expect_result(f, 2, GV_RESERVE_NOT_MET, 0, 0);
    gv_fold_outcome(f, &all);
    assert_int_equal(all.status, GV_SOLD);
    assert_true(all.price == 0);
    assert_int_equal(gv_fold_accepted(f), 4);
    assert_int_equal(gv_fold_lot_leader(f, 0), 3);
    assert_int_equal(gv_fold_lot_leader(f, 1), -1);
    gv_fold_free(f);
}

static void
a_lot_that_is_not_there_makes_a_bid_void(void **state)
{
    static const uint64_t lots[2][2] = {{0, 0}, {0, 0}};
    struct gv_terms t = {.flags = GV_PER_BIDDER, .per_bidder = 1};
    const struct gv_terms plain = {0};
    uint8_t buf[128];
    struct gv_fold *f;

    (void)state;
    make_lots(&t, buf, sizeof(buf), lots, 2);
    f = fold_new(&t);
    assert_int_equal(add_for(f, 3, 1, 5), GV_NO_LOT);
    assert_int_equal(gv_fold_row_at(f, 0)->have, 3);
    assert_int_equal(gv_fold_row_at(f, 0)->want, 2);
    assert_int_equal(add_for(f, 0, 1, 5), GV_NO_LOT);
    assert_int_equal(add_for(f, GV_LOTS_MAX, 1, 5), GV_NO_LOT);
    /* It takes no place of its bidder's. */
    assert_int_equal(add_for(f, 2, 1, 5), GV_ACCEPTED);
    assert_int_equal(gv_fold_count(f), 4);
    gv_fold_free(f);
    f = fold_new(&plain);
    assert_int_equal(add_for(f, 1, 1, 5), GV_NO_LOT);
    assert_int_equal(add_for(f, 0, 1, 5), GV_ACCEPTED);
    gv_fold_free(f);
}

static void
the_last_lot_ends_the_auction(void **state)
{
    static const uint64_t lots[2][2] = {{0, 0}, {0, 0}};
    struct gv_terms t = {
        .flags = GV_LIMIT, .limit_ms = 1, .soft_ms = 1, .soft_cap_ms = 5};
    uint8_t buf[128];
    struct gv_fold *f;
    struct gv_fold_bid b = bid_at(OPENING_US + 500, 1, 7);

    (void)state;
    make_lots(&t, buf, sizeof(buf), lots, 2);
    f = fold_new(&t);
    b.lot = 2;
    assert_int_equal(gv_fold_add(f, &b), GV_OK);
    assert_true(gv_fold_lot_close(f, 0) == OPENING_US + 1000);
    assert_true(gv_fold_lot_close(f, 1) == OPENING_US + 1500);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 1500);
    b = bid_at(OPENING_US + 1001, 1, 7);
    b.lot = 1;
    assert_int_equal(gv_fold_try_bid(f, &b, NULL), GV_TIME_LIMIT);
    b.lot = 2;
    assert_int_equal(gv_fold_try_bid(f, &b, NULL), GV_ACCEPTED);
    gv_fold_free(f);
    /* A total cap is reached in one of them. */
    t = (struct gv_terms){.flags = GV_TOTAL, .total_cap = 1};
    make_lots(&t, buf, sizeof(buf), lots, 2);
    f = fold_new(&t);
    assert_int_equal(add_for(f, 1, 1, 5), GV_ACCEPTED);
    assert_int_equal(add_for(f, 1, 2, 5), GV_TOTAL_CAP);
    assert_true(gv_fold_effective_close(f) == UINT64_MAX);
    assert_int_equal(add_for(f, 2, 2, 5), GV_ACCEPTED);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 2);
    gv_fold_free(f);
}

static void
a_cancellation_ends_the_lots_without_a_bid(void **state)
{
    static const uint64_t lots[2][2] = {{0, 0}, {0, 0}};
    struct gv_terms t = {0};
    uint8_t buf[128];
    struct gv_fold *f;

    (void)state;
    make_lots(&t, buf, sizeof(buf), lots, 2);
    f = fold_new(&t);
    assert_int_equal(add_for(f, 1, 1, 5), GV_ACCEPTED);
    gv_fold_set_cancel(f, OPENING_US + 10);
    gv_fold_set_close(f, OPENING_US + 100);
    expect_result(f, 0, GV_SOLD, 1, 5);
    expect_result(f, 1, GV_CANCELLED, 0, 0);
    assert_true(gv_fold_lot_close(f, 1) == OPENING_US + 10);
    assert_true(gv_fold_effective_close(f) == OPENING_US + 100);
    gv_fold_free(f);
}

/* --- against one fold a lot --- */

static void
random_terms(struct support_rng *r, struct gv_terms *t)
{
    *t = (struct gv_terms){
        .flags = (uint8_t)support_rng_below(r, 128) & (uint8_t)~GV_ALLOWED,
        .reference = (uint8_t)support_rng_below(r, 2),
        .pricing =
            support_rng_below(r, 2) == 0 ? GV_PRICE_FIRST : GV_PRICE_VICKREY,
        .direction = (uint8_t)support_rng_below(r, 2),
        .min_first = 1 + support_rng_below(r, 500),
        .min_step = 1 + support_rng_below(r, 30),
        .max_step = 30 + support_rng_below(r, 300),
        .per_bidder = 1 + (uint32_t)support_rng_below(r, 9),
        .total_cap = 1 + (uint32_t)support_rng_below(r, 40),
        .limit_ms = 1 + support_rng_below(r, 2)};
    if (support_rng_below(r, 4) == 0)
        t->buy_now = 1 + support_rng_below(r, 900);
    if ((t->flags & GV_LIMIT) != 0 && support_rng_below(r, 2) == 0)
        t->soft_ms = t->soft_cap_ms = 1;
}

static void
expect_same(const struct gv_fold *whole, struct gv_fold *const *apart)
{
    size_t at[LOTS] = {0};
    uint64_t last = 0;

    for (size_t i = 0; i < gv_fold_count(whole); i++) {
        const struct gv_fold_row *row = gv_fold_row_at(whole, i), *own;
        unsigned place = row->bid.lot - 1u;

        if (place >= LOTS) {
            assert_int_equal(row->code, GV_NO_LOT);
            continue;
        }
        own = gv_fold_row_at(apart[place], at[place]++);
        assert_int_equal(row->bid.ref, own->bid.ref);
        assert_int_equal(row->code, own->code);
        assert_true(row->reference == own->reference);
        assert_true(row->have == own->have && row->want == own->want);
    }
    for (unsigned i = 0; i < LOTS; i++) {
        struct gv_result r, one;
        uint64_t e = gv_fold_effective_close(apart[i]);

        assert_int_equal(at[i], gv_fold_count(apart[i]));
        gv_fold_result(whole, i, &r);
        gv_fold_result(apart[i], 0, &one);
        assert_int_equal(r.status, one.status);
        assert_true(r.price == one.price);
        assert_true(GV_ID_EQ(&r.winner, &one.winner));
        assert_true(gv_fold_lot_close(whole, i) == e);
        last = e > last ? e : last;
    }
    assert_true(gv_fold_effective_close(whole) == last);
}

/* The bid as the fold of its lot alone sees it. */
static struct gv_fold_bid
alone(struct gv_fold_bid b)
{
    b.lot = 0;
    return b;
}

static void
change(struct gv_fold *whole, struct gv_fold *const *apart,
       const struct gv_fold_bid *b, bool in)
{
    const struct gv_fold_bid own = alone(*b);
    enum gv_rc (*deed)(struct gv_fold *, const struct gv_fold_bid *) =
        in ? gv_fold_add : gv_fold_remove;

    assert_int_equal(deed(whole, b), GV_OK);
    if (b->lot <= LOTS)
        assert_int_equal(deed(apart[b->lot - 1], &own), GV_OK);
}

static void
lots_are_folds_of_their_own(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t lots[LOTS][2];
        struct gv_terms t, of_lot[LOTS];
        struct gv_fold *whole, *apart[LOTS];
        struct gv_fold_bid bid[BIDS];
        uint8_t buf[256];

        random_terms(&rng, &t);
        for (unsigned i = 0; i < LOTS; i++) {
            lots[i][0] = support_rng_below(&rng, 2) * 200;
            lots[i][1] = support_rng_below(&rng, 3) * 300;
        }
        make_lots(&t, buf, sizeof(buf), lots, LOTS);
        whole = fold_new(&t);
        for (unsigned i = 0; i < LOTS; i++) {
            gv_terms_of_lot(&t, i, &of_lot[i]);
            assert_int_equal(of_lot[i].lots, 0);
            apart[i] = fold_new(&of_lot[i]);
        }
        for (unsigned i = 0; i < BIDS; i++) {
            bid[i] = bid_at(OPENING_US + support_rng_below(&rng, 2500),
                            (uint32_t)support_rng_below(&rng, 6),
                            1 + support_rng_below(&rng, 1000));
            bid[i].lot = (uint8_t)(1 + support_rng_below(&rng, LOTS + 1));
            change(whole, apart, &bid[i], true);
        }
        expect_same(whole, apart);
        for (unsigned i = 0; i < BIDS; i += 2)
            change(whole, apart, &bid[i], false);
        expect_same(whole, apart);
        gv_fold_set_close(whole, OPENING_US + 900);
        for (unsigned i = 0; i < LOTS; i++)
            gv_fold_set_close(apart[i], OPENING_US + 900);
        expect_same(whole, apart);
        gv_fold_free(whole);
        for (unsigned i = 0; i < LOTS; i++)
            gv_fold_free(apart[i]);
    }
}

/* --- against a fold made at once --- */

#define COMERS 6 /* bidders of the first quarter */
#define LATER 40 /* and after it */

/* The bids that are in, in the order of their making. */
static void
expect_as_made_at_once(const struct gv_terms *t, const struct gv_fold *f,
                       const struct gv_fold_bid *bid, const bool *in,
                       const uint64_t ends_us[2])
{
    struct gv_fold *fresh = fold_new(t);

    gv_fold_set_close(fresh, ends_us[0]);
    gv_fold_set_cancel(fresh, ends_us[1]);
    for (unsigned i = 0; i < BIDS; i++)
        if (in[i])
            assert_int_equal(gv_fold_add(fresh, &bid[i]), GV_OK);
    assert_int_equal(gv_fold_count(f), gv_fold_count(fresh));
    assert_int_equal(gv_fold_accepted(f), gv_fold_accepted(fresh));
    for (size_t i = 0; i < gv_fold_count(f); i++) {
        const struct gv_fold_row *a = gv_fold_row_at(f, i);
        const struct gv_fold_row *b = gv_fold_row_at(fresh, i);

        assert_true(GV_ID_EQ(&a->bid.id, &b->bid.id));
        assert_int_equal(a->code, b->code);
        assert_true(a->have == b->have && a->want == b->want);
    }
    for (unsigned i = 0; i < LOTS; i++) {
        assert_int_equal(gv_fold_lot_leader(f, i),
                         gv_fold_lot_leader(fresh, i));
        assert_true(gv_fold_lot_close(f, i) == gv_fold_lot_close(fresh, i));
        assert_true(gv_fold_lot_price(f, i) == gv_fold_lot_price(fresh, i));
    }
    gv_fold_free(fresh);
}

/* Bids come and go in any order, bidders appear later and beyond a gap, and a
 * CLOSE comes and is taken back. */
static void
late_changes_of_lots_come_to_the_same(void **state)
{
    struct support_rng rng = support_rng_new();

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        static const uint64_t lots[LOTS][2] = {{0, 0}, {200, 300}, {0, 600}};
        uint64_t ends_us[2] = {UINT64_MAX, UINT64_MAX};
        struct gv_fold_bid bid[BIDS];
        bool in[BIDS] = {false};
        struct gv_terms t;
        struct gv_fold *f;
        uint8_t buf[256];

        random_terms(&rng, &t);
        make_lots(&t, buf, sizeof(buf), lots, LOTS);
        f = fold_new(&t);
        for (unsigned i = 0; i < BIDS; i++) {
            unsigned any = (unsigned)support_rng_below(&rng, i + 1);

            bid[i] = bid_at(OPENING_US + support_rng_below(&rng, 2500),
                            (uint32_t)support_rng_below(
                                &rng, i < BIDS / 4 ? COMERS : LATER),
                            1 + support_rng_below(&rng, 1000));
            bid[i].lot = (uint8_t)(1 + support_rng_below(&rng, LOTS + 1));
            in[i] = true;
            assert_int_equal(gv_fold_add(f, &bid[i]), GV_OK);
            if (in[any] && support_rng_below(&rng, 4) == 0) {
                assert_int_equal(gv_fold_remove(f, &bid[any]), GV_OK);
                in[any] = false;
            }
            if (i % 50 != 49)
                continue;
            ends_us[0] = support_rng_below(&rng, 3) == 0
                             ? UINT64_MAX
                             : OPENING_US + support_rng_below(&rng, 2500);
            ends_us[1] = support_rng_below(&rng, 2) == 0
                             ? UINT64_MAX
                             : OPENING_US + support_rng_below(&rng, 50);
            gv_fold_set_close(f, ends_us[0]);
            gv_fold_set_cancel(f, ends_us[1]);
            expect_as_made_at_once(&t, f, bid, in, ends_us);
        }
        gv_fold_free(f);
    }
}

/* --- terms --- */

static size_t
encode(const struct gv_terms *t, uint8_t *out, size_t cap)
{
    struct gv_sink s = gv_sink_buffer(out, cap);

    gv_terms_put(&s, t);
    assert_false(s.failed);
    return s.len;
}

static const char *
refused_field(const uint8_t *p, size_t len, struct gv_terms *back)
{
    struct gv_reader r = gv_reader(gv_bytes(p, len));

    gv_terms_get(&r, back);
    return gv_reader_done(&r) ? NULL : r.field;
}

static void
terms_with_lots_come_back(void **state)
{
    static const uint64_t lots[GV_LOTS_MAX][2] = {{7, 9}};
    uint8_t list[2048], buf[4096], again[4096];
    struct gv_terms t, back;
    struct gv_lot lot;
    size_t len;

    (void)state;
    gv_terms_default(&net, &t);
    make_lots(&t, list, sizeof(list), lots, GV_LOTS_MAX);
    len = encode(&t, buf, sizeof(buf));
    assert_int_equal(buf[0], 2);
    assert_null(refused_field(buf, len, &back));
    assert_int_equal(back.lots, GV_LOTS_MAX);
    assert_int_equal(encode(&back, again, sizeof(again)), len);
    assert_memory_equal(buf, again, len);
    gv_terms_lot(&back, 0, &lot);
    assert_int_equal(lot.title.len, 3);
    assert_int_equal(lot.min_first, 7);
    assert_int_equal(lot.reserve, 9);
    assert_int_equal(gv_terms_lot_place(&back, 0), -1);
    assert_int_equal(gv_terms_lot_place(&back, 1), 0);
    assert_int_equal(gv_terms_lot_place(&back, GV_LOTS_MAX), GV_LOTS_MAX - 1);
    assert_int_equal(gv_terms_lot_place(&back, GV_LOTS_MAX + 1), -1);
}

static void
what_is_no_list_of_lots_is_refused(void **state)
{
    static const uint64_t lots[2][2] = {{1, 2}, {3, 4}};
    uint8_t list[128], buf[512];
    struct gv_terms t, back;
    size_t len, first;

    (void)state;
    gv_terms_default(&net, &t);
    first = encode(&t, buf, sizeof(buf));
    assert_int_equal(buf[0], 1);
    make_lots(&t, list, sizeof(list), lots, 2);
    len = encode(&t, buf, sizeof(buf));
    assert_int_equal(buf[first], 2); /* how many, behind the rest */
    for (size_t cut = first; cut < len; cut++)
        assert_non_null(refused_field(buf, cut, &back));
    buf[first] = 1;
    assert_string_equal(refused_field(buf, len, &back), "terms.lots");
    buf[first] = GV_LOTS_MAX + 1;
    assert_string_equal(refused_field(buf, len, &back), "terms.lots");
    buf[first] = 2;
    buf[first + 1] = 0;
    assert_string_equal(refused_field(buf, len, &back), "terms.lots.title");
    buf[first + 1] = GV_LOT_TITLE_MAX + 1;
    assert_non_null(refused_field(buf, len, &back));
    buf[first + 1] = 3;
    buf[first + 2] = '\n';
    assert_string_equal(refused_field(buf, len, &back), "terms.lots.title");
    buf[first + 2] = 'l';
    assert_null(refused_field(buf, len, &back));
    buf[0] = 3;
    assert_string_equal(refused_field(buf, len, &back), "terms.version");
}

static void
lots_that_make_no_sense_are_refused(void **state)
{
    static const uint64_t lots[2][2] = {{0, 0}, {100, 200}};
    struct gv_terms t;
    struct gv_reject why;
    uint8_t list[128];

    (void)state;
    gv_terms_default(&net, &t);
    make_lots(&t, list, sizeof(list), lots, 2);
    assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
    t.buy_now = 199; /* below the second one's reserve */
    expect_bad(&t, "terms.buy_now", 1);
    t.buy_now = 200;
    assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
    t.buy_now = 0;
    t.flags |= GV_PAY_BY;
    t.pay_ms = t.d_ms;
    expect_bad(&t, "terms.lots.pay_ms", GV_NO_INDEX);
    t.flags = t.pay_ms = 0;
    t.identity = GV_ANONYMOUS;
    assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lot_has_its_own_minimum_reserve_and_caps),
        cmocka_unit_test(a_lot_that_is_not_there_makes_a_bid_void),
        cmocka_unit_test(the_last_lot_ends_the_auction),
        cmocka_unit_test(a_cancellation_ends_the_lots_without_a_bid),
        cmocka_unit_test(lots_are_folds_of_their_own),
        cmocka_unit_test(late_changes_of_lots_come_to_the_same),
        cmocka_unit_test(terms_with_lots_come_back),
        cmocka_unit_test(what_is_no_list_of_lots_is_refused),
        cmocka_unit_test(lots_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
