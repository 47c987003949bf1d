/*
 * bucket.h - a token bucket: how much of something may come in how fast.
 *
 * It holds up to `burst` tokens and gains `rate` a second. Levels are counted
 * in thousandths, so that small steps of time are not lost.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_NET_BUCKET_H
#define GAVEL_NET_BUCKET_H

#include <gavel/types.h>

struct gv_bucket {
    uint64_t level; /* thousandths */
    uint64_t rate, burst;
    uint64_t at_ms;
};

/* A full bucket. */
static inline struct gv_bucket
gv_bucket(uint64_t rate, uint64_t burst, uint64_t now_ms)
{
    return (struct gv_bucket){burst * 1000, rate, burst, now_ms};
}

/* Take n tokens if they are there. */
static inline bool
gv_bucket_take(struct gv_bucket *b, uint64_t n, uint64_t now_ms)
{
    uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
    uint64_t room = b->burst * 1000 - b->level;

    b->at_ms += passed;
    if (b->rate != 0 && passed > room / b->rate)
        b->level = b->burst * 1000;
    else
        b->level += passed * b->rate;
    if (b->level < n * 1000)
        return false;
    b->level -= n * 1000;
    return true;
}

#endif
