/*
 * search.h - the search for a nonce that makes SHA-256d of an 80-byte
 * Bitcoin-format header at most a target (CONSENSUS R10; FIPS 180-4).
 *
 * Several kernels do the same search with different instructions: plain C,
 * AVX2 (8 nonces at once), SHA extensions, AVX-512 (16 nonces at once). Which
 * of them this CPU can run is asked at run time; under valgrind, which has no
 * AVX-512, the next one is taken. All kernels try the nonces in the same
 * order and so find the same one.
 *
 * A nonce is the little-endian integer in bytes 76..79 of the header. The
 * target and the hash are little-endian 256-bit integers, as in Bitcoin:
 * byte 31 weighs most.
 *
 * Thread-safety: everything may run concurrently; only the stop flag and the
 * result passed in are shared with the caller.
 */
#ifndef MINER_KERNEL_SEARCH_H
#define MINER_KERNEL_SEARCH_H

#include <stdatomic.h>

#include "gavel/types.h"

#define GV_NONCES ((uint64_t)1 << 32)

struct gv_kernel; /* immutable, never freed */

/* What is searched. Bytes 76..79 of the header are ignored. */
struct gv_search_job {
    uint8_t header80[80];
    uint8_t target32[32];
};

/* The order in which a range is tried. Each nonce comes exactly once. */
enum gv_search_strategy {
    GV_SEARCH_INCREASING, /* from start up */
    GV_SEARCH_DECREASING, /* from start + count - 1 down */
    GV_SEARCH_RANDOM      /* a permutation drawn from the seed; not secret */
};

/* The nonces start .. start + count - 1, modulo 2^32. count above GV_NONCES
 * means GV_NONCES. */
struct gv_search_range {
    enum gv_search_strategy strategy;
    uint32_t start;
    uint64_t count;
    uint64_t seed; /* of GV_SEARCH_RANDOM */
};

struct gv_search_result {
    uint32_t nonce;     /* if found */
    uint8_t hash32[32]; /* SHA-256d of the header with that nonce, if found */
    uint64_t hashes;    /* nonces tried, always set */
    bool stopped;       /* the stop flag ended the search */
};

/* Search range for job. GV_OK: found the first nonce in the order of the
 * strategy whose hash is at most the target; plain C has hashed it again.
 * GV_ABSENT: none in the range, or out->stopped. GV_FAULT: the kernel named a
 * nonce that plain C does not confirm, so this CPU or program is broken.
 * stop may be NULL; it is looked at every 256 nonces (well under 1 ms). */
enum gv_rc gv_search(const struct gv_kernel *k, const struct gv_search_job *job,
                     const struct gv_search_range *range,
                     const atomic_bool *stop,
                     struct gv_search_result *out) GV_MUST_CHECK;

/* The i-th kernel, fastest first, or NULL after the last. Includes those this
 * CPU cannot run. */
const struct gv_kernel *gv_kernel_at(size_t i);

/* The kernel of that name, or NULL. */
const struct gv_kernel *gv_kernel_find(const char *name);

/* "avx512", "sha-ni", "avx2" or "c". */
const char *gv_kernel_name(const struct gv_kernel *k);

/* Whether this CPU has what the kernel needs. gv_search must only be given a
 * kernel for which this is true. "c" always is. */
bool gv_kernel_usable(const struct gv_kernel *k);

/* The first usable kernel; never NULL. */
const struct gv_kernel *gv_kernel_best(void);

/* SHA-256d of a header, plain C. */
void gv_search_hash(const uint8_t header80[80], uint8_t out32[32]);

/* Whether hash <= target, both little-endian integers. */
bool gv_search_meets(const uint8_t hash32[32], const uint8_t target32[32]);

/* Nonce as bytes 76..79 of the header. */
void gv_search_put_nonce(uint8_t header80[80], uint32_t nonce);

#endif
