/*
 * blocks.h - the blocks of an auction, one after the other, as the node has
 * them on its best chain.
 *
 * Each is decoded, so that its transactions are those of its tx_root; that it
 * follows the one before it, and has work, is for the taker to ask.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_BLOCKS_H
#define GAVEL_WALLET_BLOCKS_H

#include <gavel/block.h>

#include "wallet/cli.h"

/* Called for each block from block 0 on, which is valid during the call. An
 * exit code other than GV_EXIT_OK, with the error printed, ends it. */
typedef int gv_blocks_take(struct gv_cli *cli, const struct gv_block *block,
                           void *arg);

/* auction: 64 hex digits. An exit code. */
int gv_blocks_each(struct gv_cli *cli, const char *auction,
                   gv_blocks_take *take, void *arg) GV_MUST_CHECK;

#endif
