/*
 * sha256vec_avx512.h - sha256vec.h for sixteen messages in AVX-512 registers:
 * rotation and every three-input function are one instruction. Code that
 * includes it runs only where the CPU has AVX-512 F and BW: call it after
 * __builtin_cpu_supports() of both.
 */
#ifndef CHAIN_CORE_SHA256VEC_H
#define CHAIN_CORE_SHA256VEC_H

#include <immintrin.h>

#define V __m512i
#define V_LANES 16
#define V_TARGET __attribute__((target("avx512f,avx512bw")))
#define V_FN                                                                   \
    static inline __attribute__((always_inline, target("avx512f,avx512bw")))

#define V_SET(x) _mm512_set1_epi32((int)(x))
#define V_ADD(x, y) _mm512_add_epi32(x, y)
#define V_SHR(x, n) _mm512_srli_epi32(x, n)
#define V_ROR(x, n) _mm512_ror_epi32(x, n)
/* The last argument is the truth table, indexed by the bits of x, y, z. */
#define V_XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define V_CH(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define V_MAJ(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)

#include "chain/core/sha256vec.h"

#endif
