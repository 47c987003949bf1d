/*
 * serve.h - what a seller's wallet and the services of an anonymous auction
 * say to each other before there is an OPEN, and what the issuer gives of a
 * session afterwards (docs/spec/identity.md, "Serving an auction").
 *
 *     KEYS_ASK      -> KEYS_OFFER   issuer: token, challenge; notary: one
 *     KEYS_ASK      -> SEAL_OFFER   notary: the key that bids are sealed to
 *     the preimage  -> 64 bytes     the service's gv_open_pop signature
 *     session       -> EVIDENCE     of the issuer
 *
 * Bodies are the fields and nothing else. Decoding is total and strict
 * (GV_BAD_ENCODING with the field); views point into the input.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_SERVE_H
#define GAVEL_SERVE_H

#include "gavel/cred.h"
#include "gavel/issue.h"
#include "gavel/key.h"
#include "gavel/seller.h"

#define GV_KEYS_MAX 2
#define GV_KEYS_ASK_MS 300000 /* time_ms may be off by so much */
#define GV_PATH_MAX 32

/* A seller asks for keys of an auction to be. */
struct gv_keys_ask {
    struct gv_chain_id registry;
    struct gv_cred seller; /* role user */
    uint64_t time_ms;
    struct gv_sig sig; /* by seller.key over gv_keys_ask_digest */
};

/* The same question of a pseudonym: nothing in it tells who sells. It goes to
 * the same address and is told by its size. */
struct gv_seller_keys_ask {
    struct gv_chain_id registry;
    struct gv_seller_token token;
    uint64_t time_ms;
    struct gv_sig sig; /* by token.key over gv_seller_keys_ask_digest */
};
#define GV_SELLER_KEYS_ASK_SIZE (32 + GV_SELLER_TOKEN_SIZE + 8 + 64)

struct gv_keys_offer {
    struct gv_cred cred; /* the service's, by the root */
    struct gv_bytes operator_name;
    uint8_t count;
    struct gv_bytes modulus[GV_KEYS_MAX]; /* GV_RSA_SIZE each */
};

/* A notary's X25519 key of a sealed auction to be. */
struct gv_seal_offer {
    struct gv_cred cred; /* the notary's, by the root */
    struct gv_bytes operator_name;
    uint8_t key[32];
};
#define GV_SEAL_OFFER_MAX (GV_CRED_SIZE + 1 + 64 + 32)

/* Everything of one session, with its place in the issuer's log. */
struct gv_evidence {
    struct gv_bytes cert;      /* DER */
    struct gv_bytes commit;    /* messages, whole */
    struct gv_bytes challenge; /* empty: none was given */
    struct gv_bytes reveal;    /* empty: none came */
    uint32_t index;            /* of COMMIT in the log */
    uint32_t count;            /* of ISSUED; 0: not published yet */
    uint8_t path_len;
    const uint8_t *path; /* path_len x 32, RFC 6962 inclusion proof */
};

void gv_keys_ask_put(struct gv_sink *s, const struct gv_keys_ask *m);
void gv_seller_keys_ask_put(struct gv_sink *s,
                            const struct gv_seller_keys_ask *m);
enum gv_rc gv_seller_keys_ask_decode(struct gv_bytes raw,
                                     struct gv_seller_keys_ask *out,
                                     struct gv_reject *why) GV_MUST_CHECK;
/* H_tag("gavel/notary", "seller keys" | all fields before sig). */
void gv_seller_keys_ask_digest(const struct gv_seller_keys_ask *m,
                               uint8_t out32[32]);

void gv_keys_offer_put(struct gv_sink *s, const struct gv_keys_offer *m);
void gv_seal_offer_put(struct gv_sink *s, const struct gv_seal_offer *m);
void gv_evidence_put(struct gv_sink *s, const struct gv_evidence *m);

enum gv_rc gv_keys_ask_decode(struct gv_bytes raw, struct gv_keys_ask *out,
                              struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_keys_offer_decode(struct gv_bytes raw, struct gv_keys_offer *out,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_seal_offer_decode(struct gv_bytes raw, struct gv_seal_offer *out,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_evidence_decode(struct gv_bytes raw, struct gv_evidence *out,
                              struct gv_reject *why) GV_MUST_CHECK;

/* H_tag("gavel/notary", "keys" | all fields before sig). */
void gv_keys_ask_digest(const struct gv_keys_ask *m, uint8_t out32[32]);

/* H_tag("gavel/pop", auction): what whoever serves an auction signs. */
void gv_open_pop_digest(const struct gv_chain_id *auction, uint8_t out32[32]);

#endif
