/* One auction from its opening to its final outcome, and the registry beside
 * it, through the public calls alone. */
#include "tests/unit/state/fixture.h"

/* BID and its STAMP by every authority now; the BID. */
static struct gv_tx
bid_now(struct world *w, unsigned bidder, uint32_t seq, uint64_t amount)
{
    struct gv_tx bid = sample_bid(&w->s, bidder, seq, amount);
    struct gv_tx stamp = sample_stamp(&w->s, 0, w->now_ms * 1000, &bid, 1);

    world_add(w, &bid);
    world_add(w, &stamp);
    return bid;
}

static void
close_now(struct world *w)
{
    struct gv_tx close = sample_close(&w->s);
    struct gv_tx stamp = sample_stamp(&w->s, 0, w->now_ms * 1000, &close, 1);

    world_add(w, &close);
    world_add(w, &stamp);
}

/* Run until the chain waits for a CUTOFF, and give it one. */
static void
cut_off(struct world *w)
{
    struct gv_chain *c;
    struct gv_tx cutoff;

    for (int i = 0; i < 400; i++) {
        world_run(w, 250);
        if (gv_state_cutoffs_due(w->st, w->now_ms, 0, &c, 1) == 0)
            continue;
        cutoff = sample_cutoff(&w->s, &c->sum.tip, 1, w->now_ms * 1000);
        world_add(w, &cutoff);
        return;
    }
    fail_msg("no CUTOFF became due");
}

/* An auction of two bidders, with three bids; its chain. */
static struct gv_chain *
auction_with_bids(struct world *w)
{
    struct world_options o = {.own = 1};
    struct gv_chain *c;
    struct gv_tx enrol;

    world_make(w, &o);
    assert_int_equal(world_mine(w), 1);
    world_open_auction(w);
    c = world_auction(w);
    for (unsigned i = 0; i < 2; i++) {
        enrol = sample_enrol(&w->s, i);
        world_add(w, &enrol);
    }
    bid_now(w, 0, 1, 100);
    world_run(w, 2000);
    assert_int_equal(c->sum.bids, 1);
    bid_now(w, 1, 1, 250);
    w->now_ms += 1;
    bid_now(w, 0, 2, 200);
    world_run(w, 3000);
    assert_int_equal(c->sum.bids, 3);
    assert_int_equal(c->sum.accepted, 3);
    return c;
}

static void
end_it(struct world *w, const struct gv_chain *c)
{
    close_now(w);
    world_run(w, 2000);
    assert_true(c->sum.close_us != UINT64_MAX);
    cut_off(w);
    world_run(w, 250);
    assert_true(c->sum.cutoff_height > 0);
    world_run(w, 10000);
    assert_true(c->sum.outcome_height > 0);
    assert_true(gv_book_ended(c->book));
}

static void
happy_path(void **state)
{
    struct world w;
    struct gv_chain *c;
    struct gv_outcome ours;

    (void)state;
    c = auction_with_bids(&w);
    end_it(&w, c);
    gv_book_outcome(c->book, &ours);
    assert_memory_equal(&ours, &c->sum.outcome, sizeof(ours));
    assert_int_equal(ours.status, GV_SOLD);
    assert_int_equal(ours.price, 250);
    assert_memory_equal(ours.winner.b, w.s.bidder[1].cred.key.b, 32);
    world_free(&w);
}

/* Ticks look after chains that are awake; an auction that is over and was not
 * asked for is none of them, until it is. */
static void
what_is_over_sleeps(void **state)
{
    struct world w;
    struct gv_chain *c;

    (void)state;
    c = auction_with_bids(&w);
    assert_int_equal(w.st->awakes, 2);
    end_it(&w, c);
    assert_true(c->loaded);
    assert_int_equal(w.st->awakes, 2);
    world_run(&w, 31000);
    assert_false(c->loaded);
    assert_int_equal(w.st->awakes, 1);
    assert_ptr_equal(w.st->awake[0], gv_state_registry(w.st));
    world_commit(&w);
    assert_int_equal(gv_chain_load(w.st, c, w.now_ms), GV_OK);
    assert_int_equal(w.st->awakes, 2);
    assert_true(GV_ID_CMP(&w.st->awake[0]->id, &w.st->awake[1]->id) < 0);
    world_run(&w, 31000);
    assert_int_equal(w.st->awakes, 1);
    world_commit(&w);
    world_restart(&w);
    assert_int_equal(w.st->chains, 2);
    assert_int_equal(w.st->awakes, 1);
    world_free(&w);
}

/* What is not over is awake from the start: it may be due. */
static void
what_is_not_over_wakes_with_the_node(void **state)
{
    struct world w;
    struct gv_chain *c;

    (void)state;
    c = auction_with_bids(&w);
    close_now(&w);
    world_run(&w, 2000);
    world_commit(&w);
    world_restart(&w);
    assert_int_equal(w.st->awakes, 2);
    cut_off(&w);
    world_run(&w, 10000);
    c = world_auction(&w);
    assert_true(gv_book_ended(c->book));
    world_free(&w);
}

/* An auction in which nothing happens leaves memory, and is found by a bid; it
 * wakes by itself when its CUTOFF is due. */
static void
what_is_idle_sleeps_until_its_end(void **state)
{
    struct world w;
    struct gv_chain *c;

    (void)state;
    c = auction_with_bids(&w);
    assert_true(GV_ID_EQ(&c->sum.justified, &c->sum.tip));
    world_commit(&w);
    world_run(&w, 4 * w.s.open.terms.d_ms);
    assert_true(c->loaded); /* V4 may want what it has in memory */
    world_run(&w, 32000);
    assert_false(c->loaded);
    assert_int_equal(w.st->awakes, 1);
    assert_int_equal(w.st->sleepers, 1);
    bid_now(&w, 1, 2, 300);
    assert_true(c->loaded);
    world_run(&w, 2000);
    assert_int_equal(c->sum.bids, 4);
    assert_int_equal(c->sum.accepted, 4);
    close_now(&w);
    world_run(&w, 2000);
    world_commit(&w);
    world_restart(&w);
    c = world_auction(&w);
    assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
    assert_int_equal(w.st->awakes, c->loaded ? 2 : 1);
    gv_chain_unload(c);
    assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
    assert_int_equal(w.st->awakes, 1);
    assert_int_equal(w.st->sleepers, 1);
    assert_true(w.st->next_due_ms > w.now_ms);
    cut_off(&w);
    assert_int_equal(w.st->awakes, 2);
    world_run(&w, 10000);
    assert_true(gv_book_ended(c->book));
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(happy_path),
        cmocka_unit_test(what_is_over_sleeps),
        cmocka_unit_test(what_is_not_over_wakes_with_the_node),
        cmocka_unit_test(what_is_idle_sleeps_until_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
