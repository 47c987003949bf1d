/* sha256x8.c - see sha256lanes.h. */
#if defined(__x86_64__)

#include "chain/core/sha256lanes.h"
#include "chain/core/sha256vec_avx2.h"

/* Rows are messages, columns are words; afterwards the reverse: r[j] holds
 * word j of all eight. */
V_FN void
x8_transpose(V *r)
{
    V t[8], u[8];

#pragma GCC unroll 8
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        u[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        u[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        u[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        u[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2x128_si256(u[i], u[i + 4], 0x20);
        r[i + 4] = _mm256_permute2x128_si256(u[i], u[i + 4], 0x31);
    }
}

V_TARGET void
gv_sha256_x8(uint32_t *h, const uint8_t *const block[8])
{
    const V swap = _mm256_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203,
                                     0x0c0d0e0f08090a0b, 0x0405060700010203);
    V s[8], w[16];

#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        const V *p = (const V *)block[i];

        w[i] = _mm256_shuffle_epi8(_mm256_loadu_si256(p), swap);
        w[i + 8] = _mm256_shuffle_epi8(_mm256_loadu_si256(p + 1), swap);
        s[i] = _mm256_loadu_si256((const V *)(h + 8 * i));
    }
    x8_transpose(w);
    x8_transpose(w + 8);
    v_compress(s, w);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        _mm256_storeu_si256((V *)(h + 8 * i), s[i]);
}

#endif
