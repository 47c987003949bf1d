/* A transaction that cannot stand waits in the mempool, and the next block
 * comes all the same: with what can stand, and without it. */
#include "tests/support/seller.h"
#include "tests/unit/state/stage.h"

/* Put it into the mempool past admission, as a reorganisation might have left
 * it there, or a rule that admission does not know. */
static void
force(struct world *w, struct gv_chain *c, const struct gv_tx *tx,
      uint64_t time_us)
{
    struct gv_tx_facts facts = {.count = 1, .tst[0].time_us = time_us};
    struct gv_pool_tx *e;
    struct gv_tx_id id;

    gv_tx_id_of(tx->raw, &id);
    assert_int_equal(gv_pool_add(&w->st->pool, c, &c->pool, tx, &id,
                                 tx->kind == GV_TX_STAMP ? &facts : NULL, &e),
                     GV_OK);
    e->arrived_ms = w->now_ms;
}

static bool
waits(const struct world *w, const struct gv_tx *tx)
{
    struct gv_tx_id id;

    gv_tx_id_of(tx->raw, &id);
    return gv_pool_find(&w->st->pool, &id) != NULL;
}

/* --- the registry --- */

/* The CA's and the TSA's SERVICE are on the registry. */
struct hall {
    struct world w;
    struct gv_chain *c;
    struct gv_tx good; /* a CERT that can stand */
};

static void
hall_make_with(struct hall *h, const struct gv_terms *terms)
{
    struct world_options o = {.sample.terms = terms, .no_registry = true};
    struct gv_tx tx[2];

    world_make(&h->w, &o);
    h->c = gv_state_registry(h->w.st);
    h->w.now_ms = START + 10000;
    tx[0] = tx[1] = sample_service(&h->w.s);
    tx[0].u.service.cred = h->w.s.ca.cred;
    tx[0].u.service.der = gv_bytes(h->w.s.ca.cred.key.b, 32);
    tx[0] = sample_tx(&h->w.s, &tx[0], &h->w.s.ca.secret);
    accept_block_on_tip(&h->w, h->c, START, tx, 2);
    h->good = sample_cert(&h->w.s, 3);
}

static void
hall_make(struct hall *h)
{
    hall_make_with(h, NULL);
}

/* One block takes the good one; what was bad has left the mempool. */
static void
next_block_comes(struct hall *h)
{
    uint32_t height = h->c->sum.height;
    size_t certs = h->c->dir->certs;

    assert_true(world_mine(&h->w) > 0);
    assert_int_equal(h->c->sum.height, height + 1);
    assert_true(h->c->dir->certs > certs);
    assert_non_null(
        gv_directory_cert(h->c->dir, &h->good.u.cert.cred.fingerprint));
    assert_null(h->c->pool.of[GV_POOL_BIDS].first);
}

/* The same auction under another title. */
static struct gv_tx
other_list(struct hall *h)
{
    struct gv_tx tx = sample_list(&h->w.s);

    tx.u.list.title = gv_bytes("other", 5);
    return sample_tx(&h->w.s, &tx, &h->w.s.seller.secret);
}

/* The same fingerprint with other dates. */
static struct gv_tx
other_cert(struct hall *h)
{
    struct gv_tx tx = sample_cert(&h->w.s, 0);
    struct sample_party p = h->w.s.bidder[0];
    uint8_t digest[32];

    p.cred.not_after_ms++;
    gv_cred_digest(&p.cred, &h->w.s.params->registry, digest);
    assert_int_equal(
        gv_key_sign(h->w.s.keys, &h->w.s.ca.secret, digest, NULL, &p.cred.sig),
        GV_OK);
    tx.u.cert.cred = p.cred;
    return sample_tx(&h->w.s, &tx, NULL);
}

/* Two versions of one thing: admission takes the first alone, and a draft
 * that meets both takes the first and drops the second. */
static void
two_of_a_name(struct hall *h, const struct gv_tx two[2])
{
    world_add(&h->w, &two[0]);
    assert_int_equal(world_try(&h->w, &two[1]), GV_DUPLICATE);
    force(&h->w, h->c, &two[1], 0);
    world_add(&h->w, &h->good);
    next_block_comes(h);
    assert_int_equal(world_try(&h->w, &two[1]), GV_DUPLICATE);
    h->w.now_ms += 2000;
    assert_true(world_mine(&h->w) > 0);
    world_free(&h->w);
}

static void
two_lists_of_an_auction(void **state)
{
    struct hall h;
    struct gv_tx two[2];

    (void)state;
    hall_make(&h);
    two[0] = sample_list(&h.w.s);
    two[1] = other_list(&h);
    two_of_a_name(&h, two);
}

static void
two_certs_of_a_fingerprint(void **state)
{
    struct hall h;
    struct gv_tx two[2];

    (void)state;
    hall_make(&h);
    two[0] = sample_cert(&h.w.s, 0);
    two[1] = other_cert(&h);
    two_of_a_name(&h, two);
}

static void
two_anchors_of_an_end(void **state)
{
    struct hall h;
    struct gv_tx two[2];

    (void)state;
    hall_make(&h);
    for (unsigned i = 0; i < 2; i++)
        two[i] =
            sample_anchor(&h.w.s, &(struct gv_tx_id){{5}}, 1, US(START) + i);
    two_of_a_name(&h, two);
}

static void
two_nodes_of_a_key(void **state)
{
    struct hall h;
    struct gv_tx two[2];

    (void)state;
    hall_make(&h);
    two[0] = sample_node(&h.w.s, 1);
    two[1] = sample_node(&h.w.s, 2);
    two_of_a_name(&h, two);
}

/* An issuer has one EPOCH at a time (G9), which admission asks the chain alone
 * about: both wait, and the draft drops the second. */
static void
two_epochs_of_a_time(void **state)
{
    struct gv_terms terms;
    struct gv_epoch e;
    struct gv_bytes raw;
    struct hall h;

    (void)state;
    gv_terms_default(gv_params_find("regtest"), &terms);
    terms.identity = GV_ANONYMOUS;
    hall_make_with(&h, &terms);
    seller_epoch(&h.w.s, &e);
    raw = seller_epoch_raw(&h.w.s, &e);
    assert_int_equal(world_try_raw(&h.w, raw), GV_ACCEPTED);
    e.seats++;
    raw = seller_epoch_raw(&h.w.s, &e);
    assert_int_equal(world_try_raw(&h.w, raw), GV_ACCEPTED);
    world_add(&h.w, &h.good);
    next_block_comes(&h);
    assert_int_equal(h.c->dir->epochs, 1);
    assert_int_equal(world_try_raw(&h.w, raw), GV_DUPLICATE);
    world_free(&h.w);
}

/* Another end of the same auction has a name of its own. */
static void
other_names_wait_together(void **state)
{
    struct hall h;
    struct gv_tx tx;

    (void)state;
    hall_make(&h);
    for (uint8_t i = 0; i < 3; i++) {
        tx = sample_anchor(&h.w.s, &(struct gv_tx_id){{i}}, 1, US(START));
        world_add(&h.w, &tx);
        tx = sample_cert(&h.w.s, i);
        world_add(&h.w, &tx);
    }
    assert_true(world_mine(&h.w) > 0);
    assert_int_equal(h.c->dir->anchors, 3);
    assert_int_equal(h.c->dir->certs, 3);
    world_free(&h.w);
}

/* Any kind at all, before and behind a good one. */
static void
one_bad_of_each_kind(void **state)
{
    struct gv_tx all[SAMPLE_KINDS];
    struct hall h;
    const struct world_options three = {.sample = {.authorities = 3},
                                        .no_registry = true};

    (void)state;
    for (size_t i = 0; i < SAMPLE_KINDS; i++) {
        hall_make(&h);
        world_free(&h.w);
        world_make(&h.w, &three);
        h.c = gv_state_registry(h.w.st);
        h.w.now_ms = START + 10000;
        sample_all(&h.w.s, all);
        if (all[i].kind != GV_TX_RECEIPT)
            force(&h.w, h.c, &all[i], US(START));
        assert_true(world_mine(&h.w) > 0);
        assert_int_equal(h.c->sum.height, 1);
        world_free(&h.w);
    }
}

/* More bad ones than a draft has tries, first in the line: blocks come, each
 * drops some, and the good one gets its turn. */
static void
many_bad_ones(void **state)
{
    struct gv_tx bad;
    struct hall h;
    unsigned blocks = 0;

    (void)state;
    hall_make(&h);
    for (uint32_t i = 0; i < 300; i++) {
        bad = sample_bid(&h.w.s, 0, i, 1 + i);
        force(&h.w, h.c, &bad, 0);
    }
    world_add(&h.w, &h.good);
    while (h.c->dir->certs == 0 && blocks++ < 20) {
        assert_true(world_mine(&h.w) > 0);
        h.w.now_ms += 2000;
    }
    assert_int_equal(h.c->dir->certs, 1);
    assert_null(h.c->pool.of[GV_POOL_BIDS].first);
    world_free(&h.w);
}

/* What a block makes worthless leaves with that block. */
static void
a_block_drops_what_it_shuts_out(void **state)
{
    struct gv_tx tx = {.kind = GV_TX_REVOKE}, cert[3];
    struct hall h;

    (void)state;
    hall_make(&h);
    for (unsigned i = 0; i < 3; i++) {
        cert[i] = sample_cert(&h.w.s, i);
        world_add(&h.w, &cert[i]);
    }
    tx = sample_revoke(&h.w.s, 0);
    tx.u.revoke.fingerprint = h.w.s.ca.cred.fingerprint;
    tx.u.revoke.issuer = h.w.s.params->root;
    tx = sample_tx(&h.w.s, &tx, &h.w.s.params->root_secret);
    accept_block_on_tip(&h.w, h.c, START + 2000, &tx, 1);
    assert_null(h.c->pool.of[GV_POOL_BIDS].first);
    assert_true(world_mine(&h.w) > 0);
    world_free(&h.w);
}

/* --- auctions --- */

static struct gv_tx
revoke_of(struct stage *g, const struct gv_hash *fingerprint, bool root)
{
    struct gv_tx tx = {.kind = GV_TX_REVOKE, .chain = g->c->id};

    tx.u.revoke.fingerprint = *fingerprint;
    tx.u.revoke.reason = 1;
    tx.u.revoke.issuer = root ? g->w.s.params->root : g->w.s.ca.cred.key;
    return sample_tx(&g->w.s, &tx,
                     root ? &g->w.s.params->root_secret : &g->w.s.ca.secret);
}

/* A validator may object to so many blocks; those that wait count. */
static void
many_objections_C12(void **state)
{
    struct stage g;
    struct gv_tx tx, p[2];
    uint64_t t = START;

    (void)state;
    stage_plain(&g);
    for (unsigned i = 0; i < GV_OBJECTIONS_MAX; i++) {
        pair(&g, 0, i + 1, US(t + 300), p);
        accept_block_on_tip(&g.w, g.c, t += 1000, p, 2);
    }
    g.w.now_ms = t + 1000;
    for (unsigned i = 1; i <= GV_OBJECTIONS_MAX; i++) {
        tx = sample_objection(&g.w.s, 0, &g.c->spine->at[i].sealed);
        world_add(&g.w, &tx);
    }
    tx = sample_objection(&g.w.s, 0, &g.c->spine->at[17].sealed);
    assert_int_equal(world_try(&g.w, &tx), GV_DUPLICATE);
    force(&g.w, g.c, &tx, 0);
    pair(&g, 1, 1, US(g.w.now_ms), p);
    world_add(&g.w, &p[0]);
    world_add(&g.w, &p[1]);
    world_run(&g.w, 1500);
    assert_int_equal(g.c->sum.bids, GV_OBJECTIONS_MAX + 1);
    assert_int_equal(g.c->book->objections, GV_OBJECTIONS_MAX);
    assert_int_equal(world_try(&g.w, &tx), GV_DUPLICATE);
    world_free(&g.w);
}

/* The bids of somebody who is being revoked, and those of another. */
static void
revoke_beside_bids_of_the_revoked_C9(void **state)
{
    struct gv_tx tx, p[2];
    struct stage g;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 250;
    for (uint32_t i = 1; i <= 100; i++) {
        pair(&g, 0, i, US(START + 300), p);
        g.w.now_ms = START + 300;
        world_add(&g.w, &p[0]);
        world_add(&g.w, &p[1]);
    }
    pair(&g, 1, 1, US(START + 300), p);
    world_add(&g.w, &p[0]);
    world_add(&g.w, &p[1]);
    tx = revoke_of(&g, &g.w.s.bidder[0].cred.fingerprint, false);
    world_add(&g.w, &tx);
    world_run(&g.w, 1500);
    assert_int_equal(g.c->book->revokeds, 1);
    assert_int_equal(g.c->sum.bids, 1);
    assert_true(GV_ID_EQ(&g.c->book->bid[0].id, &p[0].u.bid.id));
    world_free(&g.w);
}

static void
revoke_beside_the_enrol_of_the_revoked_C9(void **state)
{
    struct gv_tx enrol[2], tx;
    struct stage g;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 300;
    enrol[0] = sample_enrol(&g.w.s, 2);
    enrol[1] = sample_enrol(&g.w.s, 3);
    tx = revoke_of(&g, &g.w.s.bidder[2].cred.fingerprint, false);
    world_add(&g.w, &enrol[0]);
    world_add(&g.w, &enrol[1]);
    world_add(&g.w, &tx);
    world_run(&g.w, 1500);
    assert_int_equal(g.c->book->revokeds, 1);
    assert_int_equal(g.c->book->bidders, 3);
    assert_false(waits(&g.w, &enrol[0]));
    world_free(&g.w);
}

/* Of three authorities two are needed; a stamp of the revoked one is not. */
static void
revoke_beside_stamps_of_the_revoked_C9(void **state)
{
    struct world_options o = {.sample = {.authorities = 3}};
    struct gv_tx bid[2], stamp, tx;
    struct stage g;

    (void)state;
    stage_make(&g, o);
    g.w.now_ms = START + 300;
    bid[0] = sample_bid(&g.w.s, 0, 1, 101);
    bid[1] = sample_bid(&g.w.s, 1, 1, 102);
    world_add(&g.w, &bid[0]);
    world_add(&g.w, &bid[1]);
    for (unsigned a = 0; a < 3; a++) {
        stamp = sample_stamp(&g.w.s, a, US(START + 300), bid, a == 2 ? 1 : 2);
        world_add(&g.w, &stamp);
    }
    tx = revoke_of(&g, &g.w.s.open.authority[1].cert, true);
    world_add(&g.w, &tx);
    world_run(&g.w, 1500);
    assert_int_equal(g.c->book->revokeds, 1);
    assert_int_equal(g.c->sum.bids, 1); /* that which two others have dated */
    world_free(&g.w);
}

/* One CLOSE signed twice. */
static void
two_closes(void **state)
{
    struct gv_tx two[2], stamp;
    struct stage g;

    (void)state;
    stage_plain(&g);
    g.w.now_ms = START + 300;
    two[0] = sample_close(&g.w.s);
    two[1] = two[0];
    assert_int_equal(gv_key_sign(g.w.s.keys, &g.w.s.seller.secret,
                                 two[0].u.close.id.b, two[0].u.close.id.b,
                                 &two[1].u.close.sig),
                     GV_OK);
    two[1] = sample_tx(&g.w.s, &two[1], NULL);
    world_add(&g.w, &two[0]);
    world_add(&g.w, &two[1]);
    stamp = sample_stamp(&g.w.s, 0, US(START + 300), two, 2);
    world_add(&g.w, &stamp);
    world_run(&g.w, 1500);
    assert_true(g.c->book->closed);
    world_free(&g.w);
}

/* Whatever it is that a draft meets, bids go on. */
static void
one_bad_of_each_kind_beside_a_bid(void **state)
{
    struct gv_tx all[SAMPLE_KINDS], p[2];
    struct stage g;

    (void)state;
    for (size_t i = 0; i < SAMPLE_KINDS; i++) {
        stage_make(&g, (struct world_options){.sample = {.authorities = 3}});
        sample_all(&g.w.s, all);
        g.w.now_ms = START + 300;
        /* Whose tokens the sample makes of nothing; notices are another's. */
        if (all[i].kind != GV_TX_CUTOFF && all[i].kind != GV_TX_RECEIPT &&
            all[i].kind != GV_TX_BID && all[i].kind != GV_TX_CLOSE)
            force(&g.w, g.c, &all[i], US(START + 300));
        pair(&g, 1, 7, US(START + 300), p);
        world_add(&g.w, &p[0]);
        world_add(&g.w, &p[1]);
        p[1] = sample_stamp(&g.w.s, 1, US(START + 300), &p[0], 1);
        world_add(&g.w, &p[1]);
        world_run(&g.w, 2000);
        assert_int_equal(g.c->sum.bids, 1);
        world_free(&g.w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_lists_of_an_auction),
        cmocka_unit_test(two_certs_of_a_fingerprint),
        cmocka_unit_test(two_anchors_of_an_end),
        cmocka_unit_test(two_nodes_of_a_key),
        cmocka_unit_test(two_epochs_of_a_time),
        cmocka_unit_test(other_names_wait_together),
        cmocka_unit_test(one_bad_of_each_kind),
        cmocka_unit_test(many_bad_ones),
        cmocka_unit_test(a_block_drops_what_it_shuts_out),
        cmocka_unit_test(many_objections_C12),
        cmocka_unit_test(revoke_beside_bids_of_the_revoked_C9),
        cmocka_unit_test(revoke_beside_the_enrol_of_the_revoked_C9),
        cmocka_unit_test(revoke_beside_stamps_of_the_revoked_C9),
        cmocka_unit_test(two_closes),
        cmocka_unit_test(one_bad_of_each_kind_beside_a_bid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
