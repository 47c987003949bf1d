/* tx_get.c - read the fields of every kind of transaction, with every check
 * that needs nothing but them (docs/spec/format.md, "Transactions"). */
#include "chain/core/text.h"
#include "chain/core/tx_impl.h"

#define ENDPOINT_MAX 256
#define OPERATOR_MAX 64

static void
get_service(struct gv_reader *r, struct gv_tx_service *t)
{
    gv_cred_get(r, &t->cred);
    t->der = gv_get_b16(r, GV_CERT_DER_MAX, "service.der");
    gv_get_require(r, t->der.len > 0, "service.der");
    t->endpoint = gv_get_b16(r, ENDPOINT_MAX, "service.endpoint");
    for (size_t i = 0; i < t->endpoint.len; i++)
        gv_get_require(r, t->endpoint.p[i] > ' ' && t->endpoint.p[i] < 0x7f,
                       "service.endpoint");
    t->operator_name = gv_get_b8(r, OPERATOR_MAX, "service.operator");
    gv_get_require(r, text_is_line(t->operator_name), "service.operator");
}

/* A user's certificate is no business of the public: it stays with the CA
 * and its owner. */
static void
get_cert(struct gv_reader *r, struct gv_tx_cert *t)
{
    gv_get(r, t->issuer.b, 32, "cert.issuer");
    gv_cred_get(r, &t->cred);
    t->der = gv_get_b16(r, GV_CERT_DER_MAX, "cert.der");
    gv_get_require(r, t->cred.role != GV_ROLE_USER || t->der.len == 0,
                   "cert.der");
}

static void
get_revoke(struct gv_reader *r, struct gv_tx_revoke *t)
{
    gv_get(r, t->fingerprint.b, 32, "revoke.fingerprint");
    t->reason = gv_get_u8(r, "revoke.reason");
    gv_get_require(r, t->reason <= 10 && t->reason != 7, "revoke.reason");
    gv_get(r, t->issuer.b, 32, "revoke.issuer");
}

static void
get_node(struct gv_reader *r, struct gv_tx_node *t)
{
    bool met;

    gv_get(r, t->issuer.b, 32, "node.issuer");
    gv_cred_get(r, &t->cred);
    gv_get(r, t->curve, 32, "node.curve");
    t->host = gv_get_b8(r, GV_NODE_HOST_MAX, "node.host");
    for (size_t i = 0; i < t->host.len; i++)
        gv_get_require(r, t->host.p[i] > ' ' && t->host.p[i] < 0x7f,
                       "node.host");
    t->p2p_port = gv_get_u16(r, "node.port");
    t->pub_port = gv_get_u16(r, "node.port");
    t->submit_port = gv_get_u16(r, "node.port");
    met = t->host.len > 0;
    gv_get_require(r,
                   (t->p2p_port != 0) == met && (t->pub_port != 0) == met &&
                       (met || t->submit_port == 0),
                   "node.port");
    t->roles = gv_get_u32(r, "node.roles");
    t->seq = gv_get_u64(r, "node.seq");
    t->not_after_ms = gv_get_u64(r, "node.expiry");
}

static void
get_list(struct gv_reader *r, struct gv_tx_list *t)
{
    gv_get(r, t->auction.b, 32, "list.auction");
    t->opening_ms = gv_get_u64(r, "list.opening");
    t->title = gv_get_b8(r, GV_TITLE_MAX, "list.title");
    gv_get_require(r, t->title.len >= 1 && text_is_line(t->title),
                   "list.title");
    if (t->pseudonym) {
        t->token_key = gv_get_view(r, GV_RSA_SIZE, "list.token_key");
        gv_get_require(r, !r->failed && gv_rsa_modulus_ok(t->token_key.p),
                       "list.token_key");
        gv_seller_token_get(r, &t->token);
        t->seller = (struct gv_cred){.key = t->token.key};
        return;
    }
    gv_get(r, t->issuer.b, 32, "list.issuer");
    gv_cred_get(r, &t->seller);
}

static void
get_anonymous(struct gv_reader *r, struct gv_tx_enrol *t)
{
    t->blob = gv_get_b16(r, GV_BLOB_MAX, "enrol.blob");
    gv_get_require(r,
                   t->blob.len >= GV_BLOB_MIN &&
                       t->blob.len % GV_RSA_SIZE == GV_IDCT_SIZE,
                   "enrol.blob");
    gv_get(r, t->prefix, 32, "enrol.prefix");
    t->token = gv_get_view(r, GV_RSA_SIZE, "enrol.token");
}

static void
get_enrol(struct gv_reader *r, struct gv_tx_enrol *t)
{
    t->form = gv_get_u8(r, "enrol.form");
    gv_get_require(r, t->form <= GV_ENROL_ANONYMOUS, "enrol.form");
    gv_get(r, t->key.b, 32, "enrol.key");
    gv_get(r, t->ek, 32, "enrol.ek");
    if (t->form == GV_ENROL_ANONYMOUS) {
        get_anonymous(r, t);
        return;
    }
    gv_cred_get(r, &t->cred);
    gv_get_require(r, GV_ID_EQ(&t->cred.key, &t->key), "enrol.key");
    t->der = gv_get_b16(r, GV_CERT_DER_MAX, "enrol.der");
}

static void
get_sealed(struct gv_reader *r, struct gv_tx_bid *t)
{
    struct gv_reader first = *r;
    uint8_t n = gv_get_u8(&first, "bid.sealed");

    gv_get_require(r, n >= 1 && n <= GV_BIDSEAL_MAX, "bid.sealed");
    t->sealed = gv_get_view(r, gv_bidseal_size(n), "bid.sealed");
}

static void
get_bid(struct gv_reader *r, bool lots, struct gv_tx_bid *t)
{
    gv_get(r, t->bidder.b, 32, "bid.bidder");
    t->seq = gv_get_u32(r, "bid.seq");
    t->lot = lots ? gv_get_u8(r, "bid.lot") : 0;
    gv_get_require(r, !lots || (t->lot >= 1 && t->lot <= GV_LOTS_MAX),
                   "bid.lot");
    t->kind = gv_get_u8(r, "bid.kind");
    gv_get_require(r, t->kind <= GV_BID_SEALED, "bid.kind");
    t->amount = 0;
    t->sealed = gv_bytes(NULL, 0);
    if (t->kind == GV_BID_SEALED) {
        get_sealed(r, t);
    } else {
        t->amount = gv_get_u64(r, "bid.amount");
        gv_get_require(r, t->amount >= 1, "bid.amount");
    }
    gv_get(r, t->recent.b, 32, "bid.recent");
    gv_get(r, t->memo, GV_MEMO_SIZE, "bid.memo");
}

static void
get_stamp(struct gv_reader *r, struct gv_tx_stamp *t)
{
    t->authority = gv_get_u8(r, "stamp.authority");
    gv_get_require(r, t->authority < GV_AUTHORITIES_MAX, "stamp.authority");
    t->token = gv_get_b16(r, GV_TOKEN_MAX, "stamp.token");
    gv_get_require(r, t->token.len > 0, "stamp.token");
    t->count = gv_get_u16(r, "stamp.leaves");
    gv_get_require(r, t->count >= 1 && t->count <= GV_STAMP_LEAVES_MAX,
                   "stamp.leaves");
    t->leaves = gv_get_view(r, (size_t)t->count * 32, "stamp.leaves").p;
    if (r->failed)
        return;
    for (unsigned i = 1; i < t->count; i++)
        gv_get_require(
            r, memcmp(t->leaves + (i - 1) * 32, t->leaves + i * 32, 32) < 0,
            "stamp.leaves");
}

static void
get_close(struct gv_reader *r, struct gv_tx_close *t)
{
    t->mode = gv_get_u8(r, "close.mode");
    gv_get_require(r, t->mode <= GV_CLOSE_CANCEL, "close.mode");
}

/* Names of the fields of tokens, for verdicts. */
struct token_fields {
    const char *count, *authority, *token;
};

static void
get_tokens(struct gv_reader *r, uint8_t count, struct gv_tx_token *token,
           const struct token_fields *name)
{
    gv_get_require(r, count <= GV_AUTHORITIES_MAX, name->count);
    for (unsigned i = 0; i < count && !r->failed; i++) {
        token[i].authority = gv_get_u8(r, name->authority);
        gv_get_require(
            r,
            token[i].authority < GV_AUTHORITIES_MAX &&
                (i == 0 || token[i].authority > token[i - 1].authority),
            name->authority);
        token[i].token = gv_get_b16(r, GV_TOKEN_MAX, name->token);
        gv_get_require(r, token[i].token.len > 0, name->token);
    }
}

static void
get_cutoff(struct gv_reader *r, struct gv_tx_cutoff *t)
{
    static const struct token_fields name = {
        "cutoff.tokens", "cutoff.authority", "cutoff.token"};

    t->count = gv_get_u8(r, name.count);
    gv_get_require(r, t->count >= 1, name.count);
    get_tokens(r, t->count, t->token, &name);
}

static void
get_result(struct gv_reader *r, struct gv_result *t)
{
    static const uint8_t zero[32];

    t->status = gv_get_u8(r, "outcome.status");
    gv_get_require(r, t->status <= GV_VOID, "outcome.status");
    gv_get(r, t->winner.b, 32, "outcome.winner");
    t->price = gv_get_u64(r, "outcome.price");
    gv_get_require(r,
                   t->status == GV_SOLD ||
                       (t->price == 0 && memcmp(t->winner.b, zero, 32) == 0),
                   "outcome.winner");
}

static void
get_results(struct gv_reader *r, struct gv_outcome *t)
{
    uint8_t n = gv_get_u8(r, "outcome.lots");
    struct gv_reader all = *r;
    struct gv_result of_lot;

    gv_get_require(r, n >= 2 && n <= GV_LOTS_MAX, "outcome.lots");
    t->status = GV_VOID;
    for (unsigned i = 0; i < n && !r->failed; i++) {
        get_result(r, &of_lot);
        if (!r->failed &&
            gv_status_rank(of_lot.status) < gv_status_rank(t->status))
            t->status = of_lot.status;
    }
    if (!r->failed)
        t->lots = gv_get_view(&all, (size_t)n * GV_RESULT_SIZE, "outcome.lots");
}

static void
get_outcome(struct gv_reader *r, bool lots, struct gv_outcome *t)
{
    struct gv_result all = {0};

    *t = (struct gv_outcome){0};
    if (lots) {
        get_results(r, t);
    } else {
        get_result(r, &all);
        t->status = all.status;
        t->winner = all.winner;
        t->price = all.price;
    }
    gv_get(r, t->fold_hash, 32, "outcome.fold");
}

static void
get_issued(struct gv_reader *r, struct gv_tx_issued *t)
{
    gv_get(r, t->root, 32, "issued.root");
    t->count = gv_get_u32(r, "issued.count");
}

static void
get_disclose(struct gv_reader *r, struct gv_tx_disclose *t)
{
    t->award = gv_get_u8(r, "disclose.award");
    gv_get_require(r, t->award < GV_AWARD_NUMBERS, "disclose.award");
    t->notary = gv_get_u8(r, "disclose.notary");
    gv_get_require(r, t->notary < GV_NOTARIES_MAX, "disclose.notary");
    t->side = gv_get_u8(r, "disclose.side");
    gv_get_require(r, t->side <= GV_SELLER_TO_WINNER, "disclose.side");
    gv_get(r, t->digest, 32, "disclose.digest");
}

static void
get_anchor(struct gv_reader *r, struct gv_tx_anchor *t)
{
    static const struct token_fields name = {
        "anchor.tokens", "anchor.authority", "anchor.token"};

    gv_get(r, t->auction.b, 32, "anchor.auction");
    gv_get(r, t->final.b, 32, "anchor.final");
    gv_get(r, t->service.b, 32, "anchor.service");
    t->count = gv_get_u8(r, name.count);
    gv_get_require(r, t->count >= 1, name.count);
    get_tokens(r, t->count, t->token, &name);
}

static void
get_objection(struct gv_reader *r, struct gv_tx_objection *t)
{
    t->validator = gv_get_u8(r, "objection.validator");
    gv_get_require(r, t->validator < GV_VALIDATORS_MAX, "objection.validator");
    t->kind = gv_get_u8(r, "objection.kind");
    gv_get_require(r, t->kind == GV_TX_BID || t->kind == GV_TX_CLOSE,
                   "objection.kind");
    gv_get(r, t->id, 32, "objection.id");
    gv_get(r, t->block.b, 32, "objection.block");
}

/* One spelling of a secret, so that a notary has one KEYRELEASE. */
static void
get_keyrelease(struct gv_reader *r, struct gv_tx_keyrelease *t)
{
    t->notary = gv_get_u8(r, "keyrelease.notary");
    gv_get_require(r, t->notary < GV_BIDSEAL_MAX, "keyrelease.notary");
    gv_get(r, t->secret, sizeof(t->secret), "keyrelease.key");
    gv_get_require(r, !r->failed && gv_bidseal_clamped(t->secret),
                   "keyrelease.key");
}

static void
get_opening(struct gv_reader *r, struct gv_tx_opening *t)
{
    gv_get(r, t->bid.b, 32, "opening.bid");
    gv_get(r, t->es, sizeof(t->es), "opening.es");
}

static void
get_setfixed(struct gv_reader *r, struct gv_tx_setfixed *t)
{
    t->count = gv_get_u32(r, "setfixed.count");
    gv_get(r, t->hash, sizeof(t->hash), "setfixed.hash");
}

static void
get_handover(struct gv_reader *r, struct gv_tx_handover *t)
{
    t->validator = gv_get_u8(r, "handover.validator");
    gv_get_require(r, t->validator < GV_VALIDATORS_MAX, "handover.validator");
    gv_get(r, t->old_key.b, 32, "handover.old_key");
    gv_get(r, t->key.b, 32, "handover.key");
    gv_get_require(r, !GV_ID_EQ(&t->old_key, &t->key), "handover.key");
    gv_get(r, t->pop.b, 64, "handover.pop");
}

static void
get_settle(struct gv_reader *r, struct gv_tx_settle *t)
{
    static const struct token_fields name = {
        "settle.tokens", "settle.authority", "settle.token"};

    t->award = gv_get_u8(r, "settle.award");
    gv_get_require(r, t->award < GV_AWARD_NUMBERS, "settle.award");
    t->what = gv_get_u8(r, "settle.what");
    t->side = gv_get_u8(r, "settle.side");
    gv_get_require(r, gv_settle_may(t->side, t->what), "settle.what");
    gv_get(r, t->key.b, 32, "settle.key");
    t->count = gv_get_u8(r, name.count);
    gv_get_require(r, t->what == GV_SETTLE_DEFAULTED || t->count == 0,
                   name.count);
    get_tokens(r, t->count, t->token, &name);
}

static void
get_accept(struct gv_reader *r, struct gv_tx_accept *t)
{
    t->award = gv_get_u8(r, "accept.award");
    gv_get_require(r, t->award >= 1 && t->award < GV_AWARDS_MAX,
                   "accept.award");
    gv_get(r, t->key.b, 32, "accept.key");
    t->price = gv_get_u64(r, "accept.price");
}

static void
get_vote(struct gv_reader *r, struct gv_vote *v, const char *field)
{
    v->source_height = gv_get_u32(r, field);
    gv_get(r, v->source.b, 32, field);
    v->target_height = gv_get_u32(r, field);
    gv_get(r, v->target.b, 32, field);
    gv_get_require(r, v->source_height < v->target_height, field);
}

static void
get_evidence(struct gv_reader *r, struct gv_tx_evidence *t)
{
    struct gv_bytes raw[2];

    t->what = gv_get_u8(r, "evidence.what");
    gv_get_require(r, t->what == GV_EVIDENCE_VOTES, "evidence.what");
    gv_get(r, t->accused.b, 32, "evidence.chain");
    gv_get(r, t->key.b, 32, "evidence.key");
    for (int i = 0; i < 2; i++) {
        struct gv_reader again = *r;

        get_vote(r, &t->vote[i].link, "evidence.vote");
        gv_get(r, t->vote[i].sig.b, 64, "evidence.vote");
        raw[i] = gv_get_view(&again, 72 + 64, "evidence.vote");
    }
    gv_get_require(r, !r->failed && memcmp(raw[0].p, raw[1].p, 136) < 0,
                   "evidence.order");
    gv_get_require(r,
                   r->failed ||
                       gv_votes_fault(&t->vote[0].link, &t->vote[1].link) !=
                           GV_VOTES_FINE,
                   "evidence.votes");
}

static void
get_final(struct gv_reader *r, struct gv_tx_final *t)
{
    unsigned count = 0;

    get_vote(r, &t->link, "final.target");
    t->bitmap = gv_get_b8(r, GV_VALIDATORS_MAX / 8, "final.bitmap");
    gv_get_require(r, t->bitmap.len >= 1, "final.bitmap");
    for (size_t i = 0; i < t->bitmap.len; i++)
        count += (unsigned)__builtin_popcount(t->bitmap.p[i]);
    gv_get_require(r, count >= 1, "final.bitmap");
    t->count = (uint8_t)count;
    t->sigs = gv_get_view(r, (size_t)count * 64, "final.signatures").p;
}

static void
get_receipt(struct gv_reader *r, struct gv_tx_receipt *t)
{
    gv_get(r, t->bid.b, 32, "receipt.bid");
    t->t_us = gv_get_u64(r, "receipt.time");
    t->deadline_us = gv_get_u64(r, "receipt.deadline");
    gv_get_require(r, t->deadline_us > t->t_us, "receipt.deadline");
    gv_get(r, t->service.b, 32, "receipt.service");
}

void
tx_get_body(struct gv_reader *r, bool lots, struct gv_tx *tx)
{
    switch (tx->kind) {
    case GV_TX_SERVICE:
        get_service(r, &tx->u.service);
        return;
    case GV_TX_CERT:
        get_cert(r, &tx->u.cert);
        return;
    case GV_TX_REVOKE:
        get_revoke(r, &tx->u.revoke);
        return;
    case GV_TX_NODE:
        get_node(r, &tx->u.node);
        return;
    case GV_TX_LIST:
        get_list(r, &tx->u.list);
        return;
    case GV_TX_EVIDENCE:
        get_evidence(r, &tx->u.evidence);
        return;
    case GV_TX_ANCHOR:
        get_anchor(r, &tx->u.anchor);
        return;
    case GV_TX_EPOCH:
        tx->u.epoch.body = gv_get_view(r, r->left, "epoch");
        return;
    case GV_TX_ENROL:
        get_enrol(r, &tx->u.enrol);
        return;
    case GV_TX_BID:
        get_bid(r, lots, &tx->u.bid);
        return;
    case GV_TX_STAMP:
        get_stamp(r, &tx->u.stamp);
        return;
    case GV_TX_CLOSE:
        get_close(r, &tx->u.close);
        return;
    case GV_TX_CUTOFF:
        get_cutoff(r, &tx->u.cutoff);
        return;
    case GV_TX_OUTCOME:
        get_outcome(r, lots, &tx->u.outcome);
        return;
    case GV_TX_ISSUED:
        get_issued(r, &tx->u.issued);
        return;
    case GV_TX_DISCLOSE:
        get_disclose(r, &tx->u.disclose);
        return;
    case GV_TX_OBJECTION:
        get_objection(r, &tx->u.objection);
        return;
    case GV_TX_KEYRELEASE:
        get_keyrelease(r, &tx->u.keyrelease);
        return;
    case GV_TX_OPENING:
        get_opening(r, &tx->u.opening);
        return;
    case GV_TX_SETFIXED:
        get_setfixed(r, &tx->u.setfixed);
        return;
    case GV_TX_HANDOVER:
        get_handover(r, &tx->u.handover);
        return;
    case GV_TX_SETTLE:
        get_settle(r, &tx->u.settle);
        return;
    case GV_TX_ACCEPT:
        get_accept(r, &tx->u.accept);
        return;
    case GV_TX_FINAL:
        get_final(r, &tx->u.final);
        return;
    case GV_TX_RECEIPT:
        get_receipt(r, &tx->u.receipt);
        return;
    case GV_TX_OPEN:
        gv_get_view(r, r->left, "open");
        return;
    }
}
