/* query_view.c - the bids of one auction, those of the mempool among them. */
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/rpc/query.h"

static const struct gv_pubkey *
view_key(const struct gv_view *v, uint32_t bidder)
{
    const struct gv_book *b = v->chain->book;

    return bidder < b->bidders ? &b->bidder[bidder].key
                               : &v->pending[bidder - b->bidders];
}

/* Index of a bidder of the book or, behind these, of a waiting ENROL. */
static uint32_t
view_bidder(const struct gv_view *v, const struct gv_pubkey *key)
{
    uint32_t i = gv_book_find_bidder(v->chain->book, key);

    if (i != GV_NOWHERE)
        return i;
    for (size_t k = 0; k < v->pendings; k++)
        if (GV_ID_EQ(&v->pending[k], key))
            return (uint32_t)(v->chain->book->bidders + k);
    return GV_NOWHERE;
}

static enum gv_rc
add_pending(struct gv_view *v, const struct gv_pubkey *key)
{
    if (view_bidder(v, key) != GV_NOWHERE)
        return GV_OK;
    if (!gv_vec_room(&v->pending, v->pendings, &v->pending_cap,
                     sizeof(*v->pending)))
        return GV_FAULT;
    v->pending[v->pendings++] = *key;
    return GV_OK;
}

static enum gv_rc
gather_pending(struct gv_view *v)
{
    const struct gv_pool_tx *e = v->chain->pool.of[GV_POOL_ENROLS].first;
    enum gv_rc rc = GV_OK;

    for (; e && rc == GV_OK; e = e->next)
        rc = add_pending(v, &e->tx.u.enrol.key);
    return rc;
}

static int
by_id(const void *x, const void *y)
{
    const struct gv_pool_tx *const *a = x, *const *b = y;
    int c = GV_ID_CMP(&(*a)->tx.u.bid.id, &(*b)->tx.u.bid.id);

    if (c != 0)
        return c;
    return ((*a)->t_us > (*b)->t_us) - ((*a)->t_us < (*b)->t_us);
}

static int
by_time(const void *x, const void *y)
{
    const struct gv_pool_tx *const *a = x, *const *b = y;

    return ((*a)->t_us > (*b)->t_us) - ((*a)->t_us < (*b)->t_us);
}

/* Stamped bids that wait. Two signatures of one bid make two transactions
 * with one bid id; only one of them can get into the chain. */
static enum gv_rc
gather_entries(struct gv_view *v)
{
    const struct gv_pool_tx *e = v->chain->pool.of[GV_POOL_BIDS].first;
    size_t n = 0;

    for (; e; e = e->next) {
        if (e->tx.kind != GV_TX_BID || e->t_us == UINT64_MAX ||
            gv_book_find_bid(v->chain->book, &e->tx.u.bid.id) != GV_NOWHERE ||
            view_bidder(v, &e->tx.u.bid.bidder) == GV_NOWHERE)
            continue;
        if (!gv_vec_room(&v->entry, v->entries, &v->entry_cap,
                         sizeof(const struct gv_pool_tx *)))
            return GV_FAULT;
        v->entry[v->entries++] = e;
    }
    if (v->entries == 0)
        return GV_OK;
    qsort(v->entry, v->entries, sizeof(const struct gv_pool_tx *), by_id);
    for (size_t i = 0; i < v->entries; i++)
        if (n == 0 ||
            !GV_ID_EQ(&v->entry[i]->tx.u.bid.id, &v->entry[n - 1]->tx.u.bid.id))
            v->entry[n++] = v->entry[i];
    v->entries = n;
    qsort(v->entry, n, sizeof(const struct gv_pool_tx *), by_time);
    return GV_OK;
}

static void
fold_bid_of(const struct gv_view *v, size_t i, struct gv_fold_bid *out)
{
    const struct gv_pool_tx *e = v->entry[i];

    out->id = e->tx.u.bid.id;
    out->t_us = e->t_us;
    out->amount = e->tx.u.bid.amount;
    out->seal =
        e->tx.u.bid.kind == GV_BID_SEALED ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN;
    out->final = e->tx.u.bid.kind == GV_BID_SEALED &&
                 gv_terms_final_round(&v->chain->book->open->terms);
    out->lot = e->tx.u.bid.lot;
    out->bidder = view_bidder(v, &e->tx.u.bid.bidder);
    out->ref = (uint32_t)i | GV_SHADE_REF;
    gv_tie(e->info_hash, out->id.b, out->tie);
}

static enum gv_rc
shade(struct gv_view *v)
{
    struct gv_book *b = v->chain->book;
    struct gv_fold_bid *bid;
    enum gv_rc rc = gv_book_guests(b, v->pending, v->pendings);

    v->fold = b->fold;
    if (rc != GV_OK || v->entries == 0)
        return rc;
    bid = malloc(v->entries * sizeof(*bid));
    if (!bid)
        return GV_FAULT;
    for (size_t i = 0; i < v->entries; i++)
        fold_bid_of(v, i, &bid[i]);
    rc = gv_book_shade(b, bid, v->entries);
    free(bid);
    return rc;
}

enum gv_rc
gv_view_open(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
             struct gv_view *v)
{
    return gv_view_open_as(s, c, now_ms, NULL, v);
}

enum gv_rc
gv_view_open_as(struct gv_state *s, struct gv_chain *c, uint64_t now_ms,
                const struct gv_pubkey *key, struct gv_view *v)
{
    enum gv_rc rc;

    memset(v, 0, sizeof(*v));
    rc = gv_chain_load(s, c, now_ms);
    if (rc != GV_OK)
        return rc;
    v->chain = c;
    if (gather_pending(v) != GV_OK || gather_entries(v) != GV_OK ||
        (key && add_pending(v, key) != GV_OK))
        return GV_FAULT;
    return shade(v);
}

void
gv_view_close(struct gv_view *v)
{
    /* Whoever asks the book next must not meet bids that are not in it.
     * Taking them out needs no memory, so it cannot fail. */
    enum gv_rc rc = v->chain ? gv_book_guests(v->chain->book, NULL, 0) : GV_OK;

    (void)rc;
    free(v->entry);
    free(v->pending);
    memset(v, 0, sizeof(*v));
}

static enum gv_bid_seal
seal_of(const struct gv_chain *c, const struct gv_fold_bid *bid)
{
    if (!gv_terms_sealed(&c->book->open->terms) && !bid->final)
        return GV_SEAL_NONE;
    if (c->sum.opened_height == 0)
        return GV_SEAL_SEALED;
    return bid->seal == GV_FOLD_KNOWN   ? GV_SEAL_OPENED
           : bid->seal == GV_FOLD_FALSE ? GV_SEAL_BAD
                                        : GV_SEAL_NOT_OPENED;
}

/* What the fold says, without the bid's place. */
static void
row_of_fold(const struct gv_view *v, const struct gv_fold_row *from,
            struct gv_bid_row *out)
{
    const struct gv_book *b = v->chain->book;

    memset(out, 0, sizeof(*out));
    out->auction = v->chain->id;
    out->bid = from->bid.id;
    out->bidder = *view_key(v, from->bid.bidder);
    memcpy(out->tie, from->bid.tie, 32);
    out->amount = from->bid.amount;
    out->lot = from->bid.lot;
    out->seal = seal_of(v->chain, &from->bid);
    out->currency = b->open->terms.currency;
    out->t_us = from->bid.t_us;
    out->deadline_us = out->t_us + b->open->terms.d_ms * UINT64_C(1000);
    out->state = GV_BID_RECEIVED;
    out->code = from->code;
    out->reference = from->reference;
    out->have = from->have;
    out->want = from->want;
}

/* The row that leads the lot of this number; -1: none does. */
static int64_t
leader_for(const struct gv_view *v, uint8_t lot)
{
    int place = gv_terms_lot_place(&v->chain->book->open->terms, lot);

    return place < 0 ? -1 : gv_fold_lot_leader(v->fold, (unsigned)place);
}

void
gv_view_row(const struct gv_view *v, size_t i, struct gv_bid_row *out)
{
    const struct gv_fold_row *from = gv_fold_row_at(v->fold, i);
    const struct gv_book_bid *bid;

    row_of_fold(v, from, out);
    out->leading = leader_for(v, from->bid.lot) == (int64_t)i;
    if (from->bid.ref & GV_SHADE_REF) {
        out->seq = v->entry[from->bid.ref & ~GV_SHADE_REF]->tx.u.bid.seq;
        return;
    }
    bid = &v->chain->book->bid[from->bid.ref];
    out->seq = bid->seq;
    out->height = bid->height;
    out->state = bid->height <= v->chain->sum.final_height ? GV_BID_FINAL
                                                           : GV_BID_INCLUDED;
}

/* Does the row come before this place? The order is that of F (O1). */
static bool
before(const struct gv_fold_bid *row, const struct gv_place *at)
{
    int c;

    if (row->t_us != at->t_us)
        return row->t_us < at->t_us;
    c = memcmp(row->tie, at->tie, 32);
    return c != 0 ? c < 0 : memcmp(row->id.b, at->id.b, 32) < 0;
}

size_t
gv_view_lower(const struct gv_view *v, const struct gv_place *at)
{
    size_t low = 0, high = gv_fold_count(v->fold);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (before(&gv_fold_row_at(v->fold, middle)->bid, at))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t
gv_view_entry(const struct gv_view *v, size_t i)
{
    const struct gv_pool_tx *e = v->entry[i];
    struct gv_place at = {.t_us = e->t_us, .id = e->tx.u.bid.id};

    gv_tie(e->info_hash, at.id.b, at.tie);
    return gv_view_lower(v, &at);
}

static size_t
row_of(const struct gv_view *v, const struct gv_fold_bid *bid)
{
    struct gv_place at = {.t_us = bid->t_us, .id = bid->id};

    memcpy(at.tie, bid->tie, 32);
    return gv_view_lower(v, &at);
}

size_t
gv_view_find(const struct gv_view *v, const struct gv_bid_id *id)
{
    uint32_t at = gv_book_find_bid(v->chain->book, id);
    struct gv_fold_bid bid;

    if (at != GV_NOWHERE) {
        gv_book_fold_bid(v->chain->book, at, &bid);
        return row_of(v, &bid);
    }
    for (size_t i = 0; i < v->entries; i++)
        if (GV_ID_EQ(&v->entry[i]->tx.u.bid.id, id))
            return gv_view_entry(v, i);
    return gv_fold_count(v->fold);
}

enum gv_rc
gv_view_each(const struct gv_view *v, const struct gv_pubkey *key,
             enum gv_rc (*take)(void *arg, size_t row), void *arg)
{
    const struct gv_book *b = v->chain->book;
    uint32_t bidder = view_bidder(v, key), i = GV_NOWHERE;
    struct gv_fold_bid bid;
    enum gv_rc rc = GV_OK;

    if (bidder == GV_NOWHERE)
        return GV_OK;
    if (bidder < b->bidders)
        i = b->bidder[bidder].last;
    for (; i != GV_NOWHERE && rc == GV_OK; i = b->bid[i].before) {
        gv_book_fold_bid(b, i, &bid);
        rc = take(arg, row_of(v, &bid));
    }
    for (size_t k = 0; k < v->entries && rc == GV_OK; k++)
        if (GV_ID_EQ(&v->entry[k]->tx.u.bid.bidder, key))
            rc = take(arg, gv_view_entry(v, k));
    return rc;
}

bool
gv_view_leader(const struct gv_view *v, unsigned place, struct gv_bid_row *out)
{
    int64_t i = gv_fold_lot_leader(v->fold, place);

    if (i < 0)
        return false;
    gv_view_row(v, (size_t)i, out);
    return true;
}

bool
gv_view_try(const struct gv_view *v, const struct gv_tx_bid *bid,
            uint64_t now_us, struct gv_bid_row *out)
{
    uint32_t bidder = view_bidder(v, &bid->bidder);
    const struct gv_fold_row *lead;
    struct gv_fold_row row;
    int64_t lead_at;

    if (bidder == GV_NOWHERE)
        return false;
    lead_at = leader_for(v, bid->lot);
    gv_fold_try_bid(v->fold,
                    &(struct gv_fold_bid){.t_us = now_us,
                                          .amount = bid->amount,
                                          .bidder = bidder,
                                          .lot = bid->lot},
                    &row);
    row_of_fold(v, &row, out);
    out->bid = bid->id;
    out->seq = bid->seq;
    lead = lead_at < 0 ? NULL : gv_fold_row_at(v->fold, (size_t)lead_at);
    out->leading = row.code == GV_ACCEPTED &&
                   (!lead || gv_terms_better(&v->chain->book->open->terms,
                                             bid->amount, lead->bid.amount));
    return true;
}

bool
gv_view_lapsed(const struct gv_view *v, const struct gv_pool_tx *e,
               uint64_t now_us, struct gv_bid_row *out)
{
    uint64_t d_us = v->chain->book->open->terms.d_ms * UINT64_C(1000);

    if (!gv_view_try(v, &e->tx.u.bid, now_us, out))
        return false;
    out->t_us = e->stamped_us;
    out->deadline_us = e->stamped_us + d_us;
    out->state = GV_BID_LAPSED;
    out->leading = false;
    return true;
}

static const struct gv_pool_tx *
earliest(const struct gv_pool_list *list, const struct gv_bid_id *id)
{
    const struct gv_pool_tx *found = NULL;

    for (const struct gv_pool_tx *e = list->first; e; e = e->next)
        if (e->tx.kind == GV_TX_BID && GV_ID_EQ(&e->tx.u.bid.id, id) &&
            (!found || e->t_us < found->t_us))
            found = e;
    return found;
}

const struct gv_pool_tx *
gv_waiting_bid(const struct gv_chain *c, const struct gv_bid_id *id)
{
    const struct gv_pool_tx *e = earliest(&c->pool.of[GV_POOL_BIDS], id);

    return e ? e : earliest(&c->pool.of[GV_POOL_LAPSED], id);
}
