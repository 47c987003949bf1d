/* The time that an ANCHOR proves (V6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gavel/anchor.h"
#include "tests/support/sample.h"

#define T_US ((SAMPLE_OPENING_MS + 5000) * 1000)

static const struct gv_tx_id final_id = {{7}};

static enum gv_code
code_of(const struct sample *s, const struct gv_tx_anchor *a, uint64_t *t_us)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_anchor_time(&s->open, a, t_us, &why);

    assert_int_not_equal(rc, GV_FAULT);
    return rc == GV_OK ? GV_ACCEPTED : why.code;
}

static void
V6_the_time_is_that_of_f_and_one(void **state)
{
    struct sample s;
    struct gv_tx a;
    uint64_t t = 0;

    (void)state;
    sample_make(&s, &(struct sample_options){.authorities = 3});
    a = sample_anchor(&s, &final_id, 2, T_US);
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_ACCEPTED);
    assert_int_equal(t, T_US + 1);
    a = sample_anchor(&s, &final_id, 3, T_US);
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_ACCEPTED);
    assert_int_equal(t, T_US + 1);
    a = sample_anchor(&s, &final_id, 1, T_US);
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_BAD_STAMP);
    sample_free(&s);
}

static void
V6_what_proves_nothing(void **state)
{
    struct sample s;
    struct gv_tx a;
    uint64_t t;

    (void)state;
    sample_make(&s, NULL);
    a = sample_anchor(&s, &final_id, 1, T_US);
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_ACCEPTED);
    a.u.anchor.final.b[0] ^= 1;
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_BAD_STAMP);
    a.u.anchor.final.b[0] ^= 1;
    a.u.anchor.auction.b[0] ^= 1;
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_WRONG_CHAIN);
    a.u.anchor.auction.b[0] ^= 1;
    a.u.anchor.token[0].authority = 1;
    assert_int_equal(code_of(&s, &a.u.anchor, &t), GV_BAD_STAMP);
    a.u.anchor.token[0].authority = 0;
    a.u.anchor.token[0].token = gv_bytes("t", 1);
    assert_int_not_equal(code_of(&s, &a.u.anchor, &t), GV_ACCEPTED);
    sample_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V6_the_time_is_that_of_f_and_one),
        cmocka_unit_test(V6_what_proves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
