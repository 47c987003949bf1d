/* A final round, and the hidden reserve of an open auction, on a chain (A24,
 * A32, R6, R7). */
#include "tests/unit/state/sealed_stage.h"

/* Limit 10 s, extensions of 10 s up to 20 s, and a round of 10 s. D is 5 s. */
#define CAP (SAMPLE_OPENING_MS + 20000)
#define END (CAP + 10000)
#define LATE (END + 5000)

static void
stage_round(struct stage *g, uint8_t visibility, uint64_t reserve)
{
    struct world_options o = {.sample.reserve = reserve};
    bool round = visibility != GV_VISIBLE_RESERVE_SEALED;

    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.visibility = visibility;
    g->terms.opening_period_ms = R_MS;
    g->terms.flags = GV_LIMIT;
    g->terms.limit_ms = 10000;
    g->terms.soft_ms = g->terms.soft_cap_ms = 10000;
    g->terms.final_ms = round ? 10000 : 0;
    o.sample.terms = &g->terms;
    stage_make(g, o);
}

/* A bid and its stamp at t_ms, in a block half a second later. */
static void
mine_bid(struct stage *g, const struct gv_tx *bid, uint64_t t_ms)
{
    struct gv_tx tx[2] = {*bid, sample_stamp(&g->w.s, 0, US(t_ms), bid, 1)};

    accept_block_on_tip(&g->w, g->c, t_ms + 500, tx, 2);
}

static struct gv_tx
open_bid(struct stage *g, unsigned bidder, uint64_t amount, uint64_t t_ms)
{
    struct gv_tx bid = sample_bid(&g->w.s, bidder, 1, amount);

    mine_bid(g, &bid, t_ms);
    return bid;
}

static void
cut(struct stage *g, uint64_t at_ms)
{
    struct gv_tx tx = cutoff_at(g, US(at_ms) + 1);

    accept_block_on_tip(&g->w, g->c, at_ms + 1, &tx, 1);
}

/* SETFIXED, and the FINAL that makes X final. */
static void
fix(struct stage *g, uint64_t at_ms)
{
    uint32_t x = g->c->sum.cutoff_height;
    struct gv_tx tx[2];

    tx[0] = our_set(g);
    tx[1] = final_of(g, 0, x);
    accept_block_on_tip(&g->w, g->c, at_ms + 251, tx, 2);
    tx[0] = final_of(g, x, x + 1);
    accept_block_on_tip(&g->w, g->c, at_ms + 1251, tx, 1);
    assert_int_equal(g->c->sum.settled_height, x + 2);
}

static void
end(struct stage *g, uint64_t at_ms, enum gv_status status, uint64_t price)
{
    struct gv_tx tx = our_outcome(g);

    accept_block_on_tip(&g->w, g->c, at_ms, &tx, 1);
    assert_int_equal(g->c->sum.outcome.status, status);
    assert_int_equal(g->c->sum.outcome.price, price);
}

static void
A32_a_final_bid_wins_once_it_is_opened(void **state)
{
    struct stage g;
    struct gv_tx open, last, tx[2];
    uint8_t before[32], now[32];

    (void)state;
    stage_round(&g, GV_VISIBLE_FINAL, 0);
    open = open_bid(&g, 0, 300, SAMPLE_OPENING_MS + 5000);
    assert_false(g.c->sum.final_round);
    assert_int_equal(g.c->sum.close_us, US(SAMPLE_OPENING_MS + 15000));
    tx[0] = open_bid(&g, 1, 310, SAMPLE_OPENING_MS + 12000);
    assert_true(g.c->sum.final_round);
    assert_int_equal(g.c->sum.round_us, US(CAP));
    assert_int_equal(g.c->sum.close_us, US(END));
    assert_false(g.c->sum.sealed);
    last = sample_bid_sealed(&g.w.s, 0, 2, 900);
    mine_bid(&g, &last, CAP + 2000);
    assert_true(g.c->sum.sealed);
    assert_int_equal(code_of(&g, &last), GV_NOT_OPENED);
    tx[0] = sample_opening(&g.w.s, &last, 0);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, CAP + 4000, tx, 1);
    /* R6: E is the end of the round. */
    tx[0] = cutoff_at(&g, US(LATE));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, LATE + 1, tx, 1);
    cut(&g, LATE);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_NO_SETFIXED, LATE + 300, tx, 1);
    fix(&g, LATE);
    /* Of an open bid there is nothing to open. */
    tx[0] = sample_opening(&g.w.s, &open, 0);
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, LATE + 2000, tx, 1);
    book_digest(g.c->book, before);
    tx[0] = sample_keyrelease(&g.w.s, 2);
    tx[1] = sample_keyrelease(&g.w.s, 0);
    accept_block_on_tip(&g.w, g.c, LATE + 2000, tx, 2);
    assert_int_equal(code_of(&g, &last), GV_ACCEPTED);
    assert_true(g.c->sum.final_round);
    assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
    book_digest(g.c->book, now);
    assert_memory_equal(now, before, 32);
    assert_int_equal(gv_state_commit(g.w.st, true, NULL), GV_OK);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_true(g.c->sum.final_round);
    assert_int_equal(g.c->sum.round_us, US(CAP));
    assert_int_equal(code_of(&g, &last), GV_ACCEPTED);
    end(&g, LATE + 2500, GV_SOLD, 900);
    world_free(&g.w);
}

/* R7: a round in which nobody bids seals nothing. */
static void
R7_nothing_sealed_needs_no_opening(void **state)
{
    struct stage g;
    struct gv_tx tx;

    (void)state;
    stage_round(&g, GV_VISIBLE_FINAL, 0);
    open_bid(&g, 0, 300, SAMPLE_OPENING_MS + 10000);
    assert_int_equal(g.c->sum.close_us, US(END));
    cut(&g, LATE);
    tx = our_set(&g);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, LATE + 300, &tx, 1);
    tx = sample_keyrelease(&g.w.s, 0);
    assert_int_equal(world_try(&g.w, &tx), GV_WRONG_CHAIN);
    end(&g, LATE + 300, GV_SOLD, 300);
    world_free(&g.w);
}

/* R4, R7: one outside the round is void, and whether it is does not matter. */
static void
R4_a_sealed_bid_out_of_place_is_void(void **state)
{
    struct stage g;
    struct gv_tx bid, tx[2];
    uint64_t over = SAMPLE_OPENING_MS + 15000;

    (void)state;
    stage_round(&g, GV_VISIBLE_FINAL, 0);
    bid = sample_bid_sealed(&g.w.s, 0, 1, 900);
    mine_bid(&g, &bid, SAMPLE_OPENING_MS + 5000);
    assert_int_equal(code_of(&g, &bid), GV_WRONG_PHASE);
    cut(&g, over);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_NO_SETFIXED, over + 300, tx, 1);
    fix(&g, over);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_keyrelease(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, over + 2000, tx, 2);
    assert_int_equal(code_of(&g, &bid), GV_WRONG_PHASE);
    end(&g, over + 2500, GV_NO_BID, 0);
    world_free(&g.w);
}

/* Nobody but the bidder opens it: the second CUTOFF ends the opening. */
static void
A32_a_bidder_opens_a_final_bid_alone(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;

    (void)state;
    stage_round(&g, GV_VISIBLE_FINAL, 0);
    open_bid(&g, 0, 300, SAMPLE_OPENING_MS + 10000);
    bid[0] = sample_bid_sealed(&g.w.s, 0, 2, 900);
    bid[1] = sample_bid_sealed(&g.w.s, 1, 2, 800);
    mine_bid(&g, &bid[0], CAP + 1000);
    mine_bid(&g, &bid[1], CAP + 2000);
    cut(&g, LATE);
    fix(&g, LATE);
    tx = sample_opening(&g.w.s, &bid[1], 1);
    accept_block_on_tip(&g.w, g.c, LATE + 2000, &tx, 1);
    tx = cutoff_at(&g, US(LATE + R_MS) + 1);
    accept_block_on_tip(&g.w, g.c, LATE + R_MS + 1, &tx, 1);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    assert_int_equal(code_of(&g, &bid[1]), GV_ACCEPTED);
    end(&g, LATE + R_MS + 300, GV_SOLD, 800);
    world_free(&g.w);
}

static void
A24_an_open_auction_hides_its_reserve(void **state)
{
    static const struct {
        uint8_t visibility;
        uint64_t reserve;
        enum gv_status status;
        uint64_t price;
    } cases[] = {{GV_VISIBLE_RESERVE_SEALED, 300, GV_SOLD, 300},
                 {GV_VISIBLE_RESERVE_SEALED, 301, GV_RESERVE_NOT_MET, 0},
                 {GV_VISIBLE_RESERVE_SEALED, 0, GV_SOLD, 300}, /* false */
                 {GV_VISIBLE_FINAL_RESERVE, 301, GV_RESERVE_NOT_MET, 0}};
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t at = SAMPLE_OPENING_MS + 20000;

        stage_round(&g, cases[i].visibility, cases[i].reserve);
        assert_true(g.c->sum.sealed);
        tx[0] = sample_bid_sealed(&g.w.s, 0, 7, 900);
        assert_int_equal(world_try(&g.w, tx),
                         cases[i].visibility == GV_VISIBLE_FINAL_RESERVE
                             ? GV_ACCEPTED
                             : GV_WRONG_CHAIN);
        open_bid(&g, 0, 300, SAMPLE_OPENING_MS + 5000);
        cut(&g, at);
        tx[0] = our_outcome(&g);
        refuse_block(&g.w, g.c, GV_NO_SETFIXED, at + 300, tx, 1);
        fix(&g, at);
        tx[0] = sample_keyrelease(&g.w.s, 0);
        tx[1] = sample_keyrelease(&g.w.s, 1);
        accept_block_on_tip(&g.w, g.c, at + 2000, tx, 2);
        end(&g, at + 2500, cases[i].status, cases[i].price);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(A32_a_final_bid_wins_once_it_is_opened),
        cmocka_unit_test(R7_nothing_sealed_needs_no_opening),
        cmocka_unit_test(R4_a_sealed_bid_out_of_place_is_void),
        cmocka_unit_test(A32_a_bidder_opens_a_final_bid_alone),
        cmocka_unit_test(A24_an_open_auction_hides_its_reserve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
