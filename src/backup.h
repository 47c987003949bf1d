/*
 * backup.h - a node's services in one encrypted file, and back
 * (docs/spec/ttp.md, T25): the directory ttp/ of the data directory and the
 * services' records in the store.
 *
 * Both hold the store while they work, so they refuse while a node runs on
 * the data directory.
 *
 * Thread-safety: one thread.
 */
#ifndef GAVEL_BACKUP_H
#define GAVEL_BACKUP_H

#include "gavel/params.h"
#include "src/base/error.h"
#include "src/base/secret.h"

struct gv_backup_options {
    const char *datadir;
    const struct gv_params *params;
    const char *file;
    const struct gv_passphrase *passphrase; /* of the file */
    uint64_t now_ms;
};

/* What was written or read. */
struct gv_backup_tally {
    uint64_t files, rows;
    uint64_t time_ms; /* when the backup was made */
};

/* Write the file, which must not exist. GV_OK; GV_REJECT: the data directory
 * has no services, or the file is there; GV_FAULT. */
enum gv_rc gv_backup_make(const struct gv_backup_options *o,
                          struct gv_backup_tally *tally,
                          struct gv_error *e) GV_MUST_CHECK;

/* Restore into a data directory that has neither services nor a store; it is
 * made if missing. No token of the restored stamping engine is dated at or
 * before now_ms + 1.1 s, so none repeats what was dated after the backup. The
 * store says when it was restored: a validator waits because of it (V5).
 * GV_OK; GV_REJECT: wrong passphrase, damaged, another network's, or the data
 * directory is in use; GV_FAULT. */
enum gv_rc gv_backup_restore(const struct gv_backup_options *o,
                             struct gv_backup_tally *tally,
                             struct gv_error *e) GV_MUST_CHECK;

#endif
