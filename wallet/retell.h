/*
 * retell.h - the story of an auction, from its blocks alone: which bids are on
 * the chain, when each was made, and what F makes of them, bid by bid
 * (docs/spec/wallet.md, W41).
 *
 * Blocks are fed from block 0 on. Checked are the header that OPEN gives
 * block 0, prev and work of each other, the signatures of BID, ENROL, STAMP,
 * CLOSE, ISSUED and OUTCOME, trusted time (R2, R3, C4), and that F gives the
 * OUTCOME, its fold hash too. Not checked are targets, limits of a block and
 * revocations: gavel-explorer verify does.
 *
 * Ownership: the story owns its memory. One thread at a time.
 */
#ifndef GAVEL_WALLET_RETELL_H
#define GAVEL_WALLET_RETELL_H

#include <gavel/block.h>
#include <gavel/fold.h>
#include <gavel/verify.h>

#include "src/base/error.h"

/* Where a transaction stands: entry `index` of the `count` below tx_root. */
struct gv_retell_place {
    uint32_t height, index;
    struct gv_tx_id tx;
};

struct gv_retell_block {
    struct gv_sealed_id sealed;
    uint8_t tx_root[32];
    uint32_t tx_count;
    uint64_t time_ms;
    uint64_t newest_us; /* greatest genTime of STAMPs up to this block */
};

struct gv_retell_bid {
    struct gv_fold_bid row;
    struct gv_retell_place at, stamp; /* stamp: the one that defines t */
    uint64_t floor_us;                /* C4 */
    uint8_t leaf[32], authority;      /* authority: of that stamp */
    uint32_t part;                    /* where what it seals is kept */
};

struct gv_retell;

/* open, with its bytes, and keys are borrowed. NULL with e set. */
struct gv_retell *gv_retell_new(const struct gv_open *open,
                                const struct gv_keys *keys, struct gv_error *e);
void gv_retell_free(struct gv_retell *r);

/* The next block. GV_OK, or GV_REJECT or GV_FAULT with e set; then only free
 * is legal. */
enum gv_rc gv_retell_take(struct gv_retell *r, const struct gv_block *block,
                          struct gv_error *e) GV_MUST_CHECK;

/* After the last block: times, order, F, and whether the OUTCOME agrees. As
 * gv_retell_take. */
enum gv_rc gv_retell_end(struct gv_retell *r, struct gv_error *e) GV_MUST_CHECK;

/* --- after gv_retell_end --- */

/* Bids of blocks, by the total order. */
size_t gv_retell_count(const struct gv_retell *r);
const struct gv_retell_bid *gv_retell_bid(const struct gv_retell *r, size_t i);
const struct gv_pubkey *gv_retell_bidder(const struct gv_retell *r,
                                         uint32_t bidder);
/* An empty fold with the CLOSE set and room for these bids' keys: the caller
 * adds them one by one, and frees it before r. NULL without memory. */
struct gv_fold *gv_retell_fold(struct gv_retell *r);
/* What F gives over all of them. */
const struct gv_outcome *gv_retell_outcome(const struct gv_retell *r);
/* Height of Y, whose OUTCOME is just that; 0: there is none yet. */
uint32_t gv_retell_y(const struct gv_retell *r);
size_t gv_retell_blocks(const struct gv_retell *r);
const struct gv_retell_block *gv_retell_block(const struct gv_retell *r,
                                              uint32_t height);

/* Does this FINAL, with the quorum that OPEN's validators give it, start at Y
 * or at a later block of this chain, which makes Y final (V2)? */
bool gv_retell_is_final(const struct gv_retell *r, struct gv_bytes final);

#endif
