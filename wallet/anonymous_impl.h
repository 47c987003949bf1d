/*
 * anonymous_impl.h - what the two files of anonymous.h share: anonymous.c (the
 * wallet's side: rows, keys, ENROL) and session.c (the issuer's protocol).
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
    json_t *row; /* the wallet's, borrowed */
    struct gv_open_escrow *escrow;
    struct gv_ggm tree; /* secret */
    struct gv_escrow_who name;
    struct gv_iss_session session;
};

/* Run the session with the issuer up to its signature; saves the wallet on the
 * way. An exit code. */
int session_run(struct anonymous *x,
                uint8_t signature[GV_RSA_SIZE]) GV_MUST_CHECK;

#endif
