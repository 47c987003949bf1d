/*
 * seats.h - the token issuer and the notaries of an anonymous auction, from the
 * seller's side: found on the registry, asked for keys, and made to sign that
 * they serve the OPEN (docs/spec/identity.md).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_SEATS_H
#define GAVEL_WALLET_SEATS_H

#include <gavel/serve.h>

#include "wallet/make.h"
#include "wallet/service.h"

struct gv_seat {
    struct gv_service service;
    struct gv_https *https;
    uint8_t *offer; /* heap; `keys` points into it */
    struct gv_keys_offer keys;
    struct gv_sig pop;
};

struct gv_seats {
    struct gv_seat issuer;
    struct gv_seat notary[GV_NOTARIES_MAX];
    unsigned notaries, t, cut_log2;
};

/* How many notaries (0: as many as there are, at most 5), how many of them
 * open an identity (0: more than half), and k = 2^cut_log2. */
struct gv_seats_wish {
    unsigned notaries, t, cut_log2;
    bool all; /* every notary of the registry, up to 16 */
    /* A pseudonym sells: those of its epoch, asked in its name; or NULL. */
    const struct gv_seller *seller;
};

/* Find them and ask each for keys. An exit code; clear after GV_EXIT_OK. */
int gv_seats_open(struct gv_cli *cli, const struct gv_seats_wish *wish,
                  const struct gv_signer *seller,
                  struct gv_seats *out) GV_MUST_CHECK;
void gv_seats_clear(struct gv_seats *s);

/* Their part of a warrant: out borrows from s. */
void gv_seats_fill(const struct gv_seats *s, struct gv_open *out);

/* Have each sign for the preimage, of an OPEN or an EPOCH; checks what they
 * sign. GV_OK, GV_REJECT or
 * GV_FAULT with e set. */
enum gv_rc gv_seats_serve(struct gv_seats *s, struct gv_bytes preimage,
                          const struct gv_keys *keys,
                          struct gv_error *e) GV_MUST_CHECK;

#endif
