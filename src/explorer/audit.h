/*
 * audit.h - verify a dump offline, from genesis, with nothing but the
 * network's constants.
 *
 * Every block is decoded again and rendered again: its line must be exactly
 * these bytes. Every signature, stamp, seal, branch, Merkle root, time step
 * and target is checked, and every block is connected in memory, so that each
 * OUTCOME is what F gives and each FINAL links blocks of its chain. The last
 * line must count and commit to all before it. So any changed, missing or
 * added byte is refused.
 *
 * What a dump cannot show: that it holds every chain, and that its chains
 * were not longer when it was made.
 *
 * A CSV dump (F20) holds no proofs: its form, its order and its last line are
 * checked, and the report says so.
 *
 * Memory: the largest chain's book and a few lines. Reads the file once, so a
 * pipe will do.
 */
#ifndef GAVEL_EXPLORER_AUDIT_H
#define GAVEL_EXPLORER_AUDIT_H

#include <stdio.h>

#include "gavel/outcome.h"
#include "gavel/params.h"
#include "src/base/error.h"
#include "src/explorer/track.h"

struct gv_audit_outcome {
    const struct gv_chain_id *auction;
    const struct gv_outcome *outcome; /* NULL: none can come, it is stalled
                                       * for want of authorities (C11) */
    const struct gv_book *book; /* of the auction, as far as the dump goes */
    const struct gv_currency *currency;
    bool final; /* FINALs in the dump make it final */
    uint64_t
        anchored_us; /* the registry's ANCHOR of that FINAL (V6); 0: none */
};

struct gv_audit_report {
    const struct gv_params *params; /* NULL for CSV */
    bool csv, final;                /* final: the dump says it is cut there */
    uint64_t lines, bytes;          /* read */
    uint64_t chains, blocks, txs, bids;
    uint64_t outcomes, outcomes_final, stalled;
    uint64_t final_blocks; /* that FINALs in the dump make final */
};

struct gv_audit_options {
    FILE *in;
    bool single; /* one thread only */
    /* Both may be NULL. Outcomes come by ascending auction; progress comes
     * now and then. */
    void (*outcome)(void *arg, const struct gv_audit_outcome *o);
    void (*progress)(void *arg, const struct gv_audit_report *so_far);
    void *arg;
    /* Each block that was verified and connected, block 0 of a chain too, in
     * the order of the dump; may be NULL. */
    void (*block)(void *arg, const struct gv_track *track,
                  const struct gv_block *block);
    void *block_arg;
};

/* GV_OK: every byte is as it must be. GV_REJECT: e names line and reason.
 * GV_FAULT: reading, memory, library. The report is filled as far as it got. */
enum gv_rc gv_audit(const struct gv_audit_options *options,
                    struct gv_audit_report *report,
                    struct gv_error *e) GV_MUST_CHECK;

#endif
