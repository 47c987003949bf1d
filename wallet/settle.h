/*
 * settle.h - what became of a sale, from the wallet: the awards that a node
 * lists, and who of this wallet may speak of them (consensus.md C17, C18).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_SETTLE_H
#define GAVEL_WALLET_SETTLE_H

#include "wallet/anonymous.h"

/* A row of `awards` of getauction. */
struct gv_sale {
    uint8_t award;
    struct gv_pubkey winner;
    uint64_t price, pay_by_us; /* 0: the terms give no time */
    struct gv_sealed_id made;  /* the block that made it */
    bool final;                /* is that block? */
};
/* Read award i; false: there is none, or the node's answer is malformed. */
bool gv_sale_read(const struct gv_auction *a, size_t i, struct gv_sale *out);

/* Awards, what is said of them, and an open second chance, as lines. */
void gv_sales_print(const struct gv_auction *a, FILE *out);

/* Who of this wallet speaks in the auction: its certified identity, or its
 * pseudonym, as the seller or as a bidder. */
struct gv_speaker {
    struct gv_pseudonym me; /* of a pseudonym; owns nothing */
    const struct gv_signer *signer;
    bool seller;
};
/* An exit code; wipe *out. */
int gv_speaker_find(struct gv_cli *cli, const struct gv_auction *a,
                    const struct gv_signer *who,
                    struct gv_speaker *out) GV_MUST_CHECK;

/* Tokens of f + 1 authorities for a default of this sale, each verified here
 * with the key in OPEN: asked for at the addresses that the registry gives.
 * tokens: heap, to be freed, borrowed by t. An exit code. */
int gv_sale_tokens(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_sale *sale, struct gv_tx_settle *t,
                   uint8_t **tokens) GV_MUST_CHECK;

/* Sign and send a transaction of this auction. An exit code. */
int gv_sale_send(struct gv_cli *cli, const struct gv_signer *s,
                 struct gv_tx *tx) GV_MUST_CHECK;

#endif
