/*
 * blob.h - the fixed auction of fuzz_blob.c, which seeds_identity.c needs too:
 * moduli that nobody has factors of, one seed, one key.
 */
#ifndef GAVEL_TESTS_FUZZ_BLOB_H
#define GAVEL_TESTS_FUZZ_BLOB_H

#include <stdlib.h>

#include "gavel/escrow.h"

#define BLOB_NOTARIES 2

static const uint8_t blob_es[32] = "the seed that shares would open";
static const struct gv_pubkey blob_key = {"a key"};

static inline struct gv_rsa_pub *
blob_modulus(uint8_t fill)
{
    uint8_t n[GV_RSA_SIZE];
    struct gv_rsa_pub *pub;

    memset(n, fill, sizeof(n));
    n[0] |= 0x80;
    n[GV_RSA_SIZE - 1] |= 1;
    pub = gv_rsa_pub_new(n);
    if (pub == NULL)
        abort();
    return pub;
}

/* A worker for t = 2, n = 2, k = 8; never freed. */
static inline struct gv_escrow *
blob_worker(void)
{
    static const uint8_t seed[32];
    struct gv_escrow_pins pins = {.depth = 3, .t = 2, .n = BLOB_NOTARIES};
    struct gv_keys *keys = gv_keys_new(seed);
    struct gv_escrow *worker = NULL;

    memset(pins.auction.b, 0xb1, sizeof(pins.auction.b));
    pins.token = blob_modulus(0x91);
    pins.notary[0] = blob_modulus(0xa3);
    pins.notary[1] = blob_modulus(0xb5);
    if (keys != NULL)
        worker = gv_escrow_new(&pins, keys);
    if (worker == NULL)
        abort();
    return worker;
}

#endif
