/*
 * lots.h - reading and checking the lots of an auction's terms (rule A33), for
 * terms.c.
 *
 * Thread-safety: pure.
 */
#ifndef CHAIN_RULES_LOTS_H
#define CHAIN_RULES_LOTS_H

#include "gavel/terms.h"

/* Read the lots into *t, whose other fields are there. */
void lots_get(struct gv_reader *r, struct gv_terms *t);

/* Do the lots fit the terms, and the terms of each lot themselves? Verdict
 * GV_BAD_TERMS; true of terms without lots. */
enum gv_rc lots_check(const struct gv_terms *t, const struct gv_params *params,
                      struct gv_reject *why) GV_MUST_CHECK;

#endif
