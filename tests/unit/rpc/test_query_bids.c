/* The twelve bid lists,
 * each against a filter over what the test itself put into the ledger. */
#include "src/rpc/query.h"
#include "tests/unit/rpc/ledger_world.h"

struct bid_filter {
    int auction, bidder; /* -1: all */
    const char *status, *mined;
    const struct known_bid *bid;
};

static bool
bid_fits(const struct bid_filter *f, const struct known_bid *k)
{
    return (f->auction < 0 || k->auction == (unsigned)f->auction) &&
           (f->bidder < 0 || k->bidder == (unsigned)f->bidder) &&
           (!f->bid || f->bid == k) && world_fits(f->status, k->auction) &&
           (strcmp(f->mined, "all") == 0 ||
            k->mined == (strcmp(f->mined, "yes") == 0));
}

static json_t *
bid_params(struct world *w, const struct bid_filter *f)
{
    json_t *params =
        json_pack("{ss ss}", "status", f->status, "mined", f->mined);

    if (f->auction >= 0)
        json_object_set_new(params, "auction",
                            auction_hex(w, (unsigned)f->auction));
    if (f->bidder >= 0)
        json_object_set_new(params, "bidder",
                            hex32(w->sample[0].bidder[f->bidder].cred.key.b));
    if (f->bid)
        json_object_set_new(params, "bid", hex32(f->bid->tx.u.bid.id.b));
    return params;
}

static int
by_time(const void *x, const void *y)
{
    const struct known_bid *const *a = x, *const *b = y;

    return ((*a)->t_us > (*b)->t_us) - ((*a)->t_us < (*b)->t_us);
}

static void
check_bid_row(const json_t *row, const struct known_bid *k)
{
    json_t *id = hex32(k->tx.u.bid.id.b), *key = hex32(k->tx.u.bid.bidder.b);

    assert_string_equal(text_of(row, "bid"), json_string_value(id));
    assert_string_equal(text_of(row, "bidder"), json_string_value(key));
    assert_int_equal(int_of(row, "amount"), k->tx.u.bid.amount);
    assert_string_equal(text_of(row, "currency"), "EUR");
    assert_int_equal(int_of(row, "exponent"), 2);
    assert_int_equal(int_of(row, "seq"), k->tx.u.bid.seq);
    assert_int_equal(int_of(row, "t_us"), k->t_us);
    assert_int_equal(int_of(row, "deadline_us"), k->t_us + 60000000);
    assert_string_equal(text_of(row, "state"), !k->mined         ? "received"
                                               : k->auction == 3 ? "final"
                                                                 : "included");
    assert_int_equal(json_is_null(json_object_get(row, "height")), !k->mined);
    json_decref(id);
    json_decref(key);
}

/* All page sizes and directions against the filter. */
static void
check_bids(struct world *w, const struct bid_filter *f)
{
    const struct known_bid *want[BIDS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < w->bids; i++)
        if (bid_fits(f, &w->bid[i]))
            want[n++] = &w->bid[i];
    assert_true(n > 0);
    qsort(want, n, sizeof(*want), by_time);
    for (int limit = 1; limit <= 5; limit += 2)
        for (int reverse = 0; reverse <= 1; reverse++) {
            json_t *ask = bid_params(w, f), *got;

            json_object_set_new(ask, "reverse", json_boolean(reverse));
            got = world_list(w, "listbids", "bids", ask, limit);
            assert_int_equal(json_array_size(got), n);
            for (size_t i = 0; i < n; i++)
                check_bid_row(json_array_get(got, i),
                              want[reverse ? n - 1 - i : i]);
            json_decref(got);
        }
}

/* Every bid by its id: found, or -4 when its auction is in the other state. */
static void
bids_by_id(struct world *w, const char *status)
{
    for (size_t i = 0; i < w->bids; i++) {
        struct bid_filter f = {-1, -1, status, "all", &w->bid[i]};

        if (world_fits(status, w->bid[i].auction))
            check_bids(w, &f);
        else
            assert_int_equal(world_error(w, "listbids", bid_params(w, &f)), -4);
    }
}

static void
S4_31_bid_by_id(void **state)
{
    struct world *w = *state;
    struct gv_bid_id unknown = {{9}};

    bids_by_id(w, "all");
    assert_int_equal(
        world_error(w, "listbids", json_pack("{so}", "bid", hex32(unknown.b))),
        -5);
}

static void
S4_32_bid_by_id_in_an_open_auction(void **state)
{
    bids_by_id(*state, "open");
}

static void
S4_33_bid_by_id_in_a_closed_auction(void **state)
{
    bids_by_id(*state, "closed");
}

static void
bids_of_auctions(struct world *w, const char *status)
{
    for (int i = 1; i < AUCTIONS; i++) {
        struct bid_filter f = {i, -1, status, "all", NULL};

        if (world_fits(status, (unsigned)i))
            check_bids(w, &f);
        else
            assert_int_equal(world_error(w, "listbids", bid_params(w, &f)), -4);
    }
}

static void
S4_34_bids_of_an_auction(void **state)
{
    struct world *w = *state;
    struct gv_chain_id unknown = {{9}};
    json_t *got;

    bids_of_auctions(w, "all");
    got = world_call(w, "listbids",
                     json_pack("{so}", "auction", auction_hex(w, 0)));
    assert_int_equal(json_array_size(json_object_get(got, "bids")), 0);
    json_decref(got);
    assert_int_equal(
        world_error(w, "listbids",
                    json_pack("{so}", "auction", hex32(unknown.b))),
        -5);
}

static void
S4_35_bids_of_an_open_auction(void **state)
{
    bids_of_auctions(*state, "open");
}

static void
S4_36_bids_of_a_closed_auction(void **state)
{
    bids_of_auctions(*state, "closed");
}

/* Of one bidder in one auction: rows, -4, or -5 "no bids". */
static void
bids_of_bidder_in(struct world *w, const char *status)
{
    for (int i = 1; i < AUCTIONS; i++)
        for (int b = 0; b < SAMPLE_BIDDERS; b++) {
            struct bid_filter f = {i, b, status, "all", NULL};
            size_t n = 0;

            for (size_t k = 0; k < w->bids; k++)
                n += w->bid[k].auction == (unsigned)i &&
                     w->bid[k].bidder == (unsigned)b;
            if (!world_fits(status, (unsigned)i))
                assert_int_equal(world_error(w, "listbids", bid_params(w, &f)),
                                 -4);
            else if (n == 0)
                assert_int_equal(world_error(w, "listbids", bid_params(w, &f)),
                                 -5);
            else
                check_bids(w, &f);
        }
}

static void
S4_37_bids_of_a_bidder_in_an_auction(void **state)
{
    bids_of_bidder_in(*state, "all");
}

static void
S4_38_bids_of_a_bidder_in_an_open_auction(void **state)
{
    bids_of_bidder_in(*state, "open");
}

static void
S4_39_bids_of_a_bidder_in_a_closed_auction(void **state)
{
    bids_of_bidder_in(*state, "closed");
}

static void
bids_of_bidder(struct world *w, const char *mined)
{
    for (int b = 0; b <= 1; b++) {
        struct bid_filter f = {-1, b, "all", mined, NULL};

        check_bids(w, &f);
    }
}

static void
S4_40_bids_of_a_bidder(void **state)
{
    struct world *w = *state;
    struct bid_filter none = {-1, 2, "all", "all", NULL};
    struct bid_filter late = {-1, 3, "all", "all", NULL};
    json_t *got;

    bids_of_bidder(w, "all");
    check_bids(w, &late);
    /* enrolled, but no bid: an empty list */
    got = world_call(w, "listbids", bid_params(w, &none));
    assert_int_equal(json_array_size(json_object_get(got, "bids")), 0);
    assert_true(json_is_null(json_object_get(got, "next")));
    json_decref(got);
}

static void
S4_41_open_bids_of_a_bidder(void **state)
{
    bids_of_bidder(*state, "no");
}

static void
S4_42_closed_bids_of_a_bidder(void **state)
{
    bids_of_bidder(*state, "yes");
}

/* A bid whose block is left goes back to "not mined", and counts in F. */
static void
S4_41_S4_91_a_reorganised_bid_is_open_again(void **state)
{
    struct world *w = *state;
    struct gv_chain *c = world_chain(w, 1);
    struct gv_tx filler[2] = {sample_enrol(&w->sample[1], 3)};
    uint32_t tip = c->sum.height;
    struct known_bid *gone = NULL;
    struct gv_bytes first;

    for (size_t i = 0; i < w->bids; i++)
        if (w->bid[i].auction == 1 && w->bid[i].mined)
            gone = &w->bid[i];
    /* Two blocks beside the tip: more work. The second needs something to
     * hold, so the first waiting bid goes into it. */
    w->now_ms = NOW_MS;
    first = world_block_on(w, 1, tip - 1, filler, 1);
    world_enter(w, first);
    assert_int_equal(c->sum.height, tip);
    {
        struct gv_sealed_header h;
        struct gv_reader r = gv_reader(first);
        struct gv_tx txs[2];
        struct known_bid *k = world_bid(w, 1, 2, 900, &txs[1]);
        struct sample_block b;

        gv_sealed_header_get(&r, &h);
        txs[0] = k->tx;
        k->mined = true;
        w->now_ms += 1000;
        b = (struct sample_block){c->id, tip + 1, h.sealed_id, w->now_ms,
                                  h.header.target};
        world_enter(w, sample_block(&w->sample[1], &b, txs, 2));
    }
    assert_int_equal(c->sum.height, tip + 1);
    gone->mined = false;
    S4_34_bids_of_an_auction(state);
    S4_41_open_bids_of_a_bidder(state);
    S4_42_closed_bids_of_a_bidder(state);
}

static void
bids_by_time(void **state)
{
    struct world *w = *state;
    json_t *got =
        world_list(w, "listbids", "bids",
                   json_pack("{so sI sI}", "auction", auction_hex(w, 3),
                             "from_us", (json_int_t)w->bid[1].t_us, "to_us",
                             (json_int_t)w->bid[2].t_us),
                   10);

    assert_int_equal(json_array_size(got), 1);
    check_bid_row(json_array_get(got, 0), &w->bid[1]);
    json_decref(got);
}

/* Two bids that wait, with one time. */
static void
two_at_once(struct world *w)
{
    struct gv_tx tx[2], stamp;
    struct known_bid *k;

    for (unsigned i = 0; i < 2; i++) {
        k = world_bid(w, 1, i, 300 + 20 * i, &stamp);
        tx[i] = k->tx;
        world_send(w, &tx[i]);
    }
    stamp = sample_stamp(&w->sample[1], 0, k->t_us, tx, 2);
    k[-1].t_us = k->t_us;
    world_send(w, &stamp);
}

/* Each entry that waits has a row, which is found without the others: by what
 * the entry says of itself. */
static void
every_waiting_entry_has_its_row(void **state)
{
    struct world *w = *state;
    struct gv_bid_row row;
    struct gv_view v;
    size_t waiting = 0;

    two_at_once(w);
    for (unsigned auction = 1; auction <= 2; auction++) {
        assert_int_equal(
            gv_view_open(w->state, world_chain(w, auction), NOW_MS, &v), GV_OK);
        for (size_t i = 0; i < v.entries; i++) {
            const struct gv_tx_bid *bid = &v.entry[i]->tx.u.bid;
            size_t at = gv_view_entry(&v, i);

            assert_true(at < gv_fold_count(v.fold));
            gv_view_row(&v, at, &row);
            assert_memory_equal(row.bid.b, bid->id.b, 32);
            assert_int_equal(row.t_us, v.entry[i]->t_us);
            assert_int_equal(row.state, GV_BID_RECEIVED);
            assert_int_equal(gv_view_find(&v, &bid->id), at);
        }
        waiting += v.entries;
        gv_view_close(&v);
    }
    for (size_t i = 0; i < w->bids; i++)
        waiting -= !w->bid[i].mined;
    assert_int_equal(waiting, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(S4_31_bid_by_id),
        IN_WORLD(S4_32_bid_by_id_in_an_open_auction),
        IN_WORLD(S4_33_bid_by_id_in_a_closed_auction),
        IN_WORLD(S4_34_bids_of_an_auction),
        IN_WORLD(S4_35_bids_of_an_open_auction),
        IN_WORLD(S4_36_bids_of_a_closed_auction),
        IN_WORLD(S4_37_bids_of_a_bidder_in_an_auction),
        IN_WORLD(S4_38_bids_of_a_bidder_in_an_open_auction),
        IN_WORLD(S4_39_bids_of_a_bidder_in_a_closed_auction),
        IN_WORLD(S4_40_bids_of_a_bidder),
        IN_WORLD(S4_41_open_bids_of_a_bidder),
        IN_WORLD(S4_42_closed_bids_of_a_bidder),
        IN_WORLD(S4_41_S4_91_a_reorganised_bid_is_open_again),
        IN_WORLD(bids_by_time),
        IN_WORLD(every_waiting_entry_has_its_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
