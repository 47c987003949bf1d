/* Branches: reorganisation, fork choice, limits, and that a chain that went
 * back and forth is the same as one that did not. */
#include "tests/unit/state/branches.h"

/* How many BIDs and how many STAMPs wait? */
static size_t
waiting(const struct stage *g, enum gv_pool_class k)
{
    size_t n = 0;

    for (const struct gv_pool_tx *e = g->c->pool.of[k].first; e; e = e->next)
        n++;
    return n;
}

static void
reorgs_of_every_depth(void **state)
{
    struct stage g;
    uint32_t a, b;

    (void)state;
    stage_make(&g, (struct world_options){0});
    for (unsigned depth = 1; depth <= 50; depth += depth < 6 ? 1 : 11) {
        size_t bids = g.c->book->bids;

        /* Up to here stamps were ahead of the clock, as far as blocks may
         * be, and came back to the mempool nevertheless. */
        if (depth > 28)
            g.w.now_ms = g.c->sum.tip_time_ms + 20000;
        a = b = g.c->tip;
        for (unsigned i = 0; i < depth; i++)
            a = grow(&g, a, 300, GV_ACCEPTED);
        assert_int_equal(g.c->tip, a);
        for (unsigned i = 0; i < depth; i++)
            b = grow(&g, b, 301, GV_ACCEPTED);
        assert_int_equal(g.c->tip, a); /* first seen */
        g.w.returned = 0;
        b = grow(&g, b, 301, GV_ACCEPTED);
        assert_int_equal(g.c->tip, b); /* more work */
        assert_int_equal(g.w.returned, 2 * depth);
        for (unsigned i = 0; i < 2 * depth; i++)
            assert_int_equal(g.w.returned_kind[i],
                             i % 2 ? GV_TX_STAMP : GV_TX_BID);
        assert_int_equal(g.c->book->bids, bids + depth + 1);
        assert_int_equal(waiting(&g, GV_POOL_BIDS), depth);
        assert_int_equal(waiting(&g, GV_POOL_STAMPS), depth);
        same_as_scratch(&g);
        /* What the other branch had is mined again. */
        g.w.now_ms = g.c->sum.tip_time_ms + 2000;
        assert_true(world_mine(&g.w) > 0);
        assert_int_equal(waiting(&g, GV_POOL_BIDS), 0);
        assert_int_equal(waiting(&g, GV_POOL_STAMPS), 0);
        assert_int_equal(g.c->book->bids, bids + 2 * depth + 1);
        same_as_scratch(&g);
    }
    world_free(&g.w);
}

/* What the new branch carries too is not told, and what stands in an older
 * block is told before what needs it. */
static void
what_comes_back_is_told_in_order(void **state)
{
    struct stage g;
    struct gv_tx p[2], e;
    uint32_t base, b;

    (void)state;
    stage_make(&g, (struct world_options){0});
    base = g.c->tip;
    e = sample_enrol(&g.w.s, 2);
    accept_block_on_tip(&g.w, g.c, START + 300, &e, 1);
    pair(&g, US(START + 400), p);
    accept_block_on_tip(&g.w, g.c, START + 600, p, 2);
    assert_int_equal(g.w.returned, 0);
    b = grow(&g, base, 400, GV_ACCEPTED);
    b = grow(&g, b, 400, GV_ACCEPTED);
    grow(&g, b, 400, GV_ACCEPTED);
    assert_int_equal(g.w.returned, 3);
    assert_int_equal(g.w.returned_kind[0], GV_TX_ENROL);
    assert_int_equal(g.w.returned_kind[1], GV_TX_BID);
    assert_int_equal(g.w.returned_kind[2], GV_TX_STAMP);

    /* Back to a longer branch that has one of them. */
    base = g.c->tip;
    accept_block_on_tip(&g.w, g.c, g.c->sum.tip_time_ms + 300, p, 2);
    g.w.returned = 0;
    {
        struct gv_bytes raw = world_block_on(
            &g.w, g.c, base, g.c->tree.node[base].time_ms + 301, p, 2);

        assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
        b = world_node(g.c, raw);
    }
    grow(&g, b, 300, GV_ACCEPTED);
    assert_int_equal(g.w.returned, 0);
    world_free(&g.w);
}

/* A STAMP that stands before its BID comes back with it. */
static void
reorg_keeps_stamps_before_bids(void **state)
{
    struct stage g;
    struct gv_tx p[2], swapped[2];
    uint32_t base, b;

    (void)state;
    stage_make(&g, (struct world_options){0});
    base = g.c->tip;
    pair(&g, US(START + 200), p);
    swapped[0] = p[1];
    swapped[1] = p[0];
    accept_block_on_tip(&g.w, g.c, START + 300, swapped, 2);
    b = grow(&g, base, 400, GV_ACCEPTED);
    grow(&g, b, 400, GV_ACCEPTED);
    assert_int_equal(waiting(&g, GV_POOL_BIDS), 1);
    assert_int_equal(waiting(&g, GV_POOL_STAMPS), 1);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(waiting(&g, GV_POOL_BIDS), 1);
    assert_int_equal(waiting(&g, GV_POOL_STAMPS), 1);
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->book->bids, 3);
    world_free(&g.w);
}

static void
invalid_block_in_the_middle_of_a_better_branch(void **state)
{
    struct stage g;
    uint8_t before[32], after[32];
    uint32_t a, b;
    struct gv_tx twice;
    struct gv_bytes bad, bad2;

    (void)state;
    stage_make(&g, (struct world_options){0});
    a = b = g.c->tip;
    for (int i = 0; i < 4; i++)
        a = grow(&g, a, 300, GV_ACCEPTED);
    book_digest(g.c->book, before);
    b = grow(&g, b, 301, GV_ACCEPTED);
    b = grow(&g, b, 301, GV_ACCEPTED);
    twice = sample_enrol(&g.w.s, 0); /* enrolled already */
    bad = world_block_on(&g.w, g.c, b, g.c->tree.node[b].time_ms + 300, &twice,
                         1);
    assert_int_equal(world_give(&g.w, bad), GV_ACCEPTED); /* not judged yet */
    b = world_node(g.c, bad);
    bad2 =
        world_block_on(&g.w, g.c, b, g.c->tree.node[b].time_ms + 300, NULL, 0);
    assert_int_equal(world_give(&g.w, bad2), GV_ACCEPTED);
    b = world_node(g.c, bad2);
    grow(&g, b, 300, GV_BAD_HEADER); /* heavier: judged now */
    assert_int_equal(g.c->tip, a);
    book_digest(g.c->book, after);
    assert_memory_equal(before, after, 32);
    assert_int_equal(world_give(&g.w, bad), GV_BAD_HEADER);
    same_as_scratch(&g);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    book_digest(g.c->book, after);
    assert_memory_equal(before, after, 32);
    world_free(&g.w);
}

static void
S4_94_V3_justified_beats_work(void **state)
{
    struct stage g;
    uint32_t base, a, b, light;

    (void)state;
    stage_make(&g, (struct world_options){0});
    g.w.now_ms = START + 3000;
    base = a = b = g.c->tip;
    for (int i = 0; i < 5; i++)
        a = grow(&g, a, 300, GV_ACCEPTED);
    light = b = grow(&g, base, 301, GV_ACCEPTED);
    b = grow(&g, b, 301, GV_ACCEPTED);
    assert_int_equal(g.c->tip, a);
    finalise_link(&g, 0, light);
    assert_int_equal(g.c->tip, b);
    assert_int_equal(g.c->sum.justified_height, 2);
    assert_int_equal(g.c->sum.final_height, 0);
    /* The other branch gets a higher one. */
    finalise_link(&g, 0, a);
    assert_int_equal(g.c->tip, a);
    same_as_scratch(&g);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(g.c->tree.node[g.c->tip].height, 6);
    world_free(&g.w);
}

static void
V3_forks_below_final_are_refused(void **state)
{
    struct stage g;
    uint32_t base, a, n[5];

    (void)state;
    stage_make(&g, (struct world_options){0});
    base = a = g.c->tip;
    for (int i = 0; i < 5; i++)
        n[i] = a = grow(&g, a, 300, GV_ACCEPTED);
    finalise_link(&g, 0, n[2]);
    finalise_link(&g, n[2], n[3]);
    assert_int_equal(g.c->sum.final_height, 4);
    grow(&g, base, 301, GV_FORK_TOO_OLD);
    grow(&g, n[1], 301, GV_FORK_TOO_OLD);
    grow(&g, n[2], 301, GV_ACCEPTED);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(g.c->sum.final_height, 4);
    grow(&g, gv_tree_find(&g.c->tree, &g.c->spine->at[3].sealed), 302,
         GV_FORK_TOO_OLD);
    world_free(&g.w);
}

/* After a restart the chain stands where it stood, on a tie too. */
static void
V3_first_seen_survives_a_restart(void **state)
{
    struct stage g;
    struct gv_sealed_id tip;

    (void)state;
    stage_make(&g, (struct world_options){0});
    for (int i = 0; i < 8; i++) {
        uint32_t base = g.c->tip;

        grow(&g, base, 300, GV_ACCEPTED);
        tip = g.c->sum.tip;
        grow(&g, base, 301, GV_ACCEPTED);
        world_commit(&g.w);
        world_restart(&g.w);
        g.c = world_auction(&g.w);
        assert_memory_equal(&tip, &g.c->sum.tip, 32);
        /* A third of the same work changes nothing either. */
        grow(&g, g.c->tree.node[g.c->tip].parent, 302, GV_ACCEPTED);
        assert_memory_equal(&tip, &g.c->sum.tip, 32);
    }
    same_as_scratch(&g);
    world_free(&g.w);
}

static size_t
side_blocks(const struct gv_chain *c)
{
    size_t n = 0;

    for (size_t i = (size_t)c->tree.final + 1; i < c->tree.count; i++)
        n += !c->tree.node[i].gone &&
             !gv_tree_is_ancestor(&c->tree, (uint32_t)i, c->tip);
    return n;
}

static void
L2_side_blocks_are_limited(void **state)
{
    struct stage g;
    uint32_t base, a, fork, first;

    (void)state;
    stage_make(&g, (struct world_options){0});
    base = a = g.c->tip;
    for (int i = 0; i < 3; i++)
        a = grow(&g, a, 300, GV_ACCEPTED);
    fork = a;
    a = grow(&g, a, 300, GV_ACCEPTED);
    a = grow(&g, a, 300, GV_ACCEPTED);
    first = grow(&g, base, 301, GV_ACCEPTED);
    for (int i = 1; i < 65; i++)
        grow(&g, base, 301 + (uint64_t)i, GV_ACCEPTED);
    assert_int_equal(side_blocks(g.c), 65); /* 64 and the heaviest branch */
    grow(&g, base, 500, GV_ACCEPTED);       /* the newest of its work goes */
    assert_int_equal(side_blocks(g.c), 65);
    grow(&g, fork, 301, GV_ACCEPTED); /* heavier: the newest least one goes */
    assert_int_equal(side_blocks(g.c), 65);
    assert_false(g.c->tree.node[first].gone);
    /* The chain itself is not hindered. */
    a = grow(&g, a, 300, GV_ACCEPTED);
    assert_int_equal(g.c->tip, a);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    assert_int_equal(side_blocks(g.c), 65);
    same_as_scratch(&g);
    world_free(&g.w);
}

/* A node that is full of heavy side blocks still follows the validators, whose
 * branch has less work when it begins. */
static void
L2_heavier_side_blocks_do_not_shut_out_the_final_branch(void **state)
{
    struct stage g;
    uint32_t base, a, high, n[4];

    (void)state;
    stage_make(&g, (struct world_options){0});
    base = a = g.c->tip;
    for (int i = 0; i < 6; i++)
        a = grow(&g, a, 300, GV_ACCEPTED);
    high = g.c->tree.node[a].parent;
    for (int i = 0; i < 70; i++)
        grow(&g, high, 301 + (uint64_t)i, GV_ACCEPTED);
    a = base;
    for (int i = 0; i < 4; i++)
        n[i] = a = grow(&g, a, 400, GV_ACCEPTED);
    assert_int_equal(side_blocks(g.c), 65);
    finalise_link(&g, 0, n[2]);
    finalise_link(&g, n[2], n[3]);
    assert_int_equal(g.c->tip, n[3]);
    assert_int_equal(g.c->sum.final_height, 4);
    world_free(&g.w);
}

/* A node that was cut off for longer than the limit comes back. */
static void
L2_long_branch_wins_at_last(void **state)
{
    struct stage g;
    uint32_t a, b;

    (void)state;
    stage_make(&g, (struct world_options){0});
    a = b = g.c->tip;
    for (int i = 0; i < 70; i++)
        a = grow(&g, a, 300, GV_ACCEPTED);
    for (int i = 0; i < 71; i++)
        b = grow(&g, b, 301, GV_ACCEPTED);
    assert_int_equal(g.c->tip, b);
    same_as_scratch(&g);
    world_free(&g.w);
}

/* Blocks on random nodes; the book is always the one its branch gives. */
static void
random_walk(void **state)
{
    struct support_rng rng = support_rng_new();
    struct stage g;

    (void)state;
    stage_make(&g, (struct world_options){0});
    for (int i = 0; i < 150; i++) {
        uint32_t node = g.c->tip;

        for (uint64_t up = support_rng_below(&rng, 4); up > 0; up--)
            if (g.c->tree.node[node].height > 1)
                node = g.c->tree.node[node].parent;
        if (support_rng_below(&rng, 5) == 0) {
            node = (uint32_t)support_rng_below(&rng, g.c->tree.count);
            if (g.c->tree.node[node].height == 0 || g.c->tree.node[node].gone)
                continue;
        }
        {
            uint64_t time =
                g.c->tree.node[node].time_ms + 250 + support_rng_below(&rng, 9);
            struct gv_tx p[2];

            pair(&g, US(time) - support_rng_below(&rng, 900000), p);
            world_give(&g.w, world_block_on(&g.w, g.c, node, time, p, 2));
        }
        if (i % 10 == 0)
            same_as_scratch(&g);
        if (i % 37 == 0) {
            struct gv_sealed_id tip = g.c->sum.tip;

            world_commit(&g.w);
            world_restart(&g.w);
            g.c = world_auction(&g.w);
            assert_memory_equal(&tip, &g.c->sum.tip, 32);
        }
    }
    same_as_scratch(&g);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reorgs_of_every_depth),
        cmocka_unit_test(what_comes_back_is_told_in_order),
        cmocka_unit_test(reorg_keeps_stamps_before_bids),
        cmocka_unit_test(invalid_block_in_the_middle_of_a_better_branch),
        cmocka_unit_test(S4_94_V3_justified_beats_work),
        cmocka_unit_test(V3_forks_below_final_are_refused),
        cmocka_unit_test(V3_first_seen_survives_a_restart),
        cmocka_unit_test(L2_side_blocks_are_limited),
        cmocka_unit_test(
            L2_heavier_side_blocks_do_not_shut_out_the_final_branch),
        cmocka_unit_test(L2_long_branch_wins_at_last),
        cmocka_unit_test(random_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
