/* pick.c - which waiting transactions go into a chain's next block. */
#include <stdlib.h>

#include "chain/state/book_impl.h"
#include "chain/state/draft.h"

#define BYTES_MAX (2u << 20) /* policy: below the limit of 4 MiB */

/* What is promised to stamps before the bids are chosen; enrols: as many of
 * the transactions chosen are ENROLs; closes: there is a CLOSE already. */
struct room {
    size_t count, bytes, enrols;
    bool closes;
};

static const struct gv_pool_tx *
first_of(const struct gv_chain *c, enum gv_pool_class k)
{
    return c->pool.of[k].first;
}

bool
gv_pick_past_close(const struct gv_chain *c, uint64_t now_ms)
{
    return now_ms * 1000 > c->sum.cutoff_after_us;
}

/* Can this waiting FINAL stand in the next block? top: highest justified
 * height of the branch and what was chosen before. */
bool
gv_pick_final_fits(const struct gv_chain *c, const struct gv_pool_tx *e,
                   uint32_t top)
{
    const struct gv_vote *v = &e->tx.u.final.link;

    return e->tx.kind == GV_TX_FINAL && v->target_height > top &&
           gv_spine_height(c->spine, &v->source) == v->source_height &&
           gv_spine_height(c->spine, &v->target) == v->target_height &&
           (v->source_height == top ||
            gv_links_justified(&c->spine->links, v->source_height));
}

static bool
add(struct gv_pick *p, const struct gv_pool_tx *e)
{
    if (p->count >= p->most || p->bytes + e->len + 4 > BYTES_MAX)
        return false;
    p->tx[p->count++] = e;
    p->bytes += e->len + 4;
    return true;
}

/* C12, with so many of its validator chosen already. */
static bool
objection_fits(const struct gv_chain *c, const struct gv_tx_objection *t,
               unsigned chosen)
{
    return gv_book_check_objection(c->book, t, (uint32_t)c->spine->count,
                                   NULL) == GV_OK &&
           gv_book_objections_of(c->book, t->validator) + chosen <
               GV_OBJECTIONS_MAX;
}

/* FINALs and OBJECTIONs, which stand nearly anywhere and never alone. */
static void
pick_finals(const struct gv_chain *c, struct gv_pick *p)
{
    uint32_t top = c->spine->links.top;
    unsigned chosen[GV_VALIDATORS_MAX] = {0};
    const struct gv_pool_tx *e = first_of(c, GV_POOL_NOTICES);

    for (; e; e = e->next) {
        const struct gv_tx_objection *o = &e->tx.u.objection;

        if (gv_pick_final_fits(c, e, top) && add(p, e))
            top = e->tx.u.final.link.target_height;
        if (e->tx.kind == GV_TX_OBJECTION && !c->registry &&
            objection_fits(c, o, chosen[o->validator]))
            chosen[o->validator] += add(p, e);
    }
}

/* Is the CUTOFF over this tip, and of no later time than the block (R1)? */
static bool
cutoff_fits(const struct gv_chain *c, const struct gv_pool_tx *e,
            const struct gv_pick *p)
{
    uint8_t imprint[32];

    gv_cutoff_imprint(&c->id, &c->sum.tip, imprint);
    if (memcmp(imprint, e->facts->tst[0].imprint, 32) != 0)
        return false;
    for (unsigned i = 0; i < e->facts->count; i++)
        if (e->facts->tst[i].time_us > p->time_ms * 1000)
            return false;
    return true;
}

/* Whose signatures the root's waiting REVOKEs make worthless, in the block that
 * takes them already (C9). */
struct bans {
    bool ca, issuer;
};

static bool
is_roots(const struct gv_chain *c, const struct gv_pool_tx *e)
{
    return e->tx.kind == GV_TX_REVOKE &&
           GV_ID_EQ(&e->tx.u.revoke.issuer, &c->book->open->root);
}

static struct bans
bans_of(const struct gv_chain *c)
{
    const struct gv_open *o = c->book->open;
    const struct gv_pool_tx *e;
    struct bans b = {false, false};

    for (e = first_of(c, GV_POOL_DEEDS); e; e = e->next) {
        const struct gv_hash *print = &e->tx.u.revoke.fingerprint;

        if (!is_roots(c, e))
            continue;
        b.ca = b.ca || GV_ID_EQ(print, &o->ca.fingerprint);
        b.issuer = b.issuer || (o->issuer_count > 0 &&
                                GV_ID_EQ(print, &o->issuer.cred.fingerprint));
    }
    return b;
}

static int
compare_prints(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct gv_hash));
}

static bool
is_gone(const struct gv_pick *p, const struct gv_hash *print)
{
    return p->gones > 0 && bsearch(print, p->gone, p->gones, sizeof(*print),
                                   compare_prints) != NULL;
}

/* Whom the waiting REVOKEs shut out of the block that takes them (C9). They are
 * noted in the order in which they are chosen, so those of the block are among
 * them; for whoever is named by a later one a block more does not matter. */
static void
note_gone(const struct gv_chain *c, struct gv_pick *p)
{
    const struct gv_pool_tx *e;

    p->gones = 0;
    for (int roots = 1; roots >= 0; roots--)
        for (e = first_of(c, GV_POOL_DEEDS); e && p->gones < GV_PICK_MAX;
             e = e->next)
            if (e->tx.kind == GV_TX_REVOKE && is_roots(c, e) == roots)
                p->gone[p->gones++] = e->tx.u.revoke.fingerprint;
    if (p->gones > 1)
        qsort(p->gone, p->gones, sizeof(*p->gone), compare_prints);
}

/* Can the ENROL stand in the block? */
static bool
enrol_fits(const struct gv_chain *c, const struct gv_pick *p,
           const struct gv_tx_enrol *t)
{
    return gv_book_check_enrol(c->book, t, p->time_ms, NULL) == GV_OK &&
           !(t->form == GV_ENROL_CERTIFIED && is_gone(p, &t->cred.fingerprint));
}

static bool
is_banned(const struct gv_chain *c, const struct bans *b,
          const struct gv_pool_tx *e)
{
    if (e->tx.kind == GV_TX_ENROL)
        return e->tx.u.enrol.form == GV_ENROL_CERTIFIED ? b->ca : b->issuer;
    if (e->tx.kind == GV_TX_ISSUED)
        return b->issuer;
    return e->tx.kind == GV_TX_REVOKE && !is_roots(c, e) && b->ca;
}

/* The root's REVOKEs first: a thief of the CA's key could fill the block. */
static void
pick_deeds(const struct gv_chain *c, const struct bans *b, struct gv_pick *p)
{
    const struct gv_pool_tx *e;

    for (e = first_of(c, GV_POOL_DEEDS); e; e = e->next)
        if (is_roots(c, e) && !add(p, e))
            return;
    for (e = first_of(c, GV_POOL_DEEDS); e; e = e->next)
        if (!is_roots(c, e) && !is_banned(c, b, e) &&
            e->tx.kind != GV_TX_HANDOVER && !add(p, e))
            return;
}

/* HANDOVERs, one after the other where one follows on another: the rest of
 * those of a validator stands in later blocks. */
static void
pick_handovers(const struct gv_chain *c, struct gv_pick *p)
{
    const struct gv_pool_tx *e;

    for (e = first_of(c, GV_POOL_DEEDS); e; e = e->next)
        if (e->tx.kind == GV_TX_HANDOVER &&
            gv_book_check_handover(c->book, &e->tx.u.handover, NULL) == GV_OK &&
            !add(p, e))
            return;
}

static void
pick_notices(const struct gv_chain *c, struct gv_pick *p)
{
    pick_handovers(c, p);
    pick_finals(c, p);
}

/* The CUTOFF made for this tip. */
static bool
add_cutoff(const struct gv_chain *c, struct gv_pick *p)
{
    const struct gv_pool_tx *e = first_of(c, GV_POOL_NOTICES);

    while (e && (e->tx.kind != GV_TX_CUTOFF || !cutoff_fits(c, e, p)))
        e = e->next;
    return e && add(p, e);
}

/* X. */
static void
pick_cutoff(const struct gv_chain *c, struct gv_pick *p)
{
    if (add_cutoff(c, p))
        pick_notices(c, p);
}

/* Sealed bids are being opened: keys, secrets, and the CUTOFF that ends it.
 * Keys first: t of them open everything. */
static void
pick_openers(const struct gv_chain *c, struct gv_pick *p)
{
    static const enum gv_tx_kind order[] = {GV_TX_KEYRELEASE, GV_TX_OPENING};
    const struct gv_pool_tx *e;

    add_cutoff(c, p);
    for (unsigned i = 0; i < 2; i++)
        for (e = first_of(c, GV_POOL_DEEDS); e; e = e->next)
            if (e->tx.kind == order[i] && !add(p, e))
                return;
    if (p->count > 0)
        pick_notices(c, p);
}

static void
put_made(struct gv_pick *p, const struct gv_tx *tx)
{
    struct gv_sink s = gv_sink_buffer(p->made, sizeof(p->made));

    gv_tx_put(&s, tx);
    p->made_len = s.len;
}

static void
pick_outcome(struct gv_chain *c, struct gv_pick *p)
{
    struct gv_tx tx = {.kind = GV_TX_OUTCOME, .chain = c->id};
    uint8_t room[GV_RESULTS_ROOM];

    gv_book_outcome_lots(c->book, &tx.u.outcome, room);
    put_made(p, &tx);
    pick_notices(c, p);
}

static void
pick_setfixed(const struct gv_chain *c, struct gv_pick *p)
{
    struct gv_tx tx = {.kind = GV_TX_SETFIXED, .chain = c->id};

    gv_fold_set(c->book->fold, &tx.u.setfixed.count, tx.u.setfixed.hash);
    put_made(p, &tx);
    pick_finals(c, p);
}

/* Behind X, where something is sealed and Y is not there (R7). */
static void
pick_sealed(struct gv_chain *c, struct gv_pick *p)
{
    if (!c->book->setfixed_height)
        pick_setfixed(c, p);
    else if (c->book->opened_height)
        pick_outcome(c, p);
    else if (c->book->settled_height)
        pick_openers(c, p);
    else
        pick_finals(c, p);
}

/* --- bids and their stamps --- */

/* Can this stamped bid stand in a block of p->time_ms (R3)? */
static bool
in_time(const struct gv_chain *c, const struct gv_pool_tx *e,
        const struct gv_pick *p)
{
    uint64_t d_us = c->book->open->terms.d_ms * UINT64_C(1000);

    return e->t_us != UINT64_MAX && p->time_ms * 1000 <= e->t_us + d_us &&
           p->time_ms * 1000 >= e->t_us;
}

static bool
stamp_in_time(const struct gv_chain *c, const struct gv_pool_tx *e,
              const struct gv_pick *p)
{
    uint64_t d_us = c->book->open->terms.d_ms * UINT64_C(1000);
    uint64_t t = e->facts->tst[0].time_us;

    return p->time_ms * 1000 <= t + d_us && p->time_ms * 1000 >= t;
}

/* Do tokens of the STAMP's authority count in the block? */
static bool
authority_fits(const struct gv_chain *c, const struct gv_pool_tx *e,
               const struct gv_pick *p)
{
    unsigned i = e->tx.u.stamp.authority;

    return gv_book_authority_ok(c->book, i) &&
           !is_gone(p, &c->book->open->authority[i].cert);
}

/* In this round: which authorities have stamped the bid? */
static void
touch(const struct gv_chain *c, struct gv_pool_tx *e, uint32_t round)
{
    uint32_t leaf = gv_book_find_leaf(c->book, e->leaf), m;

    if (e->round == round)
        return;
    e->round = round;
    e->stamped = 0;
    e->chosen = false;
    m = leaf == GV_NOWHERE ? GV_NOWHERE : c->book->leaf[leaf].mark;
    for (; m != GV_NOWHERE; m = c->book->mark[m].next) {
        const struct gv_book_stamp *s = &c->book->stamp[c->book->mark[m].stamp];

        if (s->time_us > e->floor_us)
            e->stamped |= UINT32_C(1) << s->authority;
    }
    e->kept = e->stamped;
}

/* The waiting bid that leaf i of the STAMP lists (C4). */
static struct gv_pool_tx *
listed_bid(const struct gv_state *s, const struct gv_chain *c,
           const struct gv_pool_tx *stamp, unsigned i)
{
    struct gv_pool_tx *e =
        gv_pool_find_leaf(&s->pool, stamp->tx.u.stamp.leaves + (size_t)i * 32);

    return e && e->chain == c && stamp->facts->tst[0].time_us > e->floor_us
               ? e
               : NULL;
}

/* Stamps that may come along, with half the room at most. */
static void
offer_stamps(const struct gv_state *s, const struct gv_chain *c,
             struct gv_pick *p, struct room *r)
{
    struct gv_pool_tx *e = c->pool.of[GV_POOL_STAMPS].first;

    for (; e; e = e->next) {
        uint32_t bit = UINT32_C(1) << e->tx.u.stamp.authority;

        e->chosen = stamp_in_time(c, e, p) && authority_fits(c, e, p) &&
                    r->count < p->most / 2 &&
                    r->bytes + e->len + 4 <= BYTES_MAX / 2;
        if (!e->chosen)
            continue;
        r->count++;
        r->bytes += e->len + 4;
        for (unsigned i = 0; i < e->tx.u.stamp.count; i++) {
            struct gv_pool_tx *bid = listed_bid(s, c, e, i);

            if (!bid)
                continue;
            touch(c, bid, p->round);
            bid->stamped |= bit;
        }
    }
}

/* May it wait for another block because this one has as many bids as are
 * wanted? Not a CLOSE, and no bid that validators will soon look for. */
static bool
may_wait(const struct gv_state *s, const struct gv_chain *c,
         const struct gv_pool_tx *e, const struct gv_pick *p, size_t bids)
{
    uint64_t d_us = c->book->open->terms.d_ms * UINT64_C(1000);

    return s->opt.mine_bids > 0 && bids >= s->opt.mine_bids &&
           e->tx.kind == GV_TX_BID && p->time_ms * 1000 <= e->t_us + d_us / 4;
}

/* May whoever enrolled on the chain bid in the block? */
static bool
bidder_fits(const struct gv_chain *c, const struct gv_pick *p, uint32_t bidder)
{
    const struct gv_book_bidder *b = &c->book->bidder[bidder];

    return p->time_ms <= b->not_after_ms &&
           !gv_book_bidder_revoked(c->book, bidder) &&
           !(c->book->open->terms.identity == GV_CERTIFIED &&
             is_gone(p, &b->fingerprint));
}

/* Are the ENROL and the recent block of a BID where they must be? Of CLOSEs one
 * is enough. */
static bool
has_parents(const struct gv_chain *c, const struct gv_pool_tx *e,
            const struct gv_pick *p, const struct room *r)
{
    const struct gv_tx_bid *t = &e->tx.u.bid;
    uint32_t bidder;

    if (e->tx.kind != GV_TX_BID)
        return !r->closes && !c->book->closed;
    if (gv_spine_height(c->spine, &t->recent) == GV_NOWHERE)
        return false;
    bidder = gv_book_find_bidder(c->book, &t->bidder);
    if (bidder != GV_NOWHERE)
        return bidder_fits(c, p, bidder);
    for (size_t i = 0; i < r->enrols; i++)
        if (GV_ID_EQ(&p->tx[i]->tx.u.enrol.key, &t->bidder))
            return true;
    return false;
}

static void
choose_bids(const struct gv_state *s, const struct gv_chain *c,
            struct gv_pick *p, struct room *r)
{
    size_t bids = 0;
    int need = (int)gv_open_f(c->book->open) + 1;
    struct gv_pool_tx *e = c->pool.of[GV_POOL_BIDS].first;

    for (; e; e = e->next) {
        touch(c, e, p->round);
        if (!in_time(c, e, p) || __builtin_popcount(e->stamped) < need ||
            p->count + r->count >= p->most ||
            p->bytes + r->bytes + e->len + 4 > BYTES_MAX ||
            !has_parents(c, e, p, r) || may_wait(s, c, e, p, bids))
            continue;
        e->chosen = add(p, e);
        bids += e->chosen && e->tx.kind == GV_TX_BID;
        r->closes = r->closes || (e->chosen && e->tx.kind == GV_TX_CLOSE);
    }
}

/* Is no other STAMP of its authority that waits earlier for this bid? */
static bool
is_earliest(const struct gv_pool_tx *bid, const struct gv_pool_tx *stamp)
{
    uint64_t time_us = stamp->facts->tst[0].time_us;

    for (size_t i = 0; i < bid->marks; i++)
        if (bid->mark[i].authority == stamp->tx.u.stamp.authority &&
            bid->mark[i].time_us > bid->floor_us &&
            bid->mark[i].time_us < time_us)
            return false;
    return true;
}

/* Does the stamp list a bid that this authority has not stamped yet, or only
 * later (C2)? */
static bool
is_useful(const struct gv_state *s, const struct gv_chain *c,
          const struct gv_pool_tx *stamp, bool earliest)
{
    const struct gv_tx_stamp *t = &stamp->tx.u.stamp;
    const struct gv_book *b = c->book;

    for (unsigned i = 0; i < t->count; i++) {
        const struct gv_pool_tx *bid = listed_bid(s, c, stamp, i);
        uint32_t leaf;

        if (bid && bid->chosen && !(bid->kept >> t->authority & 1) &&
            (!earliest || is_earliest(bid, stamp)))
            return true;
        leaf = gv_book_find_leaf(b, t->leaves + (size_t)i * 32);
        if (leaf != GV_NOWHERE && gv_book_needs(b, &b->leaf[leaf], t->authority,
                                                stamp->facts->tst[0].time_us))
            return true;
    }
    return false;
}

static void
choose_some(const struct gv_state *s, const struct gv_chain *c,
            struct gv_pick *p, bool earliest)
{
    struct gv_pool_tx *e = c->pool.of[GV_POOL_STAMPS].first;

    for (; e; e = e->next) {
        if (!e->chosen || !is_useful(s, c, e, earliest) || !add(p, e))
            continue;
        e->chosen = false; /* once */
        for (unsigned i = 0; i < e->tx.u.stamp.count; i++) {
            struct gv_pool_tx *bid = listed_bid(s, c, e, i);

            if (bid && (!earliest || is_earliest(bid, e)))
                bid->kept |= UINT32_C(1) << e->tx.u.stamp.authority;
        }
    }
}

/* First those that give bids their times; a bid whose earliest one has no room
 * stands with a later one. */
static void
choose_stamps(const struct gv_state *s, const struct gv_chain *c,
              struct gv_pick *p)
{
    choose_some(s, c, p, true);
    choose_some(s, c, p, false);
}

/* No bid stands without the stamps it needs, and no stamp without a bid. */
static void
pick_bids(const struct gv_state *s, const struct gv_chain *c, struct gv_pick *p)
{
    const struct bans bans = bans_of(c);
    const struct gv_pool_tx *e;
    struct room r = {0, 0, 0, false};

    note_gone(c, p);
    for (e = first_of(c, GV_POOL_ENROLS); e; e = e->next)
        if (p->count >= p->most / 4 || p->bytes > BYTES_MAX / 4 ||
            (!is_banned(c, &bans, e) && enrol_fits(c, p, &e->tx.u.enrol) &&
             !add(p, e)))
            break;
    r.enrols = p->count;
    pick_deeds(c, &bans, p);
    pick_handovers(c, p);
    offer_stamps(s, c, p, &r);
    choose_bids(s, c, p, &r);
    choose_stamps(s, c, p);
    if (p->count > 0)
        pick_finals(c, p);
}

static void
pick_registry(const struct gv_chain *c, struct gv_pick *p)
{
    const struct gv_pool_tx *e;

    for (e = first_of(c, GV_POOL_BIDS); e; e = e->next)
        if (!add(p, e))
            break;
    pick_finals(c, p);
}

void
gv_pick_txs(struct gv_state *s, struct gv_chain *c, struct gv_pick *p)
{
    if (c->registry)
        pick_registry(c, p);
    else if (gv_book_ended(c->book))
        pick_deeds(c, &(struct bans){false, false}, p);
    else if (c->book->outcome_height)
        pick_notices(c, p);
    else if (c->book->cutoff_height && c->sum.sealed)
        pick_sealed(c, p);
    else if (c->book->cutoff_height)
        pick_outcome(c, p);
    else if (gv_pick_past_close(c, p->time_ms))
        pick_cutoff(c, p);
    else
        pick_bids(s, c, p);
}
