/* Blocks that leave out what a validator holds get no vote of it (V4), and
 * stay as valid as they were. */
#include "tests/unit/state/stage.h"

#define D_MS 5000
#define T_MS (START + 4000) /* t of the bid that is left out */

/* Four validators, of which this node is one; the clock stands at the bid. */
static void
make(struct stage *g)
{
    stage_make(g,
               (struct world_options){.sample = {.validators = 4}, .own = 1});
    g->w.now_ms = T_MS;
}

/* BID and STAMP arrive `after` ms after t. */
static void
receive(struct stage *g, struct gv_tx two[2], uint64_t after_ms)
{
    pair(g, 0, 1, US(T_MS), two);
    g->w.now_ms = T_MS + after_ms;
    world_add(&g->w, &two[0]);
    world_add(&g->w, &two[1]);
}

/* A block of this time on a node, with bidder's ENROL, delivered late_ms
 * after it. */
static uint32_t
enrol_on(struct stage *g, uint32_t node, unsigned bidder, uint64_t time_ms,
         uint64_t late_ms)
{
    struct gv_tx e = sample_enrol(&g->w.s, bidder);
    struct gv_bytes raw = world_block_on(&g->w, g->c, node, time_ms, &e, 1);

    g->w.now_ms = time_ms + late_ms;
    assert_int_equal(world_give(&g->w, raw), GV_ACCEPTED);
    return world_node(g->c, raw);
}

static void
tick(struct stage *g, uint64_t now_ms)
{
    g->w.now_ms = now_ms;
    assert_int_equal(gv_state_tick(g->w.st, now_ms), GV_OK);
}

/* OBJECTIONs in the mempool. */
static unsigned
objections(const struct stage *g)
{
    const struct gv_pool_tx *e = g->c->pool.of[GV_POOL_NOTICES].first;
    unsigned n = 0;

    for (; e; e = e->next)
        n += e->tx.kind == GV_TX_OBJECTION;
    return n;
}

static void
V4_a_censoring_branch_gets_no_vote(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    struct gv_bytes good;
    unsigned votes;
    uint32_t base, bad, worse;

    (void)state;
    make(&g);
    receive(&g, two, 100);
    base = g.c->tip;
    votes = g.w.auction_votes;
    bad = enrol_on(&g, base, 2, T_MS + D_MS / 2 + 1, 10);
    assert_int_equal(g.c->tip, base);
    /* What stands on it is shunned with it, whatever its work. */
    worse = enrol_on(&g, bad, 3, T_MS + 2800, 10);
    assert_int_equal(g.c->tip, base);
    assert_int_equal(g.w.auction_votes, votes);
    assert_false(g.c->tree.node[bad].invalid);
    /* This node's own miner makes the block that has the bid. */
    good = world_block_on(&g.w, g.c, base, T_MS + 2900, two, 2);
    g.w.now_ms = T_MS + 2950;
    assert_int_equal(world_give(&g.w, good), GV_ACCEPTED);
    assert_int_equal(g.c->tip, world_node(g.c, good));
    assert_int_equal(g.w.auction_votes, votes + 1);
    assert_memory_equal(&g.w.vote.target, &g.c->sum.tip, 32);
    /* After t + 2D the chain with the most work is as good as any. */
    tick(&g, T_MS + 2 * D_MS);
    assert_int_equal(g.c->tip, world_node(g.c, good));
    tick(&g, T_MS + 2 * D_MS + 1);
    assert_int_equal(g.c->tip, worse);
    assert_int_equal(g.w.auction_votes, votes + 2);
    assert_int_equal(g.w.vote.target_height, 3);
    /* The next block tells what the first of both left out. */
    assert_int_equal(objections(&g), 1);
    {
        struct gv_tx p[2];

        pair(&g, 1, 1, US(g.w.now_ms), p);
        world_add(&g.w, &p[0]);
        world_add(&g.w, &p[1]);
    }
    g.w.now_ms += 2000;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(objections(&g), 0);
    assert_int_equal(g.c->book->objections, 1);
    assert_int_equal(g.c->book->objection[0].validator, 0);
    assert_memory_equal(&g.c->book->objection[0].block,
                        &g.c->tree.node[bad].sealed, 32);
    world_free(&g.w);
}

/* C12, and that an objection makes no block of its own. */
static void
C12_objections(void **state)
{
    struct stage g;
    struct gv_tx o[2], more[2];
    struct gv_sealed_id tip, zero;

    (void)state;
    make(&g);
    tip = g.c->sum.tip;
    zero = g.c->spine->at[0].sealed;
    o[0] = sample_objection(&g.w.s, 1, &tip);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, T_MS, o, 1);
    more[0] = sample_enrol(&g.w.s, 2);
    more[1] = sample_objection(&g.w.s, 1, &zero);
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, T_MS, more, 2);
    more[1] = sample_objection(&g.w.s, 1, &(struct gv_sealed_id){{9}});
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, T_MS, more, 2);
    more[1] = o[0];
    more[1].raw = sample_copy(&g.w.s, o[0].raw);
    ((uint8_t *)more[1].raw.p)[34] ^= 2; /* another validator's name */
    refuse_block(&g.w, g.c, GV_BAD_SIGNATURE, T_MS, more, 2);
    more[1] = o[0];
    world_add(&g.w, &o[0]);
    assert_int_equal(world_try(&g.w, &o[0]), GV_ACCEPTED); /* it is known */
    accept_block_on_tip(&g.w, g.c, T_MS, more, 2);
    assert_int_equal(objections(&g), 0);
    assert_int_equal(world_try(&g.w, &o[0]), GV_DUPLICATE);
    more[0] = sample_enrol(&g.w.s, 3);
    refuse_block(&g.w, g.c, GV_DUPLICATE, T_MS + 500, more, 2);
    more[1] = sample_objection(&g.w.s, 2, &tip);
    accept_block_on_tip(&g.w, g.c, T_MS + 500, more, 2);
    assert_int_equal(g.c->book->objections, 2);
    world_free(&g.w);
}

static void
V4_the_miner_builds_beside_a_refused_block(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    uint32_t base;

    (void)state;
    make(&g);
    receive(&g, two, 100);
    base = g.c->tip;
    enrol_on(&g, base, 2, T_MS + 2600, 10);
    g.w.now_ms = T_MS + 2700;
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->tree.node[g.c->tip].parent, base);
    assert_int_equal(g.c->sum.bids, 1);
    world_free(&g.w);
}

/* Each of these is stood on, and voted for, at once. */
static void
V4_what_is_not_refused(void **state)
{
    static const struct {
        uint64_t arrival_ms, time_ms, late_ms;
    } of[] = {
        {100, D_MS / 2, 10},              /* not later than t + D/2 */
        {100, 2 * D_MS + 1, 10},          /* later than t + 2D */
        {D_MS / 4 + 1, D_MS / 2 + 1, 10}, /* the bid came late */
        {100, 2600, D_MS / 4 + 1},        /* the block did: a syncing node */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        struct stage g;
        struct gv_tx two[2];
        uint32_t node;
        unsigned votes;

        make(&g);
        receive(&g, two, of[i].arrival_ms);
        votes = g.w.auction_votes;
        node = enrol_on(&g, g.c->tip, 2, T_MS + of[i].time_ms, of[i].late_ms);
        assert_int_equal(g.c->tip, node);
        assert_int_equal(g.w.auction_votes, votes + 1);
        world_free(&g.w);
    }
}

static void
V4_edges_that_are_refused(void **state)
{
    static const struct {
        uint64_t arrival_ms, time_ms, late_ms;
    } of[] = {
        {D_MS / 4, D_MS / 2 + 1, 10},
        {100, 2 * D_MS, 0},
        {100, 2600, D_MS / 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        struct stage g;
        struct gv_tx two[2];
        uint32_t base;

        make(&g);
        receive(&g, two, of[i].arrival_ms);
        base = g.c->tip;
        enrol_on(&g, base, 2, T_MS + of[i].time_ms, of[i].late_ms);
        assert_int_equal(g.c->tip, base);
        world_free(&g.w);
    }
}

/* A node that votes on no auction stands on the block all the same. */
/* R1 lets a block be 10 s ahead of the clock, which here is past t + D. */
static void
V4_a_block_dated_ahead_is_judged(void **state)
{
    struct stage g;
    struct gv_tx two[2], e;
    struct gv_bytes raw;
    uint32_t base;

    (void)state;
    make(&g);
    receive(&g, two, 100);
    base = g.c->tip;
    e = sample_enrol(&g.w.s, 2);
    raw = world_block_on(&g.w, g.c, base, T_MS + D_MS + 1000, &e, 1);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.c->tip, base);
    world_free(&g.w);
}

static void
V4_is_no_rule_for_others(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    uint32_t node;

    (void)state;
    stage_make(&g, (struct world_options){.sample = {.validators = 4}});
    receive(&g, two, 100);
    node = enrol_on(&g, g.c->tip, 2, T_MS + 2600, 10);
    assert_int_equal(g.c->tip, node);
    world_free(&g.w);
}

/* After a restart nothing is known of when things came. */
static void
V4_nothing_is_judged_by_a_restarted_node(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    uint32_t base, node;
    struct gv_sealed_id id;

    (void)state;
    make(&g);
    receive(&g, two, 100);
    base = g.c->tip;
    node = enrol_on(&g, base, 2, T_MS + 2600, 10);
    assert_int_equal(g.c->tip, base);
    id = g.c->tree.node[node].sealed;
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_memory_equal(&g.c->sum.tip, &id, 32);
    world_free(&g.w);
}

static void
V4_others_may_justify_a_refused_block(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    struct gv_vote v;
    uint32_t node;

    (void)state;
    make(&g);
    receive(&g, two, 100);
    node = enrol_on(&g, g.c->tip, 2, T_MS + 2600, 10);
    v = (struct gv_vote){0, 2, g.c->spine->at[0].sealed,
                         g.c->tree.node[node].sealed};
    for (uint8_t i = 1; i < 4; i++) {
        struct gv_sig sig;
        uint8_t digest[32];

        gv_vote_digest(&g.c->id, &v, digest);
        assert_int_equal(
            gv_key_sign(g.w.s.keys, &g.w.s.validator[i], digest, NULL, &sig),
            GV_OK);
        assert_int_equal(
            gv_state_add_vote(g.w.st, &g.c->id, &v, i, &sig, g.w.now_ms, NULL),
            GV_OK);
    }
    assert_int_equal(g.c->sum.justified_height, 2);
    assert_int_equal(g.c->tip, node);
    /* It says what was left out at once, as long as the auction lasts. */
    assert_int_equal(objections(&g), 0);
    tick(&g, g.w.now_ms + 250);
    assert_int_equal(objections(&g), 1);
    tick(&g, T_MS + 2 * D_MS + 1);
    assert_int_equal(objections(&g), 1);
    world_free(&g.w);
}

/* The bid came in a block alone, which another branch leaves behind. */
static void
V4_a_bid_known_from_a_block(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    struct gv_bytes raw;
    uint32_t base, first, bad;

    (void)state;
    make(&g);
    pair(&g, 0, 1, US(T_MS), two);
    base = g.c->tip;
    raw = world_block_on(&g.w, g.c, base, T_MS + 300, two, 2);
    g.w.now_ms = T_MS + 310;
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    first = g.c->tip;
    bad = enrol_on(&g, base, 2, T_MS + 2600, 10);
    bad = enrol_on(&g, bad, 3, T_MS + 2900, 10);
    assert_int_equal(g.c->tip, first);
    assert_true(g.c->tree.node[bad].shunned);
    world_free(&g.w);
}

/* The bidder is not on the chain: his ENROL waits with the bid. */
static void
V4_a_bid_left_out_with_its_enrol(void **state)
{
    struct gv_tx two[2], enrol;
    struct stage g;
    uint32_t base;

    (void)state;
    make(&g);
    for (unsigned i = 2; i < 4; i++) {
        enrol = sample_enrol(&g.w.s, i);
        world_add(&g.w, &enrol);
    }
    pair(&g, 3, 1, US(T_MS), two);
    g.w.now_ms = T_MS + 100;
    world_add(&g.w, &two[0]);
    world_add(&g.w, &two[1]);
    base = g.c->tip;
    enrol_on(&g, base, 2, T_MS + 2600, 10);
    assert_int_equal(g.c->tip, base);
    world_free(&g.w);
}

/* A BID in the mempool, as far as the watch looks at it. */
static struct gv_pool_tx
waiting(uint32_t n, uint64_t t_us)
{
    struct gv_pool_tx e = {.t_us = t_us};

    e.tx.kind = GV_TX_BID;
    memcpy(e.tx.u.bid.id.b, &n, sizeof(n));
    return e;
}

/* An earlier time reaches the bid that it is of, also when many are past, and
 * of two notes of one bid the newer. */
static void
V4_a_further_stamp_makes_it_due_earlier(void **state)
{
    const struct gv_watch *w;
    struct gv_pool_tx e;
    struct stage g;
    uint64_t t_us;

    (void)state;
    make(&g);
    w = &g.c->watch;
    for (uint32_t i = 0; i < 400; i++) {
        e = waiting(i % 399, US(T_MS + 100 * i));
        assert_int_equal(gv_watch_dated(g.c, &e, UINT64_MAX, T_MS + 100 * i),
                         GV_OK);
    }
    assert_true(w->gone > 0);
    assert_int_equal(w->gone + w->count, 400);
    for (uint32_t i = 0; i < 399; i++) {
        e = waiting(i, 1000 + i);
        assert_int_equal(gv_watch_dated(g.c, &e, 1, T_MS), GV_OK);
    }
    for (size_t i = 0; i < w->count; i++) {
        uint32_t n = w->gone + (uint32_t)i;

        t_us = i < w->first ? US(T_MS + 100 * n) : 1000 + n % 399;
        assert_int_equal(w->item[i].t_us, t_us);
    }
    world_free(&g.w);
}

static void
V4_a_close_left_out(void **state)
{
    struct stage g;
    struct gv_tx two[2];
    uint32_t base;

    (void)state;
    make(&g);
    two[0] = sample_close(&g.w.s);
    two[1] = sample_stamp(&g.w.s, 0, US(T_MS), two, 1);
    g.w.now_ms = T_MS + 100;
    world_add(&g.w, &two[0]);
    world_add(&g.w, &two[1]);
    base = g.c->tip;
    enrol_on(&g, base, 2, T_MS + 2600, 10);
    assert_int_equal(g.c->tip, base);
    world_free(&g.w);
}

/* A bid that names a block of one branch cannot stand on the other. */
static void
V4_a_bid_of_another_branch(void **state)
{
    struct stage g;
    struct gv_tx one = {0}, two[2];
    uint32_t base, node;

    (void)state;
    make(&g);
    base = g.c->tip;
    enrol_on(&g, base, 2, T_MS - 500, 10);
    one = sample_begin(&g.w.s, GV_TX_BID);
    one.u.bid = sample_bid(&g.w.s, 0, 1, 5).u.bid;
    one.u.bid.recent = g.c->sum.tip;
    two[0] = sample_tx(&g.w.s, &one, &g.w.s.bidder[0].secret);
    two[1] = sample_stamp(&g.w.s, 0, US(T_MS), two, 1);
    g.w.now_ms = T_MS + 100;
    world_add(&g.w, &two[0]);
    world_add(&g.w, &two[1]);
    node = enrol_on(&g, base, 3, T_MS + 2600, 10);
    {
        struct gv_tx e = sample_enrol(&g.w.s, 2);
        struct gv_bytes raw =
            world_block_on(&g.w, g.c, node, T_MS + 2900, &e, 1);

        g.w.now_ms = T_MS + 2900;
        assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
        assert_int_equal(g.c->tip, world_node(g.c, raw));
    }
    world_free(&g.w);
}

/* A block with so many bids of these times that it is full. */
static struct gv_bytes
full_block(struct stage *g, uint64_t t_us)
{
    struct gv_tx *txs = sample_alloc(&g->w.s, GV_FULL_TXS * sizeof(*txs));
    size_t n = GV_FULL_TXS - 1;

    for (size_t i = 0; i < n; i++)
        txs[i] = sample_bid(&g->w.s, 1, (uint32_t)i, 7);
    txs[n] = sample_stamp(&g->w.s, 0, t_us, txs, n);
    return world_block(&g->w, g->c, T_MS + 2600, txs, n + 1);
}

static void
V4_a_full_block_is_excused_for_later_bids_only(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++) {
        struct gv_terms terms;
        struct stage g;
        struct gv_tx two[2];
        struct gv_bytes raw;
        uint32_t base;

        gv_terms_default(gv_params_find("regtest"), &terms);
        terms.max_bids = GV_FULL_TXS;
        stage_make(&g,
                   (struct world_options){
                       .sample = {.validators = 4, .terms = &terms}, .own = 1});
        receive(&g, two, 100);
        base = g.c->tip;
        raw = full_block(&g, US(T_MS) + (later ? 1 : -1));
        g.w.now_ms = T_MS + 2610;
        assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
        assert_int_equal(g.c->tip == base, later);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V4_a_censoring_branch_gets_no_vote),
        cmocka_unit_test(C12_objections),
        cmocka_unit_test(V4_the_miner_builds_beside_a_refused_block),
        cmocka_unit_test(V4_what_is_not_refused),
        cmocka_unit_test(V4_edges_that_are_refused),
        cmocka_unit_test(V4_a_block_dated_ahead_is_judged),
        cmocka_unit_test(V4_is_no_rule_for_others),
        cmocka_unit_test(V4_nothing_is_judged_by_a_restarted_node),
        cmocka_unit_test(V4_others_may_justify_a_refused_block),
        cmocka_unit_test(V4_a_bid_known_from_a_block),
        cmocka_unit_test(V4_a_bid_left_out_with_its_enrol),
        cmocka_unit_test(V4_a_further_stamp_makes_it_due_earlier),
        cmocka_unit_test(V4_a_close_left_out),
        cmocka_unit_test(V4_a_bid_of_another_branch),
        cmocka_unit_test(V4_a_full_block_is_excused_for_later_bids_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
