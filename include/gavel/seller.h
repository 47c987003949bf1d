/*
 * seller.h - the token of a pseudonymous seller: the issuer's blind signature
 * over a key that nobody can tie to the certificate it was given for, good in
 * one epoch (docs/spec/identity.md, "Pseudonymous sellers").
 *
 * It is a bidder's token (blind.h) with the epoch's id in the place of the
 * auction's. Where the escrowed identity itself is not wanted (LIST, requests
 * to services) its hash stands for it: the token's message has no more of it.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_SELLER_H
#define GAVEL_SELLER_H

#include "gavel/blind.h"
#include "gavel/wire.h"

#define GV_SELLER_TOKEN_SIZE (5 * 32 + GV_RSA_SIZE)

struct gv_seller_token {
    struct gv_chain_id epoch; /* id of an EPOCH (epoch.h) */
    struct gv_pubkey key;     /* the pseudonym, which signs OPEN */
    uint8_t ek[32];           /* X25519 */
    uint8_t blob[32];         /* SHA256 of the escrowed identity */
    uint8_t prefix[GV_BLIND_PREFIX];
    struct gv_bytes sig; /* GV_RSA_SIZE bytes, borrowed */
};

/* epoch | key | ek | blob | prefix | sig, GV_SELLER_TOKEN_SIZE bytes. */
void gv_seller_token_put(struct gv_sink *s, const struct gv_seller_token *t);
void gv_seller_token_get(struct gv_reader *r, struct gv_seller_token *t);

/* The same token without its blob; out->sig borrows from t. */
void gv_seller_token_of(const struct gv_chain_id *epoch,
                        const struct gv_token *t, struct gv_seller_token *out);

/* RSASSA-PSS over prefix | message by the epoch's token key. GV_OK, GV_REJECT
 * or GV_FAULT. */
enum gv_rc
gv_seller_token_verify(const struct gv_rsa_pub *pub,
                       const struct gv_seller_token *token) GV_MUST_CHECK;

#endif
