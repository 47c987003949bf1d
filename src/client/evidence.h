/*
 * evidence.h - a file that shows a time-stamping authority's misconduct to
 * anybody, offline (docs/spec/ttp.md, T27).
 *
 * JSON: format "gavel-evidence", version 1, network, what
 * (gv_misconduct_name), and two tokens, each with the OPEN that pins the
 * authority (raw hex), the authority's place in it, and the token (DER hex).
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_EVIDENCE_H
#define GAVEL_CLIENT_EVIDENCE_H

#include <gavel/key.h>
#include <gavel/misconduct.h>
#include <gavel/open.h>

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

/* What a file shows. */
struct gv_evidence_report {
    const struct gv_params *params;
    enum gv_misconduct what;
    char operator_name[65]; /* as the first OPEN has it */
    struct gv_hash cert;    /* of the authority's certificate */
    struct gv_chain_id auction[2];
    uint64_t time_us[2];
    uint8_t imprint[2][32], serial[2][GV_SERIAL_SIZE];
};

/* Check everything: both OPENs with every signature from the network's root
 * down, one key pinned in both, both tokens under it, and that they contradict
 * each other in the way the file says. GV_OK, GV_REJECT with e set, or
 * GV_FAULT. */
enum gv_rc gv_evidence_check(struct gv_bytes text, const struct gv_keys *keys,
                             struct gv_evidence_report *out,
                             struct gv_error *e) GV_MUST_CHECK;

#endif
