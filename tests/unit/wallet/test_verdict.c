/* When a bid is refused for good: by whom, and how many it takes. */
#include "wallet/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static void
a_word_without_a_signature_or_that_may_change_says_nothing(void **state)
{
    const enum gv_code soft[] = {GV_WRONG_PHASE, GV_POOL_FULL,
                                 GV_MISSING_PARENT, GV_BAD_STAMP,
                                 GV_TOO_MANY_BIDS};
    struct gv_msg submit = {.kind = GV_MSG_SUBMIT};
    struct gv_msg reject = {.kind = GV_MSG_REJECT};
    struct gv_verdict v = {0};
    struct gv_auction a = {.raw = NULL};
    uint8_t sig[64] = {1};

    (void)state;
    reject.u.reject.code = GV_SET_FIXED;
    gv_verdict_add(&v, NULL, &a, &submit, &reject);
    assert_int_equal(v.refused, 0);
    /* Nobody is asked whose signature it is. */
    reject.u.reject.sig = gv_bytes(sig, sizeof(sig));
    for (size_t i = 0; i < sizeof(soft) / sizeof(soft[0]); i++) {
        reject.u.reject.code = (uint16_t)soft[i];
        gv_verdict_add(&v, NULL, &a, &submit, &reject);
        assert_int_equal(v.refused, 0);
    }
}

static void
it_is_final_when_the_others_are_too_few(void **state)
{
    struct gv_open open = {.authority_count = 1};
    struct gv_verdict v = {0};

    (void)state;
    assert_false(gv_verdict_is_final(&v, &open));
    v.refused = 1;
    assert_true(gv_verdict_is_final(&v, &open));
    open.authority_count = 5; /* f + 1 is 3 */
    v.refused = 5;
    assert_false(gv_verdict_is_final(&v, &open));
    v.refused = 7;
    assert_true(gv_verdict_is_final(&v, &open));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_word_without_a_signature_or_that_may_change_says_nothing),
        cmocka_unit_test(it_is_final_when_the_others_are_too_few)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
