/*
 * open_escrow.h - what an anonymous OPEN pins, prepared for the cut-and-choose
 * of escrow.h: by the wallet, the token issuer, and whoever opens an identity.
 *
 * Thread-safety: read-only once made; any number of threads may use it.
 */
#ifndef GAVEL_OPEN_ESCROW_H
#define GAVEL_OPEN_ESCROW_H

#include "gavel/escrow.h"
#include "gavel/issue.h"
#include "gavel/open.h"

struct gv_open_escrow {
    struct gv_escrow_pins pins;
    struct gv_rsa_pub *token, *challenge;
    struct gv_rsa_pub *notary[GV_NOTARIES_MAX];
    struct gv_hash hash; /* `pins` of struct gv_iss_session */
};

/* NULL: a certified auction, or no memory. */
struct gv_open_escrow *gv_open_escrow_new(const struct gv_open *open);
void gv_open_escrow_free(struct gv_open_escrow *e);

/* The fields of a session that OPEN decides; the rest is zero. */
struct gv_iss_session gv_open_escrow_session(const struct gv_open_escrow *e);

/* The token of an anonymous ENROL, as escrow.h and blind.h take it. */
void gv_enrol_token(const struct gv_tx_enrol *enrol, struct gv_token *out);

#endif
