/*
 * source.h - blocks from a node, by RPC, or from a dump in a file.
 *
 * One thread at a time.
 */
#ifndef GAVEL_EXPLORER_SOURCE_H
#define GAVEL_EXPLORER_SOURCE_H

#include "src/client/rpcclient.h"
#include "src/explorer/dump.h"

/* --- a node --- */

struct gv_node_source {
    struct gv_rpcclient *rpc; /* borrowed */
    size_t at_tip;            /* this many blocks were all of the chain */
    struct gv_dump_source source;
};

/* Ask the node for its network. GV_OK with *params, or GV_FAULT with e set:
 * no answer, or a network this program does not know. The struct must stay
 * where it is. */
enum gv_rc gv_node_source_begin(struct gv_node_source *s,
                                struct gv_rpcclient *rpc,
                                const struct gv_params **params,
                                struct gv_error *e) GV_MUST_CHECK;

/* --- a dump --- */

struct gv_file_source;

/* Index the lines of a JSONL dump. The file must be seekable and stay open.
 * Nothing is verified but that the lines have their form. NULL with e set. */
struct gv_file_source *gv_file_source_new(FILE *in,
                                          const struct gv_params **params,
                                          struct gv_error *e);
void gv_file_source_free(struct gv_file_source *s);
const struct gv_dump_source *gv_file_source_get(const struct gv_file_source *s);

#endif
