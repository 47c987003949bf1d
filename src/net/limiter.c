/* limiter.c - see limiter.h. */
#include "src/net/limiter.h"

#include <stdlib.h>

#include "gavel/hash.h"
#include "gavel/wire.h"
#include "src/base/secret.h"
#include "src/net/bucket.h"
#include "src/net/origin.h"

struct gv_limiter {
    uint8_t seed[32];
    struct gv_bucket bucket[GV_LIMITER_BUCKETS];
};

struct gv_limiter *
gv_limiter_new(uint64_t rate, uint64_t burst)
{
    struct gv_limiter *l = calloc(1, sizeof(*l));

    if (l == NULL || gv_random(l->seed, sizeof(l->seed)) != GV_OK) {
        free(l);
        return NULL;
    }
    for (size_t i = 0; i < GV_LIMITER_BUCKETS; i++)
        l->bucket[i] = gv_bucket(rate, burst, 0);
    return l;
}

void
gv_limiter_free(struct gv_limiter *l)
{
    free(l);
}

bool
gv_limiter_take(struct gv_limiter *l, struct gv_bytes name, uint64_t n,
                uint64_t now_ms)
{
    struct gv_sha256 h;
    uint8_t hash[32];

    gv_sha256_init(&h);
    gv_sha256_add(&h, l->seed, sizeof(l->seed));
    gv_sha256_add(&h, name.p, name.len);
    gv_sha256_end(&h, hash);
    return gv_bucket_take(&l->bucket[gv_le32(hash) % GV_LIMITER_BUCKETS], n,
                          now_ms);
}

bool
gv_limiter_take_from(struct gv_limiter *l, struct gv_bytes addr, uint64_t n,
                     uint64_t now_ms)
{
    struct gv_origin from = gv_origin(addr);

    return gv_limiter_take(l, gv_bytes(from.b, sizeof(from.b)), n, now_ms);
}
