/* The mempool and the blocks made of it: what waits, what is chosen, and what
 * a restart keeps. */
#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)

struct stage {
    struct world w;
    struct gv_chain *c;
    struct gv_terms terms;
};

static void
stage_make(struct stage *g, unsigned authorities, uint32_t d_ms)
{
    struct world_options o = {.sample.authorities = authorities};
    struct gv_tx e;

    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.d_ms = d_ms;
    g->terms.notice_ms = 2 * (uint64_t)d_ms;
    g->terms.max_bids = 65536;
    o.sample.terms = &g->terms;
    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START;
    for (unsigned i = 0; i < 2; i++) {
        e = sample_enrol(&g->w.s, i);
        world_add(&g->w, &e);
    }
}

/* One STAMP a bid, more than fit: a bid never goes without its stamp, none is
 * lost, and all get in. */
static void
bids_never_stand_without_their_stamps(void **state)
{
    const unsigned n = 2500;
    struct stage g;

    (void)state;
    stage_make(&g, 1, 600000);
    for (unsigned i = 0; i < n; i++) {
        struct gv_tx bid = sample_bid(&g.w.s, i % 2, i, 1 + i);
        struct gv_tx stamp =
            sample_stamp(&g.w.s, 0, g.w.now_ms * 1000 + i, &bid, 1);

        world_add(&g.w, &bid);
        world_add(&g.w, &stamp);
    }
    for (int i = 0; i < 6; i++) {
        g.w.now_ms += 1000;
        world_mine(&g.w);
    }
    assert_int_equal(g.c->sum.bids, n);
    assert_int_equal(g.c->pool.count, 0);
    world_free(&g.w);
}

/* Stamps that list nothing new do not keep a block from being made. */
static void
useless_stamps_stay_out(void **state)
{
    struct stage g;
    struct gv_tx bid, stamp, fresh[2];

    (void)state;
    stage_make(&g, 1, 60000);
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    for (unsigned i = 0; i < 60; i++) {
        stamp = sample_stamp(&g.w.s, 0, g.w.now_ms * 1000 + i, &bid, 1);
        world_add(&g.w, &stamp);
    }
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->sum.bids, 1);
    assert_int_equal(g.c->book->stamps, 1);
    fresh[0] = sample_bid(&g.w.s, 1, 1, 50);
    fresh[1] = sample_stamp(&g.w.s, 0, g.w.now_ms * 1000, fresh, 1);
    world_add(&g.w, &fresh[0]);
    world_add(&g.w, &fresh[1]);
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->sum.bids, 2);
    world_free(&g.w);
}

/* With three authorities a bid waits for two of them. */
static void
R3_two_of_three_authorities(void **state)
{
    struct stage g;
    struct gv_tx bid, stamp[3];
    uint64_t t_us;

    (void)state;
    stage_make(&g, 3, 60000);
    t_us = g.w.now_ms * 1000;
    bid = sample_bid(&g.w.s, 0, 1, 5);
    for (unsigned i = 0; i < 3; i++)
        stamp[i] = sample_stamp(&g.w.s, i, t_us + 10 - i, &bid, 1);
    world_add(&g.w, &bid);
    world_add(&g.w, &stamp[0]);
    g.w.now_ms += 1000;
    world_mine(&g.w);
    assert_int_equal(g.c->sum.bids, 0);
    world_add(&g.w, &stamp[1]);
    g.w.now_ms += 1000;
    world_mine(&g.w);
    assert_int_equal(g.c->sum.bids, 1);
    assert_int_equal(g.c->book->bid[0].t_us, t_us + 10);
    world_add(&g.w, &stamp[2]); /* late, and lowers t */
    g.w.now_ms += 1000;
    world_mine(&g.w);
    assert_int_equal(g.c->book->bid[0].t_us, t_us + 9);
    world_free(&g.w);
}

/* At any point a restart keeps what waits, and the tips. */
static void
S0_16_restart_keeps_the_mempool(void **state)
{
    struct stage g;

    (void)state;
    stage_make(&g, 1, 600000);
    for (unsigned i = 0; i < 40; i++) {
        struct gv_tx bid = sample_bid(&g.w.s, i % 2, i, 1 + i);
        struct gv_sealed_id tip;
        struct gv_tx stamp;
        size_t txs;

        world_add(&g.w, &bid);
        if (i % 3 == 0) {
            stamp = sample_stamp(&g.w.s, 0, g.w.now_ms * 1000, &bid, 1);
            world_add(&g.w, &stamp);
        }
        g.w.now_ms += 100;
        if (i % 5 == 0)
            world_mine(&g.w);
        if (i % 7 == 0)
            assert_int_equal(gv_state_tick(g.w.st, g.w.now_ms), GV_OK);
        world_commit(&g.w);
        tip = g.c->sum.tip;
        txs = g.c->pool.count;
        world_restart(&g.w);
        g.c = world_auction(&g.w);
        assert_int_equal(g.c->pool.count, txs);
        assert_memory_equal(&tip, &g.c->sum.tip, 32);
    }
    world_free(&g.w);
}

/* Between X and Y nobody sends the auction anything: a restarted node goes on
 * by itself. */
static void
restart_between_X_and_Y(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_make(&g, 1, 1000);
    tx[0] = sample_close(&g.w.s);
    tx[1] = sample_stamp(&g.w.s, 0, g.w.now_ms * 1000, tx, 1);
    world_add(&g.w, &tx[0]);
    world_add(&g.w, &tx[1]);
    g.w.now_ms += 500;
    assert_true(world_mine(&g.w) > 0);
    g.w.now_ms = START + 5000;
    tx[0] = sample_cutoff(&g.w.s, &g.c->sum.tip, 1, g.w.now_ms * 1000);
    world_add(&g.w, &tx[0]);
    world_mine(&g.w);
    assert_int_equal(g.c->sum.cutoff_height, g.c->sum.height);
    world_commit(&g.w);
    world_restart(&g.w);
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0);
    assert_true(gv_state_chain(g.w.st, &g.w.s.open.id)->sum.outcome_height > 0);
    world_free(&g.w);
}

/* A miner takes as many bids as it likes, those that came first, but none is
 * left out for longer than D/4 (V4). */
static void
S4_81_some_bids_are_mined_and_none_is_left_out(void **state)
{
    enum { BIDS = 12, MOST = 3, D_MS = 60000 };
    struct stage g;

    (void)state;
    stage_make(&g, 1, D_MS);
    g.w.st->opt.mine_bids = MOST;
    g.w.now_ms += 1000;
    for (unsigned i = 0; i < BIDS; i++) {
        struct gv_tx bid = sample_bid(&g.w.s, i % 2, i, 1 + i);
        struct gv_tx stamp =
            sample_stamp(&g.w.s, 0, g.w.now_ms * 1000 + i, &bid, 1);

        world_add(&g.w, &bid);
        world_add(&g.w, &stamp);
    }
    for (unsigned block = 1; block <= 2; block++) {
        g.w.now_ms += 1000;
        assert_true(world_mine(&g.w) > 0);
        assert_int_equal(g.c->sum.bids, block * MOST);
        for (unsigned i = 0; i < block * MOST; i++)
            assert_int_equal(g.c->book->bid[i].amount, 1 + i);
    }
    g.w.now_ms += D_MS / 4; /* in time before anybody refuses the block */
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->sum.bids, BIDS);
    assert_int_equal(g.c->pool.count, 0);
    world_free(&g.w);
}

/* A CLOSE is no bid: it goes into the next block whatever is chosen. */
static void
S4_81_a_close_does_not_wait(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_make(&g, 1, 60000);
    g.w.st->opt.mine_bids = 1;
    for (unsigned i = 0; i < 3; i++) {
        tx[0] = i < 2 ? sample_bid(&g.w.s, i, i, 1 + i) : sample_close(&g.w.s);
        tx[1] = sample_stamp(&g.w.s, 0, g.w.now_ms * 1000 + i, tx, 1);
        world_add(&g.w, &tx[0]);
        world_add(&g.w, &tx[1]);
    }
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->sum.bids, 1);
    assert_true(g.c->book->closed);
    world_free(&g.w);
}

/* Somebody else's block takes my bid: the work on it is over, and not before.
 * The registry's next block alone leaves it of use. */
static void
S4_89_a_block_with_my_bid_ends_the_work_for_it(void **state)
{
    struct stage g;
    struct gv_chain *registry;
    struct gv_template *t;
    struct gv_seal seal;
    struct gv_reject why;
    struct gv_tx tx[4];
    size_t n = 9;

    (void)state;
    stage_make(&g, 1, 60000);
    for (unsigned i = 0; i < 2; i++)
        tx[i] = sample_enrol(&g.w.s, i);
    tx[2] = sample_bid(&g.w.s, 0, 1, 5);
    tx[3] = sample_stamp(&g.w.s, 0, g.w.now_ms * 1000, &tx[2], 1);
    world_add(&g.w, &tx[2]);
    world_add(&g.w, &tx[3]);
    g.w.now_ms += 1000;
    assert_int_equal(gv_template_make(g.w.st, g.w.now_ms, 0, &t), GV_OK);
    assert_int_equal(gv_template_chains(t), 2);
    registry = gv_state_registry(g.w.st);
    assert_int_equal(
        world_give(&g.w, world_block(&g.w, registry, g.w.now_ms, NULL, 0)),
        GV_ACCEPTED);
    assert_true(gv_template_fresh(t));
    accept_block_on_tip(&g.w, g.c, g.w.now_ms, tx, 4);
    assert_false(gv_template_fresh(t));
    seal = world_search(t);
    assert_int_equal(
        gv_template_submit(g.w.st, t, &seal, g.w.now_ms, NULL, NULL, &n, &why),
        GV_OK);
    assert_int_equal(n, 0);
    gv_template_free(t);
    assert_int_equal(g.c->sum.bids, 1);
    world_free(&g.w);
}

static void
pool_is_limited(void **state)
{
    struct stage g;
    struct gv_tx bid;
    unsigned n = 0;

    (void)state;
    stage_make(&g, 1, 60000);
    g.w.st->opt.pool_max_bytes = 10000;
    do {
        bid = sample_bid(&g.w.s, 0, n++, 5);
    } while (world_try(&g.w, &bid) == GV_ACCEPTED);
    assert_int_equal(world_try(&g.w, &bid), GV_POOL_FULL);
    assert_true(g.w.st->pool.bytes <= 10000);
    world_commit(&g.w);
    world_restart(&g.w); /* what was let in stays in */
    assert_int_equal(g.w.st->pool.txs, n - 1 + 2);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bids_never_stand_without_their_stamps),
        cmocka_unit_test(useless_stamps_stay_out),
        cmocka_unit_test(R3_two_of_three_authorities),
        cmocka_unit_test(S0_16_restart_keeps_the_mempool),
        cmocka_unit_test(restart_between_X_and_Y),
        cmocka_unit_test(S4_81_some_bids_are_mined_and_none_is_left_out),
        cmocka_unit_test(S4_81_a_close_does_not_wait),
        cmocka_unit_test(S4_89_a_block_with_my_bid_ends_the_work_for_it),
        cmocka_unit_test(pool_is_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
