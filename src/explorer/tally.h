/*
 * tally.h - what the ends of a dump say: its first line, and the last one,
 * which counts and commits to all before it (F17, F20).
 *
 * Writer and verifier share it. One thread at a time.
 */
#ifndef GAVEL_EXPLORER_TALLY_H
#define GAVEL_EXPLORER_TALLY_H

#include "gavel/block.h"
#include "src/client/show.h"

#define GV_CSV_HEAD "auction,height,bid,bidder,amount,t_us,code,seq,tie,lot\n"

struct gv_tally {
    struct gv_sha256 hash; /* of the lines so far */
    uint64_t lines, bytes;
    struct gv_show_text tips;
};

void gv_tally_begin(struct gv_tally *t);
void gv_tally_free(struct gv_tally *t);

/* Count a line, with its line feed. */
void gv_tally_line(struct gv_tally *t, const void *line, size_t len);
/* A chain is at its end, this is its last block. */
void gv_tally_tip(struct gv_tally *t, const struct gv_sealed_header *tip);

/* The first line of a dump. */
void gv_tally_first(const struct gv_params *params, bool final,
                    struct gv_show_text *out);
/* The last line, of a dump and of a CSV dump with so many bids. The tally
 * takes no more lines afterwards. */
void gv_tally_last(struct gv_tally *t, struct gv_show_text *out);
void gv_tally_last_csv(struct gv_tally *t, uint64_t bids,
                       struct gv_show_text *out);

#endif
