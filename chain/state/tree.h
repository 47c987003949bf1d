/*
 * tree.h - the blocks of one chain this node knows, on all branches, and the
 * choice among them (rule V3): highest justified block, then cumulative work,
 * then first seen.
 *
 * Nodes are numbered in the order they came, so a parent always precedes its
 * children. Node 0 is block 0. The best tip is kept up to date, so that asking
 * for it costs nothing. One thread at a time.
 */
#ifndef GAVEL_STATE_TREE_H
#define GAVEL_STATE_TREE_H

#include "chain/state/table.h"
#include "gavel/block.h"

struct gv_node {
    struct gv_sealed_id sealed;
    struct gv_u256 work; /* cumulative */
    uint64_t time_ms;
    uint32_t parent; /* GV_NOWHERE for block 0 */
    uint32_t height, target;
    uint64_t refused_ms;       /* not stood on before (V4); 0: it may be */
    uint32_t branch_justified; /* highest justified height up to it */
    uint32_t handover;         /* newest HANDOVER in it or below, roster.h */
    bool justified, invalid;
    bool late;    /* justified by late votes: no say yet in fork choice (V3) */
    bool live;    /* came near its time and is not judged by V4 yet */
    bool shunned; /* it or an ancestor is refused */
    bool dead;    /* neither the final block nor above it */
    bool gone;    /* evicted (L2): not found any more */
};

struct gv_tree {
    struct gv_node *node;
    size_t count, cap;
    struct gv_table by_id;
    uint32_t final;     /* node of the highest final block */
    uint32_t justified; /* node of the highest justified block */
    uint32_t leader;    /* of the highest that has a say in fork choice */
    uint32_t best;      /* node of the tip to stand on */
    uint32_t refusals;  /* nodes that are refused */
};

void gv_tree_init(struct gv_tree *t, uint64_t seed);
void gv_tree_free(struct gv_tree *t);

/* Node number, or GV_NOWHERE. */
uint32_t gv_tree_find(const struct gv_tree *t, const struct gv_sealed_id *id);
/* Add block 0 (empty tree) or a child of a known parent. GV_FAULT: memory. */
enum gv_rc gv_tree_add(struct gv_tree *t, const struct gv_sealed_header *h,
                       uint32_t parent, uint32_t *node) GV_MUST_CHECK;

/* Mark a node and everything above it invalid. */
void gv_tree_invalidate(struct gv_tree *t, uint32_t node);

/* Stand on nothing that holds this node (V4) until until_ms is past, or until
 * votes justify it or what is above it. */
void gv_tree_refuse(struct gv_tree *t, uint32_t node, uint64_t until_ms);
/* End the refusals whose time is past. True if there were any. */
bool gv_tree_forgive(struct gv_tree *t, uint64_t now_ms);

/* The tip to stand on. When the final block itself turned out invalid, its
 * newest valid ancestor: the chain then stalls. */
uint32_t gv_tree_best(const struct gv_tree *t);
/* The chain stood on this node before: it was seen before those as good. */
void gv_tree_prefer(struct gv_tree *t, uint32_t node);

/* Room for a child of `parent` beside the branch to `tip` (L2)? Of the blocks
 * above the final one that are not on that branch, those of the heaviest side
 * branch do not count: else a node cut off for long could never come back.
 * GV_OK; *victim is a node to evict first, or GV_NOWHERE. GV_REJECT: nothing
 * can be evicted. GV_FAULT: memory. */
enum gv_rc gv_tree_room(const struct gv_tree *t, uint32_t tip, uint32_t parent,
                        uint32_t *victim) GV_MUST_CHECK;
/* Forget a node that has no children. */
void gv_tree_evict(struct gv_tree *t, uint32_t node);

/* Is a an ancestor of b, or b itself? */
bool gv_tree_is_ancestor(const struct gv_tree *t, uint32_t a, uint32_t b);
/* The newest block two branches share. */
uint32_t gv_tree_fork(const struct gv_tree *t, uint32_t a, uint32_t b);

/* A quorum link became known (V2), in time for fork choice (V3) if that is not
 * more than patience_ms after its target's time. True when it justified or
 * finalised something new; false when its blocks are unknown or unlinked, its
 * source is not justified, it leaves the final block, or it says nothing new.
 */
bool gv_tree_link(struct gv_tree *t, const struct gv_vote *link,
                  uint64_t now_ms, uint64_t patience_ms);

/* The highest block that late votes justified has its say in fork choice, if it
 * is higher than what has (V3). True: the choice may be another now. */
bool gv_tree_hear_late(struct gv_tree *t);

/* Marks of an earlier run: this block is justified, is final. */
void gv_tree_set_justified(struct gv_tree *t, uint32_t node);
void gv_tree_set_final(struct gv_tree *t, uint32_t node);

#endif
