/*
 * explain.h - what `gavel auction outcome --explain` prints: F bid by bid
 * (docs/spec/wallet.md, W41).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_EXPLAIN_H
#define GAVEL_WALLET_EXPLAIN_H

#include "wallet/auction.h"

/* Read the auction's chain, check it here, and print every bid of it with its
 * verdict, who leads behind it, and how the price comes about. An exit code. */
int gv_explain(struct gv_cli *cli, const struct gv_auction *a) GV_MUST_CHECK;

#endif
