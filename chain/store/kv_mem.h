/*
 * kv_mem.h - a store in memory, for tests and for tools that need no datadir.
 *
 * Sorted arrays of rows. A look-up is O(log n), appending at the end O(log n),
 * inserting elsewhere moves O(n) pointers. Iterators and copies share rows and
 * cost O(1) until the next commit. Nothing outlives the process; sync and
 * flush have nothing to do.
 */
#ifndef GAVEL_STORE_KV_MEM_H
#define GAVEL_STORE_KV_MEM_H

#include "chain/store/kv.h"

/* Open an empty store. GV_OK, or GV_FAULT without memory. */
enum gv_rc gv_kv_mem_open(struct gv_kv *out) GV_MUST_CHECK;

/* Open a store with the rows that src, another store of this kind, has now.
 * The two then live apart. */
enum gv_rc gv_kv_mem_copy(const struct gv_kv *src,
                          struct gv_kv *out) GV_MUST_CHECK;

#endif
