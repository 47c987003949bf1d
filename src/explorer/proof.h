/*
 * proof.h - verify what a node answers to getproof, offline: that a
 * transaction stands in a block of an auction, and that the block is final.
 *
 * Known beforehand are only the networks' constants: OPEN proves itself from
 * the root key down, and pins the keys of validators and authorities.
 *
 * A proof shows one block and not its ancestors, so the rules that need them
 * (target of an adaptive chain, state) rest on the validators' signatures.
 * So do the validators' keys (V9): which HANDOVERs stand in ancestors of a
 * link's source is not shown. Whoever has the keys of a quorum as they were at
 * any one time can make a proof that leaves out later HANDOVERs, and it
 * verifies; a full node refuses it only if it knows the branch. Who must know
 * asks a node that has the chain, or verifies a dump.
 */
#ifndef GAVEL_EXPLORER_PROOF_H
#define GAVEL_EXPLORER_PROOF_H

#include <jansson.h>

#include "gavel/block.h"
#include "gavel/terms.h"
#include "src/base/error.h"

struct gv_proof_report {
    const struct gv_params *params;
    struct gv_chain_id auction;
    enum gv_tx_kind kind;
    struct gv_tx_id tx;
    uint32_t height;
    uint64_t time_ms;
    bool final; /* with a quorum of the validators that OPEN names */
    /* HANDOVERs in the proof, and after how many of them its FINAL is signed:
     * the validators of OPEN had these keys then. */
    size_t handovers, final_after;
    /* Of several lots (A33): the one of a BID, with its title, empty where
     * there is no such lot; 0 and empty of others. And the results of an
     * OUTCOME, 0 of others. */
    uint8_t lot;
    char lot_title[GV_LOT_TITLE_MAX + 1];
    struct gv_currency currency;
    unsigned results;
    struct gv_result result[GV_LOTS_MAX];
};

/* proof: the result of getproof, or the whole answer that holds it. GV_OK;
 * GV_REJECT: e names the part and the reason; GV_FAULT. */
enum gv_rc gv_proof_verify(const json_t *proof, struct gv_proof_report *report,
                           struct gv_error *e) GV_MUST_CHECK;

#endif
