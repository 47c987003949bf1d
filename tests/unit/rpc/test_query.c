/* The nine auction lists and the three outcome checks,
 * each against a filter over what the test itself put into the ledger. */
#include "tests/unit/rpc/ledger_world.h"

static unsigned
seller_of(unsigned auction)
{
    return auction == 0 || auction == 1 || auction == 3 ? 0 : 1;
}

/* --- auctions --- */

/* Every page size and direction gives the same rows, in order. */
static void
check_auctions(struct world *w, json_t *params, const unsigned *want, size_t n)
{
    for (int limit = 1; limit <= 4; limit++)
        for (int reverse = 0; reverse <= 1; reverse++) {
            json_t *ask = json_deep_copy(params), *got;

            json_object_set_new(ask, "reverse", json_boolean(reverse));
            got = world_list(w, "listauctions", "auctions", ask, limit);
            assert_int_equal(json_array_size(got), n);
            for (size_t i = 0; i < n; i++) {
                json_t *id = auction_hex(w, want[reverse ? n - 1 - i : i]);

                assert_string_equal(text_of(json_array_get(got, i), "auction"),
                                    json_string_value(id));
                json_decref(id);
            }
            json_decref(got);
        }
    json_decref(params);
}

/* Auctions by opening time. */
static const unsigned in_order[AUCTIONS] = {3, 4, 5, 1, 2, 0};

static void
list_auctions(struct world *w, const char *status, int owner)
{
    unsigned want[AUCTIONS];
    json_t *params = json_pack("{ss}", "status", status);
    size_t n = 0;

    for (unsigned k = 0; k < AUCTIONS; k++) {
        unsigned i = in_order[k];

        if (world_fits(status, i) &&
            (owner < 0 || seller_of(i) == (unsigned)owner))
            want[n++] = i;
    }
    if (owner >= 0)
        json_object_set_new(
            params, "owner",
            hex32(w->sample[owner == 0 ? 0 : 2].open.seller.key.b));
    assert_true(n > 0);
    check_auctions(w, params, want, n);
}

static void
S4_20_all_auctions(void **state)
{
    list_auctions(*state, "all", -1);
}

static void
S4_21_open_auctions(void **state)
{
    list_auctions(*state, "open", -1);
}

static void
S4_22_closed_auctions(void **state)
{
    list_auctions(*state, "closed", -1);
}

static void
S4_23_all_auctions_of_an_owner(void **state)
{
    list_auctions(*state, "all", 0);
    list_auctions(*state, "all", 1);
}

static void
S4_24_open_auctions_of_an_owner(void **state)
{
    list_auctions(*state, "open", 0);
    list_auctions(*state, "open", 1);
}

static void
S4_25_closed_auctions_of_an_owner(void **state)
{
    list_auctions(*state, "closed", 0);
    list_auctions(*state, "closed", 1);
}

/* By id: the auction, -4 in the other state, -5 when unknown. */
static void
auction_by_id(struct world *w, const char *status)
{
    struct gv_chain_id unknown = {{1}};

    for (unsigned i = 0; i < AUCTIONS; i++) {
        json_t *params = json_pack("{ss so}", "status", status, "auction",
                                   auction_hex(w, i));

        if (world_fits(status, i)) {
            check_auctions(w, params, &i, 1);
            continue;
        }
        assert_int_equal(world_error(w, "listauctions", params), -4);
        assert_string_equal(text_of(w->error.data, "state"),
                            world_is_open(i) ? "open" : "closed");
        assert_string_equal(text_of(w->error.data, "want"), status);
    }
    assert_int_equal(world_error(w, "listauctions",
                                 json_pack("{ss so}", "status", status,
                                           "auction", hex32(unknown.b))),
                     -5);
}

static void
S4_26_auction_by_id(void **state)
{
    struct world *w = *state;

    auction_by_id(w, "all");
    /* of an owner who is not its seller */
    assert_int_equal(
        world_error(w, "listauctions",
                    json_pack("{so so}", "auction", auction_hex(w, 0), "owner",
                              hex32(w->sample[2].open.seller.key.b))),
        -5);
}

static void
S4_27_open_auction_by_id(void **state)
{
    auction_by_id(*state, "open");
}

static void
S4_28_closed_auction_by_id(void **state)
{
    auction_by_id(*state, "closed");
}

static void
auctions_by_time(void **state)
{
    struct world *w = *state;
    const unsigned want[] = {4, 5, 1};
    json_int_t from = (json_int_t)w->sample[4].open.opening_ms;
    json_int_t to = (json_int_t)w->sample[2].open.opening_ms;

    check_auctions(w, json_pack("{sI sI}", "from_ms", from, "to_ms", to), want,
                   3);
}

/* --- outcomes --- */

struct standing {
    unsigned auction, bidder;
    const char *word;
    json_int_t amount, price;
};

/* By hand from what world_fill made; order is that of opening times. Auction 4
 * has its outcome, which is not final: nothing is won or lost yet. */
static const struct standing standings[] = {
    {3, 0, "lost", 100, 150},    {3, 1, "won", 150, 150},
    {3, 2, "none", 0, 150},      {4, 0, "outbid", 100, 150},
    {4, 1, "leading", 150, 150}, {4, 2, "none", 0, 150},
    {5, 0, "outbid", 100, 150},  {5, 1, "leading", 150, 150},
    {5, 2, "none", 0, 150},      {1, 0, "leading", 250, 250},
    {1, 1, "outbid", 200, 250},  {1, 2, "none", 0, 250},
    {2, 0, "none", 0, 90},       {2, 1, "outbid", 70, 90},
    {2, 3, "leading", 90, 90},
};

static void
check_standing(struct world *w, const json_t *row, const struct standing *s)
{
    json_t *id = auction_hex(w, s->auction);
    bool closed = !world_is_open(s->auction),
         timed = s->auction != 5 && !closed;

    assert_string_equal(text_of(row, "auction"), json_string_value(id));
    json_decref(id);
    assert_string_equal(text_of(row, "standing"), s->word);
    assert_int_equal(int_of(row, "amount"), s->amount);
    assert_int_equal(int_of(row, "price"), s->price);
    assert_string_equal(text_of(row, "currency"), "EUR");
    assert_int_equal(int_of(row, "exponent"), 2);
    assert_int_equal(json_is_true(json_object_get(row, "final")),
                     s->auction == 3);
    assert_int_equal(json_is_integer(json_object_get(row, "time_left_ms")),
                     timed);
    if (timed)
        assert_int_equal(int_of(row, "time_left_ms"),
                         w->sample[s->auction].open.opening_ms + HOUR_MS -
                             NOW_MS);
    assert_int_equal(json_is_integer(json_object_get(row, "outcome_height")),
                     closed);
}

static void
check_outcomes(struct world *w, const char *status)
{
    for (unsigned b = 0; b < SAMPLE_BIDDERS; b++)
        for (int limit = 1; limit <= 3; limit++) {
            json_t *got =
                world_list(w, "listoutcomes", "outcomes",
                           json_pack("{so ss}", "bidder",
                                     hex32(w->sample[0].bidder[b].cred.key.b),
                                     "status", status),
                           limit);
            size_t n = 0;

            for (size_t i = 0; i < sizeof(standings) / sizeof(standings[0]);
                 i++)
                if (standings[i].bidder == b &&
                    world_fits(status, standings[i].auction))
                    check_standing(w, json_array_get(got, n++), &standings[i]);
            assert_int_equal(json_array_size(got), n);
            json_decref(got);
        }
}

static void
S4_43_outcomes_of_a_bidder(void **state)
{
    check_outcomes(*state, "all");
}

static void
S4_44_outcomes_of_open_auctions(void **state)
{
    check_outcomes(*state, "open");
}

static void
S4_45_outcomes_of_closed_auctions(void **state)
{
    check_outcomes(*state, "closed");
}

/* --- cursors --- */

static void
a_cursor_serves_its_own_list(void **state)
{
    struct world *w = *state;
    json_t *page = world_call(w, "listauctions", json_pack("{si}", "limit", 1));
    const char *next = text_of(page, "next");

    assert_true(strlen(next) <= 200);
    assert_int_equal(
        world_error(w, "listauctions",
                    json_pack("{ss ss}", "after", next, "status", "open")),
        -8);
    assert_int_equal(world_error(w, "listbids",
                                 json_pack("{ss so}", "after", next, "auction",
                                           auction_hex(w, 1))),
                     -8);
    assert_int_equal(
        world_error(w, "listauctions", json_pack("{ss}", "after", "zz")),
        -32602);
    json_decref(page);
}

static void
wrong_parameters_are_named(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_error(w, "listbids", NULL), -8);
    assert_int_equal(
        world_error(w, "listauctions", json_pack("{ss}", "status", "shut")),
        -32602);
    assert_int_equal(
        world_error(w, "listauctions", json_pack("{si}", "limit", 1001)),
        -32602);
    assert_int_equal(world_error(w, "listbids",
                                 json_pack("{so ss}", "auction",
                                           auction_hex(w, 1), "mined", "?")),
                     -32602);
    assert_int_equal(world_error(w, "listoutcomes", NULL), -32602);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(S4_20_all_auctions),
        IN_WORLD(S4_21_open_auctions),
        IN_WORLD(S4_22_closed_auctions),
        IN_WORLD(S4_23_all_auctions_of_an_owner),
        IN_WORLD(S4_24_open_auctions_of_an_owner),
        IN_WORLD(S4_25_closed_auctions_of_an_owner),
        IN_WORLD(S4_26_auction_by_id),
        IN_WORLD(S4_27_open_auction_by_id),
        IN_WORLD(S4_28_closed_auction_by_id),
        IN_WORLD(auctions_by_time),
        IN_WORLD(S4_43_outcomes_of_a_bidder),
        IN_WORLD(S4_44_outcomes_of_open_auctions),
        IN_WORLD(S4_45_outcomes_of_closed_auctions),
        IN_WORLD(a_cursor_serves_its_own_list),
        IN_WORLD(wrong_parameters_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
