/* Votes of one validator that contradict each other (V1) become EVIDENCE, which
 * the registry takes (G7) and which excludes the key. */
#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)

struct stage {
    struct world w;
    struct gv_chain *c;
};

/* Five blocks, four validators, all of them elsewhere. */
static void
stage_make(struct stage *g)
{
    world_make(&g->w, &(struct world_options){.sample.validators = 4});
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 3000;
    for (unsigned i = 0; i < SAMPLE_BIDDERS; i++) {
        struct gv_tx e = sample_enrol(&g->w.s, i);

        accept_block_on_tip(&g->w, g->c, START + 250 * (uint64_t)i, &e, 1);
    }
}

/* A vote of validator 2; a target of another branch has `mark` in its id. */
static void
vote(struct stage *g, uint32_t from, uint32_t to, uint8_t mark)
{
    struct gv_vote v = {from, to, g->c->spine->at[from].sealed,
                        g->c->spine->at[to].sealed};
    uint8_t digest[32];
    struct gv_sig sig;

    v.target.b[0] ^= mark;
    gv_vote_digest(&g->c->id, &v, digest);
    assert_int_equal(
        gv_key_sign(g->w.s.keys, &g->w.s.validator[2], digest, NULL, &sig),
        GV_OK);
    assert_int_equal(
        gv_state_add_vote(g->w.st, &g->c->id, &v, 2, &sig, g->w.now_ms, NULL),
        GV_OK);
}

static void
V1_votes_that_go_together(void **state)
{
    struct stage g;

    (void)state;
    stage_make(&g);
    vote(&g, 0, 1, 0);
    vote(&g, 1, 2, 0);
    vote(&g, 1, 3, 0);
    vote(&g, 3, 4, 9);
    assert_int_equal(g.w.accusations, 0);
    world_free(&g.w);
}

/* The bytes are an EVIDENCE against validator 2 of this chain. */
static void
check_evidence(const struct stage *g, enum gv_vote_fault want)
{
    struct gv_reject why;
    struct gv_pubkey key;
    struct gv_tx tx;

    assert_int_equal(g->w.accusations, 1);
    assert_int_equal(g->w.accused, 2);
    assert_int_equal(
        gv_tx_decode(gv_bytes(g->w.evidence, g->w.evidence_len), &tx, &why),
        GV_OK);
    assert_int_equal(tx.kind, GV_TX_EVIDENCE);
    assert_int_equal(gv_key_public(g->w.s.keys, &g->w.s.validator[2], &key),
                     GV_OK);
    assert_memory_equal(&tx.u.evidence.key, &key, 32);
    assert_memory_equal(&tx.u.evidence.accused, &g->c->id, 32);
    assert_int_equal(gv_votes_fault(&tx.u.evidence.vote[0].link,
                                    &tx.u.evidence.vote[1].link),
                     want);
    assert_int_equal(
        gv_tx_verify(&tx, g->w.s.registry_pins, g->w.s.keys, NULL, &why),
        GV_OK);
}

static void
V1_one_target_height(void **state)
{
    struct stage g;

    (void)state;
    stage_make(&g);
    vote(&g, 0, 2, 0);
    vote(&g, 1, 2, 9);
    check_evidence(&g, GV_VOTES_SAME_TARGET);
    /* Told once: more of it proves nothing more. */
    vote(&g, 0, 2, 7);
    assert_int_equal(g.w.accusations, 1);
    world_free(&g.w);
}

static void
V1_a_vote_around_another(void **state)
{
    (void)state;
    for (int inner = 0; inner < 2; inner++) {
        struct stage g;

        stage_make(&g);
        vote(&g, !inner, 4 - !inner, 0);
        vote(&g, inner, 4 - inner, 0);
        check_evidence(&g, GV_VOTES_SURROUND);
        world_free(&g.w);
    }
}

/* Votes inside a FINAL count as well, and change no quorum. */
static void
V1_a_vote_in_a_final(void **state)
{
    struct stage g;
    struct gv_vote link;
    struct gv_tx f;

    (void)state;
    stage_make(&g);
    vote(&g, 0, 2, 9);
    link = (struct gv_vote){0, 2, g.c->spine->at[0].sealed,
                            g.c->spine->at[2].sealed};
    f = sample_final(&g.w.s, &g.c->id, &link, 7);
    world_add(&g.w, &f);
    check_evidence(&g, GV_VOTES_SAME_TARGET);
    assert_int_equal(g.c->sum.justified_height, 2);
    world_free(&g.w);
}

static void
V1_a_final_in_a_block(void **state)
{
    struct stage g;
    struct gv_vote link;
    struct gv_tx txs[2];

    (void)state;
    stage_make(&g);
    vote(&g, 0, 2, 9);
    link = (struct gv_vote){0, 2, g.c->spine->at[0].sealed,
                            g.c->spine->at[2].sealed};
    txs[0] = sample_close(&g.w.s);
    txs[1] = sample_stamp(&g.w.s, 0, (START + 1000) * UINT64_C(1000), txs, 1);
    accept_block_on_tip(&g.w, g.c, START + 1500, txs, 2);
    txs[0] = sample_final(&g.w.s, &g.c->id, &link, 7);
    txs[1] = sample_revoke(&g.w.s, 0);
    txs[1].chain = g.c->id;
    txs[1] = sample_tx(&g.w.s, &txs[1], &g.w.s.ca.secret);
    accept_block_on_tip(&g.w, g.c, START + 2000, txs, 2);
    check_evidence(&g, GV_VOTES_SAME_TARGET);
    world_free(&g.w);
}

/* Genesis names the validator whose votes these are. */
static struct gv_tx
against_genesis(struct world *w, uint8_t mark)
{
    struct gv_vote link[2] = {{0, 2, {{1}}, {{2}}}, {0, 2, {{1}}, {{mark}}}};
    struct gv_chain_id chain = {{7}};

    return sample_evidence(&w->s, &chain, &w->s.params->validator_secret[0],
                           link);
}

static void
G6_the_registry_takes_one_a_key(void **state)
{
    struct world w;
    struct gv_tx one, two, stranger;
    struct gv_vote link[2] = {{0, 2, {{1}}, {{2}}}, {0, 2, {{1}}, {{3}}}};
    struct gv_chain *r;
    uint8_t before[32], after[32];

    (void)state;
    world_make(&w, NULL);
    r = gv_state_registry(w.st);
    one = against_genesis(&w, 3);
    two = against_genesis(&w, 4);
    stranger = sample_evidence(&w.s, &w.s.open.id, &w.s.bidder[0].secret, link);
    assert_int_equal(world_try(&w, &stranger), GV_BAD_CREDENTIAL);
    world_add(&w, &one);
    assert_int_equal(world_try(&w, &two), GV_DUPLICATE);
    chain_digest(r, before);
    w.now_ms += 2000;
    assert_true(world_mine(&w) > 0);
    assert_true(gv_directory_accused(r->dir, &w.s.params->validator[0]));
    assert_int_equal(world_try(&w, &two), GV_DUPLICATE);
    /* It stands after a restart, and goes with its block. */
    world_commit(&w);
    world_restart(&w);
    r = gv_state_registry(w.st);
    assert_true(gv_directory_accused(r->dir, &w.s.params->validator[0]));
    gv_directory_disconnect(r->dir);
    assert_false(gv_directory_accused(r->dir, &w.s.params->validator[0]));
    chain_digest(r, after);
    assert_memory_equal(before, after, 32);
    world_free(&w);
}

/* What was voted for before the chain slept, or the node stopped, is in its
 * FINAL. */
static void
V8_a_final_that_waits_remembers_who_voted(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        struct stage g;
        struct gv_vote link;
        struct gv_tx f;

        stage_make(&g);
        link = (struct gv_vote){0, 4, g.c->spine->at[0].sealed,
                                g.c->spine->at[4].sealed};
        f = sample_final(&g.w.s, &g.c->id, &link, 7);
        world_add(&g.w, &f);
        assert_int_equal(g.c->sum.justified_height, 4);
        world_commit(&g.w);
        if (restart) {
            world_restart(&g.w);
            g.c = world_auction(&g.w);
        } else {
            gv_chain_unload(g.c);
            assert_int_equal(gv_chain_load(g.w.st, g.c, g.w.now_ms), GV_OK);
        }
        assert_int_equal(g.w.accusations, 0);
        vote(&g, 1, 4, 9);
        check_evidence(&g, GV_VOTES_SAME_TARGET);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(V1_votes_that_go_together),
        cmocka_unit_test(V1_one_target_height),
        cmocka_unit_test(V1_a_vote_around_another),
        cmocka_unit_test(V1_a_vote_in_a_final),
        cmocka_unit_test(V1_a_final_in_a_block),
        cmocka_unit_test(G6_the_registry_takes_one_a_key),
        cmocka_unit_test(V8_a_final_that_waits_remembers_who_voted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
