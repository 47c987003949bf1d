/*
 * handover.h - an auction of m validators and keys of nobody that they may hand
 * over to.
 */
#ifndef GAVEL_TESTS_STATE_HANDOVER_H
#define GAVEL_TESTS_STATE_HANDOVER_H

#include "tests/unit/state/fixture.h"

#define START (SAMPLE_OPENING_MS + 2000)
#define US(ms) ((uint64_t)(ms)*1000)

struct stage {
    struct world w;
    struct gv_chain *c;
    struct gv_seckey fresh[GV_HANDOVERS_MAX + 1]; /* of nobody yet */
    uint32_t seq;
};

static inline void
stage_make(struct stage *g, unsigned m, unsigned own)
{
    struct world_options o = {.sample.validators = m, .own = own};
    struct gv_tx e;

    memset(g, 0, sizeof(*g));
    for (size_t i = 0; i < sizeof(g->fresh) / sizeof(g->fresh[0]); i++) {
        memset(g->fresh[i].b, 0x5a, 32);
        g->fresh[i].b[0] = (uint8_t)(i + 1);
    }
    world_make(&g->w, &o);
    world_open_auction(&g->w);
    g->c = world_auction(&g->w);
    g->w.now_ms = START + 3000;
    e = sample_enrol(&g->w.s, 0);
    accept_block_on_tip(&g->w, g->c, START, &e, 1);
}

static inline uint64_t
next_ms(const struct stage *g)
{
    return g->c->sum.tip_time_ms + 250;
}

static inline enum gv_code
block(struct stage *g, const struct gv_tx *txs, size_t n)
{
    return world_give(&g->w, world_block(&g->w, g->c, next_ms(g), txs, n));
}

/* A block with one bid of bidder 0. */
static inline void
grow(struct stage *g)
{
    struct gv_tx two[2];

    g->seq++;
    two[0] = sample_bid(&g->w.s, 0, g->seq, 100 + g->seq);
    two[1] = sample_stamp(&g->w.s, 0, US(next_ms(g)) - 5, two, 1);
    accept_block_on_tip(&g->w, g->c, next_ms(g), two, 2);
}

static inline struct gv_tx
handover(struct stage *g, unsigned validator, unsigned to)
{
    return sample_handover(&g->w.s, validator, &g->w.s.validator[validator],
                           &g->fresh[to]);
}

/* In a block of its own; from now on the sample votes with the new key. */
static inline void
hand_over(struct stage *g, unsigned validator, unsigned to)
{
    struct gv_tx tx = handover(g, validator, to);

    assert_int_equal(block(g, &tx, 1), GV_ACCEPTED);
    g->w.s.validator[validator] = g->fresh[to];
}

static inline struct gv_vote
link_of(const struct stage *g, uint32_t from, uint32_t to)
{
    return (struct gv_vote){from, to, g->c->spine->at[from].sealed,
                            g->c->spine->at[to].sealed};
}

static inline enum gv_code
vote(struct stage *g, const struct gv_vote *v, unsigned validator,
     const struct gv_seckey *secret)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_sig sig;
    uint8_t digest[32];
    enum gv_rc rc;

    gv_vote_digest(&g->c->id, v, digest);
    assert_int_equal(gv_key_sign(g->w.s.keys, secret, digest, NULL, &sig),
                     GV_OK);
    rc = gv_state_add_vote(g->w.st, &g->c->id, v, (uint8_t)validator, &sig,
                           g->w.now_ms, &why);
    assert_int_not_equal(rc, GV_FAULT);
    return rc == GV_OK ? GV_ACCEPTED : why.code;
}

#endif
