/* Lots with sealed bids: one opening for all of them, and then each by itself
 * (A33, A23, A24, C14, C15). */
#include "tests/unit/state/sealed_stage.h"

#define LOTS 3

/* What each lot comes to: its status, and the price of a sold one. */
struct want {
    enum gv_status status;
    uint64_t price;
};

static void
stage_lots(struct stage *g, uint8_t visibility, uint64_t reserve)
{
    struct world_options o = {.sample.reserve = reserve};
    uint8_t list[128];
    struct gv_sink s = gv_sink_buffer(list, sizeof(list));

    for (unsigned i = 0; i < LOTS; i++) {
        gv_put_b8(&s, gv_bytes("Lot", 3));
        gv_put_u64(&s, i == 1 ? 150 : 0);
        gv_put_u64(&s, 0);
    }
    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.visibility = visibility;
    g->terms.opening_period_ms = R_MS;
    g->terms.direction = GV_REVERSE;
    g->terms.pricing = GV_PRICE_VICKREY;
    g->terms.lots = LOTS;
    g->terms.lot_list = gv_bytes(list, s.len);
    o.sample.terms = &g->terms;
    stage_make(g, o);
}

static struct gv_tx
bid_for(struct stage *g, unsigned bidder, uint32_t seq, uint8_t lot,
        uint64_t amount)
{
    struct gv_tx tx = sample_bid_sealed(&g->w.s, bidder, seq, amount);

    tx.u.bid.lot = lot;
    return sample_tx(&g->w.s, &tx, &g->w.s.bidder[bidder].secret);
}

/* Lot 1: 300 and 500; lot 2, which asks for 150 at most: 151; lot 3: none; and
 * one for a lot that is not there. Up to where they may be opened. */
static void
bid_for_lots(struct stage *g, struct gv_tx bid[4])
{
    struct gv_tx tx[7];

    bid[0] = bid_for(g, 0, 1, 1, 300);
    bid[1] = bid_for(g, 1, 1, 1, 500);
    bid[2] = bid_for(g, 1, 2, 2, 151);
    bid[3] = bid_for(g, 0, 2, LOTS + 1, 1);
    memcpy(tx, bid, 4 * sizeof(*tx));
    tx[4] = sample_close(&g->w.s);
    tx[5] = sample_stamp(&g->w.s, 0, US(START + 400), tx, 4);
    tx[6] = sample_stamp(&g->w.s, 0, US(START + 500), tx + 4, 1);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, 7);
    settle(g);
}

static void
assert_lots(struct stage *g, const struct want want[LOTS])
{
    struct gv_result r;

    for (unsigned i = 0; i < LOTS; i++) {
        gv_book_result(g->c->book, i, &r);
        assert_int_equal(r.status, want[i].status);
        assert_true(r.price == want[i].price);
    }
}

static struct gv_tx
outcome_of_lots(struct stage *g, uint8_t room[GV_RESULTS_ROOM])
{
    struct gv_outcome o;

    gv_book_outcome_lots(g->c->book, &o, room);
    return sample_outcome(&g->w.s, &o);
}

static void
keys_open_the_bids_for_all_lots_C14(void **state)
{
    static const struct want none[LOTS] = {
        {GV_NO_BID, 0}, {GV_NO_BID, 0}, {GV_NO_BID, 0}};
    static const struct want all[LOTS] = {
        {GV_SOLD, 500}, {GV_NO_BID, 0}, {GV_NO_BID, 0}};
    uint8_t room[GV_RESULTS_ROOM];
    struct gv_tx bid[4], tx[2];
    struct stage g;

    (void)state;
    stage_lots(&g, GV_VISIBLE_SEALED, 0);
    bid_for_lots(&g, bid);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    accept_block_on_tip(&g.w, g.c, PAST + 1501, tx, 1);
    assert_lots(&g, none);
    assert_int_equal(code_of(&g, &bid[2]), GV_NOT_OPENED);
    assert_int_equal(code_of(&g, &bid[3]), GV_NO_LOT);
    tx[0] = outcome_of_lots(&g, room);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 1751, tx, 1);
    tx[0] = sample_keyrelease(&g.w.s, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 1751, tx, 1);
    assert_lots(&g, all);
    assert_int_equal(code_of(&g, &bid[0]), GV_ACCEPTED);
    assert_int_equal(code_of(&g, &bid[2]), GV_BELOW_FIRST);
    assert_int_equal(code_of(&g, &bid[3]), GV_NO_LOT);
    tx[0] = outcome_of_lots(&g, room);
    accept_block_on_tip(&g.w, g.c, PAST + 2001, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_SOLD);
    world_free(&g.w);
}

/* Too few keys: what its bidder opens counts in its lot, up to the deadline. */
static void
openings_count_lot_by_lot_C15(void **state)
{
    static const struct want want[LOTS] = {
        {GV_SOLD, 500}, {GV_NO_BID, 0}, {GV_NO_BID, 0}};
    struct gv_tx bid[4], tx[3];
    struct stage g;

    (void)state;
    stage_lots(&g, GV_VISIBLE_SEALED, 0);
    bid_for_lots(&g, bid);
    tx[0] = sample_keyrelease(&g.w.s, 1);
    tx[1] = sample_opening(&g.w.s, &bid[1], 1);
    tx[2] = sample_opening(&g.w.s, &bid[3], 0);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 3);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 1);
    assert_lots(&g, want);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    assert_int_equal(code_of(&g, &bid[1]), GV_ACCEPTED);
    assert_int_equal(code_of(&g, &bid[2]), GV_NOT_OPENED);
    assert_int_equal(code_of(&g, &bid[3]), GV_NO_LOT);
    tx[0] = sample_opening(&g.w.s, &bid[0], 0);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, OVER + 251, tx, 1);
    world_free(&g.w);
}

/* One reserve that nobody saw is that of each lot. */
static void
a_hidden_reserve_is_that_of_each_lot_A24(void **state)
{
    static const struct {
        uint64_t reserve;
        struct want want[LOTS];
    } cases[] = {{200, {{GV_RESERVE_NOT_MET, 0}, {GV_SOLD, 150}, {1, 0}}},
                 {400, {{GV_SOLD, 400}, {GV_SOLD, 150}, {1, 0}}},
                 {0, {{GV_SOLD, 500}, {GV_SOLD, 150}, {1, 0}}}};
    struct gv_tx bid[4], tx[4];
    struct stage g;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        stage_lots(&g, GV_VISIBLE_SEALED_RESERVE, cases[i].reserve);
        tx[0] = bid_for(&g, 0, 7, 2, 140);
        tx[1] = sample_stamp(&g.w.s, 0, US(START + 300), tx, 1);
        accept_block_on_tip(&g.w, g.c, START + 500, tx, 2);
        bid_for_lots(&g, bid);
        tx[0] = sample_keyrelease(&g.w.s, i);
        tx[1] = sample_keyrelease(&g.w.s, (i + 1) % 3);
        accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
        assert_lots(&g, cases[i].want);
        world_free(&g.w);
    }
}

/* Keys come off and go on again, in other blocks, and a node starts anew. */
static void
reorganisations_open_lots_again(void **state)
{
    static const struct want none[LOTS] = {
        {GV_NO_BID, 0}, {GV_NO_BID, 0}, {GV_NO_BID, 0}};
    static const struct want all[LOTS] = {
        {GV_SOLD, 500}, {GV_NO_BID, 0}, {GV_NO_BID, 0}};
    uint8_t room[GV_RESULTS_ROOM], before[32], digest[32], now[32];
    struct gv_tx bid[4], tx[2];
    struct stage g;
    struct gv_bytes raw;
    uint32_t parent, w;

    (void)state;
    stage_lots(&g, GV_VISIBLE_SEALED, 0);
    bid_for_lots(&g, bid);
    parent = g.c->tip;
    book_digest(g.c->book, before);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_keyrelease(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
    assert_lots(&g, all);
    tx[0] = sample_keyrelease(&g.w.s, 2);
    raw = world_block_on(&g.w, g.c, parent, PAST + 2001, tx, 2);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    w = (uint32_t)g.c->tree.count - 1;
    assert_int_not_equal(g.c->tip, w);
    tx[0] = outcome_of_lots(&g, room);
    raw = world_block_on(&g.w, g.c, w, PAST + 2251, tx, 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.c->tree.node[g.c->tip].parent, w);
    assert_lots(&g, all);
    book_digest(g.c->book, digest);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(gv_chain_load(g.w.st, g.c, g.w.now_ms), GV_OK);
    book_digest(g.c->book, now);
    assert_memory_equal(now, digest, 32);
    assert_lots(&g, all);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
    assert_lots(&g, none);
    book_digest(g.c->book, now);
    assert_memory_equal(now, before, 32);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_open_the_bids_for_all_lots_C14),
        cmocka_unit_test(openings_count_lot_by_lot_C15),
        cmocka_unit_test(a_hidden_reserve_is_that_of_each_lot_A24),
        cmocka_unit_test(reorganisations_open_lots_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
