/*
 * worktree.h - the work tree: one proof of work for a block in every chain a
 * miner follows (rule R9, docs/spec/consensus.md).
 *
 * A Merkle tree keyed by chain id. Bit i of the id, most significant first,
 * chooses left (0) or right (1) at distance i from the root. No level is
 * skipped; an only child has the sibling EMPTY (32 zero bytes). A key has one
 * place, so one root seals at most one block of a chain.
 */
#ifndef GAVEL_WORKTREE_H
#define GAVEL_WORKTREE_H

#include "gavel/types.h"

#define GV_BRANCH_MAX 64

struct gv_work_leaf {
    struct gv_chain_id chain;
    struct gv_block_id block;
};

/* The siblings from the root (first) down to the leaf. */
struct gv_branch {
    uint8_t depth; /* 0 to GV_BRANCH_MAX */
    uint8_t hash[GV_BRANCH_MAX][32];
};

/* Build the tree over n >= 1 leaves, which are sorted in place by chain id.
 * branches[i] belongs to the sorted leaves[i]. GV_REJECT: a chain twice, or
 * two ids that share their first 64 bits. GV_FAULT: no memory. */
enum gv_rc gv_work_build(struct gv_work_leaf *leaves, size_t n,
                         struct gv_branch *branches,
                         uint8_t root32[32]) GV_MUST_CHECK;

/* Does the branch lead from (chain, block) to root? */
bool gv_work_verify(const struct gv_work_leaf *leaf,
                    const struct gv_branch *branch, const uint8_t root32[32]);

#endif
