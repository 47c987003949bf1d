/*
 * tst.h - RFC 3161 time-stamp tokens as consensus reads them.
 *
 * One fixed DER template is walked strictly (docs/spec/consensus.md, "The
 * token"): ContentInfo of SignedData v3 with one TSTInfo, one SignerInfo, no
 * certificates, no CRLs, no unsigned attributes; messageDigest and
 * signingCertificateV2 checked; the signature verified with the key the
 * auction's OPEN pins. No X.509 path is built and OpenSSL's TS code is not
 * called, so a library update cannot change which blocks are valid.
 *
 * A token's signature is malleable: nothing ever hashes the token, only its
 * TSTInfo (rule "Order").
 *
 * Thread-safety: pure; a struct gv_tsa_key is read-only once made and may be
 * shared by threads.
 */
#ifndef GAVEL_TST_H
#define GAVEL_TST_H

#include "gavel/reject.h"
#include "gavel/wire.h"

#define GV_TOKEN_MAX 4096 /* bytes of one token's DER */

enum gv_tsa_alg { GV_TSA_ECDSA_P256_SHA256 = 1, GV_TSA_RSA_PKCS1_SHA256 = 2 };

/* What OPEN pins about one authority. Views borrow from OPEN's bytes. */
struct gv_authority {
    uint8_t alg;                   /* enum gv_tsa_alg */
    struct gv_bytes key;           /* P-256: 65-byte uncompressed point;
                                    * RSA: big-endian modulus, 256 to 512 bytes,
                                    * e = 65537 */
    struct gv_hash cert;           /* SHA256 of its certificate (ESSCertIDv2) */
    uint32_t accuracy_ms;          /* the token's accuracy must not exceed it */
    uint8_t ordering;              /* 1: the token must say ordering TRUE */
    struct gv_bytes policy;        /* OID, DER content bytes, 1 to 32 */
    struct gv_bytes operator_name; /* UTF-8, up to 64 bytes, for people */
    struct gv_bytes url; /* where it answers RFC 3161 queries, "http://...", up
                          * to 200 bytes; empty: it is a service of the
                          * network, whose policies are below */
};

void gv_authority_put(struct gv_sink *s, const struct gv_authority *a);
void gv_authority_get(struct gv_reader *r, struct gv_authority *out);

/* Policy OIDs of Gavel's own service, DER content bytes: tokens over bids the
 * service published itself (rule R5), and over hashes it knows nothing of. */
struct gv_bytes gv_policy_published(void);
struct gv_bytes gv_policy_blind(void);
/* Is it one of the two? */
bool gv_policy_is_own(struct gv_bytes policy);

/* What a token says. */
struct gv_tst {
    uint64_t time_us;       /* genTime, us since 1970 */
    uint8_t imprint[32];    /* SHA-256 imprint */
    uint8_t info_hash[32];  /* SHA256(TSTInfo DER): the token's identity */
    struct gv_bytes serial; /* DER integer content */
    struct gv_bytes policy; /* OID content */
    struct gv_hash cert;    /* from signingCertificateV2 */
    uint64_t accuracy_us;   /* 0 when absent */
    bool ordering;
    struct gv_bytes signed_attrs; /* the SET OF that is signed */
    struct gv_bytes signature;    /* raw signature value */
    uint8_t alg;                  /* enum gv_tsa_alg, from the token */
};

/* Walk a token. Verdicts: GV_BAD_STAMP with the field's name
 * ("token.genTime", ...). A leap second, a genTime without seconds, or one
 * before 2000 or after 2200 is refused. Views point into der. */
enum gv_rc gv_tst_parse(struct gv_bytes der, struct gv_tst *out,
                        struct gv_reject *why) GV_MUST_CHECK;

/* A prepared public key of an authority (decoding costs more than verifying,
 * so it is done once per authority). NULL with *why filled when the key is
 * not a key; NULL and code GV_ACCEPTED when memory ran out. */
struct gv_tsa_key;
struct gv_tsa_key *gv_tsa_key_new(const struct gv_authority *a,
                                  struct gv_reject *why);
void gv_tsa_key_free(struct gv_tsa_key *key);

/* Does the parsed token satisfy what OPEN pins (algorithm, certificate,
 * accuracy, ordering, policy) and is its signature good? policy: the OID that
 * must stand in it. GV_OK, GV_REJECT (GV_BAD_STAMP) or GV_FAULT (library). */
enum gv_rc gv_tst_verify(const struct gv_tst *tst, const struct gv_authority *a,
                         struct gv_bytes policy, const struct gv_tsa_key *key,
                         struct gv_reject *why) GV_MUST_CHECK;

#endif
