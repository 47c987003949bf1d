/*
 * seller.h - a pseudonymous seller for the sample's world: an EPOCH of its
 * issuer and notaries, a token, and the OPEN and LIST that carry it.
 *
 * The sample's auction is anonymous. Thread-safety: as sample.h.
 */
#ifndef GAVEL_TESTS_SELLER_H
#define GAVEL_TESTS_SELLER_H

#include "gavel/epoch.h"
#include "tests/support/sample.h"

#define SELLER_EPOCH_MS (UINT64_C(30) * 86400000)

/* The fields of an EPOCH that begins a day before the sample's opening. */
void seller_epoch(struct sample *s, struct gv_epoch *out);
/* Its bytes, signed by all. Fills e->desk.id. */
struct gv_bytes seller_epoch_raw(struct sample *s, struct gv_epoch *e);

/* Put this epoch and a token for s->seller's key into an OPEN's fields. */
void seller_open(struct sample *s, struct gv_epoch *e, struct gv_open *o);
/* The LIST of an auction by this seller, as encoded and decoded. */
struct gv_tx seller_list(struct sample *s, struct gv_epoch *e,
                         const struct gv_open *o);

#endif
