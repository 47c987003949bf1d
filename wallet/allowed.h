/*
 * allowed.h - the file of an auction's allowed bidders: one a line, a ledger
 * key of 64 hex digits and perhaps, behind blanks, the bidder's own cap.
 * Blank lines and what follows a '#' are left out.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_ALLOWED_H
#define GAVEL_WALLET_ALLOWED_H

#include <gavel/terms.h>

#include "src/base/error.h"

/* What is read, and whether caps may stand in it. */
struct gv_allowed_file {
    const char *name; /* for errors, which read NAME:LINE: what */
    struct gv_bytes text;
    bool caps;
};

/* The entries as terms hold them, ascending: *list is heap memory. Two of one
 * key are left to gv_terms_check. GV_OK; GV_REJECT at the first bad line;
 * GV_FAULT: memory. */
enum gv_rc gv_allowed_read(const struct gv_allowed_file *file,
                           struct gv_bytes *list,
                           struct gv_error *e) GV_MUST_CHECK;

#endif
