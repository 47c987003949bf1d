/*
 * bidding.h - bids that a program of this wallet places for its owner: by the
 * command `bid place` itself, so that all that it checks holds for them, too,
 * the limits of guard.h among it.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_BIDDING_H
#define GAVEL_WALLET_BIDDING_H

#include <gavel/amount.h>

#include "wallet/cli.h"

struct gv_bidding {
    uint64_t amount;             /* minor units; 0 if it was not even judged */
    struct gv_currency currency; /* if it was */
    char figures[40];            /* "12.00 EUR" */
    char bid[65];                /* its id, once placed */
    char refusal[500]; /* why it would be void, or what failed; "" if not */
};

/* What is to be placed. */
struct gv_bidding_order {
    const char *auction, *amount;
    const char *as;   /* the identity; NULL: that of --as */
    const char *kind; /* of --kind; NULL: any */
    uint8_t lot;      /* 0: there are none */
    bool dry;
};

/* As `bid place AUCTION AMOUNT`, with --lot and --kind if there is one, and
 * --dry-run if dry; warnings go to stderr. The exit code of the command; a bid
 * that would be void is GV_EXIT_FAILED, in a dry run also. */
int gv_bidding_place(struct gv_cli *cli, const struct gv_bidding_order *order,
                     struct gv_bidding *out);

/* As `bid send ID`: the very bytes that the wallet has, so that a bid does not
 * become two. The exit code of the command; out->amount is 0. */
int gv_bidding_send(struct gv_cli *cli, const char *id, struct gv_bidding *out);

/* The sealed bid of the order's identity there, for that lot: its id, borrowed
 * from the wallet, or NULL. *sent: a node has taken one; else it was sent
 * without an answer, or was about to be (W10), and *amount is its own. */
const char *gv_bidding_sealed(struct gv_cli *cli,
                              const struct gv_bidding_order *order, bool *sent,
                              uint64_t *amount);

/* The bid of this amount, in minor units, that the wallet has for the order's
 * auction and lot, placed by the identity of --as: its id, borrowed from the
 * wallet; NULL: none. */
const char *gv_bidding_find(struct gv_cli *cli,
                            const struct gv_bidding_order *order,
                            uint64_t amount);

#endif
