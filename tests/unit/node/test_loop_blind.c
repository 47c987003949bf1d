/* Bids that come with their stamps, where authorities are blind (R5), under a
 * running chain thread. */
#include "tests/unit/node/house.h"

#define D_MS 1500

/* An auction with sealed bids, whose authority is this node's own, and blind.
 * Nobody mines. */
static void
blind_make(struct house *h)
{
    struct gv_terms terms;
    struct gv_reject why;
    struct gv_open o;

    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.d_ms = D_MS;
    terms.notice_ms = (uint64_t)2 * D_MS;
    terms.visibility = GV_VISIBLE_SEALED;
    terms.opening_period_ms = D_MS;
    terms.fixed_difficulty = 1;
    terms.target = gv_target_fixed(1);
    house_make_with(h, &terms);
    o = h->s.open;
    o.authority[0].policy = gv_policy_blind();
    assert_int_equal(
        gv_open_decode(sample_open(&h->s, &o), h->s.params, &h->s.open, &why),
        GV_OK);
    h->idle = true;
    house_run(h);
    house_open(h);
}

/* A STAMP that lists the bid, with its length before it; the engine's token is
 * under this policy. */
static json_t *
stamp_of(struct house *h, const struct gv_tx *bid, enum gv_tsa_policy policy)
{
    struct gv_tx tx = {.kind = GV_TX_STAMP, .chain = h->s.open.id};
    uint8_t token[GV_TOKEN_MAX], raw[4 + GV_TOKEN_MAX + 256], root[32];
    struct gv_sink s = gv_sink_buffer(raw + 4, sizeof(raw) - 4);
    struct gv_error e;
    uint64_t t_us;
    size_t len;

    gv_stamp_root(bid->u.bid.leaf, 1, root);
    assert_int_equal(
        gv_tsa_stamp(h->services.tsa, policy, root, token, &len, &t_us, &e),
        GV_OK);
    tx.u.stamp.token = gv_bytes(token, len);
    tx.u.stamp.count = 1;
    tx.u.stamp.leaves = bid->u.bid.leaf;
    gv_tx_put(&s, &tx);
    assert_false(s.failed);
    gv_le32_put(raw, (uint32_t)s.len);
    return house_hex(gv_bytes(raw, 4 + s.len));
}

/* submitbid with this value, or none. NULL: refused, h->error says why. */
static json_t *
hand_in(struct house *h, const struct gv_tx *bid, json_t *stamps)
{
    json_t *params = json_pack("{so}", "tx", house_hex(bid->raw));

    if (stamps)
        json_object_set_new(params, "stamps", stamps);
    return house_call(h, "submitbid", params);
}

static void
assert_refused(struct house *h, const struct gv_tx *bid, json_t *stamps,
               const char *field)
{
    json_t *row;

    assert_null(hand_in(h, bid, stamps));
    assert_non_null(strstr(h->error.e.text, field));
    row = house_row(h, bid);
    assert_null(row); /* nothing has entered */
}

/* Sent, with what a blind authority's bidder gets; its time. */
static uint64_t
place(struct house *h, const struct gv_tx *bid, json_t *stamps)
{
    json_t *got = hand_in(h, bid, stamps), *row;
    uint64_t t_us;

    if (!got)
        fail_msg("%s", h->error.e.text);
    t_us = support_json_u64(got, "t_us");
    row = json_array_get(json_object_get(got, "stamps"), 0);
    assert_int_equal(json_array_size(json_object_get(got, "stamps")), 1);
    assert_true(json_is_null(json_object_get(row, "receipt")));
    assert_true(json_is_null(json_object_get(got, "receipt")));
    assert_int_equal(support_json_u64(got, "deadline_us"),
                     t_us + (uint64_t)D_MS * 1000);
    json_decref(got);
    return t_us;
}

static size_t
waiting(struct house *h)
{
    char chain[65];
    json_t *ids = house_call(
        h, "getrawmempool",
        json_pack("{ss}", "chain", gv_hex(h->s.open.id.b, 32, chain)));
    size_t n = json_array_size(ids);

    assert_true(json_is_array(ids));
    json_decref(ids);
    return n;
}

/* Anybody can have it dated again and again; it is done once. */
static void
test_R5_later_stamps_of_a_bid_fill_no_mempool(void **state)
{
    struct gv_tx bid;
    struct house h;
    uint64_t t_us;
    size_t before;

    (void)state;
    blind_make(&h);
    bid = sample_bid_sealed(&h.s, 0, 1, 100);
    t_us = place(&h, &bid, stamp_of(&h, &bid, GV_TSA_BLIND));
    before = waiting(&h);
    for (int i = 0; i < 3; i++)
        json_decref(hand_in(&h, &bid, stamp_of(&h, &bid, GV_TSA_BLIND)));
    assert_int_equal(waiting(&h), before);
    assert_int_equal(house_await_row(&h, &bid, "received", 0), t_us);
    house_free(&h);
}

static void
test_R5_a_bid_enters_with_its_stamps_alone(void **state)
{
    struct gv_tx bid, other;
    struct house h;
    uint64_t t_us;

    (void)state;
    blind_make(&h);
    bid = sample_bid_sealed(&h.s, 0, 1, 100);
    other = sample_bid_sealed(&h.s, 1, 1, 100);
    assert_refused(&h, &bid, NULL, "stamps");
    assert_refused(&h, &bid, stamp_of(&h, &bid, GV_TSA_PUBLISHED),
                   "token.policy");
    assert_refused(&h, &bid, stamp_of(&h, &other, GV_TSA_BLIND),
                   "stamp.leaves");
    assert_refused(&h, &bid, json_string("0500000001"), "stamps");
    assert_refused(&h, &bid, json_string("0100000001"), "");
    t_us = place(&h, &bid, stamp_of(&h, &bid, GV_TSA_BLIND));
    /* Known, it gets its answer again, and no receipt then either. */
    assert_int_equal(place(&h, &bid, NULL), t_us);
    assert_int_equal(house_await_row(&h, &bid, "received", 0), t_us);
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

/* No node asks for it: it waits for whoever brings new stamps. */
static void
test_R5_a_bid_that_missed_its_block_counts_with_new_stamps(void **state)
{
    struct gv_tx bid;
    struct house h;
    uint64_t first, again;

    (void)state;
    blind_make(&h);
    bid = sample_bid_sealed(&h.s, 0, 1, 100);
    first = place(&h, &bid, stamp_of(&h, &bid, GV_TSA_BLIND));
    assert_int_equal(house_await_row(&h, &bid, "lapsed", 0), first);
    again = place(&h, &bid, stamp_of(&h, &bid, GV_TSA_BLIND));
    assert_true(again > first + (uint64_t)D_MS * 1000);
    assert_int_equal(house_await_row(&h, &bid, "received", first), again);
    assert_int_equal(h.failed, 0);
    house_free(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_R5_a_bid_enters_with_its_stamps_alone),
        cmocka_unit_test(test_R5_later_stamps_of_a_bid_fill_no_mempool),
        cmocka_unit_test(
            test_R5_a_bid_that_missed_its_block_counts_with_new_stamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
