/* show_tx.c - the members of each kind of transaction (F19). */
#include "gavel/verify.h"
#include "src/client/show_impl.h"

/* Fields that not every transaction of a kind has. */
enum part { CERTIFIED_ENROL = 256, CERTIFIED_LIST, PSEUDONYMS_LIST };

#define FIELD(of, name, path) GV_SHOW_FIELD(struct gv_tx, of, name, u.path)
#define SPELLED(of, name, path, form)                                          \
    {                                                                          \
        of, name, offsetof(struct gv_tx, u.path), form                         \
    }
/* Of a credential (F6), without role and key, and with them. */
#define CERTIFICATE(of, cred)                                                  \
    FIELD(of, "fingerprint", cred.fingerprint),                                \
        FIELD(of, "valid_from_ms", cred.not_before_ms),                        \
        FIELD(of, "valid_until_ms", cred.not_after_ms)
#define CREDENTIAL(of, cred)                                                   \
    SPELLED(of, "role", cred.role, GV_SHOW_ROLE), FIELD(of, "key", cred.key),  \
        CERTIFICATE(of, cred)

/* In the order of F19. */
static const struct gv_show_field fields[] = {
    CREDENTIAL(GV_TX_SERVICE, service.cred),
    FIELD(GV_TX_SERVICE, "endpoint", service.endpoint),
    FIELD(GV_TX_SERVICE, "operator", service.operator_name),

    CREDENTIAL(GV_TX_CERT, cert.cred),
    FIELD(GV_TX_CERT, "issuer", cert.issuer),

    FIELD(GV_TX_REVOKE, "fingerprint", revoke.fingerprint),
    FIELD(GV_TX_REVOKE, "reason", revoke.reason),
    FIELD(GV_TX_REVOKE, "issuer", revoke.issuer),

    CREDENTIAL(GV_TX_NODE, node.cred),
    FIELD(GV_TX_NODE, "issuer", node.issuer),
    FIELD(GV_TX_NODE, "curve", node.curve),
    FIELD(GV_TX_NODE, "host", node.host),
    FIELD(GV_TX_NODE, "p2p_port", node.p2p_port),
    FIELD(GV_TX_NODE, "pub_port", node.pub_port),
    FIELD(GV_TX_NODE, "submit_port", node.submit_port),
    FIELD(GV_TX_NODE, "roles", node.roles),
    FIELD(GV_TX_NODE, "seq", node.seq),
    FIELD(GV_TX_NODE, "not_after_ms", node.not_after_ms),

    FIELD(GV_TX_LIST, "auction", list.auction),
    FIELD(GV_TX_LIST, "opening_ms", list.opening_ms),
    FIELD(GV_TX_LIST, "title", list.title),
    FIELD(GV_TX_LIST, "seller", list.seller.key),
    CERTIFICATE(CERTIFIED_LIST, list.seller),
    FIELD(CERTIFIED_LIST, "issuer", list.issuer),
    FIELD(PSEUDONYMS_LIST, "epoch", list.token.epoch),
    FIELD(PSEUDONYMS_LIST, "ek", list.token.ek),
    FIELD(PSEUDONYMS_LIST, "blob", list.token.blob),

    FIELD(GV_TX_EVIDENCE, "what", evidence.what),
    FIELD(GV_TX_EVIDENCE, "accused", evidence.accused),
    FIELD(GV_TX_EVIDENCE, "key", evidence.key),

    FIELD(GV_TX_ANCHOR, "auction", anchor.auction),
    FIELD(GV_TX_ANCHOR, "final", anchor.final),
    FIELD(GV_TX_ANCHOR, "service", anchor.service),

    FIELD(GV_TX_ENROL, "form", enrol.form),
    FIELD(GV_TX_ENROL, "key", enrol.key),
    FIELD(GV_TX_ENROL, "ek", enrol.ek),
    CERTIFICATE(CERTIFIED_ENROL, enrol.cred),

    FIELD(GV_TX_BID, "bid", bid.id),
    FIELD(GV_TX_BID, "bidder", bid.bidder),
    FIELD(GV_TX_BID, "seq", bid.seq),
    FIELD(GV_TX_BID, "form", bid.kind),
    FIELD(GV_TX_BID, "amount", bid.amount),
    FIELD(GV_TX_BID, "recent", bid.recent),

    FIELD(GV_TX_STAMP, "authority", stamp.authority),

    FIELD(GV_TX_CLOSE, "close", close.id),
    FIELD(GV_TX_CLOSE, "mode", close.mode),

    FIELD(GV_TX_OUTCOME, "status", outcome.status),
    FIELD(GV_TX_OUTCOME, "winner", outcome.winner),
    FIELD(GV_TX_OUTCOME, "price", outcome.price),
    FIELD(GV_TX_OUTCOME, "fold", outcome.fold_hash),

    FIELD(GV_TX_ISSUED, "root", issued.root),
    FIELD(GV_TX_ISSUED, "count", issued.count),

    FIELD(GV_TX_DISCLOSE, "award", disclose.award),
    FIELD(GV_TX_DISCLOSE, "notary", disclose.notary),
    FIELD(GV_TX_DISCLOSE, "side", disclose.side),
    FIELD(GV_TX_DISCLOSE, "digest", disclose.digest),

    FIELD(GV_TX_OBJECTION, "validator", objection.validator),
    FIELD(GV_TX_OBJECTION, "of", objection.kind),
    FIELD(GV_TX_OBJECTION, "tx", objection.id),
    FIELD(GV_TX_OBJECTION, "refused", objection.block),

    FIELD(GV_TX_KEYRELEASE, "notary", keyrelease.notary),
    FIELD(GV_TX_KEYRELEASE, "secret", keyrelease.secret),

    FIELD(GV_TX_OPENING, "bid", opening.bid),
    FIELD(GV_TX_OPENING, "es", opening.es),

    FIELD(GV_TX_SETFIXED, "count", setfixed.count),
    FIELD(GV_TX_SETFIXED, "set", setfixed.hash),

    FIELD(GV_TX_HANDOVER, "validator", handover.validator),
    FIELD(GV_TX_HANDOVER, "old_key", handover.old_key),
    FIELD(GV_TX_HANDOVER, "key", handover.key),

    FIELD(GV_TX_SETTLE, "award", settle.award),
    FIELD(GV_TX_SETTLE, "what", settle.what),
    FIELD(GV_TX_SETTLE, "side", settle.side),
    FIELD(GV_TX_SETTLE, "key", settle.key),

    FIELD(GV_TX_ACCEPT, "award", accept.award),
    FIELD(GV_TX_ACCEPT, "key", accept.key),
    FIELD(GV_TX_ACCEPT, "price", accept.price),

    FIELD(GV_TX_FINAL, "source_height", final.link.source_height),
    FIELD(GV_TX_FINAL, "source", final.link.source),
    FIELD(GV_TX_FINAL, "target_height", final.link.target_height),
    FIELD(GV_TX_FINAL, "target", final.link.target),
    SPELLED(GV_TX_FINAL, "bitmap", final.bitmap, GV_SHOW_HEX),

    /* It stands in no block. */
    FIELD(GV_TX_RECEIPT, "bid", receipt.bid),
    FIELD(GV_TX_RECEIPT, "t_us", receipt.t_us),
    FIELD(GV_TX_RECEIPT, "deadline_us", receipt.deadline_us),
    FIELD(GV_TX_RECEIPT, "service", receipt.service),
};

static void
put_part(struct gv_show_text *t, const struct gv_tx *tx, unsigned of)
{
    gv_show_fields(t, fields, sizeof(fields) / sizeof(fields[0]), of, tx);
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
        gv_show_member_u64(t, "time_us", facts.tst[0].time_us);
        gv_show_member_u64(t, "count", tx->u.stamp.count);
        return GV_OK;
    }
    token = tx->kind == GV_TX_CUTOFF ? tx->u.cutoff.token : tx->u.settle.token;
    gv_show_list(t, "tokens");
    for (unsigned i = 0; i < facts.count; i++) {
        gv_show_item_list(t);
        gv_show_item_u64(t, token[i].authority);
        gv_show_item_u64(t, facts.tst[i].time_us);
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
    return GV_OK;
}

/* An ANCHOR's tokens are read by who knows the auction's keys. */
static void
put_anchor(struct gv_show_text *t, const struct gv_tx_anchor *a)
{
    gv_show_list(t, "authorities");
    for (unsigned i = 0; i < a->count; i++)
        gv_show_item_u64(t, a->token[i].authority);
    gv_show_list_end(t);
}

static void
put_votes(struct gv_show_text *t, const struct gv_tx_evidence *e)
{
    gv_show_list(t, "votes");
    for (unsigned i = 0; i < 2; i++) {
        const struct gv_vote *link = &e->vote[i].link;

        gv_show_item_list(t);
        gv_show_item_u64(t, link->source_height);
        gv_show_item_id(t, link->source.b);
        gv_show_item_u64(t, link->target_height);
        gv_show_item_id(t, link->target.b);
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
}

/* Of each lot (A33). */
static void
put_results(struct gv_show_text *t, struct gv_bytes lots)
{
    struct gv_result r;

    gv_show_list(t, "lots");
    for (size_t i = 0; i < lots.len; i += GV_RESULT_SIZE) {
        gv_result_get(lots.p + i, &r);
        gv_show_item_list(t);
        gv_show_item_u64(t, r.status);
        gv_show_item_id(t, r.winner.b);
        gv_show_item_u64(t, r.price);
        gv_show_list_end(t);
    }
    gv_show_list_end(t);
}

/* What follows the fields of the kind. */
static enum gv_rc
put_rest(struct gv_show_text *t, const struct gv_tx *tx,
         const struct gv_params *params, struct gv_reject *why)
{
    switch (tx->kind) {
    case GV_TX_OPEN:
        return gv_show_open(t, tx->raw, params, why);
    case GV_TX_EPOCH:
        return gv_show_epoch(t, tx->raw, params, why);
    case GV_TX_STAMP:
    case GV_TX_CUTOFF:
    case GV_TX_SETTLE:
        return put_tokens(t, tx, why);
    case GV_TX_LIST:
        put_part(t, tx,
                 tx->u.list.pseudonym ? PSEUDONYMS_LIST : CERTIFIED_LIST);
        break;
    case GV_TX_EVIDENCE:
        put_votes(t, &tx->u.evidence);
        break;
    case GV_TX_ANCHOR:
        put_anchor(t, &tx->u.anchor);
        break;
    case GV_TX_ENROL:
        if (tx->u.enrol.form == GV_ENROL_CERTIFIED)
            put_part(t, tx, CERTIFIED_ENROL);
        break;
    case GV_TX_BID:
        if (tx->u.bid.kind == GV_BID_SEALED)
            gv_show_member_id(t, "commitment",
                              gv_bidseal_commitment(tx->u.bid.sealed));
        if (tx->u.bid.lot != 0)
            gv_show_member_u64(t, "lot", tx->u.bid.lot);
        break;
    case GV_TX_OUTCOME:
        if (tx->u.outcome.lots.len > 0)
            put_results(t, tx->u.outcome.lots);
        break;
    default: /* fields are all there is */
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
    put_part(t, tx, tx->kind);
    rc = put_rest(t, tx, params, why);
    gv_show_str(t, "}");
    return rc == GV_OK && t->failed ? GV_FAULT : rc;
}
