/*
 * rsakey.h - fixed RSA-3072 keys for tests: making one takes half a second,
 * and published figures need the same ones every time. They are no secret.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_TESTS_RSAKEY_H
#define GAVEL_TESTS_RSAKEY_H

#include <gavel/rsa.h>
#include <openssl/types.h>

#define SUPPORT_RSA_KEYS 6

/* Key i < SUPPORT_RSA_KEYS; the caller does EVP_PKEY_free. Never NULL. */
EVP_PKEY *support_rsa_key(unsigned i);
/* Its public side and modulus; the caller does gv_rsa_pub_free. */
struct gv_rsa_pub *support_rsa_pub(unsigned i, uint8_t modulus[GV_RSA_SIZE]);

#endif
