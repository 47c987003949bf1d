/*
 * links.h - what the FINALs on one branch have justified and finalised
 * (rules V1, V2).
 *
 * Block 0 is justified and final. A link with a quorum from a justified
 * source justifies its target; a justified block is final once its child is
 * justified from it. In validity rules "final" means what this object says,
 * so gossip never decides validity (R8).
 *
 * Everything is undone in reverse order. One thread at a time.
 */
#ifndef GAVEL_STATE_LINKS_H
#define GAVEL_STATE_LINKS_H

#include "gavel/tx.h"

struct gv_link_mark {
    uint32_t source, justified;  /* heights: from, and what it justified */
    uint32_t old_top, old_final; /* what they were before it */
};

struct gv_links {
    struct gv_link_mark *mark;
    size_t count, cap;
    uint32_t top;   /* highest justified height */
    uint32_t final; /* highest final height */
};

void gv_links_free(struct gv_links *l);

/* Is the block at this height justified? */
bool gv_links_justified(const struct gv_links *l, uint32_t height);

/* Is the link's source justified and the link not there yet (C6)? GV_OK or
 * GV_REJECT (GV_BAD_FINAL, GV_DUPLICATE). The caller has checked the ids and
 * the signatures. */
enum gv_rc gv_links_check(const struct gv_links *l, const struct gv_vote *v,
                          struct gv_reject *why) GV_MUST_CHECK;
/* Enter it. GV_OK or GV_FAULT (memory). */
enum gv_rc gv_links_add(struct gv_links *l,
                        const struct gv_vote *v) GV_MUST_CHECK;
/* Forget all but the first `count` links. */
void gv_links_undo(struct gv_links *l, size_t count);

#endif
