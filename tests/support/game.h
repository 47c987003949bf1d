/*
 * game.h - an auction's keys of anonymous enrolment, and both sides of it, for
 * tests: the issuer's keys, n notaries, one certified bidder.
 *
 * Thread-safety: a game belongs to one thread.
 */
#ifndef GAVEL_TESTS_GAME_H
#define GAVEL_TESTS_GAME_H

#include <gavel/escrow.h>
#include <openssl/types.h>

#include "tests/support/rsakey.h"

struct game {
    struct gv_keys *keys;
    EVP_PKEY *token_key, *challenge_key;
    EVP_PKEY *notary_key[GV_ESCROW_MAX]; /* beyond 4 they repeat */
    struct gv_rsa_pub *token, *challenge, *notary[GV_ESCROW_MAX];
    struct gv_escrow_pins pins;
    struct gv_escrow *worker;
    struct gv_escrow_who who;
    uint8_t master[32];
    struct gv_ggm tree; /* of master */
};

void game_make(struct game *g, uint8_t depth, uint8_t t, uint8_t n);
void game_free(struct game *g);

/* Another session: master and tree from a number. */
void game_session(struct game *g, uint32_t number);

/* The token that the issuer's signature on this leaf gives; it borrows from
 * the leaf. No challenge is played. */
void game_sign(struct game *g, const struct gv_escrow_leaf *leaf,
               struct gv_token *out);

/* Leaf j of the session and its token. */
void game_token(struct game *g, uint32_t j, struct gv_escrow_leaf *leaf,
                struct gv_token *out);

/* What the notaries decrypt and find to be theirs, in order; how many. */
unsigned game_shares(struct game *g, const struct gv_token *token,
                     struct gv_share out[GV_ESCROW_MAX]);

/* Blind a leaf again after a change to it, as a cheat does. */
void game_blind(struct game *g, struct gv_escrow_leaf *leaf);

#endif
