/*
 * fail.h - why something about keys or certificates was refused: a value for
 * programs and a text for people.
 *
 * Functions that take a struct gv_pki_error * write it only when they fail;
 * it must not be NULL. GV_REJECT comes with a reason, GV_FAULT with
 * GV_PKI_FAULT (memory, the library).
 *
 * Thread-safety: an error belongs to its caller.
 */
#ifndef GAVEL_PKI_FAIL_H
#define GAVEL_PKI_FAIL_H

#include <gavel/types.h>

#include "src/base/error.h"

enum gv_pki_why {
    GV_PKI_FAULT,
    GV_PKI_REFUSED,   /* none of the reasons below */
    GV_PKI_PASSWORD,  /* wrong password */
    GV_PKI_DAMAGED,   /* not of the form it should have, or changed */
    GV_PKI_UNKNOWN,   /* no entry of this alias */
    GV_PKI_DUPLICATE, /* the alias is taken */
    GV_PKI_NOT_CA,    /* may not certify, or not this */
    GV_PKI_EXPIRED,   /* expired, or not valid yet */
    GV_PKI_UNTRUSTED, /* no chain to a trusted root */
    GV_PKI_REVOKED,   /* on a revocation list */
    GV_PKI_NO_CRL     /* the revocation lists do not tell */
};

struct gv_pki_error {
    enum gv_pki_why why;
    struct gv_error e;
};

/* Fill x; returns GV_FAULT for GV_PKI_FAULT, else GV_REJECT. */
enum gv_rc gv_pki_fail(struct gv_pki_error *x, enum gv_pki_why why,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
