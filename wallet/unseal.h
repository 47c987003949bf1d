/*
 * unseal.h - the secret of what was sealed, and its publication (OPENING,
 * docs/spec/wallet.md, W31).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_UNSEAL_H
#define GAVEL_WALLET_UNSEAL_H

#include "wallet/auction.h"

/* Hand it in: in a certified auction at the wallet's node, in an anonymous one
 * as bids are (courier.h), whose options the command has. An exit code. */
int gv_unseal_publish(struct gv_cli *cli, const struct gv_auction *a,
                      const struct gv_tx_opening *opening) GV_MUST_CHECK;

/* The secret and the amount of this seller's hidden reserve: s is the identity
 * that sells, or whose pseudonym sells. An exit code. */
int gv_unseal_reserve(struct gv_cli *cli, const struct gv_auction *a,
                      const struct gv_signer *s, uint8_t es32[32],
                      uint64_t *amount) GV_MUST_CHECK;

#endif
