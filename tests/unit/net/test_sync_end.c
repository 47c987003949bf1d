/* Sync of auctions that have ended, and what their openers cost. */
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(N22_a_false_opening_costs_points),
        cmocka_unit_test(an_ended_auction_sleeps_on),
        cmocka_unit_test(an_ended_auction_wakes_for_what_follows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
