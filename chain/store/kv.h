/*
 * kv.h - the ordered key-value store under the chains: what chain/state and
 * the services may ask of a disk, and nothing more.
 *
 * One vtable, three makers: kv_rocksdb.h (the datadir), kv_mem.h (memory) and
 * kv_fault.h (memory that loses power). Everything behaves the same on all of
 * them, so rules and reorgs are tested on any.
 *
 * Look-ups are three-valued: GV_OK found, GV_ABSENT not there, GV_FAULT the
 * store failed. A fault is never "absent" and never judges a block: the node
 * stops. gv_kv_error then says what happened in words for an operator.
 *
 * Writing is by batches only. A batch is applied whole or not at all, in the
 * order of its operations, and batches become durable in the order of their
 * commits: when a synced commit returns GV_OK, it and every commit before it
 * survive a loss of power. An unsynced commit survives the end of the process
 * but may be lost with the power. After a commit that returned GV_FAULT the
 * store refuses every further commit until it is opened again; whether the
 * failed batch survives is open until then.
 *
 * Keys have 1 to GV_KEY_MAX bytes (key.h), values 0 to GV_KV_VALUE_MAX.
 * Order is bytewise within one column family.
 *
 * Thread-safety: a store may be used by many threads at once. A batch, a
 * value and an iterator belong to one thread at a time. All values and
 * iterators must be freed before the store is closed.
 */
#ifndef GAVEL_STORE_KV_H
#define GAVEL_STORE_KV_H

#include "chain/store/key.h"
#include "gavel/types.h"

/* The layout of keys and values this program writes. It is stored in META and
 * a datadir with a greater number is refused. One with a smaller number opens;
 * chain/state brings it up to this one (gv_state_open). 2: headers have a
 * column. */
#define GV_KV_SCHEMA 2u

/* Longest value, in bytes: far above a block, far below the log's records. */
#define GV_KV_VALUE_MAX (1u << 26)

/* Room that holds every error text, its zero included. */
#define GV_KV_ERROR_MAX 512

/* Column families: separate key spaces, written together in one batch. */
enum gv_cf {
    GV_CF_META,   /* the store's own facts: schema number */
    GV_CF_BLOCK,  /* block bodies, one value a block */
    GV_CF_ROWS,   /* compact sorted rows, written with their block */
    GV_CF_CHAIN,  /* records of each chain: tips, locks, outcome */
    GV_CF_POOL,   /* acknowledged transactions not yet in a block */
    GV_CF_TTP,    /* durable records of the trusted services */
    GV_CF_HEADER, /* header, seal and branch, written with their block */
    GV_CF_COUNT
};

struct gv_kv_ops;  /* kv_impl.h */
struct gv_kv_iter; /* a walk; opaque */

/* An open store. Copying the struct copies the handle, not the store. */
struct gv_kv {
    const struct gv_kv_ops *ops;
    void *self;
};

/* A value that was read; p is valid until gv_kv_value_free. */
struct gv_kv_value {
    const uint8_t *p;
    size_t len;
    void *own; /* private: what keeps p alive, and how to let it go */
    void (*drop)(void *own);
};

/* A list of writes. Start with all zero or gv_kv_batch_init. The fields are
 * private, except that len says how many bytes the list takes. */
struct gv_kv_batch {
    uint8_t *buf;
    size_t len;
    size_t cap;
    size_t puts[GV_CF_COUNT];
    const char *wrong; /* why the batch cannot be committed, or NULL */
};

/* What to walk: the keys of cf that begin with prefix, from `from` on. */
struct gv_kv_range {
    enum gv_cf cf;
    struct gv_bytes prefix; /* empty: the whole column */
    struct gv_bytes from;   /* where to begin; empty: at the end of the range
                               that the direction starts from. Need not exist,
                               need not have the prefix, may have any length */
    bool after;             /* leave `from` itself out: the cursor of a page */
    bool reverse;           /* descending */
};

/* One row of a walk; valid until the next call on its iterator. */
struct gv_kv_row {
    struct gv_bytes key;
    struct gv_bytes value;
};

/* Sizes, for status pages and metrics. */
struct gv_kv_stat {
    uint64_t disk_bytes;        /* files of the store; 0 if it has none */
    uint64_t free_bytes;        /* free on their file system; 0 if none */
    uint64_t memory_bytes;      /* rows held in memory, and caches */
    uint64_t rows[GV_CF_COUNT]; /* rows; an estimate where counting is dear */
};

/* Read one value. GV_OK with *out to be freed, GV_ABSENT or GV_FAULT with
 * *out empty. */
enum gv_rc gv_kv_get(const struct gv_kv *kv, enum gv_cf cf, struct gv_bytes key,
                     struct gv_kv_value *out) GV_MUST_CHECK;

/* Let a value go; leaves it empty. NULL and an empty value are legal. */
void gv_kv_value_free(struct gv_kv_value *v);

/* Batches. The list copies what it is given. A mistake (a key or value beyond
 * its limits) or lack of memory is remembered and makes the commit fault, so
 * that callers write straight lines. delete_range removes the keys from `from`
 * on and before `to`; an inverted range is empty. Deleting what is not there
 * is legal. clear keeps the memory for the next list. */
void gv_kv_batch_init(struct gv_kv_batch *b);
void gv_kv_batch_put(struct gv_kv_batch *b, enum gv_cf cf, struct gv_bytes key,
                     struct gv_bytes value);
void gv_kv_batch_delete(struct gv_kv_batch *b, enum gv_cf cf,
                        struct gv_bytes key);
void gv_kv_batch_delete_range(struct gv_kv_batch *b, enum gv_cf cf,
                              struct gv_bytes from, struct gv_bytes to);
void gv_kv_batch_clear(struct gv_kv_batch *b);
void gv_kv_batch_free(struct gv_kv_batch *b);

/* Apply a batch, which stays the caller's and unchanged. sync: return only
 * when it is durable. An empty synced batch makes earlier commits durable. */
enum gv_rc gv_kv_commit(const struct gv_kv *kv, const struct gv_kv_batch *b,
                        bool sync) GV_MUST_CHECK;

/* Walk a range as the store is now; later commits do not show. *out is to be
 * freed after GV_OK; NULL after GV_FAULT. */
enum gv_rc gv_kv_iter_open(const struct gv_kv *kv,
                           const struct gv_kv_range *range,
                           struct gv_kv_iter **out) GV_MUST_CHECK;

/* The next row: GV_OK, GV_ABSENT at the end of the range, GV_FAULT. After the
 * end it stays at the end. */
enum gv_rc gv_kv_iter_next(struct gv_kv_iter *it,
                           struct gv_kv_row *row) GV_MUST_CHECK;

/* Jump, forwards or back: the next row will be the first one of the range not
 * before key in the walk's direction. */
void gv_kv_iter_seek(struct gv_kv_iter *it, struct gv_bytes key);

void gv_kv_iter_free(struct gv_kv_iter *it);

/* Make everything durable in its final place, so that the next open has
 * nothing to replay. For a clean stop; not needed for safety. */
enum gv_rc gv_kv_flush(const struct gv_kv *kv) GV_MUST_CHECK;

enum gv_rc gv_kv_stat(const struct gv_kv *kv,
                      struct gv_kv_stat *out) GV_MUST_CHECK;

/* Copy the text of the last fault, "" if there was none, to out, which holds
 * cap >= 1 characters. Returns out. */
char *gv_kv_error(const struct gv_kv *kv, char *out, size_t cap);

/* Close without flushing; what was committed stays. Leaves kv empty; an empty
 * store is legal. */
void gv_kv_close(struct gv_kv *kv);

#endif
