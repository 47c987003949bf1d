/*
 * kv_fault.c - the store that loses power; see kv_fault.h.
 *
 * Two memory stores: what readers see, and what a crash leaves; between them
 * the list of batches the first has and the second has not.
 */
#include "chain/store/kv_fault.h"
#include "chain/store/kv_impl.h"
#include "chain/store/kv_mem.h"

#include <stdlib.h>

struct fault {
    pthread_mutex_t lock; /* guards all but errors */
    struct gv_kv live;
    struct gv_kv durable;
    struct gv_kv_batch *tail; /* unsynced, in order of commit */
    size_t tail_count;
    size_t tail_cap;
    bool stopped; /* a commit failed */
    uint64_t calls[GV_KV_FAULT_CALLS];
    uint64_t due[GV_KV_FAULT_CALLS]; /* calls until the fault; 0: none */
    struct gv_kv_errors errors;
};

struct fault_iter {
    struct gv_kv_iter base;
    struct fault *store;
    struct gv_kv_iter *inner;
};

static enum gv_rc
injected(struct fault *f)
{
    return gv_kv_errors_set(&f->errors, "fault store: injected fault");
}

static enum gv_rc
no_memory(struct fault *f)
{
    return gv_kv_errors_set(&f->errors, "fault store: out of memory");
}

/* Count a call; true if it is the one to fail. Under the lock. */
static bool
due(struct fault *f, enum gv_kv_fault_call call)
{
    f->calls[call]++;
    return f->due[call] > 0 && --f->due[call] == 0;
}

static bool
due_locked(struct fault *f, enum gv_kv_fault_call call)
{
    bool fail;

    pthread_mutex_lock(&f->lock);
    fail = due(f, call);
    pthread_mutex_unlock(&f->lock);
    return fail;
}

static enum gv_rc
fault_get(void *self, enum gv_cf cf, struct gv_bytes key,
          struct gv_kv_value *out)
{
    struct fault *f = self;
    enum gv_rc rc;

    pthread_mutex_lock(&f->lock);
    if (due(f, GV_KV_FAULT_GET))
        rc = injected(f);
    else
        rc = gv_kv_get(&f->live, cf, key, out);
    pthread_mutex_unlock(&f->lock);
    return rc;
}

/* Add a copy of b to the tail. */
static bool
remember(struct fault *f, const struct gv_kv_batch *b)
{
    if (f->tail_count == f->tail_cap) {
        size_t cap = f->tail_cap > 0 ? 2 * f->tail_cap : 16;
        struct gv_kv_batch *p = realloc(f->tail, cap * sizeof(*p));

        if (p == NULL)
            return false;
        f->tail = p;
        f->tail_cap = cap;
    }
    if (gv_kv_batch_copy(&f->tail[f->tail_count], b) != GV_OK)
        return false;
    f->tail_count++;
    return true;
}

/* Move the first keep batches of the tail into the durable image and forget
 * the rest. */
static enum gv_rc
settle(struct fault *f, size_t keep)
{
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; i < f->tail_count; i++) {
        if (i < keep && rc == GV_OK)
            rc = gv_kv_commit(&f->durable, &f->tail[i], true);
        gv_kv_batch_free(&f->tail[i]);
    }
    f->tail_count = 0;
    return rc;
}

static enum gv_rc
commit(struct fault *f, const struct gv_kv_batch *b, bool sync)
{
    bool fail = due(f, GV_KV_FAULT_COMMIT);

    if (f->stopped)
        return GV_FAULT; /* the text of the first fault stands */
    f->stopped = true;
    if (b->wrong != NULL)
        return gv_kv_errors_set(&f->errors, "fault store: %s", b->wrong);
    if (!remember(f, b))
        return no_memory(f);
    if (fail)
        return injected(f);
    if (gv_kv_commit(&f->live, b, sync) != GV_OK ||
        (sync && settle(f, f->tail_count) != GV_OK))
        return no_memory(f);
    f->stopped = false;
    return GV_OK;
}

static enum gv_rc
fault_commit(void *self, const struct gv_kv_batch *b, bool sync)
{
    struct fault *f = self;
    enum gv_rc rc;

    pthread_mutex_lock(&f->lock);
    rc = commit(f, b, sync);
    pthread_mutex_unlock(&f->lock);
    return rc;
}

static enum gv_rc
fault_flush(void *self)
{
    struct fault *f = self;
    enum gv_rc rc = GV_FAULT;

    pthread_mutex_lock(&f->lock);
    if (!f->stopped)
        rc = settle(f, f->tail_count);
    pthread_mutex_unlock(&f->lock);
    return rc;
}

static enum gv_rc
fault_stat(void *self, struct gv_kv_stat *out)
{
    struct fault *f = self;
    enum gv_rc rc;

    pthread_mutex_lock(&f->lock);
    rc = gv_kv_stat(&f->live, out);
    pthread_mutex_unlock(&f->lock);
    return rc;
}

static void
fault_error(void *self, char *out, size_t cap)
{
    gv_kv_errors_get(&((struct fault *)self)->errors, out, cap);
}

static void
fault_close(void *self)
{
    struct fault *f = self;

    for (size_t i = 0; i < f->tail_count; i++)
        gv_kv_batch_free(&f->tail[i]);
    free(f->tail);
    gv_kv_close(&f->durable);
    gv_kv_close(&f->live);
    gv_kv_errors_free(&f->errors);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static enum gv_rc
iter_next(struct gv_kv_iter *base, struct gv_kv_row *row)
{
    struct fault_iter *it = (struct fault_iter *)base;

    if (due_locked(it->store, GV_KV_FAULT_ITER))
        return injected(it->store);
    return gv_kv_iter_next(it->inner, row);
}

static void
iter_seek(struct gv_kv_iter *base, struct gv_bytes key)
{
    gv_kv_iter_seek(((struct fault_iter *)base)->inner, key);
}

static void
iter_free(struct gv_kv_iter *base)
{
    struct fault_iter *it = (struct fault_iter *)base;

    gv_kv_iter_free(it->inner);
    free(it);
}

static const struct gv_kv_iter_ops iter_ops = {
    .next = iter_next, .seek = iter_seek, .free = iter_free};

static enum gv_rc
fault_iter_open(void *self, const struct gv_kv_span *span,
                struct gv_kv_iter **out)
{
    struct fault *f = self;
    struct fault_iter *it;
    enum gv_rc rc;

    if (due_locked(f, GV_KV_FAULT_ITER))
        return injected(f);
    it = calloc(1, sizeof(*it));
    if (it == NULL)
        return no_memory(f);
    it->base.ops = &iter_ops;
    it->store = f;
    pthread_mutex_lock(&f->lock);
    rc = f->live.ops->iter_open(f->live.self, span, &it->inner);
    pthread_mutex_unlock(&f->lock);
    if (rc != GV_OK) {
        free(it);
        return no_memory(f);
    }
    *out = &it->base;
    return GV_OK;
}

static const struct gv_kv_ops fault_ops = {.get = fault_get,
                                           .commit = fault_commit,
                                           .iter_open = fault_iter_open,
                                           .flush = fault_flush,
                                           .stat = fault_stat,
                                           .error = fault_error,
                                           .close = fault_close};

enum gv_rc
gv_kv_fault_open(struct gv_kv *out)
{
    struct fault *f = calloc(1, sizeof(*f));

    *out = (struct gv_kv){0};
    if (f == NULL)
        return GV_FAULT;
    pthread_mutex_init(&f->lock, NULL);
    gv_kv_errors_init(&f->errors);
    if (gv_kv_mem_open(&f->live) != GV_OK ||
        gv_kv_mem_open(&f->durable) != GV_OK) {
        fault_close(f);
        return GV_FAULT;
    }
    *out = (struct gv_kv){&fault_ops, f};
    return GV_OK;
}

void
gv_kv_fault_at(const struct gv_kv *kv, enum gv_kv_fault_call call, uint64_t n)
{
    struct fault *f = kv->self;

    pthread_mutex_lock(&f->lock);
    f->due[call] = n;
    pthread_mutex_unlock(&f->lock);
}

uint64_t
gv_kv_fault_calls(const struct gv_kv *kv, enum gv_kv_fault_call call)
{
    struct fault *f = kv->self;
    uint64_t n;

    pthread_mutex_lock(&f->lock);
    n = f->calls[call];
    pthread_mutex_unlock(&f->lock);
    return n;
}

size_t
gv_kv_fault_unsynced(const struct gv_kv *kv)
{
    struct fault *f = kv->self;
    size_t n;

    pthread_mutex_lock(&f->lock);
    n = f->tail_count;
    pthread_mutex_unlock(&f->lock);
    return n;
}

enum gv_rc
gv_kv_fault_crash(const struct gv_kv *kv, size_t keep)
{
    struct fault *f = kv->self;
    struct gv_kv fresh;
    enum gv_rc rc;

    pthread_mutex_lock(&f->lock);
    rc = settle(f, keep);
    if (rc == GV_OK)
        rc = gv_kv_mem_copy(&f->durable, &fresh);
    if (rc == GV_OK) {
        gv_kv_close(&f->live);
        f->live = fresh;
        f->stopped = false;
        memset(f->due, 0, sizeof(f->due));
    }
    pthread_mutex_unlock(&f->lock);
    return rc == GV_OK ? GV_OK : no_memory(f);
}
