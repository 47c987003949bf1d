/*
 * look.h - opening sealed bids beside the chain thread, before a block needs
 * them (sealed.md Q6).
 *
 * What a bid says follows from it and from any t of its holders' keys, so it
 * can be found as soon as these are known: with the KEYRELEASE that brings the
 * t-th key, or the block that does. The bids are copied into the task that
 * verifies it, opened by whichever thread verifies, and noted in the book when
 * the task is accepted. Nothing depends on it but time: what is not known when
 * the opening ends is opened then.
 */
#ifndef GAVEL_STATE_LOOK_H
#define GAVEL_STATE_LOOK_H

#include "chain/state/book.h"

struct gv_chain;
struct gv_look;

/* The bids nobody has looked into, and keys for them: those on the chain, those
 * that wait, and those among the n transactions. NULL: they are fewer than t,
 * there is nothing to do, somebody does it already, or no memory. */
struct gv_look *gv_look_make(struct gv_chain *c, const struct gv_tx *txs,
                             size_t n);
void gv_look_free(struct gv_look *l);

size_t gv_look_count(const struct gv_look *l); /* 0 for NULL */
/* Open bid i. Any thread, several at once on different bids. */
void gv_look_at(struct gv_look *l, size_t i);

/* Note what was found. NULL: nothing. The chain is loaded. */
void gv_look_learn(struct gv_look *l, struct gv_chain *c);

#endif
