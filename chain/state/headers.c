/*
 * headers.c - the rows of headers: a branch's headers in order, where blocks
 * stand, and the upgrade of a store that has none yet. Chains that sleep are
 * not loaded for it.
 *
 * A header's row is written and dropped in the batch of its block, so that
 * either both are there or neither is.
 */
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/vec.h"

#define UPGRADE_BYTES (1u << 20) /* of one batch */
#define UPGRADE_TELL 100000      /* blocks between two words of progress */

/* --- rows of one chain --- */

/* Walk them from a height on, or from there down. */
static enum gv_rc
open_rows(struct gv_state *s, const struct gv_chain *c, uint32_t from,
          bool down, struct gv_kv_iter **it)
{
    struct gv_kv_range range = {.cf = GV_CF_HEADER, .reverse = down};
    struct gv_key prefix, first;

    gv_key_init(&prefix);
    gv_key_u32(&prefix, c->number);
    first = prefix;
    /* Down: from below the next height, so with all blocks of this one. */
    gv_key_u32(&first, down ? from + 1 : from);
    range.prefix = gv_key_view(&prefix);
    range.from = gv_key_view(&first);
    if (gv_kv_iter_open(&s->opt.kv, &range, it) != GV_OK)
        return gv_state_fail(s, NULL);
    return GV_OK;
}

/* The height in a row's key; what follows it is the sealed id. */
static bool
take_height(struct gv_bytes *key, uint32_t *height)
{
    uint32_t number;

    return gv_key_take_u32(key, &number) && gv_key_take_u32(key, height) &&
           key->len == 32;
}

/* --- the best branch --- */

/* Its ids from height `from` up to its tip: of a chain that is loaded they are
 * the spine's, else read from the rows. */
struct branch {
    uint32_t from;
    size_t count, cap;
    const struct gv_spine *spine; /* or NULL: */
    struct gv_sealed_id *id;      /* from the tip down */
};

static const struct gv_sealed_id *
id_at(const struct branch *b, uint32_t height)
{
    return b->spine ? &b->spine->at[height].sealed
                    : &b->id[b->count - 1 - (height - b->from)];
}

static bool
names(struct gv_bytes locator, struct gv_bytes id)
{
    for (size_t i = 0; i + 32 <= locator.len; i += 32)
        if (memcmp(locator.p + i, id.p, 32) == 0)
            return true;
    return false;
}

/* What a walk has come to. */
static enum gv_rc
walked(struct gv_state *s, enum gv_rc rc)
{
    if (rc == GV_ABSENT)
        return gv_state_fail(s, "a stored header is missing");
    return rc == GV_FAULT && !s->error[0] ? gv_state_fail(s, NULL) : rc;
}

/* Down from the tip, from each block to the one before it, as far as the
 * locator names none. */
static enum gv_rc
walk_down(struct gv_state *s, struct gv_kv_iter *it, const struct gv_chain *c,
          struct gv_bytes locator, struct branch *b)
{
    struct gv_sealed_id want = c->sum.tip;
    struct gv_kv_row row;
    enum gv_rc rc = GV_OK;

    if (c->sum.height == GV_NOWHERE)
        return GV_ABSENT;
    b->from = c->sum.height + 1;
    while (b->from > 0 && (rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        struct gv_reader r = gv_reader(row.value);
        struct gv_header h;
        uint32_t height;

        if (!take_height(&row.key, &height) || height < b->from - 1)
            return GV_ABSENT;
        if (height != b->from - 1 || memcmp(row.key.p, want.b, 32) != 0)
            continue; /* of a side branch */
        if (names(locator, row.key))
            return GV_OK;
        gv_header_get(&r, &h);
        if (r.failed)
            return GV_ABSENT;
        if (!gv_vec_room(&b->id, b->count, &b->cap, sizeof(*b->id)))
            return gv_state_fail(s, "out of memory");
        b->id[b->count++] = want;
        want = h.prev;
        b->from--;
    }
    return b->from == 0 ? GV_OK : rc;
}

/* The branch behind the newest block that the locator names. */
static enum gv_rc
find_branch(struct gv_state *s, struct gv_chain *c, struct gv_bytes locator,
            struct branch *b)
{
    struct gv_kv_iter *it;
    enum gv_rc rc;

    *b = (struct branch){.spine = c->loaded ? c->spine : NULL};
    if (c->loaded) {
        for (size_t i = 0; i + 32 <= locator.len && b->from == 0; i += 32) {
            struct gv_sealed_id id;
            uint32_t height;

            memcpy(id.b, locator.p + i, 32);
            height = gv_spine_height(c->spine, &id);
            b->from = height == GV_NOWHERE ? 0 : height + 1;
        }
        b->count = c->spine->count - b->from;
        return GV_OK;
    }
    rc = open_rows(s, c, c->sum.height, true, &it);
    if (rc != GV_OK)
        return rc;
    rc = walk_down(s, it, c, locator, b);
    gv_kv_iter_free(it);
    return walked(s, rc);
}

/* Up again, with the bytes. *left: how many were not taken. */
static enum gv_rc
walk_up(struct gv_kv_iter *it, const struct branch *b,
        bool (*take)(void *arg, struct gv_bytes header), void *arg,
        size_t *left)
{
    uint32_t height = b->from, at;
    struct gv_kv_row row;
    enum gv_rc rc;

    *left = b->count;
    while (*left > 0) {
        rc = gv_kv_iter_next(it, &row);
        if (rc != GV_OK)
            return rc;
        if (!take_height(&row.key, &at) || at > height)
            return GV_ABSENT;
        if (at < height || memcmp(row.key.p, id_at(b, height)->b, 32) != 0)
            continue; /* of a side branch */
        if (!take(arg, row.value))
            return GV_OK;
        height++;
        --*left;
    }
    return GV_OK;
}

enum gv_rc
gv_state_headers(struct gv_state *s, struct gv_chain *c,
                 struct gv_bytes locator,
                 bool (*take)(void *arg, struct gv_bytes header), void *arg,
                 bool *more)
{
    struct gv_kv_iter *it;
    struct branch b;
    size_t left = 0;
    enum gv_rc rc;

    /* Walks do not see what waits in the batch. */
    if (gv_state_commit(s, false, NULL) != GV_OK)
        return GV_FAULT;
    rc = find_branch(s, c, locator, &b);
    if (rc == GV_OK)
        rc = open_rows(s, c, b.from, false, &it);
    if (rc == GV_OK) {
        rc = walk_up(it, &b, take, arg, &left);
        gv_kv_iter_free(it);
        rc = walked(s, rc);
    }
    free(b.id);
    *more = left > 0;
    return rc;
}

/* --- where blocks stand --- */

static void
note_height(struct gv_bytes ids, struct gv_bytes id, uint32_t at,
            uint32_t *height)
{
    for (size_t i = 0; i + 32 <= ids.len; i += 32)
        if (memcmp(ids.p + i, id.p, 32) == 0)
            height[i / 32] = at;
}

static enum gv_rc
scan_heights(struct gv_state *s, const struct gv_chain *c, struct gv_bytes ids,
             uint32_t *height)
{
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc;
    uint32_t at;

    if (gv_state_commit(s, false, NULL) != GV_OK ||
        open_rows(s, c, 0, false, &it) != GV_OK)
        return GV_FAULT;
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK)
        if (take_height(&row.key, &at))
            note_height(ids, row.key, at, height);
    gv_kv_iter_free(it);
    return rc == GV_ABSENT ? GV_OK : gv_state_fail(s, NULL);
}

enum gv_rc
gv_state_heights(struct gv_state *s, struct gv_chain *c, struct gv_bytes ids,
                 uint32_t *height)
{
    for (size_t i = 0; i + 32 <= ids.len; i += 32) {
        struct gv_sealed_id id;
        uint32_t node = GV_NOWHERE;

        memcpy(id.b, ids.p + i, 32);
        if (c->loaded)
            node = gv_tree_find(&c->tree, &id);
        height[i / 32] =
            node == GV_NOWHERE ? GV_NOWHERE : c->tree.node[node].height;
    }
    return c->loaded ? GV_OK : scan_heights(s, c, ids, height);
}

enum gv_rc
gv_state_holds(struct gv_state *s, struct gv_chain *c, uint32_t height,
               const struct gv_sealed_id *id, bool *out)
{
    struct gv_kv_value v;
    struct gv_key k;
    uint32_t node;
    enum gv_rc rc;

    if (c->loaded) {
        node = gv_tree_find(&c->tree, id);
        *out = node != GV_NOWHERE && c->tree.node[node].height == height;
        return GV_OK;
    }
    gv_key_init(&k);
    gv_key_u32(&k, c->number);
    gv_key_u32(&k, height);
    gv_key_bytes(&k, gv_bytes(id->b, sizeof(id->b)));
    if (gv_state_commit(s, false, NULL) != GV_OK)
        return GV_FAULT;
    rc = gv_kv_get(&s->opt.kv, GV_CF_HEADER, gv_key_view(&k), &v);
    gv_kv_value_free(&v);
    *out = rc == GV_OK;
    return rc == GV_FAULT ? gv_state_fail(s, NULL) : GV_OK;
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
