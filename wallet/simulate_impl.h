/*
 * simulate_impl.h - what the files of the simulation share: simulate.c (who
 * bids what, when) and simulate_count.c (what came of it).
 */
#ifndef GAVEL_WALLET_SIMULATE_IMPL_H
#define GAVEL_WALLET_SIMULATE_IMPL_H

#include "wallet/simulate.h"

/* A bidder, for one thing: each is worth something else to him. */
struct sim_seat {
    uint64_t value, next_us; /* next_us: when he looks, UINT64_MAX: no more */
    uint64_t sealed;         /* what his sealed bid says */
    enum gv_strategy strategy;
    unsigned looks;
    uint32_t bidder;
    unsigned place; /* of the thing */
};

struct sim_round {
    const struct gv_simulation *s;
    const struct gv_terms *of; /* the terms of each thing */
    unsigned things;
    struct gv_fold *fold;
    struct sim_seat *seat; /* of bidder b for thing p: [b * things + p] */
    uint32_t *queue;       /* seats that look still, a heap by next_us */
    size_t queued;
    struct gv_pubkey *key;
    uint64_t random, serial, end_us; /* end_us: as planned */
};

static inline bool
sim_is_reverse(const struct sim_round *r)
{
    return r->s->terms->direction == GV_REVERSE;
}

/* Room for the results of all rounds. GV_OK or GV_FAULT. */
enum gv_rc sim_results_new(const struct gv_simulation *s,
                           struct gv_simulated *out) GV_MUST_CHECK;
/* Take the round that was played. */
void sim_count(const struct sim_round *r, struct gv_simulated *out);
/* After the last one. */
void sim_results_sort(struct gv_simulated *out);

#endif
