/* HANDOVER: a node that has both keys, and one that has the new one alone (C13,
 * V9). */
#include "tests/unit/state/handover.h"

/* The only validator, with both keys, goes on over the HANDOVER without a gap
 * and over a restart. */
static void
V9_a_node_with_both_keys_goes_on(void **state)
{
    struct stage g;
    struct gv_tx h;

    (void)state;
    stage_make(&g, 1, 1);
    g.w.validator[g.w.opt.validator_count] = g.fresh[0];
    g.w.opt.validator_count++;
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    h = handover(&g, 0, 0);
    world_add(&g.w, &h);
    g.w.now_ms += 3000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->book->handovers, 1);
    assert_int_equal(g.c->sum.justified_height, 2);
    grow(&g);
    assert_int_equal(g.c->sum.justified_height, 3);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(g.c->roster.count, 1);
    grow(&g); /* by the new key */
    grow(&g);
    assert_int_equal(g.c->sum.justified_height, 5);
    assert_int_equal(g.c->sum.final_height, 4);
    assert_int_equal(g.w.shared, 0);
    assert_int_equal(g.c->seat, 0);
    /* The old key is of no use now, and this node knows. */
    world_commit(&g.w);
    g.w.opt.validator_count--;
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    grow(&g);
    grow(&g);
    assert_int_equal(g.c->sum.justified_height, 5);
    assert_int_equal(g.c->seat, 1);
    world_free(&g.w);
}

static enum gv_rc
ask(struct stage *g, struct gv_handing *h)
{
    struct gv_reject why = {.index = GV_NO_INDEX};

    return gv_state_hand_over(g->w.st, g->c, g->w.now_ms, h, &why);
}

/* What an operator is told: it waits, it stands, it is done; nothing where
 * there is nothing to hand over. */
static void
C13_a_node_hands_over(void **state)
{
    struct gv_handing h;
    struct gv_tx tx;
    struct stage g;

    (void)state;
    stage_make(&g, 4, 2); /* two keys already: of places 0 and 1 */
    assert_int_equal(ask(&g, &h), GV_REJECT);
    world_free(&g.w);

    stage_make(&g, 1, 1);
    assert_int_equal(ask(&g, &h), GV_OK);
    assert_int_equal(h.state, GV_HANDING_DONE); /* its last key has it */
    g.w.validator[g.w.opt.validator_count++] = g.fresh[0];
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&g, &h), GV_OK);
        assert_int_equal(h.state, GV_HANDING_WAITS);
        assert_int_equal(h.validator, 0);
        assert_non_null(g.c->pool.of[GV_POOL_DEEDS].first);
        assert_null(g.c->pool.of[GV_POOL_DEEDS].first->next);
    }
    tx = handover(&g, 0, 1); /* another one of the same key waits not */
    assert_int_equal(world_try(&g.w, &tx), GV_DUPLICATE);
    world_commit(&g.w);
    world_restart(&g.w); /* nor is it lost */
    g.c = world_auction(&g.w);
    assert_non_null(g.c->pool.of[GV_POOL_DEEDS].first);
    g.w.now_ms += 3000;
    assert_true(world_mine(&g.w) > 0);
    assert_null(g.c->pool.of[GV_POOL_DEEDS].first);
    assert_int_equal(ask(&g, &h), GV_OK);
    assert_int_equal(h.state, GV_HANDING_STANDS);
    grow(&g);
    assert_int_equal(ask(&g, &h), GV_OK);
    assert_int_equal(h.state, GV_HANDING_STANDS);
    grow(&g);
    assert_int_equal(g.c->sum.final_height, 3);
    assert_int_equal(ask(&g, &h), GV_OK);
    assert_int_equal(h.state, GV_HANDING_DONE);
    world_free(&g.w);

    stage_make(&g, 4, 0); /* a validator of the registry alone */
    g.w.validator[g.w.opt.validator_count++] = g.fresh[0];
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(ask(&g, &h), GV_ABSENT);
    world_free(&g.w);
}

/* With the new key alone and no lock, as after a restore: another machine voted
 * with the old key, for heights that this one does not know. */
static void
V9_a_new_machine_waits_2D_and_starts_above(void **state)
{
    struct stage g;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    g.w.validator[g.w.opt.validator_count] = g.fresh[0];
    g.w.opt.validator_count++;
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    hand_over(&g, 0, 0);
    grow(&g);
    for (unsigned i = 1; i < 4; i++) {
        v = link_of(&g, 0, 3);
        assert_int_equal(vote(&g, &v, i, &g.w.s.validator[i]), GV_ACCEPTED);
    }
    grow(&g); /* height 4, its source is 3 */
    assert_int_equal(g.w.auction_votes, 0);
    g.w.now_ms += 10000;
    grow(&g); /* the first above all that it has seen before */
    assert_int_equal(g.w.auction_votes, 0);
    grow(&g);
    assert_int_equal(g.w.auction_votes, 1);
    assert_int_equal(g.w.vote.source_height, 3);
    assert_int_equal(g.w.vote.target_height, 6);
    world_free(&g.w);
}

/* A thief of the old key has it vote for the greatest height from a source that
 * nobody ever sees: the validator starts as if it had not. */
static void
V9_a_stolen_old_key_locks_no_new_machine_out(void **state)
{
    struct stage g;
    struct gv_seckey old;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    g.w.validator[g.w.opt.validator_count] = g.fresh[0];
    g.w.opt.validator_count++;
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    hand_over(&g, 0, 0);
    grow(&g);
    for (unsigned i = 1; i < 4; i++) {
        v = link_of(&g, 0, 3);
        assert_int_equal(vote(&g, &v, i, &g.w.s.validator[i]), GV_ACCEPTED);
    }
    grow(&g);
    v = (struct gv_vote){UINT32_MAX - 1, UINT32_MAX, {{1}}, {{2}}};
    assert_int_equal(vote(&g, &v, 0, &old), GV_ACCEPTED);
    g.w.now_ms += 10000;
    grow(&g);
    grow(&g);
    assert_int_equal(g.w.auction_votes, 1);
    assert_int_equal(g.w.vote.target_height, 6);
    world_free(&g.w);
}

/* The same from a source of which the old key may sign: it names a height that
 * no block can have yet, and the validator starts above what can be. */
static void
V9_a_stolen_old_key_from_an_old_source(void **state)
{
    struct stage g;
    struct gv_seckey old;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    old = g.w.s.validator[0];
    g.w.validator[g.w.opt.validator_count] = g.fresh[0];
    g.w.opt.validator_count++;
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    hand_over(&g, 0, 0);
    grow(&g);
    v = link_of(&g, 0, 3);
    v.target_height = UINT32_MAX;
    v.target.b[0] ^= 1;
    assert_int_equal(vote(&g, &v, 0, &old), GV_ACCEPTED);
    for (unsigned from = 0; from < 3; from += 2)
        for (unsigned i = 1; i < 4; i++) {
            v = link_of(&g, from, from == 0 ? 2 : 3);
            assert_int_equal(vote(&g, &v, i, &g.w.s.validator[i]), GV_ACCEPTED);
        }
    assert_int_equal(g.c->sum.final_height, 2);
    g.w.now_ms += 10000;
    for (unsigned i = 0; i < 200 && g.w.auction_votes == 0; i++) {
        g.w.now_ms += 250;
        grow(&g);
    }
    assert_int_equal(g.w.auction_votes, 1);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V9_a_node_with_both_keys_goes_on),
        cmocka_unit_test(C13_a_node_hands_over),
        cmocka_unit_test(V9_a_new_machine_waits_2D_and_starts_above),
        cmocka_unit_test(V9_a_stolen_old_key_locks_no_new_machine_out),
        cmocka_unit_test(V9_a_stolen_old_key_from_an_old_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
