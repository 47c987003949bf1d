/*
 * test_lots_sealed.c - what is sealed in auctions of several lots (rule A33):
 * what is refused, and that F judges each lot by itself once it is opened.
 */
#include "tests/unit/rules/lots_fixture.h"

static void
what_is_sealed_in_lots_is_checked(void **state)
{
    static const uint64_t own[2][2] = {{0, 0}, {50, 100}},
                          none[2][2] = {{0, 0}, {50, 0}};
    struct gv_terms t;
    struct gv_reject why;
    uint8_t buf[128], other[128];

    (void)state;
    gv_terms_default(&net, &t);
    make_lots(&t, buf, sizeof(buf), own, 2);
    t.visibility = GV_VISIBLE_SEALED;
    expect_bad(&t, "terms.opening_period_ms", GV_NO_INDEX);
    t.opening_period_ms = t.d_ms;
    assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
    t.pricing = GV_PRICE_VICKREY;
    t.direction = GV_REVERSE;
    assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
    /* One reserve that nobody sees, and no other beside it. */
    for (uint8_t v = GV_VISIBLE_SEALED_RESERVE; v <= GV_VISIBLE_RESERVE_SEALED;
         v++) {
        t.visibility = v;
        make_lots(&t, buf, sizeof(buf), own, 2);
        expect_bad(&t, "terms.reserve", 1);
        make_lots(&t, other, sizeof(other), none, 2);
        assert_int_equal(gv_terms_check(&t, &net, &why), GV_OK);
    }
    t.flags = GV_LIMIT;
    t.limit_ms = 60000;
    t.soft_ms = t.soft_cap_ms = t.final_ms = GV_SOFT_MIN_MS;
    for (uint8_t v = GV_VISIBLE_FINAL; v <= GV_VISIBLE_FINAL_RESERVE; v++) {
        t.visibility = v;
        expect_bad(&t, "terms.lots.final_ms", GV_NO_INDEX);
    }
}

/* What a lot's bids say is looked up at once for all lots (A23). */
static void
open_row(void *arg, struct gv_fold_bid *bid)
{
    const uint64_t *amount = arg;

    bid->amount = amount[bid->id.b[0]];
    bid->seal = bid->amount != 0 ? GV_FOLD_KNOWN : GV_FOLD_UNOPENED;
}

static void
add_sealed(struct gv_fold *f, uint8_t lot, uint32_t bidder, uint8_t number,
           enum gv_code code)
{
    struct gv_fold_bid b = bid_at(OPENING_US + gv_fold_count(f), bidder, 0);

    b.id.b[0] = number;
    b.lot = lot;
    b.seal = GV_FOLD_UNOPENED;
    assert_int_equal(gv_fold_try_bid(f, &b, NULL), code);
    assert_int_equal(gv_fold_add(f, &b), GV_OK);
}

static void
sealed_bids_are_opened_and_judged_lot_by_lot(void **state)
{
    static const uint64_t lots[3][2] = {{0, 0}, {900, 0}, {0, 0}};
    /* By number: of lot 1, 1, 2, 2, and 3; and of none. */
    static const uint64_t amount[] = {700, 500, 901, 800, 0, 1};
    struct gv_terms t = {.flags = GV_PER_BIDDER | GV_MIN_FIRST,
                         .per_bidder = 1,
                         .min_first = 1000,
                         .visibility = GV_VISIBLE_SEALED_RESERVE,
                         .pricing = GV_PRICE_VICKREY,
                         .direction = GV_REVERSE};
    uint8_t buf[256];
    struct gv_fold *f;

    (void)state;
    make_lots(&t, buf, sizeof(buf), lots, 3);
    f = fold_new(&t);
    add_sealed(f, 1, 1, 0, GV_NOT_OPENED);
    add_sealed(f, 1, 2, 1, GV_NOT_OPENED);
    add_sealed(f, 2, 1, 2, GV_NOT_OPENED);
    add_sealed(f, 2, 2, 3, GV_NOT_OPENED);
    add_sealed(f, 3, 1, 4, GV_NOT_OPENED);
    add_sealed(f, 4, 2, 5, GV_NO_LOT);
    for (unsigned i = 0; i < 3; i++)
        expect_result(f, i, GV_NO_BID, 0, 0);
    assert_int_equal(gv_fold_unopened(f), 5);
    gv_fold_reveal(f, open_row, (void *)amount);
    assert_int_equal(gv_fold_row_at(f, 2)->code, GV_BELOW_FIRST);
    assert_int_equal(gv_fold_row_at(f, 2)->want, 900);
    assert_int_equal(gv_fold_row_at(f, 5)->code, GV_NO_LOT);
    assert_int_equal(gv_fold_unopened(f), 1);
    expect_result(f, 0, GV_SOLD, 2, 700);
    expect_result(f, 1, GV_SOLD, 2, 900); /* alone: what it may ask at most */
    expect_result(f, 2, GV_NO_BID, 0, 0);
    gv_fold_set_reserve(f, 600);
    expect_result(f, 0, GV_SOLD, 2, 600);
    expect_result(f, 1, GV_RESERVE_NOT_MET, 0, 0);
    gv_fold_set_reserve(f, 0);
    expect_result(f, 1, GV_SOLD, 2, 900);
    gv_fold_free(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_in_lots_is_checked),
        cmocka_unit_test(sealed_bids_are_opened_and_judged_lot_by_lot),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
