/* An auction comes to its end (R7, R8) wherever its node was stopped. */
#include "tests/unit/state/sealed_stage.h"

static struct gv_chain *
auction_of(struct world *w)
{
    struct gv_chain *c = gv_state_chain(w->st, &w->s.open.id);

    assert_non_null(c);
    return c;
}

/* An auction with a bid, of which CUTOFF, and where it is sealed two keys, wait
 * in the mempool of its one validator. */
static void
make_closed(struct world *w, struct gv_terms *terms, bool sealed)
{
    struct world_options o = {.own = 1};
    struct gv_tx tx[4];

    gv_terms_default(gv_params_find("regtest"), terms);
    if (sealed) {
        terms->visibility = GV_VISIBLE_SEALED;
        terms->opening_period_ms = R_MS;
    }
    o.sample.terms = terms;
    world_make(w, &o);
    world_open_auction(w);
    tx[0] = sample_enrol(&w->s, 0);
    world_add(w, &tx[0]);
    world_run(w, 2000);
    tx[0] = sealed ? sample_bid_sealed(&w->s, 0, 1, 700)
                   : sample_bid(&w->s, 0, 1, 700);
    tx[1] = sample_close(&w->s);
    tx[2] = sample_stamp(&w->s, 0, US(w->now_ms), &tx[0], 1);
    tx[3] = sample_stamp(&w->s, 0, US(w->now_ms) + 1, &tx[1], 1);
    w->now_ms += 250;
    for (unsigned i = 0; i < 4; i++)
        world_add(w, &tx[i]);
    world_run(w, 17000);
    tx[0] = sample_cutoff(&w->s, &auction_of(w)->sum.tip, 1, US(w->now_ms));
    world_add(w, &tx[0]);
}

static void
release_keys(struct world *w)
{
    struct gv_tx key;

    for (unsigned i = 0; i < 2; i++) {
        key = sample_keyrelease(&w->s, i);
        (void)world_try(w, &key); /* it may be there */
    }
}

/* One step of the clock, and then a stop: at once after what was written last,
 * or with the last turn lost. */
static void
step_and_stop(struct world *w, bool clean)
{
    w->now_ms += 250;
    assert_int_equal(gv_state_tick(w->st, w->now_ms), GV_OK);
    (void)world_mine(w);
    world_commit(w);
    if (!clean) {
        w->now_ms += 250;
        (void)world_mine(w);
    }
    world_restart(w);
}

static void
a_stop_after_every_turn_R8(void **state)
{
    struct gv_terms terms;
    struct world w;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool sealed = i & 1, clean = i & 2;
        unsigned steps = 0;

        make_closed(&w, &terms, sealed);
        world_commit(&w);
        while (!auction_of(&w)->sum.rests) {
            assert_true(steps++ < 200);
            step_and_stop(&w, clean);
            if (auction_of(&w)->sum.settled_height)
                release_keys(&w);
        }
        assert_int_equal(auction_of(&w)->sum.outcome.price, 700);
        assert_true(gv_book_ended(world_auction(&w)->book));
        world_free(&w);
    }
}

/* Votes have made Y final and the FINAL that says so on the chain waits: it
 * waits for as long as nobody mines, and longer. */
static void
a_final_waits_for_a_miner_R8(void **state)
{
    struct gv_terms terms;
    struct gv_chain *c;
    struct world w;

    (void)state;
    for (unsigned stop = 0; stop < 2; stop++) {
        make_closed(&w, &terms, false);
        c = auction_of(&w);
        while (!gv_summary_over(&c->sum))
            world_run(&w, 250);
        assert_false(gv_book_ended(c->book));
        for (unsigned i = 0; i < 10; i++) {
            w.now_ms += 1000000;
            assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
        }
        assert_true(c->loaded);
        world_commit(&w);
        if (stop)
            world_restart(&w);
        world_run(&w, 3000);
        assert_true(auction_of(&w)->sum.rests);
        assert_true(gv_book_ended(world_auction(&w)->book));
        world_free(&w);
    }
}

/* The registry the same: its blocks become final after a pause. */
static void
the_registry_goes_on_after_a_pause(void **state)
{
    struct gv_chain *c;
    struct world w;
    uint32_t final;

    (void)state;
    world_make(&w, NULL);
    c = gv_state_registry(w.st);
    world_run(&w, 4000);
    final = c->sum.final_height;
    assert_true(final > 0);
    w.now_ms += 10000000;
    assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
    world_run(&w, 4000);
    assert_true(c->spine->links.final > final + 1);
    world_free(&w);
}

/* A FINAL in a block beside the branch: its votes count, so this branch needs
 * it, too. */
static void
a_final_beside_the_branch_waits_C6(void **state)
{
    struct gv_bytes raw;
    struct gv_tx tx[2];
    uint32_t parent, side;
    struct stage g;
    uint64_t t = PAST + 1;

    (void)state;
    stage_plain(&g);
    tx[0] = sample_close(&g.w.s);
    tx[1] = sample_stamp(&g.w.s, 0, US(START + 500), tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 1000, tx, 2);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    accept_block_on_tip(&g.w, g.c, t, tx, 1);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, t += 250, tx, 1); /* 4: Y */
    tx[0] = final_of(&g, 0, 4);
    accept_block_on_tip(&g.w, g.c, t += 1000, tx, 1);
    parent = g.c->tip;
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0);
    assert_false(gv_summary_over(&g.c->sum));
    tx[0] = final_of(&g, 4, 5);
    raw = world_block_on(&g.w, g.c, parent, t, tx, 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    side = world_node(g.c, raw);
    assert_int_not_equal(g.c->tip, side);
    assert_true(gv_summary_over(&g.c->sum));
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = auction_of(&g.w);
    world_run(&g.w, 2000);
    assert_true(gv_book_ended(g.c->book));
    assert_int_equal(g.c->sum.height, 7);
    world_free(&g.w);
}

/* Records of an older program do not say that an auction rests: each is read
 * once, one at a time, and says so then. */
static void
an_old_record_is_read_once(void **state)
{
    struct gv_terms terms;
    struct gv_chain *c;
    struct world w;

    (void)state;
    make_closed(&w, &terms, false);
    c = auction_of(&w);
    world_run(&w, 10000);
    assert_true(c->sum.rests);
    c->sum.rests = false;
    gv_record_put_chain(w.st, c);
    for (unsigned i = 0; i < 2; i++) {
        world_commit(&w);
        world_restart(&w);
        (void)world_mine(&w);
        c = auction_of(&w);
        assert_int_equal(c->loaded, i == 0);
        assert_true(c->sum.rests);
    }
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_after_every_turn_R8),
        cmocka_unit_test(a_final_waits_for_a_miner_R8),
        cmocka_unit_test(the_registry_goes_on_after_a_pause),
        cmocka_unit_test(a_final_beside_the_branch_waits_C6),
        cmocka_unit_test(an_old_record_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
