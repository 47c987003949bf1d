/*
 * place.h - placing one bid: the steps behind `gavel bid place`.
 *
 * A bid is saved in the wallet before it is sent and its answer after, so a
 * crash or a lost connection never leaves the wallet not knowing what it
 * signed. A bid whose answer is missing is looked for by the next command, and
 * kept as "sending" while it may still arrive.
 */
#ifndef GAVEL_WALLET_PLACE_H
#define GAVEL_WALLET_PLACE_H

#include "wallet/auction.h"

/* Look for the bids of this auction in state "sending" among all that the node
 * lists, so that it does not learn which are the wallet's. Those not found are
 * given up once the auction, as a->info has it, is over. */
int gv_place_settle(struct gv_cli *cli,
                    const struct gv_auction *a) GV_MUST_CHECK;

/* Wait until the LIST is final, at most wait_ms. */
int gv_place_listed(struct gv_cli *cli, struct gv_auction *a,
                    uint64_t wait_ms) GV_MUST_CHECK;

/* ENROL unless the wallet knows it did. */
int gv_place_enrol(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_signer *s) GV_MUST_CHECK;

/* Sign, save, send, check the stamp, save. *result: the wallet's row of the
 * bid, borrowed from the wallet; *id its hex. */
struct gv_place {
    uint64_t amount;
    uint8_t lot; /* 0: there are none */
    bool force;
    bool final; /* sealed, of the final round (auction.md A32) */
};
int gv_place_bid(struct gv_cli *cli, const struct gv_auction *a,
                 const struct gv_signer *s, const struct gv_place *what,
                 char id[65], json_t **result) GV_MUST_CHECK;

/* Send a bid of the wallet once more, where authorities are blind with new
 * tokens: one that was not sent, whose answer was lost, or that missed its
 * block. */
int gv_place_again(struct gv_cli *cli, const struct gv_auction *a,
                   const char *id) GV_MUST_CHECK;

#endif
