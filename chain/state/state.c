/* state.c - open, close, look up. */
#include <stdio.h>
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/vec.h"

#define POOL_DEFAULT (64u << 20)

enum gv_rc
gv_state_fail(struct gv_state *s, const char *what)
{
    if (what)
        snprintf(s->error, sizeof(s->error), "%s", what);
    else
        gv_kv_error(&s->opt.kv, s->error, sizeof(s->error));
    return GV_FAULT;
}

const char *
gv_state_error(const struct gv_state *s)
{
    return s->error;
}

const struct gv_params *
gv_state_params(const struct gv_state *s)
{
    return s->opt.params;
}

/* --- chains by id --- */

/* Position of id in a list, or where it belongs. */
static size_t
place_of(struct gv_chain *const *list, size_t count,
         const struct gv_chain_id *id)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (GV_ID_CMP(&list[mid]->id, id) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool
gv_chains_put(struct gv_chain ***list, size_t *count, size_t *cap,
              struct gv_chain *c)
{
    size_t at = place_of(*list, *count, &c->id);

    if (!gv_vec_room(list, *count, cap, sizeof(**list)))
        return false;
    memmove(*list + at + 1, *list + at, (*count - at) * sizeof(**list));
    (*list)[at] = c;
    ++*count;
    return true;
}

struct gv_chain *
gv_state_chain(struct gv_state *s, const struct gv_chain_id *id)
{
    size_t at = place_of(s->chain, s->chains, id);

    if (at < s->chains && GV_ID_EQ(&s->chain[at]->id, id))
        return s->chain[at];
    return NULL;
}

enum gv_rc
gv_state_insert_chain(struct gv_state *s, struct gv_chain *c)
{
    if (!gv_chains_put(&s->chain, &s->chains, &s->chain_cap, c)) {
        free(c);
        return gv_state_fail(s, "out of memory");
    }
    if (c->registry)
        s->registry = c;
    return c->sum.rests ? GV_OK : gv_chain_wake(s, c);
}

struct gv_chain *
gv_state_registry(struct gv_state *s)
{
    return s->registry;
}

size_t
gv_state_chain_count(const struct gv_state *s)
{
    return s->chains;
}

struct gv_chain *
gv_state_chain_at(struct gv_state *s, size_t i)
{
    return i < s->chains ? s->chain[i] : NULL;
}

/* --- open and close --- */

/* The registry's block 0 comes from the network's parameters. */
static enum gv_rc
make_registry(struct gv_state *s)
{
    struct gv_chain *c = calloc(1, sizeof(*c));
    struct gv_sealed_header h;
    struct gv_bytes raw;
    struct gv_reader r;
    uint8_t *block;

    if (!c)
        return gv_state_fail(s, "out of memory");
    c->id = s->opt.params->registry;
    c->registry = c->pool.registry = true;
    c->number = s->next_number++;
    if (gv_state_insert_chain(s, c) != GV_OK)
        return GV_FAULT;
    block = gv_block0_registry(s->opt.params, &raw.len);
    if (!block)
        return gv_state_fail(s, "out of memory");
    raw.p = block;
    r = gv_reader(raw);
    gv_sealed_header_get(&r, &h);
    gv_record_put_block(s, c, &h, raw);
    free(block);
    c->sum.tip = c->sum.justified = c->sum.final = h.sealed_id;
    c->sum.tip_time_ms = h.header.time_ms;
    c->sum.close_us = UINT64_MAX;
    gv_record_put_chain(s, c);
    return gv_state_commit(s, true, NULL);
}

static enum gv_rc
open_chains(struct gv_state *s, uint64_t now_ms)
{
    /* Records that this program cannot read are refused before a row of the
     * store changes. */
    if (gv_record_load_chains(s) != GV_OK || gv_headers_upgrade(s) != GV_OK)
        return GV_FAULT;
    if (!s->registry && s->chains > 0)
        return gv_state_fail(s, "the datadir has auctions but no registry");
    if (!s->registry && make_registry(s) != GV_OK)
        return GV_FAULT;
    if (!GV_ID_EQ(&s->registry->id, &s->opt.params->registry))
        return gv_state_fail(s, "the datadir belongs to another network");
    if (gv_chain_load(s, s->registry, now_ms) != GV_OK)
        return GV_FAULT;
    return gv_record_replay_journal(s, now_ms);
}

static enum gv_rc
know_own_keys(struct gv_state *s)
{
    size_t n = s->opt.validator_count;

    s->own = calloc(n ? n : 1, sizeof(*s->own));
    if (!s->own)
        return gv_state_fail(s, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (gv_key_public(s->opt.keys, &s->opt.validator[i], &s->own[i]) !=
            GV_OK)
            return gv_state_fail(s, "a validator's key is no key");
    return GV_OK;
}

enum gv_rc
gv_state_open(const struct gv_state_options *opts, uint64_t now_ms,
              struct gv_state **out, char *error, size_t cap)
{
    struct gv_state *s = calloc(1, sizeof(*s));
    enum gv_rc rc;

    *out = NULL;
    if (!s) {
        snprintf(error, cap, "out of memory");
        return GV_FAULT;
    }
    s->opt = *opts;
    if (s->opt.pool_max_bytes == 0)
        s->opt.pool_max_bytes = POOL_DEFAULT;
    s->journal_next = s->journal_low = 1;
    gv_pool_init(&s->pool, opts->seed);
    gv_kv_batch_init(&s->batch);
    rc = know_own_keys(s);
    if (rc == GV_OK)
        rc = gv_record_get_restored(s);
    if (rc == GV_OK)
        rc = open_chains(s, now_ms);
    if (rc == GV_OK)
        rc = gv_state_commit(s, true, NULL);
    if (rc != GV_OK) {
        snprintf(error, cap, "%s", s->error);
        gv_state_close(s);
        return rc;
    }
    *out = s;
    return GV_OK;
}

void
gv_state_close(struct gv_state *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->chains; i++) {
        gv_chain_unload(s->chain[i]);
        free(s->chain[i]);
    }
    gv_pool_free(&s->pool);
    gv_kv_batch_free(&s->batch);
    free(s->chain);
    free(s->awake);
    free(s->asleep);
    free(s->own);
    free(s);
}

enum gv_rc
gv_state_commit(struct gv_state *s, bool sync, bool *wrote)
{
    bool any = s->batch.len > 0 || s->batch.wrong;

    if (wrote)
        *wrote = any;
    sync = sync || s->must_sync;
    /* What a step had to write on its way becomes durable here. */
    if (!any && !(sync && s->unsynced))
        return GV_OK;
    if (gv_kv_commit(&s->opt.kv, &s->batch, sync) != GV_OK)
        return gv_state_fail(s, NULL);
    s->unsynced = !sync;
    s->must_sync = false;
    gv_kv_batch_clear(&s->batch);
    return GV_OK;
}

/* --- blocks --- */

enum gv_rc
gv_state_block(struct gv_state *s, struct gv_chain *c,
               const struct gv_sealed_id *id, struct gv_kv_value *out)
{
    uint32_t node;

    memset(out, 0, sizeof(*out));
    if (gv_chain_load(s, c, c->used_ms) != GV_OK)
        return GV_FAULT;
    node = gv_tree_find(&c->tree, id);
    if (node == GV_NOWHERE)
        return GV_ABSENT;
    return gv_record_get_block(s, c, c->tree.node[node].height, id, out);
}

enum gv_rc
gv_state_block_of(struct gv_state *s, struct gv_chain *c, uint32_t height,
                  const struct gv_sealed_id *id, struct gv_kv_value *out)
{
    memset(out, 0, sizeof(*out));
    return gv_record_get_block(s, c, height, id, out);
}

enum gv_rc
gv_state_block_at(struct gv_state *s, struct gv_chain *c, uint32_t height,
                  struct gv_kv_value *out)
{
    memset(out, 0, sizeof(*out));
    if (gv_chain_load(s, c, c->used_ms) != GV_OK)
        return GV_FAULT;
    if (height >= c->spine->count)
        return GV_ABSENT;
    return gv_record_get_block(s, c, height, &c->spine->at[height].sealed, out);
}
