/*
 * recover.h - what words alone bring back, fetched from a node: credentials
 * of the identities, enrolments, and bids by their memos (docs/spec/wallet.md,
 * W7).
 */
#ifndef GAVEL_WALLET_RECOVER_H
#define GAVEL_WALLET_RECOVER_H

#include "wallet/cli.h"

struct gv_recovered {
    size_t identities, auctions, bids;
    size_t foreign; /* bids of our keys whose memo does not open */
};

/* Fill cli->wallet. Identities are looked for until 5 indexes in a row are
 * unknown to the node. An exit code. */
int gv_recover(struct gv_cli *cli, struct gv_recovered *out);

#endif
