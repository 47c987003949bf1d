/* Stamped bids that miss their blocks: they stay in the mempool and in its
 * journal until a new stamp dates them or they can never count. */
#include "tests/unit/state/stage.h"

#include "chain/state/draft.h"

#define D_MS 5000

/* A stamped bid of the mempool that missed its blocks just now, in a state
 * that was told so. */
struct missed {
    struct stage g;
    struct gv_tx bid;
};

static void
tick(struct stage *g)
{
    assert_int_equal(gv_state_tick(g->w.st, g->w.now_ms), GV_OK);
}

static struct gv_pool_tx *
waiting(struct stage *g, const struct gv_tx *tx)
{
    struct gv_tx_id id;

    gv_tx_id_of(tx->raw, &id);
    return gv_pool_find(&g->w.st->pool, &id);
}

static void
stamp_now(struct stage *g, const struct gv_tx *bid)
{
    struct gv_tx stamp = sample_stamp(&g->w.s, 0, US(g->w.now_ms), bid, 1);

    world_add(&g->w, &stamp);
}

static void
missed_make(struct missed *m, struct world_options o)
{
    struct stage *g = &m->g;

    stage_make(g, o);
    g->w.now_ms = START + 1000;
    m->bid = sample_bid(&g->w.s, 0, 1, 5);
    world_add(&g->w, &m->bid);
    stamp_now(g, &m->bid);
    world_commit(&g->w);
    g->w.now_ms += D_MS;
    tick(g);
    assert_int_equal(g->w.missed, 0);
    g->w.now_ms += 1;
    tick(g);
    world_commit(&g->w);
    assert_int_equal(g->w.missed, 1);
}

static void
it_waits_and_is_told_with_growing_pauses(void **state)
{
    static const unsigned pause_s[] = {1, 2, 4, 8, 16, 32, 64, 64, 64};
    struct missed m;

    (void)state;
    missed_make(&m, (struct world_options){0});
    for (unsigned i = 0; i < sizeof(pause_s) / sizeof(pause_s[0]); i++) {
        assert_int_equal(m.g.w.missed, i + 1);
        assert_int_equal(m.g.w.missed_tries, i);
        m.g.w.now_ms += 1000 * pause_s[i] - 1;
        tick(&m.g);
        assert_int_equal(m.g.w.missed, i + 1);
        m.g.w.now_ms++;
        tick(&m.g);
    }
    assert_non_null(waiting(&m.g, &m.bid));
    world_free(&m.g.w);
}

/* Whoever is told may have no room: then it is told again at the next tick. */
static void
an_offer_that_is_not_taken_is_made_again(void **state)
{
    struct missed m;

    (void)state;
    missed_make(&m, (struct world_options){0});
    m.g.w.busy = true;
    m.g.w.now_ms += 1000;
    for (unsigned i = 0; i < 5; i++)
        tick(&m.g);
    assert_int_equal(m.g.w.missed, 6);
    assert_int_equal(m.g.w.missed_tries, 1);
    m.g.w.busy = false;
    for (unsigned i = 0; i < 5; i++)
        tick(&m.g);
    assert_int_equal(m.g.w.missed, 7);
    world_free(&m.g.w);
}

/* It makes no block due, and nothing is made of it. */
static void
it_is_in_nobodys_way(void **state)
{
    struct missed m;
    uint32_t height;

    (void)state;
    missed_make(&m, (struct world_options){0});
    height = m.g.c->sum.height;
    assert_false(gv_draft_due(m.g.w.st, m.g.c, m.g.w.now_ms + 60000));
    world_mine(&m.g.w);
    assert_int_equal(m.g.c->sum.height, height);
    world_free(&m.g.w);
}

static void
a_new_stamp_brings_it_into_a_block(void **state)
{
    struct missed m;
    unsigned told;

    (void)state;
    missed_make(&m, (struct world_options){0});
    m.g.w.now_ms += 60000;
    told = m.g.w.txs;
    stamp_now(&m.g, &m.bid);
    /* Peers that had given it up hear of it again, with its stamp. */
    assert_int_equal(m.g.w.txs, told + 2);
    assert_int_equal(waiting(&m.g, &m.bid)->t_us, US(m.g.w.now_ms));
    m.g.w.now_ms += 1000;
    tick(&m.g);
    assert_true(world_mine(&m.g.w) > 0);
    assert_int_equal(m.g.c->sum.bids, 1);
    assert_int_equal(m.g.c->book->bid[0].t_us, US(m.g.w.now_ms - 1000));
    assert_int_equal(m.g.c->pool.count, 0);
    assert_int_equal(m.g.w.missed, 1);
    world_free(&m.g.w);
}

/* The second miss is like the first one. */
static void
it_may_miss_again(void **state)
{
    struct missed m;

    (void)state;
    missed_make(&m, (struct world_options){0});
    for (unsigned i = 2; i < 6; i++) {
        stamp_now(&m.g, &m.bid);
        m.g.w.now_ms += D_MS + 1;
        tick(&m.g);
        assert_int_equal(m.g.w.missed, i);
        assert_int_equal(m.g.w.missed_tries, 0);
    }
    world_free(&m.g.w);
}

/* With three authorities the stamps that are still good go on counting. */
static void
R2_late_stamps_of_others_do_not_hold_it_back(void **state)
{
    struct world_options o = {.sample.authorities = 3};
    struct stage g;
    struct gv_tx bid, s;

    (void)state;
    stage_make(&g, o);
    g.w.now_ms = START + 1000;
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    for (unsigned i = 0; i < 3; i++) {
        s = sample_stamp(&g.w.s, i, US(START + 1000 * i), &bid, 1);
        g.w.now_ms = START + 1000 * i;
        world_add(&g.w, &s);
    }
    assert_int_equal(waiting(&g, &bid)->t_us, US(START + 1000));
    g.w.now_ms = START + 1001 + D_MS; /* two of them are late */
    tick(&g);
    assert_int_equal(g.w.missed, 1);
    s = sample_stamp(&g.w.s, 0, US(g.w.now_ms), &bid, 1);
    world_add(&g.w, &s);
    assert_int_equal(waiting(&g, &bid)->t_us, US(g.w.now_ms));
    world_mine(&g.w);
    assert_int_equal(g.c->sum.bids, 1);
    world_free(&g.w);
}

/* --- the journal --- */

/* Any number of restarts, with or without a tick between them. */
static void
S4_71_restarts_do_not_lose_it(void **state)
{
    struct missed m;

    (void)state;
    missed_make(&m, (struct world_options){0});
    for (unsigned i = 0; i < 6; i++) {
        unsigned told = m.g.w.missed;

        world_restart(&m.g.w);
        m.g.c = world_auction(&m.g.w);
        assert_non_null(waiting(&m.g, &m.bid));
        if (i % 2 == 0)
            continue;
        tick(&m.g);
        world_commit(&m.g.w);
        assert_int_equal(m.g.w.missed, told + 1);
    }
    stamp_now(&m.g, &m.bid);
    world_mine(&m.g.w);
    assert_int_equal(m.g.c->sum.bids, 1);
    world_free(&m.g.w);
}

/* The node slept through the deadline, and is stopped again before its first
 * tick. */
static void
S4_71_missed_while_the_node_was_down(void **state)
{
    struct stage g;
    struct gv_tx bid;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 1000;
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    stamp_now(&g, &bid);
    world_commit(&g.w);
    g.w.now_ms += 30000;
    world_restart(&g.w);
    world_restart(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    tick(&g);
    assert_int_equal(g.w.missed, 1);
    assert_non_null(waiting(&g, &bid));
    world_free(&g.w);
}

/* It does not keep the journal of all others from being cut. */
static void
the_journal_does_not_grow_behind_it(void **state)
{
    struct missed m;
    uint64_t low;

    (void)state;
    missed_make(&m, (struct world_options){0});
    low = m.g.w.st->journal_low;
    for (uint32_t i = 0; i < 200; i++) {
        struct gv_tx bid = sample_bid(&m.g.w.s, 1, i, 10 + i);

        world_add(&m.g.w, &bid);
        stamp_now(&m.g, &bid);
        m.g.w.now_ms += 1000;
        world_mine(&m.g.w);
        tick(&m.g);
        world_commit(&m.g.w);
    }
    assert_true(m.g.w.st->journal_low > low + 200);
    assert_true(m.g.w.st->journal_next - m.g.w.st->journal_low < 200);
    world_restart(&m.g.w);
    m.g.c = world_auction(&m.g.w);
    assert_non_null(waiting(&m.g, &m.bid));
    world_free(&m.g.w);
}

/* Nor does cutting the journal take what others still need. */
static void
the_others_stay_in_the_journal(void **state)
{
    struct missed m;
    struct gv_tx bid, enrol;

    (void)state;
    missed_make(&m, (struct world_options){0});
    bid = sample_bid(&m.g.w.s, 1, 1, 10);
    enrol = sample_enrol(&m.g.w.s, 2);
    world_add(&m.g.w, &bid);
    world_add(&m.g.w, &enrol);
    stamp_now(&m.g, &bid);
    for (int i = 0; i < 4; i++) {
        m.g.w.now_ms += 1000;
        tick(&m.g);
        world_commit(&m.g.w);
    }
    world_restart(&m.g.w);
    m.g.c = world_auction(&m.g.w);
    assert_non_null(waiting(&m.g, &m.bid));
    assert_non_null(waiting(&m.g, &enrol));
    assert_non_null(waiting(&m.g, &bid));
    assert_int_not_equal(waiting(&m.g, &bid)->t_us, UINT64_MAX);
    world_free(&m.g.w);
}

/* --- the end of waiting --- */

static void
one_never_stamped_leaves_without_a_word(void **state)
{
    struct stage g;
    struct gv_tx bid;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 1000;
    bid = sample_bid(&g.w.s, 0, 1, 5);
    world_add(&g.w, &bid);
    g.w.now_ms += 10000;
    tick(&g);
    assert_non_null(waiting(&g, &bid));
    g.w.now_ms += 1;
    tick(&g);
    assert_null(waiting(&g, &bid));
    assert_int_equal(g.w.missed, 0);
    world_free(&g.w);
}

/* R6: X fixes the set. */
static void
R6_the_cutoff_ends_its_wait(void **state)
{
    struct missed m;
    struct gv_tx close[2], cutoff;

    (void)state;
    missed_make(&m, (struct world_options){0});
    close[0] = sample_close(&m.g.w.s);
    close[1] = sample_stamp(&m.g.w.s, 0, US(m.g.w.now_ms), close, 1);
    world_add(&m.g.w, &close[0]);
    world_add(&m.g.w, &close[1]);
    world_mine(&m.g.w);
    assert_non_null(waiting(&m.g, &m.bid));
    m.g.w.now_ms += 3 * D_MS + 1000; /* notice and D */
    tick(&m.g);
    assert_non_null(waiting(&m.g, &m.bid));
    cutoff = sample_cutoff(&m.g.w.s, &m.g.c->sum.tip, 1, US(m.g.w.now_ms));
    world_add(&m.g.w, &cutoff);
    world_mine(&m.g.w);
    assert_int_equal(m.g.c->sum.cutoff_height, m.g.c->sum.height);
    assert_null(waiting(&m.g, &m.bid));
    world_free(&m.g.w);
}

/* C3: after the end of the enrolled credential. */
static void
C3_an_expired_credential_ends_its_wait(void **state)
{
    struct missed m;
    uint64_t end_ms;

    (void)state;
    missed_make(&m, (struct world_options){0});
    end_ms = m.g.c->book->bidder[0].not_after_ms;
    m.g.w.now_ms = end_ms;
    tick(&m.g);
    assert_non_null(waiting(&m.g, &m.bid));
    m.g.w.now_ms = end_ms + 100000;
    tick(&m.g);
    assert_null(waiting(&m.g, &m.bid));
    world_free(&m.g.w);
}

/* A stamp that comes in a block, and never waited here, dates a bid as well. */
static void
a_stamp_in_a_block_is_met_at_the_next_tick(void **state)
{
    for (int lapsed = 0; lapsed < 2; lapsed++) {
        struct stage g;
        struct gv_tx bid, tx[2];

        (void)state;
        stage_plain(&g);
        g.w.now_ms = START + 1000;
        bid = sample_bid(&g.w.s, 0, 1, 5);
        world_add(&g.w, &bid);
        if (lapsed) {
            stamp_now(&g, &bid);
            g.w.now_ms += 60000;
            tick(&g);
        }
        tx[0] = sample_bid(&g.w.s, 1, 1, 6);
        tx[1] = sample_stamp(&g.w.s, 0, US(g.w.now_ms),
                             (struct gv_tx[]){tx[0], bid}, 2);
        accept_block_on_tip(&g.w, g.c, g.w.now_ms, tx, 2);
        g.w.now_ms += 1000;
        tick(&g);
        assert_int_equal(waiting(&g, &bid)->t_us, US(g.w.now_ms - 1000));
        world_mine(&g.w);
        assert_int_equal(g.c->sum.bids, 2);
        world_free(&g.w);
    }
}

/* R3: stamps on the chain fix its time, which is too early: no new stamp can
 * help. It goes when those blocks are final, not before. */
static void
R3_a_time_fixed_by_final_blocks_ends_its_wait(void **state)
{
    for (unsigned own = 0; own < 2; own++) {
        struct world_options o = {.own = own};
        struct gv_tx bid, tx[2];
        struct stage g;

        (void)state;
        stage_make(&g, o);
        g.w.now_ms = START + 1000;
        bid = sample_bid(&g.w.s, 0, 1, 5);
        world_add(&g.w, &bid);
        tx[0] = sample_bid(&g.w.s, 1, 1, 6);
        tx[1] = sample_stamp(&g.w.s, 0, US(START + 500),
                             (struct gv_tx[]){tx[0], bid}, 2);
        accept_block_on_tip(&g.w, g.c, START + 1000, tx, 2);
        tx[0] = sample_enrol(&g.w.s, 2);
        accept_block_on_tip(&g.w, g.c, START + 2000, tx, 1);
        assert_int_equal(g.c->sum.final_height > 1, own);
        g.w.now_ms = START + 6000;
        for (int i = 0; i < 5; i++) {
            g.w.now_ms += 1000;
            tick(&g);
        }
        assert_int_equal(g.w.missed, 0);
        assert_int_equal(waiting(&g, &bid) == NULL, own);
        world_free(&g.w);
    }
}

/* Two signatures of one bid: one of them stands on the chain. */
static void
another_signature_on_the_chain_ends_its_wait(void **state)
{
    struct missed m;
    struct gv_tx fields, tx[2];
    uint8_t aux[32] = {9};

    (void)state;
    missed_make(&m, (struct world_options){0});
    fields = m.bid;
    assert_int_equal(gv_key_sign(m.g.w.s.keys, &m.g.w.s.bidder[0].secret,
                                 m.bid.u.bid.id.b, aux, &fields.u.bid.sig),
                     GV_OK);
    tx[0] = sample_tx(&m.g.w.s, &fields, NULL);
    assert_memory_equal(&tx[0].u.bid.id, &m.bid.u.bid.id, 32);
    assert_memory_not_equal(tx[0].u.bid.leaf, m.bid.u.bid.leaf, 32);
    tx[1] = sample_stamp(&m.g.w.s, 0, US(m.g.w.now_ms), tx, 1);
    accept_block_on_tip(&m.g.w, m.g.c, m.g.w.now_ms, tx, 2);
    m.g.w.now_ms += 2000;
    tick(&m.g);
    assert_null(waiting(&m.g, &m.bid));
    world_free(&m.g.w);
}

/* An ENROL is needed as long as its bids may be. */
static void
C1_an_enrol_waits_while_its_credential_is_valid(void **state)
{
    struct stage g;
    struct gv_tx enrol;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 1000;
    enrol = sample_enrol(&g.w.s, 2);
    world_add(&g.w, &enrol);
    g.w.now_ms += 24 * 3600 * 1000;
    tick(&g);
    assert_non_null(waiting(&g, &enrol));
    g.w.now_ms = enrol.u.enrol.cred.not_after_ms + 1;
    tick(&g);
    assert_null(waiting(&g, &enrol));
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_and_is_told_with_growing_pauses),
        cmocka_unit_test(an_offer_that_is_not_taken_is_made_again),
        cmocka_unit_test(it_is_in_nobodys_way),
        cmocka_unit_test(a_new_stamp_brings_it_into_a_block),
        cmocka_unit_test(it_may_miss_again),
        cmocka_unit_test(R2_late_stamps_of_others_do_not_hold_it_back),
        cmocka_unit_test(S4_71_restarts_do_not_lose_it),
        cmocka_unit_test(S4_71_missed_while_the_node_was_down),
        cmocka_unit_test(the_journal_does_not_grow_behind_it),
        cmocka_unit_test(the_others_stay_in_the_journal),
        cmocka_unit_test(one_never_stamped_leaves_without_a_word),
        cmocka_unit_test(R6_the_cutoff_ends_its_wait),
        cmocka_unit_test(C3_an_expired_credential_ends_its_wait),
        cmocka_unit_test(a_stamp_in_a_block_is_met_at_the_next_tick),
        cmocka_unit_test(R3_a_time_fixed_by_final_blocks_ends_its_wait),
        cmocka_unit_test(another_signature_on_the_chain_ends_its_wait),
        cmocka_unit_test(C1_an_enrol_waits_while_its_credential_is_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
