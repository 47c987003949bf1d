/*
 * kv_impl.h - what a maker of stores needs beyond kv.h: the vtable, the base
 * of iterators, the reading of batches and ranges. Only chain/store includes
 * it.
 *
 * A maker fills struct gv_kv with its table and its own state; kv.c calls it.
 * Contracts are those of kv.h.
 */
#ifndef GAVEL_STORE_KV_IMPL_H
#define GAVEL_STORE_KV_IMPL_H

#include "chain/store/kv.h"
#include <pthread.h>

/* A range reduced to what stores understand: keys from lo on, before hi. */
struct gv_kv_span {
    enum gv_cf cf;
    bool reverse;
    struct gv_key lo;
    struct gv_key hi; /* not above lo: nothing to walk */
};

struct gv_kv_ops {
    enum gv_rc (*get)(void *self, enum gv_cf cf, struct gv_bytes key,
                      struct gv_kv_value *out);
    enum gv_rc (*commit)(void *self, const struct gv_kv_batch *b, bool sync);
    enum gv_rc (*iter_open)(void *self, const struct gv_kv_span *span,
                            struct gv_kv_iter **out);
    enum gv_rc (*flush)(void *self);
    enum gv_rc (*stat)(void *self, struct gv_kv_stat *out);
    void (*error)(void *self, char *out, size_t cap);
    void (*close)(void *self);
};

struct gv_kv_iter_ops {
    enum gv_rc (*next)(struct gv_kv_iter *it, struct gv_kv_row *row);
    void (*seek)(struct gv_kv_iter *it, struct gv_bytes key);
    void (*free)(struct gv_kv_iter *it);
};

/* First member of every maker's iterator. */
struct gv_kv_iter {
    const struct gv_kv_iter_ops *ops;
};

enum gv_kv_op_kind {
    GV_KV_OP_PUT = 1,
    GV_KV_OP_DELETE = 2,
    GV_KV_OP_DELETE_RANGE = 3
};

/* One write of a batch; a borrowed view into it. */
struct gv_kv_op {
    enum gv_kv_op_kind kind;
    enum gv_cf cf;
    struct gv_bytes key;   /* of a range: its beginning */
    struct gv_bytes value; /* of a range: the bound behind its last key */
};

/* The write at *at, which starts at 0 and is moved on. False at the end. */
bool gv_kv_batch_next(const struct gv_kv_batch *b, size_t *at,
                      struct gv_kv_op *op);

/* Make dst, which must be empty, a copy of src. GV_OK or GV_FAULT. */
enum gv_rc gv_kv_batch_copy(struct gv_kv_batch *dst,
                            const struct gv_kv_batch *src) GV_MUST_CHECK;

/* The last fault of a store, for many threads. */
struct gv_kv_errors {
    pthread_mutex_t lock;
    char text[GV_KV_ERROR_MAX];
};

void gv_kv_errors_init(struct gv_kv_errors *e);
void gv_kv_errors_free(struct gv_kv_errors *e);
void gv_kv_errors_get(struct gv_kv_errors *e, char *out, size_t cap);

/* Remember a fault; returns GV_FAULT, so that callers can return it. */
enum gv_rc gv_kv_errors_set(struct gv_kv_errors *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
