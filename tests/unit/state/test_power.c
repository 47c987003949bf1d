/* Loss of power and faults of the store, at any point. What a synced commit
 * acknowledged is there afterwards, the state opens without repair, and a
 * fault is a fault and never a verdict. */
#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)

/* What the test was told is safe. */
struct promise {
    struct gv_tx_id id[256];
    struct gv_bid_id bid[256];
    bool is_bid[256];
    size_t count, safe; /* the first `safe` were committed with sync */
    uint32_t height;    /* of the auction, at the last synced commit */
    uint32_t final;
    struct gv_sealed_id final_id;
};

static void
note(struct promise *p, const struct gv_tx *tx)
{
    assert_true(p->count < 256);
    gv_tx_id_of(tx->raw, &p->id[p->count]);
    p->is_bid[p->count] = tx->kind == GV_TX_BID;
    p->bid[p->count] = tx->u.bid.id;
    p->count++;
}

static bool
is_kept(struct world *w, struct gv_chain *c, const struct promise *p, size_t i)
{
    struct gv_tx_id id = p->id[i];

    if (gv_pool_find(&w->st->pool, &id))
        return true;
    return !p->is_bid[i] || gv_book_find_bid(c->book, &p->bid[i]) != GV_NOWHERE;
}

static void
check_kept(struct world *w, const struct promise *p)
{
    struct gv_chain *c = world_auction(w);
    uint8_t ours[32], scratch[32];

    for (size_t i = 0; i < p->safe; i++)
        if (!is_kept(w, c, p, i))
            fail_msg("transaction %zu of %zu was lost", i, p->safe);
    assert_true(c->sum.height >= p->height);
    assert_true(c->sum.final_height >= p->final);
    if (p->final > 0)
        assert_memory_equal(&c->spine->at[p->final].sealed, &p->final_id, 32);
    book_digest(c->book, ours);
    book_from_scratch(w, c, scratch);
    assert_memory_equal(ours, scratch, 32);
}

static void
synced(struct world *w, struct promise *p)
{
    struct gv_chain *c = world_auction(w);

    world_commit(w);
    p->safe = p->count;
    p->height = c->sum.height;
    p->final = c->sum.final_height;
    p->final_id = c->sum.final;
}

static void
crash(struct world *w, struct support_rng *rng)
{
    size_t unsynced = gv_kv_fault_unsynced(&w->kv);

    world_close(w);
    assert_int_equal(
        gv_kv_fault_crash(&w->kv, support_rng_below(rng, unsynced + 1)), GV_OK);
    if (world_open(w) != GV_OK)
        fail_msg("the state does not open after a crash: %s", w->error);
}

static void
bid_now(struct world *w, struct promise *p, uint32_t seq)
{
    struct gv_tx bid = sample_bid(&w->s, seq % 2, seq, 100 + seq);
    struct gv_tx stamp = sample_stamp(&w->s, 0, w->now_ms * 1000, &bid, 1);

    world_add(w, &bid);
    world_add(w, &stamp);
    note(p, &bid);
}

static void
start(struct world *w, struct promise *p)
{
    struct gv_tx e;

    world_open_auction(w);
    w->now_ms = START;
    for (unsigned i = 0; i < 2; i++) {
        e = sample_enrol(&w->s, i);
        world_add(w, &e);
    }
    synced(w, p);
}

static void
crashes_at_random(void **state)
{
    struct support_rng rng = support_rng_new();

    struct gv_terms terms;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &terms);
    for (int run = 0; run < 24; run++) {
        struct world_options o = {
            .own = 1, .fault = true, .sample.terms = &terms};
        struct promise p = {0};
        struct world w;

        /* A deadline that nothing misses, and one that most bids miss. */
        terms.d_ms = run % 2 ? 1000 : 60000;
        terms.notice_ms = 2 * terms.d_ms;
        world_make(&w, &o);
        start(&w, &p);
        for (uint32_t i = 1; i < 60; i++) {
            w.now_ms += 100;
            switch (support_rng_below(&rng, 6)) {
            case 0:
            case 1:
                bid_now(&w, &p, i);
                break;
            case 2:
                world_mine(&w);
                break;
            case 3:
                synced(&w, &p);
                break;
            case 4:
                assert_int_equal(gv_state_tick(w.st, w.now_ms), GV_OK);
                assert_int_equal(gv_state_commit(w.st, false, NULL), GV_OK);
                break;
            default:
                crash(&w, &rng);
                check_kept(&w, &p);
                p.count = p.safe;
            }
        }
        world_free(&w);
    }
}

/* --- between a missed deadline and the new stamp --- */

#define POINTS 9

static void
stamp_now(struct world *w, const struct gv_tx *bid)
{
    struct gv_tx stamp = sample_stamp(&w->s, 0, w->now_ms * 1000, bid, 1);

    world_add(w, &stamp);
}

static void
tick(struct world *w, uint64_t ms)
{
    w->now_ms += ms;
    assert_int_equal(gv_state_tick(w->st, w->now_ms), GV_OK);
}

/* From an acknowledged bid to its second miss, in the steps between which
 * power may go. */
static void
step(struct world *w, const struct gv_tx *bid, int point)
{
    switch (point) {
    case 0:
        world_add(w, bid);
        stamp_now(w, bid);
        world_commit(w);
        break;
    case 1: /* it misses */
    case 7:
        tick(w, 5001);
        break;
    case 2:
    case 5:
        assert_int_equal(gv_state_commit(w->st, false, NULL), GV_OK);
        break;
    case 4: /* it is stamped again */
        stamp_now(w, bid);
        break;
    default:
        world_commit(w);
    }
}

static void
crash_at(int point, size_t keep, size_t *unsynced)
{
    struct world_options o = {.fault = true};
    struct promise p = {0};
    struct gv_tx_id id;
    struct gv_tx bid;
    struct world w;
    unsigned told;

    world_make(&w, &o);
    start(&w, &p);
    bid = sample_bid(&w.s, 0, 1, 5);
    gv_tx_id_of(bid.raw, &id);
    for (int i = 0; i <= point; i++)
        step(&w, &bid, i);
    *unsynced = gv_kv_fault_unsynced(&w.kv);
    world_close(&w);
    assert_int_equal(gv_kv_fault_crash(&w.kv, keep), GV_OK);
    if (world_open(&w) != GV_OK)
        fail_msg("the state does not open after a crash: %s", w.error);
    world_auction(&w);
    if (!gv_pool_find(&w.st->pool, &id))
        fail_msg("the bid is lost at point %d, with %zu of %zu", point, keep,
                 *unsynced);
    /* Whatever became of its stamps, it is told when they are too late. */
    told = w.missed;
    tick(&w, 5001);
    assert_int_equal(w.missed, told + 1);
    stamp_now(&w, &bid);
    assert_true(world_mine(&w) > 0);
    assert_int_equal(world_auction(&w)->sum.bids, 1);
    world_free(&w);
}

static void
S4_71_no_crash_loses_a_bid_that_missed_its_blocks(void **state)
{
    size_t unsynced;

    (void)state;
    for (int point = 0; point < POINTS; point++) {
        crash_at(point, 0, &unsynced);
        for (size_t keep = unsynced; keep > 0; keep--)
            crash_at(point, keep, &unsynced);
    }
}

/* --- faults --- */

/* A run through the calls of a node; the first fault ends it. A node that
 * validates finalises the first branch, another one changes to the second. */
static enum gv_rc
run(struct world *w, unsigned own)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_chain *c;
    struct gv_tx tx[4];
    uint32_t fork;
    enum gv_rc rc;

#define STEP(call)                                                             \
    do {                                                                       \
        rc = (call);                                                           \
        if (rc != GV_OK)                                                       \
            return rc;                                                         \
    } while (0)

    STEP(gv_state_add_tx(w->st, w->s.open.raw, w->now_ms, &why));
    c = gv_state_chain(w->st, &w->s.open.id);
    tx[0] = sample_enrol(&w->s, 0);
    tx[1] = sample_enrol(&w->s, 1);
    STEP(gv_state_add_tx(w->st, tx[0].raw, w->now_ms, &why));
    STEP(gv_state_commit(w->st, true, NULL));
    STEP(gv_state_add_block(w->st, world_block(w, c, START, tx, 1), w->now_ms,
                            &why));
    fork = c->tip;
    STEP(gv_state_commit(w->st, false, NULL));
    tx[2] = sample_bid(&w->s, 0, 1, 5);
    tx[3] = sample_stamp(&w->s, 0, START * 1000, &tx[2], 1);
    STEP(gv_state_add_block(w->st, world_block(w, c, START + 300, tx + 2, 2),
                            w->now_ms, &why));
    /* A reorganisation. */
    STEP(gv_state_add_block(w->st,
                            world_block_on(w, c, fork, START + 301, tx + 1, 1),
                            w->now_ms, &why));
    STEP(gv_state_add_block(w->st,
                            world_block_on(w, c, (uint32_t)c->tree.count - 1,
                                           START + 601, tx + 2, 2),
                            w->now_ms, &why));
    STEP(gv_state_commit(w->st, true, NULL));
    world_close(w);
    STEP(world_open(w));
    c = gv_state_chain(w->st, &w->s.open.id);
    STEP(gv_chain_load(w->st, c, w->now_ms));
    assert_int_equal(c->sum.height, 3 - own);
    assert_int_equal(c->sum.bids, 1);
    STEP(gv_state_tick(w->st, w->now_ms));
    STEP(gv_state_commit(w->st, true, NULL));
#undef STEP
    return GV_OK;
}

static void
check_no_marks(struct world *w)
{
    struct gv_chain *c = w->st ? gv_state_chain(w->st, &w->s.open.id) : NULL;

    if (!c || !c->loaded)
        return;
    for (size_t i = 0; i < c->tree.count; i++)
        assert_false(c->tree.node[i].invalid);
}

static void
fault_at(unsigned own, enum gv_kv_fault_call call, uint64_t n)
{
    struct world_options o = {.own = own, .fault = true};
    struct world w;
    enum gv_rc rc;

    world_make(&w, &o);
    w.now_ms = START + 5000;
    gv_kv_fault_at(&w.kv, call, n);
    rc = run(&w, own);
    if (rc == GV_REJECT || rc == GV_ABSENT)
        fail_msg("call %d.%u: a verdict", call, (unsigned)n);
    if (rc == GV_FAULT)
        assert_true((w.st ? gv_state_error(w.st) : w.error)[0] != '\0');
    check_no_marks(&w);
    world_close(&w);
    assert_int_equal(gv_kv_fault_crash(&w.kv, n % 3), GV_OK);
    if (world_open(&w) != GV_OK)
        fail_msg("call %d.%u: no restart: %s", call, (unsigned)n, w.error);
    world_free(&w);
}

static void
a_fault_is_never_a_verdict(void **state)
{
    (void)state;
    for (unsigned own = 0; own < 2; own++) {
        struct world_options o = {.own = own, .fault = true};
        uint64_t calls[GV_KV_FAULT_CALLS], opening[GV_KV_FAULT_CALLS];
        struct world w;

        world_make(&w, &o);
        w.now_ms = START + 5000;
        for (int k = 0; k < GV_KV_FAULT_CALLS; k++)
            opening[k] = gv_kv_fault_calls(&w.kv, (enum gv_kv_fault_call)k);
        assert_int_equal(run(&w, own), GV_OK);
        for (int k = 0; k < GV_KV_FAULT_CALLS; k++)
            calls[k] = gv_kv_fault_calls(&w.kv, (enum gv_kv_fault_call)k);
        world_free(&w);
        for (int k = 0; k < GV_KV_FAULT_CALLS; k++)
            for (uint64_t n = 1; n <= calls[k] - opening[k]; n++)
                fault_at(own, (enum gv_kv_fault_call)k, n);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crashes_at_random),
        cmocka_unit_test(S4_71_no_crash_loses_a_bid_that_missed_its_blocks),
        cmocka_unit_test(a_fault_is_never_a_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
