/*
 * award_impl.h - what award.c and award_seller.c share. Thread-safety: as
 * award.h.
 */
#ifndef GAVEL_TESTS_AWARD_IMPL_H
#define GAVEL_TESTS_AWARD_IMPL_H

#include "tests/support/award.h"

/* Ends the program unless ok. */
void award_must(bool ok, const char *what);
/* KEYS_ASK of user 0. */
struct gv_bytes award_ask_for_keys(struct award *w);
/* Ask all services for keys, and put them into o. */
void award_offer_all(struct award *w, struct gv_bytes ask, struct gv_open *o);
/* Each serves this OPEN, or the EPOCH with this desk. */
void award_serve_all(struct award *w, const struct gv_open *o);
/* Leaf j of user u and its token, without a session. */
void award_token(struct award *w, const struct gv_open *desk, unsigned u,
                 uint32_t j, struct gv_escrow_leaf *leaf, struct gv_token *out);
/* Open a notary's keys for sealed bids (award_seal.c). */
void award_open_seals(struct award *w, struct award_house *h);
/* What became of the lots, where there are some and it is final. */
void award_copy_lots(const struct award *w, struct gv_ttp_auction *out);
/* Of gv_auctionkeys_options; ctx: the award. */
uint64_t award_now_ms(void *ctx);
/* Is it the epoch's id or that of a seat? Then *out is filled. */
bool award_find_epoch(const struct award *w, const struct gv_chain_id *id,
                      struct gv_ttp_auction *out);
/* Of struct gv_ttp_ledger; ctx: the award. */
enum gv_rc award_find_desk(void *ctx, const struct gv_pubkey *issuer,
                           uint64_t time_ms, struct gv_ttp_desk *out);

#endif
