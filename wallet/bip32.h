/*
 * bip32.h - the tree of secret keys under a seed (BIP32, private derivation).
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_BIP32_H
#define GAVEL_WALLET_BIP32_H

#include <gavel/types.h>

#define GV_BIP32_HARD 0x80000000u /* add to an index: hardened */

/* A node of the tree; wipe with gv_wipe. */
struct gv_bip32 {
    struct gv_seckey key;
    uint8_t chain[32];
};

/* GV_REJECT: the seed gives no key (chance below 2^-127). GV_FAULT: library. */
enum gv_rc gv_bip32_master(struct gv_bytes seed,
                           struct gv_bip32 *out) GV_MUST_CHECK;

/* out may be parent. GV_REJECT: this index gives no key (below 2^-127). */
enum gv_rc gv_bip32_child(const struct gv_bip32 *parent, uint32_t index,
                          struct gv_bip32 *out) GV_MUST_CHECK;

/* Follow n indexes from root. */
enum gv_rc gv_bip32_path(const struct gv_bip32 *root, const uint32_t *index,
                         size_t n, struct gv_bip32 *out) GV_MUST_CHECK;

#endif
