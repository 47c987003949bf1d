/* The limits of every field of a transaction: one field is spoilt, and the
 * verdict names it (docs/spec/format.md, F4). */
#include "tests/unit/core/every_tx.h"

static uint8_t long_bytes[GV_BLOB_MAX + GV_RSA_SIZE];

struct limit {
    enum gv_tx_kind kind;
    void (*spoil)(struct gv_tx *tx, unsigned how);
    unsigned how;
    const char *field;
};

static void
spoil_cred(struct gv_cred *c, unsigned how)
{
    if (how == 0)
        c->role = 0;
    else if (how == 1)
        c->role = GV_ROLE_USER + 1;
    else
        c->not_after_ms = c->not_before_ms;
}

static void
spoil_service(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_service *t = &tx->u.service;

    if (how <= 2)
        spoil_cred(&t->cred, how);
    else if (how == 3)
        t->der.len = 0;
    else if (how == 4)
        t->der = gv_bytes(long_bytes, GV_CERT_DER_MAX + 1);
    else if (how == 5)
        t->endpoint = gv_bytes(memset(long_bytes, 'a', 257), 257);
    else if (how == 6)
        t->endpoint = gv_bytes("http://a b", 10);
    else if (how == 7)
        t->operator_name = gv_bytes(memset(long_bytes, 'a', 65), 65);
    else
        t->operator_name = gv_bytes("a\nb", 3);
}

static void
spoil_cert(struct gv_tx *tx, unsigned how)
{
    if (how <= 2)
        spoil_cred(&tx->u.cert.cred, how);
    else
        tx->u.cert.der = gv_bytes(long_bytes, 1);
}

static void
spoil_revoke(struct gv_tx *tx, unsigned how)
{
    tx->u.revoke.reason = (uint8_t)how;
}

static void
spoil_list(struct gv_tx *tx, unsigned how)
{
    if (how <= 2)
        spoil_cred(&tx->u.list.seller, how);
    else if (how == 3)
        tx->u.list.title.len = 0;
    else if (how == 4)
        tx->u.list.title = gv_bytes(memset(long_bytes, 'a', 201), 201);
    else
        tx->u.list.title = gv_bytes("\xc0\x80", 2);
}

static void
spoil_enrol(struct gv_tx *tx, unsigned how)
{
    if (how <= 2)
        spoil_cred(&tx->u.enrol.cred, how);
    else if (how == 3)
        tx->u.enrol.key.b[0] ^= 1;
    else
        tx->u.enrol.der = gv_bytes(long_bytes, GV_CERT_DER_MAX + 1);
}

static void
spoil_bid(struct gv_tx *tx, unsigned how)
{
    if (how == 0)
        tx->u.bid.kind = 2;
    else
        tx->u.bid.amount = 0;
}

/* The bytes of a sealed part for so many notaries, which say that they are. */
static void
spoil_sealed(struct gv_tx *tx, unsigned how)
{
    memset(long_bytes, 0, gv_bidseal_size(17));
    long_bytes[0] = (uint8_t)how;
    tx->u.bid.kind = GV_BID_SEALED;
    tx->u.bid.sealed = gv_bytes(long_bytes, gv_bidseal_size(how));
}

static void
spoil_keyrelease(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_keyrelease *t = &tx->u.keyrelease;

    if (how == 0)
        t->notary = GV_BIDSEAL_MAX;
    if (how == 1)
        t->secret[0] ^= 1;
    if (how == 2)
        t->secret[31] ^= 0x40;
    if (how == 3)
        t->secret[31] ^= 0x80;
}

static void
spoil_stamp(struct gv_tx *tx, unsigned how)
{
    static uint8_t leaves[(GV_STAMP_LEAVES_MAX + 1) * 32];
    struct gv_tx_stamp *t = &tx->u.stamp;

    for (unsigned i = 0; i <= GV_STAMP_LEAVES_MAX; i++) {
        leaves[32 * i] = (uint8_t)(i >> 8);
        leaves[32 * i + 1] = (uint8_t)i;
    }
    if (how == 0) {
        t->authority = GV_AUTHORITIES_MAX;
    } else if (how == 1) {
        t->token.len = 0;
    } else if (how == 2) {
        t->token = gv_bytes(long_bytes, GV_TOKEN_MAX + 1);
    } else if (how == 3) {
        t->count = 0;
    } else if (how == 4) {
        t->leaves = leaves;
        t->count = GV_STAMP_LEAVES_MAX + 1;
    } else { /* the same leaf twice, or the wrong order */
        memset(leaves, 0, 64);
        leaves[0] = how == 5 ? 0 : 1;
        t->leaves = leaves;
        t->count = 2;
    }
}

static void
spoil_node(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_node *t = &tx->u.node;

    if (how == 0)
        t->cred.role = 0;
    else if (how == 1)
        t->host = gv_bytes("a b", 3);
    else if (how == 2)
        t->p2p_port = 0;
    else if (how == 3)
        t->pub_port = 0;
    else
        t->host.len = 0;
    if (how == 5)
        t->p2p_port = t->pub_port = 0; /* and a place for strangers */
}

static void
spoil_close(struct gv_tx *tx, unsigned how)
{
    tx->u.close.mode = (uint8_t)how;
}

static void
spoil_cutoff(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_cutoff *t = &tx->u.cutoff;

    if (how == 0)
        t->count = 0;
    else if (how == 1)
        t->token[2].authority = GV_AUTHORITIES_MAX;
    else if (how == 2)
        t->token[1].authority = 0;
    else if (how == 3)
        t->token[1].authority = 2;
    else if (how == 4)
        t->token[1].token.len = 0;
    else
        t->token[0].token = gv_bytes(long_bytes, GV_TOKEN_MAX + 1);
}

static void
spoil_outcome(struct gv_tx *tx, unsigned how)
{
    struct gv_outcome *o = &tx->u.outcome;

    if (how == 0) {
        o->status = GV_VOID + 1;
    } else if (how == 1) { /* winner, but not sold */
        o->status = GV_NO_BID;
        o->price = 0;
    } else { /* price, but not sold */
        o->status = GV_NO_BID;
        memset(o->winner.b, 0, 32);
    }
}

static void
spoil_final(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_final *t = &tx->u.final;

    if (how == 0)
        t->link.target_height = t->link.source_height;
    else if (how == 1)
        t->bitmap.len = 0;
    else if (how == 2)
        t->bitmap = gv_bytes(memset(long_bytes, 0, 9), 9);
    else
        t->bitmap = gv_bytes(memset(long_bytes, 0, 1), 1);
}

static void
spoil_anonymous(struct gv_tx *tx, unsigned how)
{
    static const uint8_t token[GV_RSA_SIZE];
    struct gv_tx_enrol *e = &tx->u.enrol;

    e->form = how == 0 ? 2 : GV_ENROL_ANONYMOUS;
    e->token = gv_bytes(token, sizeof(token));
    e->blob = gv_bytes(long_bytes, how == 1   ? GV_BLOB_MIN - 1
                                   : how == 2 ? GV_BLOB_MIN + 1
                                              : GV_BLOB_MAX + GV_RSA_SIZE);
}

static void
spoil_disclose(struct gv_tx *tx, unsigned how)
{
    tx->u.disclose.award = how == 0 ? GV_AWARD_NUMBERS : 0;
    tx->u.disclose.notary = how == 1 ? GV_NOTARIES_MAX : 0;
    tx->u.disclose.side = how == 2 ? 2 : 0;
}

static void
spoil_objection(struct gv_tx *tx, unsigned how)
{
    static const uint8_t kind[] = {GV_TX_BID, GV_TX_STAMP, 0};

    tx->u.objection.validator = how == 0 ? GV_VALIDATORS_MAX : 0;
    tx->u.objection.kind = kind[how];
}

static void
spoil_handover(struct gv_tx *tx, unsigned how)
{
    if (how == 0)
        tx->u.handover.validator = GV_VALIDATORS_MAX;
    else
        tx->u.handover.key = tx->u.handover.old_key;
}

static void
spoil_settle(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_settle *t = &tx->u.settle;

    if (how == 0)
        t->award = GV_AWARD_NUMBERS;
    else if (how == 1)
        t->what = 0;
    else if (how == 2)
        t->what = GV_SETTLE_RECEIVED; /* which the winner says */
    else if (how == 3)
        t->side = 2;
    else if (how == 4)
        t->what = GV_SETTLE_PAID; /* with tokens */
    else if (how == 5)
        t->token[1].authority = t->token[0].authority;
    else if (how == 6)
        t->token[0].token.len = 0;
    else
        t->side = GV_SIDE_WINNER; /* who has not defaulted */
}

static void
spoil_accept(struct gv_tx *tx, unsigned how)
{
    tx->u.accept.award = how == 0 ? 0 : GV_AWARDS_MAX;
}

static void
spoil_anchor(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_anchor *t = &tx->u.anchor;

    if (how == 0)
        t->count = 0;
    if (how == 2)
        t->token[1].authority = t->token[0].authority;
    if (how == 3)
        t->token[1].authority = GV_AUTHORITIES_MAX;
    if (how == 4)
        t->token[0].token.len = 0;
}

static void
spoil_evidence(struct gv_tx *tx, unsigned how)
{
    struct gv_tx_evidence *t = &tx->u.evidence, was = *t;

    t->what = how == 0 ? 2 : GV_EVIDENCE_VOTES;
    if (how == 1) {
        t->vote[0] = was.vote[1];
        t->vote[1] = was.vote[0];
    }
    if (how == 2)
        t->vote[1] = t->vote[0];
    if (how == 3)
        t->vote[1].link.target_height = 3;
    if (how == 4)
        t->vote[1].link.source_height = t->vote[1].link.target_height;
}

static void
spoil_receipt(struct gv_tx *tx, unsigned how)
{
    tx->u.receipt.deadline_us = tx->u.receipt.t_us - how;
}

static const struct limit limits[] = {
    {GV_TX_SERVICE, spoil_service, 0, "credential role"},
    {GV_TX_SERVICE, spoil_service, 1, "credential role"},
    {GV_TX_SERVICE, spoil_service, 2, "credential dates"},
    {GV_TX_SERVICE, spoil_service, 3, "service.der"},
    {GV_TX_SERVICE, spoil_service, 4, "service.der"},
    {GV_TX_SERVICE, spoil_service, 5, "service.endpoint"},
    {GV_TX_SERVICE, spoil_service, 6, "service.endpoint"},
    {GV_TX_SERVICE, spoil_service, 7, "service.operator"},
    {GV_TX_SERVICE, spoil_service, 8, "service.operator"},
    {GV_TX_CERT, spoil_cert, 0, "credential role"},
    {GV_TX_CERT, spoil_cert, 2, "credential dates"},
    {GV_TX_CERT, spoil_cert, 3, "cert.der"},
    {GV_TX_REVOKE, spoil_revoke, 7, "revoke.reason"},
    {GV_TX_REVOKE, spoil_revoke, 11, "revoke.reason"},
    {GV_TX_NODE, spoil_node, 0, "credential role"},
    {GV_TX_NODE, spoil_node, 1, "node.host"},
    {GV_TX_NODE, spoil_node, 2, "node.port"},
    {GV_TX_NODE, spoil_node, 3, "node.port"},
    {GV_TX_NODE, spoil_node, 4, "node.port"},
    {GV_TX_NODE, spoil_node, 5, "node.port"},
    {GV_TX_LIST, spoil_list, 1, "credential role"},
    {GV_TX_LIST, spoil_list, 3, "list.title"},
    {GV_TX_LIST, spoil_list, 4, "list.title"},
    {GV_TX_LIST, spoil_list, 5, "list.title"},
    {GV_TX_ENROL, spoil_enrol, 0, "credential role"},
    {GV_TX_ENROL, spoil_enrol, 2, "credential dates"},
    {GV_TX_ENROL, spoil_enrol, 3, "enrol.key"},
    {GV_TX_ENROL, spoil_enrol, 4, "enrol.der"},
    {GV_TX_BID, spoil_bid, 0, "bid.kind"},
    {GV_TX_BID, spoil_bid, 1, "bid.amount"},
    {GV_TX_BID, spoil_sealed, 0, "bid.sealed"},
    {GV_TX_BID, spoil_sealed, 17, "bid.sealed"},
    {GV_TX_KEYRELEASE, spoil_keyrelease, 0, "keyrelease.notary"},
    {GV_TX_KEYRELEASE, spoil_keyrelease, 1, "keyrelease.key"},
    {GV_TX_KEYRELEASE, spoil_keyrelease, 2, "keyrelease.key"},
    {GV_TX_KEYRELEASE, spoil_keyrelease, 3, "keyrelease.key"},
    {GV_TX_STAMP, spoil_stamp, 0, "stamp.authority"},
    {GV_TX_STAMP, spoil_stamp, 1, "stamp.token"},
    {GV_TX_STAMP, spoil_stamp, 2, "stamp.token"},
    {GV_TX_STAMP, spoil_stamp, 3, "stamp.leaves"},
    {GV_TX_STAMP, spoil_stamp, 4, "stamp.leaves"},
    {GV_TX_STAMP, spoil_stamp, 5, "stamp.leaves"},
    {GV_TX_STAMP, spoil_stamp, 6, "stamp.leaves"},
    {GV_TX_CLOSE, spoil_close, 2, "close.mode"},
    {GV_TX_CUTOFF, spoil_cutoff, 0, "cutoff.tokens"},
    {GV_TX_CUTOFF, spoil_cutoff, 1, "cutoff.authority"},
    {GV_TX_CUTOFF, spoil_cutoff, 2, "cutoff.authority"},
    {GV_TX_CUTOFF, spoil_cutoff, 3, "cutoff.authority"},
    {GV_TX_CUTOFF, spoil_cutoff, 4, "cutoff.token"},
    {GV_TX_CUTOFF, spoil_cutoff, 5, "cutoff.token"},
    {GV_TX_OUTCOME, spoil_outcome, 0, "outcome.status"},
    {GV_TX_OUTCOME, spoil_outcome, 1, "outcome.winner"},
    {GV_TX_OUTCOME, spoil_outcome, 2, "outcome.winner"},
    {GV_TX_FINAL, spoil_final, 0, "final.target"},
    {GV_TX_FINAL, spoil_final, 1, "final.bitmap"},
    {GV_TX_FINAL, spoil_final, 2, "final.bitmap"},
    {GV_TX_FINAL, spoil_final, 3, "final.bitmap"},
    {GV_TX_ENROL, spoil_anonymous, 0, "enrol.form"},
    {GV_TX_ENROL, spoil_anonymous, 1, "enrol.blob"},
    {GV_TX_ENROL, spoil_anonymous, 2, "enrol.blob"},
    {GV_TX_ENROL, spoil_anonymous, 3, "enrol.blob"},
    {GV_TX_DISCLOSE, spoil_disclose, 0, "disclose.award"},
    {GV_TX_DISCLOSE, spoil_disclose, 1, "disclose.notary"},
    {GV_TX_DISCLOSE, spoil_disclose, 2, "disclose.side"},
    {GV_TX_ANCHOR, spoil_anchor, 0, "anchor.tokens"},
    {GV_TX_ANCHOR, spoil_anchor, 2, "anchor.authority"},
    {GV_TX_ANCHOR, spoil_anchor, 3, "anchor.authority"},
    {GV_TX_ANCHOR, spoil_anchor, 4, "anchor.token"},
    {GV_TX_EVIDENCE, spoil_evidence, 0, "evidence.what"},
    {GV_TX_EVIDENCE, spoil_evidence, 1, "evidence.order"},
    {GV_TX_EVIDENCE, spoil_evidence, 2, "evidence.order"},
    {GV_TX_EVIDENCE, spoil_evidence, 3, "evidence.votes"},
    {GV_TX_EVIDENCE, spoil_evidence, 4, "evidence.vote"},
    {GV_TX_OBJECTION, spoil_objection, 0, "objection.validator"},
    {GV_TX_OBJECTION, spoil_objection, 1, "objection.kind"},
    {GV_TX_OBJECTION, spoil_objection, 2, "objection.kind"},
    {GV_TX_HANDOVER, spoil_handover, 0, "handover.validator"},
    {GV_TX_HANDOVER, spoil_handover, 1, "handover.key"},
    {GV_TX_SETTLE, spoil_settle, 0, "settle.award"},
    {GV_TX_SETTLE, spoil_settle, 1, "settle.what"},
    {GV_TX_SETTLE, spoil_settle, 2, "settle.what"},
    {GV_TX_SETTLE, spoil_settle, 3, "settle.what"},
    {GV_TX_SETTLE, spoil_settle, 4, "settle.tokens"},
    {GV_TX_SETTLE, spoil_settle, 5, "settle.authority"},
    {GV_TX_SETTLE, spoil_settle, 6, "settle.token"},
    {GV_TX_SETTLE, spoil_settle, 7, "settle.what"},
    {GV_TX_ACCEPT, spoil_accept, 0, "accept.award"},
    {GV_TX_ACCEPT, spoil_accept, 1, "accept.award"},
    {GV_TX_RECEIPT, spoil_receipt, 0, "receipt.deadline"},
    {GV_TX_RECEIPT, spoil_receipt, 1, "receipt.deadline"},
};

static void
test_limits_F4(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct gv_tx tx = *of_kind(w, limits[i].kind);

        limits[i].spoil(&tx, limits[i].how);
        assert_refused(sample_encode(&w->s, &tx), limits[i].field);
    }
}

/* The largest of what the limits allow is accepted. */
static void
test_largest_F4(void **state)
{
    struct world *w = *state;
    struct gv_tx tx = *of_kind(w, GV_TX_STAMP);
    uint8_t *leaves = sample_alloc(&w->s, GV_STAMP_LEAVES_MAX * 32);

    for (unsigned i = 0; i < GV_STAMP_LEAVES_MAX; i++) {
        leaves[32 * i] = (uint8_t)(i >> 8);
        leaves[32 * i + 1] = (uint8_t)i;
    }
    tx.u.stamp.leaves = leaves;
    tx.u.stamp.count = GV_STAMP_LEAVES_MAX;
    tx.u.stamp.token = gv_bytes(long_bytes, GV_TOKEN_MAX);
    tx.u.stamp.authority = GV_AUTHORITIES_MAX - 1;
    assert_int_equal(decode_exact(sample_encode(&w->s, &tx), NULL), GV_OK);

    tx = *of_kind(w, GV_TX_SERVICE);
    tx.u.service.der = gv_bytes(long_bytes, GV_CERT_DER_MAX);
    tx.u.service.endpoint = gv_bytes(NULL, 0);
    tx.u.service.operator_name = gv_bytes("H\xc3\xa9l\xc3\xa8ne", 8);
    assert_int_equal(decode_exact(sample_encode(&w->s, &tx), NULL), GV_OK);

    tx = *of_kind(w, GV_TX_NODE);
    tx.u.node.host =
        gv_bytes(memset(long_bytes, 'h', GV_NODE_HOST_MAX), GV_NODE_HOST_MAX);
    assert_int_equal(decode_exact(sample_encode(&w->s, &tx), NULL), GV_OK);
    tx.u.node.host.len = 0;
    tx.u.node.p2p_port = tx.u.node.pub_port = tx.u.node.submit_port = 0;
    assert_int_equal(decode_exact(sample_encode(&w->s, &tx), NULL), GV_OK);

    tx = *of_kind(w, GV_TX_BID);
    spoil_sealed(&tx, GV_BIDSEAL_MAX);
    assert_int_equal(decode_exact(sample_encode(&w->s, &tx), NULL), GV_OK);

    tx = *of_kind(w, GV_TX_LIST);
    tx.u.list.title = gv_bytes(memset(long_bytes, 'a', 200), 200);
    assert_int_equal(decode_exact(sample_encode(&w->s, &tx), NULL), GV_OK);
}

/* Encode, decode: the field that is refused, or NULL. */
static const char *
refused_by(const struct gv_tx *tx, struct gv_tx *back)
{
    static uint8_t raw[GV_TX_MAX];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));
    struct gv_reject why;

    gv_tx_put(&sink, tx);
    assert_false(sink.failed);
    return gv_tx_decode(gv_bytes(raw, sink.len), back, &why) == GV_OK
               ? NULL
               : why.field;
}

static void
lots_come_back_F4(void **state)
{
    struct world *w = *state;
    uint8_t results[GV_RESULTS_ROOM + GV_RESULT_SIZE] = {0};
    struct gv_result sold = {.status = GV_SOLD, .price = 7}, got;
    struct gv_tx tx = *of_kind(w, GV_TX_BID), back;

    tx.u.bid.lot = GV_LOTS_MAX;
    assert_null(refused_by(&tx, &back));
    assert_int_equal(back.u.bid.lot, GV_LOTS_MAX);
    tx.u.bid.lot = GV_LOTS_MAX + 1;
    assert_string_equal(refused_by(&tx, &back), "bid.lot");

    tx = *of_kind(w, GV_TX_OUTCOME);
    for (unsigned i = 0; i <= GV_LOTS_MAX; i++)
        results[i * GV_RESULT_SIZE] = GV_RESERVE_NOT_MET;
    gv_result_put(&sold, results + GV_RESULT_SIZE);
    tx.u.outcome.lots = gv_bytes(results, GV_RESULTS_ROOM);
    assert_null(refused_by(&tx, &back));
    assert_int_equal(back.u.outcome.lots.len, GV_RESULTS_ROOM);
    assert_int_equal(back.u.outcome.status, GV_SOLD);
    assert_int_equal(back.u.outcome.price, 0);
    gv_result_get(back.u.outcome.lots.p + GV_RESULT_SIZE, &got);
    assert_int_equal(got.price, 7);
    tx.u.outcome.lots = gv_bytes(results, sizeof(results));
    assert_string_equal(refused_by(&tx, &back), "outcome.lots");
    tx.u.outcome.lots = gv_bytes(results, GV_RESULT_SIZE);
    assert_string_equal(refused_by(&tx, &back), "outcome.lots");
    tx.u.outcome.lots = gv_bytes(results, (size_t)2 * GV_RESULT_SIZE);
    assert_null(refused_by(&tx, &back));
    results[33] = 1; /* a price of what was not sold */
    assert_string_equal(refused_by(&tx, &back), "outcome.winner");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lots_come_back_F4),
        cmocka_unit_test(test_limits_F4),
        cmocka_unit_test(test_largest_F4),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
