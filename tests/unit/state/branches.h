/*
 * branches.h - an auction whose blocks hold a bid each, on any branch, and
 * quorums for them.
 */
#ifndef GAVEL_TESTS_STATE_BRANCHES_H
#define GAVEL_TESTS_STATE_BRANCHES_H

#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)
#define US(ms) ((uint64_t)(ms)*1000)

struct stage {
    struct world w;
    struct gv_chain *c;
    struct gv_terms terms;
    uint32_t seq;
};

/* D is an hour, so that deadlines do not matter. */
static inline void
stage_make(struct stage *g, struct world_options o)
{
    struct gv_tx e[2];

    gv_terms_default(gv_params_find("regtest"), &g->terms);
    g->terms.d_ms = 3600000;
    g->terms.notice_ms = 7200000;
    g->terms.max_bids = 65536;
    o.sample.terms = &g->terms;
    g->seq = 0;
    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 1000000;
    e[0] = sample_enrol(&g->w.s, 0);
    e[1] = sample_enrol(&g->w.s, 1);
    accept_block_on_tip(&g->w, g->c, START, e, 2);
}

static inline void
pair(struct stage *g, uint64_t t_us, struct gv_tx out[2])
{
    uint32_t seq = ++g->seq;

    out[0] = sample_bid(&g->w.s, seq % 2, seq, 100 + seq);
    out[1] = sample_stamp(&g->w.s, 0, t_us, out, 1);
}

/* A block with one new bid on any node; its node. */
static inline uint32_t
grow(struct stage *g, uint32_t node, uint64_t step_ms, enum gv_code want)
{
    uint64_t time = g->c->tree.node[node].time_ms + step_ms;
    struct gv_bytes raw;
    struct gv_tx p[2];

    pair(g, US(time) - 7 * g->seq, p);
    raw = world_block_on(&g->w, g->c, node, time, p, 2);
    assert_int_equal(world_give(&g->w, raw), want);
    return world_node(g->c, raw);
}

static inline void
same_as_scratch(struct stage *g)
{
    uint8_t ours[32], scratch[32];

    book_digest(g->c->book, ours);
    book_from_scratch(&g->w, g->c, scratch);
    assert_memory_equal(ours, scratch, 32);
}

/* Votes on (0, node) by all validators: a FINAL for the mempool. */
static inline void
finalise_link(struct stage *g, uint32_t from, uint32_t to)
{
    const struct gv_node *s = &g->c->tree.node[from], *t = &g->c->tree.node[to];
    struct gv_vote v = {s->height, t->height, s->sealed, t->sealed};
    struct gv_tx tx = sample_final(&g->w.s, &g->c->id, &v, 1);

    world_add(&g->w, &tx);
}

#endif
