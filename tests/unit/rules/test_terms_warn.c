/*
 * test_terms_warn.c - what is legal and surprises people (rule A18).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/unit/rules/terms_fixture.h"

static bool
warns(const struct gv_terms *t, const char *words)
{
    const char *out[GV_TERMS_WARNINGS];
    size_t n = gv_terms_warn(t, &net, out, GV_TERMS_WARNINGS);

    assert_in_range(n, 0, GV_TERMS_WARNINGS);
    for (size_t i = 0; i < n; i++)
        if (strstr(out[i], words) != NULL)
            return true;
    return false;
}

static void
warnings_name_the_traps(void **state)
{
    struct gv_terms t = usual();
    const char *one[1] = {NULL};

    (void)state;
    t.flags = GV_MAX_STEP | GV_TOTAL;
    t.max_step = 5;
    t.total_cap = 3;
    assert_true(warns(&t, "without a minimum first bid"));
    assert_true(warns(&t, "use up the total cap"));
    assert_true(warns(&t, "pushes the last"));
    assert_false(warns(&t, "last accepted bid, an earlier"));
    assert_int_equal(gv_terms_warn(&t, &net, one, 1), 3);
    assert_non_null(one[0]);
    t.reference = GV_REF_LAST;
    assert_true(warns(&t, "displace all bids after it"));
    assert_true(warns(&t, "pulls the amounts"));
    t.flags |= GV_MIN_FIRST | GV_PER_BIDDER | GV_MIN_STEP;
    t.per_bidder = 2;
    assert_false(warns(&t, "without a minimum first bid"));
    assert_false(warns(&t, "use up the total cap"));
    assert_false(warns(&t, "pulls the amounts"));
    t.close_policy = GV_CLOSE_NEVER;
    assert_true(warns(&t, "never ends"));
    t.flags |= GV_LIMIT;
    t.limit_ms = 10;
    assert_false(warns(&t, "never ends"));
    assert_true(warns(&t, "time limit is shorter"));
    t.d_ms = net.min_d_ms;
    assert_true(warns(&t, "network's default"));
    t = usual();
    t.pricing = GV_PRICE_VICKREY;
    assert_true(warns(&t, "everybody sees what the leader would pay"));
    t.visibility = GV_VISIBLE_SEALED;
    assert_false(warns(&t, "everybody sees what the leader would pay"));
    t = usual();
    t.flags = GV_MAX_STEP | GV_MIN_FIRST;
    t.min_first = 10;
    t.max_step = 5;
    t.reserve = 10 + 21 * 5 - 1;
    assert_false(warns(&t, "more than twenty bids"));
    t.reserve++;
    assert_true(warns(&t, "more than twenty bids"));
    t.direction = GV_REVERSE;
    assert_false(warns(&t, "more than twenty bids"));
}

/* A reserve that is no better than what the first bid must reach voids nothing
 * and makes no price, in either direction. */
static void
amounts_that_come_to_nothing_are_warned_of(void **state)
{
    struct gv_terms t = usual();

    (void)state;
    t.flags = GV_MIN_FIRST;
    t.min_first = 100;
    t.reserve = 100;
    assert_true(warns(&t, "The reserve can never matter"));
    t.reserve = 101;
    assert_false(warns(&t, "The reserve can never matter"));
    t.direction = GV_REVERSE;
    assert_true(warns(&t, "The reserve can never matter"));
    t.reserve = 99;
    assert_false(warns(&t, "The reserve can never matter"));
    t.flags = 0;
    t.min_first = 0;
    assert_false(warns(&t, "The reserve can never matter"));
    assert_false(warns(&t, "is paid whatever"));
    t.reserve = 0;
    assert_true(warns(&t, "is paid whatever"));
    t = usual();
    assert_false(warns(&t, "is paid whatever"));
    t.flags = GV_MIN_FIRST;
    t.min_first = t.buy_now = 100;
    assert_true(warns(&t, "The price to buy it at once"));
    t.buy_now = 101;
    assert_false(warns(&t, "The price to buy it at once"));
    t.flags |= GV_MIN_STEP | GV_MAX_STEP;
    t.min_step = t.max_step = 5;
    assert_true(warns(&t, "one amount alone counts next"));
    t.min_step = 4;
    assert_false(warns(&t, "one amount alone counts next"));
}

static void
caps_and_lists_that_surprise_are_warned_of(void **state)
{
    static const uint8_t keys[2 * GV_ALLOWED_ENTRY];
    struct gv_terms t = usual();

    (void)state;
    t.flags = GV_ALLOWED | GV_PER_BIDDER;
    t.allowed = gv_bytes(keys, GV_ALLOWED_ENTRY);
    t.per_bidder = 1;
    assert_true(warns(&t, "One bidder alone is allowed"));
    assert_true(warns(&t, "Each bidder has one bid"));
    t.visibility = GV_VISIBLE_SEALED;
    assert_false(warns(&t, "Each bidder has one bid"));
    t.visibility = GV_VISIBLE_OPEN;
    t.allowed = gv_bytes(keys, 2 * GV_ALLOWED_ENTRY);
    t.per_bidder = t.max_bids;
    assert_false(warns(&t, "One bidder alone is allowed"));
    assert_false(warns(&t, "Each bidder has one bid"));
    assert_false(warns(&t, "that the chain takes"));
    t.per_bidder++;
    assert_true(warns(&t, "that the chain takes"));
}

static void
a_final_round_beside_other_terms_is_warned_of(void **state)
{
    struct gv_terms t = usual();

    (void)state;
    t.flags = GV_LIMIT | GV_MAX_STEP | GV_TOTAL;
    t.limit_ms = 3600000;
    t.soft_ms = 60000;
    t.close_policy = GV_CLOSE_NEVER;
    assert_false(warns(&t, "No step is measured"));
    assert_false(warns(&t, "before its final round"));
    assert_false(warns(&t, "late bids extend nothing"));
    t.visibility = GV_VISIBLE_FINAL;
    t.final_ms = 600000;
    t.opening_period_ms = 3600000;
    assert_true(warns(&t, "No step is measured"));
    assert_true(warns(&t, "before its final round"));
    t.flags = GV_LIMIT;
    t.close_policy = GV_CLOSE_OWNER;
    assert_false(warns(&t, "No step is measured"));
    assert_true(warns(&t, "late bids extend nothing"));
}

/* Of the lot by itself, and of all together. */
static void
lots_are_warned_of(void **state)
{
    static const uint8_t lots[] = {
        1, 'a', 100, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0,
        1, 'b', 0,   0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0,
        1, 'a', 0,   0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0};
    struct gv_terms t = usual(), of_lot;
    const char *out[3] = {"", "", ""};

    (void)state;
    assert_int_equal(gv_terms_warn_lots(&t, out, 3), 0);
    t.lots = 2;
    t.lot_list = gv_bytes(lots, 36);
    assert_int_equal(gv_terms_warn_lots(&t, out, 3), 0);
    gv_terms_of_lot(&t, 0, &of_lot);
    assert_true(warns(&of_lot, "The reserve can never matter"));
    gv_terms_of_lot(&t, 1, &of_lot);
    assert_false(warns(&of_lot, "The reserve can never matter"));
    t.lots = 3;
    t.lot_list = gv_bytes(lots, sizeof(lots));
    t.flags = GV_TOTAL;
    t.total_cap = 5;
    assert_int_equal(gv_terms_warn_lots(&t, out, 3), 2);
    assert_non_null(strstr(out[0], "each lot's own"));
    assert_non_null(strstr(out[1], "the same title"));
    t.identity = GV_ANONYMOUS;
    assert_int_equal(gv_terms_warn_lots(&t, out, 3), 3);
    assert_non_null(strstr(out[2], "one pseudonym for all lots"));
    t.identity = GV_CERTIFIED;
    t.flags = 0;
    t.visibility = GV_VISIBLE_SEALED_RESERVE;
    assert_int_equal(gv_terms_warn_lots(&t, out, 3), 3);
    assert_non_null(strstr(out[0], "which bidder bids for which lot"));
    assert_non_null(strstr(out[1], "holds for each lot"));
    t.visibility = GV_VISIBLE_RESERVE_SEALED;
    assert_int_equal(gv_terms_warn_lots(&t, out, 3), 2);
    assert_non_null(strstr(out[0], "holds for each lot"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_name_the_traps),
        cmocka_unit_test(amounts_that_come_to_nothing_are_warned_of),
        cmocka_unit_test(caps_and_lists_that_surprise_are_warned_of),
        cmocka_unit_test(a_final_round_beside_other_terms_is_warned_of),
        cmocka_unit_test(lots_are_warned_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
