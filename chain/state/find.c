/* find.c - bids and bidders by id alone, and a look into the mempool. */
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/vec.h"

struct chain_list {
    struct gv_chain **at;
    size_t count, cap;
};

static enum gv_rc
push(struct gv_state *s, struct chain_list *l, struct gv_chain *c)
{
    if (!gv_vec_room(&l->at, l->count, &l->cap, sizeof(struct gv_chain *)))
        return gv_state_fail(s, "out of memory");
    l->at[l->count++] = c;
    return GV_OK;
}

/* Chains that are not loaded, by their number in the store. */
static struct gv_chain **
sleeping_chains(struct gv_state *s)
{
    struct gv_chain **by_number =
        calloc((size_t)s->next_number + 1, sizeof(*by_number));

    for (size_t i = 0; by_number && i < s->chains; i++)
        if (!s->chain[i]->loaded)
            by_number[s->chain[i]->number] = s->chain[i];
    return by_number;
}

static enum gv_rc
scan(struct gv_state *s, struct gv_kv_iter *it, struct gv_chain *const *chain,
     const uint8_t id32[32], bool bidder, struct chain_list *hits)
{
    struct gv_kv_row row;
    struct gv_key next;
    enum gv_rc rc;

    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        uint32_t number;

        if (!gv_key_take_u32(&row.key, &number) || number >= s->next_number)
            continue;
        if (chain[number] && !gv_record_in_rows(row.value, id32, bidder))
            continue;
        if (chain[number] && push(s, hits, chain[number]) != GV_OK)
            return GV_FAULT;
        gv_key_init(&next);
        gv_key_u32(&next, number + 1);
        gv_kv_iter_seek(it, gv_key_view(&next));
    }
    return rc == GV_ABSENT ? GV_OK : gv_state_fail(s, NULL);
}

/* Chains that are not loaded and whose rows may mean this id. Eight bytes can
 * be ground to be equal, so whoever asks looks into each of them. */
static enum gv_rc
scan_rows(struct gv_state *s, const uint8_t id32[32], bool bidder,
          struct chain_list *hits)
{
    struct gv_kv_range all = {.cf = GV_CF_ROWS};
    struct gv_chain **chain = sleeping_chains(s);
    struct gv_kv_iter *it;
    enum gv_rc rc;

    if (!chain)
        return gv_state_fail(s, "out of memory");
    if (gv_kv_iter_open(&s->opt.kv, &all, &it) != GV_OK) {
        free(chain);
        return gv_state_fail(s, NULL);
    }
    rc = scan(s, it, chain, id32, bidder, hits);
    gv_kv_iter_free(it);
    free(chain);
    return rc;
}

static bool
waits_in(const struct gv_pool_list *list, const struct gv_bid_id *id)
{
    for (const struct gv_pool_tx *e = list->first; e; e = e->next)
        if (e->tx.kind == GV_TX_BID && GV_ID_EQ(&e->tx.u.bid.id, id))
            return true;
    return false;
}

static bool
has_bid(const struct gv_chain *c, const struct gv_bid_id *id)
{
    return gv_book_find_bid(c->book, id) != GV_NOWHERE ||
           waits_in(&c->pool.of[GV_POOL_BIDS], id) ||
           waits_in(&c->pool.of[GV_POOL_LAPSED], id);
}

enum gv_rc
gv_state_find_bid(struct gv_state *s, const struct gv_bid_id *id,
                  uint64_t now_ms, struct gv_chain **out)
{
    struct chain_list hits = {0};
    enum gv_rc rc;

    *out = NULL;
    for (size_t i = 0; i < s->awakes; i++)
        if (s->awake[i]->loaded && !s->awake[i]->registry &&
            has_bid(s->awake[i], id)) {
            *out = s->awake[i];
            return gv_chain_load(s, *out, now_ms);
        }
    rc = scan_rows(s, id->b, false, &hits);
    for (size_t i = 0; rc == GV_OK && !*out && i < hits.count; i++) {
        rc = gv_chain_load(s, hits.at[i], now_ms);
        if (rc == GV_OK && has_bid(hits.at[i], id))
            *out = hits.at[i];
    }
    free(hits.at);
    if (rc == GV_OK && !*out)
        return GV_ABSENT;
    return rc;
}

enum gv_rc
gv_state_chains_of_bidder(struct gv_state *s, const struct gv_pubkey *key,
                          uint64_t now_ms, struct gv_chain ***out,
                          size_t *count)
{
    struct chain_list hits = {0};
    enum gv_rc rc = GV_OK;
    size_t n = 0;

    for (size_t i = 0; rc == GV_OK && i < s->awakes; i++)
        if (s->awake[i]->loaded && !s->awake[i]->registry)
            rc = push(s, &hits, s->awake[i]);
    if (rc == GV_OK)
        rc = scan_rows(s, key->b, true, &hits);
    for (size_t i = 0; rc == GV_OK && i < hits.count; i++) {
        /* One that is loaded already is used only when it is a hit. */
        if (!hits.at[i]->loaded)
            rc = gv_chain_load(s, hits.at[i], now_ms);
        if (rc == GV_OK && gv_admit_enrolled(hits.at[i], key)) {
            rc = gv_chain_load(s, hits.at[i], now_ms);
            hits.at[n++] = hits.at[i];
        }
    }
    if (rc != GV_OK) {
        free(hits.at);
        hits.at = NULL;
        n = 0;
    }
    *out = hits.at;
    *count = n;
    return rc;
}

const struct gv_pool *
gv_state_pool(const struct gv_state *s)
{
    return &s->pool;
}

size_t
gv_state_pool_max(const struct gv_state *s)
{
    return s->opt.pool_max_bytes;
}

/* --- one transaction --- */

static enum gv_rc
copy_of(const struct gv_tx *tx, uint8_t **raw, size_t *len)
{
    *len = tx->raw.len;
    *raw = malloc(*len);
    if (!*raw)
        return GV_FAULT;
    memcpy(*raw, tx->raw.p, *len);
    return GV_OK;
}

enum gv_rc
gv_state_copy_tx(struct gv_state *s, struct gv_chain *c, uint32_t height,
                 bool (*is)(const struct gv_tx *tx, const void *arg),
                 const void *arg, uint8_t **raw, size_t *len)
{
    struct gv_kv_value v;
    struct gv_block b;
    enum gv_rc rc = gv_state_block_at(s, c, height, &v);

    *raw = NULL;
    *len = 0;
    if (rc != GV_OK)
        return rc;
    rc = gv_block_decode(gv_bytes(v.p, v.len), s->opt.params, &b, NULL);
    if (rc == GV_OK) {
        rc = GV_ABSENT;
        for (uint32_t i = 0; i < b.h.header.tx_count && rc == GV_ABSENT; i++)
            if (is(&b.tx[i], arg))
                rc = copy_of(&b.tx[i], raw, len);
        gv_block_clear(&b);
    } else {
        rc = gv_state_fail(s, "a block of the store does not decode");
    }
    gv_kv_value_free(&v);
    return rc;
}

static bool
is_enrol(const struct gv_tx *tx, const void *key)
{
    return tx->kind == GV_TX_ENROL &&
           GV_ID_EQ(&tx->u.enrol.key, (const struct gv_pubkey *)key);
}

enum gv_rc
gv_state_enrol_of(struct gv_state *s, struct gv_chain *c,
                  const struct gv_pubkey *key, uint8_t **raw, size_t *len)
{
    uint32_t bidder;

    if (gv_chain_load(s, c, c->used_ms) != GV_OK)
        return GV_FAULT;
    bidder = gv_book_find_bidder(c->book, key);
    return bidder == GV_NOWHERE
               ? GV_ABSENT
               : gv_state_copy_tx(s, c, c->book->bidder[bidder].height,
                                  is_enrol, key, raw, len);
}
