/*
 * hashers.h - threads that search one job together until somebody finds a seal
 * or the job is replaced. Used by gavel-miner and by the miner built into the
 * node, there with one thread and a high nice value.
 *
 * The nonces of the job's header are handed out in slices of 2^20, in the
 * order of the strategy. When all are used up the header is rolled (enum
 * gv_hashers_roll) and the slices begin again. What is rolled lies in the
 * seal's version, its time, or where the caller says; the miner field,
 * bytes 4..35, is never touched here.
 *
 * A find ends the job: found is called once for it, then all threads rest
 * until the next gv_hashers_set_job.
 *
 * Thread-safety: every function may be called from any thread, except that
 * gv_hashers_free and gv_hashers_stop must not be called from found or next,
 * and none at all from next (a lock is held).
 */
#ifndef MINER_KERNEL_HASHERS_H
#define MINER_KERNEL_HASHERS_H

#include "miner/kernel/search.h"

#define GV_HASHERS_THREADS_MAX 1024

struct gv_hashers;

/* What to do when a header's nonces are used up. */
enum gv_hashers_roll {
    GV_HASHERS_ROLL_NONE,    /* rest until the next job */
    GV_HASHERS_ROLL_VERSION, /* add 1 to the version, bytes 0..3 */
    GV_HASHERS_ROLL_TIME,    /* add 1 to the time, bytes 68..71, at most
                                roll_seconds times a job, then rest */
    GV_HASHERS_ROLL_CALLER   /* ask next */
};

/* A seal: header with the nonce in it, and its hash. Called on the thread
 * that found it, without a lock. generation names the job; one that has been
 * replaced meanwhile is not reported, but a call already under way goes on. */
typedef void (*gv_hashers_found_fn)(void *ctx, uint64_t generation,
                                    const uint8_t header80[80],
                                    const uint8_t hash32[32]);

/* Change the header to one not searched yet; false: there is none, rest until
 * the next job. Called with the hashers' lock held. */
typedef bool (*gv_hashers_next_fn)(void *ctx, uint8_t header80[80]);

struct gv_hashers_options {
    const struct gv_kernel *kernel; /* usable; NULL: gv_kernel_best() */
    unsigned threads;               /* 1..GV_HASHERS_THREADS_MAX */
    int nice;                       /* 0..19, of the hashers' threads only */
    enum gv_search_strategy strategy;
    uint64_t seed; /* of GV_SEARCH_RANDOM */
    enum gv_hashers_roll roll;
    uint64_t nonces; /* of one header, then it is rolled: a multiple of 2^20,
                        at most GV_NONCES; 0 means GV_NONCES */
    uint32_t roll_seconds;     /* with GV_HASHERS_ROLL_TIME */
    gv_hashers_found_fn found; /* not NULL */
    gv_hashers_next_fn next;   /* not NULL with GV_HASHERS_ROLL_CALLER */
    void *ctx;                 /* for both */
};

/* Numbers for reports. */
struct gv_hashers_stats {
    uint64_t hashes;     /* since the beginning; up to a slice a thread late */
    uint64_t generation; /* of the last job, 0: none yet */
    unsigned busy;       /* threads at work now */
    bool broken; /* a kernel failed its check (GV_FAULT of gv_search); the
                    hashers rest for good */
};

/* Start the threads, at rest. GV_REJECT: an option out of its range; GV_FAULT:
 * no memory or no thread. *out is for gv_hashers_free; NULL on failure. */
enum gv_rc gv_hashers_new(const struct gv_hashers_options *options,
                          struct gv_hashers **out) GV_MUST_CHECK;

/* Stop and join the threads. */
void gv_hashers_free(struct gv_hashers *hashers);

/* Search this job from now on. Returns its generation, 1 upwards. Handing in
 * the job that is already being searched changes nothing and returns the same
 * generation; so does a job already sealed, which is not searched twice. */
uint64_t gv_hashers_set_job(struct gv_hashers *hashers,
                            const struct gv_search_job *job);

/* Drop the job and wait until every thread rests and no callback runs. */
void gv_hashers_stop(struct gv_hashers *hashers);

struct gv_hashers_stats gv_hashers_stats(struct gv_hashers *hashers);

#endif
