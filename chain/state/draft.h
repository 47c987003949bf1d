/*
 * draft.h - one chain's next block, before it is sealed.
 */
#ifndef GAVEL_STATE_DRAFT_H
#define GAVEL_STATE_DRAFT_H

#include "chain/state/impl.h"

struct gv_draft {
    struct gv_chain *chain;
    struct gv_sealed_id parent;
    struct gv_header header;
    struct gv_block_id block_id;
    uint8_t *txs; /* the encoded transactions, each with its length */
    size_t txs_len;
};

#define GV_PICK_MAX 4096 /* policy: below the limit of 16,384 */

/* Transactions chosen so far. */
struct gv_pick {
    const struct gv_pool_tx *tx[GV_PICK_MAX];
    size_t count, bytes;
    size_t most; /* transactions, GV_PICK_MAX at most */
    /* Fingerprints that waiting REVOKEs name, in ascending order. */
    struct gv_hash gone[GV_PICK_MAX];
    size_t gones;
    /* An OUTCOME, or the shorter SETFIXED, made here. */
    uint8_t made[2 + 32 + 1 + GV_RESULTS_ROOM + 32];
    size_t made_len;
    uint64_t time_ms; /* of the block */
    uint32_t round;
};

/* pick.c: fill p for a block of p->time_ms on the tip. */
void gv_pick_txs(struct gv_state *s, struct gv_chain *c, struct gv_pick *p);
/* Is time_ms past what the tokens of the next CUTOFF must be (R6, R7)? */
bool gv_pick_past_close(const struct gv_chain *c, uint64_t time_ms);
/* Can this waiting transaction, a FINAL, stand in the next block? top: highest
 * justified height of the branch and what was chosen before. */
bool gv_pick_final_fits(const struct gv_chain *c, const struct gv_pool_tx *e,
                        uint32_t top);

/* Does an auction that is not in memory wait for blocks without anybody
 * sending it a transaction, as between X and the end? */
bool gv_draft_wants_load(const struct gv_chain *c);
/* Is the chain due for a block at now_ms (policy, template.h)? */
bool gv_draft_due(const struct gv_state *s, const struct gv_chain *c,
                  uint64_t now_ms);
/* Fill *out. GV_ABSENT: nothing valid to put in a block now. */
enum gv_rc gv_draft_make(struct gv_state *s, struct gv_chain *c,
                         uint64_t now_ms, struct gv_draft *out) GV_MUST_CHECK;
void gv_draft_clear(struct gv_draft *d);

#endif
