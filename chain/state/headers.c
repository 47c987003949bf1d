/*
 * headers.c - the rows of headers: a branch's headers in order, and the
 * upgrade of a store that has none yet.
 *
 * A header's row is written and dropped in the batch of its block, so that
 * either both are there or neither is.
 */
#include <stdlib.h>

#include "chain/state/impl.h"

#define UPGRADE_BYTES (1u << 20) /* of one batch */
#define UPGRADE_TELL 100000      /* blocks between two words of progress */

/* Walk the rows of one chain from a height on. */
static enum gv_rc
open_rows(struct gv_state *s, const struct gv_chain *c, uint32_t from,
          struct gv_kv_iter **it)
{
    struct gv_kv_range range = {.cf = GV_CF_HEADER};
    struct gv_key prefix, first;

    gv_key_init(&prefix);
    gv_key_u32(&prefix, c->number);
    first = prefix;
    gv_key_u32(&first, from);
    range.prefix = gv_key_view(&prefix);
    range.from = gv_key_view(&first);
    if (gv_kv_iter_open(&s->opt.kv, &range, it) != GV_OK)
        return gv_state_fail(s, NULL);
    return GV_OK;
}

/* The height in a row's key, and what follows it: the sealed id. */
static bool
take_height(struct gv_bytes *key, uint32_t *height)
{
    uint32_t number;

    return gv_key_take_u32(key, &number) && gv_key_take_u32(key, height) &&
           key->len == 32;
}

enum gv_rc
gv_state_headers(struct gv_state *s, struct gv_chain *c, uint32_t from,
                 bool (*take)(void *arg, struct gv_bytes header), void *arg)
{
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    uint32_t height = from, at;
    enum gv_rc rc = GV_OK;

    if (gv_chain_load(s, c, c->used_ms) != GV_OK)
        return GV_FAULT;
    /* Walks do not see what waits in the batch. */
    if (gv_state_commit(s, false, NULL) != GV_OK ||
        open_rows(s, c, from, &it) != GV_OK)
        return GV_FAULT;
    while (height < c->spine->count &&
           (rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        if (!take_height(&row.key, &at) || at > height) {
            rc = GV_ABSENT;
            break;
        }
        if (memcmp(row.key.p, c->spine->at[height].sealed.b, 32) != 0)
            continue; /* of a side branch */
        if (!take(arg, row.value)) {
            rc = GV_OK;
            break;
        }
        height++;
    }
    gv_kv_iter_free(it);
    if (rc == GV_OK)
        return GV_OK;
    return gv_state_fail(s,
                         rc == GV_ABSENT ? "a stored header is missing" : NULL);
}

/* --- stores of schema 1 --- */

static struct gv_key
schema_key(void)
{
    struct gv_key k;

    gv_key_init(&k);
    gv_key_text(&k, GV_META_SCHEMA);
    return k;
}

/* The number this store has. One without was empty, and has the newest. */
static enum gv_rc
read_schema(struct gv_state *s, uint32_t *number)
{
    struct gv_key k = schema_key();
    struct gv_kv_value v;
    struct gv_bytes left;
    enum gv_rc rc = gv_kv_get(&s->opt.kv, GV_CF_META, gv_key_view(&k), &v);

    *number = GV_KV_SCHEMA;
    if (rc == GV_ABSENT)
        return GV_OK;
    if (rc != GV_OK)
        return gv_state_fail(s, NULL);
    left = gv_bytes(v.p, v.len);
    if (!gv_key_take_u32(&left, number))
        rc = gv_state_fail(s, "the datadir's schema number is damaged");
    gv_kv_value_free(&v);
    return rc;
}

static void
tell(const struct gv_state *s, uint64_t blocks, bool done)
{
    if (s->opt.events.upgrade)
        s->opt.events.upgrade(s->opt.events.arg, blocks, done);
}

/* Put how a block begins, under the block's own key. */
static enum gv_rc
copy_header(struct gv_state *s, const struct gv_kv_row *row,
            struct gv_sealed_header *h)
{
    struct gv_reader r = gv_reader(row->value);

    gv_sealed_header_get(&r, h);
    if (r.failed)
        return gv_state_fail(s, "a stored block is damaged");
    gv_kv_batch_put(&s->batch, GV_CF_HEADER, row->key,
                    gv_bytes(row->value.p, row->value.len - r.left));
    return s->batch.len < UPGRADE_BYTES ? GV_OK
                                        : gv_state_commit(s, false, NULL);
}

/* The rows of all blocks. Doing a part of it twice does no harm. */
static enum gv_rc
copy_headers(struct gv_state *s, uint64_t *blocks)
{
    struct gv_kv_range all = {.cf = GV_CF_BLOCK};
    struct gv_sealed_header *h = malloc(sizeof(*h));
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc;

    if (!h || gv_kv_iter_open(&s->opt.kv, &all, &it) != GV_OK) {
        rc = gv_state_fail(s, h ? NULL : "out of memory");
        free(h);
        return rc;
    }
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        if (copy_header(s, &row, h) != GV_OK)
            break;
        if (++*blocks % UPGRADE_TELL == 0)
            tell(s, *blocks, false);
    }
    gv_kv_iter_free(it);
    free(h);
    if (rc == GV_FAULT)
        return gv_state_fail(s, NULL);
    return rc == GV_ABSENT ? GV_OK : GV_FAULT;
}

enum gv_rc
gv_headers_upgrade(struct gv_state *s)
{
    struct gv_key k = schema_key(), number;
    uint64_t blocks = 0;
    uint32_t schema;

    if (read_schema(s, &schema) != GV_OK)
        return GV_FAULT;
    if (schema >= GV_KV_SCHEMA)
        return GV_OK;
    tell(s, 0, false);
    if (copy_headers(s, &blocks) != GV_OK)
        return GV_FAULT;
    gv_key_init(&number);
    gv_key_u32(&number, GV_KV_SCHEMA);
    gv_kv_batch_put(&s->batch, GV_CF_META, gv_key_view(&k),
                    gv_key_view(&number));
    if (gv_state_commit(s, true, NULL) != GV_OK)
        return GV_FAULT;
    tell(s, blocks, true);
    return GV_OK;
}
