/*
 * memo.h - the note to itself that a wallet leaves in each BID, so that words
 * and ledger alone bring back what was bid (docs/spec/wallet.md, W5).
 *
 * memo = salt 16 | AES-256-GCM ciphertext 32 | tag 16, with
 * key = PRF(secret branch, salt | auction id | bidder key), nonce zero (each
 * key seals once: the salt is random), associated data auction id | bidder
 * key. Of constant length, and without a value in common with another memo.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_MEMO_H
#define GAVEL_WALLET_MEMO_H

#include <gavel/tx.h>

#include "wallet/derive.h"

struct gv_memo {
    uint64_t amount;    /* as bid */
    uint64_t placed_ms; /* by the wallet's clock */
    uint32_t seq;
    uint32_t identity; /* index of the ledger key */
    uint32_t attempt;  /* of the pseudonym (identity.md I3), else 0 */
};

/* GV_OK or GV_FAULT (random numbers, library). */
enum gv_rc gv_memo_seal(const uint8_t secret32[32],
                        const struct gv_chain_id *auction,
                        const struct gv_pubkey *bidder,
                        const struct gv_memo *memo,
                        uint8_t out[GV_MEMO_SIZE]) GV_MUST_CHECK;

/* GV_OK; GV_REJECT: not sealed by this wallet for this auction and key. */
enum gv_rc gv_memo_open(const uint8_t secret32[32],
                        const struct gv_chain_id *auction,
                        const struct gv_pubkey *bidder,
                        const uint8_t in[GV_MEMO_SIZE],
                        struct gv_memo *out) GV_MUST_CHECK;

/* es of a sealed bid (gavel/bidseal.h), which follows from its memo: PRF(secret
 * branch, "seal" | auction id | bidder key | memo). The memo's salt is fresh
 * for each bid, so no two have one es; and words and ledger give it back. */
void gv_memo_seal_secret(const uint8_t secret32[32],
                         const struct gv_chain_id *auction,
                         const struct gv_pubkey *bidder,
                         const uint8_t memo[GV_MEMO_SIZE], uint8_t es32[32]);

#endif
