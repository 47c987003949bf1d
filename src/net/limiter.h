/*
 * limiter.h - one token bucket for each origin or key, in memory of fixed
 * size: names that fall together by a hash nobody can foresee share one.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_NET_LIMITER_H
#define GAVEL_NET_LIMITER_H

#include <gavel/types.h>

#define GV_LIMITER_BUCKETS 4096

struct gv_limiter;

/* Every name has `burst` tokens and gains `rate` a second. NULL: no memory or
 * no random bytes. */
struct gv_limiter *gv_limiter_new(uint64_t rate, uint64_t burst);
void gv_limiter_free(struct gv_limiter *l);
/* Take n tokens of a name, if they are there. */
bool gv_limiter_take(struct gv_limiter *l, struct gv_bytes name, uint64_t n,
                     uint64_t now_ms);
/* Of the origin (origin.h) of an address as text. */
bool gv_limiter_take_from(struct gv_limiter *l, struct gv_bytes addr,
                          uint64_t n, uint64_t now_ms);

#endif
