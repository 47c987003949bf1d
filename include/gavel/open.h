/*
 * open.h - OPEN, the transaction an auction chain begins with: terms, seller,
 * and the TTP's warrant for this auction (rule R12).
 *
 * auction_id = H_tag("gavel/auction", OPEN without any signature). Block 0 is
 * computed from OPEN alone. Given only the network's root key, an OPEN proves
 * itself: root -> CA -> seller and warrant.
 *
 * A decoded struct gv_open borrows from the bytes it was decoded from.
 */
#ifndef GAVEL_OPEN_H
#define GAVEL_OPEN_H

#include "gavel/params.h"
#include "gavel/terms.h"
#include "gavel/tx.h"

#define GV_ATTACHMENTS_MAX 16
#define GV_TEXT_MAX 8192

struct gv_validator {
    struct gv_pubkey key;
    struct gv_bytes operator_name; /* up to 64 bytes */
};

/* The token issuer of an anonymous auction, with the RSA-3072 keys (moduli,
 * big-endian; e = 65537) made for this auction alone. */
struct gv_open_issuer {
    struct gv_cred cred;           /* role issuer, signed by the root */
    struct gv_bytes operator_name; /* up to 64 bytes */
    struct gv_bytes token;         /* signs blind tokens */
    struct gv_bytes challenge;     /* makes the verifiable challenge */
};

/* A notary to whose X25519 key amounts are sealed, in this auction alone. */
struct gv_open_sealer {
    struct gv_cred cred; /* role notary, signed by the root */
    struct gv_bytes operator_name;
    uint8_t key[GV_HPKE_KEY];
};

/* A notary, and its RSA-3072 key to which identities are escrowed here. */
struct gv_open_notary {
    struct gv_cred cred; /* role notary, signed by the root */
    struct gv_bytes operator_name;
    struct gv_bytes key;
};

struct gv_open {
    struct gv_chain_id registry; /* binds the network */
    uint64_t opening_ms;
    uint8_t salt[16];           /* two auctions with equal terms differ */
    bool pseudonym;             /* version 2: the seller's key has a token */
    struct gv_cred seller;      /* of a pseudonym: its key alone */
    struct gv_bytes seller_der; /* may be empty */
    /* of a pseudonym; identity.md, "Pseudonymous sellers" */
    struct gv_bytes epoch;       /* the EPOCH (epoch.h) of the token */
    uint8_t seller_ek[32];       /* X25519 */
    struct gv_bytes seller_blob; /* who it is, escrowed to the notaries */
    uint8_t seller_prefix[32];
    struct gv_bytes seller_token; /* GV_RSA_SIZE bytes */
    struct gv_bytes title, text;
    uint8_t attachment_count;
    struct gv_hash attachment[GV_ATTACHMENTS_MAX];
    struct gv_terms terms;

    /* The warrant. Unused lists are empty. */
    struct gv_cred ca;      /* signed by the root, role CA */
    struct gv_bytes ca_der; /* may be empty */
    uint8_t issuer_count;   /* 1 in anonymous auctions, else 0 */
    struct gv_open_issuer issuer;
    uint8_t cut_log2; /* k = 2^cut_log2 leaves of the cut-and-choose */
    uint8_t escrow_t; /* t of the notaries open an identity */
    uint8_t notary_count;
    struct gv_open_notary notary[GV_NOTARIES_MAX];
    uint8_t bid_escrow_count; /* above 0 where something is sealed */
    uint8_t bid_escrow_t;     /* t of them open what is sealed */
    struct gv_open_sealer bid_escrow[GV_BIDSEAL_MAX];
    uint8_t authority_count; /* odd, 2f+1 */
    struct gv_authority authority[GV_AUTHORITIES_MAX];
    uint8_t validator_count;
    struct gv_validator validator[GV_VALIDATORS_MAX];

    /* Where the terms hide the reserve: a sealed part as of a bid by seller.key
     * in an auction of this id (A24). The id is derived. */
    struct gv_bytes sealed_reserve;
    struct gv_chain_id reserve_id;

    /* Signatures: in no hash. */
    struct gv_sig seller_sig;             /* over auction_id */
    struct gv_sig warrant_sig;            /* by ca.key over auction_id */
    struct gv_sig pop[GV_VALIDATORS_MAX]; /* H_tag("gavel/pop", auction_id) */
    struct gv_sig issuer_pop;             /* the same by issuer.cred.key */
    struct gv_sig notary_pop[GV_NOTARIES_MAX];
    struct gv_sig bid_escrow_pop[GV_BIDSEAL_MAX];

    struct gv_bytes raw;   /* whole encoding */
    size_t preimage_len;   /* bytes before the signatures */
    struct gv_chain_id id; /* derived: the auction's id */
    struct gv_pubkey root; /* derived: the network's root key */
};

/* Decode and make the context-free checks. Verdicts GV_BAD_ENCODING,
 * GV_BAD_TERMS, GV_WRONG_NETWORK. */
enum gv_rc gv_open_decode(struct gv_bytes raw, const struct gv_params *params,
                          struct gv_open *out,
                          struct gv_reject *why) GV_MUST_CHECK;

/* The same of a preimage alone, which ends before the signatures; those of out
 * are zero. */
enum gv_rc gv_open_decode_preimage(struct gv_bytes raw,
                                   const struct gv_params *params,
                                   struct gv_open *out,
                                   struct gv_reject *why) GV_MUST_CHECK;

/* Encode without and with the signatures. */
void gv_open_put_preimage(struct gv_sink *s, const struct gv_open *o);
void gv_open_put(struct gv_sink *s, const struct gv_open *o);
/* The last part of the preimage, from ca to the validators. */
void gv_open_put_warrant(struct gv_sink *s, const struct gv_open *o);
/* A part of it: issuer, cut and notaries. */
void gv_open_put_escrow(struct gv_sink *s, const struct gv_open *o);
/* Read the whole part into out, whose terms say what must be there. */
enum gv_rc gv_open_decode_warrant(struct gv_bytes raw, struct gv_open *out,
                                  struct gv_reject *why) GV_MUST_CHECK;

/* A pseudonymous seller's token, as blind.h takes it. */
void gv_open_seller_token(const struct gv_open *o, struct gv_token *out);

/* What its sealed bids are sealed to; n is 0 when there are none. */
void gv_open_bidseal(const struct gv_open *o, struct gv_bidseal_pins *out);
/* The same for its reserve, whose bidder is the seller; fills reserve_id from
 * the fields before it. */
void gv_open_reserve(struct gv_open *o, struct gv_bidseal_pins *out);

/* Fill o->id from the fields. */
void gv_open_id(struct gv_open *o);
/* How many signatures end an OPEN with these counts. */
size_t gv_open_signatures(const struct gv_open *o);
/* The leaf of block 0's tx_root: SHA256(0x00 | preimage). */
void gv_open_leaf(const struct gv_open *o, struct gv_tx_id *out);

/* Every signature of OPEN: root on ca, issuer and notaries, ca on seller (or
 * the token of an EPOCH) and warrant, seller, possession by validators, issuer
 * and notaries, dates at the opening time. */
enum gv_rc gv_open_verify(const struct gv_open *o,
                          const struct gv_params *params,
                          const struct gv_keys *keys,
                          struct gv_reject *why) GV_MUST_CHECK;

/* Are its authorities blind: do wallets ask them for tokens over hashes, and no
 * service publish the bids (R5)? All of them are, or none is. */
bool gv_open_is_blind(const struct gv_open *o);

/* f of n = 2f+1 authorities. */
static inline unsigned
gv_open_f(const struct gv_open *o)
{
    return (o->authority_count - 1u) / 2u;
}

/* floor(2m/3) + 1 of m validators (V1). */
static inline unsigned
gv_quorum(unsigned m)
{
    return 2 * m / 3 + 1;
}

#endif
