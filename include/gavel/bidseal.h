/*
 * bidseal.h - sealed bids: an amount that t of an auction's n notaries open
 * together, or its bidder alone (docs/spec/sealed.md).
 *
 * Everything in the sealed part of a BID follows from 32 secret bytes, es, and
 * from the amount. es is shared among the notaries; a share is sealed to each
 * of them. Whoever has es derives the shares and their ciphertexts again and
 * compares, so that at most one es opens a bid and the verdict does not depend
 * on which notaries' keys gave it.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_BIDSEAL_H
#define GAVEL_BIDSEAL_H

#include "gavel/hpke.h"
#include "gavel/shamir.h"

#define GV_BIDSEAL_MAX GV_SHAMIR_MAX
#define GV_BIDSEAL_SHARE (GV_HPKE_KEY + 32 + GV_HPKE_TAG) /* 80 */
#define GV_BIDSEAL_OPENING (8 + 32 + 16)                  /* 56 */

/* Bytes of the sealed part for n notaries: n u8 | commitment 32 | n shares |
 * opening. */
static inline size_t
gv_bidseal_size(unsigned n)
{
    return 1 + 32 + (size_t)n * GV_BIDSEAL_SHARE + GV_BIDSEAL_OPENING;
}
/* The commitment in a sealed part that was decoded (Q4), 32 bytes. */
static inline const uint8_t *
gv_bidseal_commitment(struct gv_bytes sealed)
{
    return sealed.p + 1;
}
#define GV_BIDSEAL_SIZE_MAX                                                    \
    (1 + 32 + GV_BIDSEAL_MAX * GV_BIDSEAL_SHARE + GV_BIDSEAL_OPENING)

/* What OPEN pins. */
struct gv_bidseal_pins {
    struct gv_chain_id auction;
    uint8_t t, n;                             /* 1 <= t <= n <= 16 */
    uint8_t key[GV_BIDSEAL_MAX][GV_HPKE_KEY]; /* X25519 */
};

/* A notary's secret, which KEYRELEASE publishes. */
struct gv_bidseal_key {
    uint8_t notary; /* index in OPEN */
    uint8_t secret[GV_HPKE_KEY];
};

/* Seal an amount (at least 1) of bidder. es: uniform, secret and used for this
 * bid alone. out: gv_bidseal_size(n) bytes. GV_REJECT: amount 0, or a pinned
 * key of small order. */
enum gv_rc gv_bidseal_make(const struct gv_bidseal_pins *pins,
                           const struct gv_pubkey *bidder,
                           const uint8_t es32[32], uint64_t amount,
                           uint8_t *out) GV_MUST_CHECK;

/* Open a sealed part by es: GV_OK and the amount, or GV_REJECT when es is not
 * its secret or it is not what its secret gives. A false es is cheap. */
enum gv_rc gv_bidseal_open(const struct gv_bidseal_pins *pins,
                           const struct gv_pubkey *bidder,
                           struct gv_bytes sealed, const uint8_t es32[32],
                           uint64_t *amount) GV_MUST_CHECK;

/* The same by the secrets of t notaries, all different: keys has pins->t. The
 * verdict is the same whichever these are. es32: the secret found, wiped
 * unless GV_OK. */
enum gv_rc gv_bidseal_recover(const struct gv_bidseal_pins *pins,
                              const struct gv_pubkey *bidder,
                              struct gv_bytes sealed,
                              const struct gv_bidseal_key *keys,
                              uint8_t es32[32], uint64_t *amount) GV_MUST_CHECK;

/* Is it the one spelling of an X25519 secret (RFC 7748, clamped)? Then a public
 * key has one secret. */
bool gv_bidseal_clamped(const uint8_t secret[GV_HPKE_KEY]);
/* Spell it so; the public key stays the same. */
void gv_bidseal_clamp(uint8_t secret[GV_HPKE_KEY]);

#endif
