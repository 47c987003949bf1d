/* How sealed bids are fixed, opened and judged (R7, R8, C7, C14, C15): what
 * breaks these rules is refused with its code and leaves the book as it was. */
#include "tests/unit/state/sealed_stage.h"

/* --- the set --- */

static void
R7_the_set_is_told_behind_X(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3], good;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    tx[0] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, START + 2000, tx, 1);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    tx[1] = our_set(&g); /* not in X itself */
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 1, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 1, tx, 1);
    good = our_set(&g);
    refuse_block(&g.w, g.c, GV_NO_SETFIXED, PAST + 5000, NULL, 0);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_NO_SETFIXED, PAST + 300, tx, 1);
    tx[0] = sample_setfixed(&g.w.s, 1, good.u.setfixed.hash);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 300, tx, 1);
    good.u.setfixed.hash[0] ^= 1;
    tx[0] = sample_setfixed(&g.w.s, 2, good.u.setfixed.hash);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 300, tx, 1);
    tx[0] = tx[1] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 300, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 300, tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 2000, tx, 1);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 2000, tx, 1);
    world_free(&g.w);
}

static void
R7_open_auctions_have_no_SETFIXED(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_plain(&g);
    tx[0] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, START + 1000, tx, 1);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    assert_int_equal(world_try(&g.w, tx), GV_NOT_SIGNER);
    tx[1] = sample_bid(&g.w.s, 0, 1, 5);
    tx[0] = sample_opening(&g.w.s, &tx[1], 0);
    assert_int_equal(world_try(&g.w, tx), GV_WRONG_CHAIN);
    refuse_block(&g.w, g.c, GV_WRONG_CHAIN, START + 1000, tx, 1);
    world_free(&g.w);
}

/* --- keys --- */

static void
C14_keys_count_between_the_final_set_and_W(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3], key[3];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    for (unsigned i = 0; i < 3; i++)
        key[i] = sample_keyrelease(&g.w.s, i);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 2000, key, 1);
    assert_int_equal(world_try(&g.w, key), GV_WRONG_PHASE);
    fix_set(&g);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAST + 1251, key, 1);
    assert_int_equal(world_try(&g.w, key), GV_MISSING_PARENT);
    tx[0] = key[0];
    tx[1] = final_of(&g, 3, 4);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAST + 1251, tx, 2);
    tx[0] = tx[1];
    tx[1] = key[1]; /* earlier in this block X became final */
    accept_block_on_tip(&g.w, g.c, PAST + 1251, tx, 2);
    assert_int_equal(g.c->sum.settled_height, 5);
    refuse_block(&g.w, g.c, GV_DUPLICATE, PAST + 1501, &key[1], 1);
    assert_int_equal(world_try(&g.w, &key[1]), GV_DUPLICATE);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 1501, tx, 1);
    accept_block_on_tip(&g.w, g.c, PAST + 1501, &key[2], 1);
    assert_int_equal(g.c->sum.opened_height, 6);
    tx[0] = our_outcome(&g);
    tx[1] = key[0];
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAST + 1751, tx, 2);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, PAST + 1751, &key[0], 1);
    assert_int_equal(world_try(&g.w, &key[0]), GV_WRONG_PHASE);
    accept_block_on_tip(&g.w, g.c, PAST + 1751, tx, 1);
    assert_int_equal(g.c->sum.outcome.price, 500);
    world_free(&g.w);
}

static void
R8_blocks_while_bids_are_opened_say_something(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;
    uint64_t t = PAST + 251;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    fix_set(&g);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 999, NULL, 0);
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0); /* X is not final */
    tx = final_of(&g, 3, 4);
    accept_block_on_tip(&g.w, g.c, t += 1000, &tx, 1);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 5000, NULL, 0);
    tx = final_of(&g, 4, 5);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 5000, &tx, 1);
    tx = sample_keyrelease(&g.w.s, 0);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 5000, NULL, 0);
    tx = sample_keyrelease(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);
    tx = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0);
    world_free(&g.w);
}

/* Nothing but what opens, behind X's child. */
static void
C7_nothing_else_while_bids_are_opened(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_enrol(&g.w.s, 2);
    refuse_block(&g.w, g.c, GV_SET_FIXED, PAST + 2000, tx, 2);
    tx[1] = sample_bid_sealed(&g.w.s, 0, 2, 900);
    refuse_block(&g.w, g.c, GV_SET_FIXED, PAST + 2000, tx, 2);
    tx[1] = sample_disclose(&g.w.s, 0, 0);
    assert_int_not_equal(
        world_give(&g.w, world_block(&g.w, g.c, PAST + 2000, tx, 2)),
        GV_ACCEPTED);
    tx[1] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 2000, tx, 2);
    tx[1] = final_of(&g, 4, 5);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
    world_free(&g.w);
}

/* A HANDOVER goes with them, and with SETFIXED, but is no reason for a block.
 */
static void
C13_a_handover_while_bids_are_opened(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[2];
    const struct gv_seckey *key = &g.w.s.validator[0],
                           *next = &g.w.s.bidder[2].secret,
                           *last = &g.w.s.bidder[1].secret;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    accept_block_on_tip(&g.w, g.c, PAST + 1, tx, 1);
    tx[0] = our_set(&g);
    tx[1] = sample_handover(&g.w.s, 0, key, next);
    accept_block_on_tip(&g.w, g.c, PAST + 251, tx, 2);
    tx[0] = final_of(&g, 0, 3); /* by the keys under the source */
    accept_block_on_tip(&g.w, g.c, PAST + 1251, tx, 1);
    tx[0] = final_of(&g, 3, 4); /* which stands below the HANDOVER */
    accept_block_on_tip(&g.w, g.c, PAST + 2251, tx, 1);
    tx[0] = sample_handover(&g.w.s, 0, next, last);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, PAST + 9000, tx, 1);
    tx[1] = sample_keyrelease(&g.w.s, 0);
    accept_block_on_tip(&g.w, g.c, PAST + 9000, tx, 2);
    world_free(&g.w);
}

/* --- openings --- */

static void
C15_a_bidder_opens_its_own_bid(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[2], other;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    tx[0] = sample_opening(&g.w.s, &bid[0], 0);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 2000, tx, 1);
    settle(&g);
    other = sample_bid_sealed(&g.w.s, 1, 7, 5);
    tx[0] = sample_opening(&g.w.s, &other, 1);
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, PAST + 2000, tx, 1);
    tx[0] = sample_opening(&g.w.s, &bid[0], 1); /* another's secret */
    refuse_block(&g.w, g.c, GV_BAD_SEAL, PAST + 2000, tx, 1);
    assert_int_equal(world_try(&g.w, tx), GV_BAD_SEAL);
    tx[0] = tx[1] = sample_opening(&g.w.s, &bid[0], 0);
    refuse_block(&g.w, g.c, GV_DUPLICATE, PAST + 2000, tx, 2);
    /* What the refused block found stays known, and nothing else opens it. */
    assert_int_equal(g.c->book->opened[0].look, GV_LOOK_OPENS);
    tx[1].u.opening.es[0] ^= 1;
    tx[1] = sample_tx(&g.w.s, &tx[1], NULL);
    refuse_block(&g.w, g.c, GV_BAD_SEAL, PAST + 2000, &tx[1], 1);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 1);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    assert_int_equal(g.c->book->bid[0].amount, 0);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 1);
    assert_int_equal(code_of(&g, &bid[0]), GV_ACCEPTED);
    assert_int_equal(code_of(&g, &bid[1]), GV_NOT_OPENED);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, OVER + 251, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_SOLD);
    assert_int_equal(g.c->sum.outcome.price, 300);
    world_free(&g.w);
}

/* The same bytes are not tried twice, a new secret is. */
static void
a_refused_opening_is_not_tried_again(void **state)
{
    struct stage g;
    struct gv_tx bid[2], bad, tx;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    bad = sample_opening(&g.w.s, &bid[0], 1);
    assert_int_equal(world_try(&g.w, &bad), GV_BAD_SEAL);
    /* Were it tried again, this is what would be said. */
    tx = sample_opening(&g.w.s, &bid[0], 0);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, &tx, 1);
    assert_int_equal(world_try(&g.w, &bad), GV_BAD_SEAL);
    for (unsigned i = 0; i < 70; i++) {
        tx = sample_opening(&g.w.s, &bid[1], 0);
        tx.u.opening.es[0] ^= (uint8_t)(i + 1);
        tx = sample_tx(&g.w.s, &tx, NULL);
        assert_int_equal(world_try(&g.w, &tx), GV_BAD_SEAL);
    }
    assert_int_equal(world_try(&g.w, &bad), GV_DUPLICATE); /* forgotten */
    tx = sample_opening(&g.w.s, &bid[1], 1);
    assert_int_equal(world_try(&g.w, &tx), GV_ACCEPTED);
    world_free(&g.w);
}

/* A bid whose parts do not fit has no secret that opens it. */
static void
C15_a_false_bid_has_no_opening(void **state)
{
    struct stage g;
    struct gv_tx tx[4], bid;

    (void)state;
    stage_sealed(&g, GV_PRICE_FIRST);
    tx[0] = bid = false_bid(&g, 0, 1, 300);
    tx[1] = sample_close(&g.w.s);
    tx[2] = sample_stamp(&g.w.s, 0, US(START + 400), tx, 1);
    tx[3] = sample_stamp(&g.w.s, 0, US(START + 500), tx + 1, 1);
    accept_block_on_tip(&g.w, g.c, START + 1000, tx, 4);
    settle(&g);
    tx[0] = sample_opening(&g.w.s, &bid, 0);
    refuse_block(&g.w, g.c, GV_BAD_SEAL, PAST + 2000, tx, 1);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_keyrelease(&g.w.s, 1); /* neither needs the third */
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
    assert_int_equal(code_of(&g, &bid), GV_BAD_SEAL);
    world_free(&g.w);
}

/* --- the end of the opening --- */

static void
R7_a_second_cutoff_ends_the_opening(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    fix_set(&g);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 1, tx, 1);
    assert_int_equal(world_try(&g.w, tx), GV_DUPLICATE);
    tx[0] = final_of(&g, 3, 4);
    tx[1] = cutoff_at(&g, US(OVER) + 1); /* not the first transaction */
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 1, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 1251, tx, 1);
    tx[0] = cutoff_at(&g, US(OVER));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 1, tx, 1);
    g.w.now_ms = OVER + 1;
    assert_int_equal(world_try(&g.w, tx), GV_BAD_CUTOFF);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    world_add(&g.w, tx);
    assert_int_equal(g.c->sum.cutoff_after_us, US(OVER));
    tx[1] = sample_keyrelease(&g.w.s, 0); /* may come with it, too few */
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 2);
    assert_int_equal(g.c->sum.opened_height, 6);
    assert_true(g.c->sum.cutoff_after_us == UINT64_MAX);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    tx[0] = cutoff_at(&g, US(OVER) + 2);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, OVER + 300, tx, 1);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, OVER + 300, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_NO_BID);
    world_free(&g.w);
}

/* The keys of a block count wherever they stand, also behind the CUTOFF. */
static void
R7_keys_in_W_count(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[4];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    for (unsigned i = 0; i < 3; i++)
        tx[1 + i] = sample_keyrelease(&g.w.s, 2 - i);
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 4);
    assert_int_equal(g.c->book->released, 7);
    assert_int_equal(code_of(&g, &bid[1]), GV_ACCEPTED);
    world_free(&g.w);
}

/* Finality that came late leaves D for the keys. */
static void
R7_late_finality_leaves_time_to_open(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    fix_set(&g);
    tx = final_of(&g, 3, 4);
    accept_block_on_tip(&g.w, g.c, OVER + 9000, &tx, 1);
    assert_int_equal(g.c->sum.cutoff_after_us, US(OVER + 9000 + 5000));
    tx = cutoff_at(&g, US(OVER + 14000));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 14001, &tx, 1);
    tx = cutoff_at(&g, US(OVER + 14000) + 1);
    accept_block_on_tip(&g.w, g.c, OVER + 14001, &tx, 1);
    world_free(&g.w);
}

/* --- what is opened --- */

/* Four bids: 300, 500, one whose last share is false, and a copy of the second
 * in bidder 0's name. Which holders speak changes nothing. */
static void
A23_which_keys_are_used_never_matters(void **state)
{
    static const unsigned choice[][3] = {
        {0, 1, 2}, {1, 2, 2}, {2, 0, 2}, {0, 1, 3}};
    struct gv_outcome first = {0}, now;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct gv_tx tx[6], key[3];
        unsigned n = choice[i][2];
        struct stage g;

        stage_sealed(&g, GV_PRICE_VICKREY);
        tx[0] = sample_bid_sealed(&g.w.s, 0, 1, 300);
        tx[1] = sample_bid_sealed(&g.w.s, 1, 1, 500);
        tx[2] = false_bid(&g, 0, 2, 900);
        tx[3] = resealed(&g, 0, &tx[1], tx[1].u.bid.sealed);
        tx[4] = sample_close(&g.w.s);
        tx[5] = sample_stamp(&g.w.s, 0, US(START + 500), tx, 5);
        accept_block_on_tip(&g.w, g.c, START + 1000, tx, 6);
        settle(&g);
        key[0] = sample_keyrelease(&g.w.s, choice[i][0]);
        key[1] = sample_keyrelease(&g.w.s, choice[i][1]);
        key[2] = sample_keyrelease(&g.w.s, 2);
        accept_block_on_tip(&g.w, g.c, PAST + 2000, key, n);
        assert_int_equal(code_of(&g, &tx[0]), GV_ACCEPTED);
        assert_int_equal(code_of(&g, &tx[1]), GV_ACCEPTED);
        assert_int_equal(code_of(&g, &tx[2]), GV_BAD_SEAL);
        assert_int_equal(code_of(&g, &tx[3]), GV_BAD_SEAL);
        gv_book_outcome(g.c->book, &now);
        assert_int_equal(now.status, GV_SOLD);
        assert_int_equal(now.price, 300);
        assert_memory_equal(now.winner.b, tx[1].u.bid.bidder.b, 32);
        if (i == 0)
            first = now;
        assert_int_equal(first.price, now.price);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7_the_set_is_told_behind_X),
        cmocka_unit_test(R7_open_auctions_have_no_SETFIXED),
        cmocka_unit_test(C14_keys_count_between_the_final_set_and_W),
        cmocka_unit_test(R8_blocks_while_bids_are_opened_say_something),
        cmocka_unit_test(C7_nothing_else_while_bids_are_opened),
        cmocka_unit_test(C13_a_handover_while_bids_are_opened),
        cmocka_unit_test(C15_a_bidder_opens_its_own_bid),
        cmocka_unit_test(a_refused_opening_is_not_tried_again),
        cmocka_unit_test(C15_a_false_bid_has_no_opening),
        cmocka_unit_test(R7_a_second_cutoff_ends_the_opening),
        cmocka_unit_test(R7_keys_in_W_count),
        cmocka_unit_test(R7_late_finality_leaves_time_to_open),
        cmocka_unit_test(A23_which_keys_are_used_never_matters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
