/* The registry's rules: what breaks them is refused with its code and leaves
 * the directory as it was. */
#include "tests/unit/state/fixture.h"

#define START SAMPLE_OPENING_MS

struct stage {
    struct world w;
    struct gv_chain *c;
    struct gv_tx ca; /* its SERVICE, on the chain */
};

static void
stage_make(struct stage *g, bool with_ca)
{
    struct world_options o = {.no_registry = true};
    struct gv_tx tx = {.kind = GV_TX_SERVICE};

    world_make(&g->w, &o);
    g->c = gv_state_registry(g->w.st);
    g->w.now_ms = START + 100000;
    tx = sample_service(&g->w.s);
    tx.u.service.cred = g->w.s.ca.cred;
    tx.u.service.der = gv_bytes(g->w.s.ca.cred.key.b, 32);
    g->ca = sample_tx(&g->w.s, &tx, &g->w.s.ca.secret);
    if (with_ca)
        accept_block_on_tip(&g->w, g->c, START, &g->ca, 1);
}

static struct gv_tx
revoke_by_root(struct stage *g, const struct gv_hash *fingerprint)
{
    struct gv_tx tx = sample_revoke(&g->w.s, 0);

    tx.u.revoke.fingerprint = *fingerprint;
    tx.u.revoke.issuer = g->w.s.params->root;
    return sample_tx(&g->w.s, &tx, &g->w.s.params->root_secret);
}

static void
G1_heartbeat(void **state)
{
    struct stage g;

    (void)state;
    stage_make(&g, true);
    refuse_block(&g.w, g.c, GV_EMPTY_BLOCK, START + 999, NULL, 0);
    accept_block_on_tip(&g.w, g.c, START + 1000, NULL, 0);
    world_free(&g.w);
}

static void
G2_services(void **state)
{
    struct stage g;
    struct gv_tx tsa, moved, tx;

    (void)state;
    stage_make(&g, false);
    tsa = sample_service(&g.w.s);
    accept_block_on_tip(&g.w, g.c, START, &tsa, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 300, &tsa, 1);
    moved = tsa;
    moved.u.service.endpoint = gv_bytes("x", 1);
    moved = sample_tx(&g.w.s, &moved, &g.w.s.tsa.secret);
    accept_block_on_tip(&g.w, g.c, START + 300, &moved, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 600, &tsa, 1);
    assert_string_equal(
        gv_directory_service(g.c->dir, &g.w.s.tsa.cred.key)->endpoint, "x");
    tx = revoke_by_root(&g, &g.w.s.tsa.cred.fingerprint);
    accept_block_on_tip(&g.w, g.c, START + 600, &tx, 1);
    moved.u.service.endpoint = gv_bytes("y", 1);
    moved = sample_tx(&g.w.s, &moved, &g.w.s.tsa.secret);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 900, &moved, 1);
    world_free(&g.w);
}

static void
G3_certs(void **state)
{
    struct stage g;
    struct gv_tx cert, tx[2];

    (void)state;
    stage_make(&g, false);
    cert = sample_cert(&g.w.s, 0);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START, &cert, 1);
    accept_block_on_tip(&g.w, g.c, START, &g.ca, 1);
    accept_block_on_tip(&g.w, g.c, START + 300, &cert, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 600, &cert, 1);
    tx[0] = revoke_by_root(&g, &g.w.s.bidder[1].cred.fingerprint);
    tx[1] = sample_cert(&g.w.s, 1);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 600, tx, 2);
    tx[0] = sample_cert(&g.w.s, 1);
    tx[1] = revoke_by_root(&g, &g.w.s.ca.cred.fingerprint);
    accept_block_on_tip(&g.w, g.c, START + 600, tx, 2);
    tx[0] = sample_cert(&g.w.s, 2);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 900, tx, 1);
    world_free(&g.w);
}

static void
G4_revokes(void **state)
{
    struct stage g;
    struct gv_tx cert, revoke;

    (void)state;
    stage_make(&g, true);
    cert = sample_cert(&g.w.s, 0);
    revoke = sample_revoke(&g.w.s, 0);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 300, &revoke, 1);
    accept_block_on_tip(&g.w, g.c, START + 300, &cert, 1);
    accept_block_on_tip(&g.w, g.c, START + 600, &revoke, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 900, &revoke, 1);
    world_free(&g.w);
}

/* Who was certified a moment ago can be revoked: both wait for one block. */
static void
a_revocation_waits_for_its_certificate(void **state)
{
    struct stage g;
    struct gv_tx cert, revoke, other;

    (void)state;
    stage_make(&g, true);
    cert = sample_cert(&g.w.s, 0);
    revoke = sample_revoke(&g.w.s, 0);
    other = sample_revoke(&g.w.s, 1);
    assert_int_equal(world_try(&g.w, &revoke), GV_NOT_SIGNER);
    world_add(&g.w, &cert);
    world_add(&g.w, &revoke);
    assert_int_equal(world_try(&g.w, &other), GV_NOT_SIGNER);
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->dir->certs, 1);
    assert_int_equal(g.c->dir->revoked, 1);
    assert_int_equal(world_try(&g.w, &revoke), GV_DUPLICATE);
    world_free(&g.w);
}

static void
G5_lists(void **state)
{
    struct stage g;
    struct gv_tx list, tx[2];

    (void)state;
    stage_make(&g, true);
    list = sample_list(&g.w.s);
    tx[0] = revoke_by_root(&g, &g.w.s.seller.cred.fingerprint);
    tx[1] = list;
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 300, tx, 2);
    accept_block_on_tip(&g.w, g.c, START + 300, &list, 1);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 600, &list, 1);
    world_free(&g.w);
}

/* Off and on again. */
static void
directory_goes_back(void **state)
{
    struct stage g;
    uint8_t before[32], after[32];
    struct gv_tx tx[4];
    uint32_t fork, b;
    struct gv_bytes raw;

    (void)state;
    stage_make(&g, true);
    tx[0] = sample_service(&g.w.s);
    tx[1] = sample_cert(&g.w.s, 0);
    tx[2] = sample_list(&g.w.s);
    tx[3] = sample_revoke(&g.w.s, 0);
    directory_digest(g.c->dir, before);
    accept_block_on_tip(&g.w, g.c, START + 300, tx, 4);
    gv_directory_disconnect(g.c->dir);
    directory_digest(g.c->dir, after);
    assert_memory_equal(before, after, 32);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = gv_state_registry(g.w.st);
    assert_int_equal(g.c->dir->certs, 1);
    fork = g.c->tree.node[g.c->tip].parent;
    raw = world_block_on(&g.w, g.c, fork, START + 1001, NULL, 0);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    b = world_node(g.c, raw);
    raw = world_block_on(&g.w, g.c, b, START + 2001, NULL, 0);
    assert_int_equal(world_give(&g.w, raw), GV_ACCEPTED);
    assert_int_equal(g.c->dir->certs, 0);
    g.w.now_ms += 1000;
    assert_true(world_mine(&g.w) > 0); /* all of it again, in one block */
    assert_int_equal(g.c->dir->certs + g.c->dir->listings, 2);
    assert_int_equal(g.c->dir->revoked, 1);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(G1_heartbeat),
        cmocka_unit_test(G2_services),
        cmocka_unit_test(G3_certs),
        cmocka_unit_test(G4_revokes),
        cmocka_unit_test(a_revocation_waits_for_its_certificate),
        cmocka_unit_test(G5_lists),
        cmocka_unit_test(directory_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
