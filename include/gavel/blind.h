/*
 * blind.h - blind RSA signatures: RFC 9474, RSABSSA-SHA384-PSS-Randomized, the
 * side of the one who asks, and the token that comes of it.
 *
 *     client                                  signer (src/ttp/blindsign.h)
 *     gv_blind(message, prefix, salt, r) ---> z
 *                                        <--- s = z^d mod n
 *     gv_blind_finish(s) -> token
 *
 * The signer sees z, which for every message has exactly one r that fits, and
 * so learns nothing about the message or the token.
 *
 * There is no source of randomness here: whoever calls gives prefix, salt and
 * r, fresh for every attempt and uniform. In Gavel all three come from the
 * secret es of a leaf (escrow.h), so that they can be derived again.
 *
 * Secrets are kept from timing: our own code does not branch on them; r and
 * its inverse take OpenSSL's constant-time paths, the inverse is masked, and
 * multiplication is Montgomery's.
 *
 * Thread-safety: pure functions; a struct gv_rsa_work belongs to one thread.
 */
#ifndef GAVEL_BLIND_H
#define GAVEL_BLIND_H

#include "gavel/rsa.h"
#include "gavel/types.h"

#define GV_BLIND_PREFIX 32
#define GV_BLIND_SALT 48

/* What one blinding is made of; wipe it. r is big-endian, in 1 to n - 1 and
 * as long as the modulus. */
struct gv_blind {
    uint8_t prefix[GV_BLIND_PREFIX];
    uint8_t salt[GV_BLIND_SALT];
    uint8_t r[GV_RSA_SIZE];
};

/* Prepare and Blind (RFC 9474, 4.1 and 4.2) of a 32-byte message. blinded has
 * GV_RSA_SIZE bytes. GV_REJECT when r is out of range, or when it or the
 * encoded message shares a factor with n. */
enum gv_rc gv_blind(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                    const uint8_t msg32[32], const struct gv_blind *secret,
                    uint8_t blinded[GV_RSA_SIZE]) GV_MUST_CHECK;

/* What gv_blind_finish needs. */
struct gv_blind_answer {
    const uint8_t *signature; /* of the signer, GV_RSA_SIZE bytes */
    uint8_t mask[32];         /* fresh random bytes: hide r while inverted */
};

/* Finalize (4.4): unblind the signer's answer and verify what comes out.
 * token: GV_RSA_SIZE bytes, zeroed unless GV_OK. GV_REJECT: the signer did not
 * sign what was asked; drop this blinding, and never show token bytes of a
 * failed attempt to anybody. */
enum gv_rc gv_blind_finish(const struct gv_rsa_pub *pub,
                           struct gv_rsa_work *work, const uint8_t msg32[32],
                           const struct gv_blind *secret,
                           const struct gv_blind_answer *answer,
                           uint8_t token[GV_RSA_SIZE]) GV_MUST_CHECK;

/* --- the token of an anonymous bidder --- */

/* The fields of ENROL, form 1, that are neither chain nor signature. */
struct gv_token {
    struct gv_pubkey key; /* the bidder's key for this auction */
    uint8_t ek[32];       /* X25519 key for envelopes to it */
    struct gv_bytes blob; /* escrow.h; borrowed */
    uint8_t prefix[GV_BLIND_PREFIX];
    uint8_t sig[GV_RSA_SIZE]; /* RSASSA-PSS by the token key */
};

/* H_tag("gavel/token/1", auction | key | ek | SHA256(blob)): what the token
 * signs (I5). Always computed from the fields, never taken from a message. */
void gv_token_message(const struct gv_chain_id *auction,
                      const struct gv_token *token, uint8_t out32[32]);

/* Is it a token of this auction: RSASSA-PSS over prefix | message (I20)? pub is
 * the token key that OPEN pins. The blob is hashed and not looked into: that it
 * has gv_blob_size bytes is for the caller. GV_OK, GV_REJECT or GV_FAULT. */
enum gv_rc gv_token_verify(const struct gv_rsa_pub *pub,
                           const struct gv_chain_id *auction,
                           const struct gv_token *token) GV_MUST_CHECK;

#endif
