/*
 * wal.h - a look at RocksDB's write-ahead log before RocksDB replays it.
 *
 * RocksDB takes a record that reaches beyond the end of the log for one that
 * a crash has torn, and drops it with all that follows in the same 32 KiB. A
 * torn write is like that, but so is one changed byte in a record's length or
 * type, and then batches that were acknowledged go without a word. The two
 * can be told apart: behind a torn record there is nothing.
 *
 * Private to chain/store. Thread-safe.
 */
#ifndef GAVEL_STORE_WAL_H
#define GAVEL_STORE_WAL_H

#include "chain/store/kv_impl.h"

#define GV_WAL_WHOLE SIZE_MAX

/* Where a log is damaged, or GV_WAL_WHOLE: it is whole up to a torn tail. */
size_t gv_wal_damage(struct gv_bytes log);

/* Read every log in dir. GV_OK when each is whole up to a torn tail, GV_FAULT
 * with a text in errors when a damaged record has records behind it or cannot
 * be a torn one. What else may be wrong is left to RocksDB, which refuses. */
enum gv_rc gv_wal_check(const char *dir,
                        struct gv_kv_errors *errors) GV_MUST_CHECK;

#endif
