/* Bids that miss their blocks under a running chain thread: they are known all
 * the time and stamped anew, by this node or by the service that a peer
 * offers. */
#include "tests/unit/node/house.h"

#define D_MS 1500

static struct gv_tx
bid_of(struct house *h, unsigned n)
{
    return sample_bid(&h->s, n % SAMPLE_BIDDERS, n + 1, 1000 + n);
}

/* Nobody mines: every bid misses its blocks. */
static void
idle_make(struct house *h)
{
    house_make_as(h, 1, D_MS);
    h->idle = true;
}

static void
a_bid_that_missed_its_blocks_is_stamped_again(void **state)
{
    uint64_t first, again;
    struct gv_tx bid;
    struct house h;

    (void)state;
    idle_make(&h);
    house_run(&h);
    house_open(&h);
    bid = bid_of(&h, 0);
    first = house_place(&h, &bid);
    again = house_await_row(&h, &bid, "received", first);
    assert_true(again > first + D_MS * 1000);
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

/* A CLOSE is a bid in this. */
static void
a_close_that_missed_its_blocks_is_stamped_again(void **state)
{
    struct timespec rest = {0, 20000000};
    struct gv_tx close_tx;
    struct house h;
    json_t *result;
    uint64_t t_us = 0, first = 0;

    (void)state;
    idle_make(&h);
    house_run(&h);
    house_open(&h);
    close_tx = sample_close(&h.s);
    /* The answer is that of its newest stamp. */
    while (t_us <= first + D_MS * 1000) {
        result = house_bid(&h, &close_tx, true);
        if (!result)
            fail_msg("%s", h.error.e.text);
        t_us = support_json_u64(result, "t_us");
        first = first ? first : t_us;
        json_decref(result);
        nanosleep(&rest, NULL);
    }
    house_free(&h);
}

/* The stamping engine stands still: the bid waits, is shown, and gets its stamp
 * when it can. */
static void
a_bid_waits_for_a_service_that_stands_still(void **state)
{
    struct gv_tx bid;
    struct house h;
    uint64_t first;
    json_t *row;

    (void)state;
    idle_make(&h);
    house_run(&h);
    house_open(&h);
    bid = bid_of(&h, 0);
    first = house_place(&h, &bid);
    house_shut(&h, true);
    assert_int_equal(house_await_row(&h, &bid, "lapsed", 0), first);
    row = house_row(&h, &bid);
    assert_int_equal(support_json_u64(row, "deadline_us"), first + D_MS * 1000);
    assert_true(json_is_null(json_object_get(row, "height")));
    assert_false(json_is_true(json_object_get(row, "leading")));
    json_decref(row);
    house_shut(&h, false);
    house_await_row(&h, &bid, "received", first);
    house_free(&h);
}

/* Whoever submits it again then waits for the new stamp, and gets a receipt
 * with the new deadline. */
static void
S4_71_submitted_again_it_gets_a_receipt_of_the_new_stamp(void **state)
{
    struct gv_http_stats s;
    struct gv_reject why;
    struct gv_tx bid, tx;
    struct house h;
    uint64_t first;
    json_t *answer, *result;
    uint8_t *raw;
    size_t len;
    int fd;

    (void)state;
    idle_make(&h);
    house_run(&h);
    house_open(&h);
    bid = bid_of(&h, 0);
    first = house_place(&h, &bid);
    house_shut(&h, true);
    house_await_row(&h, &bid, "lapsed", 0);
    gv_http_stats(h.http, &s);
    fd = house_post_bid(&h, &bid);
    house_await_requests(&h, s.requests + 1);
    house_shut(&h, false);
    answer = house_answer(fd);
    assert_int_equal(house_code(answer), 0);
    result = json_object_get(answer, "result");
    assert_true(support_json_u64(result, "t_us") > first + D_MS * 1000);
    raw = support_unhex_new(support_json_text(result, "receipt"), &len);
    assert_int_equal(gv_tx_decode(gv_bytes(raw, len), &tx, &why), GV_OK);
    assert_memory_equal(tx.u.receipt.bid.b, bid.u.bid.id.b, 32);
    assert_int_equal(tx.u.receipt.t_us, support_json_u64(result, "t_us"));
    assert_int_equal(tx.u.receipt.deadline_us, tx.u.receipt.t_us + D_MS * 1000);
    free(raw);
    json_decref(answer);
    house_free(&h);
}

/* A stop while it is being stamped leaves it where it was. */
static void
a_stop_while_it_is_stamped_loses_nothing(void **state)
{
    struct timespec rest = {0, 1000000};
    struct gv_tx bid;
    struct house h;
    uint64_t first;

    (void)state;
    idle_make(&h);
    house_run(&h);
    house_open(&h);
    bid = bid_of(&h, 0);
    first = house_place(&h, &bid);
    house_shut(&h, true);
    while (h.at_door == 0)
        nanosleep(&rest, NULL);
    house_shut(&h, false);
    house_stop(&h);
    house_run(&h);
    house_await_row(&h, &bid, "received", first);
    house_free(&h);
}

static void
meet(struct house *node, struct house *tsa)
{
    struct gv_net_place place = {*gv_net_bound(tsa->net), tsa->net_keys.own};

    assert_true(gv_net_connect(node->net, &place));
}

/* A node without the role. */
static void
relay_make(struct house *node, struct house *tsa)
{
    house_make_as(node, 1, D_MS);
    gv_tsa_free(node->services.tsa);
    node->services.tsa = NULL;
    node->no_tsa = node->idle = true;
    tsa->allow = node->net_keys.own;
}

/* The service has lost the bid with its whole store; a node that holds it
 * hands it over, as it did for the first stamp. */
static void
S4_72_a_node_hands_a_bid_that_missed_to_the_service(void **state)
{
    struct timespec rest = {0, 20000000};
    struct house tsa, node;
    struct gv_tx bid;
    uint64_t first;
    json_t *answer;

    (void)state;
    idle_make(&tsa);
    relay_make(&node, &tsa);
    tsa.net_port = house_ports();
    house_run(&tsa);
    house_run(&node);
    house_open(&tsa);
    house_open_of(&node, &tsa.s);
    meet(&node, &tsa);
    bid = bid_of(&tsa, 0);
    while (!(answer = house_bid(&node, &bid, true)))
        nanosleep(&rest, NULL); /* until the two have met */
    first = support_json_u64(answer, "t_us");
    json_decref(answer);
    house_stop(&tsa);
    gv_kv_close(&tsa.kv);
    assert_int_equal(gv_kv_fault_open(&tsa.kv), GV_OK);
    house_await_row(&node, &bid, "lapsed", 0);
    house_run(&tsa);
    house_open(&tsa);
    house_await_row(&node, &bid, "received", first);
    house_await_row(&tsa, &bid, "received", 0);
    house_free(&tsa);
    house_free(&node);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bid_that_missed_its_blocks_is_stamped_again),
        cmocka_unit_test(a_close_that_missed_its_blocks_is_stamped_again),
        cmocka_unit_test(a_bid_waits_for_a_service_that_stands_still),
        cmocka_unit_test(
            S4_71_submitted_again_it_gets_a_receipt_of_the_new_stamp),
        cmocka_unit_test(a_stop_while_it_is_stamped_loses_nothing),
        cmocka_unit_test(S4_72_a_node_hands_a_bid_that_missed_to_the_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
