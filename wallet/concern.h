/*
 * concern.h - the auctions that concern a wallet: where it bids, by its own
 * records; what its identities sell, by the node's list, and its pseudonyms, by
 * its own; and what its owner watches. What is in none of these is not found.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_CONCERN_H
#define GAVEL_WALLET_CONCERN_H

#include <gavel/types.h>

#include "wallet/cli.h"

enum gv_concern_role {
    GV_CONCERN_SELLS = 1,
    GV_CONCERN_BIDS = 2,
    GV_CONCERN_WATCHES = 4
};

/* Identities of one wallet that may bid in one auction and be told apart. */
#define GV_CONCERN_KEYS 8

struct gv_concern {
    char auction[65];
    unsigned roles; /* bits of enum gv_concern_role */
    /* What it bids with there, and as which identity. */
    struct {
        struct gv_pubkey key;
        uint32_t identity;
    } bidder[GV_CONCERN_KEYS];
    size_t bidders;
    uint64_t lots; /* that it has bid for: bit N - 1 for lot N */
};

/* A bid of the wallet's records, by its bytes, as a chain would read it. */
struct gv_concern_bid {
    struct gv_pubkey bidder; /* the key that it was made with */
    uint8_t lot;             /* 0: there are none */
    bool sealed;
};
/* False: the row has no bytes of a BID. */
bool gv_concern_read_bid(const json_t *bid, struct gv_concern_bid *out);

struct gv_concerns {
    struct gv_concern *item;
    size_t count, cap;
};

/* Of the open wallet. An exit code; gv_concerns_free after every return. */
int gv_concerns_gather(struct gv_cli *cli,
                       struct gv_concerns *out) GV_MUST_CHECK;
/* Of them those where it bids, without asking the node. An exit code. */
int gv_concerns_of_bids(struct gv_cli *cli,
                        struct gv_concerns *out) GV_MUST_CHECK;
/* The auction (64 hex digits), added with no role if it is new; NULL without
 * memory. Good until the next call. */
struct gv_concern *gv_concerns_add(struct gv_concerns *c, const char *auction);
void gv_concerns_free(struct gv_concerns *c);

/* The roles with the lot at a place (gv_terms_lot_place) of an auction that has
 * `lots` of them, 0: none. Who bids for other lots alone has not that role. */
unsigned gv_concern_roles(const struct gv_concern *c, unsigned place,
                          unsigned lots);

/* "sells, bids, watches" */
char *gv_concern_words(unsigned roles, char out[40]);

#endif
