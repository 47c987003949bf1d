/* test_notary_end.c - DISCLOSE until it stands, the end of keys, and notaries
 * that are restored. */
#include <stdio.h>

#include "src/ttp/auctionkeys_file.h"
#include "tests/unit/ttp/scene.h"

#define DAY_MS UINT64_C(86400000)

static void
a_disclose_is_published_until_it_stands(void **state)
{
    struct scene *s = *state;
    struct reply r = ask_for(s, 0, &s->winner.key);

    award_forget(&s->w);
    gv_notary_tick(s->w.notary[0]);
    assert_int_equal(s->w.count, 0); /* it may still be on its way */
    s->w.now += 6000;
    gv_notary_tick(s->w.notary[0]);
    assert_int_equal(s->w.count, 1);
    expect_disclose(s, 0, 0, GV_WINNER_TO_SELLER, gv_bytes(r.raw, r.len));
    award_forget(&s->w);
    award_restart(&s->w);
    gv_notary_tick(s->w.notary[0]);
    assert_int_equal(s->w.count, 1);
    expect_disclose(s, 0, 0, GV_WINNER_TO_SELLER, gv_bytes(r.raw, r.len));
    award_forget(&s->w);
    s->w.facts.disclosed[GV_WINNER_TO_SELLER] = 1;
    s->w.now += 6000;
    gv_notary_tick(s->w.notary[0]);
    s->w.now += 3600000;
    gv_notary_tick(s->w.notary[0]);
    assert_int_equal(s->w.count, 0);
    drop(&r);
}

static void
after_both_sides_the_key_is_destroyed(void **state)
{
    struct scene *s = *state;
    struct reply share = ask_for(s, 0, &s->winner.key), again;
    struct reply cert = ask_seller(s, 0, &s->winner.key, &s->winner.sk);

    assert_int_equal(cert.status, 200);
    s->w.facts.disclosed[0] = s->w.facts.disclosed[1] = 1;
    s->w.now += 6000;
    assert_true(holds_key(s, 0));
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
    award_restart(&s->w);
    assert_false(holds_key(s, 0)); /* nor on disk */
    /* What was given is given again. */
    again = ask_for(s, 0, &s->winner.key);
    assert_int_equal(again.status, 200);
    assert_memory_equal(again.raw, share.raw, share.len);
    drop(&again);
    again = ask_seller(s, 0, &s->winner.key, &s->winner.sk);
    assert_memory_equal(again.raw, cert.raw, cert.len);
    drop(&again);
    drop(&share);
    drop(&cert);
}

/* Whose terms give a second chance is not done with the first award. */
static int
setup_pay(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct gv_terms t = award_terms();

    assert_non_null(s);
    t.flags |= GV_PAY_BY;
    t.pay_ms = 20 * DAY_MS;
    award_make(&s->w, &t);
    award_enrol(&s->w, 1, 5, &s->winner);
    award_sold(&s->w, &s->winner.key);
    memset(s->xk, 9, 32);
    *state = s;
    return 0;
}

static void
a_key_waits_for_second_chances(void **state)
{
    struct scene *s = *state;

    drop_reply(ask_for(s, 0, &s->winner.key));
    drop_reply(ask_seller(s, 0, &s->winner.key, &s->winner.sk));
    s->w.facts.disclosed[0] = s->w.facts.disclosed[1] = 1;
    s->w.now += 6000;
    gv_notary_tick(s->w.notary[0]);
    assert_true(holds_key(s, 0));
    s->w.now += 40 * DAY_MS; /* of 20 and 30 */
    s->w.facts.award = 1;
    gv_notary_tick(s->w.notary[0]);
    s->w.now += 40 * DAY_MS; /* which begin again */
    award_restart(&s->w);
    gv_notary_tick(s->w.notary[0]);
    assert_true(holds_key(s, 0));
    s->w.now += 10 * DAY_MS;
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
}

static void
the_last_award_ends_the_key(void **state)
{
    struct scene *s = *state;

    s->award = s->w.facts.award = GV_AWARDS_MAX - 1;
    drop_reply(ask_for(s, 0, &s->winner.key));
    drop_reply(ask_seller(s, 0, &s->winner.key, &s->winner.sk));
    s->w.facts.disclosed[0] = s->w.facts.disclosed[1] = 1;
    s->w.now += 6000;
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
}

static void
one_side_alone_keeps_the_key(void **state)
{
    struct scene *s = *state;
    struct reply r = ask_for(s, 0, &s->winner.key);

    drop(&r);
    s->w.facts.disclosed[0] = 1;
    s->w.facts.disclosed[1] = 6; /* the other notaries' */
    s->w.now += 6000;
    gv_notary_tick(s->w.notary[0]);
    assert_true(holds_key(s, 0));
}

static void
an_auction_not_sold_ends_the_key(void **state)
{
    struct scene *s = *state;

    s->w.facts.outcome.status = GV_RESERVE_NOT_MET;
    s->w.facts.final = false;
    gv_notary_tick(s->w.notary[0]);
    assert_true(holds_key(s, 0));
    s->w.facts.final = true;
    s->w.now += 6000;
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_NOT_SOLD);
    assert_int_equal(s->w.count, 0);
}

static void
after_the_days_the_key_is_destroyed_and_refused(void **state)
{
    struct scene *s = *state;

    gv_notary_tick(s->w.notary[0]); /* sees that it is final */
    s->w.now += GV_NOTARY_AWARD_DAYS * DAY_MS - 1;
    award_restart(&s->w); /* the time counts on */
    gv_notary_tick(s->w.notary[0]);
    assert_true(holds_key(s, 0));
    s->w.now += 1;
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DESTROYED);
    award_restart(&s->w);
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DESTROYED);
}

static void
the_days_are_an_option(void **state)
{
    struct scene *s = *state;

    s->w.award_days = 2;
    award_restart(&s->w);
    gv_notary_tick(s->w.notary[0]);
    s->w.now += 2 * DAY_MS;
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
}

/* The decision is durable before the key goes: a notary that died in between,
 * or whose directory was put back, finishes, and opens nothing meanwhile. */
static void
a_decision_outlives_a_crash(void **state)
{
    struct scene *s = *state;
    struct award_house *h = &s->w.house[1];
    struct auctionkeys_dir dir;
    struct auctionkeys_row row = {.bound = true, .auction = s->w.open.id};
    struct gv_error e;

    memcpy(row.pub, s->w.open.notary[0].key.p, GV_RSA_SIZE);
    row.key = gv_auctionkeys_get(h->keys, row.pub, &s->w.open.id);
    assert_non_null(row.key);
    gv_notary_tick(s->w.notary[0]);
    s->w.now += GV_NOTARY_AWARD_DAYS * DAY_MS;
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
    /* As if the file were still there. */
    assert_int_equal(auctionkeys_dir_open(&dir, GV_AUCTIONKEYS_RSA, h->dir,
                                          &h->role.secret, &e),
                     GV_OK);
    assert_int_equal(auctionkeys_dir_put(&dir, &row, &e), GV_OK);
    auctionkeys_dir_close(&dir);
    EVP_PKEY_free(row.key);
    award_restart(&s->w);
    assert_true(holds_key(s, 0));
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DESTROYED);
    gv_notary_tick(s->w.notary[0]);
    assert_false(holds_key(s, 0));
}

/* --- auctions that come to nothing --- */

/* Look at it once an hour for so long. */
static void
watch(struct scene *s, uint64_t ms)
{
    for (uint64_t end = s->w.now + ms; s->w.now < end; s->w.now += 3600000)
        gv_notary_tick(s->w.notary[0]);
    gv_notary_tick(s->w.notary[0]);
}

static void
without_an_open_the_key_is_destroyed_after_seven_days_I41(void **state)
{
    struct scene *s = *state;

    s->w.hidden = true;
    watch(s, 7 * DAY_MS - 3600000);
    assert_true(holds_key(s, 0));
    watch(s, 3600000);
    assert_false(holds_key(s, 0));
    award_restart(&s->w);
    assert_false(holds_key(s, 0));
    /* The OPEN that comes now is not served. */
    s->w.hidden = false;
    expect_refusal(s, 0, ask_for(s, 0, &s->winner.key), &s->winner.key,
                   GV_REFUSAL_DESTROYED);
}

/* It must be missing on end, in one run, on a ledger that is up to date. */
static void
what_may_only_seem_to_be_missing_keeps_its_key_I41(void **state)
{
    struct scene *s = *state;

    s->w.facts.final = false;
    s->w.hidden = s->w.stale = true;
    watch(s, 30 * DAY_MS);
    s->w.stale = false;
    watch(s, 6 * DAY_MS);
    s->w.hidden = false; /* it comes after all, */
    watch(s, 3600000);
    s->w.hidden = true; /* and a fork takes it off again */
    watch(s, 6 * DAY_MS);
    award_restart(&s->w);
    watch(s, 6 * DAY_MS);
    s->w.answer = GV_FAULT;
    watch(s, 6 * DAY_MS);
    assert_true(holds_key(s, 0));
}

/* The ledger was lost: an auction that was final, or answered, was there. */
static void
a_lost_ledger_ends_no_award_I41(void **state)
{
    struct scene *s = *state;

    gv_notary_tick(s->w.notary[0]);
    s->w.hidden = true;
    watch(s, 9 * DAY_MS);
    assert_true(holds_key(s, 0));
}

static void
a_stalled_auction_ends_the_key_I41(void **state)
{
    struct scene *s = *state;

    s->w.facts.final = false;
    s->w.facts.stalled = true;
    watch(s, 7 * DAY_MS - 3600000);
    assert_true(holds_key(s, 0));
    watch(s, 3600000);
    assert_false(holds_key(s, 0));
}

/* --- restoring --- */

static enum gv_rc
copy_row(void *arg, struct gv_bytes key, struct gv_bytes value)
{
    struct gv_ttp_store to = ttp_memory_store(arg);

    return to.put(to.ctx, key, value);
}

/* A copy of its directory and rows is the whole notary. */
static void
a_restored_notary_opens_the_winner(void **state)
{
    struct scene *s = *state;
    struct award_house *h = &s->w.house[1];
    struct ttp_memory *copy = ttp_memory_new();
    struct gv_ttp_store from = ttp_memory_store(h->memory);
    char command[3 * PATH_MAX], dir[sizeof(h->dir)];
    struct gv_share shares[2];
    struct gv_escrow_opened o;

    gv_notary_tick(s->w.notary[0]);
    assert_int_equal(from.each(from.ctx, 'n', copy_row, copy), GV_OK);
    memcpy(dir, h->dir, sizeof(dir));
    (void)snprintf(command, sizeof(command), "cp -r '%s' '%s/copy'", dir,
                   s->w.dir.path);
    assert_int_equal(system(command), 0);
    award_close_notary(&s->w, 0);
    ttp_memory_free(h->memory);
    (void)snprintf(command, sizeof(command), "rm -r '%s'", dir);
    assert_int_equal(system(command), 0);
    h->memory = copy;
    (void)snprintf(h->dir, sizeof(h->dir), "%.*s/copy", PATH_MAX - 8,
                   s->w.dir.path);
    award_open_notary(&s->w, 0);
    shares[0] = share_of(s, 0);
    shares[1] = share_of(s, 1);
    assert_int_equal(combine(s, shares, 2, &o), GV_OK);
    assert_memory_equal(o.es, s->winner.es, 32);
}

static void
a_damaged_record_stops_the_notary(void **state)
{
    struct scene *s = *state;
    struct award_house *h = &s->w.house[1];
    struct gv_ttp_store store = ttp_memory_store(h->memory);
    uint8_t key[33] = {'n'};
    struct gv_error e = {""};
    struct gv_notary_options o = {.role = &h->role,
                                  .operator_name = "Notary",
                                  .keys = s->w.s.keys,
                                  .params = s->w.s.params,
                                  .auctionkeys = h->keys,
                                  .store = store,
                                  .award_days = 1};

    assert_int_equal(
        store.put(store.ctx, gv_bytes(key, 33), gv_bytes("\x01", 1)), GV_OK);
    assert_null(gv_notary_new(&o, &e));
    assert_non_null(strstr(e.text, "damaged"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_disclose_is_published_until_it_stands),
        TEST(after_both_sides_the_key_is_destroyed),
        cmocka_unit_test_setup_teardown(a_key_waits_for_second_chances,
                                        setup_pay, teardown),
        cmocka_unit_test_setup_teardown(the_last_award_ends_the_key, setup_pay,
                                        teardown),
        TEST(one_side_alone_keeps_the_key),
        TEST(an_auction_not_sold_ends_the_key),
        TEST(after_the_days_the_key_is_destroyed_and_refused),
        TEST(the_days_are_an_option),
        TEST(a_decision_outlives_a_crash),
        TEST(without_an_open_the_key_is_destroyed_after_seven_days_I41),
        TEST(what_may_only_seem_to_be_missing_keeps_its_key_I41),
        TEST(a_lost_ledger_ends_no_award_I41),
        TEST(a_stalled_auction_ends_the_key_I41),
        TEST(a_restored_notary_opens_the_winner),
        TEST(a_damaged_record_stops_the_notary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
