/*
 * fold_world.h - random terms of every kind, and bids for them.
 */
#ifndef TESTS_UNIT_RULES_FOLD_WORLD_H
#define TESTS_UNIT_RULES_FOLD_WORLD_H

#include "tests/support/support.h"
#include "tests/unit/rules/fold_fixture.h"

#define POOL 300
#define LOTS 3

struct world {
    struct support_rng rng;
    uint8_t list[6 * GV_ALLOWED_ENTRY];
    uint8_t table[2 * GV_INCREMENT_ENTRY];
    uint8_t lots[LOTS * 32];
    struct gv_terms terms;
    uint64_t close_us, cancel_us;
    uint64_t hidden; /* the reserve that was sealed, 0: none */
    struct gv_fold_bid pool[POOL];
    bool in[POOL]; /* is it in the fold? */
};

static inline void
terms_of_open_bids(struct support_rng *r, struct gv_terms *t)
{
    *t = (struct gv_terms){.flags = (uint8_t)support_rng_below(r, 128),
                           .reference = (uint8_t)support_rng_below(r, 2),
                           .min_first = support_rng_below(r, 500),
                           .min_step = 1 + support_rng_below(r, 30),
                           .max_step = 30 + support_rng_below(r, 300),
                           .per_bidder = 1 + (uint32_t)support_rng_below(r, 40),
                           .total_cap = 1 + (uint32_t)support_rng_below(r, 200),
                           .limit_ms = 1 + support_rng_below(r, 2)};
    t->pricing = (uint8_t)support_rng_below(r, 3);
    t->direction = (uint8_t)support_rng_below(r, 2);
    if (support_rng_below(r, 3) == 0)
        t->reserve = 1 + support_rng_below(r, 900);
    if (support_rng_below(r, 4) == 0)
        t->buy_now = 1 + support_rng_below(r, 900);
    if ((t->flags & GV_LIMIT) != 0 && support_rng_below(r, 2) == 0) {
        t->soft_ms = 1;
        t->soft_cap_ms = 1 + (uint32_t)support_rng_below(r, 2);
    }
}

static inline void
seal_terms(struct gv_terms *t)
{
    t->visibility = GV_VISIBLE_SEALED;
    t->flags &= GV_MIN_FIRST | GV_ALLOWED | GV_PER_BIDDER | GV_LIMIT;
    t->soft_ms = t->soft_cap_ms = 0;
    t->buy_now = 0;
    if (t->pricing == GV_PRICE_SECOND)
        t->pricing = GV_PRICE_VICKREY;
}

static inline void
clock_terms(struct support_rng *r, struct gv_terms *t)
{
    *t = (struct gv_terms){.flags = GV_LIMIT | (t->flags & GV_ALLOWED),
                           .direction = GV_DUTCH,
                           .limit_ms = 1 + support_rng_below(r, 2),
                           .clock_start = 1200,
                           .clock_floor = 1 + support_rng_below(r, 900),
                           .clock_drop = 1 + support_rng_below(r, 299),
                           .clock_step_ms = 1};
}

/* A final round that starts 2 ms behind the opening. */
static inline void
round_terms(struct gv_terms *t)
{
    t->visibility = GV_VISIBLE_FINAL;
    t->flags |= GV_LIMIT;
    t->limit_ms = t->soft_ms = t->soft_cap_ms = t->final_ms = 1;
}

/* Where amounts are open: lots whose minima and reserves replace the others. */
static inline void
add_lots(struct world *w)
{
    struct gv_sink s = gv_sink_buffer(w->lots, sizeof(w->lots));
    uint64_t own = w->terms.direction == GV_DUTCH ? 0 : 200;

    for (unsigned i = 0; i < LOTS; i++) {
        gv_put_b8(&s, gv_bytes("lot", 3));
        gv_put_u64(&s, support_rng_below(&w->rng, 2) * own);
        gv_put_u64(&s, support_rng_below(&w->rng, 2) * own * 2);
    }
    assert_false(s.failed);
    w->terms.lots = LOTS;
    w->terms.lot_list = gv_bytes(w->lots, s.len);
}

enum kind { OPEN_BIDS, SEALED_BIDS, CLOCK, FINAL_ROUND, KINDS };

static inline void
world_terms(struct world *w, enum kind kind)
{
    struct support_rng *r = &w->rng;
    struct gv_terms *t = &w->terms;

    terms_of_open_bids(r, t);
    if (kind == SEALED_BIDS)
        seal_terms(t);
    else if (kind == CLOCK)
        clock_terms(r, t);
    else if (kind == FINAL_ROUND)
        round_terms(t);
    w->hidden = 0;
    if (kind != CLOCK && t->buy_now == 0 && support_rng_below(r, 3) == 0) {
        w->hidden = support_rng_below(r, 900);
        t->reserve = 0;
        t->visibility = t->visibility == GV_VISIBLE_OPEN
                            ? GV_VISIBLE_RESERVE_SEALED
                            : (uint8_t)(t->visibility + 1);
    }
    gv_le64_put(w->table, 500);
    gv_le64_put(w->table + 8, 1 + support_rng_below(r, 20));
    gv_le64_put(w->table + 16, UINT64_MAX);
    gv_le64_put(w->table + 24, 1 + support_rng_below(r, 20));
    if (t->pricing == GV_PRICE_SECOND)
        t->increments = gv_bytes(w->table, sizeof(w->table));
    for (uint32_t i = 0; i < 6; i++)
        put_entry(w->list, i, i, (uint32_t)support_rng_below(r, 20));
    if ((t->flags & GV_ALLOWED) != 0)
        t->allowed = gv_bytes(w->list, sizeof(w->list));
    if (t->visibility == GV_VISIBLE_OPEN && support_rng_below(r, 2) == 0)
        add_lots(w);
    w->close_us = w->cancel_us = UINT64_MAX;
}

static inline bool
is_sealed(const struct world *w, const struct gv_fold_bid *b)
{
    return gv_terms_sealed(&w->terms) || b->final;
}

/* What is known of a sealed bid, drawn anew. */
static inline void
draw_amount(struct world *w, struct gv_fold_bid *b)
{
    b->seal = support_rng_below(&w->rng, 4) != 0   ? GV_FOLD_KNOWN
              : support_rng_below(&w->rng, 2) == 0 ? GV_FOLD_FALSE
                                                   : GV_FOLD_UNOPENED;
    b->amount =
        b->seal == GV_FOLD_KNOWN ? 1 + support_rng_below(&w->rng, 1000) : 0;
}

static inline void
world_make(struct world *w, enum kind kind)
{
    world_terms(w, kind);
    for (uint32_t i = 0; i < POOL; i++) {
        struct gv_fold_bid *b = &w->pool[i];

        *b = (struct gv_fold_bid){
            .t_us = OPENING_US - 50 + support_rng_below(&w->rng, 2500),
            .amount = 1 + support_rng_below(&w->rng, 1000),
            .bidder = (uint32_t)support_rng_below(&w->rng, 8),
            .ref = i};
        b->final = kind == FINAL_ROUND && support_rng_below(&w->rng, 9) != 0
                       ? b->t_us > OPENING_US + 2000
                       : kind == FINAL_ROUND;
        if (w->terms.lots != 0) /* one more than there are */
            b->lot = (uint8_t)(1 + support_rng_below(&w->rng, LOTS + 1));
        b->tie[0] = (uint8_t)support_rng_below(&w->rng, 2);
        support_rng_bytes(&w->rng, b->id.b, sizeof(b->id.b));
        if (is_sealed(w, b))
            draw_amount(w, b);
        w->in[i] = false;
    }
}

/* Every kind of terms by turns. */
static inline enum kind
kind_of(int round)
{
    return (enum kind)(round % KINDS);
}

static inline struct gv_fold *
world_fold(const struct world *w)
{
    struct gv_fold *f = fold_new(&w->terms);

    gv_fold_set_reserve(f, w->hidden);
    return f;
}

#endif
