/*
 * open_impl.h - what the two files of OPEN share: open.c (the whole and its
 * signatures) and warrant.c (the last part of the preimage, from the CA to
 * the validators).
 */
#ifndef GAVEL_RULES_OPEN_IMPL_H
#define GAVEL_RULES_OPEN_IMPL_H

#include "gavel/open.h"

/* Reads the warrant; o->terms is read already, because what must be there
 * depends on the terms. */
void open_get_warrant(struct gv_reader *r, struct gv_open *o);
/* The part of it that EPOCH has too: issuer, cut and notaries. */
void open_get_escrow(struct gv_reader *r, struct gv_open *o);

/* A credential: signed by its issuer, valid at the opening time, and its DER,
 * where it is attached, has the fingerprint. */
struct open_cred {
    const struct gv_cred *cred;
    struct gv_bytes der;
    const struct gv_pubkey *issuer;
    const char *field;
};
enum gv_rc open_check_cred(const struct gv_open *o, const struct open_cred *c,
                           const struct gv_keys *keys,
                           struct gv_reject *why) GV_MUST_CHECK;

#endif
