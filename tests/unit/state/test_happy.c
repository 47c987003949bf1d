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

static void
happy_path(void **state)
{
    struct world_options o = {.own = 1};
    struct world w;
    struct gv_chain *c;
    struct gv_outcome ours;

    (void)state;
    world_make(&w, &o);
    assert_int_equal(world_mine(&w), 1);
    world_open_auction(&w);
    c = world_auction(&w);
    {
        struct gv_tx e0 = sample_enrol(&w.s, 0), e1 = sample_enrol(&w.s, 1);

        world_add(&w, &e0);
        world_add(&w, &e1);
    }
    bid_now(&w, 0, 1, 100);
    world_run(&w, 2000);
    assert_int_equal(c->sum.bids, 1);
    bid_now(&w, 1, 1, 250);
    w.now_ms += 1;
    bid_now(&w, 0, 2, 200);
    world_run(&w, 3000);
    assert_int_equal(c->sum.bids, 3);
    assert_int_equal(c->sum.accepted, 3);
    close_now(&w);
    world_run(&w, 2000);
    assert_true(c->sum.close_us != UINT64_MAX);
    cut_off(&w);
    world_run(&w, 250);
    assert_true(c->sum.cutoff_height > 0);
    world_run(&w, 10000);
    assert_true(c->sum.outcome_height > 0);
    assert_true(gv_book_ended(c->book));
    gv_book_outcome(c->book, &ours);
    assert_memory_equal(&ours, &c->sum.outcome, sizeof(ours));
    assert_int_equal(ours.status, GV_SOLD);
    assert_int_equal(ours.price, 250);
    assert_memory_equal(ours.winner.b, w.s.bidder[1].cred.key.b, 32);
    world_free(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(happy_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
