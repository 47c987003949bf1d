/* sample_tx.c - one builder for each kind of transaction. */
#include <stdlib.h>

#include "tests/support/sample.h"
#include "tests/support/support.h"

struct gv_bytes
sample_encode(struct sample *s, const struct gv_tx *fields)
{
    struct gv_sink sink = gv_sink_count();
    uint8_t *raw;

    gv_tx_put(&sink, fields);
    raw = sample_alloc(s, sink.len);
    sink = gv_sink_buffer(raw, sink.len);
    gv_tx_put(&sink, fields);
    return gv_bytes(raw, sink.len);
}

struct gv_tx
sample_tx(struct sample *s, struct gv_tx *fields,
          const struct gv_seckey *secret)
{
    struct gv_tx out;
    struct gv_reject why;
    char text[160];

    if (secret != NULL && gv_tx_sign(s->keys, secret, fields) != GV_OK)
        support_die("cannot sign a transaction");
    if (gv_tx_decode(sample_encode(s, fields), &out, &why) != GV_OK)
        support_die("%s: %s", gv_tx_name(fields->kind),
                    gv_reject_text(&why, text, sizeof(text)));
    return out;
}

struct gv_tx
sample_begin(const struct sample *s, enum gv_tx_kind kind)
{
    return (struct gv_tx){.kind = kind,
                          .chain = gv_tx_on_registry(kind) ? s->params->registry
                                                           : s->open.id};
}

/* The bytes whose hash the fingerprints of the sample are. */
static struct gv_bytes
der_of(const struct sample_party *party)
{
    return gv_bytes(party->cred.key.b, 32);
}

struct gv_tx
sample_service(struct sample *s)
{
    static const char url[] = "http://127.0.0.1:1/tsa";
    struct gv_tx tx = sample_begin(s, GV_TX_SERVICE);

    tx.u.service.cred = s->tsa.cred;
    tx.u.service.der = der_of(&s->tsa);
    tx.u.service.endpoint = gv_bytes(url, strlen(url));
    tx.u.service.operator_name = gv_bytes("TTP", 3);
    return sample_tx(s, &tx, &s->tsa.secret);
}

struct gv_tx
sample_cert(struct sample *s, unsigned bidder)
{
    struct gv_tx tx = sample_begin(s, GV_TX_CERT);

    tx.u.cert.issuer = s->ca.cred.key;
    tx.u.cert.cred = s->bidder[bidder].cred;
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_revoke(struct sample *s, unsigned bidder)
{
    struct gv_tx tx = sample_begin(s, GV_TX_REVOKE);

    tx.u.revoke.fingerprint = s->bidder[bidder].cred.fingerprint;
    tx.u.revoke.reason = 1;
    tx.u.revoke.issuer = s->ca.cred.key;
    return sample_tx(s, &tx, &s->ca.secret);
}

struct gv_tx
sample_node(struct sample *s, uint64_t seq)
{
    struct gv_tx tx = sample_begin(s, GV_TX_NODE);

    tx.u.node.issuer = s->params->root;
    tx.u.node.cred = s->tsa.cred;
    memset(tx.u.node.curve, 0x55, 32);
    tx.u.node.host = gv_bytes("127.0.0.1", 9);
    tx.u.node.p2p_port = 18330;
    tx.u.node.pub_port = 18331;
    tx.u.node.submit_port = 18336;
    tx.u.node.roles = 1;
    tx.u.node.seq = seq;
    tx.u.node.not_after_ms = s->open.opening_ms + 86400000;
    return sample_tx(s, &tx, &s->tsa.secret);
}

struct gv_tx
sample_list(struct sample *s)
{
    struct gv_tx tx = sample_begin(s, GV_TX_LIST);

    tx.u.list.auction = s->open.id;
    tx.u.list.opening_ms = s->open.opening_ms;
    tx.u.list.title = s->open.title;
    tx.u.list.issuer = s->ca.cred.key;
    tx.u.list.seller = s->seller.cred;
    return sample_tx(s, &tx, &s->seller.secret);
}

struct gv_tx
sample_enrol(struct sample *s, unsigned bidder)
{
    struct sample_party *p = &s->bidder[bidder];
    struct gv_tx tx = sample_begin(s, GV_TX_ENROL);

    tx.u.enrol.key = p->cred.key;
    memset(tx.u.enrol.ek, 0x33, 32);
    tx.u.enrol.cred = p->cred;
    tx.u.enrol.der = der_of(p);
    return sample_tx(s, &tx, &p->secret);
}

struct gv_tx
sample_bid(struct sample *s, unsigned bidder, uint32_t seq, uint64_t amount)
{
    struct gv_tx tx = sample_begin(s, GV_TX_BID);
    uint8_t *block0;
    struct gv_block b;
    size_t len;

    block0 = gv_block0_auction(&s->open, &len);
    if (block0 == NULL ||
        gv_block_decode(gv_bytes(block0, len), s->params, &b, NULL) != GV_OK)
        support_die("no block 0");
    tx.u.bid.recent = b.h.sealed_id;
    gv_block_clear(&b);
    free(block0);
    tx.u.bid.bidder = s->bidder[bidder].cred.key;
    tx.u.bid.seq = seq;
    tx.u.bid.amount = amount;
    memset(tx.u.bid.memo, 0x44, GV_MEMO_SIZE);
    return sample_tx(s, &tx, &s->bidder[bidder].secret);
}

struct gv_tx
sample_bid_lot(struct sample *s, unsigned bidder, uint32_t seq, uint64_t amount,
               uint8_t lot)
{
    struct gv_tx tx = sample_bid(s, bidder, seq, amount);

    tx.u.bid.lot = lot;
    return sample_tx(s, &tx, &s->bidder[bidder].secret);
}

struct gv_tx
sample_close(struct sample *s)
{
    struct gv_tx tx = sample_begin(s, GV_TX_CLOSE);

    return sample_tx(s, &tx, &s->seller.secret);
}

struct gv_tx
sample_cancel(struct sample *s)
{
    struct gv_tx tx = sample_begin(s, GV_TX_CLOSE);

    tx.u.close.mode = GV_CLOSE_CANCEL;
    return sample_tx(s, &tx, &s->seller.secret);
}

struct gv_tx
sample_outcome(struct sample *s, const struct gv_outcome *o)
{
    struct gv_tx tx = sample_begin(s, GV_TX_OUTCOME);

    tx.u.outcome = *o;
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_receipt(struct sample *s, const struct gv_tx *bid)
{
    struct gv_tx tx = sample_begin(s, GV_TX_RECEIPT);

    tx.chain = bid->chain;
    tx.u.receipt.bid = bid->u.bid.id;
    tx.u.receipt.t_us = s->open.opening_ms * 1000;
    tx.u.receipt.deadline_us =
        tx.u.receipt.t_us + (uint64_t)s->open.terms.d_ms * 1000;
    tx.u.receipt.service = s->tsa.cred.key;
    return sample_tx(s, &tx, &s->tsa.secret);
}

static int
compare_leaves(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

struct gv_tx
sample_stamp(struct sample *s, unsigned authority, uint64_t t_us,
             const struct gv_tx *listed, size_t n)
{
    struct gv_tx tx = sample_begin(s, GV_TX_STAMP);
    uint8_t *leaves = sample_alloc(s, n * 32);
    uint8_t root[32];

    for (size_t i = 0; i < n; i++) {
        if (listed[i].kind == GV_TX_BID)
            gv_stamp_leaf(GV_TX_BID, listed[i].u.bid.id.b, &listed[i].u.bid.sig,
                          leaves + 32 * i);
        else
            gv_stamp_leaf(GV_TX_CLOSE, listed[i].u.close.id.b,
                          &listed[i].u.close.sig, leaves + 32 * i);
    }
    qsort(leaves, n, 32, compare_leaves);
    gv_stamp_root(leaves, n, root);
    tx.u.stamp.authority = (uint8_t)authority;
    tx.u.stamp.token = sample_token(s, authority, root, t_us,
                                    s->open.authority[authority].policy);
    tx.u.stamp.count = (uint16_t)n;
    tx.u.stamp.leaves = leaves;
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_cutoff(struct sample *s, const struct gv_sealed_id *parent,
              unsigned count, uint64_t t_us)
{
    struct gv_tx tx = sample_begin(s, GV_TX_CUTOFF);
    uint8_t imprint[32];

    gv_cutoff_imprint(&s->open.id, parent, imprint);
    tx.u.cutoff.count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        tx.u.cutoff.token[i].authority = (uint8_t)i;
        tx.u.cutoff.token[i].token =
            sample_token(s, i, imprint, t_us, gv_policy_blind());
    }
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_final(struct sample *s, const struct gv_chain_id *chain,
             const struct gv_vote *link, uint64_t signers)
{
    bool registry = GV_ID_EQ(chain, &s->params->registry);
    unsigned m =
        registry ? s->params->validator_count : s->open.validator_count;
    struct gv_tx tx = {.kind = GV_TX_FINAL, .chain = *chain};
    uint8_t *bitmap = sample_alloc(s, (m + 7) / 8);
    uint8_t *sigs = sample_alloc(s, (size_t)m * 64);
    uint8_t digest[32];
    struct gv_sig sig;

    gv_vote_digest(chain, link, digest);
    tx.u.final.link = *link;
    for (unsigned i = 0; i < m; i++) {
        if ((signers >> i & 1) == 0)
            continue;
        if (gv_key_sign(s->keys,
                        registry ? &s->params->validator_secret[i]
                                 : &s->validator[i],
                        digest, NULL, &sig) != GV_OK)
            support_die("cannot vote");
        bitmap[i / 8] |= (uint8_t)(1u << (i % 8));
        memcpy(sigs + (size_t)tx.u.final.count++ * 64, sig.b, 64);
    }
    tx.u.final.bitmap = gv_bytes(bitmap, (m + 7) / 8);
    tx.u.final.sigs = sigs;
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_objection(struct sample *s, unsigned validator,
                 const struct gv_sealed_id *block)
{
    struct gv_tx tx = sample_begin(s, GV_TX_OBJECTION);

    tx.u.objection.validator = (uint8_t)validator;
    tx.u.objection.kind = GV_TX_BID;
    memset(tx.u.objection.id, 0x44, 32);
    tx.u.objection.block = *block;
    return sample_tx(s, &tx, &s->validator[validator]);
}

struct gv_tx
sample_handover(struct sample *s, unsigned validator,
                const struct gv_seckey *from, const struct gv_seckey *to)
{
    struct gv_tx tx = sample_begin(s, GV_TX_HANDOVER);
    struct gv_tx_handover *t = &tx.u.handover;
    uint8_t digest[32];

    t->validator = (uint8_t)validator;
    if (gv_key_public(s->keys, from, &t->old_key) != GV_OK ||
        gv_key_public(s->keys, to, &t->key) != GV_OK)
        support_die("a validator's key is no key");
    gv_handover_digest(&tx.chain, t, digest);
    if (gv_key_sign(s->keys, to, digest, NULL, &t->pop) != GV_OK)
        support_die("cannot show a key");
    return sample_tx(s, &tx, from);
}

struct gv_tx
sample_evidence(struct sample *s, const struct gv_chain_id *accused,
                const struct gv_seckey *secret, const struct gv_vote link[2])
{
    struct gv_tx tx = {.kind = GV_TX_EVIDENCE, .chain = s->params->registry};
    struct gv_tx_evidence *t = &tx.u.evidence;
    uint8_t digest[32];
    uint8_t *raw = sample_alloc(s, 512);
    struct gv_sink a = gv_sink_buffer(raw, 512);

    t->what = GV_EVIDENCE_VOTES;
    t->accused = *accused;
    if (gv_key_public(s->keys, secret, &t->key) != GV_OK)
        support_die("no key");
    for (int i = 0; i < 2; i++) {
        t->vote[i].link = link[i];
        gv_vote_digest(accused, &link[i], digest);
        if (gv_key_sign(s->keys, secret, digest, NULL, &t->vote[i].sig) !=
            GV_OK)
            support_die("cannot vote");
    }
    gv_tx_put(&a, &tx);
    /* The votes are the last 2 x 136 bytes. */
    if (memcmp(raw + a.len - 272, raw + a.len - 136, 136) > 0) {
        struct gv_tx_evidence swapped = *t;

        swapped.vote[0] = t->vote[1];
        swapped.vote[1] = t->vote[0];
        *t = swapped;
    }
    return sample_tx(s, &tx, NULL);
}

struct gv_tx
sample_anchor(struct sample *s, const struct gv_tx_id *final, unsigned count,
              uint64_t t_us)
{
    struct gv_tx tx = {.kind = GV_TX_ANCHOR, .chain = s->params->registry};
    struct gv_tx_anchor *t = &tx.u.anchor;
    uint8_t imprint[32];

    t->auction = s->open.id;
    t->final = *final;
    t->service = s->tsa.cred.key;
    t->count = (uint8_t)count;
    gv_anchor_imprint(&s->open.id, final, imprint);
    for (unsigned i = 0; i < count; i++) {
        t->token[i].authority = (uint8_t)i;
        t->token[i].token =
            sample_token(s, i, imprint, t_us + i, gv_policy_blind());
    }
    return sample_tx(s, &tx, &s->tsa.secret);
}

void
sample_all(struct sample *s, struct gv_tx out[SAMPLE_KINDS])
{
    struct gv_outcome sold = {.status = GV_SOLD, .price = 5};
    struct gv_tx bids[2] = {sample_bid(s, 0, 1, 100), sample_bid(s, 1, 1, 7)};
    struct gv_vote link = {.source_height = 0, .target_height = 1};
    struct gv_sealed_id parent = {{1}};
    const struct gv_vote twice[2] = {{0, 2, {{0}}, {{8}}},
                                     {1, 2, {{1}}, {{9}}}};
    const uint64_t t_us = s->open.opening_ms * 1000 + 5;

    memset(link.target.b, 7, 32);
    sold.winner = s->bidder[0].cred.key;
    out[0] = sample_service(s);
    out[1] = sample_cert(s, 0);
    out[2] = sample_revoke(s, 0);
    out[3] = sample_list(s);
    out[4] = sample_enrol(s, 0);
    out[5] = bids[0];
    out[6] = sample_stamp(s, 0, t_us, bids, 2);
    out[7] = sample_close(s);
    out[8] = sample_cutoff(s, &parent, 3, t_us);
    out[9] = sample_outcome(s, &sold);
    out[10] = sample_final(s, &s->open.id, &link,
                           (UINT64_C(2) << (s->open.validator_count - 1)) - 1);
    out[11] = sample_enrol_anonymous(s, 1);
    out[12] = sample_issued(s, 3);
    out[13] = sample_disclose(s, 1, GV_SELLER_TO_WINNER);
    out[14] = sample_objection(s, 0, &parent);
    out[15] = sample_evidence(s, &s->open.id, &s->validator[0], twice);
    out[16] = sample_anchor(s, &(struct gv_tx_id){{5}}, 2, t_us);
    out[17] = sample_node(s, 7);
    out[18] = sample_bid_sealed(s, 0, 1, 100);
    out[19] = sample_keyrelease(s, 1);
    out[20] = sample_opening(s, &out[18], 0);
    out[21] = sample_setfixed(s, 2, sold.winner.b);
    out[22] = sample_handover(s, 0, &s->validator[0], &s->bidder[2].secret);
    out[23] = sample_default(s, 0, &parent, 2, t_us);
    out[24] = sample_accept(s, 1, 1, 7);
    out[25] = sample_receipt(s, &bids[0]);
}
