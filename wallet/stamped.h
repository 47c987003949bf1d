/*
 * stamped.h - what a node answers when a BID or CLOSE is stamped, checked here
 * (docs/spec/wallet.md, W8).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_STAMPED_H
#define GAVEL_WALLET_STAMPED_H

#include "wallet/auction.h"

/* Are there stamps of f + 1 authorities of OPEN that list it, each verified
 * with the key that OPEN pins, is t_us the (f+1)-th smallest of their times,
 * and is every receipt a service's own for its stamp? tx: the BID's or CLOSE's
 * bytes. An exit code, after printing; GV_EXIT_NODE when the registry cannot be
 * asked whose receipts they are. */
int gv_stamped_check(struct gv_cli *cli, const struct gv_auction *a,
                     struct gv_bytes tx, const json_t *answer) GV_MUST_CHECK;

#endif
