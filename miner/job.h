/*
 * job.h - one piece of work as a node hands it out, and its answer to a seal
 * (docs/spec/rpc.md, getworktemplate and submitwork).
 *
 * Thread-safety: values; no shared state.
 */
#ifndef MINER_JOB_H
#define MINER_JOB_H

#include <gavel/types.h>
#include <jansson.h>

#include "miner/kernel/search.h"
#include "src/base/error.h"

#define GV_JOB_TEMPLATE_HEX 64

struct gv_job {
    char template[GV_JOB_TEMPLATE_HEX + 1]; /* lower-case hex; "": no job */
    struct gv_search_job search;
    uint64_t chains; /* that the template holds a block of */
};

/* Read getworktemplate's result. GV_OK, or GV_REJECT with e naming the field.
 * Unknown fields are ignored. */
enum gv_rc gv_job_read(const json_t *result, struct gv_job *out,
                       struct gv_error *e) GV_MUST_CHECK;

/* The upper half of the version, bytes 2..3 of the seal, little-endian. The
 * node counts the seals of a template in the lower half, so that miners which
 * roll the upper one never search the same seals. */
uint16_t gv_job_extra(const uint8_t header80[80]);
void gv_job_extra_next(uint8_t header80[80]);

/* submitwork's result. */
struct gv_job_verdict {
    size_t accepted; /* chains that the seal sealed */
    bool stale;
};

/* GV_OK, or GV_REJECT with e naming the field. */
enum gv_rc gv_job_read_verdict(const json_t *result, struct gv_job_verdict *out,
                               struct gv_error *e) GV_MUST_CHECK;

#endif
