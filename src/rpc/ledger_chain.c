/* ledger_chain.c - chains and blocks. */
#include <stdlib.h>

#include "src/rpc/ledger_impl.h"

#define BLOCKS_MAX 64
#define BLOCKS_BYTES_MAX (4u << 20)

/* --- chains --- */

/* Cumulative work lies in the tree, so the chain must be loaded. */
static json_t *
chain_line(const struct gv_chain *c)
{
    const struct gv_chain_summary *m = &c->sum;

    return json_pack(
        "{so ss so so so so so so}", "chain", gv_render_hex(c->id.b, 32),
        "kind", c->registry ? "registry" : "auction", "height",
        gv_render_u64(m->height), "sealed", gv_render_hex(m->tip.b, 32), "work",
        gv_render_u256(&c->tree.node[c->tip].work), "justified_height",
        gv_render_u64(m->justified_height), "final_height",
        gv_render_u64(m->final_height), "time_ms",
        gv_render_u64(m->tip_time_ms));
}

struct gv_rpc_answer *
gv_ledger_getchains(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    json_t *rows = json_array();
    struct gv_rpc_answer *bad;
    uint8_t key[GV_PAGE_KEY];
    struct gv_page p;
    enum gv_rc rc = GV_OK;
    size_t spent = 0;

    bad = gv_ledger_page(call, "chains", gv_bytes(NULL, 0), &p);
    if (bad) {
        json_decref(rows);
        return bad;
    }
    for (size_t i = 0; i < gv_state_chain_count(l->state) && rc == GV_OK; i++) {
        struct gv_chain *c = gv_state_chain_at(l->state, i);

        memset(key, 0, sizeof(key));
        key[0] = !c->registry;
        memcpy(key + 1, c->id.b, 32);
        rc = gv_page_offer(&p, key, c, NULL);
    }
    gv_page_finish(&p);
    for (size_t i = 0; i < p.count && rc == GV_OK; i++) {
        if (!gv_ledger_afford(p.item[i].chain, &spent)) {
            gv_page_cut(&p, i);
            break;
        }
        rc = gv_chain_load(l->state, p.item[i].chain, l->now_ms);
        if (rc == GV_OK)
            json_array_append_new(rows, chain_line(p.item[i].chain));
    }
    if (rc == GV_OK)
        return gv_ledger_answer_page(call, "chains", rows, &p);
    json_decref(rows);
    gv_page_free(&p);
    return gv_ledger_fault(l, call);
}

struct gv_rpc_answer *
gv_ledger_getblockcount(void *ctx, struct gv_rpc_call *call)
{
    struct gv_chain *c;
    struct gv_rpc_answer *bad = gv_ledger_chain(ctx, call, "chain", &c);

    return bad ? bad : gv_rpc_ok(call, gv_render_u64(c->sum.height));
}

struct gv_rpc_answer *
gv_ledger_getblockhash(void *ctx, struct gv_rpc_call *call)
{
    struct gv_chain *c;
    struct gv_rpc_answer *bad = gv_ledger_chain(ctx, call, "chain", &c);
    uint64_t height = 0;

    if (bad)
        return bad;
    if (!gv_rpc_u64(call, "height", 0, UINT32_MAX, &height))
        return gv_rpc_invalid(call);
    if (height >= c->spine->count)
        return gv_ledger_unknown(call, "block");
    return gv_rpc_ok(call, gv_render_hex(c->spine->at[height].sealed.b, 32));
}

/* --- one block --- */

/* The block that height or sealed names, as a node of the tree. */
static struct gv_rpc_answer *
find_node(struct gv_ledger_rpc *l, struct gv_rpc_call *call,
          struct gv_chain **c, uint32_t *node)
{
    struct gv_rpc_answer *bad = gv_ledger_chain(l, call, "chain", c);
    struct gv_sealed_id sealed;
    uint64_t height = 0;

    if (bad)
        return bad;
    if (gv_rpc_has(call, "height") == gv_rpc_has(call, "sealed"))
        return gv_rpc_error(call, GV_RPC_COMBINATION,
                            "give one of height and sealed");
    if (!gv_rpc_hex(call, "sealed", sealed.b, 32) ||
        !gv_rpc_u64(call, "height", 0, UINT32_MAX, &height))
        return gv_rpc_invalid(call);
    *node = GV_NOWHERE;
    if (gv_rpc_has(call, "height") && height < (*c)->spine->count)
        sealed = (*c)->spine->at[height].sealed;
    else if (gv_rpc_has(call, "height"))
        return gv_ledger_unknown(call, "block");
    *node = gv_tree_find(&(*c)->tree, &sealed);
    return *node == GV_NOWHERE ? gv_ledger_unknown(call, "block") : NULL;
}

/* Fields of getblockheader. */
static json_t *
header_fields(const struct gv_chain *c, uint32_t node,
              const struct gv_sealed_header *h)
{
    const struct gv_node *n = &c->tree.node[node];
    bool best = gv_tree_is_ancestor(&c->tree, node, c->tip);
    bool final = gv_tree_is_ancestor(&c->tree, node, c->tree.final);
    json_int_t depth =
        best ? (json_int_t)(c->tree.node[c->tip].height - n->height) + 1 : -1;

    return json_pack(
        "{so so so so so so so so so so sb sb sI so}", "block",
        gv_render_hex(h->block_id.b, 32), "sealed",
        gv_render_hex(h->sealed_id.b, 32), "chain", gv_render_hex(c->id.b, 32),
        "height", gv_render_u64(n->height), "prev",
        gv_render_hex(h->header.prev.b, 32), "tx_root",
        gv_render_hex(h->header.tx_root, 32), "tx_count",
        gv_render_u64(h->header.tx_count), "time_ms",
        gv_render_u64(h->header.time_ms), "target",
        gv_render_compact(h->header.target), "work", gv_render_u256(&n->work),
        "justified", (int)(n->justified || final), "final", (int) final,
        "confirmations", depth, "hex", gv_render_sealed_header(h));
}

static json_t *
tx_lines(const struct gv_block *b)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < b->h.header.tx_count; i++)
        json_array_append_new(
            out, json_pack("{so ss so}", "tx", gv_render_hex(b->id[i].b, 32),
                           "kind", gv_tx_name(b->tx[i].kind), "size",
                           gv_render_u64(b->tx[i].raw.len)));
    return out;
}

static json_t *
block_json(const struct gv_chain *c, uint32_t node, struct gv_bytes raw,
           const struct gv_block *b)
{
    json_t *out = header_fields(c, node, &b->h);

    if (out && (json_object_set_new(out, "size", gv_render_u64(raw.len)) != 0 ||
                json_object_set_new(out, "tx", tx_lines(b)) != 0)) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* The raw bytes of a node's block. GV_ABSENT cannot be: it is in the tree. */
static enum gv_rc
read_node(struct gv_ledger_rpc *l, struct gv_chain *c, uint32_t node,
          struct gv_kv_value *v)
{
    struct gv_sealed_id sealed = c->tree.node[node].sealed;

    return gv_state_block(l->state, c, &sealed, v);
}

struct gv_rpc_answer *
gv_ledger_getblockheader(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_sealed_header h;
    struct gv_chain *c;
    struct gv_kv_value v;
    struct gv_reader r;
    uint32_t node;
    struct gv_rpc_answer *bad = find_node(l, call, &c, &node);

    if (bad)
        return bad;
    if (read_node(l, c, node, &v) != GV_OK)
        return gv_ledger_fault(l, call);
    r = gv_reader(gv_bytes(v.p, v.len));
    gv_sealed_header_get(&r, &h);
    gv_kv_value_free(&v);
    return gv_rpc_ok(call, header_fields(c, node, &h));
}

struct gv_rpc_answer *
gv_ledger_getblock(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    uint64_t verbosity = 1;
    struct gv_reject why;
    struct gv_chain *c;
    struct gv_kv_value v;
    struct gv_bytes raw;
    struct gv_block b;
    json_t *out = NULL;
    uint32_t node;
    enum gv_rc rc = GV_OK;
    struct gv_rpc_answer *bad = find_node(l, call, &c, &node);

    if (bad)
        return bad;
    if (!gv_rpc_u64(call, "verbosity", 0, 1, &verbosity))
        return gv_rpc_invalid(call);
    if (read_node(l, c, node, &v) != GV_OK)
        return gv_ledger_fault(l, call);
    raw = gv_bytes(v.p, v.len);
    if (verbosity == 0) {
        out = gv_render_hex(raw.p, raw.len);
    } else {
        rc = gv_block_decode(raw, gv_state_params(l->state), &b, &why);
        if (rc == GV_OK) {
            out = block_json(c, node, raw, &b);
            gv_block_clear(&b);
        }
    }
    gv_kv_value_free(&v);
    return rc == GV_OK ? gv_rpc_ok(call, out) : gv_ledger_fault(l, call);
}

/* --- many blocks --- */

struct gv_rpc_answer *
gv_ledger_getblocks(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    struct gv_chain *c;
    struct gv_rpc_answer *bad = gv_ledger_chain(l, call, "chain", &c);
    uint64_t from = 0, count = 0, h;
    size_t bytes = 0;
    json_t *blocks;

    if (bad)
        return bad;
    if (!gv_rpc_u64(call, "from", 0, UINT32_MAX, &from) ||
        !gv_rpc_u64(call, "count", 1, BLOCKS_MAX, &count))
        return gv_rpc_invalid(call);
    blocks = json_array();
    for (h = from; h < c->spine->count && h - from < count; h++) {
        struct gv_kv_value v;

        if (gv_state_block_at(l->state, c, (uint32_t)h, &v) != GV_OK) {
            json_decref(blocks);
            return gv_ledger_fault(l, call);
        }
        bytes += v.len;
        if (h == from || bytes <= BLOCKS_BYTES_MAX)
            json_array_append_new(blocks, gv_render_hex(v.p, v.len));
        gv_kv_value_free(&v);
        if (h > from && bytes > BLOCKS_BYTES_MAX)
            break;
    }
    return gv_rpc_ok(call,
                     json_pack("{so so}", "blocks", blocks, "next",
                               gv_render_u64_or_null(h < c->spine->count, h)));
}
