/*
 * dump.h - write the chains of a node as a dump (docs/spec/format.md, "Dumps").
 *
 * Where the blocks come from is the caller's: a node by RPC, or memory. The
 * writer holds one chain at a time, sees that its blocks follow on each other,
 * and begins the chain anew when the node changed to another branch meanwhile.
 * Signatures are not checked here; gv_audit does that to the dump.
 */
#ifndef GAVEL_EXPLORER_DUMP_H
#define GAVEL_EXPLORER_DUMP_H

#include <stdio.h>

#include "gavel/params.h"
#include "src/base/error.h"

/* Blocks of one chain from height 0 up, owned. Zeroed is empty. */
struct gv_dump_chain {
    struct gv_bytes *block;
    size_t count, cap;
};
/* Add a copy. GV_FAULT: no memory. */
enum gv_rc gv_dump_chain_add(struct gv_dump_chain *c,
                             struct gv_bytes block) GV_MUST_CHECK;
/* Forget the blocks; keeps the array. */
void gv_dump_chain_clear(struct gv_dump_chain *c);
void gv_dump_chain_free(struct gv_dump_chain *c);

struct gv_dump_source {
    void *arg;
    /* The ids of all auctions, in any order; *ids is malloc'ed and becomes
     * the caller's. GV_OK or GV_FAULT with e set. */
    enum gv_rc (*auctions)(void *arg, struct gv_chain_id **ids, size_t *n,
                           struct gv_error *e);
    /* Add blocks of the best chain from height to->count on, at least one.
     * GV_ABSENT when there is none; GV_FAULT with e set. */
    enum gv_rc (*blocks)(void *arg, const struct gv_chain_id *chain,
                         struct gv_dump_chain *to, struct gv_error *e);
};

struct gv_dump_options {
    const struct gv_params *params;
    const struct gv_dump_source *source;
    bool final; /* cut each chain at its highest final block (F18) */
    FILE *out;  /* the caller closes it and looks at its errors then */
    /* After each chain; may be NULL. */
    void (*progress)(void *arg, size_t done, size_t all, uint64_t blocks);
    void *arg;
};

/* GV_OK or GV_FAULT with e set; what was written then is no dump. */
enum gv_rc gv_dump_jsonl(const struct gv_dump_options *o,
                         struct gv_error *e) GV_MUST_CHECK;
enum gv_rc gv_dump_csv(const struct gv_dump_options *o,
                       struct gv_error *e) GV_MUST_CHECK;

#endif
