/*
 * stage.h - an auction with two enrolled bidders, ready for blocks by hand.
 */
#ifndef GAVEL_TESTS_STATE_STAGE_H
#define GAVEL_TESTS_STATE_STAGE_H

#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)
#define US(ms) ((uint64_t)(ms)*1000)

/* An auction with bidders 0 and 1 enrolled in block 1 at START. D is 5 s, T is
 * 1 s, notice 10 s. */
struct stage {
    struct world w;
    struct gv_chain *c;
    struct gv_terms terms;
};

static inline void
stage_make(struct stage *g, struct world_options o)
{
    struct gv_tx e[2];

    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 100000;
    e[0] = sample_enrol(&g->w.s, 0);
    e[1] = sample_enrol(&g->w.s, 1);
    accept_block_on_tip(&g->w, g->c, START, e, 2);
}

static inline void
stage_plain(struct stage *g)
{
    stage_make(g, (struct world_options){0});
}

/* A FINAL by all validators, for the link between two blocks of the best
 * branch. */
static inline struct gv_tx
final_of(struct stage *g, uint32_t from, uint32_t to)
{
    struct gv_vote v = {from, to, g->c->spine->at[from].sealed,
                        g->c->spine->at[to].sealed};

    return sample_final(&g->w.s, &g->c->id, &v,
                        (UINT64_C(2) << (g->w.s.open.validator_count - 1)) - 1);
}

/* An anonymous auction, and nobody has enrolled. */
static inline void
stage_anonymous(struct stage *g, struct world_options o)
{
    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.identity = GV_ANONYMOUS;
    o.sample.terms = &g->terms;
    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 100000;
}

/* BID and its STAMP at t_us, in this order. */
static inline void
pair(struct stage *g, unsigned bidder, uint32_t seq, uint64_t t_us,
     struct gv_tx out[2])
{
    out[0] = sample_bid(&g->w.s, bidder, seq, 100 + seq);
    out[1] = sample_stamp(&g->w.s, 0, t_us, &out[0], 1);
}

#endif
