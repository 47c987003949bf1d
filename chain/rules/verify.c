/* verify.c - the signatures of a transaction. */
#include "gavel/verify.h"

#include <stdlib.h>

#include "chain/rules/pins.h"
#include "gavel/epoch.h"
#include "gavel/open_escrow.h"

static enum gv_rc
check_cred(const struct gv_cred *c, const struct gv_pubkey *issuer,
           const struct gv_pins *pins, const struct gv_keys *keys,
           const char *field, struct gv_reject *why)
{
    uint8_t digest[32];

    gv_cred_digest(c, &pins->registry, digest);
    if (!gv_key_verify(keys, issuer, digest, &c->sig))
        return gv_refuse(why, GV_BAD_CREDENTIAL, field, 0, 0);
    return GV_OK;
}

static enum gv_rc
check_der(const struct gv_cred *c, struct gv_bytes der, const char *field,
          struct gv_reject *why)
{
    uint8_t digest[32];

    if (der.len == 0)
        return GV_OK;
    gv_sha256_of(der.p, der.len, digest);
    if (memcmp(digest, c->fingerprint.b, 32) != 0)
        return gv_refuse(why, GV_BAD_CREDENTIAL, field, 0, 0);
    return GV_OK;
}

static enum gv_rc
check_own(const struct gv_tx *tx, const struct gv_pubkey *pk,
          const struct gv_sig *sig, const struct gv_keys *keys,
          struct gv_reject *why)
{
    uint8_t digest[32];

    gv_tx_digest(tx, digest);
    if (!gv_key_verify(keys, pk, digest, sig))
        return gv_refuse(why, GV_BAD_SIGNATURE, "signature", 0, 0);
    return GV_OK;
}

static void
note_token(const struct gv_tst *tst, struct gv_tx_facts *facts)
{
    struct gv_tst_facts *f;

    if (!facts)
        return;
    f = &facts->tst[facts->count++];
    f->time_us = tst->time_us;
    memcpy(f->info_hash, tst->info_hash, 32);
    memcpy(f->imprint, tst->imprint, 32);
    gv_serial_expand(tst->serial, f->serial);
}

/* BID and CLOSE sign their id, which decoding has derived already. */
static enum gv_rc
check_id(const uint8_t id32[32], const struct gv_pubkey *pk,
         const struct gv_sig *sig, const struct gv_keys *keys,
         struct gv_reject *why)
{
    if (!gv_key_verify(keys, pk, id32, sig))
        return gv_refuse(why, GV_BAD_SIGNATURE, "signature", 0, 0);
    return GV_OK;
}

/* One token against what OPEN pins. Bids need the pinned policy; a CUTOFF's
 * or SETTLE's may also be a blind one: it is over the id of a past block,
 * which nobody can hoard. */
static enum gv_rc
check_token(uint8_t authority, struct gv_bytes der, bool cutoff,
            const struct gv_pins *pins, struct gv_tst *tst,
            struct gv_reject *why)
{
    const struct pinned_authority *a;
    struct gv_bytes policy;
    enum gv_rc rc;

    if (authority >= pins->authorities)
        return gv_refuse(why, GV_BAD_STAMP, "authority", authority,
                         pins->authorities);
    a = &pins->authority[authority];
    policy = a->pinned.policy;
    rc = gv_tst_parse(der, tst, why);
    if (rc != GV_OK)
        return rc;
    if (cutoff && gv_bytes_eq(tst->policy, gv_policy_blind()))
        policy = tst->policy;
    return gv_tst_verify(tst, &a->pinned, policy, a->prepared, why);
}

static enum gv_rc
check_stamp(const struct gv_tx_stamp *s, const struct gv_pins *pins,
            struct gv_tx_facts *facts, struct gv_reject *why)
{
    struct gv_tst tst;
    uint8_t root[32];
    enum gv_rc rc = check_token(s->authority, s->token, false, pins, &tst, why);

    if (rc != GV_OK)
        return rc;
    gv_stamp_root(s->leaves, s->count, root);
    if (memcmp(root, tst.imprint, 32) != 0)
        return gv_refuse(why, GV_BAD_STAMP, "stamp.imprint", 0, 0);
    note_token(&tst, facts);
    return GV_OK;
}

static enum gv_rc
check_tokens(const struct gv_tx_token *token, unsigned count,
             const struct gv_pins *pins, struct gv_tx_facts *facts,
             struct gv_reject *why)
{
    struct gv_tst tst;
    enum gv_rc rc;

    for (unsigned i = 0; i < count; i++) {
        rc = check_token(token[i].authority, token[i].token, true, pins, &tst,
                         why);
        if (rc != GV_OK)
            return rc;
        note_token(&tst, facts);
    }
    return GV_OK;
}

static enum gv_rc
check_cutoff(const struct gv_tx_cutoff *c, const struct gv_pins *pins,
             struct gv_tx_facts *facts, struct gv_reject *why)
{
    enum gv_rc rc = check_tokens(c->token, c->count, pins, facts, why);

    if (rc == GV_REJECT && why)
        why->code = GV_BAD_CUTOFF;
    return rc;
}

/* C17, in the order of O3. That the other side's key is the winner's, the state
 * sees. */
static enum gv_rc
check_settle(const struct gv_tx *tx, const struct gv_pins *pins,
             const struct gv_keys *keys, struct gv_tx_facts *facts,
             struct gv_reject *why)
{
    const struct gv_tx_settle *t = &tx->u.settle;
    bool sellers = GV_ID_EQ(&t->key, &pins->seller);
    enum gv_rc rc;

    if (sellers != (t->side == GV_SIDE_SELLER))
        return gv_refuse(why, GV_NOT_SIGNER, "settle.key", t->side, 0);
    rc = check_own(tx, &t->key, &t->sig, keys, why);
    return rc == GV_OK ? check_tokens(t->token, t->count, pins, facts, why)
                       : rc;
}

static enum gv_rc
check_final(const struct gv_tx *tx, unsigned m, const struct gv_pubkey *key,
            const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_final *f = &tx->u.final;
    unsigned at = 0;
    uint8_t digest[32];
    struct gv_sig sig;

    if (f->bitmap.len != (m + 7) / 8)
        return gv_refuse(why, GV_BAD_FINAL, "final.bitmap", f->bitmap.len,
                         (m + 7) / 8);
    if (f->count < gv_quorum(m))
        return gv_refuse(why, GV_BAD_FINAL, "final.quorum", f->count,
                         gv_quorum(m));
    gv_vote_digest(&tx->chain, &f->link, digest);
    for (unsigned i = 0; i < f->bitmap.len * 8; i++) {
        if (!(f->bitmap.p[i / 8] >> (i % 8) & 1))
            continue;
        if (i >= m)
            return gv_refuse(why, GV_BAD_FINAL, "final.bitmap", i, m);
        memcpy(sig.b, f->sigs + 64 * at++, 64);
        if (!gv_key_verify(keys, &key[i], digest, &sig))
            return gv_refuse(why, GV_BAD_FINAL, "final.signature", i, m);
    }
    return GV_OK;
}

static enum gv_rc
check_certified(const struct gv_tx_enrol *e, const struct gv_pins *pins,
                const struct gv_keys *keys, struct gv_reject *why)
{
    enum gv_rc rc;

    if (e->cred.role != GV_ROLE_USER)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.role", e->cred.role,
                         GV_ROLE_USER);
    rc = check_der(&e->cred, e->der, "enrol.der", why);
    return rc == GV_OK
               ? check_cred(&e->cred, &pins->ca, pins, keys, "enrol.cred", why)
               : rc;
}

/* The issuer signed this key, envelope key and escrowed identity for this
 * auction, without seeing them. */
static enum gv_rc
check_anonymous(const struct gv_tx_enrol *e, const struct gv_pins *pins,
                struct gv_reject *why)
{
    size_t blob = gv_blob_size(pins->notaries);
    struct gv_token token;
    enum gv_rc rc;

    if (e->blob.len != blob)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.blob", e->blob.len,
                         blob);
    gv_enrol_token(e, &token);
    rc = gv_token_verify(pins->token, &pins->chain, &token);
    return rc == GV_REJECT
               ? gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.token", 0, 0)
               : rc;
}

/* C1, in the order of O3: signature, then credential. */
static enum gv_rc
check_enrol(const struct gv_tx *tx, const struct gv_pins *pins,
            const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_enrol *e = &tx->u.enrol;
    enum gv_rc rc = check_own(tx, &e->key, &e->sig, keys, why);

    if (rc != GV_OK)
        return rc;
    if (e->form != pins->identity)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.form", e->form,
                         pins->identity);
    if (GV_ID_EQ(&e->key, &pins->seller))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.seller", 0, 0);
    return e->form == GV_ENROL_CERTIFIED ? check_certified(e, pins, keys, why)
                                         : check_anonymous(e, pins, why);
}

/* On an auction a REVOKE is the root's or OPEN's CA's (C9); on the registry
 * the directory knows who the CAs are (G4). */
static enum gv_rc
check_revoke(const struct gv_tx *tx, const struct gv_pins *pins,
             const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_revoke *t = &tx->u.revoke;

    if (!GV_ID_EQ(&pins->chain, &pins->registry) &&
        !GV_ID_EQ(&t->issuer, &pins->root) && !GV_ID_EQ(&t->issuer, &pins->ca))
        return gv_refuse(why, GV_NOT_SIGNER, "revoke.issuer", 0, 0);
    return check_own(tx, &t->issuer, &t->sig, keys, why);
}

static enum gv_rc
check_issued(const struct gv_tx *tx, const struct gv_pins *pins,
             const struct gv_keys *keys, struct gv_reject *why)
{
    if (pins->identity != GV_ANONYMOUS)
        return gv_refuse(why, GV_WRONG_CHAIN, "issued", 0, 0);
    return check_own(tx, &pins->issuer, &tx->u.issued.sig, keys, why);
}

static enum gv_rc
check_disclose(const struct gv_tx *tx, const struct gv_pins *pins,
               const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_disclose *t = &tx->u.disclose;

    if (t->notary >= pins->notaries)
        return gv_refuse(why, GV_NOT_SIGNER, "disclose.notary", t->notary,
                         pins->notaries);
    return check_own(tx, &pins->notary[t->notary], &t->sig, keys, why);
}

/* The kind of a bid is what the terms say (A23). */
static enum gv_rc
check_bid(const struct gv_tx_bid *t, const struct gv_pins *pins,
          const struct gv_keys *keys, struct gv_reject *why)
{
    unsigned n = t->kind == GV_BID_SEALED ? t->sealed.p[0] : 0;

    if (!pins->takes[t->kind] || (n > 0 && n != pins->bidseal.n))
        return gv_refuse(why, GV_WRONG_CHAIN, "bid.kind", n, pins->bidseal.n);
    return check_id(t->id.b, &t->bidder, &t->sig, keys, why);
}

/* C14: the key is the one in OPEN. */
static enum gv_rc
check_keyrelease(const struct gv_tx_keyrelease *t, const struct gv_pins *pins,
                 struct gv_reject *why)
{
    uint8_t pub[GV_HPKE_KEY];
    enum gv_rc rc;

    if (t->notary >= pins->bidseal.n)
        return gv_refuse(why, GV_NOT_SIGNER, "keyrelease.notary", t->notary,
                         pins->bidseal.n);
    rc = gv_x25519_public(t->secret, pub);
    if (rc == GV_OK && memcmp(pub, pins->bidseal.key[t->notary], 32) != 0)
        return gv_refuse(why, GV_BAD_SIGNATURE, "keyrelease.key", t->notary, 0);
    return rc;
}

static enum gv_rc
check_evidence(const struct gv_tx_evidence *t, const struct gv_keys *keys,
               struct gv_reject *why)
{
    uint8_t digest[32];

    for (unsigned i = 0; i < 2; i++) {
        gv_vote_digest(&t->accused, &t->vote[i].link, digest);
        if (!gv_key_verify(keys, &t->key, digest, &t->vote[i].sig))
            return gv_refuse(why, GV_BAD_SIGNATURE, "evidence.vote", i, 0);
    }
    return GV_OK;
}

static enum gv_rc
check_objection(const struct gv_tx *tx, unsigned m, const struct gv_pubkey *key,
                const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_objection *t = &tx->u.objection;

    if (t->validator >= m)
        return gv_refuse(why, GV_NOT_SIGNER, "objection.validator",
                         t->validator, m);
    return check_own(tx, &key[t->validator], &t->sig, keys, why);
}

/* Whose key the old one is, the state half sees (C13). */
static enum gv_rc
check_handover(const struct gv_tx *tx, const struct gv_pins *pins,
               const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_handover *t = &tx->u.handover;
    uint8_t digest[32];

    if (t->validator >= pins->validators)
        return gv_refuse(why, GV_NOT_SIGNER, "handover.validator", t->validator,
                         pins->validators);
    gv_handover_digest(&tx->chain, t, digest);
    if (!gv_key_verify(keys, &t->key, digest, &t->pop))
        return gv_refuse(why, GV_BAD_SIGNATURE, "handover.pop", 0, 0);
    return check_own(tx, &t->old_key, &t->sig, keys, why);
}

static enum gv_rc
check_service(const struct gv_tx *tx, const struct gv_pins *pins,
              const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_service *s = &tx->u.service;
    enum gv_rc rc;

    if (s->cred.role < GV_ROLE_CA || s->cred.role > GV_ROLE_VALIDATOR)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "service.role", s->cred.role,
                         0);
    rc = check_der(&s->cred, s->der, "service.der", why);
    if (rc == GV_OK)
        rc = check_cred(&s->cred, &pins->root, pins, keys, "service.cred", why);
    return rc == GV_OK ? check_own(tx, &s->cred.key, &s->sig, keys, why) : rc;
}

/* A CA certifies everybody but another CA and the root. */
static enum gv_rc
check_cert(const struct gv_tx_cert *c, const struct gv_pins *pins,
           const struct gv_keys *keys, struct gv_reject *why)
{
    enum gv_rc rc;

    if (c->cred.role <= GV_ROLE_CA)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "cert.role", c->cred.role, 0);
    rc = check_der(&c->cred, c->der, "cert.der", why);
    return rc == GV_OK
               ? check_cred(&c->cred, &c->issuer, pins, keys, "cert.cred", why)
               : rc;
}

/* Whether its CERT or SERVICE stands on the registry is judged there (G6). */
static enum gv_rc
check_node(const struct gv_tx *tx, const struct gv_pins *pins,
           const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_node *n = &tx->u.node;
    enum gv_rc rc;

    if (n->cred.role < GV_ROLE_CA || n->cred.role > GV_ROLE_NODE)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "node.role", n->cred.role,
                         GV_ROLE_NODE);
    rc = check_cred(&n->cred, &n->issuer, pins, keys, "node.cred", why);
    return rc == GV_OK ? check_own(tx, &n->cred.key, &n->sig, keys, why) : rc;
}

/* The token is the epoch's if its key is: that the directory sees (G5). */
static enum gv_rc
check_pseudonym(const struct gv_tx_list *l, struct gv_reject *why)
{
    struct gv_rsa_pub *pub = gv_rsa_pub_new(l->token_key.p);
    enum gv_rc rc = pub ? gv_seller_token_verify(pub, &l->token) : GV_FAULT;

    gv_rsa_pub_free(pub);
    return rc == GV_REJECT
               ? gv_refuse(why, GV_BAD_CREDENTIAL, "list.token", 0, 0)
               : rc;
}

static enum gv_rc
check_epoch(const struct gv_tx *tx, const struct gv_pins *pins,
            const struct gv_keys *keys, struct gv_reject *why)
{
    struct gv_params params = {.registry = pins->registry, .root = pins->root};
    struct gv_epoch *e = malloc(sizeof(*e));
    enum gv_rc rc = e ? gv_epoch_decode(tx->raw, &params, e, why) : GV_FAULT;

    if (rc == GV_OK)
        rc = gv_epoch_verify(e, keys, why);
    free(e);
    return rc;
}

static enum gv_rc
check_list(const struct gv_tx *tx, const struct gv_pins *pins,
           const struct gv_keys *keys, struct gv_reject *why)
{
    const struct gv_tx_list *l = &tx->u.list;
    enum gv_rc rc;

    if (l->pseudonym) {
        rc = check_pseudonym(l, why);
        return rc == GV_OK ? check_own(tx, &l->token.key, &l->sig, keys, why)
                           : rc;
    }
    if (l->seller.role != GV_ROLE_USER)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "list.role", l->seller.role,
                         GV_ROLE_USER);
    rc = check_cred(&l->seller, &l->issuer, pins, keys, "list.seller", why);
    return rc == GV_OK ? check_own(tx, &l->seller.key, &l->sig, keys, why) : rc;
}

/* A signature counts only on the chain it was made for, and a kind only where
 * it may stand. A RECEIPT stands on no chain but speaks of one. */
static enum gv_rc
check_place(const struct gv_tx *tx, const struct gv_pins *pins,
            struct gv_reject *why)
{
    bool registry = GV_ID_EQ(&pins->chain, &pins->registry);
    bool fits = registry
                    ? gv_tx_on_registry(tx->kind)
                    : gv_tx_on_auction(tx->kind) || tx->kind == GV_TX_RECEIPT;

    if (!fits || tx->kind == GV_TX_OPEN)
        return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
    if (!GV_ID_EQ(&tx->chain, &pins->chain))
        return gv_refuse(why, GV_WRONG_CHAIN, "chain", 0, 0);
    return GV_OK;
}

const struct gv_sealed_id *
gv_tx_signed_under(const struct gv_tx *tx)
{
    if (tx->kind == GV_TX_FINAL)
        return &tx->u.final.link.source;
    return tx->kind == GV_TX_OBJECTION ? &tx->u.objection.block : NULL;
}

enum gv_rc
gv_tx_verify_with(const struct gv_tx *tx, const struct gv_pins *pins,
                  const struct gv_pubkey *key, const struct gv_keys *keys,
                  struct gv_reject *why)
{
    enum gv_rc rc = check_place(tx, pins, why);

    if (rc != GV_OK)
        return rc;
    if (tx->kind == GV_TX_FINAL)
        return check_final(tx, pins->validators, key, keys, why);
    return check_objection(tx, pins->validators, key, keys, why);
}

enum gv_rc
gv_tx_verify(const struct gv_tx *tx, const struct gv_pins *pins,
             const struct gv_keys *keys, struct gv_tx_facts *facts,
             struct gv_reject *why)
{
    enum gv_rc rc;

    if (facts)
        facts->count = 0;
    rc = check_place(tx, pins, why);
    if (rc != GV_OK)
        return rc;
    switch (tx->kind) {
    case GV_TX_SERVICE:
        return check_service(tx, pins, keys, why);
    case GV_TX_CERT:
        return check_cert(&tx->u.cert, pins, keys, why);
    case GV_TX_REVOKE:
        return check_revoke(tx, pins, keys, why);
    case GV_TX_NODE:
        return check_node(tx, pins, keys, why);
    case GV_TX_LIST:
        return check_list(tx, pins, keys, why);
    case GV_TX_EVIDENCE:
        return check_evidence(&tx->u.evidence, keys, why);
    case GV_TX_ANCHOR: /* its tokens are for whoever reads it (V6) */
        return check_own(tx, &tx->u.anchor.service, &tx->u.anchor.sig, keys,
                         why);
    case GV_TX_EPOCH:
        return check_epoch(tx, pins, keys, why);
    case GV_TX_ENROL:
        return check_enrol(tx, pins, keys, why);
    case GV_TX_BID:
        return check_bid(&tx->u.bid, pins, keys, why);
    case GV_TX_STAMP:
        return check_stamp(&tx->u.stamp, pins, facts, why);
    case GV_TX_CLOSE:
        return check_id(tx->u.close.id.b, &pins->seller, &tx->u.close.sig, keys,
                        why);
    case GV_TX_CUTOFF:
        return check_cutoff(&tx->u.cutoff, pins, facts, why);
    case GV_TX_ISSUED:
        return check_issued(tx, pins, keys, why);
    case GV_TX_DISCLOSE:
        return check_disclose(tx, pins, keys, why);
    case GV_TX_SETTLE:
        return check_settle(tx, pins, keys, facts, why);
    case GV_TX_ACCEPT:
        return check_own(tx, &tx->u.accept.key, &tx->u.accept.sig, keys, why);
    case GV_TX_OBJECTION:
    case GV_TX_FINAL:
        return gv_tx_verify_with(tx, pins, pins->validator, keys, why);
    case GV_TX_HANDOVER:
        return check_handover(tx, pins, keys, why);
    case GV_TX_RECEIPT:
        return check_own(tx, &tx->u.receipt.service, &tx->u.receipt.sig, keys,
                         why);
    case GV_TX_KEYRELEASE:
        return check_keyrelease(&tx->u.keyrelease, pins, why);
    case GV_TX_OPENING: /* the bid that it opens is on the chain (C15) */
    case GV_TX_OUTCOME: /* carry no signature: everybody computes them */
    case GV_TX_SETFIXED:
    case GV_TX_OPEN:
        break;
    }
    return GV_OK;
}

static enum gv_rc
read_tokens(const struct gv_tx_token *token, unsigned count,
            struct gv_tx_facts *facts, struct gv_reject *why)
{
    struct gv_tst tst;
    enum gv_rc rc = GV_OK;

    for (unsigned i = 0; i < count && rc == GV_OK; i++) {
        rc = gv_tst_parse(token[i].token, &tst, why);
        if (rc == GV_OK)
            note_token(&tst, facts);
    }
    return rc;
}

enum gv_rc
gv_tx_facts_of(const struct gv_tx *tx, struct gv_tx_facts *facts,
               struct gv_reject *why)
{
    struct gv_tst tst;
    enum gv_rc rc;

    facts->count = 0;
    if (tx->kind == GV_TX_STAMP) {
        rc = gv_tst_parse(tx->u.stamp.token, &tst, why);
        if (rc == GV_OK)
            note_token(&tst, facts);
        return rc;
    }
    if (tx->kind == GV_TX_CUTOFF)
        return read_tokens(tx->u.cutoff.token, tx->u.cutoff.count, facts, why);
    if (tx->kind == GV_TX_SETTLE)
        return read_tokens(tx->u.settle.token, tx->u.settle.count, facts, why);
    return GV_OK;
}
