/*
 * sha256lanes.h - one block of SHA-256 in many lanes: what sha256xn.c needs
 * from the vector units.
 *
 * h holds the chaining values, word by word: word j of lane i is
 * h[j * lanes + i]. block[i] points at the 64 bytes lane i takes in. Only to
 * be called where the CPU has the instructions (sha256xn.h:
 * gv_sha256_lanes()). Thread-safety: no shared state.
 */
#ifndef CHAIN_CORE_SHA256LANES_H
#define CHAIN_CORE_SHA256LANES_H

#include <stdint.h>

#define SHA256_LANES_MAX 16

/* AVX2: 8 lanes. */
void gv_sha256_x8(uint32_t *h, const uint8_t *const block[8]);

/* AVX-512 F and BW: 16 lanes. */
void gv_sha256_x16(uint32_t *h, const uint8_t *const block[16]);

#endif
