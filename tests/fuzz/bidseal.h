/*
 * bidseal.h - the holders of fuzz_bidseal.c and of its seeds: three, of whom
 * two open.
 */
#ifndef TESTS_FUZZ_BIDSEAL_H
#define TESTS_FUZZ_BIDSEAL_H

#include <stdlib.h>

#include "gavel/bidseal.h"

#define BIDSEAL_N 3

static const struct gv_pubkey bidseal_bidder = {{7}};

static inline void
bidseal_key(unsigned i, struct gv_bidseal_key *out)
{
    out->notary = (uint8_t)i;
    memset(out->secret, (int)i + 1, sizeof(out->secret));
}

static inline const struct gv_bidseal_pins *
bidseal_pins(void)
{
    static struct gv_bidseal_pins pins;
    struct gv_bidseal_key key;

    if (pins.n == BIDSEAL_N)
        return &pins;
    pins.auction = (struct gv_chain_id){{9}};
    pins.t = 2;
    pins.n = BIDSEAL_N;
    for (unsigned i = 0; i < BIDSEAL_N; i++) {
        bidseal_key(i, &key);
        if (gv_x25519_public(key.secret, pins.key[i]) != GV_OK)
            abort();
    }
    return &pins;
}

#endif
