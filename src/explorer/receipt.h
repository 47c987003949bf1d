/*
 * receipt.h - was a service's promise kept? A RECEIPT says that a bid stands in
 * a block by a time (docs/spec/format.md); a dump that is verified shows
 * whether it did, to anybody (docs/spec/consensus.md, "The promise").
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_EXPLORER_RECEIPT_H
#define GAVEL_EXPLORER_RECEIPT_H

#include <stdio.h>

#include "gavel/key.h"
#include "src/base/error.h"
#include "src/explorer/track.h"

enum gv_receipt_verdict {
    GV_RECEIPT_KEPT,    /* the bid is in a block by the deadline */
    GV_RECEIPT_BROKEN,  /* a final block is later, and the bid is in none by
                         * then */
    GV_RECEIPT_OPEN,    /* the dump does not reach a final block behind it */
    GV_RECEIPT_UNKNOWN, /* the auction is not in the dump */
    GV_RECEIPT_FOREIGN, /* no time-stamping service of the auction signed it */
};

/* Zeroed, then gv_receipt_read; the fields below are read-only. */
struct gv_receipt {
    struct gv_keys *keys; /* owned */
    struct gv_tx tx;      /* the RECEIPT; borrows nothing */
    struct gv_hash cert;  /* of its service, once the registry named it */
    bool has_cert, pinned;
    bool begun, found, passed;
    uint32_t height, passed_height, final_height;
    uint64_t found_us; /* time of the block with the bid */
};

/* The hex of a RECEIPT in a file. GV_OK, or GV_REJECT or GV_FAULT with e. */
enum gv_rc gv_receipt_read(struct gv_receipt *r, const char *path,
                           struct gv_error *e) GV_MUST_CHECK;
void gv_receipt_clear(struct gv_receipt *r);

/* gv_audit_options.block; arg is the receipt. */
void gv_receipt_block(void *arg, const struct gv_track *track,
                      const struct gv_block *block);
/* After the whole dump was verified. */
enum gv_receipt_verdict gv_receipt_verdict(const struct gv_receipt *r);
/* Two lines for people. */
void gv_receipt_print(const struct gv_receipt *r, FILE *out);

#endif
