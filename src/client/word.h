/*
 * word.h - the signed refusal of a bid (docs/spec/network.md N20): the word of
 * a stamping service, whoever carries it.
 *
 * It names the transaction and the asker's nonce, so that it serves no other
 * submission.
 *
 * Thread-safety: functions of their arguments only.
 */
#ifndef GAVEL_CLIENT_WORD_H
#define GAVEL_CLIENT_WORD_H

#include "gavel/key.h"
#include "gavel/reject.h"

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

/* Is sig (any length) the signature of this key on it? */
bool gv_refusal_is_by(const struct gv_refusal *r, struct gv_bytes sig,
                      const struct gv_keys *keys,
                      const struct gv_pubkey *service);

#endif
