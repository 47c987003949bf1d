/*
 * pkey.h - OpenSSL public keys made of numbers, and one verification whose
 * three answers are kept apart. For rsa.c, issue.c and chain/rules.
 *
 * A key is never read from DER: there is one reading of a number.
 */
#ifndef GAVEL_CHAIN_PKEY_H
#define GAVEL_CHAIN_PKEY_H

#include <openssl/types.h>

#include "gavel/types.h"

/* 65-byte uncompressed point. NULL: not on the curve, or the library failed. */
EVP_PKEY *pkey_p256(struct gv_bytes point);

/* Big-endian modulus, e = 65537. */
EVP_PKEY *pkey_rsa(struct gv_bytes modulus);

/* With a context that is ready to verify. GV_REJECT for every signature that
 * is not good, whatever the library says about it; GV_FAULT when memory ran
 * out. Leaves no error in the library's queue. */
enum gv_rc pkey_verify(EVP_PKEY_CTX *ctx, struct gv_bytes sig,
                       struct gv_bytes digest) GV_MUST_CHECK;

#endif
