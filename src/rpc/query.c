/* query.c - lists of auctions, bids and outcomes. */
#include "src/rpc/query.h"

#include <stdlib.h>

#define STALL_LEAST_MS 60000

/* How long the validators of an auction may take before readers are told that
 * it is stalled: twenty block spacings. Unknown while the chain sleeps. */
uint64_t
gv_query_stall_ms(const struct gv_chain *c)
{
    uint64_t ms;

    if (!c->loaded)
        return 0;
    ms = UINT64_C(20) * c->book->open->terms.t_ms;
    return ms < STALL_LEAST_MS ? STALL_LEAST_MS : ms;
}

struct gv_phase_answer
gv_query_phase(const struct gv_chain *c, uint64_t now_ms)
{
    const struct gv_chain_summary *m = &c->sum;
    struct gv_phase_input in = {
        .now_us = now_ms * 1000,
        .opening_us = m->opening_ms * 1000,
        .effective_close_us = m->close_us,
        .set_fixed = m->cutoff_height != 0,
        .outcome = m->outcome_height != 0,
        .outcome_final =
            m->outcome_height != 0 && m->final_height >= m->outcome_height,
        .outcome_void = m->outcome.status == GV_VOID,
        .stall_after_us = gv_query_stall_ms(c) * 1000,
        .fixed_at_us = m->cutoff_time_ms * 1000,
        .never_fixed = m->stalled,
    };

    return gv_phase_of(&in);
}

bool
gv_ask_fits(enum gv_ask ask, const struct gv_chain *c, uint64_t now_ms)
{
    if (ask == GV_ASK_ALL)
        return true;
    return gv_phase_is_open(gv_query_phase(c, now_ms).phase) ==
           (ask == GV_ASK_OPEN);
}

static void
put_be64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static void
auction_key(const struct gv_chain *c, uint8_t key[GV_PAGE_KEY])
{
    memset(key, 0, GV_PAGE_KEY);
    put_be64(key, c->sum.opening_ms);
    memcpy(key + 8, c->id.b, 32);
}

static void
bid_key(const struct gv_bid_row *row, bool one_auction,
        uint8_t key[GV_PAGE_KEY])
{
    put_be64(key, row->t_us);
    memcpy(key + 8, one_auction ? row->tie : row->auction.b, 32);
    memcpy(key + 40, row->bid.b, 32);
}

/* --- auctions --- */

static bool
auction_fits(const struct gv_ask_auctions *ask, const struct gv_chain *c)
{
    const struct gv_chain_summary *m = &c->sum;

    return !c->registry && (!ask->auction || GV_ID_EQ(&c->id, ask->auction)) &&
           (!ask->owner || GV_ID_EQ(&m->seller, ask->owner)) &&
           m->opening_ms >= ask->from_ms && m->opening_ms < ask->to_ms &&
           gv_ask_fits(ask->status, c, ask->now_ms);
}

enum gv_rc
gv_query_auctions(struct gv_state *s, const struct gv_ask_auctions *ask,
                  struct gv_page *p)
{
    uint8_t key[GV_PAGE_KEY];

    for (size_t i = 0; i < gv_state_chain_count(s); i++) {
        struct gv_chain *c = gv_state_chain_at(s, i);

        if (!auction_fits(ask, c))
            continue;
        auction_key(c, key);
        if (gv_page_offer(p, key, c, NULL) != GV_OK)
            return GV_FAULT;
    }
    gv_page_finish(p);
    return GV_OK;
}

/* --- bids --- */

static bool
bid_fits(const struct gv_ask_bids *ask, const struct gv_bid_row *row)
{
    bool mined = row->state >= GV_BID_INCLUDED;

    return (ask->mined == GV_MINED_ALL ||
            mined == (ask->mined == GV_MINED_YES)) &&
           row->t_us >= ask->from_us && row->t_us < ask->to_us;
}

static enum gv_rc
offer_row(const struct gv_ask_bids *ask, struct gv_chain *c,
          const struct gv_bid_row *row, struct gv_page *p, size_t *seen)
{
    uint8_t key[GV_PAGE_KEY];

    if ((ask->bidder && !GV_ID_EQ(&row->bidder, ask->bidder)) ||
        (ask->bid && !GV_ID_EQ(&row->bid, ask->bid)))
        return GV_OK;
    ++*seen;
    if (!bid_fits(ask, row))
        return GV_OK;
    bid_key(row, ask->chain != NULL, key);
    return gv_page_offer(p, key, c, row);
}

/* Bids that missed their blocks. */
static enum gv_rc
offer_lapsed(const struct gv_ask_bids *ask, const struct gv_view *v,
             struct gv_page *p, size_t *seen)
{
    const struct gv_pool_tx *e = v->chain->pool.of[GV_POOL_LAPSED].first;
    struct gv_bid_row row;
    enum gv_rc rc = GV_OK;

    for (; e && rc == GV_OK; e = e->next)
        if (e->tx.kind == GV_TX_BID &&
            gv_book_find_bid(v->chain->book, &e->tx.u.bid.id) == GV_NOWHERE &&
            gv_view_lapsed(v, e, ask->now_ms * 1000, &row))
            rc = offer_row(ask, v->chain, &row, p, seen);
    return rc;
}

static enum gv_rc
offer_bids(struct gv_state *s, const struct gv_ask_bids *ask,
           struct gv_chain *c, struct gv_page *p, size_t *seen)
{
    struct gv_bid_row row;
    struct gv_view v;
    enum gv_rc rc = gv_view_open(s, c, ask->now_ms, NULL, &v);
    size_t n = rc == GV_OK ? gv_fold_count(v.fold) : 0;

    for (size_t i = 0; i < n && rc == GV_OK; i++) {
        /* From the end the page asks for, so that most rows are refused by
         * one comparison. */
        gv_view_row(&v, p->reverse ? n - 1 - i : i, &row);
        rc = offer_row(ask, c, &row, p, seen);
    }
    if (rc == GV_OK)
        rc = offer_lapsed(ask, &v, p, seen);
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

/* --- outcomes --- */

enum gv_rc
gv_query_outcomes(struct gv_state *s, const struct gv_ask_outcomes *ask,
                  struct gv_page *p)
{
    uint8_t key[GV_PAGE_KEY];
    struct gv_chain **chain;
    size_t n;
    enum gv_rc rc =
        gv_state_chains_of_bidder(s, ask->bidder, ask->now_ms, &chain, &n);

    for (size_t i = 0; i < n && rc == GV_OK; i++) {
        if (!gv_ask_fits(ask->status, chain[i], ask->now_ms))
            continue;
        auction_key(chain[i], key);
        rc = gv_page_offer(p, key, chain[i], NULL);
    }
    free(chain);
    gv_page_finish(p);
    return rc;
}

/* Best accepted amount of a bidder, and whether there is any bid of his. */
static void
best_of(const struct gv_view *v, const struct gv_pubkey *bidder, bool *any,
        uint64_t *best)
{
    struct gv_bid_row row;

    *any = false;
    *best = 0;
    for (size_t i = 0; i < gv_fold_count(v->fold); i++) {
        gv_view_row(v, i, &row);
        if (!GV_ID_EQ(&row.bidder, bidder))
            continue;
        *any = true;
        if (row.code == GV_ACCEPTED && row.amount > *best)
            *best = row.amount;
    }
}

void
gv_query_standing(const struct gv_view *v, const struct gv_pubkey *bidder,
                  uint64_t now_ms, struct gv_standing *out)
{
    const struct gv_chain *c = v->chain;
    bool open = gv_ask_fits(GV_ASK_OPEN, c, now_ms);
    struct gv_outcome outcome = c->sum.outcome;
    struct gv_bid_row lead;
    bool final = c->sum.outcome_height != 0 &&
                 c->sum.final_height >= c->sum.outcome_height;
    bool any, first;

    memset(out, 0, sizeof(*out));
    if (open && gv_view_leader(v, &lead)) {
        out->has_winner = true;
        out->winner = lead.bidder;
        out->price = gv_fold_price(v->fold);
    } else if (!open) {
        if (c->sum.outcome_height == 0)
            gv_fold_outcome(v->fold, &outcome);
        out->has_winner = outcome.status == GV_SOLD;
        out->winner = outcome.winner;
        out->price = outcome.price;
    }
    best_of(v, bidder, &any, &out->amount);
    first = out->has_winner && GV_ID_EQ(&out->winner, bidder);
    if (!any)
        out->word = "none";
    else if (out->amount == 0)
        out->word = "void";
    else if (!final) /* nothing is won or lost before it is final */
        out->word = first ? "leading" : "outbid";
    else
        out->word = first ? "won" : "lost";
}
