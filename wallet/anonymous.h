/*
 * anonymous.h - bidding under a pseudonym: one blind token for each auction,
 * and the keys that come with it (docs/spec/identity.md, docs/spec/wallet.md).
 *
 * The pseudonym of an auction follows from the words, the auction and the
 * certificate's subject alone, so a wallet restored from words finds it again.
 * What must never happen is that one master answers two challenges: the
 * session and its challenge are saved before REVEAL is sent, and another
 * challenge is then refused.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_ANONYMOUS_H
#define GAVEL_WALLET_ANONYMOUS_H

#include "wallet/auction.h"

/* Who bids in this auction for the certified signer `who`: itself in a
 * certified auction, else its pseudonym, for which the token is got from the
 * issuer if the wallet has none yet, and the ENROL sent. An exit code; clear
 * *out after GV_EXIT_OK. */
int gv_anonymous_enrol(struct gv_cli *cli, const struct gv_auction *a,
                       const struct gv_signer *who,
                       struct gv_signer *out) GV_MUST_CHECK;

/* A pseudonym with all its keys; owns nothing, wipe it. */
struct gv_pseudonym {
    struct gv_signer signer;
    uint8_t xk[32]; /* X25519 secret of the ENROL's ek */
};

/* The pseudonym the wallet has in this auction: GV_ABSENT when it has none. */
enum gv_rc gv_anonymous_find(struct gv_cli *cli, const struct gv_auction *a,
                             const struct gv_signer *who,
                             struct gv_pseudonym *out) GV_MUST_CHECK;

#endif
