/* An anonymous auction of several lots: each that is sold is an award, with
 * DISCLOSEs and words of its own (A33, C10, C17). */
#include "tests/unit/state/stage.h"

#define E_MS (START + 10500)
#define PAST (E_MS + 5000)
#define LOTS 3

static void
anonymous_lots(struct stage *g)
{
    struct world_options o = {.own = 0};
    uint8_t list[128];
    struct gv_sink s = gv_sink_buffer(list, sizeof(list));

    for (unsigned i = 0; i < LOTS; i++) {
        gv_put_b8(&s, gv_bytes("Lot", 3));
        gv_put_u64(&s, 0);
        gv_put_u64(&s, 0);
    }
    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.identity = GV_ANONYMOUS;
    g->terms.lots = LOTS;
    g->terms.lot_list = gv_bytes(list, s.len);
    o.sample.terms = &g->terms;
    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 100000;
}

/* A bid for a lot, and its STAMP. */
static void
bid_for(struct stage *g, unsigned bidder, uint8_t lot, uint64_t amount,
        struct gv_tx out[2])
{
    struct gv_tx tx = sample_bid(&g->w.s, bidder, lot, amount);

    tx.u.bid.lot = lot;
    out[0] = sample_tx(&g->w.s, &tx, &g->w.s.bidder[bidder].secret);
    out[1] = sample_stamp(&g->w.s, 0, US(START + 500), &out[0], 1);
}

/* Up to the block that ends the auction: bidder 0 has bought lots 1 and 3, and
 * nobody bid for lot 2. */
static uint64_t
sell(struct stage *g, unsigned issued)
{
    uint8_t room[GV_RESULTS_ROOM];
    struct gv_outcome o;
    struct gv_tx tx[12];
    size_t n = 0;

    anonymous_lots(g);
    tx[n++] = sample_enrol_anonymous(&g->w.s, 0);
    tx[n++] = sample_enrol_anonymous(&g->w.s, 1);
    bid_for(g, 0, 1, 200, tx + n);
    bid_for(g, 1, 1, 100, tx + n + 2);
    bid_for(g, 0, 3, 50, tx + n + 4);
    n += 6;
    tx[n++] = sample_close(&g->w.s);
    tx[n] = sample_stamp(&g->w.s, 0, US(START + 500), &tx[n - 1], 1);
    n++;
    tx[n++] = sample_issued(&g->w.s, issued);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, n);
    tx[0] = sample_cutoff(&g->w.s, &g->c->sum.tip, 1, US(PAST) + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1, tx, 1);
    gv_book_outcome_lots(g->c->book, &o, room);
    tx[0] = sample_outcome(&g->w.s, &o);
    accept_block_on_tip(&g->w, g->c, PAST + 251, tx, 1); /* 3: Y */
    tx[0] = final_of(g, 0, 3);
    accept_block_on_tip(&g->w, g->c, PAST + 1251, tx, 1);
    tx[0] = final_of(g, 3, 4);
    accept_block_on_tip(&g->w, g->c, PAST + 2251, tx, 1);
    assert_true(gv_book_ended(g->c->book));
    return PAST + 2251;
}

static struct gv_tx
disclose(struct stage *g, uint8_t award, unsigned side)
{
    struct gv_tx tx = sample_disclose(&g->w.s, 0, (uint8_t)side);

    tx.u.disclose.award = award;
    return sample_tx(&g->w.s, &tx, &g->w.s.notary[0].secret);
}

static void
S0_14_each_sold_lot_is_disclosed_once_C10(void **state)
{
    static const uint8_t none[] = {0, 2, 4, 64};
    struct stage g;
    struct gv_tx tx[3];
    uint64_t t;

    (void)state;
    t = sell(&g, 2);
    for (size_t i = 0; i < sizeof(none); i++) {
        tx[0] = disclose(&g, none[i], GV_WINNER_TO_SELLER);
        refuse_block(&g.w, g.c, GV_WRONG_PHASE, t + 250, tx, 1);
        assert_int_equal(world_try(&g.w, &tx[0]), GV_WRONG_PHASE);
    }
    tx[0] = disclose(&g, 1, GV_WINNER_TO_SELLER);
    tx[1] = disclose(&g, 3, GV_WINNER_TO_SELLER);
    tx[2] = tx[0];
    refuse_block(&g.w, g.c, GV_DUPLICATE, t + 250, tx, 3);
    accept_block_on_tip(&g.w, g.c, t + 250, tx, 2);
    assert_int_equal(world_try(&g.w, &tx[1]), GV_DUPLICATE);
    tx[0] = disclose(&g, 1, GV_SELLER_TO_WINNER);
    world_add(&g.w, &tx[0]);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(gv_chain_load(g.w.st, g.c, g.w.now_ms), GV_OK);
    assert_int_equal(g.c->book->award[1].disclosed[GV_WINNER_TO_SELLER], 1);
    assert_int_equal(g.c->book->award[3].disclosed[GV_WINNER_TO_SELLER], 1);
    assert_int_equal(g.c->book->award[3].disclosed[GV_SELLER_TO_WINNER], 0);
    refuse_block(&g.w, g.c, GV_DUPLICATE, t + 500, &tx[1], 1);
    accept_block_on_tip(&g.w, g.c, t + 500, tx, 1);
    world_free(&g.w);
}

static void
a_void_auction_discloses_no_lot_C8(void **state)
{
    struct stage g;
    struct gv_tx tx;
    uint64_t t;

    (void)state;
    t = sell(&g, 1); /* of two who are enrolled */
    for (uint8_t lot = 0; lot <= LOTS; lot++) {
        tx = disclose(&g, lot, GV_WINNER_TO_SELLER);
        refuse_block(&g.w, g.c, GV_WRONG_PHASE, t + 250, &tx, 1);
    }
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_14_each_sold_lot_is_disclosed_once_C10),
        cmocka_unit_test(a_void_auction_discloses_no_lot_C8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
