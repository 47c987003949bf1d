/* Equal bids: trusted time decides, then the tie hash, and never the place in
 * a block or the block (O1). */
#include "tests/unit/state/stage.h"

#define AMOUNT 500

/* Bidder's BID of AMOUNT and its STAMP at t_us. */
static void
equal_bid(struct stage *g, unsigned bidder, uint64_t t_us, struct gv_tx out[2])
{
    out[0] = sample_bid(&g->w.s, bidder, 1, AMOUNT);
    out[1] = sample_stamp(&g->w.s, 0, t_us, &out[0], 1);
}

static void
expect_winner(const struct stage *g, const struct gv_tx *bid)
{
    struct gv_outcome o;

    gv_book_outcome(g->c->book, &o);
    assert_int_equal(o.status, GV_SOLD);
    assert_int_equal(o.price, AMOUNT);
    assert_memory_equal(o.winner.b, bid->u.bid.bidder.b, 32);
}

/* The earlier one stands behind the other in one block, or a block later. */
static void
S0_09_the_earlier_of_equal_bids_wins_in_any_order(void **state)
{
    (void)state;
    for (unsigned early = 0; early < 2; early++)
        for (unsigned blocks = 1; blocks <= 2; blocks++)
            for (unsigned swap = 0; swap < 2; swap++) {
                struct stage g;
                struct gv_tx p[2][2], both[4];
                unsigned first = swap ? early : !early;

                stage_plain(&g);
                equal_bid(&g, 0, US(START + 500) + (early != 0), p[0]);
                equal_bid(&g, 1, US(START + 500) + (early != 1), p[1]);
                memcpy(both, p[first], sizeof(p[first]));
                memcpy(both + 2, p[!first], sizeof(p[!first]));
                if (blocks == 1) {
                    accept_block_on_tip(&g.w, g.c, START + 1000, both, 4);
                } else {
                    accept_block_on_tip(&g.w, g.c, START + 1000, both, 2);
                    accept_block_on_tip(&g.w, g.c, START + 1250, both + 2, 2);
                }
                expect_winner(&g, p[early]);
                world_free(&g.w);
            }
}

/* One token over both: only the tie hash can tell them apart. */
static void
S0_09_the_tie_hash_decides_at_one_time(void **state)
{
    (void)state;
    for (unsigned swap = 0; swap < 2; swap++) {
        struct stage g;
        struct gv_tx tx[3];
        struct gv_tx_facts facts;
        struct gv_reject why;
        uint8_t tie[2][32];

        stage_plain(&g);
        tx[swap] = sample_bid(&g.w.s, 0, 1, AMOUNT);
        tx[!swap] = sample_bid(&g.w.s, 1, 1, AMOUNT);
        tx[2] = sample_stamp(&g.w.s, 0, US(START + 500), tx, 2);
        assert_int_equal(gv_tx_facts_of(&tx[2], &facts, &why), GV_OK);
        for (unsigned i = 0; i < 2; i++)
            gv_tie(facts.tst[0].info_hash, tx[i].u.bid.id.b, tie[i]);
        accept_block_on_tip(&g.w, g.c, START + 1000, tx, 3);
        expect_winner(&g, &tx[memcmp(tie[1], tie[0], 32) < 0]);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_09_the_earlier_of_equal_bids_wins_in_any_order),
        cmocka_unit_test(S0_09_the_tie_hash_decides_at_one_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
