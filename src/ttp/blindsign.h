/*
 * blindsign.h - RSA-3072 private keys of one auction and what is done with
 * them: blind signatures (the issuer's token key), challenges (its challenge
 * key) and shares (a notary's id-escrow key). The three are never one key.
 *
 * The public side is gavel/rsa.h and gavel/blind.h; keeping and destroying the
 * keys is for the services.
 *
 * Thread-safety: a key may serve several threads.
 */
#ifndef GAVEL_TTP_BLINDSIGN_H
#define GAVEL_TTP_BLINDSIGN_H

#include <gavel/rsa.h>
#include <openssl/types.h>

#include "src/base/error.h"

/* A fresh RSA-3072 key, e = 65537 (FIPS 186-4; about half a second). NULL with
 * e set when the library fails. The caller does EVP_PKEY_free. */
EVP_PKEY *gv_rsakey_new(struct gv_error *e);

/* The modulus of a private or public key as OPEN pins it. GV_REJECT when the
 * key is not RSA of 3072 bits with e = 65537. */
enum gv_rc gv_rsakey_modulus(const EVP_PKEY *key,
                             uint8_t modulus[GV_RSA_SIZE]) GV_MUST_CHECK;

/* BlindSign (RFC 9474, 4.3): s = z^d mod n, checked by s^e = z before it is
 * given away (a fault would show the key). GV_REJECT: z is not below n.
 * GV_FAULT: the library failed or the check did; s is zeroed. */
enum gv_rc gv_blindsign(EVP_PKEY *key, const uint8_t z[GV_RSA_SIZE],
                        uint8_t s[GV_RSA_SIZE]) GV_MUST_CHECK;

/* RSASSA-PKCS1-v1_5 with SHA-256 over a 32-byte message: the one signature
 * there is (gv_iss_challenge_digest). */
enum gv_rc gv_challenge_sign(EVP_PKEY *key, const uint8_t msg32[32],
                             uint8_t sig[GV_RSA_SIZE]) GV_MUST_CHECK;

/* RSAES-OAEP decryption, SHA-256 and MGF1-SHA-256, empty label. *len: room in
 * out at first (GV_RSA_SIZE serves), bytes of the message afterwards.
 * GV_REJECT: not a ciphertext of this key. The message is secret; check it
 * with gv_escrow_share_read. */
enum gv_rc gv_oaep_open(EVP_PKEY *key, const uint8_t sealed[GV_RSA_SIZE],
                        uint8_t *out, size_t *len) GV_MUST_CHECK;

#endif
