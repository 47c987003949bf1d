/*
 * sample.h - a small world for tests: a CA, a seller, bidders, time-stamping
 * authorities and validators on regtest, an OPEN, and builders of every kind
 * of transaction and of mined blocks.
 *
 * Every builder returns what a decoder made of the bytes it wrote, so that a
 * test begins with valid data and spoils one thing. A builder that cannot do
 * its work ends the program (support_die). All bytes belong to the sample and
 * live until sample_free.
 *
 * Ledger keys and signatures are the same in every run; P-256 keys, and so
 * tokens and the auction's id, are not.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_TESTS_SAMPLE_H
#define GAVEL_TESTS_SAMPLE_H

#include "gavel/block.h"
#include "gavel/open.h"
#include "gavel/verify.h"

#define SAMPLE_BIDDERS 4
#define SAMPLE_OPENING_MS UINT64_C(1767225600000) /* 2026-01-01 */

/* A ledger key with the credential that its issuer signed. */
struct sample_party {
    struct gv_seckey secret;
    struct gv_cred cred; /* cred.key is the public key */
};

/* Zero means: 1 authority, 1 validator, default terms, the opening above. */
struct sample_options {
    unsigned authorities;         /* odd, up to GV_AUTHORITIES_MAX */
    unsigned validators;          /* up to GV_VALIDATORS_MAX */
    const struct gv_terms *terms; /* identity decides who is in OPEN */
    unsigned notaries;            /* of an anonymous auction; zero means 3 */
    unsigned sealers;             /* of sealed bids; zero means 3 */
    bool blind; /* authorities: by turns the network's own and others */
    uint64_t
        reserve; /* where the terms hide it; zero means one that is false */
    uint64_t opening_ms;
};

struct sample {
    const struct gv_params *params; /* regtest */
    struct gv_keys *keys;
    struct sample_party ca, tsa, seller, bidder[SAMPLE_BIDDERS];
    struct sample_party issuer, notary[GV_NOTARIES_MAX];
    struct gv_seckey validator[GV_VALIDATORS_MAX];
    void *authority[GV_AUTHORITIES_MAX]; /* EVP_PKEY */
    void *token_key;     /* EVP_PKEY of anonymous auctions' issuer, or NULL */
    struct gv_open open; /* decoded, valid */
    struct gv_pins *pins, *registry_pins;
    struct sample_memory *memory;
};

/* options may be NULL. */
void sample_make(struct sample *s, const struct sample_options *options);
void sample_free(struct sample *s);

/* Memory that lives as long as the sample. */
void *sample_alloc(struct sample *s, size_t size);
/* A copy of bytes in a block of its own, of their exact size. */
struct gv_bytes sample_copy(struct sample *s, struct gv_bytes bytes);

/* The bytes of an OPEN with fields changed by the test: signed by all who
 * must, with s's secrets. */
struct gv_bytes sample_open(struct sample *s, struct gv_open *fields);
/* The issuer and notaries of an anonymous auction (sample_anonymous.c). */
void sample_escrow(struct sample *s, unsigned notaries, struct gv_open *o);
/* The holders of sealed bids (sample_sealed.c), of whom n / 2 + 1 open them;
 * notary i of the sample is holder i. */
void sample_sealers(struct sample *s, unsigned n, struct gv_open *o);
void sample_sealer_secret(unsigned i, uint8_t out[GV_HPKE_KEY]);
/* A credential for `party`'s key, signed by `issuer`. */
void sample_cred(struct sample *s, struct sample_party *party, uint8_t role,
                 const struct gv_seckey *issuer);

/* A transaction of this kind without its fields. */
struct gv_tx sample_begin(const struct sample *s, enum gv_tx_kind kind);
/* Sign (secret NULL: leave the signature as it is), encode and decode. */
struct gv_tx sample_tx(struct sample *s, struct gv_tx *fields,
                       const struct gv_seckey *secret);
/* Encode without decoding, for fields that no decoder accepts. */
struct gv_bytes sample_encode(struct sample *s, const struct gv_tx *fields);

/* One valid transaction of each kind. */
struct gv_tx sample_service(struct sample *s);
struct gv_tx sample_cert(struct sample *s, unsigned bidder);
struct gv_tx sample_revoke(struct sample *s, unsigned bidder);
/* Of the sample's TSA, which is a service: SERVICE must be on the registry. */
struct gv_tx sample_node(struct sample *s, uint64_t seq);
struct gv_tx sample_list(struct sample *s);
struct gv_tx sample_enrol(struct sample *s, unsigned bidder);
struct gv_tx sample_bid(struct sample *s, unsigned bidder, uint32_t seq,
                        uint64_t amount);
/* Where OPEN has lots: a BID for this one. */
struct gv_tx sample_bid_lot(struct sample *s, unsigned bidder, uint32_t seq,
                            uint64_t amount, uint8_t lot);
struct gv_tx sample_close(struct sample *s);
struct gv_tx sample_cancel(struct sample *s);
struct gv_tx sample_outcome(struct sample *s, const struct gv_outcome *o);
/* An anonymous ENROL with a token of the issuer; in certified worlds, which
 * have no issuer, with bytes in its place. Nothing in its blob opens. */
struct gv_tx sample_enrol_anonymous(struct sample *s, unsigned bidder);
struct gv_tx sample_issued(struct sample *s, uint32_t count);
struct gv_tx sample_disclose(struct sample *s, unsigned notary, unsigned side);
struct gv_tx sample_objection(struct sample *s, unsigned validator,
                              const struct gv_sealed_id *block);
/* A sealed bid to OPEN's bid_escrow, or, where it has none, to what it could
 * have; its es is the one of the bidder and seq. */
struct gv_tx sample_bid_sealed(struct sample *s, unsigned bidder, uint32_t seq,
                               uint64_t amount);
void sample_es(unsigned bidder, uint32_t seq, uint8_t out32[32]);
struct gv_tx sample_keyrelease(struct sample *s, unsigned notary);
struct gv_tx sample_opening(struct sample *s, const struct gv_tx *bid,
                            unsigned bidder);
struct gv_tx sample_setfixed(struct sample *s, uint32_t count,
                             const uint8_t hash32[32]);
/* OPEN's hidden reserve, in o, whose other fields are there; amount 0: of
 * bytes that nothing opens. And the seller's OPENING of it. */
void sample_reserve(struct sample *s, uint64_t amount, struct gv_open *o);
struct gv_tx sample_reserve_opening(struct sample *s);
/* The validator's place goes from one secret to another. */
struct gv_tx sample_handover(struct sample *s, unsigned validator,
                             const struct gv_seckey *from,
                             const struct gv_seckey *to);
/* SETTLE by the seller (&s->seller) or a bidder, without tokens; of a default
 * with tokens of the first `count` authorities; ACCEPT (sample_settle.c). */
struct gv_tx sample_settle(struct sample *s, const struct sample_party *by,
                           uint8_t award, uint8_t what);
struct gv_tx sample_default(struct sample *s, uint8_t award,
                            const struct gv_sealed_id *made, unsigned count,
                            uint64_t t_us);
struct gv_tx sample_accept(struct sample *s, unsigned bidder, uint8_t award,
                           uint64_t price);
/* EVIDENCE, in canonical order, of two votes on accused by this secret. */
struct gv_tx sample_evidence(struct sample *s,
                             const struct gv_chain_id *accused,
                             const struct gv_seckey *secret,
                             const struct gv_vote link[2]);
/* ANCHOR of the auction's end by the first `count` authorities. */
struct gv_tx sample_anchor(struct sample *s, const struct gv_tx_id *final,
                           unsigned count, uint64_t t_us);
struct gv_tx sample_receipt(struct sample *s, const struct gv_tx *bid);
/* A STAMP of authority over n BIDs or CLOSEs, with genTime t_us. */
struct gv_tx sample_stamp(struct sample *s, unsigned authority, uint64_t t_us,
                          const struct gv_tx *listed, size_t n);
/* Tokens of the first `count` authorities over the parent's sealed id. */
struct gv_tx sample_cutoff(struct sample *s, const struct gv_sealed_id *parent,
                           unsigned count, uint64_t t_us);
/* On chain (the auction's or the registry's), signed by the validators whose
 * bit is set in signers. */
struct gv_tx sample_final(struct sample *s, const struct gv_chain_id *chain,
                          const struct gv_vote *link, uint64_t signers);

/* One of every kind but OPEN and EPOCH (seller.h), RECEIPT last. Needs 3
 * authorities. */
#define SAMPLE_KINDS 26
void sample_all(struct sample *s, struct gv_tx out[SAMPLE_KINDS]);

/* A token of authority over imprint, as its service would make it. policy:
 * OID content. */
struct gv_bytes sample_token(struct sample *s, unsigned authority,
                             const uint8_t imprint32[32], uint64_t t_us,
                             struct gv_bytes policy);

/* A block sealed with real work (depth 0: its chain alone in the tree). */
struct sample_block {
    struct gv_chain_id chain;
    uint32_t height;
    struct gv_sealed_id prev;
    uint64_t time_ms;
    uint32_t target;
};
struct gv_bytes sample_block(struct sample *s, const struct sample_block *b,
                             const struct gv_tx *txs, size_t n);
/* Search a nonce for h, whose header is complete; derives its ids. */
void sample_seal(struct gv_sealed_header *h);

#endif
