/* ledger_tx.c - transactions, the mempool, and proofs. */
#include <stdlib.h>

#include "gavel/merkle.h"
#include "src/rpc/ledger_impl.h"

/* Transactions have no index by id, because a random key for each would cost
 * more than connecting it. Bids are in the book; the others are looked for in
 * so many bytes of the newest blocks. */
#define SEARCH_BYTES (64u << 20)

struct place {
    const struct gv_pool_tx *waiting; /* or, if NULL: */
    uint32_t height, index;
};

/* --- finding --- */

static const struct gv_pool_tx *
find_waiting(struct gv_ledger_rpc *l, const struct gv_chain *c,
             const struct gv_hash *id)
{
    struct gv_tx_id tx;
    struct gv_bid_id bid;
    const struct gv_pool_tx *e;

    memcpy(tx.b, id->b, 32);
    memcpy(bid.b, id->b, 32);
    e = gv_pool_find(gv_state_pool(l->state), &tx);
    if (e && e->chain == c)
        return e;
    return c->registry ? NULL : gv_waiting_bid(c, &bid);
}

static enum gv_rc
search_blocks(struct gv_ledger_rpc *l, struct gv_chain *c,
              const struct gv_hash *id, struct place *out)
{
    size_t bytes = 0;

    for (size_t h = c->spine->count; h-- > 0 && bytes < SEARCH_BYTES;) {
        struct gv_ledger_block b;
        bool found = false;

        if (gv_ledger_block_at(l, c, (uint32_t)h, &b) != GV_OK)
            return GV_FAULT;
        bytes += b.v.len;
        for (uint32_t i = 0; !found && i < b.b.h.header.tx_count; i++) {
            found = memcmp(b.b.id[i].b, id->b, 32) == 0;
            out->height = (uint32_t)h;
            out->index = i;
        }
        gv_ledger_block_clear(&b);
        if (found)
            return GV_OK;
    }
    return GV_ABSENT;
}

/* By a transaction's id or a bid's. */
static enum gv_rc
find_tx(struct gv_ledger_rpc *l, struct gv_chain *c, const struct gv_hash *id,
        struct place *out)
{
    struct gv_bid_id bid;
    uint32_t at = GV_NOWHERE;

    memset(out, 0, sizeof(*out));
    memcpy(bid.b, id->b, 32);
    if (!c->registry)
        at = gv_book_find_bid(c->book, &bid);
    if (at != GV_NOWHERE) {
        out->height = c->book->bid[at].height;
        out->index = c->book->bid[at].index;
        return GV_OK;
    }
    out->waiting = find_waiting(l, c, id);
    return out->waiting ? GV_OK : search_blocks(l, c, id, out);
}

/* --- transactions --- */

static json_t *
tx_json(const struct gv_tx *tx, const struct gv_tx_id *id,
        const struct gv_chain *c, const struct place *at)
{
    bool mined = at->waiting == NULL;

    return json_pack(
        "{so ss so so so so sb}", "tx", gv_render_hex(id->b, 32), "kind",
        gv_tx_name(tx->kind), "hex", gv_render_hex(tx->raw.p, tx->raw.len),
        "height", gv_render_u64_or_null(mined, at->height), "sealed",
        gv_render_hex_or_null(mined, c->spine->at[at->height].sealed.b, 32),
        "index", gv_render_u64_or_null(mined, at->index), "final",
        (int)(mined && at->height <= c->sum.final_height));
}

struct gv_rpc_answer *
gv_ledger_gettransaction(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_ledger_block b;
    struct gv_chain *c;
    struct gv_hash id;
    struct place at;
    json_t *out;
    enum gv_rc rc;
    struct gv_rpc_answer *bad = gv_ledger_chain(l, call, "chain", &c);

    if (bad)
        return bad;
    if (!gv_rpc_hex(call, "tx", id.b, 32))
        return gv_rpc_invalid(call);
    rc = find_tx(l, c, &id, &at);
    if (rc == GV_ABSENT)
        return gv_ledger_unknown(call, "transaction");
    if (rc == GV_OK && at.waiting)
        return gv_rpc_ok(call,
                         tx_json(&at.waiting->tx, &at.waiting->id, c, &at));
    if (rc != GV_OK || gv_ledger_block_at(l, c, at.height, &b) != GV_OK)
        return gv_ledger_fault(l, call);
    out = tx_json(&b.b.tx[at.index], &b.b.id[at.index], c, &at);
    gv_ledger_block_clear(&b);
    return gv_rpc_ok(call, out);
}

/* --- the mempool --- */

struct gv_rpc_answer *
gv_ledger_getmempoolinfo(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_pool *pool = gv_state_pool(l->state);

    return gv_rpc_ok(call,
                     json_pack("{so so so}", "count", gv_render_u64(pool->txs),
                               "bytes", gv_render_u64(pool->bytes), "max_bytes",
                               gv_render_u64(gv_state_pool_max(l->state))));
}

/* The journal numbers entries as they come. */
static int
by_arrival(const void *x, const void *y)
{
    const struct gv_pool_tx *const *a = x, *const *b = y;

    return ((*a)->journal > (*b)->journal) - ((*a)->journal < (*b)->journal);
}

struct gv_rpc_answer *
gv_ledger_getrawmempool(void *ctx, struct gv_rpc_call *call)
{
    struct gv_chain *c;
    struct gv_rpc_answer *bad = gv_ledger_chain(ctx, call, "chain", &c);
    const struct gv_pool_tx **list;
    json_t *out = json_array();
    size_t n = 0;

    if (bad) {
        json_decref(out);
        return bad;
    }
    list = malloc((c->pool.count + 1) * sizeof(*list));
    if (!list) {
        json_decref(out);
        return gv_rpc_ok(call, NULL);
    }
    for (int k = 0; k < GV_POOL_CLASSES; k++)
        for (const struct gv_pool_tx *e = c->pool.of[k].first; e; e = e->next)
            list[n++] = e;
    if (n > 0)
        qsort(list, n, sizeof(*list), by_arrival);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, gv_render_hex(list[i]->id.b, 32));
    free(list);
    return gv_rpc_ok(call, out);
}

/* --- proofs --- */

/* Which transaction: by exactly one of bid, tx and outcome. */
static struct gv_rpc_answer *
read_proof(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
           struct gv_chain *c, struct place *at)
{
    const char *name = gv_rpc_has(call, "bid") ? "bid" : "tx";
    bool outcome = false;
    struct gv_hash id;
    enum gv_rc rc = GV_OK;

    if (!gv_rpc_bool(call, "outcome", &outcome) ||
        !gv_rpc_hex(call, name, id.b, 32))
        return gv_rpc_invalid(call);
    if (gv_rpc_has(call, "bid") + gv_rpc_has(call, "tx") + outcome != 1)
        return gv_rpc_error(call, GV_RPC_COMBINATION,
                            "give one of bid, tx and outcome: true");
    memset(at, 0, sizeof(*at));
    if (!outcome)
        rc = find_tx(l, c, &id, at);
    if (rc == GV_FAULT)
        return gv_ledger_fault(l, call);
    if (rc != GV_OK)
        return gv_ledger_unknown(call, name);
    if (outcome)
        at->height = c->sum.outcome_height; /* R7: first in its block */
    if (at->waiting || (outcome && at->height == 0))
        return gv_rpc_error_data(
            call, GV_RPC_WRONG_STATE, "it is not in a block yet",
            json_pack("{ss ss}", "state", "unmined", "want", "mined"));
    return NULL;
}

static json_t *
path_json(const struct gv_block *b, uint32_t index)
{
    uint8_t path[GV_MERKLE_MAX][32];
    size_t n = b->h.header.tx_count, len;
    uint8_t(*leaves)[32] = malloc(n * 32);
    json_t *out = json_array();

    if (!leaves) {
        json_decref(out);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(leaves[i], b->id[i].b, 32);
    len = gv_merkle_path(leaves, n, index, path);
    free(leaves);
    for (size_t i = 0; i < len; i++)
        json_array_append_new(out, gv_render_hex(path[i], 32));
    return out;
}

/* Does this FINAL make a block at or above the height final? V2: a link from
 * a block to its child. */
static bool
finalises(const struct gv_tx *tx, const struct gv_chain *c, uint32_t height)
{
    const struct gv_vote *v = &tx->u.final.link;

    return tx->kind == GV_TX_FINAL && v->source_height >= height &&
           v->target_height == v->source_height + 1 &&
           gv_spine_height(c->spine, &v->source) == v->source_height;
}

/* The FINAL with the lowest source that serves, on the chain or waiting: its
 * bytes as JSON, NULL when there is none. */
static enum gv_rc
find_final(struct gv_ledger_rpc *l, struct gv_chain *c, uint32_t height,
           uint32_t *source, json_t **out)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first;
    size_t bytes = 0;

    *out = NULL;
    for (uint32_t h = height + 1;
         !*out && h < c->spine->count && bytes < SEARCH_BYTES; h++) {
        struct gv_ledger_block b;

        if (gv_ledger_block_at(l, c, h, &b) != GV_OK)
            return GV_FAULT;
        bytes += b.v.len;
        for (uint32_t i = 0; !*out && i < b.b.h.header.tx_count; i++)
            if (finalises(&b.b.tx[i], c, height)) {
                *source = b.b.tx[i].u.final.link.source_height;
                *out = gv_render_hex(b.b.tx[i].raw.p, b.b.tx[i].raw.len);
            }
        gv_ledger_block_clear(&b);
    }
    for (; !*out && e; e = e->next)
        if (finalises(&e->tx, c, height)) {
            *source = e->tx.u.final.link.source_height;
            *out = gv_render_hex(e->raw, e->len);
        }
    return GV_OK;
}

static enum gv_rc
final_json(struct gv_ledger_rpc *l, struct gv_chain *c, uint32_t height,
           json_t **out)
{
    json_t *tx, *headers;
    uint32_t source = 0;

    *out = NULL;
    if (find_final(l, c, height, &source, &tx) != GV_OK)
        return GV_FAULT;
    if (!tx) {
        *out = json_null();
        return GV_OK;
    }
    headers = json_array();
    for (uint32_t h = height + 1; h <= source; h++) {
        struct gv_ledger_block b;

        if (gv_ledger_block_at(l, c, h, &b) != GV_OK) {
            json_decref(headers);
            json_decref(tx);
            return GV_FAULT;
        }
        json_array_append_new(headers, gv_render_sealed_header(&b.b.h));
        gv_ledger_block_clear(&b);
    }
    *out = json_pack("{so so}", "tx", tx, "headers", headers);
    return GV_OK;
}

/* With which keys the validators may have signed: all HANDOVERs of the chain,
 * in its order. */
static enum gv_rc
handovers_json(struct gv_ledger_rpc *l, struct gv_chain *c, json_t **out)
{
    uint32_t done = 0; /* block 0 has none */

    *out = json_array();
    for (size_t i = 0; i < c->book->handovers; i++) {
        struct gv_ledger_block b;

        if (c->book->handover[i].height == done)
            continue;
        done = c->book->handover[i].height;
        if (gv_ledger_block_at(l, c, done, &b) != GV_OK) {
            json_decref(*out);
            return GV_FAULT;
        }
        for (uint32_t j = 0; j < b.b.h.header.tx_count; j++)
            if (b.b.tx[j].kind == GV_TX_HANDOVER)
                json_array_append_new(
                    *out, gv_render_hex(b.b.tx[j].raw.p, b.b.tx[j].raw.len));
        gv_ledger_block_clear(&b);
    }
    return GV_OK;
}

struct gv_rpc_answer *
gv_ledger_getproof(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_ledger_block b;
    struct gv_chain *c;
    struct place at;
    json_t *final, *handovers, *out;
    struct gv_rpc_answer *bad = gv_ledger_auction(l, call, &c);

    if (!bad)
        bad = read_proof(l, call, c, &at);
    if (bad)
        return bad;
    if (final_json(l, c, at.height, &final) != GV_OK)
        return gv_ledger_fault(l, call);
    if (handovers_json(l, c, &handovers) != GV_OK) {
        json_decref(final);
        return gv_ledger_fault(l, call);
    }
    if (gv_ledger_block_at(l, c, at.height, &b) != GV_OK) {
        json_decref(final);
        json_decref(handovers);
        return gv_ledger_fault(l, call);
    }
    out = json_pack(
        "{ss so so so so so so so so so}", "kind",
        gv_tx_name(b.b.tx[at.index].kind), "tx",
        gv_render_hex(b.b.tx[at.index].raw.p, b.b.tx[at.index].raw.len),
        "index", gv_render_u64(at.index), "count",
        gv_render_u64(b.b.h.header.tx_count), "path", path_json(&b.b, at.index),
        "header", gv_render_sealed_header(&b.b.h), "height",
        gv_render_u64(at.height), "open",
        gv_render_hex(c->book->open->raw.p, c->book->open->raw.len),
        "handovers", handovers, "final", final);
    gv_ledger_block_clear(&b);
    return gv_rpc_ok(call, out);
}
