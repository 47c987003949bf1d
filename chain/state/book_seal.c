/* book_seal.c - sealed bids in the book: the set that was fixed, the keys and
 * secrets that open it, and what F then knows (R7, A23, C14, C15).
 *
 * When the second CUTOFF enters, opened_height is set at once, because it is
 * the first transaction; KEYRELEASEs and OPENINGs behind it in the same block
 * still count. */
#include "chain/state/book_impl.h"
#include "chain/state/vec.h"

static struct gv_bytes
sealed_of(const struct gv_book *b, uint32_t bid)
{
    size_t size = gv_bidseal_size(b->bidseal.n);

    return gv_bytes(b->sealed + b->bid[bid].part * size, size);
}

static bool
is_sealed(const struct gv_book *b, uint32_t bid)
{
    return b->bid[bid].part != GV_NOWHERE;
}

static struct gv_book_opened *
opened_of(const struct gv_book *b, uint32_t bid)
{
    return &b->opened[b->bid[bid].part];
}

enum gv_rc
gv_book_keep_sealed(struct gv_book *b, struct gv_bytes sealed, uint32_t *part)
{
    *part = GV_NOWHERE;
    if (sealed.len == 0)
        return GV_OK;
    if (!gv_vec_room(&b->sealed, b->parts, &b->sealed_cap, sealed.len) ||
        !gv_vec_room(&b->opened, b->parts, &b->opened_cap, sizeof(*b->opened)))
        return GV_FAULT;
    memcpy(b->sealed + b->parts * sealed.len, sealed.p, sealed.len);
    b->opened[b->parts] = (struct gv_book_opened){.look = GV_LOOK_NOT_YET};
    *part = (uint32_t)b->parts++;
    return GV_OK;
}

/* Something sealed: whose, to whom, and what is known of it. A bid, or, at
 * RESERVE, the seller's reserve (A24). */
#define RESERVE (GV_NOWHERE - 1)

struct thing {
    const struct gv_bidseal_pins *pins;
    const struct gv_pubkey *by;
    struct gv_bytes sealed;
    struct gv_book_opened *known;
};

static struct thing
thing_at(struct gv_book *b, uint32_t at)
{
    if (at == RESERVE)
        return (struct thing){&b->reserve_pins, &b->open->seller.key,
                              b->open->sealed_reserve, &b->reserve};
    return (struct thing){&b->bidseal, &b->bidder[b->bid[at].bidder].key,
                          sealed_of(b, at), opened_of(b, at)};
}

static bool
hides_reserve(const struct gv_book *b)
{
    return b->reserve_pins.n > 0;
}

bool
gv_book_seals(const struct gv_book *b)
{
    return gv_terms_sealed(&b->open->terms) || hides_reserve(b) || b->parts > 0;
}

/* GV_NOWHERE: nothing sealed has this id. */
static uint32_t
find_thing(const struct gv_book *b, const struct gv_bid_id *id)
{
    uint32_t bid;

    if (hides_reserve(b) &&
        memcmp(id->b, b->open->reserve_id.b, sizeof(id->b)) == 0)
        return RESERVE;
    bid = gv_book_find_bid(b, id);
    return bid != GV_NOWHERE && is_sealed(b, bid) ? bid : GV_NOWHERE;
}

static unsigned
released(const struct gv_book *b)
{
    return (unsigned)__builtin_popcount(b->released);
}

bool
gv_book_opening(const struct gv_book *b)
{
    return b->settled_height != 0 && b->opened_height == 0;
}

uint64_t
gv_book_cutoff_after(struct gv_book *b)
{
    const struct gv_terms *t = &b->open->terms;
    uint64_t d_us = t->d_ms * UINT64_C(1000), e, settled_us, r_us;

    if (b->cutoff_height && !gv_book_opening(b))
        return UINT64_MAX;
    e = gv_book_effective_close(b);
    if (e >= UINT64_MAX - d_us)
        return UINT64_MAX;
    if (!b->cutoff_height)
        return e + d_us;
    r_us = t->opening_period_ms * UINT64_C(1000);
    if (e + d_us >= UINT64_MAX - r_us)
        return UINT64_MAX;
    settled_us = b->spine.at[b->settled_height].time_ms * 1000 + d_us;
    return e + d_us + r_us > settled_us ? e + d_us + r_us : settled_us;
}

/* --- SETFIXED --- */

enum gv_rc
gv_book_add_setfixed(struct gv_book_step *s, const struct gv_tx_setfixed *t,
                     uint32_t index)
{
    struct gv_book *b = s->b;
    uint8_t hash[32];
    uint32_t count;

    if (!gv_book_seals(b) || !b->cutoff_height || b->setfixed_height ||
        index != 0)
        return gv_refuse(s->why, GV_BAD_SETFIXED, "setfixed", index, 0);
    gv_fold_set(b->fold, &count, hash);
    if (t->count != count)
        return gv_refuse(s->why, GV_BAD_SETFIXED, "setfixed.count", t->count,
                         count);
    if (memcmp(t->hash, hash, 32) != 0)
        return gv_refuse(s->why, GV_BAD_SETFIXED, "setfixed.hash", 0, 0);
    b->setfixed_height = s->block->h.header.height;
    return GV_OK;
}

void
gv_book_note_settled(struct gv_book_step *s)
{
    struct gv_book *b = s->b;

    if (gv_book_seals(b) && b->cutoff_height && !b->settled_height &&
        b->spine.links.final >= b->cutoff_height)
        b->settled_height = s->block->h.header.height;
}

/* --- KEYRELEASE and OPENING --- */

/* From the FINAL that makes X final to the end of W. height: of the block. */
static enum gv_rc
check_time(const struct gv_book *b, uint32_t height, const char *field,
           struct gv_reject *why)
{
    if (b->bidseal.n == 0 || (b->cutoff_height && !gv_book_seals(b)))
        return gv_refuse(why, GV_WRONG_CHAIN, field, 0, 0);
    if (!b->settled_height || (b->opened_height && b->opened_height < height))
        return gv_refuse(why, GV_WRONG_PHASE, field, height, b->opened_height);
    return GV_OK;
}

static enum gv_rc
check_release(const struct gv_book *b, const struct gv_tx_keyrelease *t,
              struct gv_reject *why)
{
    if (b->released >> t->notary & 1)
        return gv_refuse(why, GV_DUPLICATE, "keyrelease.notary", t->notary, 0);
    return GV_OK;
}

enum gv_rc
gv_book_check_keyrelease(const struct gv_book *b,
                         const struct gv_tx_keyrelease *t,
                         struct gv_reject *why)
{
    enum gv_rc rc = check_time(b, (uint32_t)b->spine.count, "keyrelease", why);

    return rc == GV_OK ? check_release(b, t, why) : rc;
}

enum gv_rc
gv_book_add_keyrelease(struct gv_book_step *s, const struct gv_tx_keyrelease *t)
{
    struct gv_book *b = s->b;
    enum gv_rc rc =
        check_time(b, s->block->h.header.height, "keyrelease", s->why);

    if (rc == GV_OK)
        rc = check_release(b, t, s->why);
    if (rc != GV_OK)
        return rc;
    memcpy(b->secret[t->notary], t->secret, GV_HPKE_KEY);
    b->released |= (uint16_t)(1u << t->notary);
    return GV_OK;
}

/* What a secret gives, noted for good when it opens the bid; then no other one
 * does. One that does not says nothing about the bid. */
static enum gv_rc
check_es(const struct thing *t, const uint8_t es32[32], struct gv_reject *why)
{
    struct gv_book_opened *o = t->known;
    uint64_t amount;
    enum gv_rc rc = GV_REJECT;

    if (o->look == GV_LOOK_OPENS && memcmp(o->es, es32, 32) == 0)
        return GV_OK;
    if (o->look == GV_LOOK_NOT_YET)
        rc = gv_bidseal_open(t->pins, t->by, t->sealed, es32, &amount);
    if (rc == GV_REJECT)
        return gv_refuse(why, GV_BAD_SEAL, "opening.es", 0, 0);
    if (rc == GV_OK) {
        o->look = GV_LOOK_OPENS;
        o->amount = amount;
        memcpy(o->es, es32, 32);
    }
    return rc;
}

static enum gv_rc
check_opening(struct gv_book *b, const struct gv_tx_opening *t, uint32_t height,
              uint32_t *at, struct gv_reject *why)
{
    struct thing thing;
    enum gv_rc rc = check_time(b, height, "opening", why);

    if (rc != GV_OK)
        return rc;
    *at = find_thing(b, &t->bid);
    if (*at == GV_NOWHERE)
        return gv_refuse(why, GV_MISSING_PARENT, "opening.bid", 0, 0);
    thing = thing_at(b, *at);
    if (thing.known->self)
        return gv_refuse(why, GV_DUPLICATE, "opening.bid", 0, 0);
    return check_es(&thing, t->es, why);
}

enum gv_rc
gv_book_check_opening(struct gv_book *b, const struct gv_tx_opening *t,
                      struct gv_reject *why)
{
    uint32_t bid;

    return check_opening(b, t, (uint32_t)b->spine.count, &bid, why);
}

enum gv_rc
gv_book_add_opening(struct gv_book_step *s, const struct gv_tx_opening *t)
{
    struct gv_book *b = s->b;
    uint32_t bid;
    enum gv_rc rc =
        check_opening(b, t, s->block->h.header.height, &bid, s->why);

    if (rc != GV_OK)
        return rc;
    if (bid == RESERVE) {
        b->reserve.self = true;
        return GV_OK;
    }
    if (!gv_vec_room(&b->opening, b->openings, &b->opening_cap,
                     sizeof(*b->opening)))
        return GV_FAULT;
    b->opening[b->openings++] = bid;
    opened_of(b, bid)->self = true;
    return GV_OK;
}

/* --- the end of the opening --- */

bool
gv_book_unseen(const struct gv_book *b, uint32_t bid, struct gv_bytes *sealed)
{
    if (!is_sealed(b, bid) || opened_of(b, bid)->look != GV_LOOK_NOT_YET)
        return false;
    *sealed = sealed_of(b, bid);
    return true;
}

void
gv_book_note_look(struct gv_book *b, const struct gv_bid_id *id,
                  const struct gv_book_opened *found)
{
    uint32_t bid = gv_book_find_bid(b, id);

    if (bid != GV_NOWHERE && is_sealed(b, bid) &&
        opened_of(b, bid)->look == GV_LOOK_NOT_YET)
        *opened_of(b, bid) = *found;
}

/* Look into it, unless somebody has. */
static enum gv_rc
look_at(struct gv_book *b, uint32_t at, const struct gv_bidseal_key *keys)
{
    const struct thing t = thing_at(b, at);
    enum gv_rc rc;

    if (t.known->look != GV_LOOK_NOT_YET)
        return GV_OK;
    rc = gv_bidseal_recover(t.pins, t.by, t.sealed, keys, t.known->es,
                            &t.known->amount);
    if (rc == GV_FAULT)
        return rc;
    t.known->look = rc == GV_OK ? GV_LOOK_OPENS : GV_LOOK_FALSE;
    return GV_OK;
}

static enum gv_rc
look_at_rest(struct gv_book *b, const struct gv_bidseal_key *keys)
{
    enum gv_rc rc = GV_OK;

    for (uint32_t i = 0; rc == GV_OK && i < b->bids; i++)
        if (is_sealed(b, i))
            rc = look_at(b, i, keys);
    if (rc == GV_OK && hides_reserve(b))
        rc = look_at(b, RESERVE, keys);
    return rc;
}

/* The t of lowest index. */
static void
lowest_keys(const struct gv_book *b, struct gv_bidseal_key *keys)
{
    unsigned n = 0;

    for (unsigned i = 0; i < b->bidseal.n && n < b->bidseal.t; i++) {
        if (!(b->released >> i & 1))
            continue;
        keys[n].notary = (uint8_t)i;
        memcpy(keys[n++].secret, b->secret[i], GV_HPKE_KEY);
    }
}

static void
learn(void *arg, struct gv_fold_bid *row)
{
    const struct gv_book *b = arg;

    row->amount = b->bid[row->ref].amount;
    row->seal = b->bid[row->ref].seal;
}

/* One that does not open, or that nobody opens, is none (A24). */
static uint64_t
reserve_of(const struct gv_book *b, bool by_keys)
{
    return (by_keys || b->reserve.self) && b->reserve.look == GV_LOOK_OPENS
               ? b->reserve.amount
               : 0;
}

/* Without t keys only what its bidder opened is known. */
static void
reveal_bid(struct gv_book *b, uint32_t i, bool by_keys)
{
    const struct gv_book_opened *o = opened_of(b, i);
    struct gv_book_bid *bid = &b->bid[i];
    bool known = by_keys || o->self;

    bid->amount = known && o->look == GV_LOOK_OPENS ? o->amount : 0;
    bid->seal = !known                     ? GV_FOLD_UNOPENED
                : o->look == GV_LOOK_OPENS ? GV_FOLD_KNOWN
                                           : GV_FOLD_FALSE;
}

static void
reveal(struct gv_book *b, bool by_keys)
{
    for (uint32_t i = 0; i < b->bids; i++)
        if (is_sealed(b, i))
            reveal_bid(b, i, by_keys);
    if (hides_reserve(b))
        gv_fold_set_reserve(b->fold, reserve_of(b, by_keys));
    gv_fold_reveal(b->fold, learn, b);
}

enum gv_rc
gv_book_end_opening(struct gv_book_step *s)
{
    struct gv_bidseal_key keys[GV_BIDSEAL_MAX];
    struct gv_book *b = s->b;
    uint32_t height = s->block->h.header.height;
    bool by_keys = gv_book_seals(b) && released(b) >= b->bidseal.t;
    enum gv_rc rc = GV_OK;

    if (b->opened_height == 0 && by_keys)
        b->opened_height = height;
    if (b->opened_height != height)
        return GV_OK;
    if (by_keys) {
        lowest_keys(b, keys);
        rc = look_at_rest(b, keys);
    }
    if (rc == GV_OK)
        reveal(b, by_keys);
    return rc;
}

void
gv_book_close_again(struct gv_book *b, uint32_t height)
{
    if (b->setfixed_height == height)
        b->setfixed_height = 0;
    if (b->settled_height == height)
        b->settled_height = 0;
    if (b->opened_height != height || height == 0)
        return;
    b->opened_height = 0;
    for (uint32_t i = 0; i < b->bids; i++) {
        if (!is_sealed(b, i))
            continue;
        b->bid[i].amount = 0;
        b->bid[i].seal = GV_FOLD_UNOPENED;
    }
    if (hides_reserve(b))
        gv_fold_set_reserve(b->fold, 0);
    gv_fold_reveal(b->fold, learn, b);
}

void
gv_book_undo_seals(struct gv_book *b, const struct gv_book_level *to)
{
    while (b->openings > to->openings)
        opened_of(b, b->opening[--b->openings])->self = false;
    b->parts = to->parts;
    b->released = to->released;
    b->reserve.self = to->reserved;
}
