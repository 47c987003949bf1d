/* A reserve that is sealed with the bids (A24). */
#include "tests/unit/state/sealed_stage.h"

/* Bids of 300 and 500, Vickrey, with a hidden reserve, ready to be opened. */
static void
stage_reserve(struct stage *g, uint64_t reserve)
{
    struct gv_tx bid[2];

    stage_sealed_by(g, GV_PRICE_VICKREY, GV_VISIBLE_SEALED_RESERVE, reserve);
    bid_twice(g, bid);
    settle(g);
}

static void
assert_outcome(struct stage *g, enum gv_status status, uint64_t price)
{
    struct gv_outcome o;

    gv_book_outcome(g->c->book, &o);
    assert_int_equal(o.status, status);
    assert_int_equal(o.price, price);
}

static void
release(struct stage *g, unsigned from)
{
    struct gv_tx key[2] = {sample_keyrelease(&g->w.s, from),
                           sample_keyrelease(&g->w.s, (from + 1) % 3)};

    accept_block_on_tip(&g->w, g->c, PAST + 2000, key, 2);
}

static void
A24_keys_open_the_reserve(void **state)
{
    static const struct {
        uint64_t reserve;
        enum gv_status status;
        uint64_t price;
    } cases[] = {{299, GV_SOLD, 300},
                 {400, GV_SOLD, 400},
                 {500, GV_SOLD, 500},
                 {501, GV_RESERVE_NOT_MET, 0},
                 {0, GV_SOLD, 300}}; /* false: as if there were none */
    struct stage g;

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        stage_reserve(&g, cases[i].reserve);
        assert_outcome(&g, GV_NO_BID, 0);
        release(&g, i % 3);
        assert_outcome(&g, cases[i].status, cases[i].price);
        world_free(&g.w);
    }
}

static void
A24_the_seller_opens_it_alone(void **state)
{
    struct stage g;
    struct gv_tx tx[3], bid[2];

    (void)state;
    for (unsigned opens = 0; opens < 2; opens++) {
        stage_sealed_by(&g, GV_PRICE_VICKREY, GV_VISIBLE_SEALED_RESERVE, 400);
        bid_twice(&g, bid);
        tx[0] = sample_reserve_opening(&g.w.s);
        refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 2000, tx, 1);
        settle(&g);
        tx[1] = tx[0];
        refuse_block(&g.w, g.c, GV_DUPLICATE, PAST + 2000, tx, 2);
        tx[1].u.opening.es[3] ^= 1;
        tx[1] = sample_tx(&g.w.s, &tx[1], NULL);
        refuse_block(&g.w, g.c, GV_BAD_SEAL, PAST + 2000, &tx[1], 1);
        tx[1] = sample_opening(&g.w.s, &bid[0], 0);
        tx[2] = sample_opening(&g.w.s, &bid[1], 1);
        accept_block_on_tip(&g.w, g.c, PAST + 2000, tx + !opens, 2 + opens);
        tx[0] = cutoff_at(&g, US(OVER) + 1);
        accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 1);
        assert_outcome(&g, GV_SOLD, opens ? 400 : 300);
        world_free(&g.w);
    }
}

static void
blocks_come_off_and_go_on(void **state)
{
    struct stage g;
    struct gv_tx tx;
    uint8_t before[32], after[32], now[32];

    (void)state;
    stage_reserve(&g, 400);
    book_digest(g.c->book, before);
    tx = sample_reserve_opening(&g.w.s);
    accept_block_on_tip(&g.w, g.c, PAST + 1750, &tx, 1);
    release(&g, 1);
    book_digest(g.c->book, after);
    book_from_scratch(&g.w, g.c, now);
    assert_memory_equal(now, after, 32);
    assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
    assert_outcome(&g, GV_NO_BID, 0);
    assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
    book_digest(g.c->book, now);
    assert_memory_equal(now, before, 32);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    book_digest(g.c->book, now);
    assert_memory_equal(now, after, 32);
    assert_outcome(&g, GV_SOLD, 400);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(A24_keys_open_the_reserve),
        cmocka_unit_test(A24_the_seller_opens_it_alone),
        cmocka_unit_test(blocks_come_off_and_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
