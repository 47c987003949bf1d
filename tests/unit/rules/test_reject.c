/*
 * test_reject.c - verdicts: names are there, distinct and stable, and the
 * text says all parts.
 */
#include "gavel/reject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static void
every_code_has_a_name_of_its_own(void **state)
{
    static const struct {
        int first, last;
    } ranges[] = {{GV_ACCEPTED, GV_ABOVE_STEP},
                  {GV_BELOW_CLOCK, GV_BELOW_CLOCK},
                  {GV_DUPLICATE, GV_POOL_FULL},
                  {GV_BAD_HEADER, GV_BAD_GENESIS}};
    const char *seen[128];
    size_t n = 0;

    (void)state;
    for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++)
        for (int c = ranges[r].first; c <= ranges[r].last; c++) {
            seen[n] = gv_code_name((enum gv_code)c);
            assert_string_not_equal(seen[n], "unknown-code");
            assert_true(strlen(gv_code_text((enum gv_code)c)) > 0);
            for (size_t i = 0; i < n; i++)
                assert_string_not_equal(seen[i], seen[n]);
            n++;
        }
    assert_int_equal(n, 41);
    assert_string_equal(gv_code_name((enum gv_code)31), "unknown-code");
    assert_true(strlen(gv_code_text((enum gv_code)31)) > 0);
}

/* These numbers stand in fold hashes: they never change. */
static void
reject_order_is_fixed(void **state)
{
    static const char *const order[] = {
        "accepted",       "bad-encoding", "unknown-auction", "bad-signature",
        "bad-credential", "bad-stamp",    "wrong-phase",     "time-limit",
        "not-allowed",    "bidder-cap",   "total-cap",       "below-first",
        "below-step",     "above-step"};

    (void)state;
    for (int i = 0; i < 14; i++)
        assert_string_equal(gv_code_name((enum gv_code)i), order[i]);
}

static void
text_says_what_and_where(void **state)
{
    struct gv_reject why;
    char out[160], tiny[8];

    (void)state;
    assert_int_equal(gv_refuse(NULL, GV_DEADLINE, NULL, 0, 0), GV_REJECT);
    assert_int_equal(gv_refuse(&why, GV_BELOW_STEP, "amount", 10, 20),
                     GV_REJECT);
    assert_int_equal(why.index, GV_NO_INDEX);
    assert_string_equal(
        gv_reject_text(&why, out, sizeof(out)),
        "below-step: the amount is not the minimum step beyond the reference "
        "bid (field amount, have 10, want 20)");
    why.index = 3;
    why.field = NULL;
    assert_non_null(strstr(gv_reject_text(&why, out, sizeof(out)),
                           " (have 10, want 20, at index 3)"));
    why.have = why.want = 0;
    assert_non_null(
        strstr(gv_reject_text(&why, out, sizeof(out)), " (at index 3)"));
    why.index = GV_NO_INDEX;
    assert_null(strchr(gv_reject_text(&why, out, sizeof(out)), '('));
    assert_string_equal(gv_reject_text(&why, tiny, sizeof(tiny)), "below-s");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(reject_order_is_fixed),
        cmocka_unit_test(text_says_what_and_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
