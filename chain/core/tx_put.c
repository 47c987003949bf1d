/* tx_put.c - the field list of every kind of transaction, for size, bytes and
 * hash alike (docs/spec/format.md, "Transactions"). */
#include "chain/core/tx_impl.h"

static void
put_service(struct gv_sink *s, const struct gv_tx_service *t)
{
    gv_cred_put(s, &t->cred);
    gv_put_b16(s, t->der);
    gv_put_b16(s, t->endpoint);
    gv_put_b8(s, t->operator_name);
}

static void
put_cert(struct gv_sink *s, const struct gv_tx_cert *t)
{
    gv_put(s, t->issuer.b, 32);
    gv_cred_put(s, &t->cred);
    gv_put_b16(s, t->der);
}

static void
put_revoke(struct gv_sink *s, const struct gv_tx_revoke *t)
{
    gv_put(s, t->fingerprint.b, 32);
    gv_put_u8(s, t->reason);
    gv_put(s, t->issuer.b, 32);
}

static void
put_node(struct gv_sink *s, const struct gv_tx_node *t)
{
    gv_put(s, t->issuer.b, 32);
    gv_cred_put(s, &t->cred);
    gv_put(s, t->curve, 32);
    gv_put_b8(s, t->host);
    gv_put_u16(s, t->p2p_port);
    gv_put_u16(s, t->pub_port);
    gv_put_u16(s, t->submit_port);
    gv_put_u32(s, t->roles);
    gv_put_u64(s, t->seq);
    gv_put_u64(s, t->not_after_ms);
}

static void
put_list(struct gv_sink *s, const struct gv_tx_list *t)
{
    gv_put(s, t->auction.b, 32);
    gv_put_u64(s, t->opening_ms);
    gv_put_b8(s, t->title);
    if (t->pseudonym) {
        s->failed = s->failed || t->token_key.len != GV_RSA_SIZE;
        gv_put(s, t->token_key.p, t->token_key.len);
        gv_seller_token_put(s, &t->token);
        return;
    }
    gv_put(s, t->issuer.b, 32);
    gv_cred_put(s, &t->seller);
}

static void
put_enrol(struct gv_sink *s, const struct gv_tx_enrol *t)
{
    gv_put_u8(s, t->form);
    gv_put(s, t->key.b, 32);
    gv_put(s, t->ek, 32);
    if (t->form == GV_ENROL_CERTIFIED) {
        gv_cred_put(s, &t->cred);
        gv_put_b16(s, t->der);
        return;
    }
    gv_put_b16(s, t->blob);
    gv_put(s, t->prefix, 32);
    if (t->token.len == GV_RSA_SIZE)
        gv_put(s, t->token.p, GV_RSA_SIZE);
    else
        s->failed = true;
}

static void
put_bid(struct gv_sink *s, const struct gv_tx_bid *t)
{
    gv_put(s, t->bidder.b, 32);
    gv_put_u32(s, t->seq);
    if (t->lot != 0)
        gv_put_u8(s, t->lot);
    gv_put_u8(s, t->kind);
    if (t->kind == GV_BID_SEALED)
        gv_put(s, t->sealed.p, t->sealed.len);
    else
        gv_put_u64(s, t->amount);
    gv_put(s, t->recent.b, 32);
    gv_put(s, t->memo, GV_MEMO_SIZE);
}

static void
put_stamp(struct gv_sink *s, const struct gv_tx_stamp *t)
{
    gv_put_u8(s, t->authority);
    gv_put_b16(s, t->token);
    gv_put_u16(s, t->count);
    gv_put(s, t->leaves, (size_t)t->count * 32);
}

static void
put_tokens(struct gv_sink *s, uint8_t count, const struct gv_tx_token *token)
{
    gv_put_u8(s, count);
    for (unsigned i = 0; i < count; i++) {
        gv_put_u8(s, token[i].authority);
        gv_put_b16(s, token[i].token);
    }
}

static void
put_outcome(struct gv_sink *s, const struct gv_outcome *t)
{
    if (t->lots.len > 0) {
        gv_put_u8(s, (uint8_t)(t->lots.len / GV_RESULT_SIZE));
        gv_put(s, t->lots.p, t->lots.len);
    } else {
        gv_put_u8(s, t->status);
        gv_put(s, t->winner.b, 32);
        gv_put_u64(s, t->price);
    }
    gv_put(s, t->fold_hash, 32);
}

static void
put_issued(struct gv_sink *s, const struct gv_tx_issued *t)
{
    gv_put(s, t->root, 32);
    gv_put_u32(s, t->count);
}

static void
put_disclose(struct gv_sink *s, const struct gv_tx_disclose *t)
{
    gv_put_u8(s, t->award);
    gv_put_u8(s, t->notary);
    gv_put_u8(s, t->side);
    gv_put(s, t->digest, 32);
}

static void
put_objection(struct gv_sink *s, const struct gv_tx_objection *t)
{
    gv_put_u8(s, t->validator);
    gv_put_u8(s, t->kind);
    gv_put(s, t->id, 32);
    gv_put(s, t->block.b, 32);
}

static void
put_keyrelease(struct gv_sink *s, const struct gv_tx_keyrelease *t)
{
    gv_put_u8(s, t->notary);
    gv_put(s, t->secret, sizeof(t->secret));
}

static void
put_opening(struct gv_sink *s, const struct gv_tx_opening *t)
{
    gv_put(s, t->bid.b, 32);
    gv_put(s, t->es, sizeof(t->es));
}

static void
put_setfixed(struct gv_sink *s, const struct gv_tx_setfixed *t)
{
    gv_put_u32(s, t->count);
    gv_put(s, t->hash, sizeof(t->hash));
}

static void
put_settle(struct gv_sink *s, const struct gv_tx_settle *t)
{
    gv_put_u8(s, t->award);
    gv_put_u8(s, t->what);
    gv_put_u8(s, t->side);
    gv_put(s, t->key.b, 32);
    put_tokens(s, t->count, t->token);
}

static void
put_accept(struct gv_sink *s, const struct gv_tx_accept *t)
{
    gv_put_u8(s, t->award);
    gv_put(s, t->key.b, 32);
    gv_put_u64(s, t->price);
}

void
tx_put_succession(struct gv_sink *s, const struct gv_tx_handover *t)
{
    gv_put_u8(s, t->validator);
    gv_put(s, t->old_key.b, 32);
    gv_put(s, t->key.b, 32);
}

static void
put_handover(struct gv_sink *s, const struct gv_tx_handover *t)
{
    tx_put_succession(s, t);
    gv_put(s, t->pop.b, 64);
}

void
tx_put_vote(struct gv_sink *s, const struct gv_vote *v)
{
    gv_put_u32(s, v->source_height);
    gv_put(s, v->source.b, 32);
    gv_put_u32(s, v->target_height);
    gv_put(s, v->target.b, 32);
}

static void
put_evidence(struct gv_sink *s, const struct gv_tx_evidence *t)
{
    gv_put_u8(s, t->what);
    gv_put(s, t->accused.b, 32);
    gv_put(s, t->key.b, 32);
    for (int i = 0; i < 2; i++) {
        tx_put_vote(s, &t->vote[i].link);
        gv_put(s, t->vote[i].sig.b, 64);
    }
}

static void
put_anchor(struct gv_sink *s, const struct gv_tx_anchor *t)
{
    gv_put(s, t->auction.b, 32);
    gv_put(s, t->final.b, 32);
    gv_put(s, t->service.b, 32);
    gv_put_u8(s, t->count);
    for (unsigned i = 0; i < t->count; i++) {
        gv_put_u8(s, t->token[i].authority);
        gv_put_b16(s, t->token[i].token);
    }
}

static void
put_final(struct gv_sink *s, const struct gv_tx_final *t)
{
    tx_put_vote(s, &t->link);
    gv_put_b8(s, t->bitmap);
    gv_put(s, t->sigs, (size_t)t->count * 64);
}

static void
put_receipt(struct gv_sink *s, const struct gv_tx_receipt *t)
{
    gv_put(s, t->bid.b, 32);
    gv_put_u64(s, t->t_us);
    gv_put_u64(s, t->deadline_us);
    gv_put(s, t->service.b, 32);
}

static uint8_t
version_of(const struct gv_tx *tx)
{
    if (tx->kind == GV_TX_LIST && tx->u.list.pseudonym)
        return GV_TX_PSEUDONYM;
    if ((tx->kind == GV_TX_BID && tx->u.bid.lot != 0) ||
        (tx->kind == GV_TX_OUTCOME && tx->u.outcome.lots.len > 0))
        return GV_TX_LOTS;
    return GV_TX_VERSION;
}

static void
put_head(struct gv_sink *s, const struct gv_tx *tx)
{
    gv_put_u8(s, (uint8_t)tx->kind);
    gv_put_u8(s, version_of(tx));
    gv_put(s, tx->chain.b, 32);
}

void
tx_put_core(struct gv_sink *s, const struct gv_tx *tx)
{
    put_head(s, tx);
    switch (tx->kind) {
    case GV_TX_SERVICE:
        put_service(s, &tx->u.service);
        return;
    case GV_TX_CERT:
        put_cert(s, &tx->u.cert);
        return;
    case GV_TX_REVOKE:
        put_revoke(s, &tx->u.revoke);
        return;
    case GV_TX_NODE:
        put_node(s, &tx->u.node);
        return;
    case GV_TX_LIST:
        put_list(s, &tx->u.list);
        return;
    case GV_TX_EVIDENCE:
        put_evidence(s, &tx->u.evidence);
        return;
    case GV_TX_ANCHOR:
        put_anchor(s, &tx->u.anchor);
        return;
    case GV_TX_EPOCH:
        gv_put(s, tx->u.epoch.body.p, tx->u.epoch.body.len);
        return;
    case GV_TX_ENROL:
        put_enrol(s, &tx->u.enrol);
        return;
    case GV_TX_BID:
        put_bid(s, &tx->u.bid);
        return;
    case GV_TX_STAMP:
        put_stamp(s, &tx->u.stamp);
        return;
    case GV_TX_CLOSE:
        gv_put_u8(s, tx->u.close.mode);
        return;
    case GV_TX_CUTOFF:
        put_tokens(s, tx->u.cutoff.count, tx->u.cutoff.token);
        return;
    case GV_TX_OUTCOME:
        put_outcome(s, &tx->u.outcome);
        return;
    case GV_TX_ISSUED:
        put_issued(s, &tx->u.issued);
        return;
    case GV_TX_DISCLOSE:
        put_disclose(s, &tx->u.disclose);
        return;
    case GV_TX_OBJECTION:
        put_objection(s, &tx->u.objection);
        return;
    case GV_TX_KEYRELEASE:
        put_keyrelease(s, &tx->u.keyrelease);
        return;
    case GV_TX_OPENING:
        put_opening(s, &tx->u.opening);
        return;
    case GV_TX_SETFIXED:
        put_setfixed(s, &tx->u.setfixed);
        return;
    case GV_TX_HANDOVER:
        put_handover(s, &tx->u.handover);
        return;
    case GV_TX_SETTLE:
        put_settle(s, &tx->u.settle);
        return;
    case GV_TX_ACCEPT:
        put_accept(s, &tx->u.accept);
        return;
    case GV_TX_FINAL:
        put_final(s, &tx->u.final);
        return;
    case GV_TX_RECEIPT:
        put_receipt(s, &tx->u.receipt);
        return;
    case GV_TX_OPEN: /* open.h has its encoder */
        s->failed = true;
    }
}
