/*
 * tx.h - transactions: one kind of record for everything a chain holds.
 *
 * Every transaction starts with kind u8, version u8 (1; of OPEN and LIST also
 * 2: the seller is a pseudonym) and chain 32 (in OPEN
 * the registry's id: an auction's own id is the hash of its OPEN, R12).
 * docs/spec/format.md has the table of every kind's fields.
 *
 * Decoding is total and strict: the whole input is one transaction in its
 * one encoding, or the verdict names the field that is wrong. A decoded
 * struct gv_tx borrows from the bytes it was decoded from.
 *
 * Thread-safety: values and pure functions.
 */
#ifndef GAVEL_TX_H
#define GAVEL_TX_H

#include "gavel/bidseal.h"
#include "gavel/cred.h"
#include "gavel/escrow.h"
#include "gavel/key.h"
#include "gavel/outcome.h"
#include "gavel/reject.h"
#include "gavel/seller.h"
#include "gavel/tst.h"
#include "gavel/wire.h"

#define GV_TX_MAX 65536 /* bytes of one transaction */
#define GV_TX_VERSION 1
#define GV_TX_LOTS 2      /* version of BID and OUTCOME where there are lots */
#define GV_TX_PSEUDONYM 2 /* version of a pseudonymous seller's LIST, OPEN */
#define GV_STAMP_LEAVES_MAX 1024
#define GV_AUTHORITIES_MAX 15 /* 2f+1 */
#define GV_VALIDATORS_MAX 64
#define GV_CERT_DER_MAX 4096
#define GV_NOTARIES_MAX GV_ESCROW_MAX
#define GV_MEMO_SIZE 64
#define GV_TITLE_MAX 200 /* bytes of UTF-8 */
#define GV_NODE_HOST_MAX 255

enum gv_tx_kind {
    /* registry */
    GV_TX_SERVICE = 1,
    GV_TX_CERT = 2,
    GV_TX_REVOKE = 3, /* also on auctions */
    GV_TX_NODE = 4,
    GV_TX_LIST = 5,
    GV_TX_EVIDENCE = 8,
    GV_TX_ANCHOR = 9,
    GV_TX_EPOCH = 10,
    /* auction */
    GV_TX_OPEN = 16,
    GV_TX_ENROL = 17,
    GV_TX_BID = 18,
    GV_TX_STAMP = 19,
    GV_TX_CLOSE = 20,
    GV_TX_CUTOFF = 21,
    GV_TX_OUTCOME = 22,
    GV_TX_ISSUED = 23,
    GV_TX_DISCLOSE = 24,
    GV_TX_OBJECTION = 25,
    GV_TX_KEYRELEASE = 26,
    GV_TX_OPENING = 27,
    GV_TX_SETFIXED = 28,
    GV_TX_HANDOVER = 29,
    GV_TX_SETTLE = 30,
    GV_TX_ACCEPT = 31,
    /* both */
    GV_TX_FINAL = 64,
    /* off the chain */
    GV_TX_RECEIPT = 96
};

/* A TTP service announces itself; cred is signed by the root. */
struct gv_tx_service {
    struct gv_cred cred;
    struct gv_bytes der;           /* X.509 certificate, SHA256 = fingerprint */
    struct gv_bytes endpoint;      /* URL, up to 256 bytes */
    struct gv_bytes operator_name; /* up to 64 bytes */
    struct gv_sig sig;             /* by cred.key */
};

/* The CA publishes a credential it issued. */
struct gv_tx_cert {
    struct gv_pubkey issuer; /* ledger key of a CA service */
    struct gv_cred cred;     /* signed by issuer */
    struct gv_bytes der;     /* for services and nodes; empty for users */
};

struct gv_tx_revoke {
    struct gv_hash fingerprint;
    uint8_t reason;          /* RFC 5280 CRLReason, 0 to 10 without 7 */
    struct gv_pubkey issuer; /* CA or root */
    struct gv_sig sig;       /* by issuer */
};

/* A node says by which CURVE key and where it is met (docs/spec/network.md).
 * cred is a node's, signed by a CA, or a service's, signed by the root. */
struct gv_tx_node {
    struct gv_pubkey issuer; /* who signed cred */
    struct gv_cred cred;
    uint8_t curve[32];
    struct gv_bytes host; /* name or address, IPv6 without brackets; empty: it
                           * only connects to others, all ports are 0 */
    uint16_t p2p_port, pub_port; /* not 0 with a host */
    uint16_t submit_port;        /* 0: takes no submissions of strangers */
    uint32_t roles;              /* as in HELLO */
    uint64_t seq;                /* grows from record to record of one key */
    uint64_t not_after_ms;       /* it counts until then */
    struct gv_sig sig;           /* by cred.key */
};

/* A seller lists an auction in the directory. */
struct gv_tx_list {
    struct gv_chain_id auction;
    uint64_t opening_ms;
    struct gv_bytes title;   /* UTF-8, up to GV_TITLE_MAX bytes */
    bool pseudonym;          /* version 2 */
    struct gv_pubkey issuer; /* who signed the seller's credential */
    struct gv_cred seller;   /* of a pseudonym: key alone, derived */
    /* version 2 */
    struct gv_bytes token_key;    /* modulus, as the EPOCH has it */
    struct gv_seller_token token; /* seller.key is its key */
    struct gv_sig sig;            /* by seller.key */
};

/* The keys for sellers' pseudonyms of a time; epoch.h reads it. */
struct gv_tx_epoch {
    struct gv_bytes body; /* everything behind the head */
};

/* Bind a bidder key to a credential: a certified one (cred.key is the key), or
 * an anonymous one, which is a blind token over the key and the identity
 * escrowed to the notaries (docs/spec/identity.md). */
enum gv_enrol_form { GV_ENROL_CERTIFIED = 0, GV_ENROL_ANONYMOUS = 1 };
struct gv_tx_enrol {
    uint8_t form;
    struct gv_pubkey key;
    uint8_t ek[32]; /* X25519 key for envelopes to this bidder */
    /* certified */
    struct gv_cred cred;
    struct gv_bytes der; /* certificate, SHA256 = fingerprint; may be empty */
    /* anonymous */
    struct gv_bytes blob; /* gv_blob_size(notaries) bytes */
    uint8_t prefix[32];
    struct gv_bytes token; /* GV_RSA_SIZE bytes */
    struct gv_sig sig;     /* by key */
};
/* The last time (ms) at which it may enter a block; a pseudonym's never ends.
 */
static inline uint64_t
gv_enrol_ends_ms(const struct gv_tx_enrol *e)
{
    return e->form == GV_ENROL_CERTIFIED ? e->cred.not_after_ms : UINT64_MAX;
}

#define GV_BLOB_MIN (GV_RSA_SIZE + GV_IDCT_SIZE) /* one notary */

/* The kind that the terms' visibility says; with a final round either. */
enum gv_bid_kind { GV_BID_OPEN = 0, GV_BID_SEALED = 1 };
struct gv_tx_bid {
    struct gv_pubkey bidder;
    uint32_t seq;               /* makes ids unique, nothing else */
    uint8_t lot;                /* 1 to GV_LOTS_MAX; 0: version 1, no lots */
    uint8_t kind;               /* enum gv_bid_kind */
    uint64_t amount;            /* open: minor units, >= 1; sealed: 0 */
    struct gv_bytes sealed;     /* sealed: as gv_bidseal_make writes it */
    struct gv_sealed_id recent; /* newest final block the wallet knew */
    uint8_t memo[GV_MEMO_SIZE]; /* the wallet's own, encrypted */
    struct gv_sig sig;          /* by bidder over the bid id */
    struct gv_bid_id id;        /* derived: H_tag("gavel/bid", core) */
    uint8_t leaf[32];           /* derived: gv_stamp_leaf */
};

struct gv_tx_stamp {
    uint8_t authority;     /* index in OPEN */
    struct gv_bytes token; /* RFC 3161 token over the root of the leaves */
    uint16_t count;        /* 1 to GV_STAMP_LEAVES_MAX */
    const uint8_t *leaves; /* count x 32, strictly ascending: no repetition */
};

/* A cancellation ends an auction without an accepted bid, at once; once there
 * is one it is an early close (auction.md A29). */
enum gv_close_mode { GV_CLOSE_EARLY = 0, GV_CLOSE_CANCEL = 1 };
struct gv_tx_close {
    uint8_t mode;      /* enum gv_close_mode */
    struct gv_sig sig; /* by the seller over the id */
    struct gv_hash id; /* derived: H_tag("gavel/close", core) */
};

/* One authority's RFC 3161 token. */
struct gv_tx_token {
    uint8_t authority; /* index in the auction's OPEN */
    struct gv_bytes token;
};

/* Tokens of f+1 authorities over the parent's sealed id. */
struct gv_tx_cutoff {
    uint8_t count; /* 1 to GV_AUTHORITIES_MAX, authority strictly ascending */
    struct gv_tx_token token[GV_AUTHORITIES_MAX];
};

/* How many tokens the issuer signed for this auction, and its log of them. */
struct gv_tx_issued {
    uint8_t root[32]; /* RFC 6962 root over the COMMIT messages */
    uint32_t count;
    struct gv_sig sig; /* by the issuer's key in OPEN */
};

/* A notary has delivered its part of an identity. */
enum gv_disclose_side {
    GV_WINNER_TO_SELLER = 0, /* its share of the winner's identity */
    GV_SELLER_TO_WINNER = 1  /* the seller's certificate */
};
struct gv_tx_disclose {
    uint8_t award;      /* below GV_AWARD_NUMBERS */
    uint8_t notary;     /* index in OPEN */
    uint8_t side;       /* enum gv_disclose_side */
    uint8_t digest[32]; /* SHA256 of the answer (notary.h) that was given */
    struct gv_sig sig;  /* by the notary's key in OPEN */
};

/* What seller or winner says of an award once the outcome is final (C17). */
enum gv_settle_what {
    GV_SETTLE_PAID = 1,      /* both */
    GV_SETTLE_DELIVERED = 2, /* the seller */
    GV_SETTLE_DEFAULTED = 3, /* the seller: not paid in time */
    GV_SETTLE_RECEIVED = 4   /* the winner */
};
enum gv_settle_side { GV_SIDE_SELLER = 0, GV_SIDE_WINNER = 1 };
struct gv_tx_settle {
    uint8_t award; /* below GV_AWARD_NUMBERS */
    uint8_t what;  /* enum gv_settle_what */
    uint8_t side;  /* enum gv_settle_side */
    struct gv_pubkey key;
    uint8_t count; /* to GV_AUTHORITIES_MAX, ascending; 0 unless defaulted */
    struct gv_tx_token token[GV_AUTHORITIES_MAX];
    struct gv_sig sig; /* by key */
};
/* Imprint of its tokens: H_tag("gavel/settle", auction | sealed id of the
 * block that made the award | award u8). */
void gv_settle_imprint(const struct gv_chain_id *auction,
                       const struct gv_sealed_id *made, uint8_t award,
                       uint8_t out32[32]);
/* May this side say this? */
bool gv_settle_may(uint8_t side, uint8_t what);

/* The runner-up takes the second chance (C18). */
struct gv_tx_accept {
    uint8_t award; /* 1 to GV_AWARDS_MAX - 1 */
    struct gv_pubkey key;
    uint64_t price;    /* minor units */
    struct gv_sig sig; /* by key */
};

/* A validator tells that a block left out a BID or CLOSE it held (V4). */
struct gv_tx_objection {
    uint8_t validator; /* index in OPEN */
    uint8_t kind;      /* GV_TX_BID or GV_TX_CLOSE */
    uint8_t id[32];    /* of the BID or CLOSE */
    struct gv_sealed_id block;
    struct gv_sig sig; /* by the validator */
};

/* A notary publishes its key of this auction: sealed bids open. Nobody signs
 * it; the key proves itself (C14). */
struct gv_tx_keyrelease {
    uint8_t notary;              /* index in OPEN's bid_escrow */
    uint8_t secret[GV_HPKE_KEY]; /* clamped */
};

/* A bidder opens a sealed bid itself (C15). */
struct gv_tx_opening {
    struct gv_bid_id bid;
    uint8_t es[32];
};

/* What X has fixed, in an auction where something is sealed (R7). */
struct gv_tx_setfixed {
    uint32_t count;   /* bids on the chain */
    uint8_t hash[32]; /* H_tag("gavel/set", rows in total order) */
};
/* A validator gives its place to another key (C13). */
struct gv_tx_handover {
    uint8_t validator;        /* index in OPEN */
    struct gv_pubkey old_key; /* the validator's so far */
    struct gv_pubkey key;     /* from now on */
    struct gv_sig pop;        /* by key, gv_handover_digest */
    struct gv_sig sig;        /* by old_key */
};

#define GV_HANDOVER_SIZE 227 /* bytes of one, always */

/* Quorum certificate of a link (V1, V2). */
struct gv_vote {
    uint32_t source_height, target_height;
    struct gv_sealed_id source, target;
};
/* Do two votes of one validator on one chain break V1: different links with
 * one target height, or one around the other? */
enum gv_vote_fault { GV_VOTES_FINE, GV_VOTES_SAME_TARGET, GV_VOTES_SURROUND };
enum gv_vote_fault gv_votes_fault(const struct gv_vote *a,
                                  const struct gv_vote *b);

/* Two votes of one key that break V1. The first is the bytewise smaller. */
struct gv_tx_evidence {
    uint8_t what;               /* 1: votes */
    struct gv_chain_id accused; /* chain that the votes are for */
    struct gv_pubkey key;
    struct {
        struct gv_vote link;
        struct gv_sig sig;
    } vote[2];
};
#define GV_EVIDENCE_VOTES 1

/* Trusted time over the FINAL that ends an auction (V6). */
struct gv_tx_anchor {
    struct gv_chain_id auction;
    struct gv_tx_id final;    /* of that FINAL */
    struct gv_pubkey service; /* who had it stamped */
    uint8_t count;            /* 1 to GV_AUTHORITIES_MAX, strictly ascending */
    struct gv_tx_token token[GV_AUTHORITIES_MAX];
    struct gv_sig sig; /* by the service */
};
/* Imprint of its tokens: H_tag("gavel/anchor", auction | final). */
void gv_anchor_imprint(const struct gv_chain_id *auction,
                       const struct gv_tx_id *final, uint8_t out32[32]);

struct gv_tx_final {
    struct gv_vote link;
    struct gv_bytes bitmap; /* validator i signed: bit i%8 of byte i/8 */
    const uint8_t *sigs;    /* 64 each, in the order of the bits */
    uint8_t count;          /* how many */
};

/* The stamping service's promise: in a block by deadline_us. */
struct gv_tx_receipt {
    struct gv_bid_id bid;
    uint64_t t_us, deadline_us;
    struct gv_pubkey service;
    struct gv_sig sig;
};

struct gv_tx {
    enum gv_tx_kind kind;
    struct gv_chain_id chain; /* as encoded */
    struct gv_bytes raw;      /* the whole encoding */
    size_t core_len;          /* bytes before the trailing signature */
    union {
        struct gv_tx_service service;
        struct gv_tx_cert cert;
        struct gv_tx_revoke revoke;
        struct gv_tx_node node;
        struct gv_tx_epoch epoch;
        struct gv_tx_list list;
        struct gv_tx_evidence evidence;
        struct gv_tx_anchor anchor;
        struct gv_tx_enrol enrol;
        struct gv_tx_bid bid;
        struct gv_tx_stamp stamp;
        struct gv_tx_close close;
        struct gv_tx_cutoff cutoff;
        struct gv_outcome outcome;
        struct gv_tx_issued issued;
        struct gv_tx_disclose disclose;
        struct gv_tx_objection objection;
        struct gv_tx_keyrelease keyrelease;
        struct gv_tx_opening opening;
        struct gv_tx_setfixed setfixed;
        struct gv_tx_handover handover;
        struct gv_tx_settle settle;
        struct gv_tx_accept accept;
        struct gv_tx_final final;
        struct gv_tx_receipt receipt;
    } u; /* OPEN has its own decoder, open.h */
};

/* Decode and make every context-free check (docs/spec/format.md): GV_OK or
 * GV_REJECT with GV_BAD_ENCODING and the field. OPEN and EPOCH are only
 * recognised here (kind, chain); gv_open_decode and gv_epoch_decode read
 * them. */
enum gv_rc gv_tx_decode(struct gv_bytes raw, struct gv_tx *out,
                        struct gv_reject *why) GV_MUST_CHECK;

/* The same without the derived fields, and the derived fields of many at once:
 * hashing whole blocks together is several times faster (sha256xn.h). */
enum gv_rc gv_tx_decode_bare(struct gv_bytes raw, struct gv_tx *out,
                             struct gv_reject *why) GV_MUST_CHECK;
void gv_tx_derive(struct gv_tx *txs, size_t n);

/* Encode (all kinds but OPEN). The sink decides: size, bytes or hash. */
void gv_tx_put(struct gv_sink *s, const struct gv_tx *tx);

/* SHA256(0x00 | raw), the leaf of tx_root. For OPEN see gv_open_leaf. */
void gv_tx_id_of(struct gv_bytes raw, struct gv_tx_id *out);

/* The 32 bytes the transaction's own trailing signature signs: BID and CLOSE
 * their id, others H_tag("gavel/tx", core). */
void gv_tx_digest(const struct gv_tx *tx, uint8_t out32[32]);

/* Sign in place: fills the signature (and the derived id) of a transaction
 * that has one. */
enum gv_rc gv_tx_sign(const struct gv_keys *keys,
                      const struct gv_seckey *secret,
                      struct gv_tx *tx) GV_MUST_CHECK;

/* What the new key of a HANDOVER signs to show that somebody has it. */
void gv_handover_digest(const struct gv_chain_id *chain,
                        const struct gv_tx_handover *t, uint8_t out32[32]);

/* What a vote's signature signs. */
void gv_vote_digest(const struct gv_chain_id *chain, const struct gv_vote *v,
                    uint8_t out32[32]);

/* The leaf by which a STAMP lists a BID or CLOSE:
 * SHA256("gavel/tst/1" | kind u8 | id 32 | sig 64). */
void gv_stamp_leaf(enum gv_tx_kind kind, const uint8_t id32[32],
                   const struct gv_sig *sig, uint8_t out32[32]);
/* RFC 6962 root over `count` stamp leaves: the token's imprint. */
void gv_stamp_root(const uint8_t *leaves, size_t count, uint8_t out32[32]);
/* Imprint of a CUTOFF token: H_tag("gavel/cutoff", auction | sealed id). */
void gv_cutoff_imprint(const struct gv_chain_id *auction,
                       const struct gv_sealed_id *parent, uint8_t out32[32]);
/* H_tag("gavel/tie", SHA256(TSTInfo) | bid_id). */
void gv_tie(const uint8_t info_hash32[32], const uint8_t id32[32],
            uint8_t out32[32]);

/* Does this kind carry tokens that its chain's rules read (verify.h)? */
static inline bool
gv_tx_has_tokens(enum gv_tx_kind k)
{
    return k == GV_TX_STAMP || k == GV_TX_CUTOFF || k == GV_TX_SETTLE;
}

/* May this kind stand on the registry, on an auction chain? */
bool gv_tx_on_registry(enum gv_tx_kind k);
bool gv_tx_on_auction(enum gv_tx_kind k);
/* "BID"; NULL for a number that is no kind. */
const char *gv_tx_name(unsigned kind);

#endif
