/*
 * keyfile.h - secrets of a node that lie in its data directory as they are:
 * files of 64 hex digits, mode 0600.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_KEYFILE_H
#define GAVEL_KEYFILE_H

#include <gavel/types.h>

#include "src/base/error.h"

/* Read the 32 bytes; if the file is missing and `make` is set, draw them at
 * random and write it. GV_OK, GV_ABSENT (missing, and not to be made), or
 * GV_FAULT with e set. */
enum gv_rc gv_keyfile(const char *path, bool make, uint8_t out32[32],
                      struct gv_error *e) GV_MUST_CHECK;

#endif
