/*
 * issue.h - the messages by which a certified bidder gets one blind token from
 * the issuer of an auction (docs/spec/identity.md, "The session"): encodings,
 * and what is signed.
 *
 *     GET              -> NONCE      {nonce_s}
 *     ISS_OPEN         -> ISS_PARAM  {session}
 *     ISS_COMMIT       -> ISS_CHALLENGE {j, signature}
 *     ISS_REVEAL       -> ISS_SIGN   {blind signature}
 *
 * The bodies are the fields and nothing else; which message it is says the
 * address it is sent to. Every request may be sent again and has the same
 * answer. Decoding is total and strict: the verdict is GV_BAD_ENCODING with
 * the field's name. Decoded views point into the bytes they came from.
 *
 * Digests are 32 bytes. A certificate signs one as the *message* of ECDSA with
 * SHA-256 on P-256 (so it is hashed once more, as `openssl dgst -sha256 -sign`
 * does); the challenge key as the message of RSASSA-PKCS1-v1_5 with SHA-256.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_ISSUE_H
#define GAVEL_ISSUE_H

#include "gavel/escrow.h"
#include "gavel/reject.h"
#include "gavel/wire.h"

#define GV_ISS_CERT_MAX 4096 /* DER of the certificate */
#define GV_ISS_SIG_MAX 72    /* DER of an ECDSA-P256 signature */
#define GV_ISS_SIG_MIN 8

struct gv_iss_nonce {
    uint8_t nonce_s[32];
};

struct gv_iss_open {
    struct gv_chain_id auction;
    struct gv_bytes cert; /* the bidder's certificate, DER */
    uint8_t nonce_c[32];  /* fresh, the client's */
    uint8_t nonce_s[32];  /* of NONCE; good once */
    struct gv_bytes sig;  /* by cert over gv_iss_auth_digest */
};

struct gv_iss_param {
    struct gv_hash session;
};

/* Also a leaf of the issuer's log: the whole encoding. */
struct gv_iss_commit {
    struct gv_hash session;
    uint8_t root[32];    /* R */
    struct gv_bytes sig; /* by cert over gv_iss_commit_digest */
};

struct gv_iss_challenge {
    uint32_t j;
    uint8_t sig[GV_RSA_SIZE]; /* by the challenge key */
};

struct gv_iss_reveal {
    struct gv_hash session;
    uint8_t depth;                  /* not encoded: d of OPEN */
    uint8_t copath[GV_CUT_MAX][32]; /* depth of them, root side first */
    uint8_t blinded[GV_RSA_SIZE];
    struct gv_bytes sig; /* by cert over gv_iss_reveal_digest */
};

struct gv_iss_sign {
    uint8_t signature[GV_RSA_SIZE]; /* of the token key over blinded */
};

void gv_iss_nonce_put(struct gv_sink *s, const struct gv_iss_nonce *m);
void gv_iss_open_put(struct gv_sink *s, const struct gv_iss_open *m);
void gv_iss_param_put(struct gv_sink *s, const struct gv_iss_param *m);
void gv_iss_commit_put(struct gv_sink *s, const struct gv_iss_commit *m);
void gv_iss_challenge_put(struct gv_sink *s, const struct gv_iss_challenge *m);
void gv_iss_reveal_put(struct gv_sink *s, const struct gv_iss_reveal *m);
void gv_iss_sign_put(struct gv_sink *s, const struct gv_iss_sign *m);

enum gv_rc gv_iss_nonce_decode(struct gv_bytes raw, struct gv_iss_nonce *out,
                               struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_iss_open_decode(struct gv_bytes raw, struct gv_iss_open *out,
                              struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_iss_param_decode(struct gv_bytes raw, struct gv_iss_param *out,
                               struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_iss_commit_decode(struct gv_bytes raw, struct gv_iss_commit *out,
                                struct gv_reject *why) GV_MUST_CHECK;
/* j is below 2^depth and the one that sig gives. */
enum gv_rc gv_iss_challenge_decode(struct gv_bytes raw, uint8_t depth,
                                   struct gv_iss_challenge *out,
                                   struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_iss_reveal_decode(struct gv_bytes raw, uint8_t depth,
                                struct gv_iss_reveal *out,
                                struct gv_reject *why) GV_MUST_CHECK;
enum gv_rc gv_iss_sign_decode(struct gv_bytes raw, struct gv_iss_sign *out,
                              struct gv_reject *why) GV_MUST_CHECK;

/* SHA256 of a certificate's subject, UTF-8 text, with its ASCII letters in
 * lower case: who may have one token of an auction, under whatever certificate
 * (I3). */
void gv_iss_subject(struct gv_bytes text, struct gv_hash *out);

/* H_tag("gavel/auth", nonce_s | nonce_c | SHA256(server's TLS certificate) |
 * SHA256(client's certificate) | auction). The client takes server_cert from
 * the connection it is on, so that nobody can pass the message on. */
void gv_iss_auth_digest(const struct gv_iss_open *m,
                        const struct gv_hash *server_cert, uint8_t out32[32]);

/* What is fixed for one session. */
struct gv_iss_session {
    struct gv_hash session;
    struct gv_chain_id auction;
    struct gv_hash subject; /* of gv_iss_subject */
    struct gv_hash pins;    /* SHA256 of OPEN's issuer and notary part */
    uint8_t depth;          /* k = 2^depth */
    uint8_t root[32];       /* R, once there is a COMMIT */
};

/* H_tag("gavel/commit", session | auction | pins | k u32 | R). */
void gv_iss_commit_digest(const struct gv_iss_session *s, uint8_t out32[32]);

/* H_tag("gavel/challenge", session | auction | subject | R). */
void gv_iss_challenge_digest(const struct gv_iss_session *s, uint8_t out32[32]);

/* H_tag("gavel/reveal", session | auction | R | j u32 | copath | blinded): all
 * that makes the reveal true or false, so that nobody can change a part of it
 * and say that the signer lied. */
void gv_iss_reveal_digest(const struct gv_iss_session *s, uint32_t j,
                          const struct gv_iss_reveal *m, uint8_t out32[32]);

/* j of a challenge: the first four bytes of SHA256(sig), big-endian, mod
 * 2^depth. A PKCS #1 v1.5 signature is unique, so nobody chooses it. */
uint32_t gv_iss_challenge_j(const uint8_t sig[GV_RSA_SIZE], uint8_t depth);

/* Is it the challenge of this session: j fits sig, and sig is the challenge
 * key's? GV_OK, GV_REJECT (GV_BAD_SIGNATURE) or GV_FAULT. */
enum gv_rc gv_iss_challenge_verify(const struct gv_rsa_pub *challenge_key,
                                   const struct gv_iss_session *s,
                                   const struct gv_iss_challenge *m,
                                   struct gv_reject *why) GV_MUST_CHECK;

/* Is sig the ECDSA-P256 signature (DER) over the 32-byte message by the key
 * with this uncompressed point? GV_OK, GV_REJECT or GV_FAULT. */
enum gv_rc gv_iss_verify(const uint8_t point65[65], const uint8_t digest32[32],
                         struct gv_bytes sig) GV_MUST_CHECK;

#endif
