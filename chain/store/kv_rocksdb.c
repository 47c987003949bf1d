/*
 * kv_rocksdb.c - the store of a datadir; the only file that knows RocksDB.
 * See kv_rocksdb.h.
 */
#include "chain/store/kv_rocksdb.h"
#include "chain/store/disk.h"
#include "chain/store/kv_impl.h"
#include "chain/store/schema.h"
#include "chain/store/wal.h"

#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB (1u << 20)
#define WAL_MAX (16 * MIB)
#define MEMTABLES_MAX (32 * MIB) /* all columns together */
#define MEMTABLE_MAX (16 * MIB)  /* one column */
#define BLOB_MIN 4096 /* blocks from here on stay out of compactions */
#define BLOOM_BITS 10.0
#define OPEN_FILES 256

struct column {
    const char *name;
    bool random_keys; /* look-ups of absent keys pay: have a filter */
    bool blobs;       /* large values, written once */
};

/* META is RocksDB's own column, which exists in any case. */
static const struct column columns[GV_CF_COUNT] = {
    [GV_CF_META] = {"default", false, false},
    [GV_CF_BLOCK] = {"block", false, true},
    [GV_CF_ROWS] = {"rows", false, false},
    [GV_CF_CHAIN] = {"chain", true, false},
    [GV_CF_POOL] = {"pool", true, false},
    [GV_CF_TTP] = {"ttp", true, false},
    [GV_CF_HEADER] = {"header", false, false},
};

/* A column that early stores have and that nothing was ever written to. */
static const struct column retired = {"index", true, false};

struct rocks {
    char *dir;
    uint64_t floor;
    rocksdb_t *db;
    rocksdb_column_family_handle_t *cf[GV_CF_COUNT];
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write;
    rocksdb_writeoptions_t *write_synced;
    rocksdb_flushoptions_t *flush;
    atomic_bool stopped; /* a commit failed: take no more */
    struct gv_kv_errors errors;
};

struct rocks_iter {
    struct gv_kv_iter base;
    struct rocks *store;
    struct gv_kv_span span; /* RocksDB points into it */
    rocksdb_readoptions_t *read;
    rocksdb_iterator_t *it;
    bool placed; /* it stands on the row to give next */
    bool ended;
};

/* Put RocksDB's words into ours, free them, and return GV_FAULT. */
static enum gv_rc
explain(struct rocks *r, char *e)
{
    const char *fmt = "datadir %s: %s";

    if (strstr(e, "LOCK: Resource temporarily unavailable") != NULL)
        fmt = "datadir %s is in use by another process";
    else if (strstr(e, "lock hold by current process") != NULL)
        fmt = "datadir %s is already open in this process";
    else if (strstr(e, "Corruption") != NULL)
        fmt = "datadir %s is damaged: %s";
    gv_kv_errors_set(&r->errors, fmt, r->dir, e);
    rocksdb_free(e);
    return GV_FAULT;
}

/* --- reading --- */

static void
drop_slice(void *own)
{
    rocksdb_pinnableslice_destroy(own);
}

static enum gv_rc
rocks_get(void *self, enum gv_cf cf, struct gv_bytes key,
          struct gv_kv_value *out)
{
    struct rocks *r = self;
    char *e = NULL;
    rocksdb_pinnableslice_t *s = rocksdb_get_pinned_cf(
        r->db, r->read, r->cf[cf], (const char *)key.p, key.len, &e);

    if (e != NULL)
        return explain(r, e);
    if (s == NULL)
        return GV_ABSENT;
    out->p = (const uint8_t *)rocksdb_pinnableslice_value(s, &out->len);
    out->own = s;
    out->drop = drop_slice;
    return GV_OK;
}

static void
place(struct rocks_iter *it, struct gv_bytes key)
{
    if (it->span.reverse)
        rocksdb_iter_seek_for_prev(it->it, (const char *)key.p, key.len);
    else
        rocksdb_iter_seek(it->it, (const char *)key.p, key.len);
    it->placed = true;
}

static enum gv_rc
iter_next(struct gv_kv_iter *base, struct gv_kv_row *row)
{
    struct rocks_iter *it = (struct rocks_iter *)base;
    size_t len;
    char *e = NULL;

    if (it->ended)
        return GV_ABSENT;
    if (!it->placed && it->span.reverse)
        rocksdb_iter_prev(it->it);
    else if (!it->placed)
        rocksdb_iter_next(it->it);
    it->placed = false;
    if (!rocksdb_iter_valid(it->it)) {
        it->ended = true;
        rocksdb_iter_get_error(it->it, &e);
        return e != NULL ? explain(it->store, e) : GV_ABSENT;
    }
    row->key.p = (const uint8_t *)rocksdb_iter_key(it->it, &len);
    row->key.len = len;
    row->value.p = (const uint8_t *)rocksdb_iter_value(it->it, &len);
    row->value.len = len;
    return GV_OK;
}

static bool
span_empty(const struct gv_kv_span *span)
{
    return gv_key_cmp(gv_key_view(&span->lo), gv_key_view(&span->hi)) >= 0;
}

static void
iter_seek(struct gv_kv_iter *base, struct gv_bytes key)
{
    struct rocks_iter *it = (struct rocks_iter *)base;

    if (span_empty(&it->span))
        return;
    it->ended = false;
    place(it, key);
}

static void
iter_free(struct gv_kv_iter *base)
{
    struct rocks_iter *it = (struct rocks_iter *)base;

    rocksdb_iter_destroy(it->it);
    rocksdb_readoptions_destroy(it->read);
    free(it);
}

static const struct gv_kv_iter_ops iter_ops = {
    .next = iter_next, .seek = iter_seek, .free = iter_free};

static enum gv_rc
rocks_iter_open(void *self, const struct gv_kv_span *span,
                struct gv_kv_iter **out)
{
    struct rocks *r = self;
    struct rocks_iter *it = calloc(1, sizeof(*it));

    if (it == NULL)
        return gv_kv_errors_set(&r->errors, "datadir %s: out of memory",
                                r->dir);
    it->base.ops = &iter_ops;
    it->store = r;
    it->span = *span;
    it->read = rocksdb_readoptions_create();
    it->ended = span_empty(span);
    if (!it->ended) {
        rocksdb_readoptions_set_iterate_lower_bound(
            it->read, (const char *)it->span.lo.b, it->span.lo.len);
        rocksdb_readoptions_set_iterate_upper_bound(
            it->read, (const char *)it->span.hi.b, it->span.hi.len);
    }
    it->it = rocksdb_create_iterator_cf(r->db, it->read, r->cf[span->cf]);
    if (!it->ended)
        place(it, gv_key_view(span->reverse ? &it->span.hi : &it->span.lo));
    *out = &it->base;
    return GV_OK;
}

/* --- writing --- */

static rocksdb_writebatch_t *
translate(struct rocks *r, const struct gv_kv_batch *b)
{
    rocksdb_writebatch_t *wb = rocksdb_writebatch_create();
    struct gv_kv_op op;
    size_t at = 0;

    while (gv_kv_batch_next(b, &at, &op)) {
        const char *key = (const char *)op.key.p;
        const char *value = (const char *)op.value.p;

        switch (op.kind) {
        case GV_KV_OP_PUT:
            rocksdb_writebatch_put_cf(wb, r->cf[op.cf], key, op.key.len, value,
                                      op.value.len);
            break;
        case GV_KV_OP_DELETE:
            rocksdb_writebatch_delete_cf(wb, r->cf[op.cf], key, op.key.len);
            break;
        case GV_KV_OP_DELETE_RANGE:
            rocksdb_writebatch_delete_range_cf(wb, r->cf[op.cf], key,
                                               op.key.len, value, op.value.len);
            break;
        }
    }
    return wb;
}

static enum gv_rc
commit(struct rocks *r, const struct gv_kv_batch *b, bool sync)
{
    rocksdb_writebatch_t *wb;
    char *e = NULL;

    if (b->wrong != NULL)
        return gv_kv_errors_set(&r->errors, "datadir %s: %s", r->dir, b->wrong);
    if (gv_disk_room(r->dir, r->floor + b->len, &r->errors) != GV_OK)
        return GV_FAULT;
    if (b->len == 0) {
        if (sync)
            rocksdb_flush_wal(r->db, 1, &e);
    } else {
        wb = translate(r, b);
        rocksdb_write(r->db, sync ? r->write_synced : r->write, wb, &e);
        rocksdb_writebatch_destroy(wb);
    }
    return e != NULL ? explain(r, e) : GV_OK;
}

static enum gv_rc
rocks_commit(void *self, const struct gv_kv_batch *b, bool sync)
{
    struct rocks *r = self;

    if (atomic_load(&r->stopped))
        return GV_FAULT; /* the text of the first fault stands */
    if (commit(r, b, sync) == GV_OK)
        return GV_OK;
    atomic_store(&r->stopped, true);
    return GV_FAULT;
}

/* A store that has stopped is left alone: the log has what was committed. */
static enum gv_rc
rocks_flush(void *self)
{
    struct rocks *r = self;
    char *e = NULL;

    if (atomic_load(&r->stopped))
        return GV_FAULT;
    if (gv_disk_room(r->dir, r->floor, &r->errors) != GV_OK)
        return GV_FAULT;
    for (int cf = 0; cf < GV_CF_COUNT && e == NULL; cf++)
        rocksdb_flush_cf(r->db, r->flush, r->cf[cf], &e);
    if (e == NULL)
        rocksdb_flush_wal(r->db, 1, &e);
    return e != NULL ? explain(r, e) : GV_OK;
}

static enum gv_rc
rocks_stat(void *self, struct gv_kv_stat *out)
{
    struct rocks *r = self;
    uint64_t n;

    for (int cf = 0; cf < GV_CF_COUNT; cf++) {
        if (rocksdb_property_int_cf(r->db, r->cf[cf],
                                    "rocksdb.estimate-num-keys", &n) == 0)
            out->rows[cf] = n;
        if (rocksdb_property_int_cf(r->db, r->cf[cf],
                                    "rocksdb.size-all-mem-tables", &n) == 0)
            out->memory_bytes += n;
    }
    out->memory_bytes += rocksdb_cache_get_usage(r->cache);
    return gv_disk_measure(r->dir, &out->free_bytes, &out->disk_bytes,
                           &r->errors);
}

static void
rocks_error(void *self, char *out, size_t cap)
{
    gv_kv_errors_get(&((struct rocks *)self)->errors, out, cap);
}

/* --- opening and closing --- */

static void
rocks_close(void *self)
{
    struct rocks *r = self;

    for (int cf = 0; cf < GV_CF_COUNT; cf++)
        if (r->cf[cf] != NULL)
            rocksdb_column_family_handle_destroy(r->cf[cf]);
    if (r->db != NULL)
        rocksdb_close(r->db);
    rocksdb_flushoptions_destroy(r->flush);
    rocksdb_writeoptions_destroy(r->write_synced);
    rocksdb_writeoptions_destroy(r->write);
    rocksdb_readoptions_destroy(r->read);
    rocksdb_cache_destroy(r->cache);
    gv_kv_errors_free(&r->errors);
    free(r->dir);
    free(r);
}

static struct rocks *
rocks_new(const struct gv_kv_rocksdb_options *o)
{
    struct rocks *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->dir = strdup(o->dir);
    if (r->dir == NULL) {
        free(r);
        return NULL;
    }
    r->floor = o->floor > 0 ? o->floor : GV_KV_FLOOR;
    r->cache = rocksdb_cache_create_lru(o->cache > 0 ? o->cache : GV_KV_CACHE);
    r->read = rocksdb_readoptions_create();
    r->write = rocksdb_writeoptions_create();
    r->write_synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(r->write_synced, 1);
    r->flush = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(r->flush, 1);
    atomic_init(&r->stopped, false);
    gv_kv_errors_init(&r->errors);
    return r;
}

/* Options of the whole store. */
static void
set_store_options(rocksdb_options_t *o)
{
    rocksdb_options_set_create_if_missing(o, 1);
    rocksdb_options_set_create_missing_column_families(o, 1);
    rocksdb_options_set_paranoid_checks(o, 1);
    /* The default stops replaying silently at the first damaged record and
     * loses what was acknowledged behind it. This one refuses, all but some
     * damage in the last 32 KiB, which gv_wal_check has looked for. */
    rocksdb_options_set_wal_recovery_mode(
        o, rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_max_total_wal_size(o, WAL_MAX);
    rocksdb_options_set_db_write_buffer_size(o, MEMTABLES_MAX);
    rocksdb_options_set_max_background_jobs(o, 2);
    rocksdb_options_set_max_open_files(o, OPEN_FILES);
    rocksdb_options_set_info_log_level(o, 2); /* warnings */
    rocksdb_options_set_keep_log_file_num(o, 2);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_stats_persist_period_sec(o, 0);
}

static rocksdb_options_t *
column_options(const struct column *c, rocksdb_cache_t *cache)
{
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_block_based_table_options_t *t =
        rocksdb_block_based_options_create();

    rocksdb_block_based_options_set_block_cache(t, cache);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(t, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(t,
                                                                            1);
    if (c->random_keys)
        rocksdb_block_based_options_set_filter_policy(
            t, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
    rocksdb_options_set_block_based_table_factory(o, t);
    rocksdb_block_based_options_destroy(t);
    rocksdb_options_set_write_buffer_size(o, MEMTABLE_MAX);
    rocksdb_options_set_compression(o, rocksdb_lz4_compression);
    if (c->blobs) {
        /* Bodies are signatures and hashes: nothing to compress. */
        rocksdb_options_set_compression(o, rocksdb_no_compression);
        rocksdb_options_set_enable_blob_files(o, 1);
        rocksdb_options_set_min_blob_size(o, BLOB_MIN);
        rocksdb_options_set_enable_blob_gc(o, 1);
    }
    return o;
}

/* Refuse a store with columns this program does not have before anything is
 * written to it. A directory without a store passes. *old: the retired column
 * is there, too. */
static enum gv_rc
check_columns(struct rocks *r, const rocksdb_options_t *o, bool *old)
{
    enum gv_rc rc = gv_disk_find_store(r->dir, &r->errors);
    char *e = NULL, **names;
    size_t n;

    if (rc != GV_OK)
        return rc == GV_ABSENT ? GV_OK : rc;
    names = rocksdb_list_column_families(o, r->dir, &n, &e);
    if (e != NULL)
        return explain(r, e);
    for (size_t i = 0; i < n && rc == GV_OK; i++) {
        int cf = 0;

        while (cf < GV_CF_COUNT && strcmp(names[i], columns[cf].name) != 0)
            cf++;
        if (strcmp(names[i], retired.name) == 0)
            *old = true;
        else if (cf == GV_CF_COUNT)
            rc = gv_kv_errors_set(&r->errors,
                                  "datadir %s written by a newer Gavel: it has "
                                  "a column \"%s\" this program does not know",
                                  r->dir, names[i]);
    }
    rocksdb_list_column_families_destroy(names, n);
    return rc;
}

static enum gv_rc
open_db(struct rocks *r)
{
    enum { MOST = GV_CF_COUNT + 1 };
    rocksdb_options_t *o = rocksdb_options_create();
    rocksdb_options_t *co[MOST];
    rocksdb_column_family_handle_t *handle[MOST];
    const char *names[MOST];
    enum gv_rc rc;
    char *e = NULL;
    bool old = false;

    set_store_options(o);
    for (int cf = 0; cf < MOST; cf++) {
        const struct column *c = cf < GV_CF_COUNT ? &columns[cf] : &retired;

        names[cf] = c->name;
        co[cf] = column_options(c, r->cache);
    }
    rc = check_columns(r, o, &old);
    if (rc == GV_OK)
        r->db = rocksdb_open_column_families(
            o, r->dir, GV_CF_COUNT + old, names,
            (const rocksdb_options_t *const *)co, handle, &e);
    if (e != NULL)
        rc = explain(r, e);
    if (r->db != NULL) {
        memcpy(r->cf, handle, sizeof(r->cf));
        if (old)
            rocksdb_column_family_handle_destroy(handle[GV_CF_COUNT]);
    }
    for (int cf = 0; cf < MOST; cf++)
        rocksdb_options_destroy(co[cf]);
    rocksdb_options_destroy(o);
    return rc;
}

static const struct gv_kv_ops rocks_ops = {.get = rocks_get,
                                           .commit = rocks_commit,
                                           .iter_open = rocks_iter_open,
                                           .flush = rocks_flush,
                                           .stat = rocks_stat,
                                           .error = rocks_error,
                                           .close = rocks_close};

enum gv_rc
gv_kv_rocksdb_open(const struct gv_kv_rocksdb_options *options,
                   struct gv_kv *out, char error[GV_KV_ERROR_MAX])
{
    struct rocks *r = rocks_new(options);
    struct gv_kv kv = {&rocks_ops, r};

    *out = (struct gv_kv){0};
    error[0] = '\0';
    if (r == NULL) {
        snprintf(error, GV_KV_ERROR_MAX, "datadir %s: out of memory",
                 options->dir);
        return GV_FAULT;
    }
    if (gv_disk_prepare(r->dir, &r->errors) != GV_OK ||
        gv_disk_room(r->dir, r->floor, &r->errors) != GV_OK ||
        gv_wal_check(r->dir, &r->errors) != GV_OK || open_db(r) != GV_OK ||
        gv_schema_check(&kv, r->dir, &r->errors) != GV_OK) {
        gv_kv_error(&kv, error, GV_KV_ERROR_MAX);
        gv_kv_close(&kv);
        return GV_FAULT;
    }
    *out = kv;
    return GV_OK;
}
