/*
 * anchor.h - when the end of an auction was time-stamped (V6).
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_ANCHOR_H
#define GAVEL_ANCHOR_H

#include "gavel/open.h"

/* The time that an ANCHOR proves of its FINAL: the (f+1)-th smallest genTime of
 * its tokens, each verified as a CUTOFF's is, by the authorities that OPEN
 * pins. GV_OK with *t_us; GV_REJECT: of another auction, a token that is not
 * good, or fewer than f+1; GV_FAULT: memory. */
enum gv_rc gv_anchor_time(const struct gv_open *open,
                          const struct gv_tx_anchor *anchor, uint64_t *t_us,
                          struct gv_reject *why) GV_MUST_CHECK;

#endif
