/*
 * stamped.h - what a node answers when a BID or CLOSE is stamped, checked here
 * (docs/spec/wallet.md, W8).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_STAMPED_H
#define GAVEL_WALLET_STAMPED_H

#include "wallet/auction.h"

/* One stamp as it came, with its service's receipt or nothing. */
struct gv_stamped_row {
    struct gv_bytes stamp, receipt;
};

/* The answer of a node that says no more than these: {t_us, deadline_us,
 * stamp, receipt, stamps}, as submitbid gives it. NULL: one of them is no
 * stamp of this auction's authorities, or they are too few. */
json_t *gv_stamped_answer(const struct gv_auction *a,
                          const struct gv_keys *keys,
                          const struct gv_stamped_row *rows, size_t n);

/* Are there stamps of f + 1 authorities of OPEN that list it, each verified
 * with the key that OPEN pins, is t_us the (f+1)-th smallest of their times,
 * and is every receipt a service's own for its stamp? tx: the BID's or CLOSE's
 * bytes. An exit code; GV_EXIT_NODE, after printing, when the registry cannot
 * be asked whose receipts they are. GV_EXIT_OK with *fault: what is wrong,
 * NULL: nothing. */
int gv_stamped_judge(struct gv_cli *cli, const struct gv_auction *a,
                     struct gv_bytes tx, const json_t *answer,
                     const char **fault) GV_MUST_CHECK;
/* The same; what is wrong is printed, and the exit code says so. */
int gv_stamped_check(struct gv_cli *cli, const struct gv_auction *a,
                     struct gv_bytes tx, const json_t *answer) GV_MUST_CHECK;

#endif
