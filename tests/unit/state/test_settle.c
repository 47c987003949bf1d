/* What becomes of an award: SETTLE, ACCEPT, and who is disclosed then (C10,
 * C17, C18). */
#include "tests/unit/state/stage.h"

#define E_MS (START + 10500)
#define PAST (E_MS + 5000)
#define PAY_MS 60000

static const struct gv_terms *
pay_terms(struct stage *g, uint8_t pricing, uint64_t reserve)
{
    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.d_ms = 5000;
    g->terms.notice_ms = 10000;
    g->terms.flags |= GV_PAY_BY;
    g->terms.pay_ms = PAY_MS;
    g->terms.pricing = pricing;
    g->terms.reserve = reserve;
    return &g->terms;
}

/* Bidder i bids amount[i]; 0: not. Up to the block that ends the auction. */
static void
sell(struct stage *g, const struct gv_terms *terms, const uint64_t amount[3])
{
    struct world_options o = {.sample = {.terms = terms}, .own = 1};
    struct gv_outcome result;
    struct gv_tx tx[12];
    size_t n = 0;

    stage_make(g, o);
    tx[n++] = sample_enrol(&g->w.s, 2);
    for (unsigned i = 0; i < 3; i++) {
        if (amount[i] == 0)
            continue;
        tx[n] = sample_bid(&g->w.s, i, 1, amount[i]);
        tx[n + 1] = sample_stamp(&g->w.s, 0, US(START + 500 + i), &tx[n], 1);
        n += 2;
    }
    tx[n] = sample_close(&g->w.s);
    tx[n + 1] = sample_stamp(&g->w.s, 0, US(START + 500), &tx[n], 1);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, n + 2);
    tx[0] = sample_cutoff(&g->w.s, &g->c->sum.tip, 1, US(PAST) + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1, tx, 1);
    gv_book_outcome(g->c->book, &result);
    tx[0] = sample_outcome(&g->w.s, &result);
    accept_block_on_tip(&g->w, g->c, PAST + 251, tx, 1); /* 4: Y */
    tx[0] = final_of(g, 0, 4);
    accept_block_on_tip(&g->w, g->c, PAST + 1251, tx, 1);
    tx[0] = final_of(g, 4, 5);
    accept_block_on_tip(&g->w, g->c, PAST + 2251, tx, 1); /* 6: the end */
    assert_true(gv_book_ended(g->c->book));
    g->w.now_ms = PAST + 4 * PAY_MS;
}

#define END_MS (PAST + 2251)
#define PAY_BY (END_MS + PAY_MS)

/* The seller's word that award i, made at made_ms, was not paid. */
static struct gv_tx
late(struct stage *g, uint8_t award, uint64_t made_ms)
{
    uint32_t height = g->c->book->award[award].height;

    return sample_default(&g->w.s, award, &g->c->spine->at[height].sealed, 1,
                          US(made_ms + PAY_MS) + 1);
}

static const struct gv_book_award *
award(struct stage *g, unsigned i)
{
    assert_true(i < g->c->book->awards);
    return &g->c->book->award[i];
}

/* --- C17 --- */

static void
who_may_say_what_C17(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    struct sample_party *seller, *bidder;
    struct gv_tx tx[2];
    struct stage g;
    uint64_t t = END_MS;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    seller = &g.w.s.seller;
    bidder = g.w.s.bidder;
    assert_int_equal(award(&g, 0)->price, 200);
    tx[0] = sample_settle(&g.w.s, &bidder[0], 0, GV_SETTLE_PAID);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, t + 250, tx, 1);
    assert_int_equal(world_try(&g.w, &tx[0]), GV_NOT_SIGNER);
    tx[0] = sample_settle(&g.w.s, seller, 1, GV_SETTLE_PAID);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, t + 250, tx, 1);
    tx[0] = sample_settle(&g.w.s, seller, 0, GV_SETTLE_PAID);
    tx[1] = tx[0]; /* the seller's word, signed by somebody else */
    tx[1].u.settle.sig.b[5] ^= 1;
    tx[1] = sample_tx(&g.w.s, &tx[1], NULL);
    refuse_block(&g.w, g.c, GV_BAD_SIGNATURE, t + 250, &tx[1], 1);
    tx[1] = tx[0]; /* the seller's key speaks for the winner */
    tx[1].u.settle.side = GV_SIDE_WINNER;
    tx[1] = sample_tx(&g.w.s, &tx[1], &seller->secret);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, t + 250, &tx[1], 1);
    tx[1] = tx[0];
    refuse_block(&g.w, g.c, GV_DUPLICATE, t + 250, tx, 2);
    tx[1] = sample_settle(&g.w.s, &bidder[1], 0, GV_SETTLE_RECEIVED);
    accept_block_on_tip(&g.w, g.c, t += 250, tx, 2);
    assert_int_equal(gv_book_standing(g.c->book, 0), GV_STANDS_DELIVERED);
    refuse_block(&g.w, g.c, GV_DUPLICATE, t + 250, tx, 1);
    assert_int_equal(world_try(&g.w, &tx[0]), GV_DUPLICATE);
    tx[0] = late(&g, 0, END_MS); /* after "paid" */
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 1000, tx, 1);
    tx[0] = sample_settle(&g.w.s, seller, 0, GV_SETTLE_DELIVERED);
    accept_block_on_tip(&g.w, g.c, t += 250, tx, 1);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 5000, NULL, 0);
    world_free(&g.w);
}

static void
before_the_end_nobody_says_anything_C17(void **state)
{
    struct gv_tx tx;
    struct stage g;

    (void)state;
    stage_plain(&g);
    tx = sample_settle(&g.w.s, &g.w.s.seller, 0, GV_SETTLE_PAID);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 250, &tx, 1);
    assert_int_equal(world_try(&g.w, &tx), GV_WRONG_PHASE);
    tx = sample_accept(&g.w.s, 0, 1, 5);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 250, &tx, 1);
    assert_int_equal(world_try(&g.w, &tx), GV_WRONG_PHASE);
    world_free(&g.w);
}

static void
a_default_needs_trusted_time_C17(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    const struct gv_sealed_id *made;
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    made = &g.c->spine->at[award(&g, 0)->height].sealed;
    assert_int_equal(gv_book_pay_by_us(g.c->book, 0), US(PAY_BY));
    tx = sample_settle(&g.w.s, &g.w.s.seller, 0, GV_SETTLE_DEFAULTED);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, PAY_BY + 250, &tx, 1);
    tx = sample_default(&g.w.s, 0, made, 1, US(PAY_BY)); /* not past it */
    refuse_block(&g.w, g.c, GV_BAD_STAMP, PAY_BY + 250, &tx, 1);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_STAMP);
    tx = sample_default(&g.w.s, 0, &g.c->spine->at[4].sealed, 1,
                        US(PAY_BY) + 1); /* over another block */
    refuse_block(&g.w, g.c, GV_BAD_STAMP, PAY_BY + 250, &tx, 1);
    tx = sample_default(&g.w.s, 0, made, 1, US(PAY_BY) + 1);
    refuse_block(&g.w, g.c, GV_BAD_TIME, PAY_BY, &tx, 1); /* R1 */
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    assert_int_equal(gv_book_standing(g.c->book, 0), GV_STANDS_DEFAULTED);
    tx = sample_settle(&g.w.s, &g.w.s.seller, 0, GV_SETTLE_PAID);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 300, &tx, 1);
    world_free(&g.w);
}

static void
contradicting_words_are_a_dispute_C17(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    struct gv_tx tx[2];
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    tx[0] = sample_settle(&g.w.s, &g.w.s.bidder[1], 0, GV_SETTLE_PAID);
    accept_block_on_tip(&g.w, g.c, END_MS + 250, tx, 1);
    assert_int_equal(gv_book_standing(g.c->book, 0), GV_STANDS_PAID);
    tx[0] = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, tx, 1);
    assert_int_equal(gv_book_standing(g.c->book, 0), GV_STANDS_DISPUTED);
    /* Nobody decides it, so it stops nobody (C18). */
    tx[0] = sample_accept(&g.w.s, 0, 1, 100);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 300, tx, 1);
    assert_int_equal(g.c->book->awards, 2);
    world_free(&g.w);
}

/* Without a time to pay in the terms, a default is a word without tokens, and
 * there is no second chance. */
static void
no_second_chance_without_pay_ms_C18(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, NULL, amount);
    tx = sample_default(&g.w.s, 0, &g.c->spine->at[award(&g, 0)->height].sealed,
                        1, US(PAY_BY));
    refuse_block(&g.w, g.c, GV_BAD_STAMP, PAY_BY + 250, &tx, 1);
    tx = sample_settle(&g.w.s, &g.w.s.seller, 0, GV_SETTLE_DEFAULTED);
    accept_block_on_tip(&g.w, g.c, END_MS + 250, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 250, &tx, 1);
    world_free(&g.w);
}

/* --- C18 --- */

static void
S0_14_the_price_is_that_among_the_others_C18(void **state)
{
    /* Vickrey: 1 wins for 150; then 2, for what 0 would pay. */
    const uint64_t amount[3] = {100, 200, 150};
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_VICKREY, 50), amount);
    assert_int_equal(award(&g, 0)->price, 150);
    tx = sample_accept(&g.w.s, 2, 1, 100);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 250, &tx, 1);
    tx = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    tx = sample_accept(&g.w.s, 2, 1, 150);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAY_BY + 300, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, PAY_BY + 300, &tx, 1);
    assert_int_equal(world_try(&g.w, &tx), GV_NOT_SIGNER);
    tx = sample_accept(&g.w.s, 2, 2, 100);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 300, &tx, 1);
    tx = sample_accept(&g.w.s, 2, 1, 100);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 300, &tx, 1);
    assert_int_equal(award(&g, 1)->price, 100);
    assert_memory_equal(gv_book_award_key(g.c->book, 1),
                        &g.w.s.bidder[2].cred.key, 32);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 600, &tx, 1);
    /* 2 does not pay either: 0 is alone, and the reserve is what it pays. */
    tx = late(&g, 1, PAY_BY + 300);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 300 + PAY_MS + 1, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 2, 50);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 300 + PAY_MS + 300, &tx, 1);
    assert_int_equal(g.c->book->awards, 3);
    world_free(&g.w);
}

static void
the_reserve_holds_for_everybody_C18(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 150), amount);
    tx = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAY_BY + 300, &tx, 1);
    world_free(&g.w);
}

/* Above an ACCEPT there may be empty blocks, spaced T, for votes to make it
 * final; not for ever, and none without one. */
static void
empty_blocks_behind_an_accept_R8(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    uint64_t t = PAY_BY + 300;
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, PAY_BY, NULL, 0);
    tx = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, PAY_BY + 5000, NULL, 0);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    accept_block_on_tip(&g.w, g.c, t, &tx, 1);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 999, NULL, 0);
    tx = final_of(&g, 5, 6);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 1000, &tx, 1);
    for (unsigned i = 0; i < GV_ACCEPT_CHILDREN; i++)
        accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 1000, NULL, 0);
    world_free(&g.w);
}

/* The node's own miner makes them until votes make the ACCEPT final. */
static void
miners_let_an_accept_become_final_R8(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    struct gv_tx tx;
    struct stage g;
    uint32_t height;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    tx = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    world_add(&g.w, &tx);
    world_run(&g.w, 8000);
    assert_int_equal(g.c->book->awards, 2);
    height = g.c->book->award[1].height;
    assert_true(g.c->sum.final_height >= height);
    assert_in_range(g.c->sum.height, height + 1, height + 3);
    world_free(&g.w);
}

/* Also when it was stopped in between, and then it sleeps. */
static void
a_stop_behind_an_accept_R8(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    struct gv_chain_id id;
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    tx = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 251, &tx, 1);
    id = g.c->id;
    for (unsigned i = 0; i < 8; i++) {
        g.w.now_ms += 1000;
        (void)world_mine(&g.w);
        world_commit(&g.w);
        world_restart(&g.w);
    }
    g.c = gv_state_chain(g.w.st, &id);
    (void)world_mine(&g.w);
    assert_false(g.c->loaded);
    assert_int_equal(gv_chain_load(g.w.st, g.c, g.w.now_ms), GV_OK);
    assert_true(g.c->sum.final_height >= g.c->book->award[1].height);
    world_free(&g.w);
}

/* Templates take them, a reorg takes them back, a restart finds them. */
static void
words_come_and_go_with_their_blocks_C17(void **state)
{
    const uint64_t amount[3] = {100, 200, 0};
    uint8_t before[32], after[32];
    struct gv_tx tx;
    struct stage g;

    (void)state;
    sell(&g, pay_terms(&g, GV_PRICE_FIRST, 0), amount);
    book_digest(g.c->book, before);
    tx = late(&g, 0, END_MS);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 1, &tx, 1);
    tx = sample_accept(&g.w.s, 0, 1, 100);
    accept_block_on_tip(&g.w, g.c, PAY_BY + 300, &tx, 1);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
    book_digest(g.c->book, after);
    assert_memory_equal(before, after, 32);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    tx = sample_settle(&g.w.s, &g.w.s.bidder[0], 1, GV_SETTLE_PAID);
    world_add(&g.w, &tx);
    assert_int_equal(world_try(&g.w, &tx), GV_ACCEPTED);
    world_run(&g.w, 1500);
    assert_int_equal(gv_book_standing(g.c->book, 0), GV_STANDS_DEFAULTED);
    assert_int_equal(gv_book_standing(g.c->book, 1), GV_STANDS_PAID);
    book_digest(g.c->book, before);
    book_from_scratch(&g.w, g.c, after);
    assert_memory_equal(before, after, 32);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_say_what_C17),
        cmocka_unit_test(before_the_end_nobody_says_anything_C17),
        cmocka_unit_test(a_default_needs_trusted_time_C17),
        cmocka_unit_test(contradicting_words_are_a_dispute_C17),
        cmocka_unit_test(no_second_chance_without_pay_ms_C18),
        cmocka_unit_test(S0_14_the_price_is_that_among_the_others_C18),
        cmocka_unit_test(the_reserve_holds_for_everybody_C18),
        cmocka_unit_test(empty_blocks_behind_an_accept_R8),
        cmocka_unit_test(miners_let_an_accept_become_final_R8),
        cmocka_unit_test(a_stop_behind_an_accept_R8),
        cmocka_unit_test(words_come_and_go_with_their_blocks_C17),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
