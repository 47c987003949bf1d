/*
 * merkle.h - RFC 6962 Merkle trees: of a block's transactions (tx_root) and
 * of the leaves of a STAMP.
 *
 * leaf hash = SHA256(0x00 | data), node = SHA256(0x01 | left | right); the
 * left subtree of n leaves holds the largest power of two below n. No leaf is
 * ever duplicated, so no two lists have one root (CVE-2012-2459).
 */
#ifndef GAVEL_MERKLE_H
#define GAVEL_MERKLE_H

#include "gavel/types.h"

/* A path of at most 32 siblings serves 2^32 leaves. */
#define GV_MERKLE_MAX 32

void gv_merkle_leaf(const void *data, size_t len, uint8_t out32[32]);
void gv_merkle_node(const uint8_t left32[32], const uint8_t right32[32],
                    uint8_t out32[32]);

/* Root over n leaf *hashes* that lie one after the other. The array is used
 * as working space and holds nothing of meaning afterwards. n = 0 gives
 * SHA256(""). */
void gv_merkle_root(uint8_t (*hashes)[32], size_t n, uint8_t out32[32]);

/* Audit path (RFC 6962 2.1.1) of leaf `index` among n, lowest sibling first.
 * path holds GV_MERKLE_MAX entries; returns how many were written. hashes is
 * used as working space. index < n. */
size_t gv_merkle_path(uint8_t (*hashes)[32], size_t n, size_t index,
                      uint8_t path[GV_MERKLE_MAX][32]);

/* Does `leaf_hash` at index of n, with this path, give root? (RFC 9162
 * 2.1.3.2; a path that is too long or too short is refused.) */
bool gv_merkle_verify(const uint8_t leaf_hash32[32], size_t index, size_t n,
                      const uint8_t (*path)[32], size_t path_len,
                      const uint8_t root32[32]);

/* Are two roots consistent: is the tree of n1 leaves a prefix of that of n2?
 * (RFC 9162 2.1.4.2; false for n1 = 0, where there is nothing to prove) */
bool gv_merkle_consistent(size_t n1, const uint8_t root1_32[32], size_t n2,
                          const uint8_t root2_32[32],
                          const uint8_t (*proof)[32], size_t proof_len);

#endif
