/*
 * anonymous_impl.h - what the files of anonymous.h share: anonymous.c (the
 * wallet's side: keys, ENROL), adopt.c (rows, and what the chain gives back)
 * and session.c (the issuer's protocol).
 */
#ifndef GAVEL_WALLET_ANONYMOUS_IMPL_H
#define GAVEL_WALLET_ANONYMOUS_IMPL_H

#include <gavel/open_escrow.h>

#include "wallet/anonymous.h"

/* One enrolment on its way. */
struct anonymous {
    struct gv_cli *cli;
    const struct gv_auction *a;
    const struct gv_signer *who;
    const struct gv_trace *trace; /* of the auction's chain */
    json_t *row;                  /* the wallet's, borrowed */
    struct gv_open_escrow *escrow;
    uint32_t attempt;
    struct gv_ggm tree; /* secret; of attempt */
    struct gv_escrow_who name;
    struct gv_iss_session session;
};

/* What auction and certificate give, without a tree. GV_REJECT: the wallet's
 * certificate is missing or cannot be read; GV_FAULT: no memory. End it in any
 * case. */
enum gv_rc anonymous_begin(struct anonymous *x) GV_MUST_CHECK;
void anonymous_end(struct anonymous *x);
/* The tree of an attempt. */
void anonymous_plant(struct anonymous *x, uint32_t attempt);

/* --- adopt.c --- */

/* The wallet's row of this auction and identity; NULL: none. */
json_t *adopt_row(struct gv_cli *cli, const struct gv_auction *a,
                  const struct gv_signer *who);
/* The same, made if it is missing; NULL: no memory. */
json_t *adopt_new_row(struct gv_cli *cli, const struct gv_auction *a,
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
/* Open it and no more, and look for its leaves: an exit code, *rc as
 * adopt_leaf. */
int session_look(struct anonymous *x, enum gv_rc *rc) GV_MUST_CHECK;

#endif
