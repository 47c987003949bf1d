/*
 * query_bids.c - lists of bids.
 *
 * A page costs as much as its rows, not as the auction: the rows of F stand in
 * the order of the list, so that a page of an auction begins at a place found
 * by bisection and ends when it is full. The bids of one bidder, and those that
 * wait, are few (max_bids, the mempool's limits) and are looked up one by one.
 */
#include <stdlib.h>

#include "src/rpc/query.h"

struct listing {
    const struct gv_ask_bids *ask;
    const struct gv_view *v;
    struct gv_page *p;
    size_t *seen;
};

static void
bid_key(const struct gv_bid_row *row, bool one_auction,
        uint8_t key[GV_PAGE_KEY])
{
    gv_page_put_time(key, row->t_us);
    memcpy(key + 8, one_auction ? row->tie : row->auction.b, 32);
    memcpy(key + 40, row->bid.b, 32);
}

static bool
bid_fits(const struct gv_ask_bids *ask, const struct gv_bid_row *row)
{
    bool mined = row->state >= GV_BID_INCLUDED;

    return (ask->mined == GV_MINED_ALL ||
            mined == (ask->mined == GV_MINED_YES)) &&
           row->t_us >= ask->from_us && row->t_us < ask->to_us;
}

static enum gv_rc
offer_row(const struct listing *l, const struct gv_bid_row *row)
{
    const struct gv_ask_bids *ask = l->ask;
    uint8_t key[GV_PAGE_KEY];

    if ((ask->bidder && !GV_ID_EQ(&row->bidder, ask->bidder)) ||
        (ask->bid && !GV_ID_EQ(&row->bid, ask->bid)))
        return GV_OK;
    ++*l->seen;
    if (!bid_fits(ask, row))
        return GV_OK;
    bid_key(row, ask->chain != NULL, key);
    return gv_page_offer(l->p, key, l->v->chain, row);
}

/* Row i of F, if there is one. */
static enum gv_rc
offer_at(void *arg, size_t i)
{
    const struct listing *l = arg;
    struct gv_bid_row row;

    if (i >= gv_fold_count(l->v->fold))
        return GV_OK;
    gv_view_row(l->v, i, &row);
    return offer_row(l, &row);
}

/* Bids that missed their blocks. */
static enum gv_rc
offer_lapsed(const struct listing *l)
{
    const struct gv_chain *c = l->v->chain;
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_LAPSED].first;
    struct gv_bid_row row;
    enum gv_rc rc = GV_OK;

    for (; e && rc == GV_OK; e = e->next)
        if (e->tx.kind == GV_TX_BID &&
            gv_book_find_bid(c->book, &e->tx.u.bid.id) == GV_NOWHERE &&
            gv_view_lapsed(l->v, e, l->ask->now_ms * 1000, &row))
            rc = offer_row(l, &row);
    return rc;
}

static struct gv_place
place_of(const uint8_t key[GV_PAGE_KEY])
{
    struct gv_place at = {.t_us = 0};

    for (int i = 0; i < 8; i++)
        at.t_us = at.t_us << 8 | key[i];
    memcpy(at.tie, key + 8, 32);
    memcpy(at.id.b, key + 40, 32);
    return at;
}

/* The rows of an auction that can be on the page, from the end at which it
 * begins. */
static enum gv_rc
offer_range(const struct listing *l)
{
    struct gv_place from = {.t_us = l->ask->from_us};
    struct gv_place to = {.t_us = l->ask->to_us}, after;
    size_t low = gv_view_lower(l->v, &from);
    size_t high = gv_view_lower(l->v, &to), place;
    enum gv_rc rc = GV_OK;

    if (l->p->has_after) {
        after = place_of(l->p->after);
        place = gv_view_lower(l->v, &after);
        if (l->p->reverse && place < high)
            high = place;
        if (!l->p->reverse && place > low)
            low = place; /* may be the cursor's own row: the page skips it */
    }
    while (low < high && rc == GV_OK && !l->p->more)
        rc = offer_at((void *)l, l->p->reverse ? --high : low++);
    return rc;
}

/* Those in no block. */
static enum gv_rc
offer_waiting(const struct listing *l)
{
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; i < l->v->entries && rc == GV_OK; i++)
        rc = offer_at((void *)l, gv_view_entry(l->v, i));
    return rc;
}

static enum gv_rc
offer_bids(struct gv_state *s, const struct gv_ask_bids *ask,
           struct gv_chain *c, struct gv_page *p, size_t *seen)
{
    struct gv_view v;
    struct listing l = {ask, &v, p, seen};
    enum gv_rc rc = gv_view_open(s, c, ask->now_ms, &v);

    if (rc != GV_OK)
        ;
    else if (ask->bid)
        rc = offer_at(&l, gv_view_find(&v, ask->bid));
    else if (ask->bidder)
        rc = gv_view_each(&v, ask->bidder, offer_at, &l);
    else if (ask->mined == GV_MINED_NO)
        rc = offer_waiting(&l);
    else
        rc = offer_range(&l);
    if (rc == GV_OK)
        rc = offer_lapsed(&l);
    gv_view_close(&v);
    return rc;
}

enum gv_rc
gv_query_bids(struct gv_state *s, const struct gv_ask_bids *ask,
              struct gv_page *p, size_t *seen)
{
    struct gv_chain **chain = NULL;
    size_t n = 0;
    enum gv_rc rc;

    *seen = 0;
    if (ask->chain) {
        rc = offer_bids(s, ask, ask->chain, p, seen);
        gv_page_finish(p);
        return rc;
    }
    rc = gv_state_chains_of_bidder(s, ask->bidder, ask->now_ms, &chain, &n);
    for (size_t i = 0; i < n && rc == GV_OK; i++)
        if (gv_ask_fits(ask->status, chain[i], ask->now_ms))
            rc = offer_bids(s, ask, chain[i], p, seen);
    free(chain);
    gv_page_finish(p);
    return rc;
}
