/*
 * epoch.h - EPOCH, the transaction of the registry by which an issuer and its
 * notaries offer pseudonyms to sellers for a time: the issuer's keys for
 * sellers' tokens and the notaries' keys for sellers' identities
 * (docs/spec/format.md, EPOCH; docs/spec/identity.md, "Pseudonymous sellers").
 *
 * epoch_id = H_tag("gavel/epoch", EPOCH without any signature). An OPEN of a
 * pseudonymous seller carries the whole EPOCH, so that it proves itself from
 * the network's root key alone.
 *
 * A decoded struct gv_epoch borrows from the bytes it was decoded from.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_EPOCH_H
#define GAVEL_EPOCH_H

#include "gavel/open.h"

#define GV_EPOCH_MS_MAX (UINT64_C(92) * 86400000)
#define GV_EPOCH_SEATS_MAX 64

struct gv_epoch {
    uint64_t start_ms, end_ms; /* of the auctions that may open under it */
    uint8_t seats;             /* pseudonyms for one subject */
    /* What EPOCH has in common with OPEN, and nothing else: registry, issuer,
     * cut_log2, escrow_t, notaries, issuer_pop, notary_pop, raw, preimage_len,
     * id (the epoch's), root. terms.identity is GV_ANONYMOUS, so that what
     * takes an OPEN's escrow (open_escrow.h) takes this one's. */
    struct gv_open desk;
};

/* Decode. Verdicts GV_BAD_ENCODING, GV_WRONG_NETWORK. */
enum gv_rc gv_epoch_decode(struct gv_bytes raw, const struct gv_params *params,
                           struct gv_epoch *out,
                           struct gv_reject *why) GV_MUST_CHECK;
/* The same of what the signatures are over. */
enum gv_rc gv_epoch_decode_preimage(struct gv_bytes raw,
                                    const struct gv_params *params,
                                    struct gv_epoch *out,
                                    struct gv_reject *why) GV_MUST_CHECK;

void gv_epoch_put_preimage(struct gv_sink *s, const struct gv_epoch *e);
void gv_epoch_put(struct gv_sink *s, const struct gv_epoch *e);
/* Fill e->desk.id from the fields. */
void gv_epoch_id(struct gv_epoch *e);

/* Is this the encoding of an EPOCH or of its preimage, and not of an OPEN? */
bool gv_epoch_is(struct gv_bytes raw);

/* The root certified issuer and notaries, and they signed. Dates are judged
 * where an EPOCH is used. */
enum gv_rc gv_epoch_verify(const struct gv_epoch *e, const struct gv_keys *keys,
                           struct gv_reject *why) GV_MUST_CHECK;

/* H_tag("gavel/seat", epoch | number u8): stands for the auction's id in the
 * session in which a seller gets its number'th pseudonym (I44). */
void gv_epoch_seat(const struct gv_chain_id *epoch, uint8_t number,
                   struct gv_chain_id *out);

/* The seller's side of an OPEN's verification, for either form: a user that
 * the CA certified, or the token of an EPOCH that fits this OPEN (F21). */
enum gv_rc gv_open_verify_seller(const struct gv_open *o,
                                 const struct gv_keys *keys,
                                 struct gv_reject *why) GV_MUST_CHECK;

#endif
