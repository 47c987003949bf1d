/*
 * sha256vec_c.h - sha256vec.h for plain C: V is one 32-bit word. Runs on every
 * machine; the result the wider forms are checked against.
 */
#ifndef CHAIN_CORE_SHA256VEC_H
#define CHAIN_CORE_SHA256VEC_H

#include <stdint.h>

#define V uint32_t
#define V_LANES 1
#define V_TARGET
#define V_FN static inline __attribute__((always_inline))

#define V_SET(x) ((uint32_t)(x))
#define V_ADD(x, y) ((x) + (y))
#define V_ROR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define V_SHR(x, n) ((x) >> (n))
#define V_XOR3(x, y, z) ((x) ^ (y) ^ (z))
#define V_CH(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define V_MAJ(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))

#include "chain/core/sha256vec.h"

#endif
