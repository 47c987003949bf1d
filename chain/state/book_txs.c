/* book_txs.c - transactions of one block enter the book. */
#include "chain/state/book_impl.h"
#include "chain/state/vec.h"

#define AHEAD 12 /* bids whose table slots are on their way to the cache */

/* R6: after X (and in it) the set of bids is fixed. */
static bool
fixed_by(enum gv_tx_kind kind)
{
    return kind == GV_TX_ENROL || kind == GV_TX_BID || kind == GV_TX_STAMP ||
           kind == GV_TX_CLOSE || kind == GV_TX_ISSUED;
}

uint32_t
gv_book_leaf_at(struct gv_book *b, const uint8_t hash32[32])
{
    uint32_t at = gv_book_find_leaf(b, hash32);

    if (at != GV_NOWHERE)
        return at;
    if (!gv_vec_room(&b->leaf, b->leaves, &b->leaf_cap, sizeof(*b->leaf)))
        return GV_NOWHERE;
    at = (uint32_t)b->leaves;
    memcpy(b->leaf[at].hash, hash32, 32);
    b->leaf[at].owner = GV_NOWHERE;
    b->leaf[at].mark = GV_NOWHERE;
    b->leaves++;
    if (gv_table_add(&b->by_leaf, at) == GV_OK)
        return at;
    b->leaves--;
    return GV_NOWHERE;
}

/* Give a leaf its owner. Leaves listed by an earlier block keep a note, so
 * that undoing the block takes the owner off again. */
static enum gv_rc
own_leaf(struct gv_book_step *s, const uint8_t hash32[32], uint32_t owner,
         uint32_t *leaf)
{
    struct gv_book *b = s->b;

    *leaf = gv_book_leaf_at(b, hash32);
    if (*leaf == GV_NOWHERE)
        return GV_FAULT;
    b->leaf[*leaf].owner = owner;
    if (*leaf >= s->before->leaves)
        return GV_OK;
    if (!gv_vec_room(&b->owned, b->owneds, &b->owned_cap, sizeof(*b->owned)))
        return GV_FAULT;
    b->owned[b->owneds++] = *leaf;
    return GV_OK;
}

static enum gv_rc
add_enrol(struct gv_book_step *s, const struct gv_tx *tx)
{
    const struct gv_tx_enrol *e = &tx->u.enrol;
    uint64_t time_ms = s->block->h.header.time_ms;
    struct gv_book *b = s->b;
    struct gv_book_bidder *to;
    enum gv_rc rc = gv_book_check_enrol(b, e, time_ms, s->why);

    if (rc != GV_OK)
        return rc;
    if (!gv_vec_room(&b->bidder, b->bidders, &b->bidder_cap,
                     sizeof(*b->bidder)))
        return GV_FAULT;
    to = &b->bidder[b->bidders];
    memset(to, 0, sizeof(*to));
    to->key = e->key;
    if (e->form == GV_ENROL_CERTIFIED)
        to->fingerprint = e->cred.fingerprint;
    to->last = GV_NOWHERE;
    to->height = s->block->h.header.height;
    to->not_after_ms = gv_enrol_ends_ms(e);
    b->bidders++;
    return gv_table_add(&b->by_key, (uint32_t)b->bidders - 1);
}

static enum gv_rc
check_bid(struct gv_book_step *s, const struct gv_tx_bid *t, uint32_t bidder)
{
    uint64_t time_ms = s->block->h.header.time_ms;
    struct gv_book *b = s->b;
    unsigned n = t->kind == GV_BID_SEALED ? t->sealed.p[0] : 0;

    if (!gv_terms_takes(&b->open->terms, n > 0) || (n > 0 && n != b->bidseal.n))
        return gv_refuse(s->why, GV_WRONG_CHAIN, "bid.kind", n, b->bidseal.n);
    if ((t->lot != 0) != (b->open->terms.lots != 0))
        return gv_refuse(s->why, GV_WRONG_CHAIN, "bid.lot", t->lot,
                         b->open->terms.lots);
    if (bidder == GV_NOWHERE)
        return gv_refuse(s->why, GV_MISSING_PARENT, "bid.bidder", 0, 0);
    if (gv_book_find_bid(b, &t->id) != GV_NOWHERE)
        return gv_refuse(s->why, GV_DUPLICATE, "bid", 0, 0);
    if (time_ms > b->bidder[bidder].not_after_ms)
        return gv_refuse(s->why, GV_BAD_CREDENTIAL, "bid.bidder", time_ms,
                         b->bidder[bidder].not_after_ms);
    if (gv_book_bidder_revoked(b, bidder))
        return gv_refuse(s->why, GV_BAD_CREDENTIAL, "bid.revoked", 0, 0);
    if (b->bidder[bidder].bids >= b->open->terms.max_bids)
        return gv_refuse(s->why, GV_TOO_MANY_BIDS, "bid.bidder",
                         b->bidder[bidder].bids, b->open->terms.max_bids);
    return GV_OK;
}

static enum gv_rc
add_bid(struct gv_book_step *s, const struct gv_tx *tx, uint32_t index)
{
    const struct gv_tx_bid *t = &tx->u.bid;
    struct gv_book *b = s->b;
    uint32_t bidder = gv_book_find_bidder(b, &t->bidder);
    struct gv_book_bid *to;
    uint32_t recent;
    enum gv_rc rc = check_bid(s, t, bidder);

    if (rc != GV_OK)
        return rc;
    recent = gv_spine_height(&b->spine, &t->recent);
    if (recent == GV_NOWHERE || recent + 1 >= b->spine.count)
        return gv_refuse(s->why, GV_MISSING_PARENT, "bid.recent", 0, 0);
    if (!gv_vec_room(&b->bid, b->bids, &b->bid_cap, sizeof(*b->bid)))
        return GV_FAULT;
    to = &b->bid[b->bids];
    if (gv_book_keep_sealed(b, t->sealed, &to->part) != GV_OK)
        return GV_FAULT;
    to->id = t->id;
    to->amount = t->amount;
    to->seal = t->kind == GV_BID_SEALED ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN;
    to->lot = t->lot;
    to->bidder = bidder;
    to->seq = t->seq;
    to->height = s->block->h.header.height;
    to->index = index;
    to->info = GV_NOWHERE; /* until its time is settled */
    to->t_us = UINT64_MAX;
    to->floor_us = b->spine.at[recent].max_gen_us;
    to->before = b->bidder[bidder].last;
    b->bidder[bidder].last = (uint32_t)b->bids++;
    b->bidder[bidder].bids++;
    if (gv_table_add(&b->by_bid, (uint32_t)b->bids - 1) != GV_OK)
        return GV_FAULT;
    return own_leaf(s, t->leaf, (uint32_t)b->bids - 1, &to->leaf);
}

static enum gv_rc
add_close(struct gv_book_step *s, const struct gv_tx *tx)
{
    struct gv_book *b = s->b;
    uint8_t leaf[32];

    if (b->closed)
        return gv_refuse(s->why, GV_DUPLICATE, "close", 0, 0);
    if (b->open->terms.close_policy != GV_CLOSE_OWNER)
        return gv_refuse(s->why, GV_NOT_SIGNER, "close", 0, 0);
    b->closed = true;
    b->cancels = tx->u.close.mode == GV_CLOSE_CANCEL;
    b->close_id = tx->u.close.id;
    b->close_us = UINT64_MAX;
    gv_stamp_leaf(GV_TX_CLOSE, tx->u.close.id.b, &tx->u.close.sig, leaf);
    return own_leaf(s, leaf, GV_OWNER_CLOSE, &b->close_leaf);
}

/* R6: tokens of f+1 authorities over the parent, each past E + D; or, to end an
 * opening, past that (R7). */
static enum gv_rc
add_cutoff(struct gv_book_step *s, const struct gv_tx *tx, uint32_t index)
{
    struct gv_book *b = s->b;
    const struct gv_tx_facts *f = s->facts[index];
    const struct gv_vertebra *parent = &b->spine.at[b->spine.count - 2];
    uint64_t past = gv_book_cutoff_after(b);
    uint8_t imprint[32];

    if (index != 0 || (b->cutoff_height && !gv_book_opening(b)))
        return gv_refuse(s->why, GV_BAD_CUTOFF, "cutoff", index, 0);
    if (past == UINT64_MAX)
        return gv_refuse(s->why, GV_BAD_CUTOFF, "cutoff.close", 0, 0);
    if (tx->u.cutoff.count < gv_open_f(b->open) + 1)
        return gv_refuse(s->why, GV_BAD_CUTOFF, "cutoff.tokens",
                         tx->u.cutoff.count, gv_open_f(b->open) + 1);
    gv_cutoff_imprint(&tx->chain, &parent->sealed, imprint);
    for (unsigned i = 0; i < f->count; i++) {
        if (!gv_book_authority_ok(b, tx->u.cutoff.token[i].authority))
            return gv_refuse(s->why, GV_BAD_CUTOFF, "cutoff.revoked", i, 0);
        if (memcmp(f->tst[i].imprint, imprint, 32) != 0)
            return gv_refuse(s->why, GV_BAD_CUTOFF, "cutoff.imprint", i, 0);
        if (f->tst[i].time_us <= past)
            return gv_refuse(s->why, GV_BAD_CUTOFF, "cutoff.genTime",
                             f->tst[i].time_us, past);
    }
    if (b->cutoff_height)
        b->opened_height = s->block->h.header.height;
    else
        b->cutoff_height = s->block->h.header.height;
    return GV_OK;
}

/* R7: exactly what F gives. */
static enum gv_rc
add_outcome(struct gv_book_step *s, const struct gv_tx *tx, uint32_t index)
{
    const struct gv_outcome *o = &tx->u.outcome;
    uint8_t room[GV_RESULTS_ROOM];
    struct gv_outcome ours;
    struct gv_book *b = s->b;

    if (!b->cutoff_height || b->outcome_height || index != 0 ||
        (gv_book_seals(b) && !b->opened_height))
        return gv_refuse(s->why, GV_BAD_OUTCOME, "outcome", index, 0);
    gv_book_outcome_lots(b, &ours, room);
    if (o->lots.len != ours.lots.len ||
        (o->lots.len > 0 && memcmp(o->lots.p, ours.lots.p, o->lots.len) != 0))
        return gv_refuse(s->why, GV_BAD_OUTCOME, "outcome.lots", 0, 0);
    if (o->status != ours.status)
        return gv_refuse(s->why, GV_BAD_OUTCOME, "outcome.status", o->status,
                         ours.status);
    if (o->price != ours.price)
        return gv_refuse(s->why, GV_BAD_OUTCOME, "outcome.price", o->price,
                         ours.price);
    if (!GV_ID_EQ(&o->winner, &ours.winner) ||
        memcmp(o->fold_hash, ours.fold_hash, 32) != 0)
        return gv_refuse(s->why, GV_BAD_OUTCOME, "outcome.fold", 0, 0);
    b->outcome_height = s->block->h.header.height;
    b->outcome = ours;
    b->outcome.lots = gv_bytes(NULL, 0); /* gv_book_result has them */
    return GV_OK;
}

static enum gv_rc
add_final(struct gv_book_step *s, const struct gv_vote *link)
{
    enum gv_rc rc = gv_spine_final(&s->b->spine, link, s->why);

    if (rc == GV_OK)
        gv_book_note_settled(s);
    return rc;
}

static enum gv_rc
add_tx(struct gv_book_step *s, const struct gv_tx *tx, uint32_t index)
{
    if (s->b->cutoff_height && fixed_by(tx->kind))
        return gv_refuse(s->why, GV_SET_FIXED, gv_tx_name(tx->kind), 0, 0);
    switch (tx->kind) {
    case GV_TX_ENROL:
        return add_enrol(s, tx);
    case GV_TX_BID:
        return add_bid(s, tx, index);
    case GV_TX_CLOSE:
        return add_close(s, tx);
    case GV_TX_CUTOFF:
        return add_cutoff(s, tx, index);
    case GV_TX_OUTCOME:
        return add_outcome(s, tx, index);
    case GV_TX_FINAL:
        return add_final(s, &tx->u.final.link);
    case GV_TX_KEYRELEASE:
        return gv_book_add_keyrelease(s, &tx->u.keyrelease);
    case GV_TX_OPENING:
        return gv_book_add_opening(s, &tx->u.opening);
    case GV_TX_SETFIXED:
        return gv_book_add_setfixed(s, &tx->u.setfixed, index);
    case GV_TX_ISSUED:
        return gv_book_add_issued(s, &tx->u.issued);
    case GV_TX_DISCLOSE:
        return gv_book_add_disclose(s, &tx->u.disclose);
    case GV_TX_SETTLE:
        return gv_book_add_settle(s, &tx->u.settle, s->facts[index]);
    case GV_TX_ACCEPT:
        return gv_book_add_accept(s, &tx->u.accept);
    case GV_TX_OBJECTION:
        return gv_book_add_objection(s, &tx->u.objection);
    case GV_TX_HANDOVER:
        return gv_book_add_handover(s, &tx->u.handover);
    case GV_TX_STAMP:  /* after the bids they list, gv_book_add_stamps */
    case GV_TX_REVOKE: /* before all others, gv_book_add_revokes */
        return GV_OK;
    case GV_TX_SERVICE:
    case GV_TX_CERT:
    case GV_TX_NODE:
    case GV_TX_LIST:
    case GV_TX_EVIDENCE:
    case GV_TX_ANCHOR:
    case GV_TX_EPOCH:
    case GV_TX_OPEN:
    case GV_TX_RECEIPT:
        break;
    }
    return gv_refuse(s->why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
}

static void
expect(const struct gv_book *b, const struct gv_tx *tx)
{
    if (tx->kind != GV_TX_BID)
        return;
    gv_table_expect(&b->by_bid, tx->u.bid.id.b);
    gv_table_expect(&b->by_leaf, tx->u.bid.leaf);
}

enum gv_rc
gv_book_add_txs(struct gv_book_step *s)
{
    uint32_t n = s->block->h.header.tx_count;

    for (uint32_t i = 0; i < n; i++) {
        enum gv_rc rc;

        if (i + AHEAD < n)
            expect(s->b, &s->block->tx[i + AHEAD]);
        rc = gv_refuse_at(s->why, i, add_tx(s, &s->block->tx[i], i));
        if (rc != GV_OK)
            return rc;
    }
    return GV_OK;
}
