/* records.c - rows of the state in the store (key schema: store/key.h). */
#include <stdio.h>
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/order.h"
#include "chain/state/vec.h"

#define RECORD_VERSION 3
#define RESTS                                                                  \
    2 /* in the place of `stalled`: programs that do not know it read          \
       * that it is not */

static struct gv_key
number_key(uint32_t number)
{
    struct gv_key k;

    gv_key_init(&k);
    gv_key_u32(&k, number);
    return k;
}

static struct gv_key
block_key(const struct gv_chain *c, uint32_t height)
{
    struct gv_key k = number_key(c->number);

    gv_key_u32(&k, height);
    return k;
}

/* --- the record of a chain --- */

/* Bits of the byte that says what is sealed, and more. */
#define SEALED 1
#define FINAL_ROUND 2 /* and its beginning ends the record */
#define FIRST_KEYS 4  /* validators never handed over */

static void
put_record(struct gv_sink *s, const struct gv_chain *c)
{
    const struct gv_chain_summary *m = &c->sum;

    gv_put_u8(s, RECORD_VERSION);
    gv_put(s, c->id.b, 32);
    gv_put_u8(s, c->registry);
    gv_put_u32(s, m->height);
    gv_put(s, m->tip.b, 32);
    gv_put_u64(s, m->tip_time_ms);
    gv_put_u32(s, m->justified_height);
    gv_put(s, m->justified.b, 32);
    gv_put_u32(s, m->final_height);
    gv_put(s, m->final.b, 32);
    gv_put_u64(s, m->opening_ms);
    gv_put_u64(s, m->close_us);
    gv_put(s, m->seller.b, 32);
    gv_put_u32(s, m->bids);
    gv_put_u32(s, m->accepted);
    gv_put_u32(s, m->cutoff_height);
    gv_put_u32(s, m->outcome_height);
    gv_put_u64(s, m->cutoff_time_ms);
    gv_put_u64(s, m->cutoff_after_us);
    gv_put_u8(s, (m->sealed ? SEALED : 0) | (m->final_round ? FINAL_ROUND : 0) |
                     (m->first_keys ? FIRST_KEYS : 0));
    gv_put_u32(s, m->settled_height);
    gv_put_u32(s, m->opened_height);
    gv_put_u64(s, m->opened_time_ms);
    /* An auction that has ended is not stalled. */
    gv_put_u8(s, m->rests ? RESTS : m->stalled);
    gv_put_u8(s, m->outcome.status);
    gv_put(s, m->outcome.winner.b, 32);
    gv_put_u64(s, m->outcome.price);
    gv_put(s, m->outcome.fold_hash, 32);
    if (m->final_round)
        gv_put_u64(s, m->round_us);
}

static void
get_record(struct gv_reader *r, struct gv_chain *c)
{
    struct gv_chain_summary *m = &c->sum;
    uint8_t sealed, ending;

    gv_get_require(r, gv_get_u8(r, "version") == RECORD_VERSION, "version");
    gv_get(r, c->id.b, 32, "id");
    c->registry = gv_get_u8(r, "kind") == 1;
    c->pool.registry = c->registry;
    m->height = gv_get_u32(r, "height");
    gv_get(r, m->tip.b, 32, "tip");
    m->tip_time_ms = gv_get_u64(r, "time");
    m->justified_height = gv_get_u32(r, "justified");
    gv_get(r, m->justified.b, 32, "justified");
    m->final_height = gv_get_u32(r, "final");
    gv_get(r, m->final.b, 32, "final");
    m->opening_ms = gv_get_u64(r, "opening");
    m->close_us = gv_get_u64(r, "close");
    gv_get(r, m->seller.b, 32, "seller");
    m->bids = gv_get_u32(r, "bids");
    m->accepted = gv_get_u32(r, "accepted");
    m->cutoff_height = gv_get_u32(r, "cutoff");
    m->outcome_height = gv_get_u32(r, "outcome");
    m->cutoff_time_ms = gv_get_u64(r, "cutoff time");
    m->cutoff_after_us = gv_get_u64(r, "cutoff after");
    sealed = gv_get_u8(r, "sealed");
    m->sealed = (sealed & SEALED) != 0;
    m->final_round = (sealed & FINAL_ROUND) != 0;
    m->first_keys = (sealed & FIRST_KEYS) != 0;
    m->settled_height = gv_get_u32(r, "settled");
    m->opened_height = gv_get_u32(r, "opened");
    m->opened_time_ms = gv_get_u64(r, "opened time");
    ending = gv_get_u8(r, "stalled");
    m->stalled = ending == 1;
    m->rests = ending == RESTS;
    m->outcome.status = gv_get_u8(r, "status");
    gv_get(r, m->outcome.winner.b, 32, "winner");
    m->outcome.price = gv_get_u64(r, "price");
    gv_get(r, m->outcome.fold_hash, 32, "fold");
    m->round_us = m->final_round ? gv_get_u64(r, "final round") : 0;
}

void
gv_record_put_chain(struct gv_state *s, const struct gv_chain *c)
{
    struct gv_key k = number_key(c->number);
    uint8_t buf[512];
    struct gv_sink out = gv_sink_buffer(buf, sizeof(buf));

    gv_key_u8(&k, 'r');
    put_record(&out, c);
    gv_kv_batch_put(&s->batch, GV_CF_CHAIN, gv_key_view(&k),
                    gv_bytes(buf, out.len));
}

/* A record that another version of the program wrote is not damaged. */
static enum gv_rc
check_version(struct gv_state *s, struct gv_bytes value)
{
    unsigned have = value.len > 0 ? value.p[0] : 0;
    char text[sizeof(s->error)];

    if (have == RECORD_VERSION || have == 0)
        return GV_OK;
    snprintf(text, sizeof(text),
             "the datadir's records of chains have version %u, this program "
             "knows %u; nothing was changed: go on with the program that "
             "wrote it, or begin a new datadir, with the services by gaveld "
             "backup and restore; a validator may move only to one that was "
             "restored, where it first waits for its own votes",
             have, RECORD_VERSION);
    return gv_state_fail(s, text);
}

/* Chains as their records stand in the store, by number. */
struct stored {
    struct gv_chain **at;
    size_t count, cap;
};

static enum gv_rc
read_chain(struct gv_state *s, uint32_t number, struct gv_bytes value,
           struct stored *all)
{
    struct gv_reader r = gv_reader(value);
    struct gv_chain *c;

    if (check_version(s, value) != GV_OK)
        return GV_FAULT;
    c = calloc(1, sizeof(*c));
    if (!c || !gv_vec_room(&all->at, all->count, &all->cap, sizeof(*all->at))) {
        free(c);
        return gv_state_fail(s, "out of memory");
    }
    all->at[all->count++] = c;
    c->number = number;
    get_record(&r, c);
    if (!gv_reader_done(&r))
        return gv_state_fail(s, "a chain's record in the datadir is damaged");
    if (number >= s->next_number)
        s->next_number = number + 1;
    return GV_OK;
}

static enum gv_rc
read_chains(struct gv_state *s, struct stored *all)
{
    struct gv_kv_range range = {.cf = GV_CF_CHAIN};
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    struct gv_key chain, next;
    enum gv_rc rc;

    if (gv_kv_iter_open(&s->opt.kv, &range, &it) != GV_OK)
        return gv_state_fail(s, NULL);
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        uint32_t number;
        uint8_t kind;

        if (!gv_key_take_u32(&row.key, &number) ||
            !gv_key_take_u8(&row.key, &kind) || kind != 'r')
            continue;
        rc = read_chain(s, number, row.value, all);
        if (rc != GV_OK)
            break;
        chain = number_key(number); /* nothing behind it is wanted */
        gv_key_prefix_end(gv_key_view(&chain), &next);
        gv_kv_iter_seek(it, gv_key_view(&next));
    }
    gv_kv_iter_free(it);
    if (rc == GV_FAULT && !s->error[0])
        return gv_state_fail(s, NULL);
    return rc == GV_ABSENT ? GV_OK : rc;
}

static int
by_id(const void *a, const void *b)
{
    const struct gv_chain *const *x = a, *const *y = b;

    return GV_ID_CMP(&(*x)->id, &(*y)->id);
}

enum gv_rc
gv_record_load_chains(struct gv_state *s)
{
    struct stored all = {0};
    enum gv_rc rc = read_chains(s, &all);
    size_t i = 0;

    /* In order, each goes to the end of the list. */
    if (rc == GV_OK && all.count > 1)
        qsort(all.at, all.count, sizeof(*all.at), by_id);
    for (; rc == GV_OK && i < all.count; i++)
        rc = gv_state_insert_chain(s, all.at[i]);
    for (; i < all.count; i++)
        free(all.at[i]);
    free(all.at);
    return rc;
}

/* --- blocks --- */

/* Header, seal and branch are what a block begins with. */
static size_t
header_size(const struct gv_sealed_header *h)
{
    return GV_HEADER_SIZE + sizeof(h->seal.b) + 1 + 32u * h->branch.depth;
}

void
gv_record_put_block(struct gv_state *s, const struct gv_chain *c,
                    const struct gv_sealed_header *h, struct gv_bytes raw)
{
    struct gv_key k = block_key(c, h->header.height);

    gv_key_bytes(&k, gv_bytes(h->sealed_id.b, 32));
    gv_kv_batch_put(&s->batch, GV_CF_BLOCK, gv_key_view(&k), raw);
    gv_kv_batch_put(&s->batch, GV_CF_HEADER, gv_key_view(&k),
                    gv_bytes(raw.p, header_size(h)));
}

void
gv_record_drop_block(struct gv_state *s, const struct gv_chain *c,
                     const struct gv_node *n)
{
    struct gv_key k = block_key(c, n->height);

    gv_key_bytes(&k, gv_bytes(n->sealed.b, 32));
    gv_kv_batch_delete(&s->batch, GV_CF_BLOCK, gv_key_view(&k));
    gv_kv_batch_delete(&s->batch, GV_CF_HEADER, gv_key_view(&k));
}

enum gv_rc
gv_record_get_block(struct gv_state *s, const struct gv_chain *c,
                    uint32_t height, const struct gv_sealed_id *id,
                    struct gv_kv_value *out)
{
    struct gv_key k = block_key(c, height);
    enum gv_rc rc;

    gv_key_bytes(&k, gv_bytes(id->b, 32));
    rc = gv_kv_get(&s->opt.kv, GV_CF_BLOCK, gv_key_view(&k), out);
    if (rc == GV_ABSENT && s->batch.len > 0) {
        /* It may still be in the batch that was not committed yet. */
        if (gv_state_commit(s, false, NULL) != GV_OK)
            return GV_FAULT;
        rc = gv_kv_get(&s->opt.kv, GV_CF_BLOCK, gv_key_view(&k), out);
    }
    return rc == GV_FAULT ? gv_state_fail(s, NULL) : rc;
}

enum gv_rc
gv_record_decode_block(struct gv_state *s, const struct gv_sealed_id *id,
                       const struct gv_kv_value *v, struct gv_block *out,
                       struct gv_reject *why)
{
    enum gv_rc rc =
        gv_block_decode(gv_bytes(v->p, v->len), s->opt.params, out, why);

    if (rc != GV_OK || GV_ID_EQ(&out->h.sealed_id, id))
        return rc;
    gv_block_clear(out);
    return gv_refuse(why, GV_BAD_HEADER, "block", 0, 0);
}

static int
by_prefix(const void *x, const void *y)
{
    return memcmp(x, y, 8);
}

/* Write the keys of n items, sorted. There is room for n more behind them. */
static void
put_sorted(struct gv_order *items, size_t n, uint8_t *rows)
{
    gv_order_sort(items, items + n, n);
    for (size_t i = 0; i < n; i++)
        gv_order_bytes(items[i].key, rows + i * 8);
}

/* Rows of the newest block: u32 n, then the first 8 bytes of each of its n bid
 * ids, sorted, then of the key of each bidder enrolled in it, sorted. A bid
 * whose auction is not known is found by a scan of these (find.c), so that no
 * bid needs a key of its own in the store. */
void
gv_record_put_rows(struct gv_state *s, const struct gv_chain *c)
{
    const struct gv_book *b = c->book;
    uint32_t height = (uint32_t)b->spine.count - 1;
    size_t from = b->level[height].bids, n = b->bids - from;
    size_t first = b->level[height].bidders, m = b->bidders - first;
    struct gv_key k = block_key(c, height);
    uint8_t *rows = malloc(4 + (n + m) * 8);
    struct gv_order *items = malloc((n + m + 1) * 2 * sizeof(*items));

    if (!rows || !items)
        s->batch.wrong = "out of memory";
    if (rows && items && n + m > 0) {
        gv_le32_put(rows, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
            items[i] =
                (struct gv_order){gv_order_prefix(b->bid[from + i].id.b), 0};
        put_sorted(items, n, rows + 4);
        for (size_t i = 0; i < m; i++)
            items[i] = (struct gv_order){
                gv_order_prefix(b->bidder[first + i].key.b), 0};
        put_sorted(items, m, rows + 4 + n * 8);
        gv_kv_batch_put(&s->batch, GV_CF_ROWS, gv_key_view(&k),
                        gv_bytes(rows, 4 + (n + m) * 8));
    }
    free(items);
    free(rows);
}

bool
gv_record_in_rows(struct gv_bytes rows, const uint8_t id32[32], bool bidder)
{
    size_t n = rows.len < 4 ? 0 : gv_le32(rows.p);
    size_t all = rows.len < 4 ? 0 : (rows.len - 4) / 8;

    if (n > all)
        return false;
    return bidder ? bsearch(id32, rows.p + 4 + n * 8, all - n, 8, by_prefix)
                  : bsearch(id32, rows.p + 4, n, 8, by_prefix);
}

void
gv_record_drop_rows(struct gv_state *s, const struct gv_chain *c,
                    uint32_t height)
{
    struct gv_key k = block_key(c, height);

    gv_kv_batch_delete(&s->batch, GV_CF_ROWS, gv_key_view(&k));
}

enum gv_rc
gv_record_get_restored(struct gv_state *s)
{
    struct gv_kv_value v;
    struct gv_bytes left;
    struct gv_key k;
    enum gv_rc rc;

    gv_key_init(&k);
    gv_key_text(&k, GV_META_RESTORED);
    rc = gv_kv_get(&s->opt.kv, GV_CF_META, gv_key_view(&k), &v);
    if (rc == GV_ABSENT)
        return GV_OK;
    if (rc != GV_OK)
        return gv_state_fail(s, NULL);
    left = gv_bytes(v.p, v.len);
    if (!gv_key_take_u64(&left, &s->restored_ms) || left.len != 0)
        rc = gv_state_fail(s, "the time of the restore is damaged");
    gv_kv_value_free(&v);
    return rc;
}

/* --- a validator's locks --- */

static struct gv_key
lock_key(const struct gv_chain *c, const struct gv_pubkey *key)
{
    struct gv_key k = number_key(c->number);

    gv_key_u8(&k, 'v');
    gv_key_bytes(&k, gv_bytes(key->b, 32));
    return k;
}

void
gv_record_put_lock(struct gv_state *s, const struct gv_chain *c,
                   const struct gv_pubkey *key, const struct gv_vote_lock *lock)
{
    struct gv_key k = lock_key(c, key);
    uint8_t v[8];

    gv_le32_put(v, lock->source_height);
    gv_le32_put(v + 4, lock->target_height);
    gv_kv_batch_put(&s->batch, GV_CF_CHAIN, gv_key_view(&k), gv_bytes(v, 8));
    s->must_sync = true;
}

enum gv_rc
gv_record_get_lock(struct gv_state *s, const struct gv_chain *c,
                   const struct gv_pubkey *key, struct gv_vote_lock *out)
{
    struct gv_key k = lock_key(c, key);
    struct gv_kv_value v;
    enum gv_rc rc;

    memset(out, 0, sizeof(*out));
    /* A newer lock may stand in the batch. */
    if (gv_state_commit(s, false, NULL) != GV_OK)
        return GV_FAULT;
    rc = gv_kv_get(&s->opt.kv, GV_CF_CHAIN, gv_key_view(&k), &v);
    if (rc == GV_ABSENT)
        return GV_ABSENT;
    if (rc != GV_OK || v.len != 8) {
        gv_kv_value_free(&v);
        return gv_state_fail(s,
                             rc == GV_OK ? "a vote's lock is damaged" : NULL);
    }
    out->source_height = gv_le32(v.p);
    out->target_height = gv_le32(v.p + 4);
    gv_kv_value_free(&v);
    return GV_OK;
}
