/*
 * rsa_impl.h - what rsa.c, pss.c and blind.c share: the inside of a prepared
 * key, the public operation, and keys of the other sizes that published
 * vectors use (2048 and 4096 bits; Gavel itself has 3072 only).
 */
#ifndef GAVEL_CHAIN_RSA_IMPL_H
#define GAVEL_CHAIN_RSA_IMPL_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "gavel/blind.h"

#define RSA_SIZE_MIN 256
#define RSA_E_LOG2 16 /* e = 2^16 + 1 */

struct gv_rsa_pub {
    size_t size;
    BIGNUM *n;
    BN_MONT_CTX *mont;
    EVP_PKEY *pkey;
};

struct gv_rsa_work {
    BN_CTX *ctx;
    BIGNUM *a, *b, *c; /* cleared when freed */
};

/* modulus.len of RSA_SIZE_MIN to GV_RSA_SIZE_MAX bytes, top bit set, odd. */
struct gv_rsa_pub *rsa_pub_make(struct gv_bytes modulus);

/* out = in, of the size of the modulus. GV_REJECT: not below n. */
enum gv_rc rsa_load(const struct gv_rsa_pub *pub, const uint8_t *in,
                    BIGNUM *out) GV_MUST_CHECK;

/* out = x^e, Montgomery form (out R of x R); out is not x. False: library. */
bool rsa_raise(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
               BIGNUM *out, const BIGNUM *x_mont);

/* out = in^e mod n, both of the size of the modulus. GV_REJECT: in >= n. */
enum gv_rc rsa_public(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                      const uint8_t *in, uint8_t *out) GV_MUST_CHECK;

/* EME-OAEP-ENCODE (RFC 8017, 7.1.1) into size bytes. The message fits. */
void rsa_oaep_encode(size_t size, struct gv_bytes msg,
                     const uint8_t seed[GV_RSA_OAEP_SEED], uint8_t *em);

/* out = wide mod n; wide is up to 16 bytes longer than the modulus. GV_REJECT:
 * it is 0 (chance below 2^-2000). */
enum gv_rc rsa_reduce(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                      struct gv_bytes wide, uint8_t *out) GV_MUST_CHECK;

/* --- blind.c: of any size, and with any encoded message --- */

/* em = EMSA-PSS-ENCODE(prefix | msg) with secret's salt. */
void blind_encode(const uint8_t msg32[32], const struct gv_blind *secret,
                  uint8_t em[GV_RSA_SIZE]);

/* out = em r^e mod n. GV_REJECT: r is not in 1 to n - 1. */
enum gv_rc blind_apply(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                       const uint8_t *em, const uint8_t *r,
                       uint8_t *out) GV_MUST_CHECK;

/* out = s r^-1 mod n. GV_REJECT: s is not below n, or r has no inverse. */
enum gv_rc blind_remove(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                        const uint8_t *r, const struct gv_blind_answer *answer,
                        uint8_t *out) GV_MUST_CHECK;

/* Does in, of the size of the modulus, have no factor in common with n? False
 * also when the library fails. */
bool rsa_coprime(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                 const uint8_t *in);

/* --- pss.c --- */

#define PSS_HASH 48
#define PSS_SALT_MAX 48

void pss_sha384(struct gv_bytes in, uint8_t out[PSS_HASH]);

/* EMSA-PSS-ENCODE (RFC 8017, 9.1.1) with SHA-384 and MGF1-SHA-384 for a
 * modulus of `size` bytes whose top bit is set: emBits = 8 size - 1. salt.len
 * is at most PSS_SALT_MAX. */
void pss_encode(size_t size, struct gv_bytes msg, struct gv_bytes salt,
                uint8_t *em);

#endif
