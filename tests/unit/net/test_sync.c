/* Sync over a wire of the test's own: whole states, no sockets. */
#include "tests/unit/net/wire.h"

static void
a_late_joiner_gets_chains_and_mempool(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_sync_status status;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    world_open_auction(&a->w);
    place_bid(&a->w, 0);
    world_run(&a->w, 40000);
    place_bid(&a->w, 1);
    settle(&n);
    assert_true(gv_state_registry(a->w.st)->sum.height > 30);
    peer_make(&n, NULL, 0);
    b->w.now_ms = a->w.now_ms;
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 500);
    same_tips(a, b);
    assert_int_equal(gv_state_pool(b->w.st)->txs, gv_state_pool(a->w.st)->txs);
    assert_true(gv_state_pool(b->w.st)->txs >= 3);
    gv_sync_status(b->sync, &status);
    assert_int_equal(status.behind, 0);
    assert_true(status.told);
    assert_true(status.fetched > 30);
    assert_int_equal(gv_sync_peer_chains(b->sync, 1), 2);
    assert_int_equal(a->blame + b->blame, 0);
    net_free(&n);
}

/* S4-72: bids reach the others as gossip, and so do blocks. */
static void
s4_72_gossip_carries_bids_and_blocks(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    uint64_t before;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    meet(&n, 0, 1);
    world_open_auction(&a->w);
    settle(&n);
    pass(&n, 6000);
    same_tips(a, b);
    before = n.requests;
    place_bid(&a->w, 0);
    settle(&n);
    assert_int_equal(gv_state_pool(b->w.st)->txs, 3);
    assert_int_equal(n.requests, before); /* nothing had to be asked for */
    world_run(&a->w, 1000);
    b->w.now_ms = a->w.now_ms;
    settle(&n);
    same_tips(a, b);
    assert_int_equal(a->blame + b->blame, 0);
    net_free(&n);
}

static void
lost_gossip_is_healed_by_questions(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 1000);
    n.deaf = true;
    world_open_auction(&a->w);
    world_run(&a->w, 5000);
    b->w.now_ms = a->w.now_ms;
    settle(&n);
    assert_true(gv_state_chain_count(b->w.st) < 2);
    pass(&n, 5200);
    same_tips(a, b);
    place_bid(&a->w, 2);
    settle(&n);
    pass(&n, 6000);
    assert_int_equal(gv_state_pool(b->w.st)->txs, 3);
    assert_int_equal(a->blame + b->blame, 0);
    net_free(&n);
}

/* Two histories of the registry: the one with more work wins on both. */
static void
a_partition_heals(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 0);
    peer_make(&n, NULL, 0);
    for (int i = 0; i < 60; i++) {
        a->w.now_ms += 1000;
        b->w.now_ms += 1000;
        if (i < 50)
            world_mine(&a->w);
        world_mine(&b->w);
    }
    settle(&n);
    assert_memory_not_equal(gv_state_registry(a->w.st)->sum.tip.b,
                            gv_state_registry(b->w.st)->sum.tip.b, 32);
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 1000);
    same_tips(a, b);
    assert_int_equal(a->blame + b->blame, 0);
    net_free(&n);
}

static void
only_what_is_followed_is_fetched(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_chain_id wanted;
    struct gv_open other;
    struct gv_reject why;
    struct gv_tx enrol;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    world_open_auction(&a->w);
    wanted = a->w.s.open.id;
    other = a->w.s.open;
    other.salt[0] ^= 1;
    assert_int_equal(gv_state_add_tx(a->w.st, sample_open(&a->w.s, &other),
                                     a->w.now_ms, &why),
                     GV_OK);
    place_bid(&a->w, 0);
    world_run(&a->w, 2000);
    settle(&n);
    assert_int_equal(gv_state_chain_count(a->w.st), 3);
    peer_make(&n, &wanted, 0);
    b->w.now_ms = a->w.now_ms;
    assert_false(b->all);
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 6000);
    assert_int_equal(gv_state_chain_count(b->w.st), 2);
    assert_int_equal(world_auction(&b->w)->sum.height,
                     world_auction(&a->w)->sum.height);
    n.deaf = true; /* and without gossip too */
    enrol = sample_enrol(&a->w.s, 1);
    world_add(&a->w, &enrol);
    settle(&n);
    pass(&n, 6000);
    assert_true(world_auction(&a->w)->pool.count >= 1);
    assert_int_equal(world_auction(&b->w)->pool.count,
                     world_auction(&a->w)->pool.count);
    net_free(&n);
}

static void
a_silent_peer_is_passed_over(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1], *c = &n.peer[2];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    meet(&n, 0, 1);
    settle(&n);
    world_run(&a->w, 10000);
    b->w.now_ms = a->w.now_ms;
    pass(&n, 6000);
    same_tips(a, b);
    peer_make(&n, NULL, 0);
    c->w.now_ms = a->w.now_ms;
    meet(&n, 0, 2); /* tells its tips first, then falls silent */
    meet(&n, 1, 2);
    while (gv_sync_peer_chains(c->sync, 1) == 0) {
        struct letter *l = n.first;

        n.first = l->next;
        if (!n.first)
            n.last = &n.first;
        assert_int_equal(gv_sync_event(n.peer[l->to].sync, &l->event,
                                       n.peer[l->to].w.now_ms),
                         GV_OK);
        free(l);
    }
    a->mute = true;
    pass(&n, 21000);
    same_tips(b, c);
    assert_true(c->blame > 0);
    net_free(&n);
}

static void
invalid_data_costs_points(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_net_event head = {.what = GV_NET_MESSAGE};
    struct gv_kv_value block;
    struct gv_bytes bad;
    uint8_t *raw;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    world_run(&a->w, 2000);
    b->w.now_ms = a->w.now_ms;
    settle(&n);
    meet(&n, 0, 1);
    settle(&n);
    assert_int_equal(b->blame, 0);
    assert_int_equal(
        gv_state_block_at(a->w.st, gv_state_registry(a->w.st), 1, &block),
        GV_OK);
    raw = malloc(block.len);
    memcpy(raw, block.p, block.len);
    raw[GV_HEADER_SIZE + 40] ^= 1; /* in the seal's work root */
    bad = gv_bytes(raw, block.len);
    gv_kv_value_free(&block);
    head.kind = GV_MSG_BLOCK;
    put_letter(&n, 0, 1, &head, bad);
    settle(&n);
    assert_int_equal(b->blame, 100);
    head.kind = GV_MSG_GETBLOCKS;
    head.request = 77;
    put_letter(&n, 0, 1, &head, gv_bytes("junk", 4));
    settle(&n);
    assert_int_equal(b->blame, 150);
    free(raw);
    net_free(&n);
}

static void
idle_chains_cost_a_question_in_five_seconds(void **state)
{
    struct net_of_test n;
    uint64_t requests, bytes;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    world_open_auction(&n.peer[0].w);
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 10000);
    requests = n.requests;
    bytes = n.bytes;
    pass(&n, 60000);
    assert_in_range(n.requests - requests, 40, 52); /* ask and answer, both */
    assert_in_range(n.bytes - bytes, 1, 60 * 50);
    net_free(&n);
}

static void
bids_find_a_stamping_service(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_bytes bid = gv_bytes("bid", 3);
    int mark;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    assert_false(gv_sync_submit(b->sync, bid, &mark, b->w.now_ms));
    meet(&n, 0, 1);
    settle(&n);
    assert_true(gv_sync_submit(b->sync, bid, &mark, b->w.now_ms));
    settle(&n);
    assert_int_equal(b->stamped, 1);
    assert_ptr_equal(b->user, &mark);
    b->user = NULL;
    assert_true(gv_sync_submit(b->sync, bid, &mark, b->w.now_ms));
    settle(&n);
    assert_int_equal(a->submits, 2);
    assert_int_equal(b->stamped, 1); /* refused, with the numbers */
    assert_ptr_equal(b->user, &mark);
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_joiner_gets_chains_and_mempool),
        cmocka_unit_test(s4_72_gossip_carries_bids_and_blocks),
        cmocka_unit_test(lost_gossip_is_healed_by_questions),
        cmocka_unit_test(a_partition_heals),
        cmocka_unit_test(only_what_is_followed_is_fetched),
        cmocka_unit_test(a_silent_peer_is_passed_over),
        cmocka_unit_test(invalid_data_costs_points),
        cmocka_unit_test(idle_chains_cost_a_question_in_five_seconds),
        cmocka_unit_test(bids_find_a_stamping_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
