/* Who may act on an auction chain: anonymous bidders, the count of their
 * tokens, and disclosures (C1, C8, C10). */
#include "tests/unit/state/stage.h"

/* --- C1 --- */

static void
S0_05_one_enrol_a_key_C1(void **state)
{
    struct stage g;
    struct gv_tx e[2], other, p[2];

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    e[0] = e[1] = sample_enrol_anonymous(&g.w.s, 0);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START, e, 2);
    world_add(&g.w, &e[0]);
    /* The same key with other bytes is the same nullifier. */
    other = e[0];
    other.u.enrol.ek[0] ^= 1;
    other = sample_tx(&g.w.s, &other, &g.w.s.bidder[0].secret);
    assert_int_equal(world_try(&g.w, &other), GV_BAD_CREDENTIAL);
    accept_block_on_tip(&g.w, g.c, START, e, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 250, e, 1);
    assert_int_equal(world_try(&g.w, &e[0]), GV_DUPLICATE);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = world_auction(&g.w);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 250, e, 1);
    pair(&g, 0, 1, US(START + 500), p);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 2);
    assert_int_equal(g.c->sum.bids, 1);
    world_free(&g.w);
}

/* One after the other by the mempool, as wallets come. */
static void
enrols_wait_for_blocks_C1(void **state)
{
    struct stage g;
    struct gv_tx e, p[2];

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    g.w.now_ms = START;
    for (unsigned i = 0; i < 3; i++) {
        e = sample_enrol_anonymous(&g.w.s, i);
        world_add(&g.w, &e);
        pair(&g, i, 1, US(g.w.now_ms), p);
        world_add(&g.w, &p[0]);
        world_add(&g.w, &p[1]);
        world_run(&g.w, 500);
    }
    world_run(&g.w, 2500);
    assert_int_equal(g.c->book->bidders, 3);
    assert_int_equal(g.c->sum.bids, 3);
    world_free(&g.w);
}

static void
tokens_and_forms_C1(void **state)
{
    struct stage g;
    struct gv_tx good, e;
    uint8_t *bytes;

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    good = sample_enrol_anonymous(&g.w.s, 0);
    e = sample_enrol(&g.w.s, 1); /* a certified one */
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START, &e, 1);
    for (unsigned how = 0; how < 4; how++) {
        e = good;
        bytes = (uint8_t *)sample_copy(&g.w.s, e.u.enrol.blob).p;
        e.u.enrol.blob.p = bytes;
        if (how == 0)
            bytes[7] ^= 1;
        if (how == 1)
            e.u.enrol.prefix[0] ^= 1;
        if (how == 2)
            e.u.enrol.ek[0] ^= 1;
        if (how == 3) /* for fewer notaries than OPEN has */
            e.u.enrol.blob.len -= GV_RSA_SIZE;
        e = sample_tx(&g.w.s, &e, &g.w.s.bidder[0].secret);
        refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START, &e, 1);
    }
    /* Somebody else's token, signed by oneself. */
    e = good;
    e.u.enrol.key = g.w.s.bidder[1].cred.key;
    e = sample_tx(&g.w.s, &e, &g.w.s.bidder[1].secret);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START, &e, 1);
    e = good; /* and a token without its owner's signature */
    e.u.enrol.sig.b[0] ^= 1;
    e = sample_tx(&g.w.s, &e, NULL);
    refuse_block(&g.w, g.c, GV_BAD_SIGNATURE, START, &e, 1);
    accept_block_on_tip(&g.w, g.c, START, &good, 1);
    world_free(&g.w);
}

static void
no_token_in_certified_auctions_C1(void **state)
{
    struct stage g;
    struct gv_tx e, i;

    (void)state;
    stage_plain(&g);
    e = sample_enrol_anonymous(&g.w.s, 2);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 250, &e, 1);
    i = sample_issued(&g.w.s, 1);
    refuse_block(&g.w, g.c, GV_WRONG_CHAIN, START + 250, &i, 1);
    world_free(&g.w);
}

/* --- the end of an anonymous auction --- */

#define E_MS (START + 10500)
#define PAST (E_MS + 5000)

/* Two bidders, one bid of 101, ISSUED if wanted, and X. */
static void
run_to_cutoff(struct stage *g, int issued)
{
    struct gv_tx tx[7];
    size_t n = 0;

    tx[n++] = sample_enrol_anonymous(&g->w.s, 0);
    tx[n++] = sample_enrol_anonymous(&g->w.s, 1);
    pair(g, 0, 1, US(START + 500), tx + n);
    n += 2;
    tx[n++] = sample_close(&g->w.s);
    tx[n] = sample_stamp(&g->w.s, 0, US(START + 500), &tx[n - 1], 1);
    n++;
    if (issued >= 0)
        tx[n++] = sample_issued(&g->w.s, (uint32_t)issued);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, n);
    assert_int_equal(g->c->sum.close_us, US(E_MS));
    tx[0] = sample_cutoff(&g->w.s, &g->c->sum.tip, 1, US(PAST) + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1, tx, 1);
}

static struct gv_tx
outcome_of(struct stage *g, struct gv_outcome *o)
{
    gv_book_outcome(g->c->book, o);
    return sample_outcome(&g->w.s, o);
}

static void
issued_count_C8(void **state)
{
    static const struct {
        int count;
        uint8_t status;
    } cases[] = {{-1, GV_SOLD}, {2, GV_SOLD}, {3, GV_SOLD}, {1, GV_VOID}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_outcome o, sold;
        struct stage g;
        struct gv_tx tx;

        stage_anonymous(&g, (struct world_options){0});
        run_to_cutoff(&g, cases[i].count);
        tx = outcome_of(&g, &o);
        assert_int_equal(o.status, cases[i].status);
        gv_fold_outcome(g.c->book->fold, &sold);
        assert_memory_equal(o.fold_hash, sold.fold_hash, 32);
        if (o.status == GV_VOID) {
            struct gv_tx wrong = sample_outcome(&g.w.s, &sold);

            assert_int_equal(o.price, 0);
            refuse_block(&g.w, g.c, GV_BAD_OUTCOME, PAST + 251, &wrong, 1);
        }
        accept_block_on_tip(&g.w, g.c, PAST + 251, &tx, 1);
        assert_int_equal(g.c->sum.outcome.status, cases[i].status);
        world_free(&g.w);
    }
}

static void
issued_once_and_by_the_issuer_C8(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    tx[0] = sample_issued(&g.w.s, 5);
    tx[1] = sample_issued(&g.w.s, 6);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START, tx, 2);
    world_add(&g.w, &tx[0]);
    assert_int_equal(world_try(&g.w, &tx[1]), GV_DUPLICATE);
    tx[1] = sample_tx(&g.w.s, &tx[1], &g.w.s.ca.secret);
    refuse_block(&g.w, g.c, GV_BAD_SIGNATURE, START, &tx[1], 1);
    g.w.now_ms = START;
    world_run(&g.w, 1500); /* it is reason enough for a block */
    assert_true(g.c->book->issued);
    assert_int_equal(g.c->book->issued_count, 5);
    tx[1] = sample_issued(&g.w.s, 6);
    refuse_block(&g.w, g.c, GV_DUPLICATE, g.w.now_ms + 300, &tx[1], 1);
    world_free(&g.w);
}

static void
no_issued_after_the_cutoff_C8(void **state)
{
    struct stage g;
    struct gv_tx tx[2];
    struct gv_outcome o;

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    run_to_cutoff(&g, -1);
    tx[0] = outcome_of(&g, &o);
    tx[1] = sample_issued(&g.w.s, 2);
    refuse_block(&g.w, g.c, GV_SET_FIXED, PAST + 251, tx, 2);
    assert_int_equal(world_try(&g.w, &tx[1]), GV_SET_FIXED);
    world_free(&g.w);
}

/* --- C10 --- */

static void
run_to_end(struct stage *g, uint64_t *t)
{
    struct gv_outcome o;
    struct gv_tx tx = outcome_of(g, &o);

    accept_block_on_tip(&g->w, g->c, *t += 250, &tx, 1); /* 3: Y */
    tx = final_of(g, 0, 3);
    accept_block_on_tip(&g->w, g->c, *t += 1000, &tx, 1);
    tx = final_of(g, 3, 4);
    accept_block_on_tip(&g->w, g->c, *t += 1000, &tx, 1);
    assert_true(gv_book_ended(g->c->book));
}

static void
S0_14_disclose_once_C10(void **state)
{
    struct stage g;
    struct gv_tx tx[2], d;
    uint64_t t = PAST + 1;

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    run_to_cutoff(&g, 2);
    d = sample_disclose(&g.w.s, 0, GV_WINNER_TO_SELLER);
    tx[0] = outcome_of(&g, &(struct gv_outcome){0});
    tx[1] = d;
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, t + 250, tx, 2);
    assert_int_equal(world_try(&g.w, &d), GV_WRONG_PHASE);
    run_to_end(&g, &t);
    tx[0] = sample_disclose(&g.w.s, 1, GV_WINNER_TO_SELLER);
    tx[0] = sample_tx(&g.w.s, &tx[0], &g.w.s.notary[0].secret);
    refuse_block(&g.w, g.c, GV_BAD_SIGNATURE, t + 250, tx, 1);
    tx[0] = sample_disclose(&g.w.s, 3, GV_WINNER_TO_SELLER);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, t + 250, tx, 1);
    tx[0] = tx[1] = d;
    refuse_block(&g.w, g.c, GV_DUPLICATE, t + 250, tx, 2);
    tx[1] = final_of(&g, 4, 5);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, t + 250, tx, 2);
    world_commit(&g.w);
    gv_chain_unload(g.c); /* it takes DISCLOSEs all the same */
    world_add(&g.w, &d);
    g.c = world_auction(&g.w);
    g.w.now_ms = t;
    world_run(&g.w, 1500);
    assert_int_equal(g.c->book->award[0].disclosed[GV_WINNER_TO_SELLER], 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, g.w.now_ms + 250, &d, 1);
    assert_int_equal(world_try(&g.w, &d), GV_DUPLICATE);
    tx[0] = sample_disclose(&g.w.s, 0, GV_SELLER_TO_WINNER);
    tx[1] = sample_disclose(&g.w.s, 2, GV_WINNER_TO_SELLER);
    accept_block_on_tip(&g.w, g.c, g.w.now_ms + 250, tx, 2);
    refuse_block(&g.w, g.c, GV_CHAIN_ENDED, g.w.now_ms + 5000, NULL, 0);
    world_free(&g.w);
}

/* Behind a final Y no block takes FINALs, so votes alone decide between two
 * blocks with the same work. */
static void
votes_settle_forks_behind_Y_V2(void **state)
{
    struct stage g;
    struct gv_tx d;
    struct gv_vote v = {.source_height = 4, .target_height = 6};
    struct gv_reject why;
    struct gv_bytes raw[2];
    struct gv_sig sig;
    uint8_t digest[32];
    uint32_t parent, node[2];
    uint64_t t = PAST + 1;

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    run_to_cutoff(&g, 2);
    run_to_end(&g, &t);
    parent = g.c->tip;
    for (unsigned i = 0; i < 2; i++) {
        d = sample_disclose(&g.w.s, 2 * i, GV_WINNER_TO_SELLER);
        raw[i] = world_block_on(&g.w, g.c, parent, t + 1000, &d, 1);
        assert_int_equal(world_give(&g.w, raw[i]), GV_ACCEPTED);
        node[i] = world_node(g.c, raw[i]);
    }
    assert_int_equal(g.c->tip, node[0]); /* seen first */
    g.w.now_ms = t + 1500;
    v.source = g.c->spine->at[4].sealed;
    v.target = g.c->tree.node[node[1]].sealed;
    gv_vote_digest(&g.c->id, &v, digest);
    assert_int_equal(
        gv_key_sign(g.w.s.keys, &g.w.s.validator[0], digest, NULL, &sig),
        GV_OK);
    assert_int_equal(
        gv_state_add_vote(g.w.st, &g.c->id, &v, 0, &sig, g.w.now_ms, &why),
        GV_OK);
    assert_int_equal(g.c->tip, node[1]);
    assert_null(g.c->pool.of[GV_POOL_NOTICES].first);
    assert_int_equal(g.c->book->award[0].disclosed[GV_WINNER_TO_SELLER], 4);
    world_free(&g.w);
}

static void
nothing_to_disclose_C10(void **state)
{
    struct stage g;
    struct gv_tx d;
    uint64_t t = PAST + 1;

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    run_to_cutoff(&g, 1); /* void */
    run_to_end(&g, &t);
    d = sample_disclose(&g.w.s, 0, GV_WINNER_TO_SELLER);
    refuse_block(&g.w, g.c, GV_WRONG_PHASE, t + 250, &d, 1);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_05_one_enrol_a_key_C1),
        cmocka_unit_test(enrols_wait_for_blocks_C1),
        cmocka_unit_test(tokens_and_forms_C1),
        cmocka_unit_test(no_token_in_certified_auctions_C1),
        cmocka_unit_test(issued_count_C8),
        cmocka_unit_test(issued_once_and_by_the_issuer_C8),
        cmocka_unit_test(no_issued_after_the_cutoff_C8),
        cmocka_unit_test(S0_14_disclose_once_C10),
        cmocka_unit_test(votes_settle_forks_behind_Y_V2),
        cmocka_unit_test(nothing_to_disclose_C10),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
