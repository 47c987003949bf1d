/*
 * serve.h - what token issuer and notary do alike before an auction exists:
 * offer keys to a seller, and sign that they serve an OPEN (gavel/serve.h,
 * docs/spec/identity.md).
 *
 * Results are HTTP statuses: 200, or an error with e set.
 *
 * Thread-safety: as the parts of struct gv_serve are; nothing here is shared.
 */
#ifndef GAVEL_TTP_SERVE_H
#define GAVEL_TTP_SERVE_H

#include <gavel/open.h>
#include <gavel/serve.h>

#include "src/base/error.h"
#include "src/pki/rolekeys.h"
#include "src/ttp/auctionkeys.h"
#include "src/ttp/ledger.h"

#define SERVE_BURST 16 /* offers to one seller at once, then one a second */
#define SERVE_REFILL 1
#define SERVE_SPARES 2 /* keys made ahead after an offer, times count */

struct gv_serve {
    const struct gv_rolekeys_role *role;
    const char *operator_name;
    const struct gv_keys *keys;
    const struct gv_params *params;
    struct gv_auctionkeys *auctionkeys;
    struct gv_ttp_ledger ledger;
    unsigned count; /* keys an auction needs of this service */
};

#define SERVE_EPOCH_MS (30ull * 86400000) /* what epochs are served */
#define SERVE_EPOCH_AHEAD_MS (7ull * 86400000)
#define SERVE_EPOCH_SEATS 16
#define SERVE_EPOCH_CUT 10

/* Decode a KEYS_ASK, or a SELLER_KEYS_ASK, and check who asks: a user whose
 * certificate the registry has, valid and not revoked, or a pseudonym of an
 * epoch that has not ended; with a signature of now. *out is the key. 200,
 * 400, 401, 403, 503. */
int gv_serve_ask(const struct gv_serve *s, struct gv_bytes request,
                 struct gv_pubkey *out, struct gv_error *e);
/* An offer of keys, made on the spot if none is spare. 200 or 503. */
int gv_serve_offer(const struct gv_serve *s, uint8_t **out, size_t *len,
                   struct gv_error *e);
/* The same of one X25519 key (SEAL_OFFER). */
int gv_serve_seal_offer(const struct gv_serve *s, uint8_t **out, size_t *len,
                        struct gv_error *e);
/* Make keys ahead, so that the next seller need not wait. */
void gv_serve_refill(const struct gv_serve *s);

/* Decode an OPEN's preimage. 200 or 400. */
int gv_serve_open(const struct gv_serve *s, struct gv_bytes preimage,
                  struct gv_open *out, struct gv_error *e);
/* The same of an EPOCH's preimage, of which out gets the desk. Nobody chooses
 * what is in it but the keys (I43): 403 for another one. */
int gv_serve_epoch(const struct gv_serve *s, struct gv_bytes preimage,
                   struct gv_open *out, struct gv_error *e);
/* Does OPEN name this service with its own credential and operator? */
bool gv_serve_is_own(const struct gv_serve *s, const struct gv_cred *cred,
                     struct gv_bytes operator_name);
/* Bind the `count` keys to the auction, durably, and sign its possession: 64
 * bytes. 200, 403 (a key is not this service's), 409 (it serves another). */
int gv_serve_sign(const struct gv_serve *s, const struct gv_open *open,
                  const uint8_t *const *moduli, uint8_t **out, size_t *len,
                  struct gv_error *e);

/* Is one of the keys bound to the auction, perhaps by a try that failed then?
 */
bool gv_serve_is_bound(const struct gv_serve *s, const struct gv_open *open,
                       const uint8_t *const *moduli);

/* How long an auction must be barren on end, in one run of the service, before
 * its keys are destroyed: no OPEN on the ledger, or stalled for ever (I41). */
#define GV_SERVE_BARREN_MS (7ull * 86400000)

/* Note whether the auction is barren at this look, *since_ms being when it
 * first was (0: not at the last look). True when it was for long enough. */
bool gv_serve_is_barren(uint64_t *since_ms, bool barren, uint64_t now_ms);

/* RFC 6962 over a log's leaves: the root, and the path of one of them
 * (*path_len of 32 bytes each). GV_OK or GV_FAULT (memory). */
enum gv_rc gv_serve_log_root(const struct gv_bytes *leaves, size_t n,
                             uint8_t root32[32]) GV_MUST_CHECK;
enum gv_rc gv_serve_log_path(const struct gv_bytes *leaves, size_t n,
                             size_t index, uint8_t (*path)[32],
                             size_t *path_len) GV_MUST_CHECK;

#endif
