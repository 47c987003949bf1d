/*
 * auction.h - an auction as the wallet sees it: OPEN fetched, decoded and
 * verified here, and F run here over the bids the node lists.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_AUCTION_H
#define GAVEL_WALLET_AUCTION_H

#include <gavel/fold.h>
#include <gavel/open.h>

#include "wallet/cli.h"
#include "wallet/make.h"

struct gv_auction {
    char hex[65];
    json_t *info; /* getauction's answer */
    uint8_t *raw; /* of OPEN */
    struct gv_open open;
};

/* Fetch and verify: the OPEN hashes to this id and every signature leads to
 * the network's root. An exit code. Clear after GV_EXIT_OK. */
int gv_auction_fetch(struct gv_cli *cli, const char *id,
                     struct gv_auction *out) GV_MUST_CHECK;
void gv_auction_clear(struct gv_auction *a);

/* Fetch info again. An exit code. */
int gv_auction_refresh(struct gv_cli *cli, struct gv_auction *a) GV_MUST_CHECK;

/* Every bid that the node lists, waiting ones among them, in the total order;
 * take's code other than GV_EXIT_OK ends it. An exit code. */
typedef int gv_auction_take(struct gv_cli *cli, const struct gv_auction *a,
                            const json_t *row, void *arg);
int gv_auction_bids(struct gv_cli *cli, const struct gv_auction *a,
                    gv_auction_take *take, void *arg) GV_MUST_CHECK;

/* What is bid for which lot. */
struct gv_offer {
    uint64_t amount;
    uint8_t lot; /* 0: there are none */
};

/* The verdict of F, here and now, on an offer by key over the bids
 * the node lists: *row with its numbers; row->bid.final: it is one of the final
 * round, which is on now (auction.md A32). Of a sealed bid what can be known of
 * its own amount. An exit code. */
int gv_auction_try(struct gv_cli *cli, const struct gv_auction *a,
                   const struct gv_pubkey *key, const struct gv_offer *offer,
                   struct gv_fold_row *row) GV_MUST_CHECK;

/* The outcome by F, here, over the bids that the node lists in blocks; room
 * takes the results of lots. An exit code. */
int gv_auction_outcome(struct gv_cli *cli, const struct gv_auction *a,
                       uint8_t room[GV_RESULTS_ROOM],
                       struct gv_outcome *out) GV_MUST_CHECK;

/* Was a bid with this verdict compared with the one before it (A10, A32)? Other
 * checks fail without a look at its amount. */
bool gv_auction_is_measured(enum gv_code code);

/* "below-step: TEXT: have 1.00 EUR, want at least 2.00 EUR": the failing
 * clause with its numbers in the units they have. */
char *gv_auction_clause(const struct gv_currency *c, enum gv_code code,
                        uint64_t have, uint64_t want, char out[400]);

/* The leading bid of what stands at a place (gv_terms_lot_place), by
 * getauction's answer, borrowed: {bidder, amount, ...}; NULL: nobody leads, or
 * nobody can know. */
const json_t *gv_auction_leader(const json_t *info, unsigned place);

/* The currency of a getauction or listauctions answer's fields. */
struct gv_currency gv_auction_currency(const json_t *fields);

/* o with currency and exponent, which every amount for programs has beside it
 * (W11). */
json_t *gv_auction_priced(json_t *o, const struct gv_currency *c);

/* Amount of a member as "1.00 EUR". */
char *gv_auction_amount(const json_t *object, const char *key,
                        const struct gv_currency *c, char out[40]);

/* Are bids' amounts sealed still, by getauction's answer? That of
 * a hidden reserve and of a final round's bids are not meant. */
bool gv_auction_is_sealed(const json_t *info);
/* Is this row's amount sealed, and can be opened still? */
bool gv_bid_is_sealed(const json_t *row);
/* Is that all that keeps it from being judged? */
bool gv_bid_is_unjudged(const json_t *row);
/* Add own_amount, minor units, to a row whose amount nobody else knows, when
 * the wallet is open and has that bid. */
void gv_bid_add_own(const struct gv_cli *cli, json_t *row);
/* The same for one row, opening the wallet for it if there is one and its
 * passphrase can be asked for. An exit code. */
int gv_bid_find_own(struct gv_cli *cli, json_t *row) GV_MUST_CHECK;
/* A bid's amount: "1.00 EUR", "1.00 EUR (sealed)" of one's own (own_amount),
 * "sealed", or "not opened". */
char *gv_bid_amount(const json_t *row, const struct gv_currency *c,
                    char out[60]);

/* Print how the opening of sealed bids stands, as a line of columns or two;
 * nothing in an open auction. */
void gv_auction_print_opening(const struct gv_auction *a);
/* Print why the auction is stalled, as a line of columns; nothing when it is
 * not. */
void gv_auction_print_stall(const struct gv_auction *a);

/* An identity of the open wallet, able to sign. Clear with gv_signer_clear. */
int gv_signer_of(struct gv_cli *cli, const struct gv_persona *id,
                 struct gv_signer *out) GV_MUST_CHECK;

/* The identity of --as, able to sign. Clear with gv_signer_clear. */
int gv_signer_open(struct gv_cli *cli, struct gv_signer *out) GV_MUST_CHECK;

/* Act on the auction that the command's first argument names, as the identity
 * of --as. The exit code of act, or that of what failed before. */
int gv_auction_sign(struct gv_cli *cli,
                    int (*act)(struct gv_cli *cli, struct gv_auction *a,
                               const struct gv_signer *s)) GV_MUST_CHECK;

/* The node's row of the bid that the command's first argument names. An exit
 * code; a new reference after GV_EXIT_OK. */
int gv_bid_fetch(struct gv_cli *cli, json_t **row) GV_MUST_CHECK;

#endif
