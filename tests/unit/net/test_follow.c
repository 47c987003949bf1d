/* test_follow.c - a node that follows some auctions fetches those alone. */
#include "tests/unit/net/wire.h"

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

/* Of ten thousand auctions three: their blocks are asked for and no others, and
 * no more bytes come than these need. */
static void
S4_80_three_auctions_of_ten_thousand(void **state)
{
    enum { ALL = 10000, THREE = 3 };
    struct net_of_test n;
    struct peer *a = &n.peer[0], *b = &n.peer[1];
    struct gv_chain_id wanted[THREE];
    struct gv_sync_status status;
    struct gv_reject why;
    struct gv_open open;
    uint64_t blocks = 0;

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    for (unsigned i = 0; i < ALL; i++) {
        open = a->w.s.open;
        gv_le32_put(open.salt, i);
        assert_int_equal(gv_state_add_tx(a->w.st, sample_open(&a->w.s, &open),
                                         a->w.now_ms, &why),
                         GV_OK);
        if (i % 4000 == 7)
            wanted[i / 4000] = open.id;
    }
    world_run(&a->w, 3000);
    settle(&n);
    assert_int_equal(gv_state_chain_count(a->w.st), ALL + 1);
    n.follows = THREE;
    peer_make(&n, wanted, 0);
    b->w.now_ms = a->w.now_ms;
    n.bytes = 0;
    meet(&n, 0, 1);
    settle(&n);
    pass(&n, 12000);
    assert_int_equal(gv_state_chain_count(b->w.st), THREE + 1);
    for (size_t i = 0; i <= THREE; i++) {
        const struct gv_chain *c = gv_state_chain_at(b->w.st, i);

        assert_int_equal(c->sum.height,
                         gv_state_chain(a->w.st, &c->id)->sum.height);
        blocks += c->sum.height + (c->registry ? 0 : 1);
    }
    gv_sync_status(b->sync, &status);
    assert_int_equal(status.fetched, blocks);
    assert_int_equal(gv_sync_peer_blocks(b->sync, 1), blocks);
    assert_true(n.bytes < 32768); /* all of them are a megabyte */
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_followed_is_fetched),
        cmocka_unit_test(S4_80_three_auctions_of_ten_thousand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
