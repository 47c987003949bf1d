/* The end of a chain thread: whatever waits is answered once, and nothing is
 * answered as done that was not. */
#include "tests/unit/node/house.h"

#define BIDS 100

static struct gv_tx
bid_of(struct house *h, unsigned n)
{
    return sample_bid(&h->s, n % SAMPLE_BIDDERS, n + 1, 1000 + n);
}

static void *
open_later(void *arg)
{
    struct timespec rest = {0, 100000000};

    nanosleep(&rest, NULL);
    house_shut(arg, false);
    return NULL;
}

/* Bids that wait for their stamp, look-ups behind them, a miner that waits for
 * work: a stop answers all of them, and no bid as done. */
static void
a_stop_answers_every_call_that_waits(void **state)
{
    struct gv_http_stats s;
    int fd[BIDS + 1];
    struct house h;
    pthread_t helper;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    gv_http_stats(h.http, &s);
    house_shut(&h, true);
    for (unsigned n = 0; n < BIDS; n++) {
        struct gv_tx bid = bid_of(&h, n);

        fd[n] = house_post_bid(&h, &bid);
    }
    fd[BIDS] = house_post(
        &h, "getworktemplate",
        json_pack("{ss si}", "longpoll",
                  "0000000000000000000000000000000000000000000000000000000000"
                  "000000",
                  "timeout_ms", 60000));
    house_await_requests(&h, s.requests + BIDS + 1);
    while (h.at_door == 0)
        sched_yield();
    assert_int_equal(pthread_create(&helper, NULL, open_later, &h), 0);
    gv_loop_stop(h.loop);
    pthread_join(helper, NULL);
    /* The server is still there, and says what there is to say. */
    assert_null(house_call(&h, "status", NULL));
    assert_int_equal(h.error.code, GV_RPC_STOPPING);
    house_stop(&h);
    for (unsigned n = 0; n < BIDS; n++) {
        json_t *answer = house_answer(fd[n]);

        assert_int_equal(house_code(answer), GV_RPC_STOPPING);
        json_decref(answer);
    }
    json_decref(house_answer(fd[BIDS]));
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

/* A stop in the middle of traffic: each call is answered once, with a result
 * that lasts or with "stopping". */
static void
a_stop_among_calls_loses_none(void **state)
{
    struct support_rng rng = support_rng_new();
    bool acked[BIDS] = {false};
    int fd[BIDS];
    struct house h;

    (void)state;
    house_make(&h);
    for (int round = 0; round < 4; round++) {
        struct timespec rest = {0, (long)support_rng_below(&rng, 30000000)};
        unsigned from = (unsigned)round * 25;
        struct gv_http_stats s;

        house_run(&h);
        if (round == 0)
            house_open(&h);
        gv_http_stats(h.http, &s);
        for (unsigned n = from; n < from + 25; n++) {
            struct gv_tx bid = bid_of(&h, n);

            fd[n] = house_post_bid(&h, &bid);
        }
        house_await_requests(&h, s.requests + 25);
        nanosleep(&rest, NULL);
        house_stop(&h);
        for (unsigned n = from; n < from + 25; n++) {
            json_t *answer = house_answer(fd[n]);
            int code = house_code(answer);

            assert_true(code == 0 || code == GV_RPC_STOPPING);
            acked[n] = code == 0;
            json_decref(answer);
        }
    }
    house_run(&h);
    for (unsigned n = 0; n < BIDS; n++) {
        struct gv_tx bid = bid_of(&h, n);

        if (acked[n])
            house_do(&h, "getbid",
                     json_pack("{so}", "bid",
                               house_hex(gv_bytes(bid.u.bid.id.b, 32))));
    }
    house_free(&h);
}

/* A node without the role hands bids to a peer that has it. */
static void
a_bid_is_stamped_by_a_peer_or_answered_at_the_stop(void **state)
{
    struct timespec rest = {0, 20000000};
    struct house tsa, node;
    struct gv_net_place place;
    struct gv_tsa *unused;
    struct gv_tx bid;
    json_t *answer;
    int fd;

    (void)state;
    house_make(&tsa);
    house_make(&node);
    unused = node.services.tsa;
    node.no_tsa = node.idle = true;
    tsa.allow = node.net_keys.own;
    house_run(&tsa);
    house_run(&node);
    place = (struct gv_net_place){*gv_net_bound(tsa.net), tsa.net_keys.own};
    house_open(&tsa);
    house_open_of(&node, &tsa.s);
    /* Not before: gossip would be as quick as the calls. */
    assert_true(gv_net_connect(node.net, &place));
    bid = bid_of(&tsa, 0);
    while (!(answer = house_bid(&node, &bid, false))) {
        /* Until the two have met. */
        assert_int_equal(node.error.code, GV_RPC_NO_ROLE);
        nanosleep(&rest, NULL);
    }
    assert_true(json_is_string(json_object_get(answer, "receipt")));
    json_decref(answer);
    house_shut(&tsa, true);
    bid = bid_of(&tsa, 1);
    fd = house_post_bid(&node, &bid);
    while (tsa.at_door == 0)
        nanosleep(&rest, NULL);
    house_stop(&node);
    answer = house_answer(fd);
    assert_int_equal(house_code(answer), GV_RPC_STOPPING);
    json_decref(answer);
    house_shut(&tsa, false);
    house_free(&tsa);
    house_free(&node);
    gv_tsa_free(unused);
}

static void
a_loop_that_never_started_can_be_freed(void **state)
{
    struct gv_loop_options o = {0};
    struct gv_error e = {""};
    struct house h;

    (void)state;
    house_make(&h);
    o.params = h.s.params;
    o.keys = h.s.keys;
    o.kv = h.kv;
    o.services = &h.services;
    o.verify_threads = 1;
    o.failed = house_failed;
    o.arg = &h;
    h.loop = gv_loop_new(&o, &e);
    assert_non_null(h.loop);
    gv_loop_publish(h.loop, malloc(10), 10);
    gv_loop_free(h.loop);
    h.loop = NULL;
    gv_loop_free(NULL);
    gv_loop_stop(NULL);
    /* The store that fails is a text, not a crash. */
    gv_kv_fault_at(&h.kv, GV_KV_FAULT_ITER, 1);
    assert_null(gv_loop_new(&o, &e));
    assert_string_not_equal(e.text, "");
    house_free(&h);
}

static void
the_method_stop_asks_the_node_to_end(void **state)
{
    struct house h;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_do(&h, "stop", NULL);
    while (h.stops == 0)
        sched_yield();
    house_free(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_answers_every_call_that_waits),
        cmocka_unit_test(a_stop_among_calls_loses_none),
        cmocka_unit_test(a_bid_is_stamped_by_a_peer_or_answered_at_the_stop),
        cmocka_unit_test(a_loop_that_never_started_can_be_freed),
        cmocka_unit_test(the_method_stop_asks_the_node_to_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
