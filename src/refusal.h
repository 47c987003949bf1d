/*
 * refusal.h - the signed refusal of a bid (docs/spec/network.md N20) by a
 * node's registry: what the stamping service of an auction says counts, whoever
 * carries it.
 *
 * Thread-safety: functions of their arguments only.
 */
#ifndef GAVEL_REFUSAL_H
#define GAVEL_REFUSAL_H

#include "chain/state/directory.h"
#include "gavel/open.h"
#include "src/client/word.h"

/* Which authority of this auction signed it: its place in OPEN, -1: none. Its
 * service has on the registry a SERVICE of role tsa, not revoked and valid at
 * now_ms, for a certificate that OPEN pins. */
int gv_refusal_of(const struct gv_refusal *r, struct gv_bytes sig,
                  const struct gv_open *open, const struct gv_directory *d,
                  const struct gv_keys *keys, uint64_t now_ms);

#endif
