/*
 * kernel.h - what a search kernel is: a scan over a list of nonces.
 *
 * Only bytes 76..79 of the header change, so all that comes before them is
 * done once a job: the first block (mid), the first three rounds of the second
 * block, and the part of its message schedule that does not hold the nonce.
 * A kernel then needs to know only the word of the hash that weighs most (the
 * last), so it leaves out the rounds after that word is settled.
 */
#ifndef MINER_KERNEL_KERNEL_H
#define MINER_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kernel may read so many nonces past the end of its list. */
#define KERNEL_OVERREAD 15

/* What is the same for every nonce of a job. w[i] is word i of the schedule
 * of the second block. */
struct kernel_work {
    uint32_t mid[8];     /* chaining value after the first block */
    uint32_t two[8];     /* a..h after rounds 0 and 1 of the second */
    uint32_t four[8];    /* a..h after round 3, a and e less the nonce word */
    uint32_t tail[3];    /* w[0..2]: bytes 64..75 */
    uint32_t kw16, kw17; /* K + w of rounds 16 and 17 */
    uint32_t w16, w17;
    uint32_t x18, x19; /* w[18], w[19] less what comes from the nonce */
    uint32_t x31, x32; /* the same for w[31], w[32]: constant parts */
    uint32_t limit;    /* top word of the target */
};

struct gv_kernel {
    const char *name;
    bool (*usable)(void);
    /* Index of the first of n nonces whose hash may be at most the target
     * (its top word is at most limit), or n. */
    size_t (*scan)(const struct kernel_work *w, const uint32_t *nonces,
                   size_t n);
};

extern const struct gv_kernel gv_kernel_c;
extern const struct gv_kernel gv_kernel_avx2;
extern const struct gv_kernel gv_kernel_shani;
extern const struct gv_kernel gv_kernel_avx512;

/* Fill in all of w for the header (nonce ignored) and the target. */
void gv_kernel_prepare(struct kernel_work *w, const uint8_t header80[80],
                       const uint8_t target32[32]);

#endif
