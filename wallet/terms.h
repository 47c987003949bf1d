/*
 * terms.h - terms of an auction from flags and to text.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_TERMS_H
#define GAVEL_WALLET_TERMS_H

#include <gavel/terms.h>

#include "wallet/cli.h"
#include "wallet/lots.h"
#include "wallet/pricing.h"

#define GV_TERMS_OPTIONS 34

/* Their options, for the tables of commands. */
extern const struct gv_config_option gv_terms_options[GV_TERMS_OPTIONS];

/* What lists of the terms borrow, and what they do not say. */
struct gv_terms_lists {
    uint64_t hidden_reserve; /* minor units; 0: none is hidden */
    uint8_t *allowed;        /* heap memory, or NULL */
    uint8_t increments[GV_INCREMENTS_BYTES];
    uint8_t lots[GV_LOTS_BYTES];
};

/* The terms the options ask for, checked by gv_terms_check; warnings go to
 * stderr. An exit code; clear lists in any case. */
int gv_terms_from_options(struct gv_cli *cli, struct gv_terms *out,
                          struct gv_terms_lists *lists) GV_MUST_CHECK;
void gv_terms_lists_clear(struct gv_terms_lists *lists);

/* Refuse terms that contradict themselves, and warn of traps on stderr. An exit
 * code. */
int gv_terms_judge(struct gv_cli *cli, const struct gv_terms *t) GV_MUST_CHECK;

/* What gv_terms_check said of t: the lot, if it is about one, the code, the
 * field, and its numbers in the units that they have. Cut at size. */
char *gv_terms_reject_text(const struct gv_terms *t,
                           const struct gv_reject *why, char *out, size_t size);

/* Lines for people of the constraints and times in t. */
void gv_terms_print(const struct gv_terms *t, FILE *out);

/* The same as a new array of lines; NULL without memory. */
json_t *gv_terms_lines(const struct gv_terms *t);

#endif
