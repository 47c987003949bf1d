/*
 * lots.h - the lots of an auction, from flags and to text (auction.md A33).
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_LOTS_H
#define GAVEL_WALLET_LOTS_H

#include <gavel/fold.h>

#include "wallet/cli.h"

#define GV_LOTS_BYTES (GV_LOTS_MAX * (1 + GV_LOT_TITLE_MAX + 16))

/* Of --lot, each TITLE[,min=AMOUNT][,reserve=AMOUNT] with two commas for one
 * in TITLE, into t, whose list borrows room. What is wrong is told with the
 * number of the lot. An exit code. */
int gv_lots_take(struct gv_cli *cli, struct gv_terms *t,
                 uint8_t room[GV_LOTS_BYTES]) GV_MUST_CHECK;

/* The number of --lot for a bid in terms t: one that is there; 0 where there
 * are no lots. An exit code. */
int gv_lots_number(struct gv_cli *cli, const struct gv_terms *t,
                   uint8_t *lot) GV_MUST_CHECK;

/* The same where --lot may be left out: *lot is then 0. An exit code. */
int gv_lots_maybe(struct gv_cli *cli, const struct gv_terms *t,
                  uint8_t *lot) GV_MUST_CHECK;

/* *o, whose lots are copied to room, which *out borrows. */
void gv_lots_keep(const struct gv_outcome *o, uint8_t room[GV_RESULTS_ROOM],
                  struct gv_outcome *out);

/* The outcome by F, with the results of lots in room. */
void gv_lots_outcome(const struct gv_fold *f, const struct gv_terms *t,
                     uint8_t room[GV_RESULTS_ROOM], struct gv_outcome *out);

/* "lot 2, Clock"; "lot 9" where there is none of that number; empty where there
 * are no lots. */
#define GV_LOT_NAME_MAX (GV_LOT_TITLE_MAX + 12)
char *gv_lots_name(const struct gv_terms *t, uint8_t number,
                   char out[GV_LOT_NAME_MAX]);

/* A line for each lot. */
void gv_lots_print(const struct gv_terms *t, FILE *out);

/* Who leads each, as far as bids are not sealed, and until when, by
 * getauction's answer. */
void gv_lots_print_leaders(const json_t *info, const struct gv_currency *c,
                           FILE *out);

/* gv_terms_warn's sentences, as a new array of strings: what holds for all
 * that is sold once, what holds for some lots with the lot before it, and then
 * what all lots come to together. */
json_t *gv_lots_warnings(const struct gv_terms *t,
                         const struct gv_params *params);

#endif
