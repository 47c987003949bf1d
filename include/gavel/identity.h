/*
 * identity.h - from a winning bid to the certificate of whoever made
 * it, offline: the evidence pack that a seller keeps after the notaries have
 * opened the winner (docs/spec/identity.md, I39, I40).
 *
 * Everything is checked from the network's root key:
 *
 *     OPEN      the root certified CA, issuer and notaries; all signed it
 *     BID       signed by the bidder's key, for a lot of OPEN where it has lots
 *     ENROL     the key is bound by a blind token of the issuer
 *     es        derives the whole escrowed blob: it names fingerprint, session
 *               and leaf
 *     EVIDENCE  the certificate with that fingerprint signed the COMMIT to all
 *               leaves and a REVEAL of this very leaf; the challenge is the
 *               unique one
 *     ISSUED    the COMMIT is a leaf of the issuer's published log
 *     cred      the CA certified fingerprint and ledger key
 *
 * So nobody but the holder of the certificate's key can have made the bid: not
 * the issuer, who knows the other leaves' keys and not this one's, and not t
 * notaries, who learn es and not the signing key.
 *
 * Of a pseudonymous seller there is the same pack with version 2: OPEN stands
 * for ENROL and BID, which are empty, the token is that of its EPOCH, and
 * ISSUED is empty, because seats have no published log.
 *
 * The pack is binary: version u8 (1 or 2) | es 32 | cred 145 | open b16 | enrol
 * b16 | bid b16 | issued b16 | evidence b16. Views point into the input.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_IDENTITY_H
#define GAVEL_IDENTITY_H

#include "gavel/open_escrow.h"
#include "gavel/serve.h"

struct gv_identity_pack {
    bool seller; /* version 2: who opened the auction, not who bid */
    uint8_t es[32];
    struct gv_cred cred;      /* of the certificate, by the CA of OPEN */
    struct gv_bytes open;     /* OPEN */
    struct gv_bytes enrol;    /* ENROL, form 1 */
    struct gv_bytes bid;      /* a BID of its key */
    struct gv_bytes issued;   /* ISSUED; empty: issuance is unaudited */
    struct gv_bytes evidence; /* EVIDENCE */
};

void gv_identity_pack_put(struct gv_sink *s, const struct gv_identity_pack *p);
enum gv_rc gv_identity_pack_decode(struct gv_bytes raw,
                                   struct gv_identity_pack *out,
                                   struct gv_reject *why) GV_MUST_CHECK;

/* What a pack proves. */
struct gv_identity_proof {
    struct gv_chain_id auction;
    struct gv_bid_id bid;
    uint64_t amount;
    uint8_t lot;               /* that the bid is for; 0: there are none */
    struct gv_bytes lot_title; /* its title, a view into the pack; else empty */
    struct gv_currency currency;
    bool seller;              /* it is the seller's: bid and amount are 0 */
    struct gv_pubkey bidder;  /* the pseudonym */
    struct gv_hash cert;      /* fingerprint of the certificate */
    struct gv_bytes cert_der; /* a view into the pack */
    struct gv_pubkey ledger;  /* the certified key */
    uint32_t leaf, leaves;    /* j of k */
    bool logged;              /* its COMMIT is in the log that ISSUED names */
};

/* The point (65 bytes, uncompressed) of a certificate's P-256 key and the hash
 * of its subject, which the pure part does not read itself. GV_OK, GV_REJECT
 * or GV_FAULT. */
struct gv_identity_reader {
    enum gv_rc (*cert)(void *arg, struct gv_bytes der, uint8_t point65[65],
                       struct gv_hash *subject);
    void *arg;
};

/* Check it all. GV_OK; GV_REJECT with why->field naming the first link of the
 * chain above that does not hold; GV_FAULT (memory). keys must be able to
 * sign, because keys are derived. */
enum gv_rc gv_identity_verify(const struct gv_identity_pack *pack,
                              const struct gv_params *params,
                              const struct gv_keys *keys,
                              const struct gv_identity_reader *reader,
                              struct gv_identity_proof *out,
                              struct gv_reject *why) GV_MUST_CHECK;

#endif
