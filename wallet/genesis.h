/*
 * genesis.h - a new network as genesis/NAME.json has it (genesis/README.md).
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_GENESIS_H
#define GAVEL_WALLET_GENESIS_H

#include <gavel/params.h>

#include "src/base/error.h"

/* 1 to 16 of a-z and 0-9, and no network of this program? GV_REJECT with e
 * set. */
enum gv_rc gv_genesis_name(const char *name, struct gv_error *e) GV_MUST_CHECK;

/* The text of the file: everything but secrets, which a new network keeps. A
 * heap string; NULL if memory is out. */
char *gv_genesis_text(const struct gv_params *params);

#endif
