/* Votes that come more than 10 T late: what they have a say in, and when (V3).
 */
#include "tests/unit/state/branches.h"

/* A heavy branch and a light one on one base, n blocks each but one. */
struct fork {
    uint32_t heavy[5], light[5];
};

static void
fork_make(struct stage *g, struct fork *f, unsigned n)
{
    uint32_t a = g->c->tip, b = a;

    for (unsigned i = 0; i < n; i++)
        f->heavy[i] = a = grow(g, a, 300, GV_ACCEPTED);
    for (unsigned i = 0; i + 1 < n; i++)
        f->light[i] = b = grow(g, b, 301, GV_ACCEPTED);
    assert_int_equal(g->c->tip, a);
}

#define PERIOD_MS 10000 /* 10 T of the sample */

/* To a moment before the next multiple of 10 T, or to it. */
static void
pass(struct stage *g, bool before)
{
    g->w.now_ms = (g->w.now_ms / PERIOD_MS + 1) * PERIOD_MS - before;
    assert_int_equal(gv_state_tick(g->w.st, g->w.now_ms), GV_OK);
}

/* A partition of more than 10 T: one validator has seen the quorum in time and
 * is bound to it, these have it late and more work elsewhere. */
static void
V3_late_votes_count_where_nothing_contradicts_them(void **state)
{
    struct stage g;
    struct fork f;

    (void)state;
    stage_make(&g, (struct world_options){0}); /* the clock is far ahead */
    fork_make(&g, &f, 4);
    finalise_link(&g, 0, f.light[0]);
    assert_int_equal(g.c->tip, f.light[2]);
    /* On it, and at once. */
    finalise_link(&g, f.light[0], f.light[2]);
    assert_int_equal(g.c->sum.justified_height, 4);
    assert_int_equal(g.c->tree.leader, f.light[2]);
    assert_int_equal(g.c->sum.final_height, 0);
    same_as_scratch(&g);
    world_free(&g.w);
}

/* Votes that were kept back lead nobody back and forth: against what has its
 * say they have none until the next multiple of 10 T. */
static void
V3_late_votes_against_others_wait_for_a_multiple_of_10_T(void **state)
{
    struct stage g;
    struct fork f;

    (void)state;
    stage_make(&g, (struct world_options){0});
    fork_make(&g, &f, 5);
    g.w.now_ms = START + 3000;
    finalise_link(&g, 0, f.heavy[0]);
    assert_int_equal(g.c->tree.leader, f.heavy[0]);
    pass(&g, false);
    g.w.now_ms += 5000;
    finalise_link(&g, 0, f.heavy[1]); /* late, on what leads */
    assert_int_equal(g.c->tree.leader, f.heavy[1]);
    finalise_link(&g, 0, f.light[2]);
    assert_int_equal(g.c->sum.justified_height, 4);
    assert_int_equal(g.c->tip, f.heavy[4]);
    pass(&g, true);
    assert_int_equal(g.c->tip, f.heavy[4]);
    pass(&g, false);
    assert_int_equal(g.c->tip, f.light[3]);
    assert_int_equal(g.c->tree.leader, f.light[2]);
    /* Again, and no sooner. */
    finalise_link(&g, 0, f.heavy[3]);
    assert_int_equal(g.c->sum.justified_height, 5);
    pass(&g, true);
    assert_int_equal(g.c->tip, f.light[3]);
    pass(&g, false);
    assert_int_equal(g.c->tip, f.heavy[4]);
    same_as_scratch(&g);
    world_free(&g.w);
}

/* A lower one never has its say against a higher one. */
static void
V3_late_votes_for_less_never_count(void **state)
{
    struct stage g;
    struct fork f;

    (void)state;
    stage_make(&g, (struct world_options){0});
    fork_make(&g, &f, 5);
    g.w.now_ms = START + 3000;
    finalise_link(&g, 0, f.heavy[2]);
    g.w.now_ms += 60000;
    finalise_link(&g, 0, f.light[1]);
    pass(&g, false);
    pass(&g, false);
    assert_int_equal(g.c->tip, f.heavy[4]);
    world_free(&g.w);
}

/* They always count for finality, and what is final leads. */
static void
V3_late_votes_make_a_block_final(void **state)
{
    struct stage g;
    struct fork f;

    (void)state;
    stage_make(&g, (struct world_options){0});
    fork_make(&g, &f, 5);
    g.w.now_ms = START + 3000;
    finalise_link(&g, 0, f.heavy[0]);
    g.w.now_ms += 60000;
    finalise_link(&g, 0, f.light[1]);
    assert_int_equal(g.c->tip, f.heavy[4]);
    finalise_link(&g, f.light[1], f.light[2]);
    assert_int_equal(g.c->tip, f.light[3]);
    assert_int_equal(g.c->tree.leader, f.light[2]);
    assert_int_equal(g.c->sum.final_height, 3);
    same_as_scratch(&g);
    world_free(&g.w);
}

/* Whoever starts anew goes by the highest that it knows. */
static void
V3_late_votes_count_after_a_restart(void **state)
{
    struct stage g;
    struct fork f;
    struct gv_sealed_id light;

    (void)state;
    stage_make(&g, (struct world_options){0});
    fork_make(&g, &f, 5);
    light = g.c->tree.node[f.light[3]].sealed;
    g.w.now_ms = START + 3000;
    finalise_link(&g, 0, f.heavy[0]);
    g.w.now_ms += 60000;
    finalise_link(&g, 0, f.light[1]);
    assert_int_equal(g.c->tip, f.heavy[4]);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_memory_equal(&g.c->sum.tip, &light, 32);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V3_late_votes_count_where_nothing_contradicts_them),
        cmocka_unit_test(
            V3_late_votes_against_others_wait_for_a_multiple_of_10_T),
        cmocka_unit_test(V3_late_votes_for_less_never_count),
        cmocka_unit_test(V3_late_votes_make_a_block_final),
        cmocka_unit_test(V3_late_votes_count_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
