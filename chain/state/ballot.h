/*
 * ballot.h - votes on the blocks of one chain: casting this node's own (V1)
 * and counting everybody's until a link has its quorum.
 */
#ifndef GAVEL_STATE_BALLOT_H
#define GAVEL_STATE_BALLOT_H

#include "chain/state/state.h"

/* What a validator must remember before a vote leaves it: never two votes
 * with one target height, never one surrounding another (V1). */
struct gv_vote_lock {
    uint32_t source_height, target_height;
};

/* Votes for one link. */
struct gv_tally {
    struct gv_vote link;
    uint64_t voted; /* bit i: validator i */
    uint64_t early; /* of them, counted before the link's source was here */
    bool done;      /* its FINAL was let in */
    struct gv_sig sig[GV_VALIDATORS_MAX];
};

struct gv_ballot {
    struct gv_tally *tally;
    size_t count, cap;
    uint64_t accused;  /* bit i: validator i's EVIDENCE was told */
    uint64_t two_keys; /* the same, of votes by two keys of it (V8) */
    uint64_t own;      /* bit i: this node votes as validator i */
    uint32_t heard[GV_VALIDATORS_MAX]; /* greatest target height voted for */
    struct gv_vote_lock *lock;         /* one per validator, once needed */
    bool *lock_read;
    uint64_t *held_ms; /* no vote before; 0: free (V5) */
};

void gv_ballot_free(struct gv_ballot *b);

#endif
