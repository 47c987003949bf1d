/*
 * seller.h - selling under a pseudonym: a seat of the issuer's epoch, its blind
 * token, and the keys that come with it (docs/spec/identity.md, "Pseudonymous
 * sellers").
 *
 * The pseudonym of a seat follows from the words, the seat and the
 * certificate's subject, so a wallet restored from words finds it again by its
 * key in OPEN.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_SELLER_H
#define GAVEL_WALLET_SELLER_H

#include <gavel/epoch.h>

#include "wallet/anonymous.h"

/* The newest EPOCH on the registry, in a final block, that an auction of this
 * opening time may be sold under. */
struct gv_epoch_found {
    struct gv_epoch epoch; /* verified; borrows from raw */
    uint8_t *raw;          /* heap */
};
/* An exit code; clear after GV_EXIT_OK. */
int gv_epoch_find(struct gv_cli *cli, uint64_t opening_ms,
                  struct gv_epoch_found *out) GV_MUST_CHECK;
void gv_epoch_found_clear(struct gv_epoch_found *e);

/* What an OPEN and requests to services carry of a pseudonym. */
struct gv_seller {
    struct gv_pseudonym me;
    struct gv_epoch_found *under; /* borrowed */
    uint8_t seat;
    uint8_t blob[GV_BLOB_MAX];
    struct gv_token token; /* its blob is the one above */
};

/* A pseudonym that has sold nothing yet, of `who`: one that the wallet has, or
 * a new one from the issuer. An exit code; wipe *out. */
int gv_seller_new(struct gv_cli *cli, const struct gv_signer *who,
                  struct gv_epoch_found *under,
                  struct gv_seller *out) GV_MUST_CHECK;
/* It sells now, and is not used again. An exit code. */
int gv_seller_used(struct gv_cli *cli, const struct gv_signer *who,
                   const struct gv_seller *seller,
                   const struct gv_chain_id *auction) GV_MUST_CHECK;

/* The pseudonym of `who` that sells this auction: GV_ABSENT when it is
 * another's or the seller is certified, GV_FAULT after printing. thorough: also
 * one that the wallet has no record of (a second or so). Wipe *out. */
enum gv_rc gv_seller_find(struct gv_cli *cli, const struct gv_auction *a,
                          const struct gv_signer *who, bool thorough,
                          struct gv_pseudonym *out) GV_MUST_CHECK;

#endif
