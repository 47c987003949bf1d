/*
 * draw.h - random draws of the simulation: xoshiro256** (Blackman and Vigna),
 * begun with SplitMix64 from one seed. The same seed gives the same draws
 * where libm gives the same logarithms.
 *
 * Thread-safety: one thread at a time per struct.
 */
#ifndef GAVEL_TESTS_SIM_DRAW_H
#define GAVEL_TESTS_SIM_DRAW_H

#include <stdint.h>

struct draw {
    uint64_t s[4];
};

void draw_begin(struct draw *d, uint64_t seed);
uint64_t draw_bits(struct draw *d);
/* Below n, which is at least 1. */
uint32_t draw_below(struct draw *d, uint32_t n);
/* In (0, 1]. */
double draw_unit(struct draw *d);
double draw_exponential(struct draw *d, double mean);
/* Of this median; sigma of its logarithm. */
double draw_lognormal(struct draw *d, double median, double sigma);

/* Zipf's law with exponent 1: rank i, from 0, with weight 1 / (i + 1). */
struct zipf {
    uint32_t n;
    double *sum; /* owned */
};

void zipf_make(struct zipf *z, uint32_t n);
void zipf_free(struct zipf *z);
uint32_t zipf_draw(const struct zipf *z, struct draw *d);

/* calloc that ends the program when there is no memory. */
void *sim_alloc(uint64_t count, uint64_t size);

#endif
