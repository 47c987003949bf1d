/*
 * template.h - blocks to be mined: one per chain that is due, all sealed by
 * one proof of work (rule R9).
 *
 * A template is checked by the code that checks received blocks before it is
 * handed out. It stays valid for each chain until that chain's tip moves.
 *
 * Policy: a chain is due when T has passed since its tip, or when its oldest
 * waiting transaction has waited a fifth of D; the registry beats every T
 * even when nothing waits; an auction past its close is due for X, Y and the
 * few empty blocks that finality needs (R6 to R8); when finality stays away
 * for 10 T after Y, one more empty block asks the validators to vote anew.
 *
 * Which bids: those that came first, all that fit or only the first mine_bids
 * of an auction. Fairness bounds that choice: a bid older than D/4 by trusted
 * time is taken in any case, because validators vote for no block later than
 * t + D/2 without it (V4), and after t + D nobody could take it any more (R3).
 * What is left out stays in the mempool, for other miners too.
 */
#ifndef GAVEL_STATE_TEMPLATE_H
#define GAVEL_STATE_TEMPLATE_H

#include "chain/state/state.h"

struct gv_template;

/* Build a template over all due chains, at most `most` of them (0: all). *out
 * is NULL when nothing is due. */
enum gv_rc gv_template_make(struct gv_state *s, uint64_t now_ms, size_t most,
                            struct gv_template **out) GV_MUST_CHECK;
void gv_template_free(struct gv_template *t);

/* H(work root and time): names the template; the seal's miner field. */
const struct gv_hash *gv_template_id(const struct gv_template *t);
/* The seal to search a nonce for: work root, time, bits and miner field are
 * filled; version and nonce are the miner's. */
const struct gv_seal *gv_template_seal(const struct gv_template *t);
/* The easiest of its chains' targets: any seal that meets it is worth
 * submitting. */
const struct gv_u256 *gv_template_target(const struct gv_template *t);
size_t gv_template_chains(const struct gv_template *t);

/* Do some of its blocks still fit on their chains' tips? */
bool gv_template_fresh(const struct gv_template *t);

/* A seal was found: enter every block whose target it meets and that still
 * fits. accepted(arg, chain, raw block) tells each one that did. *n (may be
 * NULL) counts them. A seal that is not of this template, or meets no target,
 * is GV_REJECT (GV_BAD_WORK). */
enum gv_rc gv_template_submit(
    struct gv_state *s, const struct gv_template *t, const struct gv_seal *seal,
    uint64_t now_ms,
    void (*accepted)(void *arg, const struct gv_chain *c, struct gv_bytes raw),
    void *arg, size_t *n, struct gv_reject *why) GV_MUST_CHECK;

#endif
