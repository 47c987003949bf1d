/*
 * evidence.h - a file that shows the misconduct of a time-stamping authority or
 * of a validator to anybody, offline (T27 of docs/spec/ttp.md, V8 of
 * consensus.md).
 *
 * JSON: format "gavel-evidence", version 1, network, what
 * (gv_misconduct_name), and two tokens, each with the OPEN that pins the
 * authority (raw hex), the authority's place in it, and the token (DER hex). Or
 * instead of the tokens, open: the OPEN that names the validator (raw hex;
 * null: genesis does, and the chain is the registry), validator: its place
 * there, handovers: those that lead from its key there to the one that
 * transaction names, and transaction: the EVIDENCE for the registry (hex),
 * which takes it if one key signed both votes.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_EVIDENCE_H
#define GAVEL_CLIENT_EVIDENCE_H

#include <gavel/key.h>
#include <gavel/misconduct.h>
#include <gavel/open.h>
#include <gavel/verify.h>

#include "src/base/error.h"

#define GV_EVIDENCE_MAX (1u << 20) /* bytes of a file */

struct gv_evidence_token {
    struct gv_bytes open;  /* raw */
    uint8_t authority;     /* in open */
    struct gv_bytes token; /* DER */
};

/* The text of a file, heap; NULL if memory is out. */
char *gv_evidence_text(const struct gv_params *params, enum gv_misconduct what,
                       const struct gv_evidence_token pair[2]);

struct gv_evidence_votes {
    struct gv_bytes open; /* raw; empty: the votes are for the registry */
    uint8_t validator;
    /* HANDOVERs that lead from its key in OPEN to the one that voted, one
     * after the other. */
    struct gv_bytes handovers;
    struct gv_bytes tx; /* EVIDENCE */
};
/* As above; NULL also if tx is no EVIDENCE. */
char *gv_evidence_votes_text(const struct gv_params *params,
                             const struct gv_evidence_votes *v);

/* What a file shows. */
struct gv_evidence_report {
    const struct gv_params *params;
    enum gv_vote_fault votes; /* GV_VOTES_FINE: it is about tokens */
    struct gv_pubkey key;     /* of the validator; auction: its chain */
    /* One vote is by key, and one by old_key, which had been handed over: it
     * may have been a thief's (V9). */
    bool two_keys;
    struct gv_pubkey old_key;
    struct gv_vote link[2];
    /* Of tokens: */
    enum gv_misconduct what;
    char operator_name[65]; /* as the first OPEN has it */
    struct gv_hash cert;    /* of the authority's certificate */
    struct gv_chain_id auction[2];
    uint64_t time_us[2];
    uint8_t imprint[2][32], serial[2][GV_SERIAL_SIZE];
};

/* Check everything. Of votes: OPEN, that it names the key, or one that handed
 * over to it, both signatures, and that the votes break V1. Of tokens: both
 * OPENs with every signature from the network's root down, one key pinned in
 * both, both tokens under it, and that they contradict each other in the way
 * the file says. GV_OK, GV_REJECT with e set, or GV_FAULT. */
enum gv_rc gv_evidence_check(struct gv_bytes text, const struct gv_keys *keys,
                             struct gv_evidence_report *out,
                             struct gv_error *e) GV_MUST_CHECK;

#endif
