/*
 * recover.h - what words alone bring back: from a node credentials,
 * enrolments, pseudonyms, and bids by their memos; from the CA certificates
 * (docs/spec/wallet.md, W7, W18). Nothing that the wallet has is changed, so it
 * can be done again.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_RECOVER_H
#define GAVEL_WALLET_RECOVER_H

#include "wallet/cli.h"

struct gv_recovered {
    size_t identities, auctions, bids;
    size_t certificates; /* that the wallet has now */
    size_t pseudonyms;   /* the same */
    size_t waiting;      /* pseudonyms that need a certificate first */
    size_t foreign;      /* bids of our keys whose memo does not open */
};

/* Fill cli->wallet, which the caller saves. Identities are looked for until 5
 * indexes in a row are unknown to the node. A certificate that does not come
 * is a warning on stderr. An exit code. */
int gv_recover(struct gv_cli *cli, struct gv_recovered *out);

/* Only bids and pseudonyms in anonymous auctions, for the identities that the
 * wallet has: in every auction that the node knows; or in one (64 hex digits),
 * where the issuer is asked too, for the identity of --as. */
int gv_recover_pseudonyms(struct gv_cli *cli, struct gv_recovered *out);
int gv_recover_auction(struct gv_cli *cli, const char *auction,
                       struct gv_recovered *out);

#endif
