/* Sync over a wire of the test's own: whole states, no sockets. */
#include "tests/unit/net/wire.h"

static void
S4_92_a_late_joiner_gets_chains_and_mempool(void **state)
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
S4_72_gossip_carries_bids_and_blocks(void **state)
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

/* What reorgs give back is told, but not without bound: peers ask for the
 * rest. */
static void
what_reorgs_give_back_reaches_peers(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_sync *sync;
    const struct gv_pool_tx *e;
    struct gv_chain *c;
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
    sync = a->sync; /* peers do not hear of these */
    a->sync = NULL;
    place_bid(&a->w, 0);
    a->sync = sync;
    c = world_auction(&a->w);
    before = n.requests;
    for (unsigned i = 0; i < GV_SYNC_AGAIN; i++) {
        e = c->pool.of[GV_POOL_ENROLS].first;
        gv_sync_tx_again(a->sync, c, gv_bytes(e->raw, e->len));
    }
    e = c->pool.of[GV_POOL_BIDS].first;
    gv_sync_tx_again(a->sync, c, gv_bytes(e->raw, e->len));
    settle(&n);
    assert_int_equal(gv_state_pool(b->w.st)->txs, 1);
    assert_int_equal(n.requests, before);
    pass(&n, 6000);
    assert_int_equal(gv_state_pool(b->w.st)->txs, 3);
    assert_int_equal(a->blame + b->blame, 0);
    net_free(&n);
}

static void
tell_newest(struct peer *p, struct gv_chain *c)
{
    struct gv_kv_value block;

    assert_int_equal(gv_state_block_at(p->w.st, c, c->sum.height, &block),
                     GV_OK);
    gv_sync_own_block(p->sync, gv_bytes(block.p, block.len));
    gv_kv_value_free(&block);
}

/* A FINAL is made with its block. Whoever hears it before the block takes
 * nothing for lost and asks for no mempool, be the block pushed or fetched. */
static void
finals_ask_for_no_mempool(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    unsigned before;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    meet(&n, 0, 1);
    world_open_auction(&a->w);
    settle(&n);
    pass(&n, 6000);
    for (unsigned pushed = 0; pushed < 2; pushed++) {
        place_bid(&a->w, pushed);
        settle(&n);
        pass(&n, 300);
        before = n.kinds[GV_MSG_GETPOOL];
        n.kinds[GV_MSG_GETVOTES] = n.kinds[GV_MSG_TXS] = 0;
        world_mine(&a->w);
        world_commit(&a->w);
        if (pushed) {
            tell_newest(a, gv_state_registry(a->w.st));
            tell_newest(a, world_auction(&a->w));
        }
        settle(&n);
        if (pushed) /* the votes came behind their blocks */
            assert_int_equal(n.kinds[GV_MSG_GETVOTES], 0);
        pass(&n, 4000);
        assert_true(n.kinds[GV_MSG_TXS] > 0);
        assert_int_equal(n.kinds[GV_MSG_GETPOOL], before);
        same_tips(a, b);
    }
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

/* The registry's one validator votes for a block of that height. */
static void
justify(struct peer *p, uint32_t height)
{
    struct gv_chain *c = gv_state_registry(p->w.st);
    struct gv_vote v = {0, height, c->spine->at[0].sealed,
                        c->spine->at[height].sealed};
    uint8_t digest[32];
    struct gv_sig sig;

    gv_vote_digest(&c->id, &v, digest);
    assert_int_equal(gv_key_sign(p->w.s.keys,
                                 &p->w.s.params->validator_secret[0], digest,
                                 NULL, &sig),
                     GV_OK);
    assert_int_equal(
        gv_state_add_vote(p->w.st, &c->id, &v, 0, &sig, p->w.now_ms, NULL),
        GV_OK);
    assert_int_equal(c->sum.justified_height, height);
    assert_int_equal(c->sum.final_height, 0);
}

/* Two histories, each with a justified block: whoever is on the losing side
 * fetches the other one, though it parts below what is justified here. */
static void
L2_a_losing_justified_block_keeps_nobody_back(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 0);
    peer_make(&n, NULL, 0);
    for (int i = 0; i < 8; i++) {
        a->w.now_ms += 1000;
        b->w.now_ms += 1000;
        world_mine(&a->w);
        if (i >= 2)
            world_mine(&b->w);
    }
    justify(a, 4);
    justify(b, 5);
    settle(&n);
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 4000);
    same_tips(a, b);
    assert_int_equal(gv_state_registry(a->w.st)->sum.justified_height, 5);
    assert_int_equal(gv_state_registry(a->w.st)->sum.height, 6);
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
S4_76_invalid_data_costs_points(void **state)
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

/* Who makes a block of copies pays for it. */
static void
N22_a_block_with_one_FINAL_twice_costs_points(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_net_event head = {.what = GV_NET_MESSAGE, .kind = GV_MSG_BLOCK};
    struct gv_chain *c;
    struct gv_vote v;
    struct gv_tx tx[3];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 0);
    peer_make(&n, NULL, 0);
    world_open_auction(&a->w);
    place_bid(&a->w, 0);
    world_run(&a->w, 3000);
    b->w.now_ms = a->w.now_ms;
    c = world_auction(&a->w);
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 6000);
    same_tips(a, b);
    assert_int_equal(b->blame, 0);
    v = (struct gv_vote){0, 1, c->spine->at[0].sealed, c->spine->at[1].sealed};
    tx[0] = tx[1] = sample_final(&a->w.s, &c->id, &v, 1);
    tx[2] = sample_enrol(&a->w.s, 1);
    put_letter(&n, 0, 1, &head,
               world_block(&a->w, c, c->sum.tip_time_ms + 1000, tx, 3));
    settle(&n);
    assert_int_equal(b->blame, 100);
    net_free(&n);
}

/* A key that was handed over above the tip of whoever hears the vote: nobody is
 * to blame for a vote that comes before its source. */
static void
N22_a_vote_before_its_source_costs_nothing(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_net_event head = {.what = GV_NET_MESSAGE, .kind = GV_MSG_VOTE};
    struct gv_msg m = {.kind = GV_MSG_VOTE};
    struct gv_signed_vote *v = &m.u.vote;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_seckey handed = {{7}};
    uint8_t raw[256], digest[32];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    world_open_auction(&a->w);
    meet(&n, 0, 1);
    settle(&n);
    b->w.now_ms = a->w.now_ms;
    pass(&n, 6000);
    v->chain = world_auction(&b->w)->id;
    v->vote = (struct gv_vote){8, 9, {{1}}, {{2}}};
    gv_vote_digest(&v->chain, &v->vote, digest);
    assert_int_equal(gv_key_sign(a->w.s.keys, &handed, digest, NULL, &v->sig),
                     GV_OK);
    assert_int_equal(gv_state_add_vote(b->w.st, &v->chain, &v->vote, 0, &v->sig,
                                       b->w.now_ms, &why),
                     GV_REJECT);
    assert_int_equal(why.code, GV_ORPHAN);
    for (int i = 0; i < 200; i++) {
        struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

        v->vote.target_height++;
        gv_vote_digest(&v->chain, &v->vote, digest);
        assert_int_equal(
            gv_key_sign(a->w.s.keys, &handed, digest, NULL, &v->sig), GV_OK);
        gv_msg_put(&s, &m);
        put_letter(&n, 0, 1, &head, gv_bytes(raw, s.len));
    }
    settle(&n);
    assert_int_equal(b->blame, 0);
    /* The registry hands over nothing: there the key is wrong. */
    v->chain = gv_state_registry(b->w.st)->id;
    {
        struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

        gv_msg_put(&s, &m);
        put_letter(&n, 0, 1, &head, gv_bytes(raw, s.len));
    }
    settle(&n);
    assert_int_equal(b->blame, 20);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_92_a_late_joiner_gets_chains_and_mempool),
        cmocka_unit_test(S4_72_gossip_carries_bids_and_blocks),
        cmocka_unit_test(what_reorgs_give_back_reaches_peers),
        cmocka_unit_test(finals_ask_for_no_mempool),
        cmocka_unit_test(lost_gossip_is_healed_by_questions),
        cmocka_unit_test(a_partition_heals),
        cmocka_unit_test(L2_a_losing_justified_block_keeps_nobody_back),
        cmocka_unit_test(a_silent_peer_is_passed_over),
        cmocka_unit_test(S4_76_invalid_data_costs_points),
        cmocka_unit_test(N22_a_block_with_one_FINAL_twice_costs_points),
        cmocka_unit_test(N22_a_vote_before_its_source_costs_nothing),
        cmocka_unit_test(idle_chains_cost_a_question_in_five_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
