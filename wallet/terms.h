/*
 * terms.h - terms of an auction from flags and to text.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_WALLET_TERMS_H
#define GAVEL_WALLET_TERMS_H

#include <gavel/terms.h>

#include "wallet/cli.h"

#define GV_TERMS_OPTIONS 22

/* Their options, for the table of `auction create`. */
extern const struct gv_config_option gv_terms_options[GV_TERMS_OPTIONS];

/* The terms the options ask for, checked by gv_terms_check; warnings go to
 * stderr. *allowed is heap memory that out->allowed borrows, or NULL. An exit
 * code. */
int gv_terms_from_options(struct gv_cli *cli, struct gv_terms *out,
                          uint8_t **allowed) GV_MUST_CHECK;

/* Lines for people of the constraints and times in t. */
void gv_terms_print(const struct gv_terms *t, FILE *out);

#endif
