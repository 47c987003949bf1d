/*
 * audit_impl.h - what the files of the audit share.
 */
#ifndef GAVEL_EXPLORER_AUDIT_IMPL_H
#define GAVEL_EXPLORER_AUDIT_IMPL_H

#include "src/explorer/audit.h"
#include "src/explorer/lines.h"
#include "src/explorer/tally.h"
#include "src/explorer/track.h"

/* One line of a block on its way through the checks. */
struct gv_audit_job {
    uint64_t number;
    struct gv_line line;
    uint8_t *raw; /* the block's bytes, which block borrows */
    size_t raw_cap;
    struct gv_block block; /* cleared when tx is NULL */
    struct gv_show_text shown;
    struct gv_track_facts facts;
    struct gv_track *track; /* of its chain, borrowed */
    bool opens;             /* begins its chain */
    bool doubted; /* a FINAL or OBJECTION is not by the keys of OPEN */
    enum gv_rc rc;
    struct gv_error e;
};

/* Read the block out of the line and compare the line with what the block
 * gives. Sets rc and e. */
void gv_audit_decode(struct gv_audit_job *job, const struct gv_params *params);

/* Check every signature and the work, with the chain's pins. Fills facts and
 * sets rc and e. */
void gv_audit_verify(struct gv_audit_job *job, const struct gv_keys *keys);

/* Who signed its FINALs and OBJECTIONs, where somebody may have handed over
 * (V9): the blocks before are connected. GV_OK, GV_REJECT. */
enum gv_rc gv_audit_seats(const struct gv_audit_job *job,
                          const struct gv_keys *keys,
                          struct gv_reject *why) GV_MUST_CHECK;

/* The job was refused for this reason: sets rc and e. */
void gv_audit_refuse(struct gv_audit_job *job, enum gv_rc rc,
                     const struct gv_reject *why);

/* Free what a job holds for one line, or all. */
void gv_audit_job_clear(struct gv_audit_job *job);
void gv_audit_job_free(struct gv_audit_job *job);

/* The rest of a CSV dump, whose first line was read. */
enum gv_rc gv_audit_csv(struct gv_lines *in, const struct gv_line *first,
                        struct gv_audit_report *report,
                        struct gv_error *e) GV_MUST_CHECK;

#endif
