/*
 * find.h - show a chain, a block, a transaction or a bid to a person.
 *
 * The members are those of a dump (docs/spec/format.md, F19), one a line;
 * amounts and times are also written as people write them.
 */
#ifndef GAVEL_EXPLORER_FIND_H
#define GAVEL_EXPLORER_FIND_H

#include "src/explorer/dump.h"

struct gv_find {
    const struct gv_params *params;
    const struct gv_dump_source *source;
    uint8_t id[32];                  /* of whatever it is */
    const struct gv_chain_id *chain; /* look only there, or NULL */
    bool at_height;                  /* of chain: the block at height, not id */
    uint32_t height;
    FILE *out;
};

/* GV_OK: found and printed; GV_ABSENT; GV_FAULT with e set. */
enum gv_rc gv_find_show(const struct gv_find *f,
                        struct gv_error *e) GV_MUST_CHECK;

#endif
