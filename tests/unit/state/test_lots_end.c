/* How auctions of several lots (A33) end on their chain: branches, restarts,
 * and what is said of each award (C17). */
#include "tests/unit/state/lots_stage.h"

/* Lot 1 is 1's for 200, lot 4 is 0's for 300; nobody bids for lot 2, and 400
 * is not enough for lot 3. CLOSE: E is E_MS. Block 2. */
static void
bids_and_close(struct stage *g)
{
    struct gv_tx tx[10];
    size_t n = 0;

    lot_terms(&g->terms);
    lots_make(g, (struct world_options){0});
    n += bid_for(g, 1, 0, 100, US(START + 100), tx + n);
    n += bid_for(g, 1, 1, 200, US(START + 200), tx + n);
    n += bid_for(g, 3, 0, 400, US(START + 300), tx + n);
    n += bid_for(g, 4, 0, 300, US(START + 400), tx + n);
    tx[n] = sample_close(&g->w.s);
    tx[n + 1] = sample_stamp(&g->w.s, 0, US(CLOSE_MS), tx + n, 1);
    add_block(g, START + 1000, tx, n + 2);
    assert_true(g->c->sum.close_us == US(E_MS));
}

/* Y at height 4, and its FINALs in 5 and 6, which ends it. */
#define END_MS (PAST + 2251)

static void
sell(struct stage *g)
{
    struct gv_tx tx;

    bids_and_close(g);
    add_cutoff(g);
    tx = our_outcome(g);
    add_block(g, PAST + 251, &tx, 1);
    tx = final_of(g, 0, 4);
    add_block(g, PAST + 1251, &tx, 1);
    assert_false(gv_book_ended(g->c->book));
    tx = final_of(g, 4, 5);
    add_block(g, END_MS, &tx, 1);
    assert_true(gv_book_ended(g->c->book));
    g->w.now_ms = END_MS + 60000;
}

/* --- branches and restarts --- */

/* A heavier branch has two bids more, which reach two lots. */
static void
another_outcome_on_another_branch(void **state)
{
    struct gv_tx tx[4];
    struct stage g;
    uint32_t fork, side;
    size_t n;

    (void)state;
    bids_and_close(&g);
    fork = g.c->tip;
    add_cutoff(&g);
    tx[0] = our_outcome(&g);
    add_block(&g, PAST + 251, tx, 1);
    assert_int_equal(g.c->sum.outcome_height, 4);
    assert_int_equal(g.c->sum.outcome.status, GV_SOLD);
    expect_lot(&g, 2, GV_NO_BID, 0, 0);
    expect_lot(&g, 4, GV_SOLD, 0, 300);
    n = bid_for(&g, 2, 1, 50, US(E_MS - 100), tx);
    side = add_beside(&g, fork, PAST - 600, tx, n);
    n = bid_for(&g, 4, 1, 900, US(E_MS - 50), tx);
    side = add_beside(&g, side, PAST - 300, tx, n);
    assert_int_equal(g.c->sum.outcome_height, 4);
    tx[0] =
        sample_cutoff(&g.w.s, &g.c->tree.node[side].sealed, 1, US(PAST) + 1);
    side = add_beside(&g, side, PAST + 1, tx, 1);
    assert_int_equal(g.c->tip, side);
    assert_int_equal(g.c->sum.cutoff_height, 5);
    assert_int_equal(g.c->sum.outcome_height, 0);
    expect_lot(&g, 1, GV_SOLD, 1, 200);
    expect_lot(&g, 2, GV_SOLD, 1, 50);
    expect_lot(&g, 3, GV_RESERVE_NOT_MET, 0, 0);
    expect_lot(&g, 4, GV_SOLD, 1, 900);
    tx[0] = our_outcome(&g);
    add_block(&g, PAST + 251, tx, 1);
    assert_int_equal(g.c->sum.outcome_height, 6);
    restart(&g);
    world_free(&g.w);
}

/* The result of any lot that is another makes OUTCOME another. */
static void
an_outcome_says_what_becomes_of_each_lot(void **state)
{
    uint8_t room[GV_RESULTS_ROOM];
    struct gv_outcome o;
    struct gv_tx tx;
    struct stage g;

    (void)state;
    bids_and_close(&g);
    add_cutoff(&g);
    for (unsigned lot = 0; lot < LOTS; lot++) {
        struct gv_result r;

        gv_book_outcome_lots(g.c->book, &o, room);
        gv_book_result(g.c->book, lot, &r);
        r.price = r.status == GV_SOLD ? r.price + 1 : 0;
        r.status = r.status == GV_NO_BID            ? GV_RESERVE_NOT_MET
                   : r.status == GV_RESERVE_NOT_MET ? GV_NO_BID
                                                    : r.status;
        gv_result_put(&r, room + (size_t)lot * GV_RESULT_SIZE);
        tx = sample_outcome(&g.w.s, &o);
        refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 251, &tx, 1);
    }
    gv_book_outcome_lots(g.c->book, &o, room);
    o.lots.len -= GV_RESULT_SIZE;
    tx = sample_outcome(&g.w.s, &o);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 251, &tx, 1);
    o.lots.len = 0;
    tx = sample_outcome(&g.w.s, &o);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 251, &tx, 1);
    world_free(&g.w);
}

static void
restarts_on_both_sides_of_the_outcome(void **state)
{
    struct gv_tx tx;
    struct stage g;

    (void)state;
    bids_and_close(&g);
    restart(&g);
    add_cutoff(&g);
    restart(&g);
    assert_int_equal(g.c->sum.outcome_height, 0);
    tx = our_outcome(&g);
    add_block(&g, PAST + 251, &tx, 1);
    restart(&g);
    assert_int_equal(g.c->sum.outcome_height, 4);
    tx = final_of(&g, 0, 4);
    add_block(&g, PAST + 1251, &tx, 1);
    restart(&g);
    assert_int_equal(g.c->book->awards, 0);
    tx = final_of(&g, 4, 5);
    add_block(&g, END_MS, &tx, 1);
    restart(&g);
    assert_int_equal(g.c->book->awards, LOTS + 1);
    world_free(&g.w);
}

/* Which block ends it differs between branches behind Y: awards and what was
 * said of them go with it, and are there anew. */
static void
awards_are_made_again_on_another_branch(void **state)
{
    struct gv_tx tx;
    struct stage g;
    uint32_t fork, side;

    (void)state;
    sell(&g);
    fork = g.c->tree.node[g.c->tip].parent;
    assert_int_equal(g.c->book->award[1].height, 6);
    tx = sample_settle(&g.w.s, &g.w.s.bidder[1], 1, GV_SETTLE_PAID);
    add_block(&g, END_MS + 250, &tx, 1);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_PAID);
    side = add_beside(&g, fork, END_MS + 1000, NULL, 0);
    tx = final_of(&g, 4, 5);
    side = add_beside(&g, side, END_MS + 2000, &tx, 1);
    tx = sample_settle(&g.w.s, &g.w.s.bidder[0], 4, GV_SETTLE_PAID);
    side = add_beside(&g, side, END_MS + 2250, &tx, 1);
    assert_int_equal(g.c->tip, side);
    assert_int_equal(g.c->book->award[1].height, 7);
    assert_int_equal(g.c->book->award[4].height, 7);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_OPEN);
    assert_int_equal(gv_book_standing(g.c->book, 4), GV_STANDS_PAID);
    /* What the other branch had is mined again. */
    world_run(&g.w, 1500);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_PAID);
    same_as_scratch(&g);
    restart(&g);
    world_free(&g.w);
}

/* --- C17 --- */

static void
refuse_settle(struct stage *g, const struct sample_party *by, uint8_t award,
              uint8_t what, enum gv_code code)
{
    struct gv_tx tx = sample_settle(&g->w.s, by, award, what);

    refuse_block(&g->w, g->c, code, g->c->sum.tip_time_ms + 250, &tx, 1);
    assert_int_equal(world_try(&g->w, &tx), code);
}

static void
only_lots_that_are_sold_have_an_award_C17(void **state)
{
    static const uint8_t none[] = {0, 2, 3, LOTS + 1, GV_LOTS_MAX, 255, 8};
    const struct sample_party *bidder;
    struct stage g;

    (void)state;
    sell(&g);
    bidder = g.w.s.bidder;
    for (size_t i = 0; i < sizeof(none); i++) {
        assert_false(gv_book_has_award(g.c->book, none[i]));
        if (none[i] > GV_LOTS_MAX)
            continue;
        refuse_settle(&g, &g.w.s.seller, none[i], GV_SETTLE_PAID,
                      GV_WRONG_PHASE);
        refuse_settle(&g, &bidder[0], none[i], GV_SETTLE_PAID, GV_WRONG_PHASE);
    }
    /* Each is the winner of the other's lot. */
    refuse_settle(&g, &bidder[0], 1, GV_SETTLE_PAID, GV_NOT_SIGNER);
    refuse_settle(&g, &bidder[1], 4, GV_SETTLE_PAID, GV_NOT_SIGNER);
    refuse_settle(&g, &bidder[2], 4, GV_SETTLE_PAID, GV_NOT_SIGNER);
    assert_true(g.c->book->award[1].price == 200);
    assert_true(g.c->book->award[4].price == 300);
    world_free(&g.w);
}

static void
say(struct stage *g, const struct sample_party *by, uint8_t award, uint8_t what)
{
    struct gv_tx tx = sample_settle(&g->w.s, by, award, what);

    add_block(g, g->c->sum.tip_time_ms + 250, &tx, 1);
}

static void
words_on_one_lot_leave_the_others_alone_C17(void **state)
{
    const struct sample_party *seller, *bidder;
    struct stage g;

    (void)state;
    sell(&g);
    seller = &g.w.s.seller;
    bidder = g.w.s.bidder;
    say(&g, seller, 1, GV_SETTLE_PAID);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_PAID);
    assert_int_equal(gv_book_standing(g.c->book, 4), GV_STANDS_OPEN);
    refuse_settle(&g, seller, 1, GV_SETTLE_DEFAULTED, GV_WRONG_PHASE);
    refuse_settle(&g, seller, 1, GV_SETTLE_PAID, GV_DUPLICATE);
    say(&g, seller, 4, GV_SETTLE_DEFAULTED);
    assert_int_equal(gv_book_standing(g.c->book, 4), GV_STANDS_DEFAULTED);
    refuse_settle(&g, seller, 4, GV_SETTLE_PAID, GV_WRONG_PHASE);
    say(&g, &bidder[0], 4, GV_SETTLE_PAID);
    assert_int_equal(gv_book_standing(g.c->book, 4), GV_STANDS_DISPUTED);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_PAID);
    say(&g, &bidder[1], 1, GV_SETTLE_RECEIVED);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_DELIVERED);
    assert_int_equal(gv_book_standing(g.c->book, 4), GV_STANDS_DISPUTED);
    restart(&g);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_DELIVERED);
    assert_int_equal(gv_book_standing(g.c->book, 4), GV_STANDS_DISPUTED);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_outcome_on_another_branch),
        cmocka_unit_test(an_outcome_says_what_becomes_of_each_lot),
        cmocka_unit_test(restarts_on_both_sides_of_the_outcome),
        cmocka_unit_test(awards_are_made_again_on_another_branch),
        cmocka_unit_test(only_lots_that_are_sold_have_an_award_C17),
        cmocka_unit_test(words_on_one_lot_leave_the_others_alone_C17),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
