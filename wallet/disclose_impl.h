/*
 * disclose_impl.h - what disclose.c (a certified seller and its winner),
 * disclose_match.c (a pseudonymous one) and disclose_awards.c share.
 *
 * Functions give exit codes, printed when not GV_EXIT_OK.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_DISCLOSE_IMPL_H
#define GAVEL_WALLET_DISCLOSE_IMPL_H

#include <gavel/notary.h>

#include "wallet/anonymous.h"
#include "wallet/disclose.h"

/* A request for shares, with the key that opens the answers. */
struct disclose_asking {
    struct gv_open_ask ask;
    uint8_t secret[32]; /* of ask.ek */
    uint8_t *raw;
    size_t len;
};

/* The hex member of an answer of the node as heap bytes. */
int disclose_fetch(struct gv_cli *cli, const char *method, json_t *params,
                   const char *member, uint8_t **out,
                   size_t *len) GV_MUST_CHECK;
/* What the node has of the lot of this number, borrowed; NULL: nothing. */
const json_t *disclose_lot(const struct gv_auction *a, uint8_t lot);
/* A notary's answer as a share; false when it is none. */
bool disclose_read_share(const struct gv_auction *a, unsigned i,
                         const struct disclose_asking *ask, struct gv_bytes raw,
                         const struct gv_keys *keys, struct gv_share *out);
/* The good shares, and what it takes to know one. */
struct disclose_shares {
    const struct gv_auction *a;
    const struct disclose_asking *ask;
    const struct gv_keys *keys;
    struct gv_share of[GV_NOTARIES_MAX];
    unsigned count;
};
/* For struct gv_notary_request: arg is a struct disclose_shares. */
bool disclose_take_share(void *arg, unsigned i, struct gv_bytes answer);
/* Shares to identity; false ones are told in answers. */
int disclose_open(struct gv_cli *cli, const struct gv_open_escrow *escrow,
                  const struct disclose_shares *s,
                  struct gv_notary_answers *answers,
                  const struct gv_token *token,
                  struct gv_escrow_opened *out) GV_MUST_CHECK;
int disclose_evidence(struct gv_cli *cli, const struct gv_auction *a,
                      const struct gv_hash *session, uint8_t **out,
                      size_t *len) GV_MUST_CHECK;
/* Complete k by es and cred, verify and encode it. */
int disclose_pack(struct gv_cli *cli, const struct gv_escrow_opened *opened,
                  struct gv_identity_pack *k, uint8_t **pack,
                  size_t *len) GV_MUST_CHECK;

/* disclose_match.c */
/* Have the notaries compare seller and winner, and get the shares of of->key
 * into s, as the other one: `me` is that one's pseudonym. */
int disclose_match(struct gv_cli *cli, const struct gv_award *of,
                   const struct gv_pseudonym *me, struct disclose_shares *s,
                   struct gv_notary_answers *answers) GV_MUST_CHECK;
/* The pack of a pseudonymous seller, for the winner. */
int disclose_seller_pack(struct gv_cli *cli, const struct gv_auction *a,
                         const struct gv_disclose_as *winner,
                         struct gv_notary_answers *answers, uint8_t **pack,
                         size_t *len) GV_MUST_CHECK;

#endif
