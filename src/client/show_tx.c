/* show_tx.c - the members of each kind of transaction (F19). */
#include <gavel/epoch.h>
#include <stdlib.h>

#include "gavel/open.h"
#include "gavel/verify.h"
#include "src/client/show.h"

static void
put_role(struct gv_show_text *t, const struct gv_cred *cred)
{
    const char *role = gv_role_name(cred->role);

    gv_show_member_text(t, "role", gv_bytes(role, strlen(role)));
    gv_show_member_id(t, "key", cred->key.b);
}

static void
put_service(struct gv_show_text *t, const struct gv_tx_service *s)
{
    put_role(t, &s->cred);
    gv_show_member_text(t, "endpoint", s->endpoint);
    gv_show_member_text(t, "operator", s->operator_name);
}

static void
put_cert(struct gv_show_text *t, const struct gv_tx_cert *c)
{
    put_role(t, &c->cred);
    gv_show_member_id(t, "fingerprint", c->cred.fingerprint.b);
    gv_show_member_id(t, "issuer", c->issuer.b);
}

static void
put_revoke(struct gv_show_text *t, const struct gv_tx_revoke *r)
{
    gv_show_member_id(t, "fingerprint", r->fingerprint.b);
    gv_show_member_u64(t, "reason", r->reason);
    gv_show_member_id(t, "issuer", r->issuer.b);
}

static void
put_list(struct gv_show_text *t, const struct gv_tx_list *l)
{
    gv_show_member_id(t, "auction", l->auction.b);
    gv_show_member_u64(t, "opening_ms", l->opening_ms);
    gv_show_member_text(t, "title", l->title);
    gv_show_member_id(t, "seller", l->seller.key.b);
}

static void
put_terms(struct gv_show_text *t, const struct gv_terms *m)
{
    const char *tag = m->currency.tag;

    gv_show_member_text(t, "currency",
                        gv_bytes(tag, strnlen(tag, sizeof(m->currency.tag))));
    gv_show_member_u64(t, "exponent", m->currency.exponent);
    gv_show_member_u64(t, "flags", m->flags);
    gv_show_member_u64(t, "reference", m->reference);
    gv_show_member_u64(t, "pricing", m->pricing);
    gv_show_member_u64(t, "direction", m->direction);
    gv_show_member_u64(t, "min_first", m->min_first);
    gv_show_member_u64(t, "min_step", m->min_step);
    gv_show_member_u64(t, "max_step", m->max_step);
    gv_show_member_u64(t, "per_bidder", m->per_bidder);
    gv_show_member_u64(t, "total_cap", m->total_cap);
    gv_show_member_u64(t, "limit_ms", m->limit_ms);
    gv_show_member_u64(t, "notice_ms", m->notice_ms);
    gv_show_member_u64(t, "reserve", m->reserve);
    gv_show_member_u64(t, "buy_now", m->buy_now);
    gv_show_member_u64(t, "soft_ms", m->soft_ms);
    gv_show_member_u64(t, "soft_cap_ms", m->soft_cap_ms);
    gv_show_member_u64(t, "d_ms", m->d_ms);
    gv_show_member_u64(t, "t_ms", m->t_ms);
    gv_show_member_u64(t, "max_bids", m->max_bids);
    if (gv_terms_final_round(m))
        gv_show_member_u64(t, "final_ms", m->final_ms);
    if (gv_terms_dutch(m)) {
        gv_show_member_u64(t, "clock_start", m->clock_start);
        gv_show_member_u64(t, "clock_floor", m->clock_floor);
        gv_show_member_u64(t, "clock_drop", m->clock_drop);
        gv_show_member_u64(t, "clock_step_ms", m->clock_step_ms);
    }
}

static enum gv_rc
put_open(struct gv_show_text *t, struct gv_bytes raw,
         const struct gv_params *params, struct gv_reject *why)
{
    struct gv_open *o = malloc(sizeof(*o));
    enum gv_rc rc;

    if (!o)
        return GV_FAULT;
    rc = gv_open_decode(raw, params, o, why);
    if (rc == GV_OK) {
        gv_show_member_id(t, "auction", o->id.b);
        gv_show_member_u64(t, "opening_ms", o->opening_ms);
        gv_show_member_text(t, "title", o->title);
        gv_show_member_id(t, "seller", o->seller.key.b);
        put_terms(t, &o->terms);
        gv_show_member_u64(t, "identity", o->terms.identity);
        gv_show_member_u64(t, "authorities", o->authority_count);
        gv_show_member_u64(t, "validators", o->validator_count);
        gv_show_member_u64(t, "notaries", o->notary_count);
    }
    free(o);
    return rc;
}

static void
put_node(struct gv_show_text *t, const struct gv_tx_node *n)
{
    gv_show_member_id(t, "key", n->cred.key.b);
    gv_show_member_id(t, "fingerprint", n->cred.fingerprint.b);
    gv_show_member_id(t, "curve", n->curve);
    gv_show_member_text(t, "host", n->host);
    gv_show_member_u64(t, "p2p_port", n->p2p_port);
    gv_show_member_u64(t, "pub_port", n->pub_port);
    gv_show_member_u64(t, "submit_port", n->submit_port);
    gv_show_member_u64(t, "roles", n->roles);
    gv_show_member_u64(t, "seq", n->seq);
    gv_show_member_u64(t, "not_after_ms", n->not_after_ms);
}

static enum gv_rc
put_epoch(struct gv_show_text *t, struct gv_bytes raw,
          const struct gv_params *params, struct gv_reject *why)
{
    struct gv_epoch *e = malloc(sizeof(*e));
    enum gv_rc rc = e ? gv_epoch_decode(raw, params, e, why) : GV_FAULT;

    if (rc == GV_OK) {
        gv_show_member_id(t, "epoch", e->desk.id.b);
        gv_show_member_id(t, "issuer", e->desk.issuer.cred.key.b);
        gv_show_member_u64(t, "start_ms", e->start_ms);
        gv_show_member_u64(t, "end_ms", e->end_ms);
        gv_show_member_u64(t, "seats", e->seats);
        gv_show_member_u64(t, "notaries", e->desk.notary_count);
    }
    free(e);
    return rc;
}

/* Nothing of an anonymous ENROL names a certificate. */
static void
put_enrol(struct gv_show_text *t, const struct gv_tx_enrol *e)
{
    static const struct gv_hash nobody;

    gv_show_member_id(t, "key", e->key.b);
    gv_show_member_id(t, "fingerprint",
                      e->form == GV_ENROL_CERTIFIED ? e->cred.fingerprint.b
                                                    : nobody.b);
}

static void
put_disclose(struct gv_show_text *t, const struct gv_tx_disclose *d)
{
    gv_show_member_u64(t, "award", d->award);
    gv_show_member_u64(t, "notary", d->notary);
    gv_show_member_u64(t, "side", d->side);
    gv_show_member_id(t, "digest", d->digest);
}

static void
put_objection(struct gv_show_text *t, const struct gv_tx_objection *o)
{
    gv_show_member_u64(t, "validator", o->validator);
    gv_show_member_u64(t, "of", o->kind);
    gv_show_member_id(t, "tx", o->id);
    gv_show_member_id(t, "refused", o->block.b);
}

static void
put_handover(struct gv_show_text *t, const struct gv_tx_handover *h)
{
    gv_show_member_u64(t, "validator", h->validator);
    gv_show_member_id(t, "old_key", h->old_key.b);
    gv_show_member_id(t, "key", h->key.b);
}

static void
put_settle(struct gv_show_text *t, const struct gv_tx_settle *s)
{
    gv_show_member_u64(t, "award", s->award);
    gv_show_member_u64(t, "what", s->what);
    gv_show_member_u64(t, "side", s->side);
    gv_show_member_id(t, "key", s->key.b);
}

static void
put_accept(struct gv_show_text *t, const struct gv_tx_accept *a)
{
    gv_show_member_u64(t, "award", a->award);
    gv_show_member_id(t, "key", a->key.b);
    gv_show_member_u64(t, "price", a->price);
}

static void
put_bid(struct gv_show_text *t, const struct gv_tx_bid *b)
{
    gv_show_member_id(t, "bid", b->id.b);
    gv_show_member_id(t, "bidder", b->bidder.b);
    gv_show_member_u64(t, "seq", b->seq);
    gv_show_member_u64(t, "amount", b->amount);
}

/* STAMP, CUTOFF and SETTLE say when their tokens were made. */
static enum gv_rc
put_tokens(struct gv_show_text *t, const struct gv_tx *tx,
           struct gv_reject *why)
{
    struct gv_tx_facts facts = {0};
    const struct gv_tx_token *token;
    enum gv_rc rc = gv_tx_facts_of(tx, &facts, why);

    if (rc != GV_OK)
        return rc;
    if (tx->kind == GV_TX_STAMP) {
        gv_show_member_u64(t, "authority", tx->u.stamp.authority);
        gv_show_member_u64(t, "time_us", facts.tst[0].time_us);
        gv_show_member_u64(t, "count", tx->u.stamp.count);
        return GV_OK;
    }
    token = tx->kind == GV_TX_CUTOFF ? tx->u.cutoff.token : tx->u.settle.token;
    gv_show_str(t, ",\"tokens\":[");
    for (unsigned i = 0; i < facts.count; i++) {
        gv_show_str(t, i > 0 ? ",[" : "[");
        gv_show_u64(t, token[i].authority);
        gv_show_str(t, ",");
        gv_show_u64(t, facts.tst[i].time_us);
        gv_show_str(t, "]");
    }
    gv_show_str(t, "]");
    return GV_OK;
}

static void
put_outcome(struct gv_show_text *t, const struct gv_outcome *o)
{
    gv_show_member_u64(t, "status", o->status);
    gv_show_member_id(t, "winner", o->winner.b);
    gv_show_member_u64(t, "price", o->price);
    gv_show_member_id(t, "fold", o->fold_hash);
}

static void
put_final(struct gv_show_text *t, const struct gv_tx_final *f)
{
    gv_show_member_u64(t, "source_height", f->link.source_height);
    gv_show_member_id(t, "source", f->link.source.b);
    gv_show_member_u64(t, "target_height", f->link.target_height);
    gv_show_member_id(t, "target", f->link.target.b);
    gv_show_member_hex(t, "bitmap", f->bitmap.p, f->bitmap.len);
}

/* RECEIPT stands in no block; wallets show it all the same. */
static void
put_receipt(struct gv_show_text *t, const struct gv_tx_receipt *r)
{
    gv_show_member_id(t, "bid", r->bid.b);
    gv_show_member_u64(t, "t_us", r->t_us);
    gv_show_member_u64(t, "deadline_us", r->deadline_us);
    gv_show_member_id(t, "service", r->service.b);
}

static void
put_anchor(struct gv_show_text *t, const struct gv_tx_anchor *a)
{
    gv_show_member_id(t, "auction", a->auction.b);
    gv_show_member_id(t, "final", a->final.b);
    gv_show_member_id(t, "service", a->service.b);
    gv_show_member_u64(t, "count", a->count);
}

static void
put_evidence(struct gv_show_text *t, const struct gv_tx_evidence *e)
{
    gv_show_member_u64(t, "what", e->what);
    gv_show_member_id(t, "accused", e->accused.b);
    gv_show_member_id(t, "key", e->key.b);
}

static enum gv_rc
put_members(struct gv_show_text *t, const struct gv_tx *tx,
            const struct gv_params *params, struct gv_reject *why)
{
    switch (tx->kind) {
    case GV_TX_SERVICE:
        put_service(t, &tx->u.service);
        break;
    case GV_TX_CERT:
        put_cert(t, &tx->u.cert);
        break;
    case GV_TX_REVOKE:
        put_revoke(t, &tx->u.revoke);
        break;
    case GV_TX_NODE:
        put_node(t, &tx->u.node);
        break;
    case GV_TX_EPOCH:
        return put_epoch(t, tx->raw, params, why);
    case GV_TX_LIST:
        put_list(t, &tx->u.list);
        break;
    case GV_TX_ANCHOR:
        put_anchor(t, &tx->u.anchor);
        break;
    case GV_TX_EVIDENCE:
        put_evidence(t, &tx->u.evidence);
        break;
    case GV_TX_OPEN:
        return put_open(t, tx->raw, params, why);
    case GV_TX_ENROL:
        put_enrol(t, &tx->u.enrol);
        break;
    case GV_TX_BID:
        put_bid(t, &tx->u.bid);
        break;
    case GV_TX_STAMP:
    case GV_TX_CUTOFF:
        return put_tokens(t, tx, why);
    case GV_TX_CLOSE:
        gv_show_member_id(t, "close", tx->u.close.id.b);
        break;
    case GV_TX_OUTCOME:
        put_outcome(t, &tx->u.outcome);
        break;
    case GV_TX_ISSUED:
        gv_show_member_id(t, "root", tx->u.issued.root);
        gv_show_member_u64(t, "count", tx->u.issued.count);
        break;
    case GV_TX_DISCLOSE:
        put_disclose(t, &tx->u.disclose);
        break;
    case GV_TX_OBJECTION:
        put_objection(t, &tx->u.objection);
        break;
    case GV_TX_KEYRELEASE:
        gv_show_member_u64(t, "notary", tx->u.keyrelease.notary);
        gv_show_member_id(t, "secret", tx->u.keyrelease.secret);
        break;
    case GV_TX_OPENING:
        gv_show_member_id(t, "bid", tx->u.opening.bid.b);
        gv_show_member_id(t, "es", tx->u.opening.es);
        break;
    case GV_TX_SETFIXED:
        gv_show_member_u64(t, "count", tx->u.setfixed.count);
        gv_show_member_id(t, "set", tx->u.setfixed.hash);
        break;
    case GV_TX_HANDOVER:
        put_handover(t, &tx->u.handover);
        break;
    case GV_TX_SETTLE:
        put_settle(t, &tx->u.settle);
        return put_tokens(t, tx, why);
    case GV_TX_ACCEPT:
        put_accept(t, &tx->u.accept);
        break;
    case GV_TX_FINAL:
        put_final(t, &tx->u.final);
        break;
    case GV_TX_RECEIPT:
        put_receipt(t, &tx->u.receipt);
        break;
    }
    return GV_OK;
}

enum gv_rc
gv_show_tx(struct gv_show_text *t, const struct gv_tx *tx,
           const struct gv_tx_id *id, const struct gv_params *params,
           struct gv_reject *why)
{
    enum gv_rc rc;

    gv_show_str(t, "{\"kind\":\"");
    gv_show_str(t, gv_tx_name(tx->kind));
    gv_show_str(t, "\"");
    gv_show_member_id(t, "id", id->b);
    rc = put_members(t, tx, params, why);
    gv_show_str(t, "}");
    return rc == GV_OK && t->failed ? GV_FAULT : rc;
}
