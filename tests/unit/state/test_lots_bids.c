/* Bids for several lots (A33) on their chain: they come late, move, meet a
 * cancellation, and lots end one by one. */
#include "tests/unit/state/lots_stage.h"

/* It ends the lots without an accepted bid at once and the others with notice;
 * what is dated before it and comes late counts as it would have. */
static void
a_cancellation_meets_lots_with_and_without_bids_A29(void **state)
{
    struct gv_tx tx[4], late;
    struct stage g;
    size_t n;

    (void)state;
    lot_terms(&g.terms);
    lots_make(&g, (struct world_options){0});
    n = bid_for(&g, 1, 0, 100, US(START + 100), tx);
    add_block(&g, START + 250, tx, n);
    tx[0] = sample_cancel(&g.w.s);
    tx[1] = sample_stamp(&g.w.s, 0, US(CLOSE_MS), tx, 1);
    add_block(&g, START + 750, tx, 2);
    assert_true(lot_close(&g, 1) == US(E_MS));
    assert_true(lot_close(&g, 2) == US(CLOSE_MS));
    assert_true(g.c->sum.close_us == US(E_MS));
    expect_lot(&g, 2, GV_CANCELLED, 0, 0);
    n = bid_for(&g, 1, 1, 150, US(START + 800), tx);
    n += bid_for(&g, 2, 1, 150, US(START + 801), tx + n);
    add_block(&g, START + 1000, tx, n);
    expect_code(&g, &tx[0], GV_ACCEPTED);
    expect_code(&g, &tx[2], GV_WRONG_PHASE);
    late = tx[2];
    n = bid_for(&g, 3, 1, 700, US(CLOSE_MS - 1), tx);
    n += bid_for(&g, 2, 0, 70, US(CLOSE_MS), tx + n);
    add_block(&g, START + 1500, tx, n);
    expect_code(&g, &late, GV_ACCEPTED);
    assert_true(lot_close(&g, 2) == US(E_MS));
    expect_lot(&g, 1, GV_SOLD, 1, 150);
    expect_lot(&g, 2, GV_SOLD, 1, 150);
    expect_lot(&g, 3, GV_SOLD, 1, 700);
    expect_lot(&g, 4, GV_CANCELLED, 0, 0);
    add_cutoff(&g);
    tx[0] = our_outcome(&g);
    add_block(&g, PAST + 251, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_SOLD);
    restart(&g);
    world_free(&g.w);
}

/* No lot has a bid: all of it is cancelled at once. */
static void
a_cancellation_of_all_lots_A29(void **state)
{
    struct gv_tx tx[2];
    struct stage g;

    (void)state;
    lot_terms(&g.terms);
    lots_make(&g, (struct world_options){0});
    tx[0] = sample_cancel(&g.w.s);
    tx[1] = sample_stamp(&g.w.s, 0, US(CLOSE_MS), tx, 1);
    add_block(&g, START + 750, tx, 2);
    assert_true(g.c->sum.close_us == US(CLOSE_MS));
    add_cutoff(&g);
    tx[0] = our_outcome(&g);
    add_block(&g, PAST + 251, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_CANCELLED);
    for (uint8_t lot = 1; lot <= LOTS; lot++)
        expect_lot(&g, lot, GV_CANCELLED, 0, 0);
    world_free(&g.w);
}

/* Lot 1 ends, lot 2 goes on by its bids (A21), and E with it. */
static void
a_lot_ends_while_another_goes_on_A21(void **state)
{
    struct gv_tx tx[4], ended;
    struct stage g;
    size_t n;

    (void)state;
    lot_terms(&g.terms);
    g.terms.flags |= GV_LIMIT;
    g.terms.limit_ms = 4000; /* START + 2000 */
    g.terms.soft_ms = 10000;
    g.terms.soft_cap_ms = 20000;
    lots_make(&g, (struct world_options){0});
    assert_true(g.c->sum.close_us == US(START + 2000));
    n = bid_for(&g, 1, 0, 100, US(START + 1000), tx);
    n += bid_for(&g, 2, 0, 100, US(START + 1500), tx + n);
    add_block(&g, START + 1750, tx, n);
    assert_true(lot_close(&g, 1) == US(START + 11000));
    assert_true(lot_close(&g, 2) == US(START + 11500));
    assert_true(lot_close(&g, 3) == US(START + 2000));
    assert_true(g.c->sum.close_us == US(START + 11500));
    n = bid_for(&g, 1, 1, 200, US(START + 11200), tx);
    n += bid_for(&g, 2, 1, 200, US(START + 11300), tx + n);
    add_block(&g, START + 11750, tx, n);
    ended = tx[0];
    expect_code(&g, &ended, GV_TIME_LIMIT);
    expect_code(&g, &tx[2], GV_ACCEPTED);
    assert_true(g.c->sum.close_us == US(START + 21300));
    restart(&g);
    /* An earlier one that comes late lets lot 1 go on as well. */
    n = bid_for(&g, 1, 0, 150, US(START + 10900), tx);
    add_block(&g, START + 12250, tx, n);
    expect_code(&g, &tx[0], GV_ACCEPTED);
    expect_code(&g, &ended, GV_ACCEPTED);
    assert_true(lot_close(&g, 1) == US(START + 21200));
    assert_true(g.c->sum.close_us == US(START + 21300));
    expect_lot(&g, 1, GV_SOLD, 1, 200);
    world_free(&g.w);
}

/* A second STAMP of the same authority dates a bid earlier (R2). */
static void
a_stamp_moves_a_bid_of_one_lot_R2(void **state)
{
    struct gv_tx tx[4], moves;
    struct stage g;
    size_t n;

    (void)state;
    lot_terms(&g.terms);
    g.terms.flags |= GV_MIN_STEP;
    g.terms.reference = GV_REF_HIGHEST;
    g.terms.min_step = 1;
    lots_make(&g, (struct world_options){0});
    n = bid_for(&g, 1, 0, 100, US(START + 300), tx);
    n += bid_for(&g, 1, 1, 50, US(START + 400), tx + n);
    add_block(&g, START + 500, tx, n);
    expect_code(&g, &tx[2], GV_BELOW_STEP);
    moves = sample_stamp(&g.w.s, 0, US(START + 200), &tx[2], 1);
    n = bid_for(&g, 2, 0, 10, US(START + 250), tx);
    n += bid_for(&g, LOTS + 1, 0, 10, US(START + 150), tx + n);
    add_block(&g, START + 1000, tx, n);
    expect_code(&g, &tx[2], GV_NO_LOT);
    add_block(&g, START + 1500, &moves, 1);
    assert_int_equal(gv_fold_accepted(g.c->book->fold), 3);
    expect_lot(&g, 1, GV_SOLD, 0, 100);
    restart(&g);
    world_free(&g.w);
}

#define ROUNDS 24
#define A_BLOCK 3

/* Bids for any lot, one that is not there included, up to 4 s late. */
static void
late_bids_of_any_lot(void **state)
{
    struct support_rng rng = support_rng_new();
    struct stage g;

    (void)state;
    lot_terms(&g.terms);
    g.terms.flags |= GV_MIN_STEP | GV_TOTAL | GV_PER_BIDDER;
    g.terms.reference = GV_REF_LAST;
    g.terms.min_step = 5;
    g.terms.total_cap = 12;
    g.terms.per_bidder = 8;
    lots_make(&g, (struct world_options){0});
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t time = START + 4500 + 300 * i;
        struct gv_tx tx[2 * A_BLOCK];
        size_t n = 0;

        for (unsigned j = 0; j < A_BLOCK; j++)
            n += bid_for(&g, (uint8_t)(1 + support_rng_below(&rng, LOTS + 1)),
                         j % 2, 1 + support_rng_below(&rng, 1000),
                         US(time - 3 * support_rng_below(&rng, 1300) - j),
                         tx + n);
        add_block(&g, time, tx, n);
        if (i % 8 == 7)
            restart(&g);
    }
    assert_int_equal(gv_fold_count(g.c->book->fold), ROUNDS * A_BLOCK);
    world_free(&g.w);
}

/* From the mempool, by the node's own blocks. */
static void
bids_for_lots_are_mined(void **state)
{
    struct gv_tx tx[6];
    struct stage g;
    size_t n = 0;

    (void)state;
    lot_terms(&g.terms);
    lots_make(&g, (struct world_options){.own = 1});
    g.w.now_ms = START + 1000;
    n += bid_for(&g, 2, 0, 30, US(START + 900), tx + n);
    n += bid_for(&g, 4, 1, 40, US(START + 901), tx + n);
    n += bid_for(&g, LOTS + 1, 1, 40, US(START + 902), tx + n);
    for (size_t i = 0; i < n; i++)
        world_add(&g.w, &tx[i]);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    world_run(&g.w, 3000);
    assert_int_equal(g.c->book->bids, 3);
    expect_lot(&g, 2, GV_SOLD, 0, 30);
    expect_lot(&g, 4, GV_SOLD, 1, 40);
    expect_code(&g, &tx[4], GV_NO_LOT);
    same_as_scratch(&g);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancellation_meets_lots_with_and_without_bids_A29),
        cmocka_unit_test(a_cancellation_of_all_lots_A29),
        cmocka_unit_test(a_lot_ends_while_another_goes_on_A21),
        cmocka_unit_test(a_stamp_moves_a_bid_of_one_lot_R2),
        cmocka_unit_test(late_bids_of_any_lot),
        cmocka_unit_test(bids_for_lots_are_mined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
