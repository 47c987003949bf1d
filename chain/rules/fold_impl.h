/*
 * fold_impl.h - what the two files of F share: fold.c (rows and their order)
 * and fold_end.c (what follows from them).
 */
#ifndef CHAIN_RULES_FOLD_IMPL_H
#define CHAIN_RULES_FOLD_IMPL_H

#include "chain/rules/fold_judge.h"

#define FOLD_NONE UINT32_MAX

/* The fold of all rows before some row. */
struct fold_state {
    uint32_t accepted;  /* how many */
    uint32_t finals;    /* of these, of the final round (A32) */
    uint32_t unopened;  /* rows void for being sealed */
    uint32_t placed;    /* rows that take a place: accepted, or sealed (A23) */
    uint32_t last;      /* index of the last accepted open row, or FOLD_NONE */
    uint32_t floor;     /* of the leading open row, or FOLD_NONE */
    uint32_t leader;    /* index of the leading row, or FOLD_NONE */
    uint32_t other;     /* of the best one of another bidder, or FOLD_NONE */
    uint64_t limit_us;  /* with its extensions, rule A21 */
    uint64_t bought_us; /* rule A22; UINT64_MAX: not */
};

/* One lot (A33), or all there is. */
struct fold_lane {
    struct gv_terms terms; /* of a lot */
    struct fold_rules rules;
    struct fold_state now; /* over all rows folded so far */
};

/* A bidder in one lane. */
struct fold_bidder {
    uint32_t accepted; /* bids in the rows folded so far that take a place */
    uint32_t finals;   /* and those that take one in the final round */
    uint32_t cap;      /* UINT32_MAX: none */
    bool known, allowed;
};

struct gv_fold {
    struct gv_fold_context ctx;
    struct fold_lane *lane; /* by place of the lot */
    unsigned lanes;
    struct gv_fold_row *rows;
    size_t count, room;
    struct fold_state *marks;    /* before row k * MARK_EVERY, of lane l:
                                  * marks[k * lanes + l] */
    struct fold_bidder *bidders; /* bidder b, lane l: [b * lanes + l] */
    size_t bidders_room;         /* bidders */
};

/* Has the last extension reached the cap (rule A32)? */
static inline bool
fold_in_final_round(const struct fold_lane *l)
{
    return gv_terms_final_round(l->rules.terms) &&
           l->now.limit_us == l->rules.last_us;
}

/* Accepted bids that a total cap counts. */
static inline uint32_t
fold_accepted_open(const struct fold_state *s)
{
    return s->accepted - s->finals;
}

/* Take accepted row i into the leader and the best bid of somebody else: the
 * old leader where the new one is another bidder. */
void fold_rank(const struct gv_fold *f, struct fold_state *s, uint32_t i);

#endif
