/*
 * book_trust.c - who may still act on an auction chain: revocations, the count
 * of tokens, the validators' objections (C1, C8, C9, C11, C12).
 */
#include "chain/state/book_impl.h"
#include "chain/state/vec.h"

bool
gv_book_revoked(const struct gv_book *b, const struct gv_hash *fingerprint)
{
    for (size_t i = 0; i < b->revokeds; i++)
        if (GV_ID_EQ(&b->revoked[i], fingerprint))
            return true;
    return false;
}

/* A pseudonym has no fingerprint that could be revoked. */
bool
gv_book_bidder_revoked(const struct gv_book *b, uint32_t bidder)
{
    return b->revokeds > 0 && b->open->terms.identity == GV_CERTIFIED &&
           gv_book_revoked(b, &b->bidder[bidder].fingerprint);
}

bool
gv_book_authority_ok(const struct gv_book *b, unsigned authority)
{
    return !gv_book_revoked(b, &b->open->authority[authority].cert);
}

bool
gv_book_stalled(const struct gv_book *b)
{
    unsigned left = 0;

    if (gv_book_set_fixed(b) || b->revokeds == 0)
        return false;
    for (unsigned i = 0; i < b->open->authority_count; i++)
        left += gv_book_authority_ok(b, i);
    return left < gv_open_f(b->open) + 1;
}

/* --- ENROL --- */

static enum gv_rc
check_certified(const struct gv_book *b, const struct gv_tx_enrol *t,
                uint64_t time_ms, struct gv_reject *why)
{
    if (!gv_cred_valid_at(&t->cred, time_ms))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.dates", time_ms,
                         t->cred.not_after_ms);
    if (gv_book_revoked(b, &t->cred.fingerprint) ||
        gv_book_revoked(b, &b->open->ca.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.revoked", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_book_check_enrol(const struct gv_book *b, const struct gv_tx_enrol *t,
                    uint64_t time_ms, struct gv_reject *why)
{
    if (gv_book_find_bidder(b, &t->key) != GV_NOWHERE)
        return gv_refuse(why, GV_DUPLICATE, "enrol.key", 0, 0);
    if (t->form == GV_ENROL_CERTIFIED)
        return check_certified(b, t, time_ms, why);
    if (gv_book_revoked(b, &b->open->issuer.cred.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "enrol.revoked", 0, 0);
    return GV_OK;
}

/* --- ISSUED --- */

enum gv_rc
gv_book_check_issued(const struct gv_book *b, struct gv_reject *why)
{
    if (b->open->terms.identity != GV_ANONYMOUS)
        return gv_refuse(why, GV_WRONG_CHAIN, "issued", 0, 0);
    if (b->issued)
        return gv_refuse(why, GV_DUPLICATE, "issued", 0, 0);
    if (gv_book_revoked(b, &b->open->issuer.cred.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "issued.revoked", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_book_add_issued(struct gv_book_step *s, const struct gv_tx_issued *t)
{
    enum gv_rc rc = gv_book_check_issued(s->b, s->why);

    if (rc != GV_OK)
        return rc;
    s->b->issued = true;
    s->b->issued_count = t->count;
    s->b->issued_height = s->block->h.header.height;
    return GV_OK;
}

/* --- REVOKE --- */

/* Those whom the root certified, the root alone revokes: a CA could otherwise
 * end an auction by its own word. */
static bool
is_roots(const struct gv_open *o, const struct gv_hash *fingerprint)
{
    if (GV_ID_EQ(fingerprint, &o->ca.fingerprint) ||
        (o->issuer_count > 0 &&
         GV_ID_EQ(fingerprint, &o->issuer.cred.fingerprint)))
        return true;
    for (unsigned i = 0; i < o->notary_count; i++)
        if (GV_ID_EQ(fingerprint, &o->notary[i].cred.fingerprint))
            return true;
    for (unsigned i = 0; i < o->bid_escrow_count; i++)
        if (GV_ID_EQ(fingerprint, &o->bid_escrow[i].cred.fingerprint))
            return true;
    for (unsigned i = 0; i < o->authority_count; i++)
        if (GV_ID_EQ(fingerprint, &o->authority[i].cert))
            return true;
    return false;
}

/* A thief of the CA's key shuts nobody out once the root has said so. */
static enum gv_rc
check_revoker(const struct gv_book *b, const struct gv_tx_revoke *t,
              struct gv_reject *why)
{
    if (GV_ID_EQ(&t->issuer, &b->open->root) ||
        !gv_book_revoked(b, &b->open->ca.fingerprint))
        return GV_OK;
    return gv_refuse(why, GV_BAD_CREDENTIAL, "revoke.revoked", 0, 0);
}

/* What does not depend on the other REVOKEs of its block. */
static enum gv_rc
check_revoked(const struct gv_book *b, const struct gv_tx_revoke *t,
              struct gv_reject *why)
{
    if (gv_book_revoked(b, &t->fingerprint))
        return gv_refuse(why, GV_DUPLICATE, "revoke.fingerprint", 0, 0);
    if (!GV_ID_EQ(&t->issuer, &b->open->root) &&
        is_roots(b->open, &t->fingerprint))
        return gv_refuse(why, GV_NOT_SIGNER, "revoke.issuer", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_book_check_revoke(const struct gv_book *b, const struct gv_tx_revoke *t,
                     struct gv_reject *why)
{
    enum gv_rc rc = check_revoked(b, t, why);

    return rc == GV_OK ? check_revoker(b, t, why) : rc;
}

/* The REVOKE of the CA acts on those that stand before it in the block, too. */
static enum gv_rc
check_revokers(const struct gv_book_step *s)
{
    enum gv_rc rc = GV_OK;

    for (uint32_t i = 0; rc == GV_OK && i < s->block->h.header.tx_count; i++) {
        if (s->block->tx[i].kind != GV_TX_REVOKE)
            continue;
        rc = gv_refuse_at(
            s->why, i, check_revoker(s->b, &s->block->tx[i].u.revoke, s->why));
    }
    return rc;
}

enum gv_rc
gv_book_add_revokes(struct gv_book_step *s)
{
    uint32_t n = s->block->h.header.tx_count;
    bool fixed = s->b->cutoff_height != 0 ||
                 (n > 0 && s->block->tx[0].kind == GV_TX_CUTOFF);
    struct gv_book *b = s->b;

    for (uint32_t i = 0; i < n; i++) {
        const struct gv_tx *tx = &s->block->tx[i];
        enum gv_rc rc;

        if (tx->kind != GV_TX_REVOKE)
            continue;
        if (fixed)
            return gv_refuse_at(
                s->why, i, gv_refuse(s->why, GV_SET_FIXED, "REVOKE", 0, 0));
        rc = gv_refuse_at(s->why, i, check_revoked(b, &tx->u.revoke, s->why));
        if (rc != GV_OK)
            return rc;
        if (!gv_vec_room(&b->revoked, b->revokeds, &b->revoked_cap,
                         sizeof(*b->revoked)))
            return GV_FAULT;
        b->revoked[b->revokeds++] = tx->u.revoke.fingerprint;
    }
    return check_revokers(s);
}

/* --- OBJECTION --- */

unsigned
gv_book_objections_of(const struct gv_book *b, unsigned validator)
{
    unsigned n = 0;

    for (size_t i = 0; i < b->objections; i++)
        n += b->objection[i].validator == validator;
    return n;
}

enum gv_rc
gv_book_check_objection(const struct gv_book *b,
                        const struct gv_tx_objection *t, uint32_t height,
                        struct gv_reject *why)
{
    uint32_t at = gv_spine_height(&b->spine, &t->block);
    unsigned n = gv_book_objections_of(b, t->validator);

    if (at == GV_NOWHERE || at == 0 || at >= height)
        return gv_refuse(why, GV_MISSING_PARENT, "objection.block", 0, 0);
    for (size_t i = 0; i < b->objections; i++)
        if (b->objection[i].validator == t->validator &&
            GV_ID_EQ(&b->objection[i].block, &t->block))
            return gv_refuse(why, GV_DUPLICATE, "objection.block", at, 0);
    if (n >= GV_OBJECTIONS_MAX)
        return gv_refuse(why, GV_DUPLICATE, "objection.validator", n,
                         GV_OBJECTIONS_MAX);
    return GV_OK;
}

enum gv_rc
gv_book_add_objection(struct gv_book_step *s, const struct gv_tx_objection *t)
{
    struct gv_book *b = s->b;
    enum gv_rc rc =
        gv_book_check_objection(b, t, s->block->h.header.height, s->why);

    if (rc != GV_OK)
        return rc;
    if (!gv_vec_room(&b->objection, b->objections, &b->objection_cap,
                     sizeof(*b->objection)))
        return GV_FAULT;
    b->objection[b->objections].block = t->block;
    b->objection[b->objections++].validator = t->validator;
    return GV_OK;
}
