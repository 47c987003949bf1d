/*
 * rsa.h - RSA-3072 public keys as OPEN pins them, and what is done with them:
 * encryption with a given seed (RSAES-OAEP), and the verification of two kinds
 * of signature (RSASSA-PKCS1-v1_5 and RSASSA-PSS). RFC 8017.
 *
 * A key is a modulus and nothing else: 384 bytes, big-endian, top bit set,
 * odd; the exponent is always 65537 (docs/spec/identity.md, I2). It is built
 * from integers, never from DER, so that two nodes cannot read one key in two
 * ways. Private keys do not occur here: src/ttp/blindsign.h has them.
 *
 * Thread-safety: a struct gv_rsa_pub is read-only once made and may be shared
 * by many threads; a struct gv_rsa_work belongs to one.
 */
#ifndef GAVEL_RSA_H
#define GAVEL_RSA_H

#include "gavel/types.h"

#define GV_RSA_SIZE 384     /* bytes of a modulus, signature, ciphertext */
#define GV_RSA_SIZE_MAX 512 /* of the sizes that published vectors need */
#define GV_RSA_OAEP_SEED 32 /* SHA-256 */
#define GV_RSA_OAEP_MAX (GV_RSA_SIZE - 2 * 32 - 2) /* bytes of a message */

struct gv_rsa_pub;  /* a prepared key */
struct gv_rsa_work; /* scratch space of one thread */

/* Could these 384 bytes be a modulus: top bit set and odd? Nothing else can be
 * seen from outside; whoever pins a key proves that it can use it. */
bool gv_rsa_modulus_ok(const uint8_t modulus[GV_RSA_SIZE]);

/* Prepare a key (about 10 us). NULL when gv_rsa_modulus_ok refuses it, and
 * otherwise only when memory ran out: a fault. */
struct gv_rsa_pub *gv_rsa_pub_new(const uint8_t modulus[GV_RSA_SIZE]);
void gv_rsa_pub_free(struct gv_rsa_pub *pub);

/* Bytes of its modulus: GV_RSA_SIZE for every key of gv_rsa_pub_new. */
size_t gv_rsa_pub_size(const struct gv_rsa_pub *pub);

/* Scratch space for the functions that ask for it; wiped when freed. NULL when
 * memory ran out. */
struct gv_rsa_work *gv_rsa_work_new(void);
void gv_rsa_work_free(struct gv_rsa_work *work);

/* RSAES-OAEP with SHA-256, MGF1-SHA-256 and the empty label. seed: uniform and
 * as secret as the message, never used twice with one key. out has the size of
 * the modulus. GV_REJECT when msg is longer than the size - 66; GV_FAULT. */
enum gv_rc gv_rsa_oaep(const struct gv_rsa_pub *pub, struct gv_rsa_work *work,
                       struct gv_bytes msg,
                       const uint8_t seed[GV_RSA_OAEP_SEED],
                       uint8_t *out) GV_MUST_CHECK;

/* Is sig a RSASSA-PKCS1-v1_5 signature with SHA-256 over msg? (msg is hashed
 * here.) A signature has the length of the modulus and is below it. GV_OK,
 * GV_REJECT or GV_FAULT. */
enum gv_rc gv_rsa_verify_pkcs1(const struct gv_rsa_pub *pub,
                               struct gv_bytes msg,
                               struct gv_bytes sig) GV_MUST_CHECK;

/* Is sig a RSASSA-PSS signature with SHA-384, MGF1-SHA-384 and a salt of
 * exactly 48 bytes over msg? The same answers. */
enum gv_rc gv_rsa_verify_pss(const struct gv_rsa_pub *pub, struct gv_bytes msg,
                             struct gv_bytes sig) GV_MUST_CHECK;

#endif
