/*
 * show.h - blocks and transactions as lines of canonical JSON, from their
 * bytes alone (docs/spec/format.md, rules F16, F17 and F19): what a dump holds
 * and what its verifier renders again and compares.
 *
 * The text has one spelling, so it is written here and not by a JSON library.
 *
 * Ownership: a text grows as it is written; gv_show_free releases it. One
 * thread at a time.
 */
#ifndef GAVEL_CLIENT_SHOW_H
#define GAVEL_CLIENT_SHOW_H

#include "gavel/block.h"

/* Text that grows. Start with all zero. After `failed` (memory) it is of no
 * use any more. Not ended by a NUL. */
struct gv_show {
    char *p;
    size_t len, cap;
    bool failed;
};

void gv_show_free(struct gv_show *s);
/* Empty it, but keep its memory. */
void gv_show_clear(struct gv_show *s);

/* Pieces, for other lines in this spelling. */
void gv_show_raw(struct gv_show *s, const char *text);
void gv_show_u64(struct gv_show *s, uint64_t v);
void gv_show_hex(struct gv_show *s, const void *p, size_t len); /* quoted */
/* A string, quoted and escaped. text must be well-formed UTF-8, as every
 * decoder has checked; anything else ends the string there. */
void gv_show_string(struct gv_show *s, struct gv_bytes text);

/* One transaction, {"kind":...}. tx was decoded; for an OPEN the network's
 * parameters decode it once more. GV_OK, GV_REJECT (a token that does not
 * parse) or GV_FAULT (memory). */
enum gv_rc gv_show_tx(struct gv_show *s, const struct gv_tx *tx,
                      const struct gv_tx_id *id, const struct gv_params *params,
                      struct gv_reject *why) GV_MUST_CHECK;

/* The line of a block, with its line feed. GV_REJECT: its bytes are no
 * block. */
enum gv_rc gv_show_block(struct gv_show *s, struct gv_bytes raw,
                         const struct gv_params *params,
                         struct gv_reject *why) GV_MUST_CHECK;

#endif
