/*
 * pins.h - what verification reads of a chain's pinned keys; made by pins.c.
 */
#ifndef GAVEL_RULES_PINS_H
#define GAVEL_RULES_PINS_H

#include <stdatomic.h>

#include "gavel/verify.h"

struct pinned_authority {
    uint8_t policy[32];
    uint8_t key[512];
    struct gv_authority pinned; /* its views point into this struct */
    struct gv_tsa_key *prepared;
};

struct gv_pins {
    atomic_uint refs;
    struct gv_chain_id registry, chain; /* equal on the registry */
    struct gv_pubkey root;
    struct gv_pubkey ca, seller;                      /* auctions */
    uint8_t identity, notaries;                       /* enum gv_identity */
    struct gv_pubkey issuer, notary[GV_NOTARIES_MAX]; /* anonymous ones */
    struct gv_rsa_pub *token;
    struct gv_bidseal_pins bidseal; /* n is 0 where nothing is sealed */
    bool takes[2];                  /* by enum gv_bid_kind */
    uint8_t authorities, validators;
    struct pinned_authority authority[GV_AUTHORITIES_MAX];
    struct gv_pubkey validator[GV_VALIDATORS_MAX];
};

#endif
