/*
 * kv_mem.c - the store in memory; see kv_mem.h.
 *
 * Each column is a table: a sorted array of pointers to rows. Rows never
 * change and are counted; tables are counted too and are copied by the first
 * commit that meets one in use elsewhere (an iterator, a copied store). So an
 * iterator is a snapshot, as it is in RocksDB.
 */
#include "chain/store/kv_mem.h"
#include "chain/store/kv_impl.h"

#include <stdatomic.h>
#include <stdlib.h>

struct row {
    atomic_size_t refs;
    size_t klen;
    size_t vlen;
    uint8_t b[]; /* key, value */
};

struct table {
    atomic_size_t refs;
    size_t count;
    size_t cap;
    struct row **rows;
};

struct mem {
    pthread_mutex_t lock; /* guards all but errors */
    struct table *table[GV_CF_COUNT];
    bool stopped; /* a commit failed: take no more */
    struct gv_kv_errors errors;
};

struct mem_iter {
    struct gv_kv_iter base;
    struct table *table;
    bool reverse;
    size_t lo; /* the range is rows[lo .. hi) */
    size_t hi;
    size_t at; /* next row; when descending, the one before it */
};

/* --- rows and tables --- */

static struct gv_bytes
row_key(const struct row *r)
{
    return gv_bytes(r->b, r->klen);
}

static struct gv_bytes
row_value(const struct row *r)
{
    return gv_bytes(r->b + r->klen, r->vlen);
}

static struct row *
row_new(struct gv_bytes key, struct gv_bytes value)
{
    struct row *r = malloc(sizeof(*r) + key.len + value.len);

    if (r == NULL)
        return NULL;
    atomic_init(&r->refs, 1);
    r->klen = key.len;
    r->vlen = value.len;
    memcpy(r->b, key.p, key.len);
    if (value.len > 0)
        memcpy(r->b + key.len, value.p, value.len);
    return r;
}

static void
row_drop(void *row)
{
    struct row *r = row;

    if (atomic_fetch_sub(&r->refs, 1) == 1)
        free(r);
}

static struct table *
table_new(size_t cap)
{
    struct table *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    atomic_init(&t->refs, 1);
    t->cap = cap;
    t->rows = malloc((cap > 0 ? cap : 1) * sizeof(t->rows[0]));
    if (t->rows == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

static void
table_drop(struct table *t)
{
    if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    for (size_t i = 0; i < t->count; i++)
        row_drop(t->rows[i]);
    free(t->rows);
    free(t);
}

/* Index of the first row not before key. */
static size_t
table_find(const struct table *t, struct gv_bytes key)
{
    size_t lo = 0, hi = t->count;

    /* Most writes go behind the last row. */
    if (hi > 0 && gv_key_cmp(row_key(t->rows[hi - 1]), key) < 0)
        return hi;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (gv_key_cmp(row_key(t->rows[mid]), key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool
table_has(const struct table *t, size_t i, struct gv_bytes key)
{
    return i < t->count && gv_bytes_eq(row_key(t->rows[i]), key);
}

static void
table_remove(struct table *t, size_t lo, size_t hi)
{
    for (size_t i = lo; i < hi; i++)
        row_drop(t->rows[i]);
    memmove(t->rows + lo, t->rows + hi, (t->count - hi) * sizeof(t->rows[0]));
    t->count -= hi - lo;
}

/* The caller has made room. Takes over r. */
static void
table_insert(struct table *t, struct row *r)
{
    size_t i = table_find(t, row_key(r));

    if (table_has(t, i, row_key(r))) {
        row_drop(t->rows[i]);
        t->rows[i] = r;
        return;
    }
    memmove(t->rows + i + 1, t->rows + i, (t->count - i) * sizeof(t->rows[0]));
    t->rows[i] = r;
    t->count++;
}

/* Make *t the store's own, with room for more rows. */
static bool
table_own(struct table **t, size_t more)
{
    struct table *old = *t, *own;
    size_t need = old->count + more;
    struct row **rows;

    if (atomic_load(&old->refs) == 1) {
        if (need <= old->cap)
            return true;
        rows = realloc(old->rows, 2 * need * sizeof(rows[0]));
        if (rows == NULL)
            return false;
        old->rows = rows;
        old->cap = 2 * need;
        return true;
    }
    own = table_new(2 * need);
    if (own == NULL)
        return false;
    own->count = old->count;
    for (size_t i = 0; i < old->count; i++) {
        own->rows[i] = old->rows[i];
        atomic_fetch_add(&own->rows[i]->refs, 1);
    }
    table_drop(old);
    *t = own;
    return true;
}

/* --- the store --- */

static enum gv_rc
mem_get(void *self, enum gv_cf cf, struct gv_bytes key, struct gv_kv_value *out)
{
    struct mem *m = self;
    struct row *r = NULL;
    size_t i;

    pthread_mutex_lock(&m->lock);
    i = table_find(m->table[cf], key);
    if (table_has(m->table[cf], i, key)) {
        r = m->table[cf]->rows[i];
        atomic_fetch_add(&r->refs, 1);
    }
    pthread_mutex_unlock(&m->lock);
    if (r == NULL)
        return GV_ABSENT;
    *out = (struct gv_kv_value){
        .p = row_value(r).p, .len = r->vlen, .own = r, .drop = row_drop};
    return GV_OK;
}

/* Everything that can fail happens here, before the first write shows: the
 * rows to be put, in order, and room for them. */
static struct row **
prepare(struct mem *m, const struct gv_kv_batch *b)
{
    size_t total = 0, at = 0, n = 0;
    struct gv_kv_op op;
    struct row **rows;

    for (int cf = 0; cf < GV_CF_COUNT; cf++)
        total += b->puts[cf];
    rows = calloc(total + 1, sizeof(rows[0]));
    if (rows == NULL)
        return NULL;
    while (gv_kv_batch_next(b, &at, &op)) {
        if (!table_own(&m->table[op.cf], b->puts[op.cf]))
            goto fail;
        if (op.kind != GV_KV_OP_PUT)
            continue;
        rows[n] = row_new(op.key, op.value);
        if (rows[n] == NULL)
            goto fail;
        n++;
    }
    return rows;
fail:
    while (n > 0)
        row_drop(rows[--n]);
    free(rows);
    return NULL;
}

static void
apply(struct mem *m, const struct gv_kv_batch *b, struct row **rows)
{
    struct gv_kv_op op;
    size_t at = 0, lo;

    while (gv_kv_batch_next(b, &at, &op)) {
        struct table *t = m->table[op.cf];

        switch (op.kind) {
        case GV_KV_OP_PUT:
            table_insert(t, *rows++);
            break;
        case GV_KV_OP_DELETE:
            lo = table_find(t, op.key);
            if (table_has(t, lo, op.key))
                table_remove(t, lo, lo + 1);
            break;
        case GV_KV_OP_DELETE_RANGE:
            lo = table_find(t, op.key);
            table_remove(t, lo, table_find(t, op.value));
            break;
        }
    }
}

static enum gv_rc
commit(struct mem *m, const struct gv_kv_batch *b)
{
    struct row **rows;

    if (m->stopped)
        return GV_FAULT; /* the text of the first fault stands */
    m->stopped = true;
    if (b->wrong != NULL)
        return gv_kv_errors_set(&m->errors, "memory store: %s", b->wrong);
    rows = prepare(m, b);
    if (rows == NULL)
        return gv_kv_errors_set(&m->errors, "memory store: out of memory");
    apply(m, b, rows);
    free(rows);
    m->stopped = false;
    return GV_OK;
}

static enum gv_rc
mem_commit(void *self, const struct gv_kv_batch *b, bool sync)
{
    struct mem *m = self;
    enum gv_rc rc;

    (void)sync;
    pthread_mutex_lock(&m->lock);
    rc = commit(m, b);
    pthread_mutex_unlock(&m->lock);
    return rc;
}

static enum gv_rc
mem_flush(void *self)
{
    (void)self;
    return GV_OK;
}

static enum gv_rc
mem_stat(void *self, struct gv_kv_stat *out)
{
    struct mem *m = self;

    pthread_mutex_lock(&m->lock);
    for (int cf = 0; cf < GV_CF_COUNT; cf++) {
        const struct table *t = m->table[cf];

        out->rows[cf] = t->count;
        for (size_t i = 0; i < t->count; i++)
            out->memory_bytes += t->rows[i]->klen + t->rows[i]->vlen;
    }
    pthread_mutex_unlock(&m->lock);
    return GV_OK;
}

static void
mem_error(void *self, char *out, size_t cap)
{
    gv_kv_errors_get(&((struct mem *)self)->errors, out, cap);
}

static void
mem_close(void *self)
{
    struct mem *m = self;

    for (int cf = 0; cf < GV_CF_COUNT; cf++)
        table_drop(m->table[cf]);
    gv_kv_errors_free(&m->errors);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* --- iterators --- */

static enum gv_rc
iter_next(struct gv_kv_iter *base, struct gv_kv_row *out)
{
    struct mem_iter *it = (struct mem_iter *)base;
    const struct row *r;

    if (it->reverse) {
        if (it->at <= it->lo)
            return GV_ABSENT;
        r = it->table->rows[--it->at];
    } else {
        if (it->at >= it->hi)
            return GV_ABSENT;
        r = it->table->rows[it->at++];
    }
    *out = (struct gv_kv_row){row_key(r), row_value(r)};
    return GV_OK;
}

static void
iter_seek(struct gv_kv_iter *base, struct gv_bytes key)
{
    struct mem_iter *it = (struct mem_iter *)base;
    size_t i = table_find(it->table, key);

    if (it->reverse && table_has(it->table, i, key))
        i++;
    it->at = i < it->lo ? it->lo : i > it->hi ? it->hi : i;
}

static void
iter_free(struct gv_kv_iter *base)
{
    struct mem_iter *it = (struct mem_iter *)base;

    table_drop(it->table);
    free(it);
}

static const struct gv_kv_iter_ops iter_ops = {
    .next = iter_next, .seek = iter_seek, .free = iter_free};

static enum gv_rc
mem_iter_open(void *self, const struct gv_kv_span *span,
              struct gv_kv_iter **out)
{
    struct mem *m = self;
    struct mem_iter *it = calloc(1, sizeof(*it));

    if (it == NULL)
        return gv_kv_errors_set(&m->errors, "memory store: out of memory");
    it->base.ops = &iter_ops;
    it->reverse = span->reverse;
    pthread_mutex_lock(&m->lock);
    it->table = m->table[span->cf];
    atomic_fetch_add(&it->table->refs, 1);
    pthread_mutex_unlock(&m->lock);
    it->lo = table_find(it->table, gv_key_view(&span->lo));
    it->hi = table_find(it->table, gv_key_view(&span->hi));
    if (it->hi < it->lo)
        it->hi = it->lo;
    it->at = it->reverse ? it->hi : it->lo;
    *out = &it->base;
    return GV_OK;
}

static const struct gv_kv_ops mem_ops = {.get = mem_get,
                                         .commit = mem_commit,
                                         .iter_open = mem_iter_open,
                                         .flush = mem_flush,
                                         .stat = mem_stat,
                                         .error = mem_error,
                                         .close = mem_close};

enum gv_rc
gv_kv_mem_open(struct gv_kv *out)
{
    struct mem *m = calloc(1, sizeof(*m));

    *out = (struct gv_kv){0};
    if (m == NULL)
        return GV_FAULT;
    pthread_mutex_init(&m->lock, NULL);
    gv_kv_errors_init(&m->errors);
    for (int cf = 0; cf < GV_CF_COUNT; cf++) {
        m->table[cf] = table_new(0);
        if (m->table[cf] == NULL) {
            mem_close(m);
            return GV_FAULT;
        }
    }
    *out = (struct gv_kv){&mem_ops, m};
    return GV_OK;
}

enum gv_rc
gv_kv_mem_copy(const struct gv_kv *src, struct gv_kv *out)
{
    struct mem *from = src->self, *to;

    if (gv_kv_mem_open(out) != GV_OK)
        return GV_FAULT;
    to = out->self;
    pthread_mutex_lock(&from->lock);
    for (int cf = 0; cf < GV_CF_COUNT; cf++) {
        table_drop(to->table[cf]);
        to->table[cf] = from->table[cf];
        atomic_fetch_add(&to->table[cf]->refs, 1);
    }
    pthread_mutex_unlock(&from->lock);
    return GV_OK;
}
