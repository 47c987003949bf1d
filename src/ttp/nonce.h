/*
 * nonce.h - nonces that cost nothing until a correct request uses one: time 8
 * | random 8 | the first 16 bytes of a keyed hash of both, so that nobody can
 * fill a table by asking. They end with the process. One that was used stays
 * used when the clock is set back by less than a period; when it is set back
 * by more, it may be good again at the time at which it was made.
 *
 * Thread-safety: none; whoever owns them has a lock.
 */
#ifndef GAVEL_TTP_NONCE_H
#define GAVEL_TTP_NONCE_H

#include "src/ttp/ca_index.h"

#define GV_NONCES_MAX 65536 /* used in one period */

struct gv_nonces {
    uint8_t key[32];
    uint64_t period_ms;      /* how long one is good */
    struct ca_index used[2]; /* this period and the one before */
    uint64_t period_start_ms;
};

/* GV_OK or GV_FAULT (no random bytes). */
enum gv_rc gv_nonces_init(struct gv_nonces *n, uint64_t period_ms,
                          uint64_t now_ms) GV_MUST_CHECK;
void gv_nonces_clear(struct gv_nonces *n);

enum gv_rc gv_nonces_make(const struct gv_nonces *n, uint64_t now_ms,
                          uint8_t out32[32]) GV_MUST_CHECK;
/* GV_OK: good and not used; GV_ABSENT: not made here, or too old; GV_REJECT:
 * used before; GV_FAULT. */
enum gv_rc gv_nonces_check(struct gv_nonces *n, const uint8_t nonce32[32],
                           uint64_t now_ms) GV_MUST_CHECK;
/* Remember it as used. GV_FAULT: too many in one period. */
enum gv_rc gv_nonces_use(struct gv_nonces *n, const uint8_t nonce32[32],
                         uint64_t now_ms) GV_MUST_CHECK;

#endif
