/* admit.c - what may enter the mempool. */
#include <stdlib.h>

#include "chain/state/book_impl.h"
#include "chain/state/impl.h"

#define AHEAD_US UINT64_C(5000000) /* R1: neither relayed nor mined */
#define SOONER_US UINT64_C(250000) /* what makes a CUTOFF worth another */

bool
gv_admit_enrolled(const struct gv_chain *c, const struct gv_pubkey *key)
{
    if (gv_book_find_bidder(c->book, key) != GV_NOWHERE)
        return true;
    for (const struct gv_pool_tx *e = c->pool.of[GV_POOL_ENROLS].first; e;
         e = e->next)
        if (GV_ID_EQ(&e->tx.u.enrol.key, key))
            return true;
    return false;
}

static enum gv_rc
check_enrol(const struct gv_chain *c, const struct gv_tx_enrol *t,
            uint64_t now_ms, struct gv_reject *why)
{
    if (gv_book_set_fixed(c->book))
        return gv_refuse(why, GV_SET_FIXED, "ENROL", 0, 0);
    if (gv_admit_enrolled(c, &t->key))
        return gv_refuse(why, GV_DUPLICATE, "enrol.key", 0, 0);
    return gv_book_check_enrol(c->book, t, now_ms, why);
}

/* Bids of this key on the chain and in the mempool (max_bids, R4). */
static uint64_t
bids_of(const struct gv_state *s, const struct gv_chain *c, uint32_t bidder,
        const struct gv_pubkey *key)
{
    uint64_t n = bidder == GV_NOWHERE ? 0 : c->book->bidder[bidder].bids;

    return n + gv_pool_bids_of(&s->pool, &c->id, key);
}

/* A bid that was let in before may have named a block of another branch, which
 * may come back. */
static enum gv_rc
check_bid(const struct gv_state *s, const struct gv_chain *c,
          const struct gv_admission *a, struct gv_reject *why)
{
    const struct gv_tx_bid *t = &a->tx->u.bid;
    uint32_t bidder = gv_book_find_bidder(c->book, &t->bidder);
    uint64_t bids;

    if (gv_book_set_fixed(c->book))
        return gv_refuse(why, GV_SET_FIXED, "BID", 0, 0);
    if (gv_book_find_bid(c->book, &t->id) != GV_NOWHERE)
        return gv_refuse(why, GV_DUPLICATE, "bid", 0, 0);
    if (!gv_admit_enrolled(c, &t->bidder))
        return gv_refuse(why, GV_MISSING_PARENT, "bid.bidder", 0, 0);
    if (!a->again && gv_spine_height(c->spine, &t->recent) == GV_NOWHERE)
        return gv_refuse(why, GV_MISSING_PARENT, "bid.recent", 0, 0);
    bids = bids_of(s, c, bidder, &t->bidder);
    if (bids >= c->book->open->terms.max_bids)
        return gv_refuse(why, GV_TOO_MANY_BIDS, "bid.bidder", bids,
                         c->book->open->terms.max_bids);
    if (bidder == GV_NOWHERE)
        return GV_OK;
    if (gv_book_bidder_revoked(c->book, bidder))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "bid.revoked", 0, 0);
    if (a->now_ms > c->book->bidder[bidder].not_after_ms)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "bid.bidder", a->now_ms,
                         c->book->bidder[bidder].not_after_ms);
    return GV_OK;
}

static enum gv_rc
check_stamp(struct gv_state *s, const struct gv_chain *c,
            const struct gv_admission *a, struct gv_reject *why)
{
    const struct gv_tx_stamp *t = &a->tx->u.stamp;
    const struct gv_tst_facts *f = &a->facts->tst[0];
    uint64_t d_us = c->book->open->terms.d_ms * UINT64_C(1000);
    uint64_t now_us = a->now_ms * 1000;

    if (gv_book_set_fixed(c->book))
        return gv_refuse(why, GV_SET_FIXED, "STAMP", 0, 0);
    if (gv_book_has_stamp(c->book, t->authority, f->info_hash))
        return gv_refuse(why, GV_DUPLICATE, "stamp", 0, 0);
    if (!gv_book_authority_ok(c->book, t->authority))
        return gv_refuse(why, GV_BAD_STAMP, "stamp.revoked", t->authority, 0);
    if (!a->again && f->time_us > now_us + AHEAD_US)
        return gv_refuse(why, GV_BAD_STAMP, "stamp.genTime", f->time_us,
                         now_us);
    if (now_us > f->time_us + d_us) {
        gv_admit_note_missed(s, c, t, f->time_us);
        return gv_refuse(why, GV_DEADLINE, "stamp.genTime", now_us,
                         f->time_us + d_us);
    }
    for (unsigned i = 0; i < t->count; i++) {
        const uint8_t *leaf = t->leaves + (size_t)i * 32;
        uint32_t at = gv_book_find_leaf(c->book, leaf);

        if (gv_pool_find_leaf(&s->pool, leaf) ||
            (at != GV_NOWHERE && c->book->leaf[at].owner != GV_NOWHERE))
            return gv_open_is_blind(c->book->open) &&
                           !gv_admit_dates_anything(s, c, t, f->time_us,
                                                    a->now_ms)
                       ? gv_refuse(why, GV_DUPLICATE, "stamp.leaves", t->count,
                                   1)
                       : GV_OK;
    }
    return gv_refuse(why, GV_MISSING_PARENT, "stamp.leaves", t->count, 1);
}

static enum gv_rc
check_close(const struct gv_chain *c, struct gv_reject *why)
{
    if (gv_book_set_fixed(c->book))
        return gv_refuse(why, GV_SET_FIXED, "CLOSE", 0, 0);
    if (c->book->open->terms.close_policy != GV_CLOSE_OWNER)
        return gv_refuse(why, GV_NOT_SIGNER, "close", 0, 0);
    if (c->book->closed)
        return gv_refuse(why, GV_DUPLICATE, "close", 0, 0);
    return GV_OK;
}

/* The latest time of a CUTOFF: no block is earlier (R1). */
static uint64_t
latest_of(const struct gv_tx_facts *f)
{
    uint64_t t_us = 0;

    for (unsigned i = 0; i < f->count; i++)
        if (f->tst[i].time_us > t_us)
            t_us = f->tst[i].time_us;
    return t_us;
}

/* The CUTOFF over the tip that waits already. */
static struct gv_pool_tx *
waiting_cutoff(const struct gv_chain *c)
{
    struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first;
    uint8_t imprint[32];

    gv_cutoff_imprint(&c->id, &gv_spine_tip(c->spine)->sealed, imprint);
    while (e && !(e->tx.kind == GV_TX_CUTOFF &&
                  memcmp(e->facts->tst[0].imprint, imprint, 32) == 0))
        e = e->next;
    return e;
}

/* One authority whose clock is ahead must not make all wait for its time. */
static bool
is_sooner(const struct gv_tx_facts *f, const struct gv_tx_facts *waiting,
          uint64_t now_us)
{
    return latest_of(waiting) > now_us &&
           latest_of(f) + SOONER_US <= latest_of(waiting);
}

/* A CUTOFF serves one tip only, and one is enough, unless it cannot be mined
 * yet and another one can be sooner. */
static enum gv_rc
check_cutoff(const struct gv_chain *c, const struct gv_admission *a,
             struct gv_reject *why)
{
    uint64_t now_us = a->now_ms * 1000, past;
    const struct gv_tx_facts *f = a->facts;
    const struct gv_pool_tx *e = waiting_cutoff(c);
    uint8_t imprint[32];

    if (gv_book_set_fixed(c->book) && !gv_book_opening(c->book))
        return gv_refuse(why, GV_DUPLICATE, "cutoff", 0, 0);
    if (f->count < gv_open_f(c->book->open) + 1)
        return gv_refuse(why, GV_BAD_CUTOFF, "cutoff.tokens", f->count,
                         gv_open_f(c->book->open) + 1);
    gv_cutoff_imprint(&c->id, &gv_spine_tip(c->spine)->sealed, imprint);
    if (e && !is_sooner(f, e->facts, now_us))
        return gv_refuse(why, GV_DUPLICATE, "cutoff", 0, 0);
    if (gv_book_shade(c->book, NULL, 0) != GV_OK)
        return GV_FAULT;
    past = gv_book_cutoff_after(c->book);
    for (unsigned i = 0; i < f->count; i++) {
        if (memcmp(imprint, f->tst[i].imprint, 32) != 0)
            return gv_refuse(why, GV_BAD_CUTOFF, "cutoff.imprint", 0, 0);
        if (f->tst[i].time_us <= past)
            return gv_refuse(why, GV_BAD_CUTOFF, "cutoff.genTime",
                             f->tst[i].time_us, past);
        if (!a->again && f->tst[i].time_us > now_us + AHEAD_US)
            return gv_refuse(why, GV_BAD_CUTOFF, "cutoff.genTime",
                             f->tst[i].time_us, now_us);
        if (!gv_book_authority_ok(c->book, a->tx->u.cutoff.token[i].authority))
            return gv_refuse(why, GV_BAD_CUTOFF, "cutoff.revoked", i, 0);
    }
    return GV_OK;
}

/* Deeds: one that would do the same waits already? */
static bool
deed_waits(const struct gv_chain *c, const struct gv_tx *tx)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_DEEDS].first;

    for (; e; e = e->next) {
        if (e->tx.kind != tx->kind)
            continue;
        if (tx->kind == GV_TX_ISSUED ||
            (tx->kind == GV_TX_REVOKE && GV_ID_EQ(&e->tx.u.revoke.fingerprint,
                                                  &tx->u.revoke.fingerprint)) ||
            (tx->kind == GV_TX_DISCLOSE &&
             e->tx.u.disclose.award == tx->u.disclose.award &&
             e->tx.u.disclose.notary == tx->u.disclose.notary &&
             e->tx.u.disclose.side == tx->u.disclose.side) ||
            (tx->kind == GV_TX_KEYRELEASE &&
             e->tx.u.keyrelease.notary == tx->u.keyrelease.notary) ||
            (tx->kind == GV_TX_OPENING &&
             GV_ID_EQ(&e->tx.u.opening.bid, &tx->u.opening.bid)) ||
            (tx->kind == GV_TX_HANDOVER &&
             (GV_ID_EQ(&e->tx.u.handover.old_key, &tx->u.handover.old_key) ||
              GV_ID_EQ(&e->tx.u.handover.key, &tx->u.handover.key))) ||
            (tx->kind == GV_TX_SETTLE &&
             e->tx.u.settle.award == tx->u.settle.award &&
             e->tx.u.settle.side == tx->u.settle.side &&
             e->tx.u.settle.what == tx->u.settle.what) ||
            (tx->kind == GV_TX_ACCEPT &&
             e->tx.u.accept.award == tx->u.accept.award))
            return true;
    }
    return false;
}

/* A key that is out opens nothing sooner by waiting here, so it may wait once
 * votes made X final, and for the FINAL that says so. Not before: it would be
 * handed on while bids still come. (An OPENING comes again: a false one, which
 * is found later, would keep the true one out.) */
static bool
is_settled(const struct gv_chain *c)
{
    const struct gv_node *final = &c->tree.node[c->tree.final];

    return c->book->settled_height ||
           (c->book->cutoff_height && final->height >= c->book->cutoff_height &&
            gv_spine_height(c->spine, &final->sealed) == final->height);
}

static enum gv_rc
check_opening(struct gv_state *s, const struct gv_chain *c,
              const struct gv_admission *a, struct gv_reject *why)
{
    enum gv_rc rc;

    for (uint32_t i = 0; i < s->bad_openings && i < GV_BAD_OPENINGS; i++)
        if (GV_ID_EQ(&s->bad_opening[i], a->id))
            return gv_refuse(why, GV_BAD_SEAL, "opening.es", 0, 0);
    rc = gv_book_check_opening(c->book, &a->tx->u.opening, why);
    if (rc == GV_REJECT && why->code == GV_BAD_SEAL)
        s->bad_opening[s->bad_openings++ % GV_BAD_OPENINGS] = *a->id;
    return rc;
}

/* C14, C15. */
static enum gv_rc
check_opener(struct gv_state *s, const struct gv_chain *c,
             const struct gv_admission *a, struct gv_reject *why)
{
    struct gv_reject local = {.index = GV_NO_INDEX};
    const struct gv_tx *tx = a->tx;
    enum gv_rc rc =
        tx->kind == GV_TX_KEYRELEASE
            ? gv_book_check_keyrelease(c->book, &tx->u.keyrelease, &local)
            : check_opening(s, c, a, &local);

    if (rc == GV_REJECT && local.code == GV_WRONG_PHASE &&
        tx->kind == GV_TX_KEYRELEASE && !c->book->opened_height &&
        is_settled(c))
        return GV_OK;
    /* Whoever sent it may have a block more. */
    if (rc == GV_REJECT && local.code == GV_WRONG_PHASE &&
        !c->book->opened_height && c->book->cutoff_height)
        return gv_refuse(why, GV_MISSING_PARENT, local.field, 0, 0);
    if (rc == GV_REJECT && why)
        *why = local;
    return rc;
}

/* One that comes back may follow on another that comes back after it. */
static enum gv_rc
check_handover(const struct gv_chain *c, const struct gv_admission *a,
               struct gv_reject *why)
{
    struct gv_reject local = {.index = GV_NO_INDEX};
    enum gv_rc rc;

    if (gv_book_ended(c->book))
        return gv_refuse(why, GV_CHAIN_ENDED, "handover", 0, 0);
    rc = gv_book_check_handover(c->book, &a->tx->u.handover, &local);
    if (rc != GV_REJECT || (a->again && local.code == GV_NOT_SIGNER))
        return GV_OK;
    if (why)
        *why = local;
    return rc;
}

/* C17; like a CUTOFF's, its tokens are not relayed while they are ahead of the
 * clock (R1). */
static enum gv_rc
check_settle(const struct gv_chain *c, const struct gv_admission *a,
             struct gv_reject *why)
{
    const struct gv_tx_facts *f = a->facts;

    for (unsigned i = 0; i < f->count && !a->again; i++)
        if (f->tst[i].time_us > a->now_ms * 1000 + AHEAD_US)
            return gv_refuse(why, GV_BAD_STAMP, "settle.genTime",
                             f->tst[i].time_us, a->now_ms * 1000);
    return gv_book_check_settle(c->book, &a->tx->u.settle, f, why);
}

static enum gv_rc
check_deed(struct gv_state *s, const struct gv_chain *c,
           const struct gv_admission *a, struct gv_reject *why)
{
    const struct gv_tx *tx = a->tx;

    if (deed_waits(c, tx))
        return gv_refuse(why, GV_DUPLICATE, gv_tx_name(tx->kind), 0, 0);
    if (tx->kind == GV_TX_DISCLOSE)
        return gv_book_check_disclose(c->book, &tx->u.disclose, why);
    if (tx->kind == GV_TX_KEYRELEASE || tx->kind == GV_TX_OPENING)
        return check_opener(s, c, a, why);
    if (tx->kind == GV_TX_HANDOVER)
        return check_handover(c, a, why);
    if (tx->kind == GV_TX_SETTLE)
        return check_settle(c, a, why);
    if (tx->kind == GV_TX_ACCEPT)
        return gv_book_check_accept(c->book, &tx->u.accept, why);
    if (gv_book_set_fixed(c->book))
        return gv_refuse(why, GV_SET_FIXED, gv_tx_name(tx->kind), 0, 0);
    if (tx->kind == GV_TX_ISSUED)
        return gv_book_check_issued(c->book, why);
    return gv_book_check_revoke(c->book, &tx->u.revoke, why);
}

/* One of a validator and block is enough, and those that wait count too. */
static enum gv_rc
check_objection(const struct gv_chain *c, const struct gv_tx_objection *t,
                struct gv_reject *why)
{
    unsigned n = gv_book_objections_of(c->book, t->validator);

    if (gv_book_ended(c->book))
        return gv_refuse(why, GV_CHAIN_ENDED, "objection", 0, 0);
    for (const struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first; e;
         e = e->next) {
        if (e->tx.kind != GV_TX_OBJECTION ||
            e->tx.u.objection.validator != t->validator)
            continue;
        if (GV_ID_EQ(&e->tx.u.objection.block, &t->block))
            return gv_refuse(why, GV_DUPLICATE, "objection.block", 0, 0);
        n++;
    }
    if (n >= GV_OBJECTIONS_MAX)
        return gv_refuse(why, GV_DUPLICATE, "objection.validator", n,
                         GV_OBJECTIONS_MAX);
    return gv_book_check_objection(c->book, t, (uint32_t)c->spine->count, why);
}

/* A FINAL waits even while its source is justified by gossip alone: the FINAL
 * that says so on the chain may stand in the same block. */
static enum gv_rc
check_final(const struct gv_chain *c, const struct gv_vote *v,
            struct gv_reject *why)
{
    uint32_t source = gv_tree_find(&c->tree, &v->source);
    uint32_t target = gv_tree_find(&c->tree, &v->target);

    if (!c->registry && gv_book_ended(c->book))
        return gv_refuse(why, GV_CHAIN_ENDED, "final.link", 0, 0);
    if (source == GV_NOWHERE || target == GV_NOWHERE)
        return gv_refuse(why, GV_ORPHAN, "final.link", v->target_height,
                         c->sum.height);
    if (!c->tree.node[source].justified &&
        gv_links_check(&c->spine->links, v, why) != GV_OK)
        return GV_REJECT;
    if (c->tree.node[source].height != v->source_height ||
        c->tree.node[target].height != v->target_height ||
        !gv_tree_is_ancestor(&c->tree, source, target))
        return gv_refuse(why, GV_BAD_FINAL, "final.link", v->source_height,
                         v->target_height);
    if (gv_spine_height(c->spine, &v->target) == v->target_height &&
        v->target_height <= c->spine->links.top)
        return gv_refuse(why, GV_DUPLICATE, "final.target", v->target_height,
                         c->spine->links.top);
    for (const struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first; e;
         e = e->next)
        if (e->tx.kind == GV_TX_FINAL &&
            GV_ID_EQ(&e->tx.u.final.link.source, &v->source) &&
            GV_ID_EQ(&e->tx.u.final.link.target, &v->target))
            return gv_refuse(why, GV_DUPLICATE, "final.link", 0, 0);
    return GV_OK;
}

/* Does this, in the mempool, let the other one stand behind it? */
static bool
goes_before(const struct gv_tx *first, const struct gv_tx *tx)
{
    const struct gv_pubkey *issuer =
        tx->kind == GV_TX_CERT ? &tx->u.cert.issuer : &tx->u.list.issuer;

    if (tx->kind == GV_TX_REVOKE)
        return first->kind == GV_TX_CERT &&
               GV_ID_EQ(&first->u.cert.cred.fingerprint,
                        &tx->u.revoke.fingerprint) &&
               GV_ID_EQ(&first->u.cert.issuer, &tx->u.revoke.issuer);
    if (tx->kind != GV_TX_CERT &&
        (tx->kind != GV_TX_LIST || tx->u.list.pseudonym))
        return false;
    return first->kind == GV_TX_SERVICE &&
           first->u.service.cred.role == GV_ROLE_CA &&
           GV_ID_EQ(&first->u.service.cred.key, issuer);
}

/* The SERVICE of the CA that issued this, and the CERT that this revokes, may
 * be in the mempool still: they stand in one block in that order. */
static bool
signer_waits(const struct gv_chain *c, const struct gv_tx *tx)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_BIDS].first;

    while (e && !goes_before(&e->tx, tx))
        e = e->next;
    return e != NULL;
}

/* What comes back may need others that come back with it, such as a REVOKE its
 * CERT. It waits even when it cannot stand on the tip yet; the next draft
 * drops it if it still cannot. Of two that could not stand in one block the
 * second does not wait (gv_pool_find_name). */
static enum gv_rc
check_registry(const struct gv_state *s, const struct gv_chain *c,
               const struct gv_admission *a, struct gv_reject *why)
{
    struct gv_reject local = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_directory_check(c->dir, a->tx, a->now_ms, &local);

    if ((rc == GV_OK || a->again) && gv_pool_find_name(&s->pool, a->tx))
        return gv_refuse(why, GV_DUPLICATE, gv_tx_name(a->tx->kind), 0, 0);
    if (rc != GV_REJECT)
        return rc;
    if (a->again && local.code != GV_DUPLICATE && local.code != GV_WRONG_CHAIN)
        return GV_OK;
    if (local.code == GV_NOT_SIGNER && signer_waits(c, a->tx))
        return GV_OK;
    if (why)
        *why = local;
    return GV_REJECT;
}

static enum gv_rc
check(struct gv_state *s, const struct gv_chain *c,
      const struct gv_admission *a, struct gv_reject *why)
{
    const struct gv_tx *tx = a->tx;
    uint64_t now_ms = a->now_ms;

    if (tx->kind == GV_TX_FINAL)
        return check_final(c, &tx->u.final.link, why);
    if (c->registry)
        return check_registry(s, c, a, why);
    switch (tx->kind) {
    case GV_TX_ENROL:
        return check_enrol(c, &tx->u.enrol, now_ms, why);
    case GV_TX_BID:
        return check_bid(s, c, a, why);
    case GV_TX_STAMP:
        return check_stamp(s, c, a, why);
    case GV_TX_CLOSE:
        return check_close(c, why);
    case GV_TX_CUTOFF:
        return check_cutoff(c, a, why);
    case GV_TX_ISSUED:
    case GV_TX_DISCLOSE:
    case GV_TX_HANDOVER:
    case GV_TX_REVOKE:
    case GV_TX_KEYRELEASE:
    case GV_TX_OPENING:
    case GV_TX_SETTLE:
    case GV_TX_ACCEPT:
        return check_deed(s, c, a, why);
    case GV_TX_OBJECTION:
        return check_objection(c, &tx->u.objection, why);
    case GV_TX_SETFIXED:
    case GV_TX_SERVICE:
    case GV_TX_CERT:
    case GV_TX_NODE:
    case GV_TX_LIST:
    case GV_TX_EVIDENCE:
    case GV_TX_ANCHOR:
    case GV_TX_EPOCH:
    case GV_TX_OPEN:
    case GV_TX_OUTCOME:
    case GV_TX_FINAL:
    case GV_TX_RECEIPT:
        break;
    }
    return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
}

/* How full the mempool may be for this to enter: the directory gets half, and
 * what dates, cuts and finalises may go a quarter beyond, so that nobody can
 * fill it and stop every auction. */
static size_t
room_for(const struct gv_state *s, const struct gv_chain *c,
         const struct gv_tx *tx)
{
    size_t max = s->opt.pool_max_bytes;
    enum gv_pool_class class = gv_pool_class_of(&c->pool, tx->kind);

    if (class == GV_POOL_NOTICES || class == GV_POOL_STAMPS ||
        class == GV_POOL_DEEDS)
        return max + max / 4;
    return c->registry ? max / 2 : max;
}

enum gv_rc
gv_admit_tx(struct gv_state *s, struct gv_chain *c,
            const struct gv_admission *a, struct gv_reject *why)
{
    struct gv_pool_tx *e;
    enum gv_rc rc;

    if (gv_pool_find(&s->pool, a->id))
        return GV_OK;
    rc = check(s, c, a, why);
    if (rc != GV_OK)
        return rc;
    if (!a->again && s->pool.bytes + a->tx->raw.len > room_for(s, c, a->tx))
        return gv_refuse(why, GV_POOL_FULL, "mempool", s->pool.bytes,
                         room_for(s, c, a->tx));
    if (a->tx->kind == GV_TX_CUTOFF && waiting_cutoff(c))
        gv_admit_drop(s, waiting_cutoff(c));
    if (gv_pool_add(&s->pool, c, &c->pool, a->tx, a->id, a->facts, &e) != GV_OK)
        return gv_state_fail(s, "out of memory");
    e->arrived_ms = a->now_ms;
    e->stamped_us = a->stamped_us;
    if (e->tx.kind == GV_TX_BID || e->tx.kind == GV_TX_CLOSE)
        rc = gv_admit_find_stamps(c, e, a->again);
    /* What comes back was noted when it came first. */
    if (rc == GV_OK && !a->again && e->t_us != UINT64_MAX &&
        e->class == GV_POOL_BIDS && !c->registry)
        rc = gv_watch_dated(c, e, UINT64_MAX, a->now_ms);
    if (e->tx.kind == GV_TX_STAMP)
        rc = gv_admit_date_listed(s, c, e, a->now_ms);
    if (rc != GV_OK)
        return gv_state_fail(s, "out of memory");
    gv_record_journal(s, e);
    gv_admit_tell_token(s, c, a->tx, a->facts);
    return GV_OK;
}

void
gv_admit_tell_token(const struct gv_state *s, const struct gv_chain *c,
                    const struct gv_tx *tx, const struct gv_tx_facts *facts)
{
    if (s->opt.events.token &&
        (tx->kind == GV_TX_STAMP || tx->kind == GV_TX_CUTOFF))
        s->opt.events.token(s->opt.events.arg, c, tx, facts);
}

void
gv_admit_drop(struct gv_state *s, struct gv_pool_tx *e)
{
    gv_pool_remove(&s->pool, &e->chain->pool, e);
}

enum gv_rc
gv_task_test(struct gv_state *s, const struct gv_task *t, uint64_t now_ms,
             struct gv_reject *why)
{
    enum gv_rc rc = gv_task_verdict(t, why);

    if (rc != GV_OK || t->is_block)
        return rc;
    if (gv_chain_load(s, t->chain, now_ms) != GV_OK)
        return GV_FAULT;
    rc = gv_seats_check(s, t, why);
    if (rc != GV_OK)
        return rc;
    return check(s, t->chain,
                 &(struct gv_admission){&t->tx, &t->id, t->facts.at[0], now_ms,
                                        false, 0},
                 why);
}
