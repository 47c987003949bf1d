/* test_bodies.c - blocks fetched from several peers at once, of which some
 * say nothing, withhold, or lie. */
#include "src/net/sync_impl.h"
#include "tests/unit/net/wire.h"

#define SERVERS 3
#define JOINER SERVERS
#define BLOCKS_MS 150000 /* of the registry: a block a second */

/* Peers 0 to 2 have a long registry; peer 3 has nothing and met nobody yet. */
static struct peer *
make(struct net_of_test *n)
{
    net_init(n);
    peer_make(n, NULL, 0);
    world_run(&n->peer[0].w, BLOCKS_MS);
    settle(n);
    for (unsigned i = 1; i < SERVERS; i++) {
        peer_make(n, NULL, 0);
        n->peer[i].w.now_ms = n->peer[0].w.now_ms;
        meet(n, 0, i);
        settle(n);
        same_tips(&n->peer[0], &n->peer[i]);
    }
    peer_make(n, NULL, 0);
    n->peer[JOINER].w.now_ms = n->peer[0].w.now_ms;
    assert_true(gv_state_registry(n->peer[0].w.st)->sum.height > 130);
    return &n->peer[JOINER];
}

static void
meet_all(struct net_of_test *n)
{
    for (unsigned i = 0; i < SERVERS; i++)
        meet(n, i, JOINER);
}

/* Until the joiner has asked for blocks. */
static void
until_asked(struct net_of_test *n)
{
    unsigned before = n->kinds[GV_MSG_GETBLOCKS];

    while (n->kinds[GV_MSG_GETBLOCKS] == before)
        assert_true(deliver(n));
}

/* How many of the servers gave it blocks. */
static unsigned
givers(struct net_of_test *n, uint64_t *sum)
{
    unsigned some = 0;

    *sum = 0;
    for (unsigned i = 0; i < SERVERS; i++) {
        uint64_t blocks = gv_sync_peer_blocks(n->peer[JOINER].sync, i + 1);

        *sum += blocks;
        some += blocks > 0;
    }
    return some;
}

static uint64_t
height(const struct peer *p)
{
    return gv_state_registry(p->w.st)->sum.height;
}

static void
blocks_come_from_all_peers(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);
    uint64_t sum;

    (void)state;
    meet_all(&n);
    settle(&n);
    same_tips(&n.peer[0], late);
    assert_int_equal(givers(&n, &sum), SERVERS);
    assert_int_equal(sum, height(late)); /* and none twice */
    assert_int_equal(late->blame, 0);
    assert_int_equal(late->sync->body_bytes, 0);
    assert_int_equal(late->sync->body_asks, 0);
    net_free(&n);
}

/* Falls silent when it was asked for blocks: others get its questions after
 * two seconds, long before they fail, and it is asked for none meanwhile. */
static void
a_stalled_peer_loses_its_blocks_to_others(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);
    uint64_t early, start;
    unsigned first, stalled;

    (void)state;
    meet_all(&n);
    until_asked(&n);
    for (first = 0; late->sync->session[first]->credit == 0;)
        first++;
    stalled = (unsigned)late->sync->session[first]->id - 1;
    n.peer[stalled].mute = true;
    start = late->w.now_ms;
    settle(&n);
    /* What came early is bounded. */
    givers(&n, &early);
    assert_in_range(early, GV_SYNC_AHEAD / 2, GV_SYNC_AHEAD);
    assert_true(height(late) < 10);
    pass(&n, 2500);
    same_tips(&n.peer[0], late);
    assert_true(late->w.now_ms - start < 3000);
    assert_int_equal(late->blame, 0);
    assert_int_equal(gv_sync_peer_blocks(late->sync, stalled + 1), 0);
    pass(&n, 10000); /* its questions have failed by now */
    assert_true(late->blame >= 2);
    assert_int_equal(late->sync->body_asks, 0);
    for (unsigned i = 0; i < late->sync->sessions; i++)
        assert_int_equal(late->sync->session[i]->credit, 0);
    net_free(&n);
}

static void
withheld_bodies_are_taken_from_others(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);

    (void)state;
    n.peer[0].withholds = n.peer[1].withholds = true;
    meet_all(&n);
    settle(&n);
    pass(&n, 3000);
    same_tips(&n.peer[2], late);
    assert_int_equal(gv_sync_peer_blocks(late->sync, 1), 0);
    assert_int_equal(gv_sync_peer_blocks(late->sync, 2), 0);
    net_free(&n);
}

/* When all are slow none is asked twice for what another one owes. */
static void
slow_peers_alone_are_not_asked_twice(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);
    unsigned asked;

    (void)state;
    for (unsigned i = 0; i < SERVERS; i++)
        n.peer[i].withholds = true;
    meet_all(&n);
    settle(&n);
    pass(&n, 4500); /* each was asked, and then one of the others */
    asked = n.kinds[GV_MSG_GETBLOCKS];
    pass(&n, 2500);
    assert_int_equal(n.kinds[GV_MSG_GETBLOCKS], asked);
    assert_true(height(late) < 10);
    net_free(&n);
}

/* Bodies that are not those of their headers: the sender pays, and the branch
 * is good all the same. */
static void
S4_76_a_liar_costs_the_chain_nothing(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);

    (void)state;
    n.peer[1].corrupts = true;
    meet_all(&n);
    settle(&n);
    same_tips(&n.peer[0], late);
    assert_true(late->blame >= 100);
    net_free(&n);
}

/* The first to tell of a tip gives bad bodies: the same tip is as good when
 * somebody else tells it. */
static void
a_liar_does_not_spoil_a_tip_for_others(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);

    (void)state;
    n.peer[1].corrupts = true;
    meet(&n, 1, JOINER);
    settle(&n);
    assert_true(late->blame >= 100);
    assert_true(height(late) < height(&n.peer[0]));
    meet(&n, 0, JOINER);
    settle(&n);
    same_tips(&n.peer[0], late);
    net_free(&n);
}

/* A peer that told a tip and is on another branch by now, or far behind. */
static void
who_has_nothing_is_asked_no_more(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);
    struct gv_sync_chain *c;
    struct gv_tip tip;

    (void)state;
    peer_make(&n, NULL, 0); /* block 0 alone */
    n.peer[JOINER + 1].w.now_ms = late->w.now_ms;
    meet(&n, 0, JOINER);
    meet(&n, JOINER + 1, JOINER);
    gv_sync_tip_of(gv_state_registry(n.peer[0].w.st), &tip);
    until_asked(&n);
    c = gv_sync_chain_find(late->sync, &tip.chain);
    gv_sync_add_holder(c, JOINER + 2);
    gv_fetch_pump_all(late->sync);
    settle(&n);
    same_tips(&n.peer[0], late);
    assert_int_equal(gv_sync_peer_blocks(late->sync, JOINER + 2), 0);
    for (unsigned i = 0; i < GV_SYNC_HOLDERS; i++)
        assert_int_not_equal(c->holder[i], JOINER + 2);
    assert_int_equal(late->blame, 0);
    net_free(&n);
}

/* --- blocks with the host --- */

static void
several_blocks_are_judged_at_once(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);
    struct gv_sync_status status;

    (void)state;
    late->defers = true;
    meet_all(&n);
    settle(&n);
    assert_int_equal(late->waiting, GV_SYNC_JUDGED);
    gv_sync_status(late->sync, &status);
    assert_int_equal(status.behind, 1);
    assert_int_equal(status.headers, height(&n.peer[0]));
    assert_int_equal(status.lacking, status.headers);
    assert_int_equal(status.height, 0);
    for (int i = 0; i < 5; i++)
        assert_true(judge_next(late));
    gv_sync_status(late->sync, &status);
    assert_int_equal(status.height, 5);
    while (judge_next(late))
        settle(&n);
    same_tips(&n.peer[0], late);
    assert_int_equal(late->most_waiting, GV_SYNC_JUDGED);
    assert_int_equal(late->blame, 0);
    net_free(&n);
}

/* A block that is ahead of the time here is held, and those above it come back
 * without a fault of anybody's. */
static void
above_a_held_block_others_wait(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);
    uint64_t now = late->w.now_ms;

    (void)state;
    late->defers = true;
    late->w.now_ms = now - 60000; /* its clock is a minute late */
    meet_all(&n);
    settle(&n);
    while (judge_next(late))
        settle(&n);
    assert_in_range(height(late), 80, 110);
    assert_int_equal(late->blame, 0);
    for (int i = 0; i < 100; i++) {
        late->w.now_ms += 1000;
        assert_int_equal(gv_sync_tick(late->sync, late->w.now_ms), GV_OK);
        assert_true(late->waiting <= GV_SYNC_JUDGED);
        settle(&n);
        while (judge_next(late))
            settle(&n);
    }
    same_tips(&n.peer[0], late);
    assert_int_equal(late->blame, 0);
    net_free(&n);
}

/* A bad body above others that are being judged: they go on, its sender pays,
 * and the block comes from somebody else. */
static void
a_bad_block_among_those_being_judged(void **state)
{
    struct net_of_test n;
    struct peer *late = make(&n);

    (void)state;
    late->defers = true;
    meet_all(&n);
    settle(&n);
    late->waits->next->next->event.len++; /* a byte left over */
    while (judge_next(late))
        settle(&n);
    same_tips(&n.peer[0], late);
    assert_int_equal(late->blame, 100);
    net_free(&n);
}

/* A verdict that comes when its fetch has ended changes nothing. */
static void
late_verdicts_harm_nobody(void **state)
{
    struct gv_net_event down = {.what = GV_NET_DOWN};
    struct net_of_test n;
    struct peer *late = make(&n);

    (void)state;
    late->defers = true;
    meet_all(&n);
    settle(&n);
    for (unsigned i = 0; i < SERVERS; i++)
        put_letter(&n, i, JOINER, &down, gv_bytes(NULL, 0));
    settle(&n);
    assert_int_equal(late->sync->sessions, 0);
    while (judge_next(late))
        settle(&n);
    pass(&n, 1000);
    assert_int_equal(late->sync->fetches, 0);
    assert_int_equal(late->sync->body_bytes, 0);
    late->defers = false;
    meet_all(&n);
    settle(&n);
    pass(&n, 6000);
    same_tips(&n.peer[0], late);
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_from_all_peers),
        cmocka_unit_test(a_stalled_peer_loses_its_blocks_to_others),
        cmocka_unit_test(withheld_bodies_are_taken_from_others),
        cmocka_unit_test(slow_peers_alone_are_not_asked_twice),
        cmocka_unit_test(S4_76_a_liar_costs_the_chain_nothing),
        cmocka_unit_test(a_liar_does_not_spoil_a_tip_for_others),
        cmocka_unit_test(who_has_nothing_is_asked_no_more),
        cmocka_unit_test(several_blocks_are_judged_at_once),
        cmocka_unit_test(above_a_held_block_others_wait),
        cmocka_unit_test(a_bad_block_among_those_being_judged),
        cmocka_unit_test(late_verdicts_harm_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
