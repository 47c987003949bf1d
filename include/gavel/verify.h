/*
 * verify.h - the signatures of a transaction, given what its chain pins.
 *
 * This is the expensive half of validation, pure and free of state: node
 * (in its pool of verifying threads), wallet and offline verifier all call
 * it. The state half (who is enrolled, deadlines, duplicates) is elsewhere.
 *
 * Thread-safety: a struct gv_pins is read-only once made; any number of
 * threads may verify with it.
 */
#ifndef GAVEL_VERIFY_H
#define GAVEL_VERIFY_H

#include "gavel/misconduct.h"
#include "gavel/open.h"

/* What a chain pins: keys of authorities, validators, CA. Made from OPEN for
 * an auction and from the network for the registry. */
struct gv_pins;

/* Copies what it needs from open. NULL: no memory, or *why is filled (an
 * authority's key is no key). */
struct gv_pins *gv_pins_auction(const struct gv_open *open,
                                struct gv_reject *why);
struct gv_pins *gv_pins_registry(const struct gv_params *params);
/* Shared by counting; free drops one reference. Atomic. */
struct gv_pins *gv_pins_share(struct gv_pins *p);
void gv_pins_free(struct gv_pins *p);

unsigned gv_pins_validators(const struct gv_pins *p);
const struct gv_pubkey *gv_pins_validator(const struct gv_pins *p, unsigned i);

/* What verification learned of a STAMP's, CUTOFF's or SETTLE's tokens, so that
 * the state half need not parse them again. */
struct gv_tst_facts {
    uint64_t time_us;
    uint8_t info_hash[32];
    uint8_t imprint[32];
    uint8_t serial[GV_SERIAL_SIZE]; /* gv_serial_expand */
};
struct gv_tx_facts {
    uint8_t count;
    struct gv_tst_facts tst[GV_AUTHORITIES_MAX];
};

/* Verify every signature of tx. facts may be NULL. GV_OK, GV_REJECT
 * (GV_BAD_SIGNATURE, GV_BAD_CREDENTIAL, GV_BAD_STAMP, GV_BAD_CUTOFF,
 * GV_BAD_FINAL) or GV_FAULT. A CUTOFF's imprint needs the parent's sealed id
 * and is checked by the state half. Not for OPEN (gv_open_verify). */
enum gv_rc gv_tx_verify(const struct gv_tx *tx, const struct gv_pins *pins,
                        const struct gv_keys *keys, struct gv_tx_facts *facts,
                        struct gv_reject *why) GV_MUST_CHECK;

/*
 * Validators sign a FINAL and an OBJECTION with the keys that they have under
 * one block, after the HANDOVERs in its ancestors (V9): the link's source, the
 * block objected to. NULL for every other kind. gv_tx_verify takes the keys
 * that OPEN or genesis names; where there are others, this verifies instead:
 * key[i] is that of validator i, gv_pins_validators of them. For these two
 * kinds only; the result is as of gv_tx_verify.
 */
const struct gv_sealed_id *gv_tx_signed_under(const struct gv_tx *tx);
enum gv_rc gv_tx_verify_with(const struct gv_tx *tx, const struct gv_pins *pins,
                             const struct gv_pubkey *key,
                             const struct gv_keys *keys,
                             struct gv_reject *why) GV_MUST_CHECK;

/* The facts alone, for a transaction already verified: parses the tokens of
 * a STAMP or CUTOFF without their signatures. */
enum gv_rc gv_tx_facts_of(const struct gv_tx *tx, struct gv_tx_facts *facts,
                          struct gv_reject *why) GV_MUST_CHECK;

#endif
