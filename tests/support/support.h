/*
 * support.h - what tests share: a scratch directory, hex, seeded random
 * numbers, and the published vectors.
 *
 * A helper that cannot do its work prints why and ends the program with
 * status 1: the runner counts that as a failure. Nothing here needs cmocka,
 * so benchmarks may use it too.
 *
 * Thread-safety: every value belongs to one thread.
 */
#ifndef GAVEL_TESTS_SUPPORT_H
#define GAVEL_TESTS_SUPPORT_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Print the message and exit with 1. */
void support_die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* --- scratch directory --- */

struct support_dir {
    char path[PATH_MAX];
};

/* Make a fresh directory under $TMPDIR, or /tmp. */
void support_dir_make(struct support_dir *dir);
/* Remove it with everything in it. */
void support_dir_remove(struct support_dir *dir);

/* --- hex --- */

/* Exactly len bytes of hex. */
void support_unhex(const char *hex, void *out, size_t len);
/* Hex of any even length; the caller frees. Never NULL. */
uint8_t *support_unhex_new(const char *hex, size_t *len);
/* Is this hex (either case) the len bytes at p? */
bool support_hex_is(const void *p, size_t len, const char *hex);
/* Standard base64 of exactly len bytes. */
void support_unbase64(const char *text, void *out, size_t len);

/* --- random numbers --- */

/* splitmix64 (Steele, Lea, Flood 2014): for tests, never for keys. */
struct support_rng {
    uint64_t state;
};

/* Seeded from GAVEL_SEED when it is set, else afresh; prints the seed, so
 * that a failure can be repeated. */
struct support_rng support_rng_new(void);
uint64_t support_rng_u64(struct support_rng *rng);
/* 0 to bound - 1; bound >= 1. */
uint64_t support_rng_below(struct support_rng *rng, uint64_t bound);
void support_rng_bytes(struct support_rng *rng, void *out, size_t len);

/* --- files and vectors --- */

/* A whole file with a NUL after it; the caller frees. Never NULL. */
uint8_t *support_file(const char *path, size_t *len);

/* The path of a published vector file, "bip340/test-vectors.csv". They lie
 * in $GAVEL_SHARED/vectors, or ../shared/vectors beside the repository, whose
 * root is the working directory of tests. False, with a line SKIP, when the
 * file is not there. */
bool support_vector(const char *name, char path[PATH_MAX]);

/* The same as JSON; the caller does json_decref. NULL when it is not there. */
json_t *support_vector_json(const char *name);

/* Members that must be there. */
const char *support_json_text(const json_t *object, const char *key);
uint64_t support_json_u64(const json_t *object, const char *key);

#endif
