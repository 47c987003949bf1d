/* A chain that sleeps is not read for what has no good signature. */
#include "tests/unit/state/handover.h"

static void
V9_a_forged_vote_wakes_nobody(void **state)
{
    struct stage g;
    struct gv_vote known, odd;

    (void)state;
    stage_make(&g, 4, 0);
    grow(&g);
    known = link_of(&g, 1, 2);
    world_commit(&g.w);
    gv_chain_unload(g.c);
    odd = known;
    odd.source.b[0] ^= 1;
    assert_int_equal(vote(&g, &odd, 1, &g.fresh[0]), GV_ORPHAN);
    assert_int_equal(vote(&g, &known, 1, &g.fresh[0]), GV_BAD_SIGNATURE);
    assert_int_equal(vote(&g, &known, 4, &g.fresh[0]), GV_BAD_FINAL);
    assert_false(g.c->loaded);
    /* Nor after a restart, nor one behind a block that nobody has seen. */
    world_restart(&g.w);
    g.c = gv_state_chain(g.w.st, &g.w.s.open.id);
    assert_false(g.c->loaded);
    assert_int_equal(vote(&g, &odd, 1, &g.fresh[0]), GV_ORPHAN);
    assert_false(g.c->loaded);
    /* A true one does. */
    assert_int_equal(vote(&g, &known, 1, &g.w.s.validator[1]), GV_ACCEPTED);
    assert_true(g.c->loaded);
    world_free(&g.w);
}

/* Then only the blocks say who may vote. */
static void
V9_a_chain_with_a_handover_wakes_for_a_vote(void **state)
{
    struct stage g;
    struct gv_vote v;

    (void)state;
    stage_make(&g, 4, 0);
    hand_over(&g, 1, 0);
    grow(&g);
    v = link_of(&g, 2, 3);
    v.source = g.c->spine->at[3].sealed;
    v.source_height = 3;
    v.target_height = 4;
    world_commit(&g.w);
    gv_chain_unload(g.c);
    assert_int_equal(vote(&g, &v, 1, &g.fresh[1]), GV_BAD_SIGNATURE);
    assert_true(g.c->loaded);
    gv_chain_unload(g.c);
    assert_int_equal(vote(&g, &v, 1, &g.w.s.validator[1]), GV_ACCEPTED);
    world_free(&g.w);
}

static void
V9_forged_transactions_wake_nobody(void **state)
{
    struct stage g;
    struct gv_seckey true_keys[4];
    struct gv_vote v, odd;
    uint8_t raw[4096];
    struct gv_tx tx;

    (void)state;
    stage_make(&g, 4, 0);
    grow(&g);
    v = odd = link_of(&g, 1, 2);
    odd.source.b[0] ^= 1;
    world_commit(&g.w);
    gv_chain_unload(g.c);
    memcpy(true_keys, g.w.s.validator, sizeof(true_keys));
    memcpy(g.w.s.validator, g.fresh, sizeof(true_keys));
    tx = sample_final(&g.w.s, &g.c->id, &odd, 7);
    assert_int_equal(world_try(&g.w, &tx), GV_ORPHAN);
    tx = sample_final(&g.w.s, &g.c->id, &v, 7);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_SIGNATURE);
    memcpy(g.w.s.validator, true_keys, sizeof(true_keys));
    tx = sample_enrol(&g.w.s, 1);
    memcpy(raw, tx.raw.p, tx.raw.len);
    raw[tx.raw.len - 1] ^= 1;
    assert_int_equal(world_try_raw(&g.w, gv_bytes(raw, tx.raw.len)),
                     GV_BAD_SIGNATURE);
    assert_false(g.c->loaded);
    tx = sample_enrol(&g.w.s, 1);
    assert_int_equal(world_try(&g.w, &tx), GV_ACCEPTED);
    assert_true(g.c->loaded);
    world_free(&g.w);
}

/* Whatever E is, a chain that slept long before it, in one run of the node or
 * over the next, is awake when its CUTOFF is due, and with the FINAL that
 * waited. */
static void
R6_an_auction_that_sleeps_wakes_for_its_cutoff(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        struct world_options o = {.sample.validators = 1, .own = 1};
        struct gv_chain *c, *due = NULL;
        struct gv_terms terms;
        struct world w;
        struct gv_tx e;
        uint64_t end_ms;
        size_t finals;

        gv_terms_default(gv_params_find("regtest"), &terms);
        terms.flags |= GV_LIMIT;
        terms.limit_ms = 600000;
        o.sample.terms = &terms;
        world_make(&w, &o);
        world_open_auction(&w);
        c = world_auction(&w);
        w.now_ms = START + 3000;
        e = sample_enrol(&w.s, 0);
        accept_block_on_tip(&w, c, START, &e, 1);
        finals = c->pool.count;
        assert_true(finals > 0);
        for (int i = 0; i < 120; i++) {
            w.now_ms += 1000;
            assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
        }
        assert_false(c->loaded || c->awake);
        world_commit(&w);
        if (restart) {
            world_restart(&w);
            c = gv_state_chain(w.st, &w.s.open.id);
            assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
        }
        end_ms = w.s.open.opening_ms + terms.limit_ms + terms.d_ms;
        w.now_ms = end_ms;
        assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
        assert_int_equal(gv_state_cutoffs_due(w.st, w.now_ms, 0, &due, 1), 0);
        w.now_ms = end_ms + 1;
        assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
        assert_int_equal(gv_state_cutoffs_due(w.st, w.now_ms, 0, &due, 1), 1);
        assert_ptr_equal(due, c);
        assert_true(c->loaded);
        assert_int_equal(c->pool.count, finals);
        world_free(&w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V9_a_forged_vote_wakes_nobody),
        cmocka_unit_test(V9_a_chain_with_a_handover_wakes_for_a_vote),
        cmocka_unit_test(V9_forged_transactions_wake_nobody),
        cmocka_unit_test(R6_an_auction_that_sleeps_wakes_for_its_cutoff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
