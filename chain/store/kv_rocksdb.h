/*
 * kv_rocksdb.h - the store of a datadir, in RocksDB.
 *
 * What it promises beyond kv.h:
 *  - a damaged log refuses to open instead of dropping acknowledged batches;
 *    only a torn last record, which no synced commit can be, is cut off;
 *  - the log holds about 16 MiB at most, so opening after a kill is quick;
 *  - it stops by itself, with a plain message, while the disk still has room
 *    to stop in: a commit that would leave less than the floor free faults;
 *  - data written by a newer schema is refused, not touched.
 *
 * One process at a time holds a datadir. Files in it belong to the store; what
 * else the node keeps must live in another directory.
 */
#ifndef GAVEL_STORE_KV_ROCKSDB_H
#define GAVEL_STORE_KV_ROCKSDB_H

#include "chain/store/kv.h"

/* Free space below which the store neither opens nor commits. It must hold
 * what RocksDB may still write by itself after the last commit: the memory
 * tables (32 MiB) and the output of the compactions they set off. */
#define GV_KV_FLOOR (64u << 20)

/* Cache of table blocks, indexes and filters, in bytes. */
#define GV_KV_CACHE (32u << 20)

struct gv_kv_rocksdb_options {
    const char *dir; /* made if missing; its parent must exist */
    uint64_t floor;  /* bytes; 0: GV_KV_FLOOR */
    size_t cache;    /* bytes; 0: GV_KV_CACHE */
};

/* Open or create. On GV_FAULT error holds one line that names the datadir and
 * the cause, and nothing is left open. */
enum gv_rc gv_kv_rocksdb_open(const struct gv_kv_rocksdb_options *options,
                              struct gv_kv *out,
                              char error[GV_KV_ERROR_MAX]) GV_MUST_CHECK;

#endif
