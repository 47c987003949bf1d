/*
 * sealed_stage.h - an auction with sealed bids, and the blocks up to where they
 * are opened.
 */
#ifndef GAVEL_TESTS_STATE_SEALED_STAGE_H
#define GAVEL_TESTS_STATE_SEALED_STAGE_H

#include "tests/unit/state/stage.h"

/* Closed at START + 500 with 10 s of notice: E is START + 10,500, X is later
 * than E + D, and the opening ends 20 s after that at the latest. */
#define PAST (START + 15500)
#define R_MS 20000
#define OVER (PAST + R_MS)

static inline void
stage_sealed_by(struct stage *g, uint8_t pricing, uint8_t visibility,
                uint64_t reserve)
{
    struct world_options o = {.sample.reserve = reserve};

    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.visibility = visibility;
    g->terms.opening_period_ms = R_MS;
    g->terms.pricing = pricing;
    o.sample.terms = &g->terms;
    stage_make(g, o);
}

static inline void
stage_sealed(struct stage *g, uint8_t pricing)
{
    stage_sealed_by(g, pricing, GV_VISIBLE_SEALED, 0);
}

/* The sealed part of a bid, changed by hand and signed again. */
static inline struct gv_tx
resealed(struct stage *g, unsigned bidder, const struct gv_tx *bid,
         struct gv_bytes sealed)
{
    struct gv_tx fields = *bid;

    fields.u.bid.bidder = g->w.s.bidder[bidder].cred.key;
    fields.u.bid.sealed = sealed;
    return sample_tx(&g->w.s, &fields, &g->w.s.bidder[bidder].secret);
}

/* One whose share for the last holder is another one. */
static inline struct gv_tx
false_bid(struct stage *g, unsigned bidder, uint32_t seq, uint64_t amount)
{
    struct gv_tx bid = sample_bid_sealed(&g->w.s, bidder, seq, amount);
    struct gv_bytes sealed = sample_copy(&g->w.s, bid.u.bid.sealed);
    size_t last = sealed.len - GV_BIDSEAL_OPENING - 1;

    ((uint8_t *)sealed.p)[last] ^= 1;
    return resealed(g, bidder, &bid, sealed);
}

/* Bidder 0 seals 300, bidder 1 500, and the seller closes. bid: the two. */
static inline void
bid_twice(struct stage *g, struct gv_tx bid[2])
{
    struct gv_tx tx[5];

    tx[0] = bid[0] = sample_bid_sealed(&g->w.s, 0, 1, 300);
    tx[1] = bid[1] = sample_bid_sealed(&g->w.s, 1, 1, 500);
    tx[2] = sample_close(&g->w.s);
    tx[3] = sample_stamp(&g->w.s, 0, US(START + 400), tx, 2);
    tx[4] = sample_stamp(&g->w.s, 0, US(START + 500), tx + 2, 1);
    accept_block_on_tip(&g->w, g->c, START + 1000, tx, 5);
}

static inline void
stage_bids(struct stage *g, uint8_t pricing, struct gv_tx bid[2])
{
    stage_sealed(g, pricing);
    bid_twice(g, bid);
}

static inline struct gv_tx
cutoff_at(struct stage *g, uint64_t t_us)
{
    return sample_cutoff(&g->w.s, &g->c->sum.tip, 1, t_us);
}

static inline struct gv_tx
our_set(struct stage *g)
{
    uint8_t hash[32];
    uint32_t count;

    gv_fold_set(g->c->book->fold, &count, hash);
    return sample_setfixed(&g->w.s, count, hash);
}

static inline struct gv_tx
our_outcome(struct stage *g)
{
    struct gv_outcome o;

    gv_book_outcome(g->c->book, &o);
    return sample_outcome(&g->w.s, &o);
}

/* X and its child. */
static inline void
fix_set(struct stage *g)
{
    struct gv_tx tx[2];
    uint32_t x = g->c->sum.height + 1;

    tx[0] = cutoff_at(g, US(PAST) + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1, tx, 1);
    tx[0] = our_set(g);
    tx[1] = final_of(g, 0, x);
    accept_block_on_tip(&g->w, g->c, PAST + 251, tx, 2);
}

/* And the block with the FINAL that makes X final, at PAST + 1,251. */
static inline void
settle(struct stage *g)
{
    uint32_t x;
    struct gv_tx tx;

    fix_set(g);
    x = g->c->sum.cutoff_height;
    tx = final_of(g, x, x + 1);
    accept_block_on_tip(&g->w, g->c, PAST + 1251, &tx, 1);
    assert_int_equal(g->c->sum.settled_height, x + 2);
}

static inline enum gv_code
code_of(struct stage *g, const struct gv_tx *bid)
{
    const struct gv_fold *f = g->c->book->fold;

    for (size_t i = 0; i < gv_fold_count(f); i++)
        if (GV_ID_EQ(&gv_fold_row_at(f, i)->bid.id, &bid->u.bid.id))
            return gv_fold_row_at(f, i)->code;
    fail();
    return GV_ACCEPTED;
}

#endif
