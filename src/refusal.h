/*
 * refusal.h - the signed refusal of a bid (docs/spec/network.md N20): what the
 * stamping service of an auction says counts, whoever carries it.
 *
 * It names the transaction and the asker's nonce, so that it serves no other
 * submission.
 *
 * Thread-safety: functions of their arguments only.
 */
#ifndef GAVEL_REFUSAL_H
#define GAVEL_REFUSAL_H

#include "chain/state/directory.h"
#include "gavel/key.h"
#include "gavel/open.h"

struct gv_refusal {
    struct gv_bytes raw; /* of the BID or CLOSE */
    uint64_t nonce;
    struct gv_reject why;  /* code, index, have, want */
    struct gv_bytes field; /* up to 64 bytes */
};

/* GV_OK, or GV_REJECT for a bad secret. */
enum gv_rc gv_refusal_sign(const struct gv_refusal *r,
                           const struct gv_keys *keys,
                           const struct gv_seckey *secret,
                           struct gv_sig *out) GV_MUST_CHECK;

/* Which authority of this auction signed it: its place in OPEN, -1: none. Its
 * service has on the registry a SERVICE of role tsa, not revoked and valid at
 * now_ms, for a certificate that OPEN pins. */
int gv_refusal_of(const struct gv_refusal *r, struct gv_bytes sig,
                  const struct gv_open *open, const struct gv_directory *d,
                  const struct gv_keys *keys, uint64_t now_ms);

#endif
