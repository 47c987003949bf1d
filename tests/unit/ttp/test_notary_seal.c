/* test_notary_seal.c - a holder of sealed bids: its key is served to one
 * auction, published when the set is final on the chain and never before, and
 * destroyed (docs/spec/ttp.md, T32). */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/award.h"

#define DAY_MS UINT64_C(86400000)

/* Notary i signs that it serves the auction; the answer's status. */
static int
serve(struct award *w, unsigned i, const struct gv_open *o)
{
    struct gv_error e = {""};
    uint8_t *raw = NULL;
    size_t len = 0;
    int status = (int)gv_notary_serve(
        w->notary[i], gv_bytes(o->raw.p, o->preimage_len), &raw, &len, &e);

    if (status == GV_NOTARY_OK) {
        assert_int_equal(len, 64);
        assert_memory_equal(raw, o->bid_escrow_pop[i].b, 64);
    } else {
        assert_null(raw);
    }
    free(raw);
    return status;
}

static bool
holds_key(struct award *w, unsigned i)
{
    EVP_PKEY *key = gv_auctionkeys_get(w->house[1 + i].seals,
                                       w->open.bid_escrow[i].key, &w->open.id);

    EVP_PKEY_free(key);
    return key != NULL;
}

/* A sealed auction that all serve, and whose close has passed. */
static int
setup(void **state)
{
    struct award *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    award_make(w, NULL);
    award_offer_sealed(w, 9, false);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        assert_int_equal(serve(w, i, &w->open), GV_NOTARY_OK);
    *state = w;
    return 0;
}

static void
close_it(struct award *w)
{
    w->now = AWARD_CLOSE_MS + 5000;
    w->facts.set_fixed = true;
}

/* One look, a second after the last one. */
static void
look(struct award *w, unsigned i)
{
    award_forget(w);
    w->now += 1000;
    gv_notary_tick(w->notary[i]);
}

/* It was KEYRELEASE by notary i, and nothing else. */
static void
expect_release(struct award *w, unsigned i)
{
    struct gv_tx tx;
    uint8_t pub[32];

    assert_int_equal(w->count, 1);
    tx = award_sent(w, 0);
    assert_int_equal(tx.kind, GV_TX_KEYRELEASE);
    assert_true(GV_ID_EQ(&tx.chain, &w->open.id));
    assert_int_equal(tx.u.keyrelease.notary, i);
    assert_int_equal(gv_x25519_public(tx.u.keyrelease.secret, pub), GV_OK);
    assert_memory_equal(pub, w->open.bid_escrow[i].key, 32);
}

static void
every_auction_has_keys_of_its_own(void **state)
{
    struct award *w = *state;
    struct gv_open first = w->open;

    for (unsigned i = 1; i < AWARD_NOTARIES; i++)
        assert_memory_not_equal(first.bid_escrow[0].key,
                                first.bid_escrow[i].key, 32);
    award_offer_sealed(w, 10, false);
    assert_memory_not_equal(first.bid_escrow[0].key, w->open.bid_escrow[0].key,
                            32);
    assert_int_equal(serve(w, 0, &w->open), GV_NOTARY_OK);
    assert_int_equal(serve(w, 0, &first), GV_NOTARY_OK); /* the same again */
}

/* A key serves one OPEN. */
static void
a_key_serves_one_auction(void **state)
{
    struct award *w = *state;
    struct gv_open o = w->open, again;
    struct gv_reject why;

    memset(o.salt, 77, sizeof(o.salt));
    assert_int_equal(
        gv_open_decode(sample_open(&w->s, &o), w->s.params, &again, &why),
        GV_OK);
    assert_int_equal(serve(w, 0, &again), GV_NOTARY_CONFLICT);
    memset(o.bid_escrow[0].key, 9, 32);
    assert_int_equal(
        gv_open_decode(sample_open(&w->s, &o), w->s.params, &again, &why),
        GV_OK);
    assert_int_equal(serve(w, 0, &again), GV_NOTARY_FORBIDDEN);
    /* Nor one that is served under another name. */
    o = w->open;
    o.bid_escrow[0].operator_name = gv_bytes("Nobody", 6);
    assert_int_equal(
        gv_open_decode(sample_open(&w->s, &o), w->s.params, &again, &why),
        GV_OK);
    assert_int_equal(serve(w, 0, &again), GV_NOTARY_FORBIDDEN);
}

static void
the_key_is_published_when_the_set_is_final_and_not_before(void **state)
{
    struct award *w = *state;

    gv_notary_tick(w->notary[0]);
    assert_int_equal(w->count, 0);
    close_it(w);
    for (unsigned n = 0; n < 20; n++) {
        look(w, 0);
        assert_int_equal(w->count, 0);
    }
    w->facts.opening = true;
    look(w, 0);
    expect_release(w, 0);
    look(w, 2);
    expect_release(w, 2);
}

/* While it may close at any time it is looked at rarely, unless the chain
 * thread says that keys are awaited. */
static void
an_open_auction_is_left_alone_until_keys_are_awaited(void **state)
{
    struct award *w = *state;

    w->facts.close_us = UINT64_MAX;
    gv_notary_tick(w->notary[0]);
    gv_notary_tick(w->notary[1]);
    w->facts.set_fixed = w->facts.opening = true;
    look(w, 0);
    assert_int_equal(w->count, 0);
    gv_notary_wake(w->notary[0], &w->open.id);
    gv_notary_wake(w->notary[0], &w->open.id);
    look(w, 0);
    expect_release(w, 0);
    look(w, 1);
    assert_int_equal(w->count, 0);
    w->now += 600000;
    look(w, 1);
    expect_release(w, 1);
}

static void
it_is_published_until_it_stands_and_again_after_a_fork(void **state)
{
    struct award *w = *state;

    close_it(w);
    w->facts.opening = true;
    w->facts.released = 6; /* the other notaries' */
    look(w, 0);
    expect_release(w, 0);
    look(w, 0);
    expect_release(w, 0);
    w->facts.released = 7;
    look(w, 0);
    assert_int_equal(w->count, 0);
    w->facts.released = 6;
    look(w, 0);
    expect_release(w, 0);
    award_restart(w);
    look(w, 0);
    expect_release(w, 0);
}

/* Killed before the OPEN reached the ledger. */
static void
a_served_key_outlives_the_process(void **state)
{
    struct award *w = *state;

    w->hidden = true;
    award_restart(w);
    assert_int_equal(serve(w, 0, &w->open), GV_NOTARY_OK);
    gv_notary_tick(w->notary[0]);
    assert_true(holds_key(w, 0));
    w->hidden = false;
    close_it(w);
    w->facts.opening = true;
    w->now += 600000;
    look(w, 0);
    expect_release(w, 0);
}

static void
with_the_final_outcome_the_key_is_destroyed(void **state)
{
    struct award *w = *state;

    close_it(w);
    w->facts.opening = w->facts.final = true; /* and it was away meanwhile */
    look(w, 0);
    assert_int_equal(w->count, 0);
    assert_false(holds_key(w, 0));
    award_restart(w);
    assert_false(holds_key(w, 0));
    assert_int_equal(serve(w, 0, &w->open), GV_NOTARY_FORBIDDEN);
    assert_true(holds_key(w, 1));
}

/* Look at it once an hour for so long. */
static void
watch(struct award *w, uint64_t ms)
{
    for (uint64_t end = w->now + ms; w->now < end; w->now += 3600000)
        gv_notary_tick(w->notary[0]);
    gv_notary_tick(w->notary[0]);
}

static void
the_key_of_an_auction_that_never_opened_is_destroyed(void **state)
{
    struct award *w = *state;

    w->hidden = w->stale = true;
    watch(w, 30 * DAY_MS);
    assert_true(holds_key(w, 0)); /* the ledger may only lack it */
    w->stale = false;
    w->now += 3600000; /* the next look is due */
    watch(w, 7 * DAY_MS - 3600000);
    assert_true(holds_key(w, 0));
    watch(w, 3600000);
    assert_false(holds_key(w, 0));
    award_restart(w);
    assert_false(holds_key(w, 0));
    assert_int_equal(w->count, 0);
}

static void
without_an_answer_of_the_ledger_nothing_happens(void **state)
{
    struct award *w = *state;

    close_it(w);
    w->answer = GV_FAULT;
    w->facts.opening = true;
    watch(w, 30 * DAY_MS);
    assert_int_equal(w->count, 0);
    assert_true(holds_key(w, 0));
    w->answer = GV_OK;
    w->now += 600000;
    look(w, 0);
    expect_release(w, 0);
}

/* Pseudonyms and sealed bids: one signature for two keys of two kinds. */
static void
an_anonymous_auction_has_both_keys(void **state)
{
    struct award *w = *state;
    EVP_PKEY *key;

    award_offer_sealed(w, 11, true);
    for (unsigned i = 0; i < AWARD_NOTARIES; i++)
        assert_int_equal(serve(w, i, &w->open), GV_NOTARY_OK);
    assert_true(holds_key(w, 0));
    key = gv_auctionkeys_get(w->house[1].keys, w->open.notary[0].key.p,
                             &w->open.id);
    assert_non_null(key);
    EVP_PKEY_free(key);
    /* Publishing the one leaves the other. */
    close_it(w);
    w->facts.opening = true;
    look(w, 0);
    expect_release(w, 0);
    w->facts.released = 7;
    w->facts.final = true;
    look(w, 0);
    assert_false(holds_key(w, 0));
}

static int
teardown(void **state)
{
    struct award *w = *state;

    award_free(w);
    free(w);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_auction_has_keys_of_its_own),
        TEST(a_key_serves_one_auction),
        TEST(the_key_is_published_when_the_set_is_final_and_not_before),
        TEST(an_open_auction_is_left_alone_until_keys_are_awaited),
        TEST(it_is_published_until_it_stands_and_again_after_a_fork),
        TEST(a_served_key_outlives_the_process),
        TEST(with_the_final_outcome_the_key_is_destroyed),
        TEST(the_key_of_an_auction_that_never_opened_is_destroyed),
        TEST(without_an_answer_of_the_ledger_nothing_happens),
        TEST(an_anonymous_auction_has_both_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
