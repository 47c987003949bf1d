/*
 * disclose.h - who was it? After the final outcome the seller learns the
 * winner from the notaries and the winner the seller, and nobody else
 * (docs/spec/identity.md, "The notary").
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_DISCLOSE_H
#define GAVEL_WALLET_DISCLOSE_H

#include <gavel/identity.h>
#include <gavel/notary.h>

#include "wallet/anonymous.h"
#include "wallet/notaries.h"

/* The awards that there are, each with its winner's key: the newest that is
 * final, or with lots, those of all lots that are sold, or of the one that
 * --lot names. out: of GV_LOTS_MAX; *count at least 1. An exit code. */
int gv_disclose_awards(struct gv_cli *cli, const struct gv_auction *a,
                       struct gv_award *out, unsigned *count) GV_MUST_CHECK;

/* Who asks, and about which award. */
struct gv_disclose_as {
    const struct gv_signer *signer; /* the certified one */
    /* Under which it sells, else NULL; that a winner bid with. */
    const struct gv_pseudonym *pseudonym;
    const struct gv_award *of;
};

/* The winner's evidence pack, for the seller: heap memory of *len bytes that
 * verifies. An exit code: OK when enough shares came, whatever the other
 * notaries said; that stands in answers. */
int gv_disclose_winner(struct gv_cli *cli, const struct gv_auction *a,
                       const struct gv_disclose_as *seller,
                       struct gv_notary_answers *answers, uint8_t **pack,
                       size_t *len) GV_MUST_CHECK;

/* The pseudonym with which the signer won any of these awards; the others are
 * taken off the list. An exit code: OK when one is left; wipe *me. */
int gv_disclose_won(struct gv_cli *cli, const struct gv_auction *a,
                    const struct gv_signer *who, struct gv_pseudonym *me,
                    struct gv_award *of, unsigned *count) GV_MUST_CHECK;

/* The seller's certificate (DER), or of a pseudonymous seller its evidence
 * pack; heap memory; for the winner, whose pseudonym signs. An exit code: OK
 * when one notary gave it, whatever the others said; that stands in answers. */
int gv_disclose_seller(struct gv_cli *cli, const struct gv_auction *a,
                       const struct gv_disclose_as *winner,
                       struct gv_notary_answers *answers, uint8_t **der,
                       size_t *len) GV_MUST_CHECK;

/* For struct gv_identity_reader: a certificate's point and subject. */
enum gv_rc gv_disclose_read_cert(void *arg, struct gv_bytes der,
                                 uint8_t point65[65], struct gv_hash *subject);

#endif
