/* bench.c - see bench.h. */
#include "miner/bench.h"

#include <poll.h>
#include <time.h>

static uint64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* False: stop_fd became readable first. */
static bool
rest(const struct gv_bench_options *o)
{
    const uint64_t end = now_ns() + (uint64_t)o->ms * 1000000u;
    struct pollfd fd = {.fd = o->stop_fd, .events = POLLIN};

    for (;;) {
        const uint64_t now = now_ns();
        int n;

        if (now >= end)
            return true;
        n = poll(&fd, 1, (int)((end - now + 999999u) / 1000000u));
        if (n > 0)
            return false;
    }
}

static void
on_found(void *ctx, uint64_t generation, const uint8_t header80[80],
         const uint8_t hash32[32])
{
    (void)ctx, (void)generation, (void)header80, (void)hash32;
}

static enum gv_rc
measure(const struct gv_bench_options *o, const struct gv_kernel *kernel,
        unsigned threads)
{
    const struct gv_hashers_options options = {.kernel = kernel,
                                               .threads = threads,
                                               .strategy = o->strategy,
                                               .roll = GV_HASHERS_ROLL_VERSION,
                                               .found = on_found};
    const struct gv_search_job job = {.header80 = {0}};
    struct gv_bench_row row = {gv_kernel_name(kernel), threads, 0, 0};
    struct gv_hashers_stats stats;
    struct gv_hashers *hashers;
    uint64_t start;
    bool whole;

    if (gv_hashers_new(&options, &hashers) != GV_OK)
        return GV_FAULT;
    start = now_ns();
    gv_hashers_set_job(hashers, &job);
    whole = rest(o);
    gv_hashers_stop(hashers);
    row.ns = now_ns() - start;
    stats = gv_hashers_stats(hashers);
    gv_hashers_free(hashers);
    row.hashes = stats.hashes;
    if (stats.broken)
        return GV_FAULT;
    if (!whole)
        return GV_ABSENT;
    o->row(o->ctx, &row);
    return GV_OK;
}

enum gv_rc
gv_bench_run(const struct gv_bench_options *o)
{
    const struct gv_kernel *k;
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; rc == GV_OK && (k = gv_kernel_at(i)) != NULL; i++) {
        if (!gv_kernel_usable(k) || (o->kernel != NULL && o->kernel != k))
            continue;
        rc = measure(o, k, 1);
        if (rc == GV_OK && o->threads > 1)
            rc = measure(o, k, o->threads);
    }
    return rc;
}
