/* rate.c - token buckets in a hash table that forgets full ones. */
#include "src/rate.h"

#include <stdlib.h>

#include "chain/state/table.h"
#include "chain/state/vec.h"

struct bucket {
    struct gv_pubkey key;
    uint64_t at_ms;
    uint64_t milli; /* thousandths of a token */
};

struct gv_rate {
    uint64_t burst, refill;
    struct bucket *bucket;
    size_t count, cap;
    struct gv_table by_key;
};

static const uint8_t *
key_of(const void *arg, uint32_t i)
{
    return ((const struct gv_rate *)arg)->bucket[i].key.b;
}

struct gv_rate *
gv_rate_new(uint64_t burst, uint64_t refill_per_s, uint64_t seed)
{
    struct gv_rate *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->burst = burst;
    r->refill = refill_per_s;
    gv_table_init(&r->by_key, seed, key_of, r);
    return r;
}

void
gv_rate_free(struct gv_rate *r)
{
    if (!r)
        return;
    gv_table_free(&r->by_key);
    free(r->bucket);
    free(r);
}

static void
refill(const struct gv_rate *r, struct bucket *b, uint64_t now_ms)
{
    uint64_t full = r->burst * 1000;
    uint64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

    b->at_ms = now_ms;
    if (passed >= full)
        passed = full;
    b->milli += passed * r->refill;
    if (b->milli > full)
        b->milli = full;
}

/* A full bucket says nothing: its key may be forgotten. */
static void
forget_full(struct gv_rate *r, uint64_t now_ms)
{
    for (size_t i = r->count; i-- > 0;) {
        refill(r, &r->bucket[i], now_ms);
        if (r->bucket[i].milli < r->burst * 1000)
            continue;
        gv_table_remove(&r->by_key, (uint32_t)i);
        r->count--;
        if (i == r->count)
            continue;
        gv_table_remove(&r->by_key, (uint32_t)r->count);
        r->bucket[i] = r->bucket[r->count];
        if (gv_table_add(&r->by_key, (uint32_t)i) != GV_OK)
            return;
    }
}

static struct bucket *
bucket_of(struct gv_rate *r, const struct gv_pubkey *key, uint64_t now_ms)
{
    uint32_t at = gv_table_find(&r->by_key, key->b);

    if (at != GV_NOWHERE)
        return &r->bucket[at];
    if (r->count == r->cap)
        forget_full(r, now_ms);
    if (!gv_vec_room(&r->bucket, r->count, &r->cap, sizeof(*r->bucket)))
        return NULL;
    at = (uint32_t)r->count++;
    r->bucket[at] = (struct bucket){*key, now_ms, r->burst * 1000};
    if (gv_table_add(&r->by_key, at) == GV_OK)
        return &r->bucket[at];
    r->count--;
    return NULL;
}

bool
gv_rate_take(struct gv_rate *r, const struct gv_pubkey *key, uint64_t now_ms,
             uint64_t *wait_ms)
{
    struct bucket *b;

    *wait_ms = 0;
    if (r->burst == 0)
        return true;
    b = bucket_of(r, key, now_ms);
    if (!b)
        return false;
    refill(r, b, now_ms);
    if (b->milli >= 1000) {
        b->milli -= 1000;
        return true;
    }
    *wait_ms =
        r->refill ? (1000 - b->milli + r->refill - 1) / r->refill : UINT64_MAX;
    return false;
}
