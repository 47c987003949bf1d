/* The registry's rules: what breaks them is refused with its code and leaves
 * the directory as it was. */
#include "tests/support/seller.h"
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

/* Sign a record with changed fields again. */
static struct gv_tx
resign(struct stage *g, struct gv_tx *fields, const struct gv_seckey *secret)
{
    return sample_tx(&g->w.s, fields, secret);
}

/* A node's own certificate, and its record. */
static void
certify_node(struct stage *g, struct sample_party *p, struct gv_tx *cert,
             struct gv_tx *node)
{
    struct gv_tx tx = sample_begin(&g->w.s, GV_TX_CERT);

    *p = g->w.s.bidder[3];
    sample_cred(&g->w.s, p, GV_ROLE_NODE, &g->w.s.ca.secret);
    tx.u.cert.issuer = g->w.s.ca.cred.key;
    tx.u.cert.cred = p->cred;
    *cert = sample_tx(&g->w.s, &tx, NULL);
    tx = sample_node(&g->w.s, 1);
    tx.u.node.issuer = g->w.s.ca.cred.key;
    tx.u.node.cred = p->cred;
    *node = resign(g, &tx, &p->secret);
}

static void
G6_nodes_of_services(void **state)
{
    const struct gv_dir_node *n;
    struct gv_tx tsa, node, tx;
    struct stage g;

    (void)state;
    stage_make(&g, true);
    tsa = sample_service(&g.w.s);
    node = sample_node(&g.w.s, 7);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 300, &node, 1);
    accept_block_on_tip(&g.w, g.c, START + 300, &tsa, 1);
    accept_block_on_tip(&g.w, g.c, START + 600, &node, 1);
    n = gv_directory_node(g.c->dir, &g.w.s.tsa.cred.key);
    assert_non_null(n);
    assert_string_equal(n->host, "127.0.0.1");
    assert_int_equal(n->submit_port, 18336);
    assert_true(gv_directory_node_counts(g.c->dir, n, START + 700));
    assert_false(gv_directory_node_counts(g.c->dir, n, START + 86400001));
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1700, &node, 1);
    tx = sample_node(&g.w.s, 6);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1700, &tx, 1);
    tx = sample_node(&g.w.s, 8);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 1599, &tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 1600, &tx, 1);
    assert_int_equal(gv_directory_node(g.c->dir, &g.w.s.tsa.cred.key)->height,
                     4);
    assert_false(
        gv_directory_node_counts(g.c->dir, &g.c->dir->node[0], START + 1700));
    tx = revoke_by_root(&g, &g.w.s.tsa.cred.fingerprint);
    accept_block_on_tip(&g.w, g.c, START + 2600, &tx, 1);
    n = gv_directory_node(g.c->dir, &g.w.s.tsa.cred.key);
    assert_false(gv_directory_node_counts(g.c->dir, n, START + 2700));
    tx = sample_node(&g.w.s, 9);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 3600, &tx, 1);
    world_free(&g.w);
}

static void
G6_nodes_of_their_own(void **state)
{
    struct gv_tx cert, node, tx;
    struct sample_party p;
    struct stage g;

    (void)state;
    stage_make(&g, true);
    certify_node(&g, &p, &cert, &node);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 300, &node, 1);
    accept_block_on_tip(&g.w, g.c, START + 300, &cert, 1);
    tx = node;
    tx.u.node.not_after_ms = START + 599;
    tx = resign(&g, &tx, &p.secret);
    refuse_block(&g.w, g.c, GV_DEADLINE, START + 600, &tx, 1);
    tx.u.node.not_after_ms = START + 601 + UINT64_C(90) * 86400000;
    tx = resign(&g, &tx, &p.secret);
    refuse_block(&g.w, g.c, GV_DEADLINE, START + 600, &tx, 1);
    tx = node; /* the service's issuer is no CA of this certificate */
    tx.u.node.issuer = g.w.s.params->root;
    tx = resign(&g, &tx, &p.secret);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 600, &tx, 1);
    tx = node; /* a user is no node */
    tx.u.node.cred = g.w.s.bidder[0].cred;
    tx = resign(&g, &tx, &g.w.s.bidder[0].secret);
    refuse_block(&g.w, g.c, GV_BAD_CREDENTIAL, START + 600, &tx, 1);
    accept_block_on_tip(&g.w, g.c, START + 600, &node, 1);
    assert_true(gv_directory_node_counts(
        g.c->dir, gv_directory_node(g.c->dir, &p.cred.key), START + 700));
    tx = revoke_by_root(&g, &g.w.s.ca.cred.fingerprint);
    accept_block_on_tip(&g.w, g.c, START + 900, &tx, 1);
    assert_false(gv_directory_node_counts(
        g.c->dir, gv_directory_node(g.c->dir, &p.cred.key), START + 1000));
    world_free(&g.w);
}

/* As blocks become final, and at a start, replaced records are forgotten. */
static void
G6_replaced_records_end_with_finality(void **state)
{
    struct gv_tx tsa, node;
    struct stage g;

    (void)state;
    world_make(&g.w, NULL); /* with the registry's validator */
    g.c = gv_state_registry(g.w.st);
    tsa = sample_service(&g.w.s);
    accept_block_on_tip(&g.w, g.c, START + 300, &tsa, 1);
    for (unsigned i = 1; i <= 150; i++) {
        g.w.now_ms = START + 1000 * i + 1000;
        node = sample_node(&g.w.s, i);
        accept_block_on_tip(&g.w, g.c, START + 1000 * i, &node, 1);
    }
    assert_true(g.c->tree.node[g.c->tree.final].height > 100);
    assert_true(g.c->dir->nodes < 100);
    assert_int_equal(gv_directory_node(g.c->dir, &g.w.s.tsa.cred.key)->seq,
                     150);
    world_commit(&g.w);
    world_restart(&g.w);
    g.c = gv_state_registry(g.w.st);
    assert_true(g.c->dir->nodes < 100);
    assert_int_equal(gv_directory_node(g.c->dir, &g.w.s.tsa.cred.key)->seq,
                     150);
    world_free(&g.w);
}

/* The record before it counts again. */
static void
G6_a_node_goes_back(void **state)
{
    struct gv_tx tsa, node;
    uint8_t before[32], after[32];
    struct stage g;

    (void)state;
    stage_make(&g, true);
    tsa = sample_service(&g.w.s);
    node = sample_node(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, START + 300, &tsa, 1);
    accept_block_on_tip(&g.w, g.c, START + 600, &node, 1);
    directory_digest(g.c->dir, before);
    node = sample_node(&g.w.s, 2);
    accept_block_on_tip(&g.w, g.c, START + 1600, &node, 1);
    assert_int_equal(g.c->dir->nodes, 2);
    gv_directory_disconnect(g.c->dir);
    directory_digest(g.c->dir, after);
    assert_memory_equal(before, after, 32);
    assert_int_equal(gv_directory_node(g.c->dir, &g.w.s.tsa.cred.key)->seq, 1);
    world_free(&g.w);
}

/* Nothing proves that a key has the curve in its record. */
static void
a_node_of_a_known_curve_takes_nobodys_place(void **state)
{
    const struct gv_dir_node *known[8];
    struct gv_tx tsa, cert, node, thief;
    struct sample_party p;
    struct stage g;

    (void)state;
    stage_make(&g, true);
    tsa = sample_service(&g.w.s);
    certify_node(&g, &p, &cert, &thief);
    thief.u.node.host = gv_bytes("10.6.6.6", 8);
    thief = resign(&g, &thief, &p.secret);
    accept_block_on_tip(&g.w, g.c, START + 300, &tsa, 1);
    accept_block_on_tip(&g.w, g.c, START + 600, &cert, 1);
    node = sample_node(&g.w.s, 1);
    accept_block_on_tip(&g.w, g.c, START + 900, &node, 1);
    accept_block_on_tip(&g.w, g.c, START + 1200, &thief, 1);
    assert_int_equal(gv_directory_nodes_known(g.c->dir, START + 1300, known),
                     1);
    assert_string_equal(known[0]->host, "127.0.0.1");
    /* A renewed record is no later claim. */
    node = sample_node(&g.w.s, 2);
    accept_block_on_tip(&g.w, g.c, START + 1900, &node, 1);
    assert_int_equal(gv_directory_nodes_known(g.c->dir, START + 2000, known),
                     1);
    assert_int_equal(known[0]->seq, 2);
    assert_string_equal(known[0]->host, "127.0.0.1");
    /* A curve of its own. */
    thief.u.node.seq = 3;
    memset(thief.u.node.curve, 0x77, 32);
    thief = resign(&g, &thief, &p.secret);
    accept_block_on_tip(&g.w, g.c, START + 2500, &thief, 1);
    assert_int_equal(gv_directory_nodes_known(g.c->dir, START + 2600, known),
                     2);
    /* Who came back to it is the last to name it. */
    thief.u.node.seq = 4;
    memcpy(thief.u.node.curve, node.u.node.curve, 32);
    thief = resign(&g, &thief, &p.secret);
    accept_block_on_tip(&g.w, g.c, START + 3600, &thief, 1);
    assert_int_equal(gv_directory_nodes_known(g.c->dir, START + 3700, known),
                     1);
    assert_string_equal(known[0]->host, "127.0.0.1");
    tsa = revoke_by_root(&g, &g.w.s.tsa.cred.fingerprint);
    accept_block_on_tip(&g.w, g.c, START + 4600, &tsa, 1);
    assert_int_equal(gv_directory_nodes_known(g.c->dir, START + 4700, known),
                     1);
    assert_string_equal(known[0]->host, "10.6.6.6");
    world_free(&g.w);
}

/* One record of a key waits at a time. */
static void
one_node_of_a_key_waits(void **state)
{
    struct gv_tx tsa, first, second;
    struct stage g;

    (void)state;
    stage_make(&g, true);
    tsa = sample_service(&g.w.s);
    accept_block_on_tip(&g.w, g.c, START + 300, &tsa, 1);
    first = sample_node(&g.w.s, 1);
    second = sample_node(&g.w.s, 2);
    world_add(&g.w, &first);
    assert_int_equal(world_try(&g.w, &second), GV_DUPLICATE);
    assert_true(world_mine(&g.w) > 0);
    assert_int_equal(g.c->dir->nodes, 1);
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

/* An issuer has one epoch at a time, and a pseudonym lists one auction; both
 * are forgotten with their block. */
static void
S0_05_G9_epochs_and_pseudonyms(void **state)
{
    struct gv_directory *d;
    struct gv_epoch e;
    struct gv_open o;
    struct gv_tx list, epoch = {.kind = GV_TX_EPOCH};
    struct gv_reject why;
    struct stage g;

    (void)state;
    stage_make(&g, true);
    d = g.c->dir;
    sample_escrow(&g.w.s, 3, &g.w.s.open);
    g.w.s.open.terms.identity = GV_ANONYMOUS;
    o = g.w.s.open;
    seller_epoch(&g.w.s, &e);
    seller_open(&g.w.s, &e, &o);
    list = seller_list(&g.w.s, &e, &o);
    assert_int_equal(gv_tx_decode(o.epoch, &epoch, &why), GV_OK);
    refuse_block(&g.w, g.c, GV_NOT_SIGNER, START + 300, &list, 1);
    accept_block_on_tip(&g.w, g.c, START + 300, &epoch, 1);
    assert_true(gv_bytes_eq(
        gv_bytes(gv_directory_epoch(d, &e.desk.id)->raw, o.epoch.len),
        o.epoch));
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 600, &epoch, 1);
    accept_block_on_tip(&g.w, g.c, START + 600, &list, 1);
    list.u.list.auction.b[0] ^= 1;
    list = sample_tx(&g.w.s, &list, &g.w.s.seller.secret);
    refuse_block(&g.w, g.c, GV_DUPLICATE, START + 900, &list, 1);
    gv_directory_disconnect(d);
    assert_int_equal(gv_directory_check(d, &list, START + 900, &why), GV_OK);
    gv_directory_disconnect(d);
    assert_null(gv_directory_epoch(d, &e.desk.id));
    assert_int_equal(gv_directory_check(d, &epoch, START + 900, &why), GV_OK);
    assert_int_equal(gv_directory_check(d, &list, START + 900, &why),
                     GV_REJECT);
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
        cmocka_unit_test(G6_nodes_of_services),
        cmocka_unit_test(G6_nodes_of_their_own),
        cmocka_unit_test(G6_replaced_records_end_with_finality),
        cmocka_unit_test(G6_a_node_goes_back),
        cmocka_unit_test(a_node_of_a_known_curve_takes_nobodys_place),
        cmocka_unit_test(one_node_of_a_key_waits),
        cmocka_unit_test(directory_goes_back),
        cmocka_unit_test(S0_05_G9_epochs_and_pseudonyms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
