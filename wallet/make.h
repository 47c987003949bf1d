/*
 * make.h - the transactions a wallet makes, signed and encoded.
 *
 * Thread-safety: pure but for random numbers; a signer may be read by many
 * threads.
 */
#ifndef GAVEL_WALLET_MAKE_H
#define GAVEL_WALLET_MAKE_H

#include <gavel/open.h>

#include "src/base/error.h"

/* Who signs. Wipe and free with gv_signer_clear. */
struct gv_signer {
    const struct gv_keys *keys;
    struct gv_seckey ledger;
    struct gv_pubkey key;
    struct gv_cred cred;
    struct gv_pubkey issuer; /* of cred */
    uint8_t *der;            /* the certificate, or NULL; owned */
    size_t der_len;
    uint8_t branch[32]; /* secret branch, for memos and envelope keys */
    uint32_t identity;
    uint32_t attempt; /* of a pseudonym (identity.md I3), else 0 */
};
void gv_signer_clear(struct gv_signer *s);

/* Each returns heap memory of *len bytes, NULL if memory or a library fails. */

/* Of a transaction that has all but its signature. */
uint8_t *gv_make_signed(const struct gv_signer *s, struct gv_tx *tx,
                        size_t *len);
uint8_t *gv_make_enrol(const struct gv_signer *s,
                       const struct gv_chain_id *auction, size_t *len);
uint8_t *gv_make_close(const struct gv_signer *s,
                       const struct gv_chain_id *auction,
                       enum gv_close_mode mode, size_t *len);
/* The listing of an auction in the directory. */
uint8_t *gv_make_list(const struct gv_signer *s, const struct gv_open *open,
                      size_t *len);

struct gv_make_bid {
    struct gv_chain_id auction;
    uint64_t amount;
    const struct gv_bidseal_pins *seal; /* of a sealed bid, or NULL */
    uint32_t seq;
    uint8_t lot;                /* 0: there are none */
    struct gv_sealed_id recent; /* newest final block known */
    uint64_t now_ms;            /* for the memo */
};
uint8_t *gv_make_bid(const struct gv_signer *s, const struct gv_make_bid *bid,
                     size_t *len, struct gv_bid_id *id);

/* --- OPEN, in two steps --- */

struct gv_make_open {
    struct gv_bytes title, text;
    struct gv_hash attachment[GV_ATTACHMENTS_MAX];
    uint8_t attachments;
    struct gv_terms terms;
    uint64_t opening_ms;
    struct gv_bytes warrant; /* as getwarrant gives it */
    struct gv_seats *seats;  /* where bidders are anonymous or bids sealed, or
                              * NULL; borrowed */
    const struct gv_panel *panel; /* chosen services, or NULL: the node's */
    uint64_t hidden_reserve;      /* where the terms say that it is hidden */
    /* What was a lot of another auction (W47): the number that it had there, by
     * its place here; all 0: nothing was. */
    uint8_t lot_from[GV_LOTS_MAX];
    /* The pseudonym that signs, or NULL: a certified seller; borrowed. */
    const struct gv_seller *seller;
};

/* The preimage that the CA is to sign: terms and seller | warrant. NULL with
 * e set. */
uint8_t *gv_make_preimage(const struct gv_signer *s,
                          const struct gv_make_open *what,
                          const struct gv_params *params, size_t *len,
                          struct gv_error *e);

/* es of the hidden reserve with this id (gavel/open.h), which follows from the
 * seller's words: PRF(secret branch, "reserve" | reserve id | seller's key). */
void gv_make_reserve_secret(const struct gv_signer *s,
                            const struct gv_chain_id *reserve_id,
                            uint8_t es32[32]);

/* What others sign: the CA, then validators, issuer, notaries, and those that
 * bids are sealed to, in the order in which an OPEN has them. */
struct gv_make_warrant {
    struct gv_sig sig;
    struct gv_sig pop[GV_VALIDATORS_MAX + 1 + GV_NOTARIES_MAX + GV_BIDSEAL_MAX];
    size_t pops;
    uint64_t missing; /* bit i: pop[i], a validator's, is still to be asked */
};

/* preimage with all signatures; *open is decoded from the returned bytes,
 * verified, and borrows from them. NULL with e set. */
uint8_t *gv_make_open(const struct gv_signer *s, struct gv_bytes preimage,
                      const struct gv_make_warrant *warrant,
                      const struct gv_params *params, struct gv_open *open,
                      struct gv_error *e);

#endif
