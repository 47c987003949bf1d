/*
 * guard.h - what keeps a slip of a digit from becoming a bid, which cannot be
 * withdrawn: limits that the wallet's owner has set, for one bid and for all
 * that lead together, and a word about an amount that is far from what is bid
 * there (docs/spec/wallet.md, W35).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_GUARD_H
#define GAVEL_WALLET_GUARD_H

#include "wallet/auction.h"

/* A limit's text in the units of a currency: decimals that it does not have are
 * cut off, and what is too large is UINT64_MAX. False: no amount. */
bool gv_guard_amount(const char *text, const struct gv_currency *c,
                     uint64_t *minor) GV_MUST_CHECK;

/* May the wallet bid this amount in a? It counts what leads in other auctions
 * where its records have bids and no outcome is final, and in other lots of a.
 * GV_EXIT_OK, or GV_EXIT_FAILED after saying which limit is in the way. */
int gv_guard_check(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_offer *offer) GV_MUST_CHECK;

/* "10 times the leading bid of 6.00 EUR", or "" when the amount is near what
 * leads or, while nothing does, what the seller asks, for that lot. */
char *gv_guard_unusual(const struct gv_auction *a, const struct gv_offer *offer,
                       char out[160]);

/* What bids of this wallet lead in the other lots of this auction, by what the
 * node lists, or where bids are sealed its best one for each; UINT64_MAX if it
 * is more. An exit code. */
int gv_guard_lots(struct gv_cli *cli, const struct gv_auction *a, uint8_t lot,
                  uint64_t *out) GV_MUST_CHECK;

#endif
