/*
 * seats.h - who serves an auction besides CA, authorities and validators, from
 * the seller's side: the token issuer and the notaries of an anonymous auction,
 * and the notaries that bids are sealed to. They are found on the registry,
 * asked for keys, and made to sign that they serve the OPEN
 * (docs/spec/identity.md, docs/spec/sealed.md).
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
    uint8_t *offer;            /* heap; `keys` points into it */
    struct gv_keys_offer keys; /* of issuer and notary */
    struct gv_seal_offer seal; /* of whom bids are sealed to */
    struct gv_sig pop;
};

struct gv_seats {
    bool anonymous; /* there are an issuer and notaries */
    struct gv_seat issuer;
    struct gv_seat notary[GV_NOTARIES_MAX];
    unsigned notaries, t, cut_log2;
    struct gv_seat sealer[GV_BIDSEAL_MAX];
    unsigned sealers, seal_t;
};

/* t of n notaries; n 0: as many as there are, at most 5; t 0: more than half.
 */
struct gv_seats_quorum {
    unsigned t, n;
};

/* Of an anonymous auction how many notaries open an identity, and k =
 * 2^cut_log2; of a sealed one how many open the bids. */
struct gv_seats_wish {
    bool anonymous, sealed;
    struct gv_seats_quorum notaries, sealers;
    unsigned cut_log2;
    bool all; /* every notary of the registry, up to 16 */
    /* A pseudonym sells: those of its epoch, asked in its name; or NULL. */
    const struct gv_seller *seller;
};

/* Find them and ask each for keys. An exit code; clear after GV_EXIT_OK. */
int gv_seats_open(struct gv_cli *cli, const struct gv_seats_wish *wish,
                  const struct gv_signer *seller,
                  struct gv_seats *out) GV_MUST_CHECK;

/* The same in two steps. Find them: an exit code. */
int gv_seats_choose(struct gv_cli *cli, const struct gv_seats_wish *wish,
                    struct gv_seats *out) GV_MUST_CHECK;
/* Ask those that were found, of which s may be a copy, in the name of seller,
 * or of the pseudonym if there is one. Any thread. GV_OK, GV_REJECT or GV_FAULT
 * with e set; clear s in any case. */
enum gv_rc gv_seats_ask(struct gv_seats *s, const struct gv_params *params,
                        const struct gv_signer *seller,
                        const struct gv_seller *pseudonym,
                        struct gv_error *e) GV_MUST_CHECK;
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
