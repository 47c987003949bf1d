/*
 * bench.h - how fast the kernels search on this machine.
 *
 * Thread-safety: one thread.
 */
#ifndef MINER_BENCH_H
#define MINER_BENCH_H

#include "miner/kernel/hashers.h"

/* One measurement: real nonces, a target that no hash meets. */
struct gv_bench_row {
    const char *kernel;
    unsigned threads;
    uint64_t hashes, ns; /* tried in that time */
};

struct gv_bench_options {
    const struct gv_kernel *kernel; /* NULL: every usable one */
    enum gv_search_strategy strategy;
    unsigned threads;
    unsigned ms; /* of each measurement */
    int stop_fd; /* readable: give up; -1: none */
    void (*row)(void *ctx, const struct gv_bench_row *row);
    void *ctx;
};

/* Measure each kernel with one thread and, if threads is more, with that
 * many. GV_OK; GV_ABSENT: given up; GV_FAULT: no threads, or a kernel that
 * computes wrongly. */
enum gv_rc gv_bench_run(const struct gv_bench_options *options) GV_MUST_CHECK;

#endif
