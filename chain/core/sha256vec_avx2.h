/*
 * sha256vec_avx2.h - sha256vec.h for eight messages in AVX2 registers. Code
 * that includes it runs only where the CPU has AVX2: call it after
 * __builtin_cpu_supports("avx2").
 */
#ifndef CHAIN_CORE_SHA256VEC_H
#define CHAIN_CORE_SHA256VEC_H

#include <immintrin.h>

#define V __m256i
#define V_LANES 8
#define V_TARGET __attribute__((target("avx2")))
#define V_FN static inline __attribute__((always_inline, target("avx2")))

#define V_SET(x) _mm256_set1_epi32((int)(x))
#define V_ADD(x, y) _mm256_add_epi32(x, y)
#define V_XOR(x, y) _mm256_xor_si256(x, y)
#define V_AND(x, y) _mm256_and_si256(x, y)
#define V_SHR(x, n) _mm256_srli_epi32(x, n)
/* The halves share no bit, so the sum is the union; XOR lets the compiler
 * merge it with the XORs around it. */
#define V_ROR(x, n) V_XOR(V_SHR(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define V_XOR3(x, y, z) V_XOR(V_XOR(x, y), z)
#define V_CH(x, y, z) V_XOR(z, V_AND(x, V_XOR(y, z)))
/* y ^ z of this round is x ^ y of the round before: computed once. */
#define V_MAJ(x, y, z) V_XOR(y, V_AND(V_XOR(x, y), V_XOR(y, z)))

#include "chain/core/sha256vec.h"

#endif
