/* Several authorities and several validators: bids that too few have stamped,
 * each authority's own stamp, and whose turn it is to make a block. */
#include "tests/unit/state/stage.h"

#include "chain/state/draft.h"

static struct gv_pool_tx *
waiting(struct stage *g, const struct gv_tx *tx)
{
    struct gv_tx_id id;

    gv_tx_id_of(tx->raw, &id);
    return gv_pool_find(&g->w.st->pool, &id);
}

static void
stamp(struct stage *g, const struct gv_tx *bid, unsigned authority,
      uint64_t t_ms)
{
    struct gv_tx tx = sample_stamp(&g->w.s, authority, US(t_ms), bid, 1);

    world_add(&g->w, &tx);
}

static void
pass(struct stage *g, uint64_t ms)
{
    g->w.now_ms += ms;
    assert_int_equal(gv_state_tick(g->w.st, g->w.now_ms), GV_OK);
}

static void
three(struct stage *g)
{
    stage_make(g, (struct world_options){.sample = {.authorities = 3}});
    g->w.now_ms = START + 1000;
}

/* One stamp of three dates nothing, but the bid is kept, and told so that the
 * others are asked again; the second dates it, whatever the first is worth by
 * then. */
static void
a_bid_that_one_of_three_has_stamped_is_kept(void **state)
{
    struct gv_tx bid;
    struct stage g;

    (void)state;
    three(&g);
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    stamp(&g, &bid, 1, g.w.now_ms);
    assert_true(waiting(&g, &bid)->t_us == UINT64_MAX);
    pass(&g, 900);
    assert_int_equal(g.w.missed, 0);
    pass(&g, 200);
    assert_int_equal(g.w.missed, 1);
    assert_int_equal(waiting(&g, &bid)->class, GV_POOL_LAPSED);
    pass(&g, 60000);
    assert_non_null(waiting(&g, &bid));
    stamp(&g, &bid, 0, g.w.now_ms - 10);
    assert_int_equal(waiting(&g, &bid)->class, GV_POOL_LAPSED);
    stamp(&g, &bid, 2, g.w.now_ms);
    assert_int_equal(waiting(&g, &bid)->class, GV_POOL_BIDS);
    assert_true(waiting(&g, &bid)->t_us == US(g.w.now_ms));
    world_free(&g.w);
}

/* So it is after a restart. */
static void
it_is_kept_over_a_restart(void **state)
{
    struct gv_tx bid;
    struct stage g;

    (void)state;
    three(&g);
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    stamp(&g, &bid, 1, g.w.now_ms);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    pass(&g, 12000);
    assert_non_null(waiting(&g, &bid));
    world_free(&g.w);
}

static enum gv_rc
stamp_by(struct stage *g, const struct gv_tx *bid, uint8_t authority,
         uint64_t *t_us)
{
    struct gv_stamp_ask ask = {.authority = authority, .now_ms = g->w.now_ms};
    struct gv_reject why;
    uint8_t *raw = NULL;
    struct gv_tx tx;
    size_t len;
    enum gv_rc rc;

    memcpy(ask.leaf, bid->u.bid.leaf, 32);
    rc = gv_state_stamp_by(g->w.st, g->c, &ask, &raw, &len, t_us);
    if (rc == GV_OK) {
        assert_int_equal(gv_tx_decode(gv_bytes(raw, len), &tx, &why), GV_OK);
        assert_int_equal(tx.u.stamp.authority, authority);
    }
    free(raw);
    return rc;
}

static void
each_authoritys_own_stamp_is_found(void **state)
{
    struct gv_tx bid;
    struct stage g;
    uint64_t t_us = 0, first;

    (void)state;
    three(&g);
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    assert_int_equal(stamp_by(&g, &bid, 1, &t_us), GV_ABSENT);
    first = g.w.now_ms;
    stamp(&g, &bid, 1, first);
    assert_int_equal(stamp_by(&g, &bid, 1, &t_us), GV_OK);
    assert_true(t_us == US(first));
    assert_int_equal(stamp_by(&g, &bid, 0, &t_us), GV_ABSENT);
    /* Past its deadline it is of no use. */
    g.w.now_ms += 5001;
    assert_int_equal(stamp_by(&g, &bid, 1, &t_us), GV_ABSENT);
    stamp(&g, &bid, 0, g.w.now_ms);
    stamp(&g, &bid, 2, g.w.now_ms);
    world_run(&g.w, 3000);
    assert_true(g.c->book->bids == 1);
    assert_int_equal(stamp_by(&g, &bid, 0, &t_us), GV_OK);
    assert_int_equal(stamp_by(&g, &bid, 1, &t_us), GV_ABSENT);
    world_free(&g.w);
}

/* At each height another validator is first; the others wait a slot of T/8 for
 * each one before them. */
static void
validators_make_blocks_in_turn(void **state)
{
    struct gv_tx bid[2];
    struct stage g;
    unsigned before;

    (void)state;
    stage_make(&g,
               (struct world_options){.sample = {.validators = 4}, .own = 1});
    assert_int_equal(g.c->seat, 0);
    g.w.now_ms = START + 3000;
    pair(&g, 0, 1, US(g.w.now_ms), bid);
    world_add(&g.w, &bid[0]);
    world_add(&g.w, &bid[1]);
    before = g.c->sum.height % 4;
    assert_true(before > 0);
    assert_false(gv_draft_due(g.w.st, g.c, g.w.now_ms + before * 125 - 1));
    assert_true(gv_draft_due(g.w.st, g.c, g.w.now_ms + before * 125));
    world_free(&g.w);
}

/* V7: where blocks are far apart a turn is a second, and no longer. */
static void
a_turn_is_a_second_at_most(void **state)
{
    struct gv_tx bid[2];
    struct stage g;
    unsigned before;

    (void)state;
    stage_make(&g,
               (struct world_options){.sample = {.validators = 4}, .own = 1});
    ((struct gv_open *)g.c->book->open)->terms.t_ms = 20000;
    g.w.now_ms = START + 30000;
    pair(&g, 0, 1, US(g.w.now_ms), bid);
    world_add(&g.w, &bid[0]);
    world_add(&g.w, &bid[1]);
    before = g.c->sum.height % 4;
    assert_true(before > 0);
    assert_false(gv_draft_due(g.w.st, g.c, g.w.now_ms + before * 1000 - 1));
    assert_true(gv_draft_due(g.w.st, g.c, g.w.now_ms + before * 1000));
    world_free(&g.w);
}

/* Who has no seat comes last, but not later than D/4. */
static void
without_a_seat_one_comes_last(void **state)
{
    struct gv_tx bid[2];
    struct stage g;

    (void)state;
    stage_make(&g, (struct world_options){.sample = {.validators = 64}});
    assert_int_equal(g.c->seat, 64);
    g.w.now_ms = START + 3000;
    pair(&g, 0, 1, US(g.w.now_ms), bid);
    world_add(&g.w, &bid[0]);
    world_add(&g.w, &bid[1]);
    assert_false(gv_draft_due(g.w.st, g.c, g.w.now_ms + 999));
    assert_true(gv_draft_due(g.w.st, g.c, g.w.now_ms + 1000));
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bid_that_one_of_three_has_stamped_is_kept),
        cmocka_unit_test(it_is_kept_over_a_restart),
        cmocka_unit_test(each_authoritys_own_stamp_is_found),
        cmocka_unit_test(validators_make_blocks_in_turn),
        cmocka_unit_test(a_turn_is_a_second_at_most),
        cmocka_unit_test(without_a_seat_one_comes_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
