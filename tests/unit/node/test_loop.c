/* The chain thread behind its RPC: every call is answered once, after the
 * commit, also when it stops or the store fails. */
#include "tests/unit/node/house.h"

#define BIDS 100

static struct gv_tx
bid_of(struct house *h, unsigned n)
{
    return sample_bid(&h->s, n % SAMPLE_BIDDERS, n + 1, 1000 + n);
}

static void
S4_71_a_bid_is_answered_with_stamp_and_receipt(void **state)
{
    struct gv_reject why;
    struct gv_tx bid, tx;
    struct house h;
    json_t *result;
    uint8_t *raw;
    size_t len;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    bid = bid_of(&h, 0);
    result = house_bid(&h, &bid, false);
    if (!result)
        fail_msg("%s", h.error.e.text);
    assert_true(
        support_hex_is(bid.u.bid.id.b, 32, support_json_text(result, "bid")));
    raw = support_unhex_new(support_json_text(result, "receipt"), &len);
    assert_int_equal(gv_tx_decode(gv_bytes(raw, len), &tx, &why), GV_OK);
    assert_int_equal(tx.kind, GV_TX_RECEIPT);
    assert_memory_equal(tx.u.receipt.bid.b, bid.u.bid.id.b, 32);
    assert_int_equal(tx.u.receipt.t_us, support_json_u64(result, "t_us"));
    assert_int_equal(tx.u.receipt.deadline_us,
                     support_json_u64(result, "deadline_us"));
    free(raw);
    raw = support_unhex_new(support_json_text(result, "stamp"), &len);
    assert_int_equal(gv_tx_decode(gv_bytes(raw, len), &tx, &why), GV_OK);
    assert_int_equal(tx.u.stamp.count, 1);
    assert_memory_equal(tx.u.stamp.leaves, bid.u.bid.leaf, 32);
    free(raw);
    json_decref(result);
    house_free(&h);
}

static void
a_close_is_answered_without_receipt(void **state)
{
    struct gv_tx close_tx;
    struct house h;
    json_t *result;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    close_tx = sample_close(&h.s);
    result = house_bid(&h, &close_tx, false);
    if (!result)
        fail_msg("%s", h.error.e.text);
    assert_true(support_hex_is(close_tx.u.close.id.b, 32,
                               support_json_text(result, "close")));
    assert_true(json_is_null(json_object_get(result, "receipt")));
    json_decref(result);
    house_free(&h);
}

/* Two of them twice: each connection gets one answer, and each bid is dated.
 */
static void
a_hundred_bids_at_once_are_each_answered_once(void **state)
{
    int fd[BIDS + 1];
    struct house h;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    for (unsigned n = 0; n < BIDS; n++) {
        struct gv_tx bid = bid_of(&h, n);

        fd[n] = house_post_bid(&h, &bid);
    }
    for (unsigned n = 0; n < BIDS; n++) {
        struct gv_tx bid = bid_of(&h, n);
        json_t *answer = house_answer(fd[n]);
        json_t *result = json_object_get(answer, "result");

        assert_int_equal(house_code(answer), 0);
        assert_true(support_hex_is(bid.u.bid.id.b, 32,
                                   support_json_text(result, "bid")));
        json_decref(answer);
    }
    /* What was answered can be seen. */
    for (unsigned n = 0; n < BIDS; n++) {
        struct gv_tx bid = bid_of(&h, n);

        house_do(
            &h, "getbid",
            json_pack("{so}", "bid", house_hex(gv_bytes(bid.u.bid.id.b, 32))));
    }
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

/* A refusal needs no other mail to come before it is sent. */
static void
refusals_do_not_wait_for_the_next_turn(void **state)
{
    struct house h;
    double start;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    start = now();
    for (unsigned n = 0; n < 40; n++) {
        struct gv_tx e = sample_enrol(&h.s, n % SAMPLE_BIDDERS);
        json_t *result = house_call(&h, "sendrawtransaction",
                                    json_pack("{so}", "tx", house_hex(e.raw)));

        json_decref(result);
    }
    /* 40 rests of 50 ms would be 2 s; the margin is for slow builds. */
    assert_true(now() - start < 1.6);
    house_free(&h);
}

static void
too_many_bids_of_a_key_are_told_when_to_come_again(void **state)
{
    struct gv_tx bid;
    struct house h;
    json_t *result;

    (void)state;
    house_make(&h);
    h.burst = 2;
    house_run(&h);
    house_open(&h);
    for (unsigned n = 0; n < 2; n++) {
        bid = sample_bid(&h.s, 0, n + 1, 1000 + n);
        result = house_bid(&h, &bid, true);
        if (!result)
            fail_msg("%s", h.error.e.text);
        json_decref(result);
    }
    bid = sample_bid(&h.s, 0, 9, 2000);
    assert_null(house_bid(&h, &bid, true));
    assert_int_equal(h.error.code, GV_RPC_BUSY);
    assert_true(json_integer_value(json_object_get(h.error.data, "retry_ms")) >
                0);
    assert_true(json_integer_value(json_object_get(h.error.data, "retry_ms")) <=
                1000);
    bid = sample_bid(&h.s, 1, 1, 3000);
    result = house_bid(&h, &bid, true);
    assert_non_null(result);
    json_decref(result);
    house_free(&h);
}

static void
without_any_stamping_service_a_bid_is_refused(void **state)
{
    struct gv_tx bid;
    struct gv_tsa *tsa;
    struct house h;

    (void)state;
    house_make(&h);
    tsa = h.services.tsa;
    h.no_tsa = true;
    house_run(&h);
    house_open(&h);
    bid = bid_of(&h, 0);
    assert_null(house_bid(&h, &bid, false));
    assert_int_equal(h.error.code, GV_RPC_NO_ROLE);
    assert_string_equal(support_json_text(h.error.data, "role"), "tsa");
    house_free(&h);
    gv_tsa_free(tsa);
}

/* --- stopping ------------------------------------------------------------- */

static void *
open_later(void *arg)
{
    struct timespec rest = {0, 100000000};

    nanosleep(&rest, NULL);
    house_shut(arg, false);
    return NULL;
}

/* Bids that wait for their stamp, look-ups behind them, a miner that waits for
 * work: a stop answers all of them, and none as done. */
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
    close(fd[BIDS]);
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
        cmocka_unit_test(S4_71_a_bid_is_answered_with_stamp_and_receipt),
        cmocka_unit_test(a_close_is_answered_without_receipt),
        cmocka_unit_test(a_hundred_bids_at_once_are_each_answered_once),
        cmocka_unit_test(refusals_do_not_wait_for_the_next_turn),
        cmocka_unit_test(too_many_bids_of_a_key_are_told_when_to_come_again),
        cmocka_unit_test(without_any_stamping_service_a_bid_is_refused),
        cmocka_unit_test(a_stop_answers_every_call_that_waits),
        cmocka_unit_test(a_stop_among_calls_loses_none),
        cmocka_unit_test(a_loop_that_never_started_can_be_freed),
        cmocka_unit_test(the_method_stop_asks_the_node_to_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
