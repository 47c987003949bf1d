/*
 * witness.h - watches the time-stamping authorities and the validators: two
 * tokens or two votes of one of them that contradict each other become a file
 * (T27 of docs/spec/ttp.md, V8 of consensus.md).
 *
 * Of each key it keeps the newest token alone, over all chains, so a token
 * costs a look-up among a few keys, two comparisons and a copy of half a
 * kilobyte; what contradicts an older token only is not seen. Contradictions
 * are noted at once and written when there is time.
 *
 * Thread-safety: one thread, the chain thread.
 */
#ifndef GAVEL_WITNESS_H
#define GAVEL_WITNESS_H

#include "gavel/open.h"
#include "gavel/params.h"
#include "gavel/verify.h"
#include "src/base/log.h"

#define GV_WITNESS_KEYS                                                        \
    64 /* authorities watched; the one not seen for longest                    \
        * gives way */
#define GV_WITNESS_FILES 8  /* files of one authority and one process */
#define GV_WITNESS_NOTES 32 /* contradictions noted and not written */

struct gv_witness_options {
    const struct gv_params *params;
    const char *dir;    /* of the files, made when needed; copied */
    struct gv_log *log; /* may be NULL */
};

struct gv_witness;

/* NULL if memory is out. */
struct gv_witness *gv_witness_new(const struct gv_witness_options *o);
void gv_witness_free(struct gv_witness *w);

/* A verified token: of the authority with this number in open, in any order
 * and any number of times. Memory that is out means that it is not kept. */
void gv_witness_token(struct gv_witness *w, const struct gv_open *open,
                      uint8_t authority, struct gv_bytes token,
                      const struct gv_tst_facts *facts);

/* The tokens of a STAMP or CUTOFF. */
void gv_witness_tx(struct gv_witness *w, const struct gv_open *open,
                   const struct gv_tx *tx, const struct gv_tx_facts *facts);

/* Two votes of the validator with this number on a chain, as an EVIDENCE; they
 * were verified. auction NULL: of the registry. handovers: those that lead to
 * its key, as in evidence.h. Memory that is out means that
 * it is not kept. */
void gv_witness_votes(struct gv_witness *w, const struct gv_chain_id *auction,
                      uint8_t validator, struct gv_bytes handovers,
                      struct gv_bytes evidence);

/* Was anything noted? */
bool gv_witness_has_notes(const struct gv_witness *w);
/* Write what was noted. open_of: an auction's OPEN, good until the next call;
 * NULL: not known any more, then there is no file. */
void gv_witness_write(struct gv_witness *w,
                      const struct gv_open *(*open_of)(
                          void *arg, const struct gv_chain_id *auction),
                      void *arg);

#endif
