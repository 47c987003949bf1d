/*
 * rebuild.h - a block told as short ids (COMPACT, docs/spec/network.md N30),
 * made and made whole again.
 *
 * A short id is the first 8 bytes of a transaction's id. It names, it proves
 * nothing: two transactions may share one, by chance or on purpose. So a place
 * whose short id fits several transactions counts as lacking, and whether the
 * right ones were found is decided by tx_root alone.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_NET_REBUILD_H
#define GAVEL_NET_REBUILD_H

#include "chain/state/pool.h"
#include "src/net/message.h"

/* The transactions of a block, as far as they are here. Views borrow from the
 * message, the mempool and what was given. */
struct gv_rebuild {
    size_t count;
    struct gv_bytes *tx; /* by place; len 0: lacking */
    uint8_t (*want)[GV_MSG_SHORT_SIZE];
    bool *own; /* by place: the mempool had it */
    size_t lacking, owned;
};

/* Begin with a decoded COMPACT. GV_OK or GV_FAULT (memory); gv_rebuild_clear
 * is owed in both cases. */
enum gv_rc gv_rebuild_init(struct gv_rebuild *r,
                           const struct gv_msg *compact) GV_MUST_CHECK;
void gv_rebuild_clear(struct gv_rebuild *r);

/* Look for what lacks among a chain's waiting transactions. GV_OK or
 * GV_FAULT. */
enum gv_rc gv_rebuild_pool(struct gv_rebuild *r,
                           const struct gv_pool_lists *pool) GV_MUST_CHECK;

/* Up to cap lacking places, ascending, two bytes each. */
uint16_t gv_rebuild_lacks(const struct gv_rebuild *r, uint8_t *places,
                          uint16_t cap);

/* The transactions for these places, in their order. False: one is not what
 * its short id says, or there are more than places. */
bool gv_rebuild_give(struct gv_rebuild *r, const struct gv_msg_ids *places,
                     const struct gv_msg_list *txs) GV_MUST_CHECK;

/* The block's bytes, malloc'ed and the caller's, when nothing lacks. GV_OK;
 * GV_REJECT: these are not the transactions of this tx_root; GV_FAULT. */
enum gv_rc gv_rebuild_block(const struct gv_rebuild *r,
                            const struct gv_sealed_header *h, uint8_t **raw,
                            size_t *len) GV_MUST_CHECK;

/* COMPACT of a block: whole[i] says whether transaction i travels whole, while
 * GV_MSG_WHOLE_MAX has room. Malloc'ed and the caller's; NULL: no memory. */
uint8_t *gv_compact_make(struct gv_bytes header, const struct gv_bytes *txs,
                         const bool *whole, size_t n, size_t *len);

/* The transactions in a block's bytes behind its sealed header, in malloc'ed
 * memory (the views borrow); NULL: no memory, or it is no block. header: the
 * bytes of header, seal, depth and branch. */
struct gv_bytes *gv_compact_split(struct gv_bytes block,
                                  struct gv_bytes *header, size_t *n);

#endif
