/*
 * shani.c - the search kernel for the SHA extensions: four headers at once,
 * their instructions interleaved, because one alone would wait for each
 * result.
 *
 * SHA256RNDS2 does two rounds on a state split in two registers, (A,B,E,F)
 * and (C,D,G,H), highest word first; SHA256MSG1 and MSG2 extend the schedule
 * by four words (Intel SDM vol. 2B; Gulley et al., "Intel SHA Extensions",
 * 2013).
 */
#include "miner/kernel/kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include "gavel/sha256xn.h"

#define NI_TARGET __attribute__((target("sha,sse4.1,ssse3")))
#define NI_FN                                                                  \
    static inline __attribute__((always_inline, target("sha,sse4.1,ssse3")))
#define STREAMS 4

struct stream {
    __m128i abef, cdgh;
    __m128i m[4]; /* schedule words, four each, lowest first */
};

static bool
usable(void)
{
    unsigned a, b, c, d;

    return __builtin_cpu_supports("sse4.1") &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

NI_FN __m128i
group_kw(const struct stream *x, unsigned g)
{
    const __m128i k =
        _mm_loadu_si128((const __m128i *)(const void *)(gv_sha256_k + 4 * g));

    return _mm_add_epi32(x->m[g & 3], k);
}

/* Schedule words 4g .. 4g + 3, g >= 4. */
NI_FN void
extend(struct stream *x, unsigned g)
{
    const __m128i m1 = x->m[(g + 1) & 3], m2 = x->m[(g + 2) & 3];
    const __m128i m3 = x->m[(g + 3) & 3];
    __m128i t = _mm_sha256msg1_epu32(x->m[g & 3], m1);

    t = _mm_add_epi32(t, _mm_alignr_epi8(m3, m2, 4));
    x->m[g & 3] = _mm_sha256msg2_epu32(t, m3);
}

/* Rounds 4g and 4g + 1 leave the halves swapped, the next two put them
 * right. */
NI_FN void
first_two(struct stream *x, __m128i kw)
{
    x->cdgh = _mm_sha256rnds2_epu32(x->cdgh, x->abef, kw);
}

NI_FN void
last_two(struct stream *x, __m128i kw)
{
    x->abef =
        _mm_sha256rnds2_epu32(x->abef, x->cdgh, _mm_shuffle_epi32(kw, 0x0e));
}

NI_FN void
four_rounds(struct stream *x, unsigned g)
{
    const __m128i kw = group_kw(x, g);

    first_two(x, kw);
    last_two(x, kw);
}

NI_FN void
group(struct stream *x, unsigned g)
{
    if (g >= 4) {
        extend(&x[0], g);
        extend(&x[1], g);
        extend(&x[2], g);
        extend(&x[3], g);
    }
    four_rounds(&x[0], g);
    four_rounds(&x[1], g);
    four_rounds(&x[2], g);
    four_rounds(&x[3], g);
}

NI_FN void
groups_1_to_14(struct stream *x)
{
    group(x, 1);
    group(x, 2);
    group(x, 3);
    group(x, 4);
    group(x, 5);
    group(x, 6);
    group(x, 7);
    group(x, 8);
    group(x, 9);
    group(x, 10);
    group(x, 11);
    group(x, 12);
    group(x, 13);
    group(x, 14);
}

NI_FN __m128i
words(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3)
{
    return _mm_set_epi32((int)w3, (int)w2, (int)w1, (int)w0);
}

/* Second block of the first hash. Rounds 0 and 1 are in k->two, which stands
 * where the halves are swapped. */
NI_FN void
begin(struct stream *x, const struct kernel_work *k, uint32_t nonce)
{
    const uint32_t *s = k->two;

    x->m[0] =
        words(k->tail[0], k->tail[1], k->tail[2], __builtin_bswap32(nonce));
    x->m[1] = words(0x80000000, 0, 0, 0);
    x->m[2] = words(0, 0, 0, 0);
    x->m[3] = words(0, 0, 0, 640);
    x->cdgh = words(s[5], s[4], s[1], s[0]);
    x->abef = words(s[7], s[6], s[3], s[2]);
    last_two(x, group_kw(x, 0));
}

/* End of the first hash, message and first rounds of the second. */
NI_FN void
again(struct stream *x, const struct kernel_work *k)
{
    static const uint32_t iv[8] = GV_SHA256_IV;
    const uint32_t *m = k->mid;
    const __m128i abef = _mm_add_epi32(x->abef, words(m[5], m[4], m[1], m[0]));
    const __m128i cdgh = _mm_add_epi32(x->cdgh, words(m[7], m[6], m[3], m[2]));

    x->m[0] = _mm_shuffle_epi32(_mm_unpackhi_epi64(cdgh, abef), 0x1b);
    x->m[1] = _mm_shuffle_epi32(_mm_unpacklo_epi64(cdgh, abef), 0x1b);
    x->m[2] = words(0x80000000, 0, 0, 0);
    x->m[3] = words(0, 0, 0, 256);
    x->abef = words(iv[5], iv[4], iv[1], iv[0]);
    x->cdgh = words(iv[7], iv[6], iv[3], iv[2]);
    four_rounds(x, 0);
}

/* The last word of the second hash is h after round 63, which is f after
 * round 61, the lowest word of the state then. */
NI_FN uint32_t
end(struct stream *x)
{
    extend(x, 15);
    first_two(x, group_kw(x, 15));
    return __builtin_bswap32((uint32_t)_mm_cvtsi128_si32(x->cdgh) + 0x5be0cd19);
}

NI_TARGET static size_t
scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    struct stream x[STREAMS];

    for (size_t i = 0; i < n; i += STREAMS) {
        uint32_t top[STREAMS];

        begin(&x[0], w, nonces[i]);
        begin(&x[1], w, nonces[i + 1]);
        begin(&x[2], w, nonces[i + 2]);
        begin(&x[3], w, nonces[i + 3]);
        groups_1_to_14(x);
        group(x, 15);
        again(&x[0], w);
        again(&x[1], w);
        again(&x[2], w);
        again(&x[3], w);
        groups_1_to_14(x);
        top[0] = end(&x[0]);
        top[1] = end(&x[1]);
        top[2] = end(&x[2]);
        top[3] = end(&x[3]);
        for (size_t j = 0; j < STREAMS && i + j < n; j++)
            if (top[j] <= w->limit)
                return i + j;
    }
    return n;
}

#else

#define scan NULL

static bool
usable(void)
{
    return false;
}

#endif

const struct gv_kernel gv_kernel_shani = {"sha-ni", usable, scan};
