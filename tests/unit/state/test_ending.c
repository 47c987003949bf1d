/* How an auction ends (R6 to R8, C6): what breaks these rules is refused with
 * its code and leaves the book as it was. */
#include "tests/unit/state/stage.h"

/* --- the end of an auction --- */

/* One bid, closed at START + 500 with 10 s of notice: E is START + 10,500 and
 * X needs a time above E + D, START + 15,500. */
#define E_MS (START + 10500)
#define PAST (E_MS + 5000)

static void
stage_closed(struct stage *g, struct world_options o)
{
    struct gv_tx p[4];

    stage_make(g, o);
    pair(g, 0, 1, US(START + 500), p);
    p[2] = sample_close(&g->w.s);
    p[3] = sample_stamp(&g->w.s, 0, US(START + 500), p + 2, 1);
    accept_block_on_tip(&g->w, g->c, START + 1000, p, 4);
    assert_int_equal(g->c->sum.close_us, US(E_MS));
}

static struct gv_tx
cutoff_at(struct stage *g, uint64_t t_us)
{
    return sample_cutoff(&g->w.s, &g->c->sum.tip, 1, t_us);
}

static struct gv_tx
our_outcome(struct stage *g)
{
    struct gv_outcome o;

    gv_book_outcome(g->c->book, &o);
    return sample_outcome(&g->w.s, &o);
}

static void
R6_cutoff(void **state)
{
    struct stage g;
    struct gv_tx tx[3], p[2];
    struct gv_sealed_id other = {{1}};

    (void)state;
    stage_closed(&g, (struct world_options){0});
    pair(&g, 1, 1, US(PAST), p);
    refuse_block(&g.w, g.c, GV_NO_CUTOFF, PAST + 1, p, 2);
    tx[0] = sample_cutoff(&g.w.s, &other, 1, US(PAST) + 1);
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, PAST + 1, tx, 1);
    tx[0] = cutoff_at(&g, US(PAST));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, PAST + 1, tx, 1);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    refuse_block(&g.w, g.c, GV_BAD_TIME, PAST, tx, 1);
    tx[1] = p[0];
    tx[2] = p[1];
    refuse_block(&g.w, g.c, GV_SET_FIXED, PAST + 1, tx, 3);
    tx[1] = tx[0];
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, PAST + 1, tx, 2);
    /* A bid up to E + D still gets in. */
    accept_block_on_tip(&g.w, g.c, PAST, p, 2);
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, PAST + 250, tx, 1);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    accept_block_on_tip(&g.w, g.c, PAST + 250, tx, 1);
    assert_int_equal(g.c->sum.cutoff_height, 4);
    world_free(&g.w);
}

static void
R6_cutoff_needs_f_plus_1(void **state)
{
    struct world_options o = {.sample.authorities = 3};
    struct stage g;
    struct gv_tx tx[3];

    (void)state;
    stage_make(&g, o);
    tx[0] = sample_close(&g.w.s);
    tx[1] = sample_stamp(&g.w.s, 0, US(START + 500), tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 1000, tx, 2);
    tx[2] = sample_stamp(&g.w.s, 1, US(START + 500), tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 1000, tx, 3);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, PAST + 1, tx, 1);
    tx[0] = sample_cutoff(&g.w.s, &g.c->sum.tip, 2, US(PAST) + 1);
    accept_block_on_tip(&g.w, g.c, PAST + 1, tx, 1);
    world_free(&g.w);
}

static void
R6_no_cutoff_while_open(void **state)
{
    struct stage g;
    struct gv_tx tx;

    (void)state;
    stage_plain(&g);
    tx = cutoff_at(&g, US(START + 500));
    refuse_block(&g.w, g.c, GV_BAD_CUTOFF, START + 1000, &tx, 1);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_CUTOFF);
    world_free(&g.w);
}

/* A token from the future could never be mined and would keep others out. One
 * a little ahead waits until another can be mined sooner. */
static void
no_cutoff_ahead_of_the_clock_R6(void **state)
{
    struct stage g;
    struct gv_tx tx;

    (void)state;
    stage_closed(&g, (struct world_options){0});
    g.w.now_ms = PAST + 1000;
    tx = cutoff_at(&g, US(g.w.now_ms + UINT64_C(365) * 86400000));
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_CUTOFF);
    tx = cutoff_at(&g, US(g.w.now_ms + 5000) + 1);
    assert_int_equal(world_try(&g.w, &tx), GV_BAD_CUTOFF);
    tx = cutoff_at(&g, US(g.w.now_ms + 5000));
    world_add(&g.w, &tx);
    tx = cutoff_at(&g, US(g.w.now_ms + 4751));
    assert_int_equal(world_try(&g.w, &tx), GV_DUPLICATE);
    assert_true(g.c->sum.cutoff_height == 0);
    tx = cutoff_at(&g, US(g.w.now_ms));
    world_add(&g.w, &tx);
    assert_null(g.c->pool.of[GV_POOL_NOTICES].first->next);
    tx = cutoff_at(&g, US(PAST) + 1); /* the one that waits can be mined */
    assert_int_equal(world_try(&g.w, &tx), GV_DUPLICATE);
    world_run(&g.w, 250);
    assert_true(g.c->sum.cutoff_height != 0);
    world_free(&g.w);
}

static void
R7_outcome(void **state)
{
    struct stage g;
    struct gv_tx tx[2];
    struct gv_outcome o;

    (void)state;
    stage_closed(&g, (struct world_options){0});
    tx[0] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, START + 2000, tx, 1);
    tx[0] = cutoff_at(&g, US(PAST) + 1);
    tx[1] = our_outcome(&g);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 1, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 1, tx, 1);
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, PAST + 5000, NULL, 0);
    gv_book_outcome(g.c->book, &o);
    o.price++;
    tx[0] = sample_outcome(&g.w.s, &o);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 300, tx, 1);
    o.price--;
    o.fold_hash[3] ^= 1;
    tx[0] = sample_outcome(&g.w.s, &o);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 300, tx, 1);
    o.fold_hash[3] ^= 1;
    o.winner = g.w.s.bidder[1].cred.key;
    tx[0] = sample_outcome(&g.w.s, &o);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 300, tx, 1);
    o = (struct gv_outcome){.status = GV_NO_BID};
    tx[0] = sample_outcome(&g.w.s, &o);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 300, tx, 1);
    tx[0] = tx[1];
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 300, tx, 2);
    accept_block_on_tip(&g.w, g.c, PAST + 300, tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 5000, tx, 1);
    world_free(&g.w);
}

static void
R8_empty_blocks_and_the_end(void **state)
{
    struct stage g;
    struct gv_tx tx;
    uint64_t t = PAST + 1;

    (void)state;
    stage_closed(&g, (struct world_options){0});
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, START + 3000, NULL, 0);
    tx = final_of(&g, 0, 1);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, START + 3000, &tx, 1);
    tx = cutoff_at(&g, US(t));
    accept_block_on_tip(&g.w, g.c, t, &tx, 1); /* X: 3 */
    tx = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1); /* Y: 4 */
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 999, NULL, 0);
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0); /* 5 */
    tx = final_of(&g, 0, 4);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 999, &tx, 1);
    accept_block_on_tip(&g.w, g.c, t += 1000, &tx, 1); /* 6: Y justified */
    tx = final_of(&g, 4, 5);
    accept_block_on_tip(&g.w, g.c, t += 1000, &tx, 1); /* 7: Y final */
    assert_true(gv_book_ended(g.c->book));
    assert_int_equal(g.c->sum.final_height, 4);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 5000, NULL, 0);
    tx = final_of(&g, 5, 6);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 5000, &tx, 1);
    world_free(&g.w);
}

static void
vote(struct stage *g, uint32_t from, uint32_t to)
{
    struct gv_vote v = {from, to, g->c->spine->at[from].sealed,
                        g->c->spine->at[to].sealed};
    struct gv_sig sig;
    uint8_t digest[32];

    gv_vote_digest(&g->c->id, &v, digest);
    assert_int_equal(
        gv_key_sign(g->w.s.keys, &g->w.s.validator[0], digest, NULL, &sig),
        GV_OK);
    assert_int_equal(
        gv_state_add_vote(g->w.st, &g->c->id, &v, 0, &sig, g->w.now_ms, NULL),
        GV_OK);
}

/* Behind the end no FINAL and maybe no block comes any more: a quorum that came
 * before its source was justified counts when that is. */
static void
V2_a_quorum_waits_for_its_source_behind_the_end(void **state)
{
    struct stage g;
    struct gv_tx tx;
    uint64_t t = PAST + 1;

    (void)state;
    stage_closed(&g, (struct world_options){0});
    tx = cutoff_at(&g, US(t));
    accept_block_on_tip(&g.w, g.c, t, &tx, 1); /* X: 3 */
    tx = our_outcome(&g);
    accept_block_on_tip(&g.w, g.c, t += 250, &tx, 1);   /* Y: 4 */
    accept_block_on_tip(&g.w, g.c, t += 1000, NULL, 0); /* 5 */
    tx = final_of(&g, 0, 4);
    accept_block_on_tip(&g.w, g.c, t += 1000, &tx, 1); /* 6 */
    tx = final_of(&g, 4, 5);
    accept_block_on_tip(&g.w, g.c, t += 1000, &tx, 1); /* 7: Y final */
    assert_true(gv_book_ended(g.c->book));
    vote(&g, 6, 7);
    assert_int_equal(g.c->sum.justified_height, 5);
    vote(&g, 5, 6);
    assert_int_equal(g.c->sum.justified_height, 7);
    assert_int_equal(g.c->sum.final_height, 6);
    world_free(&g.w);
}

/* Before X also alone; from X on they are FINALs' company, and last votes are
 * by the new keys. */
static void
C13_handovers_stand_where_finals_do(void **state)
{
    struct world_options o = {.sample.validators = 4};
    struct stage g;
    struct gv_tx tx[2], h[4];
    struct gv_seckey fresh[4];
    uint64_t t = PAST + 1;

    (void)state;
    stage_closed(&g, o);
    for (unsigned i = 0; i < 4; i++) {
        memset(fresh[i].b, (int)i + 1, 32);
        h[i] = sample_handover(&g.w.s, i, &g.w.s.validator[i], &fresh[i]);
    }
    accept_block_on_tip(&g.w, g.c, START + 2000, h, 1); /* 3 */
    tx[0] = cutoff_at(&g, US(t));
    tx[1] = h[1];
    accept_block_on_tip(&g.w, g.c, t, tx, 2); /* X: 4 */
    refuse_block(&g.w, g.c, GV_NO_OUTCOME, t + 5000, &h[2], 1);
    tx[0] = our_outcome(&g);
    tx[1] = h[2];
    accept_block_on_tip(&g.w, g.c, t += 250, tx, 2); /* Y: 5 */
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, t + 999, &h[3], 1);
    accept_block_on_tip(&g.w, g.c, t += 1000, &h[3], 1); /* 6 */
    tx[0] = final_of(&g, 0, 5);
    accept_block_on_tip(&g.w, g.c, t += 1000, tx, 1); /* 7: Y justified */
    refuse_block(&g.w, g.c, GV_DUPLICATE, t + 1000, &h[3], 1);
    memcpy(&g.w.s.validator[2], &fresh[2], sizeof(fresh[2]));
    tx[0] = final_of(&g, 5, 6); /* only 0 and 1 have handed over below 5 */
    refuse_block(&g.w, g.c, GV_BAD_FINAL, t + 1000, tx, 1);
    g.w.s.validator[0] = fresh[0];
    g.w.s.validator[1] = fresh[1];
    tx[0] = final_of(&g, 5, 6);
    refuse_block(&g.w, g.c, GV_BAD_FINAL, t + 1000, tx, 1);
    {
        struct gv_vote v = tx[0].u.final.link;

        tx[0] = sample_final(&g.w.s, &g.c->id, &v, 11); /* not 2 */
    }
    accept_block_on_tip(&g.w, g.c, t += 1000, tx, 1); /* 8: Y final */
    assert_true(gv_book_ended(g.c->book));
    h[0] = sample_handover(&g.w.s, 0, &fresh[0], &g.w.s.bidder[0].secret);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 5000, h, 1);
    assert_int_equal(world_try(&g.w, h), GV_CHAIN_ENDED);
    world_free(&g.w);
}

static void
C6_finals(void **state)
{
    struct world_options o = {.sample.validators = 4};
    struct stage g;
    struct gv_tx tx[4], e;
    struct gv_vote v;

    (void)state;
    stage_closed(&g, o);
    e = sample_enrol(&g.w.s, 2);
    tx[0] = e;
    tx[1] = final_of(&g, 1, 2); /* source not justified */
    refuse_block(&g.w, g.c, GV_BAD_FINAL, START + 2000, tx, 2);
    tx[1] = final_of(&g, 0, 1);
    tx[2] = tx[1];
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 2000, tx, 3);
    v = tx[1].u.final.link;
    v.target = g.c->spine->at[2].sealed; /* height and id disagree */
    tx[1] = sample_final(&g.w.s, &g.c->id, &v, 15);
    refuse_block(&g.w, g.c, GV_BAD_FINAL, START + 2000, tx, 2);
    v = final_of(&g, 0, 1).u.final.link;
    tx[1] = sample_final(&g.w.s, &g.c->id, &v, 3); /* two of four */
    refuse_block(&g.w, g.c, GV_BAD_FINAL, START + 2000, tx, 2);
    tx[1] = sample_final(&g.w.s, &g.c->id, &v, 14);
    tx[2] = final_of(&g, 1, 2); /* justified earlier in this block */
    accept_block_on_tip(&g.w, g.c, START + 2000, tx, 3);
    assert_int_equal(g.c->sum.final_height, 1);
    assert_int_equal(g.c->sum.justified_height, 2);
    tx[0] = sample_enrol(&g.w.s, 3);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 2250, tx, 2);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C6_finals),
        cmocka_unit_test(R6_cutoff),
        cmocka_unit_test(R6_cutoff_needs_f_plus_1),
        cmocka_unit_test(R6_no_cutoff_while_open),
        cmocka_unit_test(no_cutoff_ahead_of_the_clock_R6),
        cmocka_unit_test(R7_outcome),
        cmocka_unit_test(R8_empty_blocks_and_the_end),
        cmocka_unit_test(V2_a_quorum_waits_for_its_source_behind_the_end),
        cmocka_unit_test(C13_handovers_stand_where_finals_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
