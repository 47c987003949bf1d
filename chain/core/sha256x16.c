/* sha256x16.c - see sha256lanes.h. */
#if defined(__x86_64__)

#include "chain/core/sha256lanes.h"
#include "chain/core/sha256vec_avx512.h"

/* Rows are messages, columns are words; afterwards the reverse: r[j] holds
 * word j of all sixteen. First within each 128-bit quarter of four rows, then
 * the quarters among themselves. */
V_FN void
x16_transpose(V *r)
{
    V t[16];

#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        const V a = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        const V b = _mm512_unpackhi_epi32(r[i], r[i + 1]);
        const V c = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]);
        const V d = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);

        t[i] = _mm512_unpacklo_epi64(a, c);
        t[i + 1] = _mm512_unpackhi_epi64(a, c);
        t[i + 2] = _mm512_unpacklo_epi64(b, d);
        t[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const V a = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x88);
        const V b = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xdd);
        const V c = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x88);
        const V d = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xdd);

        r[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        r[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
        r[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
}

V_TARGET void
gv_sha256_x16(uint32_t *h, const uint8_t *const block[16])
{
    const V swap =
        _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    V s[8], w[16];

#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(block[i]), swap);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        s[i] = _mm512_loadu_si512(h + 16 * i);
    x16_transpose(w);
    v_compress(s, w);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        _mm512_storeu_si512(h + 16 * i, s[i]);
}

#endif
