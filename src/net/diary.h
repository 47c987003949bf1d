/*
 * diary.h - the writer of the message log (src/client/msglog.h): a thread that
 * seals what the net thread noted and appends it to files of bounded size.
 *
 * FILE becomes FILE.1 when it is full, FILE.1 becomes FILE.2, and so on up to
 * GV_DIARY_OLD; the chain of hashes goes on from file to file and from run to
 * run. What comes faster than it can be written, or cannot be written, is
 * counted and not kept; the count goes into the next record. Writing is tried
 * with every record, whatever failed before.
 *
 * Thread-safety: note from any thread; open and free from one.
 */
#ifndef GAVEL_NET_DIARY_H
#define GAVEL_NET_DIARY_H

#include "src/base/log.h"
#include "src/client/msglog.h"

#define GV_DIARY_OLD 4

struct gv_diary;

struct gv_diary_options {
    const char *path;
    uint8_t owner[GV_HPKE_KEY]; /* public key */
    size_t max_bytes;           /* of one file; 0: 64 MiB */
    struct gv_log *log;
};

/* Reads where the chain stands. A record or a beginning that a crash cut off is
 * taken away.
 * NULL with e set: a file cannot be opened or is no message log. */
struct gv_diary *gv_diary_open(const struct gv_diary_options *o,
                               struct gv_error *e);
/* Writes what was noted. NULL is legal. */
void gv_diary_free(struct gv_diary *d);

/* Keep a frame; d NULL: nothing is kept. */
void gv_diary_note(struct gv_diary *d, uint64_t session, unsigned way,
                   struct gv_bytes frame);

#endif
