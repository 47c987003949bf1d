/*
 * seats.h - the validators of one chain and the keys that they sign with
 * (V9), and which of them this node is.
 *
 * A validator is its place in OPEN or genesis; its key changes by HANDOVERs.
 * Needs a loaded chain. One thread at a time.
 */
#ifndef GAVEL_STATE_SEATS_H
#define GAVEL_STATE_SEATS_H

#include "chain/state/state.h"
#include "gavel/verify.h"

struct gv_task;

/* The key of a validator (below their number) under a block of the tree: after
 * the HANDOVERs in its ancestors. */
const struct gv_pubkey *gv_seats_key(const struct gv_chain *c, uint32_t node,
                                     unsigned validator);
/* The key that a vote for this link is checked with. While its source is not
 * here, that is the key which OPEN names. */
const struct gv_pubkey *gv_seats_key_of(const struct gv_chain *c,
                                        const struct gv_vote *link,
                                        unsigned validator);
/* The key after the last HANDOVER that the chain stands on. */
const struct gv_pubkey *gv_seats_newest(const struct gv_chain *c,
                                        unsigned validator);

/* The HANDOVERs that lead from the key in OPEN to the one which a vote for this
 * link is checked with, one encoding after the other; how many bytes. */
#define GV_SEATS_PATH (GV_HANDOVERS_MAX * GV_HANDOVER_SIZE)
size_t gv_seats_path(const struct gv_chain *c, const struct gv_vote *link,
                     unsigned validator, uint8_t out[GV_SEATS_PATH]);

/* While a chain is loaded: the node stands on its parent's HANDOVERs, and its
 * own come next. */
void gv_seats_inherit(struct gv_chain *c, uint32_t node);
/* The HANDOVERs of a block that has entered the tree as this node; the second
 * reads them out of its stored bytes. GV_OK or GV_FAULT (memory). */
enum gv_rc gv_seats_note(struct gv_chain *c, uint32_t node,
                         const struct gv_block *block) GV_MUST_CHECK;
enum gv_rc gv_seats_read(struct gv_chain *c, uint32_t node,
                         struct gv_bytes block) GV_MUST_CHECK;

/* The HANDOVERs of a verified block are by those who have the places on its
 * branch (C13), and FINALs and OBJECTIONs of a verified task by the validators'
 * keys of their place; verification took those of OPEN. FINALs of side blocks
 * are learnt before the blocks are connected, so this is the only check before
 * it. Signatures are verified anew only where a key is another, or one was in
 * doubt; a task's block holds no link twice. GV_OK, GV_REJECT or GV_FAULT. */
enum gv_rc gv_seats_check(const struct gv_state *s, const struct gv_task *t,
                          struct gv_reject *why) GV_MUST_CHECK;

/* --- this node --- */

/* Its secret key for that validator under this block; NULL: it has none. */
const struct gv_seckey *gv_seats_secret(const struct gv_state *s,
                                        const struct gv_chain *c, uint32_t node,
                                        unsigned validator);
/* Which validators it is may have changed: note it in c. */
void gv_seats_know_own(const struct gv_state *s, struct gv_chain *c);

#endif
