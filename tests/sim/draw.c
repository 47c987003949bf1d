/* draw.c - see draw.h. */
#include "tests/sim/draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TAU 6.283185307179586

void *
sim_alloc(uint64_t count, uint64_t size)
{
    void *p = calloc(count ? count : 1, size);

    if (!p) {
        fprintf(stderr, "sim: out of memory\n");
        exit(1);
    }
    return p;
}

static uint64_t
rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void
draw_begin(struct draw *d, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        d->s[i] = z ^ (z >> 31);
    }
}

uint64_t
draw_bits(struct draw *d)
{
    uint64_t *s = d->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return out;
}

uint32_t
draw_below(struct draw *d, uint32_t n)
{
    return (uint32_t)(((draw_bits(d) >> 32) * n) >> 32);
}

double
draw_unit(struct draw *d)
{
    return (double)((draw_bits(d) >> 11) + 1) * 0x1p-53;
}

double
draw_exponential(struct draw *d, double mean)
{
    return -mean * log(draw_unit(d));
}

double
draw_lognormal(struct draw *d, double median, double sigma)
{
    double r = sqrt(-2 * log(draw_unit(d))), a = TAU * draw_unit(d);

    return median * exp(sigma * r * cos(a));
}

void
zipf_make(struct zipf *z, uint32_t n)
{
    double sum = 0;

    z->n = n;
    z->sum = sim_alloc(n, sizeof(*z->sum));
    for (uint32_t i = 0; i < n; i++)
        z->sum[i] = sum += 1.0 / (i + 1);
}

void
zipf_free(struct zipf *z)
{
    free(z->sum);
}

uint32_t
zipf_draw(const struct zipf *z, struct draw *d)
{
    double want = draw_unit(d) * z->sum[z->n - 1];
    uint32_t low = 0, high = z->n - 1;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (z->sum[mid] < want)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}
