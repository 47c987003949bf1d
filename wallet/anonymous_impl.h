/*
 * anonymous_impl.h - what anonymous.c (the wallet's side: keys, ENROL), adopt.c
 * (rows, and what the chain gives back), session.c (the issuer's protocol) and
 * seller.c (seats of an epoch) share.
 */
#ifndef GAVEL_WALLET_ANONYMOUS_IMPL_H
#define GAVEL_WALLET_ANONYMOUS_IMPL_H

#include <gavel/open_escrow.h>

#include "wallet/anonymous.h"

/* One pseudonym on its way: of a bidder in an auction, or of a seller in a
 * seat. */
struct anonymous {
    struct gv_cli *cli;
    const struct gv_open *open; /* the auction's, or the desk of an epoch */
    struct gv_chain_id scope;   /* the auction's id, or the seat's */
    const struct gv_signer *who;
    const struct gv_trace *trace; /* of the auction's chain */
    json_t *row;                  /* the wallet's, borrowed */
    struct gv_open_escrow *escrow;
    uint32_t attempt;
    struct gv_ggm tree; /* secret; of attempt */
    struct gv_escrow_who name;
    struct gv_iss_session session;
};

/* What open, scope and certificate give, without a tree. GV_REJECT: the
 * wallet's certificate is missing or cannot be read; GV_FAULT: no memory. End
 * it in any case. */
enum gv_rc anonymous_begin(struct anonymous *x) GV_MUST_CHECK;
void anonymous_end(struct anonymous *x);
/* The tree of an attempt. */
void anonymous_plant(struct anonymous *x, uint32_t attempt);

/* An exit code for what anonymous_begin refused, printed. */
int anonymous_no_begin(const struct gv_cli *cli, enum gv_rc rc);
/* The keys of leaf j of the tree, in the certified signer's place. */
enum gv_rc anonymous_keys(const struct anonymous *x, uint32_t j,
                          struct gv_pseudonym *out) GV_MUST_CHECK;
/* Unblind the issuer's signature on the row's leaf; *out borrows from *leaf.
 * An exit code; wipe *leaf. */
int anonymous_token(const struct anonymous *x,
                    const uint8_t signature[GV_RSA_SIZE],
                    struct gv_escrow_leaf *leaf,
                    struct gv_token *out) GV_MUST_CHECK;

/* --- adopt.c --- */

/* The wallet's row of this scope and identity; NULL: none. */
json_t *adopt_row(struct gv_cli *cli, const struct gv_chain_id *scope,
                  const struct gv_signer *who);
/* The same, made if it is missing; NULL: no memory. */
json_t *adopt_new_row(struct gv_cli *cli, const struct gv_chain_id *scope,
                      const struct gv_signer *who);
/* Look for the keys of the tree's leaves among the ENROLs of the trace, and
 * take the one that is there into the row. GV_OK, GV_ABSENT or GV_FAULT. */
enum gv_rc adopt_leaf(struct anonymous *x) GV_MUST_CHECK;

/* --- session.c --- */

/* Run the session with the issuer up to its signature, or until the row has
 * an ENROL that was on the chain already; saves the wallet on the way. An exit
 * code. */
int session_run(struct anonymous *x,
                uint8_t signature[GV_RSA_SIZE]) GV_MUST_CHECK;
/* Open it and no more, and plant its tree: an exit code. *used: it has a
 * COMMIT, of this wallet or of one that was lost. */
int session_enter(struct anonymous *x, bool *used) GV_MUST_CHECK;
/* The same, and look for its leaves: an exit code, *rc as
 * adopt_leaf. */
int session_look(struct anonymous *x, enum gv_rc *rc) GV_MUST_CHECK;

#endif
