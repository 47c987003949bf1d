/*
 * roster.h - the HANDOVERs on all branches of a chain (V9): which key a
 * validator has under a block, whatever branch the block stands on.
 *
 * Fork choice learns of FINALs before their blocks are connected, so the book,
 * which knows one branch, cannot say it. A node of the tree names the newest
 * HANDOVER at or below it, and each HANDOVER the one before it on its branch:
 * nothing is undone when the chain takes another branch.
 *
 * One thread at a time.
 */
#ifndef GAVEL_STATE_ROSTER_H
#define GAVEL_STATE_ROSTER_H

#include "chain/state/tree.h"
#include "gavel/tx.h"

struct gv_handover {
    struct gv_tx_handover tx;
    uint32_t below; /* the one before it on its branch, or GV_NOWHERE */
};

struct gv_roster {
    struct gv_handover *at;
    size_t count, cap;
};

void gv_roster_free(struct gv_roster *r);

/* The block of this node, which has no child yet, holds this HANDOVER. They
 * come in their order in the block. GV_OK or GV_FAULT (memory). */
enum gv_rc gv_roster_note(struct gv_roster *r, struct gv_tree *t, uint32_t node,
                          const struct gv_tx_handover *h) GV_MUST_CHECK;

/* The validator's last HANDOVER in ancestors of the node, or in it and them.
 * NULL: there is none, it has the key that OPEN names. */
const struct gv_handover *gv_roster_under(const struct gv_roster *r,
                                          const struct gv_tree *t,
                                          uint32_t node, unsigned validator);
const struct gv_handover *gv_roster_after(const struct gv_roster *r,
                                          const struct gv_tree *t,
                                          uint32_t node, unsigned validator);
/* The one before it of the same validator; NULL. */
const struct gv_handover *gv_roster_before(const struct gv_roster *r,
                                           const struct gv_handover *h);

#endif
