/*
 * sha256xn.h - SHA-256 (FIPS 180-4) of many short messages at once.
 *
 * One CPU core hashes 16 (AVX-512) or 8 (AVX2) independent messages in the
 * time of a few; the width is chosen at run time, and plain C serves where
 * neither is there. Meant for the leaves and levels of the Merkle tree of a
 * big block and for the work search; for one message, or for long ones, use
 * OpenSSL.
 *
 * Merkle trees are of RFC 6962 form: a leaf is SHA256(0x00 | data), a node
 * SHA256(0x01 | left | right).
 *
 * Nothing here can fail, allocates, or branches on message bytes (lengths and
 * counts are public). Thread-safety: all functions may run concurrently on
 * separate outputs.
 */
#ifndef GAVEL_SHA256XN_H
#define GAVEL_SHA256XN_H

#include <stddef.h>
#include <stdint.h>

#define GV_SHA256_NO_PREFIX (-1)
#define GV_SHA256_LEAF 0x00
#define GV_SHA256_NODE 0x01

/* Initial chaining value. */
#define GV_SHA256_IV                                                           \
    {                                                                          \
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,            \
            0x9b05688c, 0x1f83d9ab, 0x5be0cd19                                 \
    }

/* Round constants; here, not in a source, so that the compiler can fold them
 * into the code of each kernel. */
static const uint32_t gv_sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* Fold one 64-byte block into the chaining value h8 (native words), in plain
 * C. The caller pads. */
void gv_sha256_block(uint32_t h8[8], const uint8_t block64[64]);

/* Write the chaining value h8 as 32 big-endian bytes. */
void gv_sha256_store(const uint32_t h8[8], uint8_t out32[32]);

/* out[i] = SHA256(prefix byte, if any | msgs[i], lens[i] bytes) for i < n.
 * prefix: 0..255, or GV_SHA256_NO_PREFIX. msgs[i] may be NULL only if lens[i]
 * is 0. Any mix of lengths below 2^32 bytes is right; messages of about one
 * length are fastest. out must not overlap any message. */
void gv_sha256_many(const uint8_t *const msgs[], const size_t lens[], size_t n,
                    int prefix, uint8_t (*out)[32]);

/* The same behind a common beginning that was hashed once: h8 is the chaining
 * value after its `done` bytes, a multiple of 64. */
void gv_sha256_many_after(const uint32_t h8[8], uint64_t done,
                          const uint8_t *const msgs[], const size_t lens[],
                          size_t n, uint8_t (*out)[32]);

/* out[i] = SHA256(0x01 | pairs[i]) for i < n: one level of a Merkle tree,
 * pairs[i] = left | right. pairs holds 64 * n bytes. out may be the start of
 * pairs (a level is then replaced by the one above it); no other overlap. */
void gv_sha256_nodes(const uint8_t *pairs, size_t n, uint8_t (*out)[32]);

/* The widest group this CPU hashes at once: 1, 8 or 16. */
unsigned gv_sha256_lanes(void);

/* The two above with a chosen width, at most gv_sha256_lanes(): 1, 8 or 16.
 * For tests and measurements. */
void gv_sha256_many_at(unsigned lanes, const uint8_t *const msgs[],
                       const size_t lens[], size_t n, int prefix,
                       uint8_t (*out)[32]);
void gv_sha256_nodes_at(unsigned lanes, const uint8_t *pairs, size_t n,
                        uint8_t (*out)[32]);

#endif
