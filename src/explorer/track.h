/*
 * track.h - one chain followed from its block 0 upwards: the ancestors'
 * checks of a header (rules R1, R10 and R11), then the book or the directory,
 * in memory. Nothing is ever taken back.
 *
 * Signatures are not looked at here: whoever verifies does it before, with
 * the chain's pins.
 *
 * One thread at a time; pins may be used by others meanwhile.
 */
#ifndef GAVEL_EXPLORER_TRACK_H
#define GAVEL_EXPLORER_TRACK_H

#include "chain/state/book.h"
#include "chain/state/directory.h"

struct gv_track {
    const struct gv_params *params;
    struct gv_chain_id id;
    struct gv_directory *dir; /* of the registry, else NULL */
    struct gv_book *book;     /* of an auction, else NULL */
    struct gv_sealed_header tip;
    uint64_t parent_ms; /* time of the tip's parent; of block 0 its own */
    uint32_t opening_target;
};

/* What the tokens of a block say, transaction by transaction. */
struct gv_track_facts {
    struct gv_tx_facts *store;
    const struct gv_tx_facts **at; /* NULL for one without tokens */
};

/* Begin with a decoded block 0. GV_OK, GV_REJECT or GV_FAULT. On GV_OK the
 * caller owes gv_track_end. */
enum gv_rc gv_track_begin(const struct gv_params *params,
                          const struct gv_block *block0, struct gv_track *out,
                          struct gv_reject *why) GV_MUST_CHECK;
void gv_track_end(struct gv_track *t);

/* Place the next block: parent, height, time step, target; then connect it.
 * After GV_REJECT and GV_FAULT only gv_track_end is legal. */
enum gv_rc gv_track_connect(struct gv_track *t, const struct gv_block *block,
                            const struct gv_track_facts *facts,
                            struct gv_reject *why) GV_MUST_CHECK;

const struct gv_pins *gv_track_pins(const struct gv_track *t);
/* Highest block that FINALs on this chain make final (V2). */
uint32_t gv_track_final(const struct gv_track *t);

/* Room for a block's facts, filled by the caller through
 * gv_track_facts_room(f, i). GV_FAULT: memory. */
enum gv_rc gv_track_facts_make(const struct gv_block *block,
                               struct gv_track_facts *out) GV_MUST_CHECK;
struct gv_tx_facts *gv_track_facts_room(struct gv_track_facts *f, uint32_t i);
void gv_track_facts_clear(struct gv_track_facts *f);

#endif
