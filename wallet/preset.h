/*
 * preset.h - common kinds of auctions as values of the terms' options
 * (docs/spec/wallet.md, W44).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_PRESET_H
#define GAVEL_WALLET_PRESET_H

#include "wallet/cli.h"

/* Is `--preset help` asked for? Then gv_preset_print is all there is to do. */
bool gv_preset_is_help(const struct gv_cli *cli);
void gv_preset_print(const struct gv_cli *cli);

/* Give the terms' options that nobody has set the values of --preset, if it is
 * given. An exit code. */
int gv_preset_apply(struct gv_cli *cli) GV_MUST_CHECK;

#endif
