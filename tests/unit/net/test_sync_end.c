/* Sync of auctions that have ended, and what their openers cost. */
#include "src/net/sync_impl.h"
#include "tests/unit/net/wire.h"

/* An OPENING whose secret does not fit costs its receiver more than a wrong
 * signature does. */
static void
N22_a_false_opening_costs_points(void **state)
{
    struct gv_reject why = {.code = GV_BAD_SEAL};
    struct net_of_test n;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    meet(&n, 0, 1);
    settle(&n);
    gv_sync_tx_result(n.peer[1].sync, 1, GV_REJECT, &why);
    assert_int_equal(n.peer[1].blame, 20);
    net_free(&n);
}

/* The auction runs to its end, and nobody uses it for a while. */
static struct gv_chain *
sleeping_auction(struct world *w)
{
    struct gv_tx close = sample_close(&w->s), tx;
    struct gv_chain *c;

    world_open_auction(w);
    c = world_auction(w);
    place_bid(w, 0);
    tx = sample_stamp(&w->s, 0, w->now_ms * 1000 + 1, &close, 1);
    world_add(w, &close);
    world_add(w, &tx);
    world_run(w, 17000);
    tx = sample_cutoff(&w->s, &c->sum.tip, 1, w->now_ms * 1000);
    world_add(w, &tx);
    world_run(w, 20000);
    assert_true(gv_book_ended(c->book));
    world_run(w, 40000);
    assert_false(c->loaded);
    world_commit(w);
    return c;
}

static void
tell(struct net_of_test *n, uint32_t request, const struct gv_msg *m)
{
    struct gv_net_event head = {
        .what = GV_NET_MESSAGE, .kind = (uint8_t)m->kind, .request = request};
    size_t len;
    uint8_t *body = gv_msg_encode(m, &len);

    assert_non_null(body);
    put_letter(n, 1, 0, &head, gv_bytes(body, len));
    free(body);
    while (deliver(n))
        ;
}

/* Whoever asks for its blocks does not have it read into memory. */
static void
an_ended_auction_sleeps_on(void **state)
{
    static const uint8_t first[2] = {0, 0};
    struct net_of_test n;
    struct peer *a = &n.peer[0];
    struct gv_msg m = {.kind = GV_MSG_GETBLOCKTXS};
    struct gv_chain *c;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    c = sleeping_auction(&a->w);
    peer_make(&n, NULL, 0);
    n.peer[1].w.now_ms = a->w.now_ms;
    meet(&n, 0, 1);
    while (deliver(&n))
        ;
    assert_false(c->loaded);
    m.u.getblocktxs.chain = c->id;
    m.u.getblocktxs.sealed = c->sum.final;
    m.u.getblocktxs.places = (struct gv_msg_ids){first, 1};
    tell(&n, 7, &m);
    assert_int_equal(n.kinds[GV_MSG_BLOCKTXS], 1);
    m.u.getblocktxs.sealed.b[0] ^= 1;
    tell(&n, 8, &m);
    assert_int_equal(n.kinds[GV_MSG_BLOCKTXS], 1);
    assert_int_equal(n.kinds[GV_MSG_ERROR], 1);
    assert_false(c->loaded);
    net_free(&n);
}

/* Three nodes have the auction, and none in memory. */
static struct gv_chain *
three_asleep(struct net_of_test *n)
{
    struct gv_chain *c;

    net_init(n);
    peer_make(n, NULL, 1);
    c = sleeping_auction(&n->peer[0].w);
    for (unsigned i = 1; i < 3; i++) {
        peer_make(n, NULL, 0);
        n->peer[i].w.now_ms = n->peer[0].w.now_ms;
        meet(n, 0, i);
    }
    meet(n, 1, 2);
    settle(n);
    pass(n, 40000);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(
            gv_state_tick(n->peer[i].w.st, n->peer[0].w.now_ms + 1), GV_OK);
    same_tips(&n->peer[0], &n->peer[1]);
    same_tips(&n->peer[0], &n->peer[2]);
    memset(n->kinds, 0, sizeof(n->kinds));
    return c;
}

static void
assert_all_asleep(struct net_of_test *n, const struct gv_chain_id *id)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_false(gv_state_chain(n->peer[i].w.st, id)->loaded);
        assert_int_equal(n->peer[i].blame, 0);
    }
}

/* A told tip that is here, the newest or an older one, is found in the store.
 */
static void
a_known_tip_wakes_nobody_N21(void **state)
{
    struct gv_msg m = {.kind = GV_MSG_ANN};
    struct net_of_test n;
    struct gv_chain *c;

    (void)state;
    c = three_asleep(&n);
    gv_sync_tip_of(c, &m.u.ann.tip);
    tell(&n, 0, &m);
    m.u.ann.tip.sealed = c->sum.justified;
    m.u.ann.tip.height = c->sum.justified_height;
    m.u.ann.tip.justified = 0;
    tell(&n, 0, &m);
    m.u.ann.tip.sealed = c->sum.final;
    m.u.ann.tip.height = c->sum.final_height;
    tell(&n, 0, &m);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 0);
    assert_all_asleep(&n, &c->id);
    net_free(&n);
}

/* One that nobody has costs a question to whoever told it, each time, and
 * nobody else anything; nor does anything go on when it stops. */
static void
a_made_up_tip_makes_no_storm_N21(void **state)
{
    struct gv_msg m = {.kind = GV_MSG_ANN};
    struct net_of_test n;
    struct gv_chain *c;

    (void)state;
    c = three_asleep(&n);
    for (unsigned i = 1; i <= 30; i++) {
        gv_sync_tip_of(c, &m.u.ann.tip);
        m.u.ann.tip.height += i % 3;
        m.u.ann.tip.sealed.b[0] ^= (uint8_t)i;
        tell(&n, 0, &m);
        assert_int_equal(n.kinds[GV_MSG_GETHEADERS], i);
        assert_int_equal(n.kinds[GV_MSG_HEADERS], i);
    }
    pass(&n, 30000);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 30);
    assert_int_equal(n.kinds[GV_MSG_HEADERS], 30);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKS], 0);
    assert_int_equal(n.kinds[GV_MSG_GETVOTES], 0);
    assert_true(n.kinds[GV_MSG_GETTIPS] < 60);
    assert_all_asleep(&n, &c->id);
    net_free(&n);
}

/* A header that is here is no news, whatever tip is told with it; nor is one
 * without work, which costs its sender. */
static void
only_a_header_with_work_wakes_N21(void **state)
{
    struct gv_msg ann = {.kind = GV_MSG_ANN}, m = {.kind = GV_MSG_HEADERS};
    struct sample_block at;
    struct net_of_test n;
    struct peer *a;
    struct gv_chain *c;
    uint8_t body[4096];
    struct gv_sink sink = gv_sink_buffer(body, sizeof(body));
    struct gv_bytes raw;

    (void)state;
    c = three_asleep(&n);
    a = &n.peer[0];
    at = (struct sample_block){.chain = c->id,
                               .height = c->sum.height + 1,
                               .prev = c->sum.tip,
                               .time_ms = a->w.now_ms,
                               .target = 0x1f00ffff};
    raw = sample_block(&a->w.s, &at, NULL, 0);
    ((uint8_t *)raw.p)[GV_HEADER_SIZE + 76] ^= 1; /* the nonce */
    gv_put_b32(&sink, raw);
    m.u.headers.chain = c->id;
    m.u.headers.headers =
        (struct gv_msg_list){.body = gv_bytes(body, sink.len), .count = 1};
    gv_sync_tip_of(c, &ann.u.ann.tip);
    ann.u.ann.tip.height++;
    ann.u.ann.tip.sealed.b[0] ^= 1;
    n.peer[1].mute = true;
    tell(&n, 0, &ann);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 1);
    tell(&n, a->asked, &m);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 1);
    assert_int_equal(a->blame, 100);
    assert_false(c->loaded);
    net_free(&n);
}

/* What follows the end is fetched all the same. */
static void
an_ended_auction_wakes_for_what_follows(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_chain *c, *asleep;
    struct gv_tx tx;
    uint32_t height;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    c = sleeping_auction(&a->w);
    peer_make(&n, NULL, 0);
    b->w.now_ms = a->w.now_ms;
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 40000);
    same_tips(a, b);
    asleep = gv_state_chain(b->w.st, &c->id);
    assert_int_equal(gv_state_tick(b->w.st, b->w.now_ms), GV_OK);
    assert_false(asleep->loaded);
    height = c->sum.height;
    n.deaf = true;
    tx = sample_settle(&a->w.s, &a->w.s.seller, 0, GV_SETTLE_PAID);
    world_add(&a->w, &tx);
    world_run(&a->w, 3000);
    assert_true(c->sum.height > height);
    b->w.now_ms = a->w.now_ms;
    pass(&n, 8000);
    same_tips(a, b);
    assert_int_equal(b->blame, 0);
    net_free(&n);
}

/* An auction that waits for bids sleeps on, too: made up tips, and headers and
 * blocks with work that stand on nothing, wake it not. */
static void
an_idle_auction_wakes_for_nothing_N21(void **state)
{
    struct gv_msg ann = {.kind = GV_MSG_ANN}, m = {.kind = GV_MSG_HEADERS};
    struct gv_msg push = {.kind = GV_MSG_BLOCK};
    struct sample_block at;
    struct net_of_test n;
    struct peer *a = &n.peer[0];
    struct gv_chain *c;
    uint8_t body[4096];
    struct gv_sink sink = gv_sink_buffer(body, sizeof(body));
    struct gv_tx e;
    struct gv_bytes raw;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    world_open_auction(&a->w);
    c = world_auction(&a->w);
    meet(&n, 0, 1);
    settle(&n);
    world_commit(&a->w);
    gv_chain_unload(c);
    memset(n.kinds, 0, sizeof(n.kinds));
    e = sample_enrol(&a->w.s, 0);
    at = (struct sample_block){.chain = c->id,
                               .height = c->sum.height + 1,
                               .prev = c->sum.tip,
                               .time_ms = a->w.now_ms,
                               .target = 0x1f00ffff};
    at.prev.b[3] ^= 1;
    raw = sample_block(&a->w.s, &at, &e, 1);
    gv_sync_tip_of(c, &ann.u.ann.tip);
    ann.u.ann.tip.height++;
    ann.u.ann.tip.sealed.b[0] ^= 1;
    n.peer[1].mute = true;
    tell(&n, 0, &ann);
    assert_int_equal(n.kinds[GV_MSG_GETHEADERS], 1);
    assert_false(c->loaded);
    gv_put_b32(&sink, sample_block(&a->w.s, &at, NULL, 0));
    m.u.headers.chain = c->id;
    m.u.headers.headers =
        (struct gv_msg_list){.body = gv_bytes(body, sink.len), .count = 1};
    tell(&n, a->asked, &m);
    assert_false(c->loaded);
    push.u.block.raw = raw;
    tell(&n, 0, &push);
    assert_false(c->loaded);
    assert_int_equal(a->blame, 0);
    /* One that stands on the tip does. */
    at.prev = c->sum.tip;
    push.u.block.raw = sample_block(&a->w.s, &at, &e, 1);
    tell(&n, 0, &push);
    assert_true(c->loaded);
    net_free(&n);
}

/* Votes whose source nobody can know cost their sender nothing, so only so many
 * of them cost us a signature. Its own true votes wait with them. */
static void
N22_many_orphans_are_not_looked_at(void **state)
{
    struct gv_msg m = {.kind = GV_MSG_VOTE};
    struct gv_vote *v = &m.u.vote.vote;
    struct net_of_test n;
    struct peer *a = &n.peer[0];
    struct gv_chain *c;
    uint8_t digest[32];
    struct gv_tx e;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 0);
    peer_make(&n, NULL, 0);
    world_open_auction(&a->w);
    c = world_auction(&a->w);
    e = sample_enrol(&a->w.s, 0);
    accept_block_on_tip(&a->w, c, a->w.now_ms - 500, &e, 1);
    meet(&n, 0, 1);
    settle(&n);
    *v = (struct gv_vote){0, 1, c->spine->at[0].sealed, c->spine->at[1].sealed};
    m.u.vote.chain = c->id;
    gv_vote_digest(&c->id, v, digest);
    assert_int_equal(gv_key_sign(a->w.s.keys, &a->w.s.validator[0], digest,
                                 NULL, &m.u.vote.sig),
                     GV_OK);
    for (unsigned i = 0; i < GV_SYNC_ORPHANS_BURST + 1; i++) {
        v->source.b[0] ^= 1;
        gv_le32_put(v->target.b, i);
        tell(&n, 0, &m);
        v->source.b[0] ^= 1;
    }
    v->target = c->spine->at[1].sealed;
    tell(&n, 0, &m);
    assert_int_equal(c->sum.justified_height, 0);
    pass(&n, GV_SYNC_DEAF_MS + 1);
    tell(&n, 0, &m);
    assert_int_equal(c->sum.justified_height, 1);
    assert_int_equal(a->blame, 0);
    net_free(&n);
}

/* What stands on the chain is well signed, and costs its signatures each time
 * it is told again. Whoever goes on with it is not heard for a while. */
static void
N22_many_repetitions_are_not_looked_at(void **state)
{
    struct gv_bytes item[GV_MSG_TXS_MAX];
    struct gv_msg m = {.kind = GV_MSG_TXS};
    struct net_of_test n;
    struct peer *a = &n.peer[0];
    struct gv_chain *c;
    struct gv_tx old, fresh;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    world_open_auction(&a->w);
    c = world_auction(&a->w);
    old = sample_enrol(&a->w.s, 0);
    fresh = sample_enrol(&a->w.s, 1);
    accept_block_on_tip(&a->w, c, a->w.now_ms - 500, &old, 1);
    meet(&n, 0, 1);
    settle(&n);
    n.peer[1].mute = true;
    for (unsigned i = 0; i < GV_MSG_TXS_MAX; i++)
        item[i] = old.raw;
    m.u.txs.chain = c->id;
    m.u.txs.txs.item = item;
    m.u.txs.txs.count = GV_MSG_TXS_MAX;
    for (unsigned i = 0; i <= GV_SYNC_STALE_BURST / GV_MSG_TXS_MAX; i++)
        tell(&n, 0, &m);
    item[0] = fresh.raw;
    m.u.txs.txs.count = 1;
    tell(&n, 0, &m);
    assert_false(gv_admit_enrolled(c, &fresh.u.enrol.key));
    pass(&n, GV_SYNC_DEAF_MS + 1);
    tell(&n, 0, &m);
    assert_true(gv_admit_enrolled(c, &fresh.u.enrol.key));
    assert_int_equal(a->blame, 0);
    net_free(&n);
}

/* A peer may tell of auctions that nobody has. They are asked for, and
 * forgotten when nobody shows them. */
static void
N21_chains_that_are_not_there_are_forgotten(void **state)
{
    struct gv_msg m = {.kind = GV_MSG_ANN};
    struct net_of_test n;
    struct gv_sync *s;
    struct gv_chain *c;
    uint64_t most = 0;
    size_t before;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    world_open_auction(&n.peer[0].w);
    world_commit(&n.peer[0].w);
    meet(&n, 0, 1);
    settle(&n);
    s = n.peer[0].sync;
    before = s->chains;
    m.u.ann.tip.height = 1;
    for (uint32_t i = 1; i <= 12000; i++) {
        gv_le32_put(m.u.ann.tip.chain.b, i);
        gv_le32_put(m.u.ann.tip.sealed.b, i);
        n.peer[1].mute = true;
        tell(&n, 0, &m);
        most = s->chains > most ? s->chains : most;
    }
    assert_true(most <= before + GV_SYNC_QUEUE + GV_SYNC_FETCHES);
    n.peer[1].mute = false;
    pass(&n, 60000);
    assert_int_equal(s->queued, 0);
    assert_int_equal(s->chains, before);
    /* What is there is found still. */
    c = world_auction(&n.peer[0].w);
    assert_non_null(gv_sync_chain_find(s, &c->id));
    same_tips(&n.peer[0], &n.peer[1]);
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(N22_a_false_opening_costs_points),
        cmocka_unit_test(an_ended_auction_sleeps_on),
        cmocka_unit_test(a_known_tip_wakes_nobody_N21),
        cmocka_unit_test(a_made_up_tip_makes_no_storm_N21),
        cmocka_unit_test(only_a_header_with_work_wakes_N21),
        cmocka_unit_test(an_ended_auction_wakes_for_what_follows),
        cmocka_unit_test(an_idle_auction_wakes_for_nothing_N21),
        cmocka_unit_test(N22_many_orphans_are_not_looked_at),
        cmocka_unit_test(N22_many_repetitions_are_not_looked_at),
        cmocka_unit_test(N21_chains_that_are_not_there_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
