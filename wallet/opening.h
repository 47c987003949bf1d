/*
 * opening.h - what opens an auction once its terms are known: the options
 * beside the terms, the services that serve it, the question, and OPEN.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_OPENING_H
#define GAVEL_WALLET_OPENING_H

#include "wallet/cli.h"
#include "wallet/make.h"

#define GV_OPENING_OPTIONS 13
extern const struct gv_config_option gv_opening_options[GV_OPENING_OPTIONS];

/* --seller pseudonym. */
bool gv_opening_is_pseudonym(const struct gv_cli *cli);

/* --title, which must be there. An exit code. */
int gv_opening_title(struct gv_cli *cli,
                     struct gv_make_open *what) GV_MUST_CHECK;

/* Open an auction of what->terms, title and text, or with --dry-run show it.
 * The options say when, who serves and sells, and what is attached: --attach
 * replaces what->attachment. The wallet is open. An exit code. */
int gv_opening_run(struct gv_cli *cli, struct gv_make_open *what) GV_MUST_CHECK;

#endif
