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
S4_30_S4_71_a_bid_is_answered_with_stamp_and_receipt(void **state)
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

/* Each connection gets one answer, about its own bid. */
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

static double
seconds_of(struct house *h, bool refused)
{
    double start = now();

    for (unsigned n = 0; n < 40; n++) {
        struct gv_tx e = sample_enrol(&h->s, n % SAMPLE_BIDDERS);
        json_t *params = json_pack("{so}", "tx", house_hex(e.raw));

        if (!refused) {
            json_decref(params);
            params = NULL;
        }
        json_decref(house_call(
            h, refused ? "sendrawtransaction" : "getmempoolinfo", params));
    }
    return now() - start;
}

/* An answer known at once needs no other mail to come before it is sent: it
 * would cost a rest of 50 ms. */
static void
known_answers_do_not_wait_for_other_mail(void **state)
{
    struct house h;
    double look;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    look = seconds_of(&h, false);
    assert_true(seconds_of(&h, true) < 5 * look + 40 * 0.030);
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

/* R5: the engine, which would wait here, is not asked. */
static void
who_has_not_enrolled_gets_no_token_R5(void **state)
{
    struct sample_party *p;
    struct house h;
    struct gv_tx bid;

    (void)state;
    house_make(&h);
    house_run(&h);
    house_open(&h);
    house_shut(&h, true);
    p = &h.s.bidder[0];
    memset(p->secret.b, 77, 32);
    assert_int_equal(gv_key_public(h.s.keys, &p->secret, &p->cred.key), GV_OK);
    bid = sample_bid(&h.s, 0, 1, 1000);
    assert_null(house_bid(&h, &bid, true));
    assert_string_equal(support_json_text(h.error.data, "code_name"),
                        "missing-parent");
    house_shut(&h, false);
    house_free(&h);
}

/* A bid that waits for its block moves the end, so the next one is not late. */
static void
A21_a_waiting_bid_extends_the_auction(void **state)
{
    struct timespec rest = {0, 20000000};
    struct gv_terms terms;
    struct gv_tx bid;
    struct house h;
    uint64_t end_ms;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.d_ms = HOUSE_D_MS;
    terms.notice_ms = 2 * HOUSE_D_MS;
    terms.flags |= GV_LIMIT;
    terms.limit_ms = 5000 + 4000;
    terms.soft_ms = 60000;
    terms.soft_cap_ms = 60000;
    house_make_with(&h, &terms);
    h.idle = true;
    house_run(&h);
    house_open(&h);
    end_ms = h.s.open.opening_ms + terms.limit_ms;
    bid = bid_of(&h, 0);
    assert_true(house_place(&h, &bid) < end_ms * 1000);
    while (gv_loop_now_ms() <= end_ms + 50)
        nanosleep(&rest, NULL);
    bid = bid_of(&h, 1);
    assert_true(house_place(&h, &bid) > end_ms * 1000);
    house_free(&h);
}

/* Not by force either: it would be void, and cost the chain an opening. */
static void
A32_no_sealed_bid_is_stamped_outside_the_round(void **state)
{
    struct gv_terms terms;
    struct gv_tx bid;
    struct house h;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.visibility = GV_VISIBLE_FINAL;
    terms.flags |= GV_LIMIT;
    terms.limit_ms = terms.soft_ms = terms.soft_cap_ms = 60000;
    terms.final_ms = 60000;
    terms.opening_period_ms = terms.d_ms;
    house_make_with(&h, &terms);
    h.idle = true;
    house_run(&h);
    house_open(&h);
    bid = sample_bid_sealed(&h.s, 0, 1, 1000);
    for (int force = 0; force <= 1; force++) {
        assert_null(house_bid(&h, &bid, force));
        assert_string_equal(support_json_text(h.error.data, "code_name"),
                            "wrong-phase");
    }
    bid = bid_of(&h, 1);
    house_place(&h, &bid);
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

/* --- hard work ------------------------------------------------------------ */

static uint64_t
height(struct house *h)
{
    json_t *result = house_call(
        h, "getblockcount",
        json_pack("{so}", "chain", house_hex(gv_bytes(h->s.open.id.b, 32))));
    uint64_t n;

    if (!result)
        fail_msg("%s", h->error.e.text);
    n = (uint64_t)json_integer_value(result);
    json_decref(result);
    return n;
}

/* Too hard for a turn of the chain thread: the miner's own thread finds it. */
static void
a_hard_target_is_met_aside(void **state)
{
    struct timespec rest = {0, 5000000};
    struct house h;

    (void)state;
    house_make_as(&h, 4, HOUSE_D_MS);
    house_run(&h);
    house_open(&h);
    while (height(&h) < 2)
        nanosleep(&rest, NULL);
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

/* While the built-in miner searches in vain, others get work, bids are
 * stamped, and a stop ends the search. */
static void
a_search_without_end_stops_nothing_else(void **state)
{
    struct gv_tx bid;
    struct house h;
    json_t *result;

    (void)state;
    house_make_as(&h, 0x1b00ffff, HOUSE_D_MS);
    house_run(&h);
    house_open(&h);
    for (unsigned n = 0; n < 3; n++) {
        house_do(&h, "getworktemplate", NULL);
        bid = bid_of(&h, n);
        result = house_bid(&h, &bid, true);
        assert_non_null(result);
        json_decref(result);
    }
    assert_int_equal(height(&h), 0);
    house_free(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_30_S4_71_a_bid_is_answered_with_stamp_and_receipt),
        cmocka_unit_test(a_close_is_answered_without_receipt),
        cmocka_unit_test(a_hundred_bids_at_once_are_each_answered_once),
        cmocka_unit_test(known_answers_do_not_wait_for_other_mail),
        cmocka_unit_test(too_many_bids_of_a_key_are_told_when_to_come_again),
        cmocka_unit_test(who_has_not_enrolled_gets_no_token_R5),
        cmocka_unit_test(A21_a_waiting_bid_extends_the_auction),
        cmocka_unit_test(A32_no_sealed_bid_is_stamped_outside_the_round),
        cmocka_unit_test(without_any_stamping_service_a_bid_is_refused),
        cmocka_unit_test(a_hard_target_is_met_aside),
        cmocka_unit_test(a_search_without_end_stops_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
