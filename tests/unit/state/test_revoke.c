/* Revocations on an auction chain: whom they shut out, from which block on, and
 * who may revoke whom (C9). */
#include "tests/unit/state/stage.h"

/* A REVOKE on the auction's chain, by its CA or the root. */
static struct gv_tx
revoke_of(struct stage *g, const struct gv_hash *fingerprint, bool root)
{
    const struct gv_seckey *secret =
        root ? &g->w.s.params->root_secret : &g->w.s.ca.secret;
    struct gv_tx tx = {.kind = GV_TX_REVOKE, .chain = g->c->id};

    tx.u.revoke.fingerprint = *fingerprint;
    tx.u.revoke.reason = 1;
    tx.u.revoke.issuer = root ? g->w.s.params->root : g->w.s.ca.cred.key;
    return sample_tx(&g->w.s, &tx, secret);
}

static void
S0_03_revoked_bidder_C9(void **state)
{
    struct stage g;
    struct gv_tx p[3], e, twice[2];

    (void)state;
    stage_plain(&g);
    pair(&g, 0, 1, US(START + 500), p);
    p[2] = revoke_of(&g, &g.w.s.bidder[0].cred.fingerprint, false);
    /* It acts on all of its block, wherever it stands. */
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 1000, p, 3);
    twice[0] = twice[1] = p[2];
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1000, twice, 2);
    accept_block_on_tip(&g.w, g.c, START + 1000, p, 2);
    accept_block_on_tip(&g.w, g.c, START + 1250, &p[2], 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1500, &p[2], 1);
    pair(&g, 0, 2, US(START + 1300), p);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 1500, p, 2);
    assert_int_equal(world_try(&g.w, &p[0]), GV_BAD_CREDENTIAL);
    pair(&g, 1, 1, US(START + 1300), p); /* the other one goes on */
    accept_block_on_tip(&g.w, g.c, START + 1500, p, 2);
    p[2] = revoke_of(&g, &g.w.s.bidder[2].cred.fingerprint, true);
    e = sample_enrol(&g.w.s, 2);
    accept_block_on_tip(&g.w, g.c, START + 1750, &p[2], 1);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 2000, &e, 1);
    assert_int_equal(world_try(&g.w, &e), GV_BAD_CREDENTIAL);
    world_free(&g.w);
}

static void
who_may_revoke_whom_C9(void **state)
{
    struct stage g;
    struct gv_tx tx, p[2];

    (void)state;
    stage_plain(&g);
    tx = revoke_of(&g, &g.w.s.open.ca.fingerprint, false);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 250, &tx, 1);
    tx = revoke_of(&g, &g.w.s.open.authority[0].cert, false);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 250, &tx, 1);
    tx.u.revoke.issuer = g.w.s.seller.cred.key;
    tx = sample_tx(&g.w.s, &tx, &g.w.s.seller.secret);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 250, &tx, 1);
    tx = revoke_of(&g, &g.w.s.open.authority[0].cert, true);
    tx.u.revoke.reason = 2; /* not what was signed */
    tx = sample_tx(&g.w.s, &tx, NULL);
    refuse_block(&g.w, g.c, GV_BAD_SIGNATURE, START + 250, &tx, 1);
    tx = revoke_of(&g, &g.w.s.open.authority[0].cert, true);
    world_add(&g.w, &tx);
    accept_block_on_tip(&g.w, g.c, START + 250, &tx, 1);
    pair(&g, 0, 1, US(START + 300), p);
    refuse_block(&g.w, g.c, GV_BAD_STAMP, START + 500, p, 2);
    world_add(&g.w, &p[0]);
    assert_int_equal(world_try(&g.w, &p[1]), GV_BAD_STAMP);
    world_free(&g.w);
}

static void
revoked_issuer_C9(void **state)
{
    struct stage g;
    struct gv_tx tx, e[2], p[2];

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    e[0] = sample_enrol_anonymous(&g.w.s, 0);
    e[1] = sample_enrol_anonymous(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, START, e, 1);
    tx = revoke_of(&g, &g.w.s.issuer.cred.fingerprint, false);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 250, &tx, 1);
    tx = revoke_of(&g, &g.w.s.issuer.cred.fingerprint, true);
    accept_block_on_tip(&g.w, g.c, START + 250, &tx, 1);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 500, &e[1], 1);
    pair(&g, 0, 1, US(START + 300), p); /* who enrolled before stays */
    accept_block_on_tip(&g.w, g.c, START + 500, p, 2);
    world_free(&g.w);
}

/* The block that revokes the issuer, and no later one, takes ISSUED. */
static void
no_issued_by_a_revoked_issuer_C9(void **state)
{
    struct stage g;
    struct gv_tx tx[2], both[2];

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    tx[0] = revoke_of(&g, &g.w.s.issuer.cred.fingerprint, true);
    tx[1] = sample_issued(&g.w.s, 0);
    for (unsigned order = 0; order < 2; order++) {
        both[0] = tx[order];
        both[1] = tx[1 - order];
        refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START, both, 2);
    }
    /* Both may wait; the draft takes the root's word alone. */
    world_add(&g.w, &tx[1]);
    world_add(&g.w, &tx[0]);
    g.w.now_ms = START;
    world_run(&g.w, 2500);
    assert_int_equal(g.c->book->revokeds, 1);
    assert_false(g.c->book->issued);
    assert_null(g.c->pool.of[GV_POOL_DEEDS].first);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, g.w.now_ms + 250, &tx[1], 1);
    assert_int_equal(world_try(&g.w, &tx[1]), GV_BAD_CREDENTIAL);
    world_free(&g.w);
}

static void
issued_before_the_issuers_revocation_counts_C9(void **state)
{
    struct stage g;
    struct gv_tx tx;

    (void)state;
    stage_anonymous(&g, (struct world_options){0});
    tx = sample_issued(&g.w.s, 7);
    accept_block_on_tip(&g.w, g.c, START, &tx, 1);
    tx = revoke_of(&g, &g.w.s.issuer.cred.fingerprint, true);
    accept_block_on_tip(&g.w, g.c, START + 250, &tx, 1);
    assert_true(g.c->book->issued);
    assert_int_equal(g.c->book->issued_count, 7);
    world_free(&g.w);
}

static void
thief_of_the_cas_key_C9(void **state)
{
    struct stage g;
    struct gv_tx by_root, by_thief, both[2], p[2];

    (void)state;
    stage_plain(&g);
    by_root = revoke_of(&g, &g.w.s.open.ca.fingerprint, true);
    by_thief = revoke_of(&g, &g.w.s.bidder[0].cred.fingerprint, false);
    both[0] = by_root;
    both[1] = by_thief;
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 250, both, 2);
    both[0] = by_thief;
    both[1] = by_root;
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 250, both, 2);
    accept_block_on_tip(&g.w, g.c, START + 250, &by_root, 1);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 500, &by_thief, 1);
    assert_int_equal(world_try(&g.w, &by_thief), GV_BAD_CREDENTIAL);
    pair(&g, 0, 1, US(START + 300), p); /* the bidder goes on bidding */
    accept_block_on_tip(&g.w, g.c, START + 500, p, 2);
    by_root = revoke_of(&g, &g.w.s.bidder[1].cred.fingerprint, true);
    accept_block_on_tip(&g.w, g.c, START + 750, &by_root, 1);
    world_free(&g.w);
}

/* What the thief did first stands: a block acts on later ones alone. */
static void
revoked_before_the_ca_C9(void **state)
{
    struct stage g;
    struct gv_tx tx, p[2];

    (void)state;
    stage_plain(&g);
    tx = revoke_of(&g, &g.w.s.bidder[0].cred.fingerprint, false);
    accept_block_on_tip(&g.w, g.c, START + 250, &tx, 1);
    tx = revoke_of(&g, &g.w.s.open.ca.fingerprint, true);
    accept_block_on_tip(&g.w, g.c, START + 500, &tx, 1);
    pair(&g, 0, 1, US(START + 600), p);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 750, p, 2);
    world_free(&g.w);
}

/* The thief fills the mempool before the root speaks: the next block has the
 * root's REVOKE and none of the thief's, and they all leave the mempool. */
static void
flood_before_the_ca_is_revoked_C9(void **state)
{
    struct stage g;
    struct gv_tx tx, p[2];
    struct gv_hash print = {{0}};

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 250;
    for (unsigned i = 0; i < 100; i++) {
        print.b[0] = (uint8_t)i;
        tx = revoke_of(&g, &print, false);
        world_add(&g.w, &tx);
    }
    tx = revoke_of(&g, &g.w.s.bidder[1].cred.fingerprint, false);
    world_add(&g.w, &tx);
    tx = sample_enrol(&g.w.s, 2); /* certified by the thief, for all we know */
    world_add(&g.w, &tx);
    tx = revoke_of(&g, &g.w.s.open.ca.fingerprint, true);
    world_add(&g.w, &tx);
    pair(&g, 1, 1, US(START + 300), p);
    world_add(&g.w, &p[0]);
    world_add(&g.w, &p[1]);
    world_run(&g.w, 1500);
    assert_int_equal(g.c->book->revokeds, 1);
    assert_int_equal(g.c->book->bidders, 2);
    assert_int_equal(g.c->sum.bids, 1);
    assert_null(g.c->pool.of[GV_POOL_DEEDS].first);
    assert_null(g.c->pool.of[GV_POOL_ENROLS].first);
    world_free(&g.w);
}

/* Without f + 1 authorities no CUTOFF can come (C11). */
static void
too_few_authorities_C11(void **state)
{
    struct world_options o = {.sample = {.authorities = 3}};
    struct gv_hash print;
    struct stage g;
    struct gv_tx tx;

    (void)state;
    stage_make(&g, o);
    for (unsigned i = 0; i < 2; i++) {
        assert_false(g.c->sum.stalled);
        print = g.w.s.open.authority[2 - i].cert;
        tx = revoke_of(&g, &print, true);
        accept_block_on_tip(&g.w, g.c, START + 250 + 250 * i, &tx, 1);
    }
    assert_true(g.c->sum.stalled); /* one of three is left, and f is 1 */
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = gv_state_chain(g.w.st, &g.w.s.open.id);
    assert_false(g.c->loaded);
    assert_true(g.c->sum.stalled);
    world_free(&g.w);
}

/* Behind X nothing is stalled for want of authorities, nor can a REVOKE come:
 * the set is fixed. */
static void
not_stalled_behind_X_C11(void **state)
{
    struct stage g;
    struct gv_tx tx[2];

    (void)state;
    stage_plain(&g);
    tx[0] = sample_close(&g.w.s);
    tx[1] = sample_stamp(&g.w.s, 0, US(START + 500), &tx[0], 1);
    accept_block_on_tip(&g.w, g.c, START + 1000, tx, 2);
    tx[0] = sample_cutoff(&g.w.s, &g.c->sum.tip, 1, US(START + 15500) + 1);
    accept_block_on_tip(&g.w, g.c, START + 15501, tx, 1);
    tx[0] = revoke_of(&g, &g.w.s.open.authority[0].cert, true);
    assert_int_equal(world_try(&g.w, &tx[0]), GV_SET_FIXED);
    assert_false(g.c->sum.stalled);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_03_revoked_bidder_C9),
        cmocka_unit_test(who_may_revoke_whom_C9),
        cmocka_unit_test(revoked_issuer_C9),
        cmocka_unit_test(no_issued_by_a_revoked_issuer_C9),
        cmocka_unit_test(issued_before_the_issuers_revocation_counts_C9),
        cmocka_unit_test(thief_of_the_cas_key_C9),
        cmocka_unit_test(revoked_before_the_ca_C9),
        cmocka_unit_test(flood_before_the_ca_is_revoked_C9),
        cmocka_unit_test(too_few_authorities_C11),
        cmocka_unit_test(not_stalled_behind_X_C11),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
