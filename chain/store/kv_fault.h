/*
 * kv_fault.h - a store in memory that loses power and fails on demand.
 *
 * A killed process keeps its page cache, so killing cannot show a missing
 * sync. This store can: it keeps what is durable apart from what is only
 * committed, and a crash goes back to the durable image, with, if asked, some
 * of the unsynced batches in their order, as a real log may have. A batch is
 * never cut in two.
 *
 * Faults: the n-th call of a kind from now returns GV_FAULT. A faulted commit
 * shows nothing but is in doubt: it is treated as an unsynced batch by the
 * next crash; and further commits are refused until then (kv.h).
 *
 * To test a piece of code at every point of failure: run it once, read
 * gv_kv_fault_calls, then run it anew with a fault at each call.
 */
#ifndef GAVEL_STORE_KV_FAULT_H
#define GAVEL_STORE_KV_FAULT_H

#include "chain/store/kv.h"

enum gv_kv_fault_call {
    GV_KV_FAULT_GET,
    GV_KV_FAULT_COMMIT,
    GV_KV_FAULT_ITER, /* opening an iterator, and each step of one */
    GV_KV_FAULT_CALLS
};

/* Open an empty store. GV_OK, or GV_FAULT without memory. The other calls take
 * a store of this kind only. */
enum gv_rc gv_kv_fault_open(struct gv_kv *out) GV_MUST_CHECK;

/* Let the n-th call of that kind from now fail, n >= 1; 0: none. One fault. */
void gv_kv_fault_at(const struct gv_kv *kv, enum gv_kv_fault_call call,
                    uint64_t n);

/* Calls of that kind since the store was opened. */
uint64_t gv_kv_fault_calls(const struct gv_kv *kv, enum gv_kv_fault_call call);

/* Unsynced batches, the one in doubt included. */
size_t gv_kv_fault_unsynced(const struct gv_kv *kv);

/* Lose power and start again. The synced image stays, and the first `keep`
 * unsynced batches (fewer if there are fewer). Pending faults are taken away.
 * To draw keep at random, take it from 0 to gv_kv_fault_unsynced. Values and
 * iterators from before stay readable. GV_FAULT only without memory. */
enum gv_rc gv_kv_fault_crash(const struct gv_kv *kv, size_t keep) GV_MUST_CHECK;

#endif
