/*
 * clock.h - Dutch clocks, from flags and to text (docs/spec/auction.md, A30).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_CLOCK_H
#define GAVEL_WALLET_CLOCK_H

#include "wallet/auction.h"

/* Direction and clock from --direction, --start, --floor, --drop and --every
 * into t, whose currency is set; without --limit the clock ends when the floor
 * has stood for one step. An exit code. */
int gv_clock_take(struct gv_cli *cli, struct gv_terms *t) GV_MUST_CHECK;

/* Lines for people; none of other terms. */
void gv_clock_print(const struct gv_terms *t, FILE *out);

/* What the clock shows, by the node's time, and when it falls next; nothing
 * when there is none, or it is taken or over. */
void gv_clock_print_now(const struct gv_auction *a);

/* The amount of a bid: a number, or in a Dutch auction "now", what the clock
 * shows by the node's time. An exit code. */
int gv_clock_amount(struct gv_cli *cli, const struct gv_auction *a,
                    const char *text, struct gv_amount *out) GV_MUST_CHECK;

#endif
