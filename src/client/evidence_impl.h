/*
 * evidence_impl.h - what evidence.c and evidence_votes.c share.
 */
#ifndef GAVEL_CLIENT_EVIDENCE_IMPL_H
#define GAVEL_CLIENT_EVIDENCE_IMPL_H

#include <jansson.h>

#include "src/client/evidence.h"

#define GV_EVIDENCE_FORMAT "gavel-evidence"

/* Bytes from a string of hex, at least one: heap; NULL: not that, or memory is
 * out. */
uint8_t *gv_evidence_hex(const json_t *v, size_t *len);
/* NULL if memory is out. */
json_t *gv_evidence_hex_of(struct gv_bytes b);

/* The part of a file with votes; out->params is set. As gv_evidence_check. */
enum gv_rc gv_evidence_check_votes(const json_t *o, const struct gv_keys *keys,
                                   struct gv_evidence_report *out,
                                   struct gv_error *e) GV_MUST_CHECK;

#endif
