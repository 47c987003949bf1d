/* Who is asked for stamps, and what a refusal or a silence does. */
#include "tests/unit/net/wire.h"

#define BID gv_bytes("bid", 3)

/* Peer 0 makes the world, and the last one of `peers` asks the others. */
static struct peer *
services_make(struct net_of_test *n, unsigned peers)
{
    net_init(n);
    for (unsigned i = 0; i < peers; i++)
        peer_make(n, NULL, i == 0);
    for (unsigned i = 0; i + 1 < peers; i++)
        meet(n, i, peers - 1);
    settle(n);
    return &n->peer[peers - 1];
}

static void
bids_find_a_stamping_service(void **state)
{
    struct net_of_test n;
    struct peer *b;
    int mark;

    (void)state;
    b = services_make(&n, 2);
    assert_true(gv_sync_submit(b->sync, BID, 77, &mark, b->w.now_ms));
    settle(&n);
    assert_int_equal(b->stamped, 1);
    assert_ptr_equal(b->user, &mark);
    assert_int_equal(n.peer[0].nonce, 77);
    net_free(&n);
}

static void
without_a_service_nobody_is_asked(void **state)
{
    struct net_of_test n;
    struct peer *b = &n.peer[1];

    (void)state;
    net_init(&n);
    peer_make(&n, NULL, 1);
    peer_make(&n, NULL, 0);
    assert_false(gv_sync_submit(b->sync, BID, 1, NULL, b->w.now_ms));
    net_free(&n);
}

/* Peers that refuse everything end nothing: the one that stamps is found, and
 * the next time it is asked first. */
static void
refusals_of_others_end_nothing(void **state)
{
    struct net_of_test n;
    struct peer *asks;
    unsigned before;

    (void)state;
    asks = services_make(&n, PEERS);
    for (unsigned i = 0; i + 2 < PEERS; i++)
        n.peer[i].refuses = true;
    assert_true(gv_sync_submit(asks->sync, BID, 1, NULL, asks->w.now_ms));
    settle(&n);
    assert_int_equal(asks->stamped, 1);
    assert_int_equal(asks->given_up, 0);
    assert_int_equal(asks->refusals, PEERS - 2);
    before = asks->refusals;
    assert_true(gv_sync_submit(asks->sync, BID, 2, NULL, asks->w.now_ms));
    settle(&n);
    assert_int_equal(asks->stamped, 2);
    assert_int_equal(asks->refusals, before);
    net_free(&n);
}

/* Each is asked once; the last word is kept by who asked. */
static void
when_all_refuse_it_ends(void **state)
{
    struct net_of_test n;
    struct peer *asks;
    int mark;

    (void)state;
    asks = services_make(&n, PEERS);
    for (unsigned i = 0; i + 1 < PEERS; i++)
        n.peer[i].refuses = true;
    assert_true(gv_sync_submit(asks->sync, BID, 1, &mark, asks->w.now_ms));
    settle(&n);
    assert_int_equal(asks->refusals, PEERS - 1);
    assert_int_equal(asks->given_up, 1);
    assert_ptr_equal(asks->user, &mark);
    for (unsigned i = 0; i + 1 < PEERS; i++)
        assert_int_equal(n.peer[i].submits, 1);
    net_free(&n);
}

static void
a_final_refusal_ends_it(void **state)
{
    struct net_of_test n;
    struct peer *asks;

    (void)state;
    asks = services_make(&n, PEERS);
    for (unsigned i = 0; i + 1 < PEERS; i++)
        n.peer[i].refuses = n.peer[i].final = true;
    assert_true(gv_sync_submit(asks->sync, BID, 1, NULL, asks->w.now_ms));
    settle(&n);
    assert_int_equal(asks->refusals, 1);
    assert_int_equal(asks->given_up, 0);
    net_free(&n);
}

/* Where several authorities are wanted all services are asked at once, each one
 * time, and whoever asked is told of each. */
static void
all_services_are_asked_at_once(void **state)
{
    struct net_of_test n;
    struct peer *asks;
    int mark;

    (void)state;
    asks = services_make(&n, PEERS);
    n.peer[0].refuses = true;
    n.peer[1].mute = true;
    assert_int_equal(
        gv_sync_submit_all(asks->sync, BID, 5, &mark, asks->w.now_ms),
        PEERS - 1);
    settle(&n);
    assert_int_equal(asks->refusals, 1);
    assert_int_equal(asks->stamped, PEERS - 3);
    assert_int_equal(asks->given_up, 0);
    pass(&n, 10200); /* it does not answer */
    assert_int_equal(asks->given_up, 1);
    assert_ptr_equal(asks->user, &mark);
    for (unsigned i = 0; i + 1 < PEERS; i++)
        assert_int_equal(n.peer[i].submits, 1);
    net_free(&n);
}

/* One that says nothing is passed over after ten seconds. */
static void
a_mute_service_is_passed_over(void **state)
{
    struct net_of_test n;
    struct peer *asks;

    (void)state;
    asks = services_make(&n, 3);
    pass(&n, 6000);
    n.peer[0].mute = true;
    assert_true(gv_sync_submit(asks->sync, BID, 1, NULL, asks->w.now_ms));
    pass(&n, 9800);
    assert_int_equal(asks->stamped, 0);
    pass(&n, 400);
    assert_int_equal(asks->stamped, 1);
    net_free(&n);
}

/* The only one may have lost the question: it is asked again, and after half a
 * minute nobody waits any more. */
static void
silence_ends_after_half_a_minute(void **state)
{
    struct net_of_test n;
    struct peer *asks;

    (void)state;
    asks = services_make(&n, 2);
    n.peer[0].mute = true;
    assert_true(gv_sync_submit(asks->sync, BID, 1, NULL, asks->w.now_ms));
    pass(&n, 29800);
    assert_int_equal(asks->given_up, 0);
    assert_true(n.peer[0].submits > 1);
    pass(&n, 500);
    assert_int_equal(asks->given_up, 1);
    assert_int_equal(asks->stamped, 0);
    net_free(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bids_find_a_stamping_service),
        cmocka_unit_test(without_a_service_nobody_is_asked),
        cmocka_unit_test(refusals_of_others_end_nothing),
        cmocka_unit_test(when_all_refuse_it_ends),
        cmocka_unit_test(a_final_refusal_ends_it),
        cmocka_unit_test(all_services_are_asked_at_once),
        cmocka_unit_test(a_mute_service_is_passed_over),
        cmocka_unit_test(silence_ends_after_half_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
