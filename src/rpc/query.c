/* query.c - lists of auctions and outcomes. */
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

bool
gv_query_opened(const struct gv_chain *c)
{
    return !c->sum.sealed || c->sum.opened_height != 0;
}

struct gv_phase_answer
gv_query_phase(const struct gv_chain *c, uint64_t now_ms)
{
    const struct gv_chain_summary *m = &c->sum;
    struct gv_phase_input in = {
        .now_us = now_ms * 1000,
        .opening_us = m->opening_ms * 1000,
        .effective_close_us = m->close_us,
        .final_round = m->final_round,
        .round_us = m->round_us,
        .set_fixed = m->cutoff_height != 0,
        .outcome = m->outcome_height != 0,
        .outcome_final = gv_summary_over(m),
        .outcome_void = m->outcome.status == GV_VOID,
        .stall_after_us = gv_query_stall_ms(c) * 1000,
        .fixed_at_us =
            (m->opened_height ? m->opened_time_ms : m->cutoff_time_ms) * 1000,
        .opening = m->sealed && m->cutoff_height && !m->opened_height,
        .settled = m->settled_height != 0,
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
auction_key(const struct gv_chain *c, uint8_t key[GV_PAGE_KEY])
{
    memset(key, 0, GV_PAGE_KEY);
    gv_page_put_time(key, c->sum.opening_ms);
    memcpy(key + 8, c->id.b, 32);
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

/* What a bidder's bids come to. */
struct best {
    const struct gv_view *v;
    uint8_t lot; /* those for it alone; 0: all */
    bool any;
    bool sealed;     /* one of them is still to be opened */
    uint64_t amount; /* the best accepted one (A20), or 0 */
};

static enum gv_rc
take_best(void *arg, size_t i)
{
    struct best *best = arg;
    const struct gv_fold_row *row = gv_fold_row_at(best->v->fold, i);
    const struct gv_terms *terms = &best->v->chain->book->open->terms;

    if (best->lot != 0 && row->bid.lot != best->lot)
        return GV_OK;
    best->any = true;
    best->sealed = best->sealed || (row->code == GV_NOT_OPENED &&
                                    best->v->chain->sum.opened_height == 0);
    if (row->code == GV_ACCEPTED &&
        (best->amount == 0 ||
         gv_terms_better(terms, row->bid.amount, best->amount)))
        best->amount = row->bid.amount;
    return GV_OK;
}

/* Who gets a lot and at what price, or, while the auction has no outcome, who
 * leads it, whatever its reserve. */
static bool
lot_taker(const struct gv_view *v, unsigned place, struct gv_pubkey *who,
          uint64_t *price)
{
    struct gv_bid_row lead;
    struct gv_result r;

    gv_book_result(v->chain->book, place, &r);
    *who = r.winner;
    *price = r.price;
    if (r.status == GV_SOLD)
        return true;
    if (v->chain->sum.outcome_height != 0 || !gv_view_leader(v, place, &lead))
        return false;
    *who = lead.bidder;
    *price = gv_fold_lot_price(v->fold, place);
    return true;
}

/* With lots: does a lot go to this bidder, or is it led by it? Their prices
 * together, as far as they fit. */
static bool
takes_lots(const struct gv_view *v, const struct gv_pubkey *bidder,
           uint64_t *price)
{
    struct gv_pubkey who;
    uint64_t each;
    bool any = false;

    *price = 0;
    for (unsigned i = 0; i < v->chain->book->open->terms.lots; i++) {
        if (!lot_taker(v, i, &who, &each) || !GV_ID_EQ(&who, bidder))
            continue;
        any = true;
        *price = each > UINT64_MAX - *price ? UINT64_MAX : *price + each;
    }
    return any;
}

/* The word for bids of which the best is known, and whose winner is in *out. */
static void
find_word(struct best *best, const struct gv_pubkey *bidder,
          struct gv_standing *out)
{
    bool first = out->has_winner && GV_ID_EQ(&out->winner, bidder);
    enum gv_rc rc = gv_view_each(best->v, bidder, take_best, best);

    (void)rc; /* take_best cannot fail */
    out->amount = best->amount;
    if (!best->any)
        out->word = "none";
    else if (best->sealed)
        out->word = "sealed";
    else if (best->amount == 0)
        out->word = "void";
    else if (!gv_summary_over(&best->v->chain->sum))
        /* nothing is won or lost before it is final */
        out->word = first ? "leading" : "outbid";
    else
        out->word = first ? "won" : "lost";
}

/* Of all lots together. */
static void
lots_standing(const struct gv_view *v, const struct gv_pubkey *bidder,
              struct gv_standing *out)
{
    struct best best = {.v = v};

    out->has_winner = takes_lots(v, bidder, &out->price);
    out->winner = *bidder;
    find_word(&best, bidder, out);
    out->amount = 0;
}

void
gv_query_standing(const struct gv_view *v, const struct gv_pubkey *bidder,
                  uint64_t now_ms, struct gv_standing *out)
{
    const struct gv_chain *c = v->chain;
    struct gv_outcome outcome = c->sum.outcome;
    struct best best = {.v = v};
    struct gv_bid_row lead;

    memset(out, 0, sizeof(*out));
    if (c->book->open->terms.lots > 0) {
        lots_standing(v, bidder, out);
        return;
    }
    if (!gv_ask_fits(GV_ASK_OPEN, c, now_ms)) {
        if (c->sum.outcome_height == 0)
            gv_fold_outcome(v->fold, &outcome);
        out->has_winner = outcome.status == GV_SOLD;
        out->winner = outcome.winner;
        out->price = outcome.price;
    } else if (gv_view_leader(v, 0, &lead)) {
        out->has_winner = true;
        out->winner = lead.bidder;
        out->price = gv_fold_price(v->fold);
    }
    find_word(&best, bidder, out);
}

void
gv_query_lot_standing(const struct gv_view *v, const struct gv_pubkey *bidder,
                      unsigned place, struct gv_standing *out)
{
    struct best best = {.v = v, .lot = (uint8_t)(place + 1)};

    memset(out, 0, sizeof(*out));
    out->has_winner = lot_taker(v, place, &out->winner, &out->price);
    find_word(&best, bidder, out);
}
