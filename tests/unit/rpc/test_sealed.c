/* test_sealed.c - what callers see of sealed bids: no amount until the opening
 * has ended, and who opens. */
#include "tests/unit/rpc/ledger_world.h"

#define OWN AUCTIONS /* the auction of this test */
#define LIMIT_MS (HOUR_MS / 2)

/* Two hours before now: a sealed auction of half an hour. */
static void
open_sealed(struct world *w)
{
    const struct gv_params *params = gv_params_find("regtest");
    struct sample_options options = {.opening_ms = NOW_MS - 2 * HOUR_MS};
    struct gv_reject why;
    struct gv_terms terms;

    gv_terms_default(params, &terms);
    terms.visibility = GV_VISIBLE_SEALED;
    terms.pricing = GV_PRICE_VICKREY;
    terms.flags = GV_LIMIT;
    terms.d_ms = 60000;
    terms.notice_ms = 120000;
    terms.limit_ms = LIMIT_MS;
    terms.opening_period_ms = 3 * HOUR_MS;
    options.terms = &terms;
    sample_make(&w->sample[OWN], &options);
    world_ok(gv_state_add_tx(w->state, w->sample[OWN].open.raw, NOW_MS, &why),
             &why);
    w->now_ms = options.opening_ms + 1000;
}

/* Bidder 0 seals 300, bidder 1 500; and one transaction of each kind of step up
 * to the end. */
static void
seal_bids(struct world *w, struct gv_tx bid[2])
{
    struct sample *s = &w->sample[OWN];
    struct gv_tx tx[3];

    world_enrol(w, OWN, 2);
    tx[0] = bid[0] = sample_bid_sealed(s, 0, 1, 300);
    tx[1] = bid[1] = sample_bid_sealed(s, 1, 1, 500);
    tx[2] = sample_stamp(s, 0, w->now_ms * 1000, tx, 2);
    world_mine(w, OWN, tx, 3);
}

static void
settle(struct world *w)
{
    struct sample *s = &w->sample[OWN];
    struct gv_chain *c = world_chain(w, OWN);
    struct gv_tx tx[2];
    uint8_t hash[32];
    uint32_t count, x = c->sum.height + 1;

    w->now_ms = s->open.opening_ms + LIMIT_MS + 61000;
    tx[0] = sample_cutoff(s, &c->sum.tip, 1, w->now_ms * 1000);
    world_mine(w, OWN, tx, 1);
    gv_fold_set(c->book->fold, &count, hash);
    tx[0] = sample_setfixed(s, count, hash);
    tx[1] = world_final(w, OWN, 0, x);
    world_mine(w, OWN, tx, 2);
    tx[0] = world_final(w, OWN, x, x + 1);
    w->now_ms += 1000;
    world_mine(w, OWN, tx, 1);
}

static json_t *
auction_of(struct world *w)
{
    return world_call(w, "getauction", json_pack("[o]", auction_hex(w, OWN)));
}

static void
assert_row(struct world *w, const struct gv_tx *bid, const char *code,
           json_int_t amount)
{
    json_t *row =
        world_call(w, "getbid", json_pack("[o]", hex32(bid->u.bid.id.b)));

    assert_string_equal(text_of(row, "code_name"), code);
    assert_int_equal(int_of(row, "amount"), amount);
    json_decref(row);
}

static void
assert_standing(struct world *w, unsigned bidder, const char *word)
{
    json_t *list =
        world_list(w, "listoutcomes", "outcomes",
                   json_pack("{so}", "bidder",
                             hex32(w->sample[OWN].bidder[bidder].cred.key.b)),
                   50);
    bool found = false;
    json_t *row;
    size_t i;

    json_array_foreach(list, i, row)
    {
        json_t *id = auction_hex(w, OWN);

        if (json_equal(json_object_get(row, "auction"), id)) {
            assert_string_equal(text_of(row, "standing"), word);
            found = true;
        }
        json_decref(id);
    }
    assert_true(found);
    json_decref(list);
}

static void
amounts_are_told_when_the_opening_has_ended(void **state)
{
    struct world *w = *state;
    struct gv_tx bid[2], tx[2];
    struct gv_outcome outcome;
    json_t *a, *sealed;

    open_sealed(w);
    seal_bids(w, bid);
    a = auction_of(w);
    assert_string_equal(text_of(json_object_get(a, "terms"), "visibility"),
                        "sealed");
    assert_int_equal(int_of(json_object_get(a, "bids"), "sealed"), 2);
    assert_int_equal(int_of(json_object_get(a, "bids"), "void"), 0);
    assert_true(json_is_null(json_object_get(a, "leader")));
    sealed = json_object_get(a, "sealed");
    assert_int_equal(int_of(sealed, "holders"), 3);
    assert_int_equal(int_of(sealed, "needed"), 2);
    assert_true(json_is_null(json_object_get(sealed, "settled_height")));
    json_decref(a);
    assert_row(w, &bid[1], "not-opened", 0);
    assert_standing(w, 0, "sealed");

    settle(w);
    tx[0] = sample_keyrelease(&w->sample[OWN], 2);
    tx[1] = sample_opening(&w->sample[OWN], &bid[0], 0);
    world_mine(w, OWN, tx, 2);
    a = auction_of(w);
    assert_string_equal(text_of(a, "phase"), "opening");
    sealed = json_object_get(a, "sealed");
    assert_int_equal(json_array_size(json_object_get(sealed, "released")), 1);
    assert_int_equal(int_of(sealed, "openings"), 1);
    assert_int_equal(int_of(sealed, "settled_height"), 5);
    assert_true(json_is_integer(json_object_get(sealed, "ends_us")));
    json_decref(a);
    assert_row(w, &bid[0], "not-opened", 0); /* though its OPENING is there */
    a = world_call(w, "getoutcome", json_pack("[o]", auction_hex(w, OWN)));
    assert_false(json_is_true(json_object_get(a, "opened")));
    json_decref(a);

    tx[0] = sample_keyrelease(&w->sample[OWN], 0);
    world_mine(w, OWN, tx, 1);
    assert_row(w, &bid[0], "accepted", 300);
    assert_row(w, &bid[1], "accepted", 500);
    assert_standing(w, 1, "leading");
    gv_book_outcome(world_chain(w, OWN)->book, &outcome);
    tx[0] = sample_outcome(&w->sample[OWN], &outcome);
    world_mine(w, OWN, tx, 1);
    a = auction_of(w);
    assert_int_equal(int_of(json_object_get(a, "outcome"), "price"), 300);
    assert_int_equal(int_of(json_object_get(a, "sealed"), "opened_height"), 7);
    json_decref(a);
    sample_free(&w->sample[OWN]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(amounts_are_told_when_the_opening_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
