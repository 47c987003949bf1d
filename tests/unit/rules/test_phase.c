/*
 * test_phase.c - the phase of an auction at its boundaries (rule A14).
 */
#include "gavel/phase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static enum gv_phase
at(struct gv_phase_input in, uint64_t now_us)
{
    struct gv_phase_answer a;

    in.now_us = now_us;
    a = gv_phase_of(&in);
    assert_true(a.used_us == now_us);
    return a.phase;
}

static void
time_decides_before_the_set_is_fixed(void **state)
{
    struct gv_phase_input in = {.opening_us = 100, .effective_close_us = 200};

    (void)state;
    assert_int_equal(at(in, 99), GV_PHASE_SCHEDULED);
    assert_int_equal(at(in, 100), GV_PHASE_OPEN);
    assert_int_equal(at(in, 200), GV_PHASE_OPEN);
    assert_int_equal(at(in, 201), GV_PHASE_CLOSING);
    in.effective_close_us = UINT64_MAX;
    assert_int_equal(at(in, UINT64_MAX), GV_PHASE_OPEN);
}

/* A32: the microsecond of the cap belongs to open bids. */
static void
a_final_round_is_a_phase_A14(void **state)
{
    struct gv_phase_input in = {.opening_us = 100,
                                .effective_close_us = 200,
                                .final_round = true,
                                .round_us = 150};

    (void)state;
    assert_int_equal(at(in, 150), GV_PHASE_OPEN);
    assert_int_equal(at(in, 151), GV_PHASE_FINAL_ROUND);
    assert_int_equal(at(in, 200), GV_PHASE_FINAL_ROUND);
    assert_int_equal(at(in, 201), GV_PHASE_CLOSING);
    in.effective_close_us = 120; /* something else ended it before */
    assert_int_equal(at(in, 151), GV_PHASE_CLOSING);
    in.effective_close_us = 200;
    in.final_round = false;
    assert_int_equal(at(in, 151), GV_PHASE_OPEN);
    in.final_round = in.set_fixed = true;
    assert_int_equal(at(in, 151), GV_PHASE_AWAITING_FINAL);
}

static void
then_finality_decides(void **state)
{
    struct gv_phase_input in = {.opening_us = 100,
                                .effective_close_us = 200,
                                .set_fixed = true,
                                .fixed_at_us = 300};

    (void)state;
    assert_int_equal(at(in, UINT64_MAX), GV_PHASE_AWAITING_FINAL);
    in.stall_after_us = 50;
    assert_int_equal(at(in, 250), GV_PHASE_AWAITING_FINAL);
    assert_int_equal(at(in, 350), GV_PHASE_AWAITING_FINAL);
    assert_int_equal(at(in, 351), GV_PHASE_STALLED);
    in.outcome = true;
    in.outcome_void = true;
    assert_int_equal(at(in, 350), GV_PHASE_AWAITING_FINAL);
    in.outcome_final = true;
    assert_int_equal(at(in, 351), GV_PHASE_VOID);
    in.outcome_void = false;
    assert_int_equal(at(in, 351), GV_PHASE_FINAL);
}

/* A14: from X on bids are opened; who waits for holders waits for no vote. */
static void
sealed_bids_are_opened_first(void **state)
{
    struct gv_phase_input in = {.opening_us = 100,
                                .effective_close_us = 200,
                                .set_fixed = true,
                                .fixed_at_us = 300,
                                .stall_after_us = 50,
                                .opening = true};

    (void)state;
    assert_int_equal(at(in, 350), GV_PHASE_OPENING);
    assert_int_equal(at(in, 351), GV_PHASE_STALLED);
    in.settled = true;
    assert_int_equal(at(in, UINT64_MAX), GV_PHASE_OPENING);
    assert_string_equal(gv_phase_name(GV_PHASE_OPENING), "opening");
    assert_false(gv_phase_is_open(GV_PHASE_OPENING));
    in.opening = false; /* W is there */
    in.fixed_at_us = 900;
    assert_int_equal(at(in, 950), GV_PHASE_AWAITING_FINAL);
    assert_int_equal(at(in, 951), GV_PHASE_STALLED);
    in.outcome = in.outcome_final = true;
    assert_int_equal(at(in, 951), GV_PHASE_FINAL);
}

/* C11: whatever the time, and only until the set is fixed. */
static void
stalls_have_a_reason(void **state)
{
    struct gv_phase_input in = {.now_us = 50,
                                .opening_us = 100,
                                .effective_close_us = 200,
                                .fixed_at_us = 300,
                                .stall_after_us = 50};

    (void)state;
    assert_int_equal(gv_phase_of(&in).stall, GV_STALL_NONE);
    in.never_fixed = true;
    for (in.now_us = 50; in.now_us < 500; in.now_us += 100) {
        assert_int_equal(gv_phase_of(&in).phase, GV_PHASE_STALLED);
        assert_int_equal(gv_phase_of(&in).stall, GV_STALL_AUTHORITIES);
    }
    in.never_fixed = false;
    in.set_fixed = true;
    assert_int_equal(gv_phase_of(&in).phase, GV_PHASE_STALLED);
    assert_int_equal(gv_phase_of(&in).stall, GV_STALL_VALIDATORS);
    in.outcome = in.outcome_final = true;
    assert_int_equal(gv_phase_of(&in).phase, GV_PHASE_FINAL);
    assert_int_equal(gv_phase_of(&in).stall, GV_STALL_NONE);
    assert_string_equal(gv_stall_name(GV_STALL_VALIDATORS), "validators");
    assert_string_equal(gv_stall_name(GV_STALL_AUTHORITIES), "authorities");
    assert_null(gv_stall_name(GV_STALL_NONE));
}

static void
names_and_lists(void **state)
{
    static const struct {
        enum gv_phase phase;
        const char *name;
        bool open;
    } all[] = {{GV_PHASE_SCHEDULED, "scheduled", true},
               {GV_PHASE_OPEN, "open", true},
               {GV_PHASE_CLOSING, "closing", true},
               {GV_PHASE_AWAITING_FINAL, "awaiting-final", false},
               {GV_PHASE_FINAL, "final", false},
               {GV_PHASE_STALLED, "stalled", false},
               {GV_PHASE_VOID, "void", false},
               {GV_PHASE_FINAL_ROUND, "final-round", true},
               {(enum gv_phase)99, "unknown-phase", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_string_equal(gv_phase_name(all[i].phase), all[i].name);
        assert_int_equal(gv_phase_is_open(all[i].phase), all[i].open);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_decides_before_the_set_is_fixed),
        cmocka_unit_test(a_final_round_is_a_phase_A14),
        cmocka_unit_test(then_finality_decides),
        cmocka_unit_test(sealed_bids_are_opened_first),
        cmocka_unit_test(stalls_have_a_reason),
        cmocka_unit_test(names_and_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
