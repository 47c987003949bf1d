/* Blocks told as short ids (N30, N31), and how often tips are told (N11). */
#include "src/net/rebuild.h"
#include "src/net/sync_impl.h"
#include "tests/unit/net/wire.h"

/* A row of peers in which everybody knows the auction. */
static void
row_make(struct net_of_test *n, unsigned peers)
{
    net_init(n);
    for (unsigned i = 0; i < peers; i++)
        peer_make(n, NULL, i == 0);
    for (unsigned i = 0; i + 1 < peers; i++)
        meet(n, i, i + 1);
    settle(n);
    world_open_auction(&n->peer[0].w);
    settle(n);
    pass(n, 6000);
}

/* Questions for blocks so far. */
static unsigned
questions(const struct net_of_test *n)
{
    return n->kinds[GV_MSG_GETHEADERS] + n->kinds[GV_MSG_GETBLOCKS] +
           n->kinds[GV_MSG_GETBLOCKTXS];
}

/* The number of the one question of a peer for transactions of a block. */
static uint32_t
question_of(const struct peer *p)
{
    for (size_t i = 0; i < GV_SYNC_COMPACTS; i++)
        if (p->sync->compact[i].session != 0)
            return p->sync->compact[i].request;
    fail_msg("nothing was asked");
    return 0;
}

/* The newest block of the auction; it stays the caller's to free. */
static struct gv_kv_value
auction_tip(struct peer *p)
{
    struct gv_chain *c = world_auction(&p->w);
    struct gv_kv_value block;

    assert_int_equal(gv_state_block_at(p->w.st, c, c->sum.height, &block),
                     GV_OK);
    return block;
}

/* A block of the auction with what waits at peer 0, not told yet. */
static struct gv_kv_value
make_block(struct net_of_test *n)
{
    struct peer *p = &n->peer[0];
    uint32_t before = world_auction(&p->w)->sum.height;

    world_mine(&p->w);
    world_commit(&p->w);
    assert_true(world_auction(&p->w)->sum.height == before + 1);
    return auction_tip(p);
}

/* Peer 0 tells this block, and the one of the registry that was made with it.
 */
static void
tell(struct net_of_test *n, struct gv_kv_value *block)
{
    struct gv_chain *r = gv_state_registry(n->peer[0].w.st);
    struct gv_kv_value other;

    assert_int_equal(
        gv_state_block_at(n->peer[0].w.st, r, r->sum.height, &other), GV_OK);
    gv_sync_own_block(n->peer[0].sync, gv_bytes(other.p, other.len));
    gv_kv_value_free(&other);
    gv_sync_own_block(n->peer[0].sync, gv_bytes(block->p, block->len));
    gv_kv_value_free(block);
    settle(n);
}

/* Bids that only peer 0 has, no longer fresh. */
static void
bid_unheard(struct net_of_test *n)
{
    n->deaf = true;
    place_bid(&n->peer[0].w, 0);
    settle(n);
    pass(n, 300);
    n->deaf = false;
    assert_int_equal(gv_state_pool(n->peer[1].w.st)->txs, 0);
}

static void
is_same_auction(struct peer *a, struct peer *b)
{
    assert_memory_equal(world_auction(&a->w)->sum.tip.b,
                        world_auction(&b->w)->sum.tip.b, 32);
}

static void
a_block_is_rebuilt_from_the_mempool(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    unsigned before;

    (void)state;
    row_make(&n, 2);
    place_bid(&n.peer[0].w, 0);
    settle(&n);
    pass(&n, 300);
    block = make_block(&n);
    before = questions(&n);
    tell(&n, &block);
    is_same_auction(&n.peer[0], &n.peer[1]);
    assert_int_equal(questions(&n), before);
    assert_int_equal(n.peer[1].blame, 0);
    net_free(&n);
}

/* What has only just entered the mempool travels whole. */
static void
fresh_transactions_travel_whole(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    unsigned before;

    (void)state;
    row_make(&n, 2);
    n.deaf = true;
    place_bid(&n.peer[0].w, 0);
    settle(&n);
    n.deaf = false;
    block = make_block(&n);
    before = questions(&n);
    tell(&n, &block);
    is_same_auction(&n.peer[0], &n.peer[1]);
    assert_int_equal(questions(&n), before);
    net_free(&n);
}

static void
what_lacks_is_asked_for(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    unsigned before;

    (void)state;
    row_make(&n, 2);
    bid_unheard(&n);
    block = make_block(&n);
    before = questions(&n);
    tell(&n, &block);
    is_same_auction(&n.peer[0], &n.peer[1]);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 1);
    assert_int_equal(n.kinds[GV_MSG_BLOCKTXS], 1);
    assert_int_equal(questions(&n), before + 1);
    assert_int_equal(n.peer[0].blame + n.peer[1].blame, 0);
    net_free(&n);
}

/* Each passes it on once; what the second had to ask for, the third does not.
 */
static void
a_line_passes_a_block_on_once(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    unsigned before;

    (void)state;
    row_make(&n, 4);
    bid_unheard(&n);
    block = make_block(&n);
    before = questions(&n);
    tell(&n, &block);
    for (unsigned i = 1; i < 4; i++)
        is_same_auction(&n.peer[0], &n.peer[i]);
    assert_int_equal(n.kinds[GV_MSG_COMPACT], 2 * 4);
    assert_int_equal(questions(&n), before + 1);
    net_free(&n);
}

/* --- what goes wrong --- */

/* COMPACT of a block as peer 0 would tell it, all in short ids. */
static uint8_t *
compact_of(const struct gv_kv_value *block, size_t *len)
{
    struct gv_bytes header, *txs;
    uint8_t *body;
    size_t n;

    txs = gv_compact_split(gv_bytes(block->p, block->len), &header, &n);
    assert_non_null(txs);
    assert_true(n >= 3);
    body = gv_compact_make(header, txs, (bool[GV_BLOCK_TX_MAX]){false}, n, len);
    assert_non_null(body);
    free(txs);
    return body;
}

/* Where the short ids begin in it. */
static size_t
shorts_at(const uint8_t *body, size_t len)
{
    const char *field;
    struct gv_msg m;

    assert_int_equal(
        gv_msg_decode(GV_MSG_COMPACT, gv_bytes(body, len), &m, &field), GV_OK);
    return (size_t)(m.u.compact.shorts.p - body);
}

static void
hear(struct net_of_test *n, unsigned kind, uint32_t request, const void *body,
     size_t len)
{
    struct gv_net_event head = {
        .what = GV_NET_MESSAGE, .kind = (uint8_t)kind, .request = request};

    put_letter(n, 0, 1, &head, gv_bytes(body, len));
    settle(n);
}

/* A short id that fits another transaction of the mempool gives another block,
 * which tx_root shows; nobody is to blame, and the block is fetched. */
static void
a_collision_is_seen_and_healed(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    uint8_t *body;
    size_t len, at;

    (void)state;
    row_make(&n, 2);
    place_bid(&n.peer[0].w, 0);
    settle(&n);
    pass(&n, 300);
    n.deaf = true;
    block = make_block(&n);
    settle(&n); /* its announcement is lost */
    n.deaf = false;
    body = compact_of(&block, &len);
    at = shorts_at(body, len);
    gv_kv_value_free(&block);
    for (unsigned i = 0; i < GV_MSG_SHORT_SIZE; i++) { /* two change places */
        uint8_t b = body[at + i];

        body[at + i] = body[at + GV_MSG_SHORT_SIZE + i];
        body[at + GV_MSG_SHORT_SIZE + i] = b;
    }
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    is_same_auction(&n.peer[0], &n.peer[1]);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 0);
    assert_int_equal(n.peer[1].blame, 0);
    free(body);
    net_free(&n);
}

/* The same short id twice cannot be told apart: both are asked for, and come
 * under the wrong name or not at all. */
static void
a_short_id_that_stands_twice_is_not_guessed(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    uint8_t *body;
    size_t len, at;

    (void)state;
    row_make(&n, 2);
    place_bid(&n.peer[0].w, 0);
    settle(&n);
    pass(&n, 300);
    n.deaf = true;
    block = make_block(&n);
    settle(&n);
    n.deaf = false;
    body = compact_of(&block, &len);
    at = shorts_at(body, len);
    gv_kv_value_free(&block);
    memcpy(body + at, body + at + GV_MSG_SHORT_SIZE, GV_MSG_SHORT_SIZE);
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    is_same_auction(&n.peer[0], &n.peer[1]);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 1);
    assert_int_equal(n.peer[1].blame, 50); /* it told a short id falsely */
    free(body);
    net_free(&n);
}

static void
garbage_costs_points(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    struct gv_tx txs[2];
    struct gv_bytes header, *raw, raws[2], swapped;
    struct gv_chain *c;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    const bool whole[2] = {true, true};
    uint8_t *body;
    size_t len, count;

    (void)state;
    row_make(&n, 2);
    bid_unheard(&n);
    n.deaf = true;
    block = make_block(&n);
    settle(&n);
    body = compact_of(&block, &len);
    gv_kv_value_free(&block);
    body[GV_HEADER_SIZE + 40] ^= 1; /* in the seal's work root */
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    assert_int_equal(b->blame, 100);
    hear(&n, GV_MSG_COMPACT, 0, body, 50); /* cut off */
    assert_int_equal(b->blame, 150);
    free(body);

    /* Good work, but not these transactions. */
    txs[0] = sample_enrol(&a->w.s, 1);
    txs[1] = sample_enrol(&a->w.s, 2);
    c = world_auction(&a->w);
    swapped = world_block_on(&a->w, c, c->tree.node[c->tip].parent, a->w.now_ms,
                             txs, 2);
    raw = gv_compact_split(swapped, &header, &count);
    assert_non_null(raw);
    raws[0] = raw[1];
    raws[1] = raw[0];
    body = gv_compact_make(header, raws, whole, 2, &len);
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    assert_int_equal(b->blame, 250);
    free(body);
    /* And not this many. */
    body = gv_compact_make(header, raw, whole, 1, &len);
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    assert_int_equal(b->blame, 350);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 0);
    free(body);
    free(raw);
    net_free(&n);
}

static void
a_false_answer_costs_points(void **state)
{
    struct net_of_test n;
    struct gv_msg m = {.kind = GV_MSG_BLOCKTXS};
    struct gv_kv_value block;
    struct gv_bytes item = gv_bytes("something else", 14);
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    uint8_t *body;
    size_t len;

    (void)state;
    row_make(&n, 2);
    bid_unheard(&n);
    block = make_block(&n);
    a->mute = true;
    tell(&n, &block);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 1);
    a->mute = false;
    m.u.blocktxs.chain = world_auction(&a->w)->id;
    m.u.blocktxs.sealed = world_auction(&a->w)->sum.tip;
    m.u.blocktxs.txs = (struct gv_msg_list){.item = &item, .count = 1};
    body = gv_msg_encode(&m, &len);
    hear(&n, GV_MSG_BLOCKTXS, question_of(b), body, len);
    assert_int_equal(b->blame, 50);
    is_same_auction(a, b); /* fetched */
    free(body);
    net_free(&n);
}

/* Who tells a block and then says nothing more delays it for a second. */
static void
silence_delays_it_for_a_second(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    struct peer *a = &n.peer[0], *b = &n.peer[1];

    (void)state;
    row_make(&n, 2);
    bid_unheard(&n);
    block = make_block(&n);
    a->mute = true;
    tell(&n, &block);
    a->mute = false;
    pass(&n, 800);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 1);
    assert_memory_not_equal(world_auction(&b->w)->sum.tip.b,
                            world_auction(&a->w)->sum.tip.b, 32);
    pass(&n, 300);
    is_same_auction(a, b);
    net_free(&n);
}

/* And another peer that has it is asked at once. */
static void
silence_of_one_delays_nothing_when_another_has_it(void **state)
{
    struct net_of_test n;
    struct gv_kv_value block;
    struct gv_net_event head = {.what = GV_NET_MESSAGE, .kind = GV_MSG_COMPACT};
    struct peer *a = &n.peer[0], *b = &n.peer[1], *c = &n.peer[2];
    uint8_t *body;
    size_t len;

    (void)state;
    row_make(&n, 3);
    bid_unheard(&n);
    block = make_block(&n);
    body = compact_of(&block, &len);
    assert_int_equal(world_give(&c->w, gv_bytes(block.p, block.len)),
                     GV_ACCEPTED);
    n.deaf = true;
    a->mute = true;
    tell(&n, &block);
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 1);
    put_letter(&n, 2, 1, &head, gv_bytes(body, len));
    settle(&n);
    is_same_auction(b, c);
    free(body);
    net_free(&n);
}

/* More than a question may name: fetched like any other. */
static void
too_many_are_not_asked_for(void **state)
{
    enum { MANY = GV_MSG_TXS_MAX + 1 };
    struct net_of_test n;
    struct gv_tx *txs = calloc(MANY, sizeof(*txs));
    bool *whole = calloc(MANY, sizeof(*whole));
    struct gv_bytes header, *raw, block;
    unsigned headers;
    uint8_t *body;
    size_t len, count;

    (void)state;
    assert_non_null(txs);
    assert_non_null(whole);
    row_make(&n, 2);
    for (unsigned i = 0; i < MANY; i++)
        txs[i] = i == 0 ? sample_enrol(&n.peer[0].w.s, 1) : txs[0];
    block = world_block(&n.peer[0].w, world_auction(&n.peer[0].w),
                        n.peer[0].w.now_ms, txs, MANY);
    raw = gv_compact_split(block, &header, &count);
    assert_int_equal(count, MANY);
    body = gv_compact_make(header, raw, whole, count, &len);
    headers = n.kinds[GV_MSG_GETHEADERS];
    hear(&n, GV_MSG_COMPACT, 0, body, len);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKTXS], 0);
    assert_true(n.kinds[GV_MSG_GETHEADERS] > headers);
    free(body);
    free(raw);
    free(whole);
    free(txs);
    net_free(&n);
}

/* Whole transactions end where their room ends; the rest has short ids. */
static void
whole_transactions_have_a_limit(void **state)
{
    enum { EACH = 60000, COUNT = 6 };
    static uint8_t block0[GV_HEADER_SIZE + 81];
    uint8_t *tx = calloc(1, EACH), *body;
    struct gv_bytes txs[COUNT];
    bool whole[COUNT];
    const char *field;
    struct gv_msg m;
    size_t len;

    (void)state;
    assert_non_null(tx);
    for (unsigned i = 0; i < COUNT; i++) {
        txs[i] = gv_bytes(tx, EACH);
        whole[i] = true;
    }
    body = gv_compact_make(gv_bytes(block0, sizeof(block0)), txs, whole, COUNT,
                           &len);
    assert_non_null(body);
    assert_int_equal(
        gv_msg_decode(GV_MSG_COMPACT, gv_bytes(body, len), &m, &field), GV_OK);
    assert_int_equal(m.u.compact.whole.count, GV_MSG_WHOLE_MAX / EACH);
    assert_int_equal(m.u.compact.shorts.count, COUNT - GV_MSG_WHOLE_MAX / EACH);
    free(body);
    free(tx);
}

/* --- announcements --- */

/* A tip that changes a hundred times a second is told eight times, and the
 * newest when its time has come. */
static void
a_tip_is_told_eight_times_a_second(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0];
    unsigned before;

    (void)state;
    row_make(&n, 2);
    before = n.kinds[GV_MSG_ANN];
    for (unsigned i = 0; i < 100; i++) {
        a->w.now_ms += 10;
        gv_sync_tip(a->sync, gv_state_registry(a->w.st));
        settle(&n);
    }
    assert_in_range(n.kinds[GV_MSG_ANN] - before, 7, 8);
    before = n.kinds[GV_MSG_ANN];
    pass(&n, 200);
    assert_int_equal(n.kinds[GV_MSG_ANN], before + 1);
    pass(&n, 200);
    assert_int_equal(n.kinds[GV_MSG_ANN], before + 1);
    assert_int_equal(n.peer[1].blame, 0);
    net_free(&n);
}

/* The middle one of three fetches a long chain and tells its end alone. */
static void
a_fetch_is_announced_when_it_ends(void **state)
{
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1], *c = &n.peer[2];
    unsigned before;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    world_run(&a->w, 60000);
    settle(&n);
    assert_true(gv_state_registry(a->w.st)->sum.height >= 40);
    peer_make(&n, NULL, 0);
    peer_make(&n, NULL, 0);
    b->w.now_ms = c->w.now_ms = a->w.now_ms;
    meet(&n, 1, 2);
    settle(&n);
    before = n.kinds[GV_MSG_ANN];
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 500);
    same_tips(a, b);
    same_tips(b, c);
    /* The end of the chain, by each of them. */
    assert_in_range(n.kinds[GV_MSG_ANN] - before, 1, 2);
    assert_int_equal(a->blame + b->blame + c->blame, 0);
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_rebuilt_from_the_mempool),
        cmocka_unit_test(fresh_transactions_travel_whole),
        cmocka_unit_test(what_lacks_is_asked_for),
        cmocka_unit_test(a_line_passes_a_block_on_once),
        cmocka_unit_test(a_collision_is_seen_and_healed),
        cmocka_unit_test(a_short_id_that_stands_twice_is_not_guessed),
        cmocka_unit_test(garbage_costs_points),
        cmocka_unit_test(a_false_answer_costs_points),
        cmocka_unit_test(silence_delays_it_for_a_second),
        cmocka_unit_test(silence_of_one_delays_nothing_when_another_has_it),
        cmocka_unit_test(too_many_are_not_asked_for),
        cmocka_unit_test(whole_transactions_have_a_limit),
        cmocka_unit_test(a_tip_is_told_eight_times_a_second),
        cmocka_unit_test(a_fetch_is_announced_when_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
