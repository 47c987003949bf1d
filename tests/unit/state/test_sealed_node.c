/* Sealed auctions there and back, and what a node does with them by itself. */
#include "tests/unit/state/sealed_stage.h"

/* Blocks come off in reverse and go on again, and a node starts anew: the book
 * is the same at every height. */
static void
every_block_comes_off_again(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3];
    uint8_t digest[16][32], now[32];
    uint32_t top;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx[0] = sample_keyrelease(&g.w.s, 2);
    tx[1] = sample_opening(&g.w.s, &bid[0], 0);
    accept_block_on_tip(&g.w, g.c, PAST + 1501, tx, 2);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_opening(&g.w.s, &bid[1], 1);
    accept_block_on_tip(&g.w, g.c, PAST + 1751, tx, 2);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, PAST + 2001, tx, 1);
    accept_block_on_tip(&g.w, g.c, PAST + 3001, NULL, 0);
    top = g.c->sum.height;
    book_digest(g.c->book, digest[top]);
    book_from_scratch(&g.w, g.c, now);
    assert_memory_equal(now, digest[top], 32);
    for (uint32_t h = top; h > 0; h--) {
        assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
        book_digest(g.c->book, digest[h - 1]);
    }
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    book_digest(g.c->book, now);
    assert_memory_equal(now, digest[top], 32);
    for (uint32_t h = 1; h <= top; h++)
        assert_memory_not_equal(digest[h], digest[h - 1], 32);
    for (uint32_t h = top; h > 0; h--) {
        assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
        book_digest(g.c->book, now);
        assert_memory_equal(now, digest[h - 1], 32);
    }
    world_free(&g.w);
}

/* From bids to the end by mempool, template and votes. */
static void
a_node_brings_it_to_the_end(void **state)
{
    struct world_options o = {.own = 1};
    struct gv_tx bid, tx[3], key;
    struct gv_terms terms;
    struct world w;
    struct gv_chain *c;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.visibility = GV_VISIBLE_SEALED;
    terms.opening_period_ms = R_MS;
    o.sample.terms = &terms;
    world_make(&w, &o);
    world_open_auction(&w);
    c = world_auction(&w);
    tx[0] = sample_enrol(&w.s, 0);
    tx[1] = sample_enrol(&w.s, 1);
    world_add(&w, &tx[0]);
    world_add(&w, &tx[1]);
    world_run(&w, 2000);
    bid = sample_bid_sealed(&w.s, 0, 1, 700);
    tx[0] = sample_close(&w.s);
    tx[1] = sample_stamp(&w.s, 0, US(w.now_ms), &bid, 1);
    tx[2] = sample_stamp(&w.s, 0, US(w.now_ms) + 1, tx, 1);
    w.now_ms += 250;
    world_add(&w, &bid);
    for (unsigned i = 0; i < 3; i++)
        world_add(&w, &tx[i]);
    world_run(&w, 17000);
    key = sample_keyrelease(&w.s, 1);
    assert_int_equal(world_try(&w, &key), GV_WRONG_PHASE);
    assert_true(US(w.now_ms) > c->sum.cutoff_after_us);
    tx[0] = sample_cutoff(&w.s, &c->sum.tip, 1, US(w.now_ms));
    world_add(&w, &tx[0]);
    world_run(&w, 8000);
    assert_true(c->sum.settled_height > 0);
    assert_int_equal(c->sum.opened_height, 0);
    assert_int_equal(c->sum.height, c->sum.settled_height); /* R8 */
    world_add(&w, &key);
    world_run(&w, 3000);
    assert_int_equal(c->book->released, 2);
    assert_int_equal(c->sum.opened_height, 0);
    key = sample_keyrelease(&w.s, 2);
    world_add(&w, &key);
    world_run(&w, 9000);
    assert_true(gv_book_ended(c->book));
    assert_int_equal(c->sum.outcome.status, GV_SOLD);
    assert_int_equal(c->sum.outcome.price, 700);
    world_free(&w);
}

/* Without keys the second CUTOFF is asked for, and mined. */
static void
a_node_ends_an_opening_that_nobody_serves(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;
    struct gv_chain *due;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    g.w.now_ms = OVER;
    assert_int_equal(gv_state_cutoffs_due(g.w.st, OVER, 0, &due, 1), 0);
    g.w.now_ms = OVER + 1;
    assert_int_equal(gv_state_cutoffs_due(g.w.st, OVER + 1, 0, &due, 1), 1);
    assert_ptr_equal(due, g.c);
    assert_int_equal(world_mine(&g.w), 1); /* the registry alone */
    tx = cutoff_at(&g, US(OVER) + 1);
    world_add(&g.w, &tx);
    tx = sample_opening(&g.w.s, &bid[1], 1);
    world_add(&g.w, &tx);
    world_run(&g.w, 3000);
    assert_true(g.c->sum.outcome_height > 0);
    assert_int_equal(g.c->sum.outcome.price, 500);
    assert_null(g.c->pool.of[GV_POOL_DEEDS].first);
    world_free(&g.w);
}

/* The task that brings the last key opens the bids, on any thread; a false key
 * finds nothing, and a wrong one cannot poison what others find. */
static void
the_task_of_a_key_opens_bids(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;
    struct gv_task *t, *again;
    struct gv_reject why;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx = sample_keyrelease(&g.w.s, 0);
    world_add(&g.w, &tx);
    assert_int_equal(g.c->book->opened[0].look, GV_LOOK_NOT_YET);
    tx = sample_keyrelease(&g.w.s, 1);
    tx.u.keyrelease.secret[9] ^= 1;
    tx = sample_tx(&g.w.s, &tx, NULL);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_SIGNATURE);
    assert_int_equal(g.c->book->opened[0].look, GV_LOOK_NOT_YET);
    assert_false(g.c->looking);
    tx = sample_keyrelease(&g.w.s, 2);
    assert_int_equal(gv_task_tx(g.w.st, tx.raw, g.w.now_ms, &t, &why), GV_OK);
    assert_int_equal(gv_task_size(t), 1 + 2);
    assert_int_equal(gv_task_tx(g.w.st, tx.raw, g.w.now_ms, &again, &why),
                     GV_OK);
    assert_int_equal(gv_task_size(again), 1); /* one does it */
    gv_task_free(again);
    gv_task_free(t); /* dropped before it was accepted */
    assert_false(g.c->looking);
    assert_int_equal(gv_task_tx(g.w.st, tx.raw, g.w.now_ms, &t, &why), GV_OK);
    assert_int_equal(gv_task_size(t), 1 + 2);
    gv_task_verify(t, g.w.s.keys, 2, 3);
    gv_task_verify(t, g.w.s.keys, 0, 2);
    assert_int_equal(gv_task_accept(g.w.st, t, g.w.now_ms, NULL, &why), GV_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(g.c->book->opened[i].look, GV_LOOK_OPENS);
        assert_int_equal(code_of(&g, &bid[i]), GV_NOT_OPENED);
    }
    assert_int_equal(g.c->book->opened[1].amount, 500);
    world_run(&g.w, 3000);
    assert_int_equal(g.c->sum.outcome.price, 500);
    world_free(&g.w);
}

static size_t
stamps_waiting(const struct gv_chain *c)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_STAMPS].first;
    size_t n = 0;

    for (; e; e = e->next)
        n++;
    return n;
}

/* Who has a blind authority date a bid many times and shows the last token
 * first, alone or beside leaves of nothing, fills no mempool; the earliest
 * counts. One STAMP of two bids stays while it dates one of them. */
static void
R5_ever_earlier_stamps_fill_no_mempool(void **state)
{
    struct world_options o = {.sample.authorities = 3, .sample.blind = true};
    const struct gv_pool_tx *e;
    struct stage g;
    struct gv_tx bid[2], nobodys, tx;
    uint64_t now_us;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &g.terms);
    g.terms.visibility = GV_VISIBLE_SEALED;
    g.terms.opening_period_ms = R_MS;
    o.sample.terms = &g.terms;
    stage_make(&g, o);
    now_us = US(g.w.now_ms);
    for (unsigned i = 0; i < 2; i++) {
        bid[i] = sample_bid_sealed(&g.w.s, i, 1, 100);
        world_add(&g.w, &bid[i]);
    }
    nobodys = sample_bid_sealed(&g.w.s, 0, 2, 100);
    tx = sample_stamp(&g.w.s, 1, now_us, bid, 2);
    world_add(&g.w, &tx);
    for (unsigned i = 1; i <= 40; i++) {
        struct gv_tx two[2] = {bid[0], nobodys};

        tx = sample_stamp(&g.w.s, 1, now_us - i * 1000, two, 1 + i % 2);
        world_add(&g.w, &tx);
        assert_int_equal(stamps_waiting(g.c), 2);
    }
    e = gv_pool_find_leaf(&g.w.st->pool, bid[0].u.bid.leaf);
    assert_int_equal(e->marks, 1);
    assert_int_equal(e->t_us, UINT64_MAX);
    tx = sample_stamp(&g.w.s, 0, now_us - 100000, bid, 1);
    world_add(&g.w, &tx);
    assert_int_equal(e->t_us, now_us - 40 * 1000);
    tx = sample_stamp(&g.w.s, 1, now_us - 50000, bid + 1, 1);
    world_add(&g.w, &tx);
    assert_int_equal(stamps_waiting(g.c), 3);
    world_free(&g.w);
}

/* A token that will soon be too late neither takes the place of a new one nor
 * keeps it out: the bid would wait for a block with neither. */
static void
R5_an_old_stamp_leaves_a_new_one_its_place(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        struct world_options o = {.sample.blind = true};
        const struct gv_pool_tx *e;
        struct stage g;
        struct gv_tx bid, old, fresh;
        uint64_t now_us;

        gv_terms_default(gv_params_find("regtest"), &g.terms);
        g.terms.visibility = GV_VISIBLE_SEALED;
        g.terms.opening_period_ms = R_MS;
        o.sample.terms = &g.terms;
        stage_make(&g, o);
        now_us = US(g.w.now_ms);
        bid = sample_bid_sealed(&g.w.s, 0, 1, 100);
        old = sample_stamp(&g.w.s, 0, now_us - US(g.terms.d_ms) + 200000, &bid,
                           1);
        fresh = sample_stamp(&g.w.s, 0, now_us - 1000, &bid, 1);
        world_add(&g.w, &bid);
        world_add(&g.w, first ? &old : &fresh);
        world_add(&g.w, first ? &fresh : &old);
        e = gv_pool_find_leaf(&g.w.st->pool, bid.u.bid.leaf);
        assert_int_equal(e->marks, 2);
        g.w.now_ms += 300;
        assert_int_equal(gv_state_tick(g.w.st, g.w.now_ms), GV_OK);
        e = gv_pool_find_leaf(&g.w.st->pool, bid.u.bid.leaf);
        assert_int_equal(e->class, GV_POOL_BIDS);
        assert_int_equal(e->t_us, now_us - 1000);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_comes_off_again),
        cmocka_unit_test(the_task_of_a_key_opens_bids),
        cmocka_unit_test(a_node_brings_it_to_the_end),
        cmocka_unit_test(a_node_ends_an_opening_that_nobody_serves),
        cmocka_unit_test(R5_ever_earlier_stamps_fill_no_mempool),
        cmocka_unit_test(R5_an_old_stamp_leaves_a_new_one_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
