/*
 * watch.h - what a validator refuses to vote for (rule V4): blocks that leave
 * out bids it holds.
 *
 * A validator of an auction notes each BID and CLOSE that came to it whole,
 * and judges each block that comes while it is new by them. A chain with a
 * refused block on it is not stood on, so it gets no vote and no block from
 * this node, until the refusal ends or others justify it. Nobody's blocks
 * become invalid by it, and nothing is judged that came before a restart.
 *
 * One thread at a time.
 */
#ifndef GAVEL_STATE_WATCH_H
#define GAVEL_STATE_WATCH_H

#include "chain/state/pool.h"
#include "gavel/block.h"

struct gv_state;

/* Transactions watched on one chain; what comes beyond is not. */
#define GV_WATCH_MAX (1u << 17)
/* A block is full that holds so many transactions, or bytes of them. */
#define GV_FULL_TXS 1024u
#define GV_FULL_BYTES 983040u

/* A BID or CLOSE and when it came. */
struct gv_watched {
    enum gv_tx_kind kind;
    uint8_t id[32];
    struct gv_pubkey bidder;    /* BID */
    struct gv_sealed_id recent; /* BID */
    uint64_t t_us;              /* by the stamps this node has */
    uint64_t received_ms;       /* with its ENROL and STAMPs */
};

/* A block that was refused, and one of those it left out. */
struct gv_shunning {
    struct gv_sealed_id block;
    enum gv_tx_kind kind;
    uint8_t id[32];
    uint64_t until_ms;
};

struct gv_watch {
    struct gv_watched *item;
    size_t first, count, cap; /* those before first are past */
    uint32_t gone;            /* so many stood before item[0] */
    struct gv_table by_id;    /* the newest of each id; a place counts those
                               * that are gone */
    struct gv_shunning *refusal;
    size_t refusals, refusal_cap;
};

void gv_watch_free(struct gv_watch *w);

/* The BID or CLOSE in the mempool has got a time, or another one than
 * before_us (UINT64_MAX: none). GV_FAULT: memory. */
enum gv_rc gv_watch_dated(struct gv_chain *c, const struct gv_pool_tx *e,
                          uint64_t before_us, uint64_t now_ms) GV_MUST_CHECK;
/* The block of this node, which came live, was connected. Note its bids that
 * the mempool never held; refuse it if it must be refused. */
enum gv_rc gv_watch_block(struct gv_state *s, struct gv_chain *c, uint32_t node,
                          const struct gv_block *block,
                          uint64_t now_ms) GV_MUST_CHECK;
/* Did the block come within D/4 after its time, or before? */
bool gv_watch_is_live(const struct gv_chain *c, uint64_t time_ms,
                      uint64_t now_ms);
/* Refusals end, by time or by the votes of others: the chain is chosen, and
 * voted for, anew, and a block that stands on it all the same gets an
 * OBJECTION. */
enum gv_rc gv_watch_tick(struct gv_state *s, struct gv_chain *c,
                         uint64_t now_ms) GV_MUST_CHECK;

#endif
