/* How sealed bids are fixed, opened and judged (R7, R8, C7, C13, C14): what
 * breaks these rules is refused with its code and leaves the book as it was. */
#include "tests/unit/state/stage.h"

/* Closed at START + 500 with 10 s of notice: E is START + 10,500, X is later
 * than E + D, and the opening ends 20 s after that at the latest. */
#define PAST (START + 15500)
#define R_MS 20000
#define OVER (PAST + R_MS)

static void
stage_sealed(struct stage *g, uint8_t pricing)
{
    struct world_options o = {0};

    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.visibility = GV_VISIBLE_SEALED;
    g->terms.opening_period_ms = R_MS;
    g->terms.pricing = pricing;
    o.sample.terms = &g->terms;
    stage_make(g, o);
}

/* The sealed part of a bid, changed by hand and signed again. */
static struct gv_tx
resealed(struct stage *g, unsigned bidder, const struct gv_tx *bid,
         struct gv_bytes sealed)
{
    struct gv_tx fields = *bid;

    fields.u.bid.bidder = g->w.s.bidder[bidder].cred.key;
    fields.u.bid.sealed = sealed;
    return sample_tx(&g->w.s, &fields, &g->w.s.bidder[bidder].secret);
}

/* One whose share for the last holder is another one. */
static struct gv_tx
false_bid(struct stage *g, unsigned bidder, uint32_t seq, uint64_t amount)
{
    struct gv_tx bid = sample_bid_sealed(&g->w.s, bidder, seq, amount);
    struct gv_bytes sealed = sample_copy(&g->w.s, bid.u.bid.sealed);
    size_t last = sealed.len - GV_BIDSEAL_OPENING - 1;

    ((uint8_t *)sealed.p)[last] ^= 1;
    return resealed(g, bidder, &bid, sealed);
}

/* Bidder 0 seals 300, bidder 1 500, and the seller closes. bid: the two. */
static void
stage_bids(struct stage *g, uint8_t pricing, struct gv_tx bid[2])
{
    struct gv_tx tx[5];

    stage_sealed(g, pricing);
    tx[0] = bid[0] = sample_bid_sealed(&g->w.s, 0, 1, 300);
    tx[1] = bid[1] = sample_bid_sealed(&g->w.s, 1, 1, 500);
    tx[2] = sample_close(&g->w.s);
    tx[3] = sample_stamp(&g->w.s, 0, US(START + 400), tx, 2);
    tx[4] = sample_stamp(&g->w.s, 0, US(START + 500), tx + 2, 1);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, 5);
}

static struct gv_tx
final_of(struct stage *g, uint32_t from, uint32_t to)
{
    struct gv_vote v = {from, to, g->c->spine->at[from].sealed,
                        g->c->spine->at[to].sealed};

    return sample_final(&g->w.s, &g->c->id, &v, 1);
}

static struct gv_tx
cutoff_at(struct stage *g, uint64_t t_us)
{
    return sample_cutoff(&g->w.s, &g->c->sum.tip, 1, t_us);
}

static struct gv_tx
our_set(struct stage *g)
{
    uint8_t hash[32];
    uint32_t count;

    gv_fold_set(g->c->book->fold, &count, hash);
    return sample_setfixed(&g->w.s, count, hash);
}

static struct gv_tx
our_outcome(struct stage *g)
{
    struct gv_outcome o;

    gv_book_outcome(g->c->book, &o);
    return sample_outcome(&g->w.s, &o);
}

/* X and its child. */
static void
fix_set(struct stage *g)
{
    struct gv_tx tx[2];
    uint32_t x = g->c->sum.height + 1;

    tx[0] = cutoff_at(g, US(PAST) + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1, tx, 1);
    tx[0] = our_set(g);
    tx[1] = final_of(g, 0, x);
    accept_block_on_tip(&g->w, g->c, PAST + 251, tx, 2);
}

/* And the block with the FINAL that makes X final, at PAST + 1,251. */
static void
settle(struct stage *g)
{
    uint32_t x;
    struct gv_tx tx;

    fix_set(g);
    x = g->c->sum.cutoff_height;
    tx = final_of(g, x, x + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1251, &tx, 1);
    assert_int_equal(g->c->sum.settled_height, x + 2);
}

static enum gv_code
code_of(struct stage *g, const struct gv_tx *bid)
{
    const struct gv_fold *f = g->c->book->fold;

    for (size_t i = 0; i < gv_fold_count(f); i++)
        if (GV_ID_EQ(&gv_fold_row_at(f, i)->bid.id, &bid->u.bid.id))
            return gv_fold_row_at(f, i)->code;
    fail();
    return GV_ACCEPTED;
}

/* --- the set --- */

static void
R7_the_set_is_told_behind_X(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3], good;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    tx[0] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, START + 2000, tx, 1);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    tx[1] = our_set(&g); /* not in X itself */
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 1, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 1, tx, 1);
    good = our_set(&g);
    refuse_block(&g.w, g.c, GV_NO_SETFIXED, PAST + 5000, NULL, 0);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_NO_SETFIXED, PAST + 300, tx, 1);
    tx[0] = sample_setfixed(&g.w.s, 1, good.u.setfixed.hash);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 300, tx, 1);
    good.u.setfixed.hash[0] ^= 1;
    tx[0] = sample_setfixed(&g.w.s, 2, good.u.setfixed.hash);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 300, tx, 1);
    tx[0] = tx[1] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 300, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 300, tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 2000, tx, 1);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 2000, tx, 1);
    world_free(&g.w);
}

static void
R7_open_auctions_have_no_SETFIXED(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_plain(&g);
    tx[0] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, START + 1000, tx, 1);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    assert_int_equal(world_try(&g.w, tx), GV_NOT_SIGNER);
    tx[1] = sample_bid(&g.w.s, 0, 1, 5);
    tx[0] = sample_opening(&g.w.s, &tx[1], 0);
    assert_int_equal(world_try(&g.w, tx), GV_WRONG_CHAIN);
    refuse_block(&g.w, g.c, GV_WRONG_CHAIN, START + 1000, tx, 1);
    world_free(&g.w);
}

/* --- keys --- */

static void
C13_keys_count_between_the_final_set_and_W(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3], key[3];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    for (unsigned i = 0; i < 3; i++)
        key[i] = sample_keyrelease(&g.w.s, i);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 2000, key, 1);
    assert_int_equal(world_try(&g.w, key), GV_WRONG_PHASE);
    fix_set(&g);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAST + 1251, key, 1);
    tx[0] = key[0];
    tx[1] = final_of(&g, 3, 4);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAST + 1251, tx, 2);
    tx[0] = tx[1];
    tx[1] = key[1]; /* earlier in this block X became final */
    accept_block_on_tip(&g.w, g.c, PAST + 1251, tx, 2);
    assert_int_equal(g.c->sum.settled_height, 5);
    refuse_block(&g.w, g.c, GV_DUPLICATE, PAST + 1501, &key[1], 1);
    assert_int_equal(world_try(&g.w, &key[1]), GV_DUPLICATE);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 1501, tx, 1);
    accept_block_on_tip(&g.w, g.c, PAST + 1501, &key[2], 1);
    assert_int_equal(g.c->sum.opened_height, 6);
    tx[0] = our_outcome(&g);
    tx[1] = key[0];
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, PAST + 1751, tx, 2);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, PAST + 1751, &key[0], 1);
    assert_int_equal(world_try(&g.w, &key[0]), GV_WRONG_PHASE);
    accept_block_on_tip(&g.w, g.c, PAST + 1751, tx, 1);
    assert_int_equal(g.c->sum.outcome.price, 500);
    world_free(&g.w);
}

static void
R8_blocks_while_bids_are_opened_say_something(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;
    uint64_t t = PAST + 251;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    fix_set(&g);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 999, NULL, 0);
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0); /* X is not final */
    tx = final_of(&g, 3, 4);
    accept_block_on_tip(&g.w, g.c, t += 1000, &tx, 1);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 5000, NULL, 0);
    tx = final_of(&g, 4, 5);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 5000, &tx, 1);
    tx = sample_keyrelease(&g.w.s, 0);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 5000, NULL, 0);
    tx = sample_keyrelease(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);
    tx = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0);
    world_free(&g.w);
}

/* Nothing but what opens, behind X's child. */
static void
C7_nothing_else_while_bids_are_opened(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_enrol(&g.w.s, 2);
    refuse_block(&g.w, g.c, GV_SET_FIXED, PAST + 2000, tx, 2);
    tx[1] = sample_bid_sealed(&g.w.s, 0, 2, 900);
    refuse_block(&g.w, g.c, GV_SET_FIXED, PAST + 2000, tx, 2);
    tx[1] = sample_disclose(&g.w.s, 0, 0);
    assert_int_not_equal(
        world_give(&g.w, world_block(&g.w, g.c, PAST + 2000, tx, 2)),
        GV_ACCEPTED);
    tx[1] = our_set(&g);
    refuse_block(&g.w, g.c, GV_BAD_SETFIXED, PAST + 2000, tx, 2);
    tx[1] = final_of(&g, 4, 5);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
    world_free(&g.w);
}

/* --- openings --- */

static void
C14_a_bidder_opens_its_own_bid(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[2], other;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    tx[0] = sample_opening(&g.w.s, &bid[0], 0);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, START + 2000, tx, 1);
    settle(&g);
    other = sample_bid_sealed(&g.w.s, 1, 7, 5);
    tx[0] = sample_opening(&g.w.s, &other, 1);
    refuse_block(&g.w, g.c, GV_MISSING_PARENT, PAST + 2000, tx, 1);
    tx[0] = sample_opening(&g.w.s, &bid[0], 1); /* another's secret */
    refuse_block(&g.w, g.c, GV_BAD_SEAL, PAST + 2000, tx, 1);
    assert_int_equal(world_try(&g.w, tx), GV_BAD_SEAL);
    tx[0] = tx[1] = sample_opening(&g.w.s, &bid[0], 0);
    refuse_block(&g.w, g.c, GV_DUPLICATE, PAST + 2000, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 1);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    assert_int_equal(g.c->book->bid[0].amount, 0);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 1);
    assert_int_equal(code_of(&g, &bid[0]), GV_ACCEPTED);
    assert_int_equal(code_of(&g, &bid[1]), GV_NOT_OPENED);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, OVER + 251, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_SOLD);
    assert_int_equal(g.c->sum.outcome.price, 300);
    world_free(&g.w);
}

/* A bid whose parts do not fit has no secret that opens it. */
static void
C14_a_false_bid_has_no_opening(void **state)
{
    struct stage g;
    struct gv_tx tx[4], bid;

    (void)state;
    stage_sealed(&g, GV_PRICE_FIRST);
    tx[0] = bid = false_bid(&g, 0, 1, 300);
    tx[1] = sample_close(&g.w.s);
    tx[2] = sample_stamp(&g.w.s, 0, US(START + 400), tx, 1);
    tx[3] = sample_stamp(&g.w.s, 0, US(START + 500), tx + 1, 1);
    accept_block_on_tip(&g.w, g.c, START + 1000, tx, 4);
    settle(&g);
    tx[0] = sample_opening(&g.w.s, &bid, 0);
    refuse_block(&g.w, g.c, GV_BAD_SEAL, PAST + 2000, tx, 1);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_keyrelease(&g.w.s, 1); /* neither needs the third */
    accept_block_on_tip(&g.w, g.c, PAST + 2000, tx, 2);
    assert_int_equal(code_of(&g, &bid), GV_BAD_SEAL);
    world_free(&g.w);
}

/* --- the end of the opening --- */

static void
R7_a_second_cutoff_ends_the_opening(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    fix_set(&g);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 1, tx, 1);
    assert_int_equal(world_try(&g.w, tx), GV_DUPLICATE);
    tx[0] = final_of(&g, 3, 4);
    tx[1] = cutoff_at(&g, US(OVER) + 1); /* not the first transaction */
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 1, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 1251, tx, 1);
    tx[0] = cutoff_at(&g, US(OVER));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 1, tx, 1);
    g.w.now_ms = OVER + 1;
    assert_int_equal(world_try(&g.w, tx), GV_BAD_CUTOFF);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    world_add(&g.w, tx);
    assert_int_equal(g.c->sum.cutoff_after_us, US(OVER));
    tx[1] = sample_keyrelease(&g.w.s, 0); /* may come with it, too few */
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 2);
    assert_int_equal(g.c->sum.opened_height, 6);
    assert_true(g.c->sum.cutoff_after_us == UINT64_MAX);
    assert_int_equal(code_of(&g, &bid[0]), GV_NOT_OPENED);
    tx[0] = cutoff_at(&g, US(OVER) + 2);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, OVER + 300, tx, 1);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, OVER + 300, tx, 1);
    assert_int_equal(g.c->sum.outcome.status, GV_NO_BID);
    world_free(&g.w);
}

/* The keys of a block count wherever they stand, also behind the CUTOFF. */
static void
R7_keys_in_W_count(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[4];

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx[0] = cutoff_at(&g, US(OVER) + 1);
    for (unsigned i = 0; i < 3; i++)
        tx[1 + i] = sample_keyrelease(&g.w.s, 2 - i);
    accept_block_on_tip(&g.w, g.c, OVER + 1, tx, 4);
    assert_int_equal(g.c->book->released, 7);
    assert_int_equal(code_of(&g, &bid[1]), GV_ACCEPTED);
    world_free(&g.w);
}

/* Finality that came late leaves D for the keys. */
static void
R7_late_finality_leaves_time_to_open(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    fix_set(&g);
    tx = final_of(&g, 3, 4);
    accept_block_on_tip(&g.w, g.c, OVER + 9000, &tx, 1);
    assert_int_equal(g.c->sum.cutoff_after_us, US(OVER + 9000 + 5000));
    tx = cutoff_at(&g, US(OVER + 14000));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, OVER + 14001, &tx, 1);
    tx = cutoff_at(&g, US(OVER + 14000) + 1);
    accept_block_on_tip(&g.w, g.c, OVER + 14001, &tx, 1);
    world_free(&g.w);
}

/* --- what is opened --- */

/* Four bids: 300, 500, one whose last share is false, and a copy of the second
 * in bidder 0's name. Which holders speak changes nothing. */
static void
A23_which_keys_are_used_never_matters(void **state)
{
    static const unsigned choice[][3] = {
        {0, 1, 2}, {1, 2, 2}, {2, 0, 2}, {0, 1, 3}};
    struct gv_outcome first = {0}, now;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct gv_tx tx[6], key[3];
        unsigned n = choice[i][2];
        struct stage g;

        stage_sealed(&g, GV_PRICE_VICKREY);
        tx[0] = sample_bid_sealed(&g.w.s, 0, 1, 300);
        tx[1] = sample_bid_sealed(&g.w.s, 1, 1, 500);
        tx[2] = false_bid(&g, 0, 2, 900);
        tx[3] = resealed(&g, 0, &tx[1], tx[1].u.bid.sealed);
        tx[4] = sample_close(&g.w.s);
        tx[5] = sample_stamp(&g.w.s, 0, US(START + 500), tx, 5);
        accept_block_on_tip(&g.w, g.c, START + 1000, tx, 6);
        settle(&g);
        key[0] = sample_keyrelease(&g.w.s, choice[i][0]);
        key[1] = sample_keyrelease(&g.w.s, choice[i][1]);
        key[2] = sample_keyrelease(&g.w.s, 2);
        accept_block_on_tip(&g.w, g.c, PAST + 2000, key, n);
        assert_int_equal(code_of(&g, &tx[0]), GV_ACCEPTED);
        assert_int_equal(code_of(&g, &tx[1]), GV_ACCEPTED);
        assert_int_equal(code_of(&g, &tx[2]), GV_BAD_SEAL);
        assert_int_equal(code_of(&g, &tx[3]), GV_BAD_SEAL);
        gv_book_outcome(g.c->book, &now);
        assert_int_equal(now.status, GV_SOLD);
        assert_int_equal(now.price, 300);
        assert_memory_equal(now.winner.b, tx[1].u.bid.bidder.b, 32);
        if (i == 0)
            first = now;
        assert_int_equal(first.price, now.price);
        world_free(&g.w);
    }
}

/* --- there and back --- */

/* Blocks come off in reverse and go on again, and a node starts anew: the book
 * is the same at every height. */
static void
every_block_comes_off_again(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx[3];
    uint8_t digest[16][32], now[32];
    uint32_t top;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    tx[0] = sample_keyrelease(&g.w.s, 2);
    tx[1] = sample_opening(&g.w.s, &bid[0], 0);
    accept_block_on_tip(&g.w, g.c, PAST + 1501, tx, 2);
    tx[0] = sample_keyrelease(&g.w.s, 0);
    tx[1] = sample_opening(&g.w.s, &bid[1], 1);
    accept_block_on_tip(&g.w, g.c, PAST + 1751, tx, 2);
    tx[0] = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, PAST + 2001, tx, 1);
    accept_block_on_tip(&g.w, g.c, PAST + 3001, NULL, 0);
    top = g.c->sum.height;
    book_digest(g.c->book, digest[top]);
    book_from_scratch(&g.w, g.c, now);
    assert_memory_equal(now, digest[top], 32);
    for (uint32_t h = top; h > 0; h--) {
        assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
        book_digest(g.c->book, digest[h - 1]);
    }
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    book_digest(g.c->book, now);
    assert_memory_equal(now, digest[top], 32);
    for (uint32_t h = 1; h <= top; h++)
        assert_memory_not_equal(digest[h], digest[h - 1], 32);
    for (uint32_t h = top; h > 0; h--) {
        assert_int_equal(gv_book_disconnect(g.c->book), GV_OK);
        book_digest(g.c->book, now);
        assert_memory_equal(now, digest[h - 1], 32);
    }
    world_free(&g.w);
}

/* --- what a node does by itself --- */

/* From bids to the end by mempool, template and votes. */
static void
a_node_brings_it_to_the_end(void **state)
{
    struct world_options o = {.own = 1};
    struct gv_tx bid, tx[3], key;
    struct gv_terms terms;
    struct world w;
    struct gv_chain *c;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.visibility = GV_VISIBLE_SEALED;
    terms.opening_period_ms = R_MS;
    o.sample.terms = &terms;
    world_make(&w, &o);
    world_open_auction(&w);
    c = world_auction(&w);
    tx[0] = sample_enrol(&w.s, 0);
    tx[1] = sample_enrol(&w.s, 1);
    world_add(&w, &tx[0]);
    world_add(&w, &tx[1]);
    world_run(&w, 2000);
    bid = sample_bid_sealed(&w.s, 0, 1, 700);
    tx[0] = sample_close(&w.s);
    tx[1] = sample_stamp(&w.s, 0, US(w.now_ms), &bid, 1);
    tx[2] = sample_stamp(&w.s, 0, US(w.now_ms) + 1, tx, 1);
    w.now_ms += 250;
    world_add(&w, &bid);
    for (unsigned i = 0; i < 3; i++)
        world_add(&w, &tx[i]);
    world_run(&w, 17000);
    key = sample_keyrelease(&w.s, 1);
    assert_int_equal(world_try(&w, &key), GV_WRONG_PHASE);
    assert_true(US(w.now_ms) > c->sum.cutoff_after_us);
    tx[0] = sample_cutoff(&w.s, &c->sum.tip, 1, US(w.now_ms));
    world_add(&w, &tx[0]);
    world_run(&w, 8000);
    assert_true(c->sum.settled_height > 0);
    assert_int_equal(c->sum.opened_height, 0);
    assert_int_equal(c->sum.height, c->sum.settled_height); /* R8 */
    world_add(&w, &key);
    world_run(&w, 3000);
    assert_int_equal(c->book->released, 2);
    assert_int_equal(c->sum.opened_height, 0);
    key = sample_keyrelease(&w.s, 2);
    world_add(&w, &key);
    world_run(&w, 9000);
    assert_true(gv_book_ended(c->book));
    assert_int_equal(c->sum.outcome.status, GV_SOLD);
    assert_int_equal(c->sum.outcome.price, 700);
    world_free(&w);
}

/* Without keys the second CUTOFF is asked for, and mined. */
static void
a_node_ends_an_opening_that_nobody_serves(void **state)
{
    struct stage g;
    struct gv_tx bid[2], tx;
    struct gv_chain *due;

    (void)state;
    stage_bids(&g, GV_PRICE_FIRST, bid);
    settle(&g);
    g.w.now_ms = OVER;
    assert_int_equal(gv_state_cutoffs_due(g.w.st, OVER, 0, &due, 1), 0);
    g.w.now_ms = OVER + 1;
    assert_int_equal(gv_state_cutoffs_due(g.w.st, OVER + 1, 0, &due, 1), 1);
    assert_ptr_equal(due, g.c);
    assert_int_equal(world_mine(&g.w), 1); /* the registry alone */
    tx = cutoff_at(&g, US(OVER) + 1);
    world_add(&g.w, &tx);
    tx = sample_opening(&g.w.s, &bid[1], 1);
    world_add(&g.w, &tx);
    world_run(&g.w, 3000);
    assert_true(g.c->sum.outcome_height > 0);
    assert_int_equal(g.c->sum.outcome.price, 500);
    assert_null(g.c->pool.of[GV_POOL_DEEDS].first);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7_the_set_is_told_behind_X),
        cmocka_unit_test(R7_open_auctions_have_no_SETFIXED),
        cmocka_unit_test(C13_keys_count_between_the_final_set_and_W),
        cmocka_unit_test(R8_blocks_while_bids_are_opened_say_something),
        cmocka_unit_test(C7_nothing_else_while_bids_are_opened),
        cmocka_unit_test(C14_a_bidder_opens_its_own_bid),
        cmocka_unit_test(C14_a_false_bid_has_no_opening),
        cmocka_unit_test(R7_a_second_cutoff_ends_the_opening),
        cmocka_unit_test(R7_keys_in_W_count),
        cmocka_unit_test(R7_late_finality_leaves_time_to_open),
        cmocka_unit_test(A23_which_keys_are_used_never_matters),
        cmocka_unit_test(every_block_comes_off_again),
        cmocka_unit_test(a_node_brings_it_to_the_end),
        cmocka_unit_test(a_node_ends_an_opening_that_nobody_serves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
