/*
 * clock.h - may this machine's clock be believed? (docs/spec/ttp.md, T26)
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_TTP_CLOCK_H
#define GAVEL_TTP_CLOCK_H

#include "src/base/error.h"

#include <stdbool.h>

/* Does the kernel say that somebody keeps its clock synchronised: adjtimex(2)
 * answers, and with neither TIME_ERROR nor STA_UNSYNC? ctx is not used. False
 * with e set. */
bool gv_clock_synced(void *ctx, struct gv_error *e);

#endif
