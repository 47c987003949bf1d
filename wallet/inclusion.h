/*
 * inclusion.h - a node's proof (getproof) that a bid or an outcome stands in a
 * block, as far as the wallet checks it (docs/spec/wallet.md, W8): from the
 * transaction by its path to a header of its auction, and that header's work.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_INCLUSION_H
#define GAVEL_WALLET_INCLUSION_H

#include <gavel/block.h>
#include <jansson.h>

/* bid_hex: the bid's id, lower case. True with *header filled, or false. */
bool gv_inclusion_ok(const json_t *proof, const char *bid_hex,
                     struct gv_sealed_header *header) GV_MUST_CHECK;

/* The same of an auction's OUTCOME, which is copied to *outcome, and the
 * results of its lots to room. */
bool gv_inclusion_outcome(const json_t *proof,
                          const struct gv_chain_id *auction,
                          uint8_t room[GV_RESULTS_ROOM],
                          struct gv_outcome *outcome,
                          struct gv_sealed_header *header) GV_MUST_CHECK;

#endif
