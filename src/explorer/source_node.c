/* source_node.c - blocks from a node by RPC (source.h). */
#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/explorer/source.h"

#define PAGE_CHAINS 1000
#define PAGE_BLOCKS 64

static enum gv_rc
odd_answer(struct gv_error *e, const char *method)
{
    gv_error_set(e, "the node's answer to %s is not what the RPC contract says",
                 method);
    return GV_FAULT;
}

static enum gv_rc
call(struct gv_node_source *s, const char *method, json_t *params,
     json_t **result, struct gv_error *e)
{
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc = gv_rpcclient_call(s->rpc, method, params, result, &error);

    if (rc != GV_OK)
        gv_error_set(e, "%s: %s", method, error.e.text);
    gv_rpcclient_error_clear(&error);
    return rc == GV_OK ? GV_OK : GV_FAULT;
}

static bool
is_id(const json_t *json, uint8_t out32[32])
{
    const char *hex = json_string_value(json);

    return hex && gv_unhex(hex, out32, 32) == GV_OK;
}

/* --- chains --- */

struct id_list {
    struct gv_chain_id *id;
    size_t count, cap;
};

static enum gv_rc
add_auctions(struct id_list *l, const json_t *chains, struct gv_error *e)
{
    const json_t *row;
    size_t i;

    json_array_foreach(chains, i, row)
    {
        const char *kind = json_string_value(json_object_get(row, "kind"));

        if (kind && strcmp(kind, "registry") == 0)
            continue;
        if (!gv_vec_room(&l->id, l->count, &l->cap, sizeof(*l->id))) {
            gv_error_set(e, "out of memory");
            return GV_FAULT;
        }
        if (!is_id(json_object_get(row, "chain"), l->id[l->count].b))
            return odd_answer(e, "getchains");
        l->count++;
    }
    return GV_OK;
}

static enum gv_rc
node_auctions(void *arg, struct gv_chain_id **ids, size_t *n,
              struct gv_error *e)
{
    struct gv_node_source *s = arg;
    struct id_list list = {0};
    json_t *page = NULL, *next = json_null();
    enum gv_rc rc = GV_OK;

    while (rc == GV_OK && next) {
        json_t *params =
            json_pack("{sO si}", "after", next, "limit", PAGE_CHAINS);

        json_decref(page);
        page = NULL;
        rc = call(s, "getchains", params, &page, e);
        if (rc != GV_OK)
            break;
        rc = add_auctions(&list, json_object_get(page, "chains"), e);
        next = json_object_get(page, "next");
        if (!json_is_string(next))
            next = NULL;
    }
    json_decref(page);
    if (rc != GV_OK) {
        free(list.id);
        return rc;
    }
    *ids = list.id;
    *n = list.count;
    return GV_OK;
}

/* --- blocks --- */

static enum gv_rc
add_block(struct gv_dump_chain *to, const char *hex, struct gv_error *e)
{
    size_t len = hex ? strlen(hex) / 2 : 0;
    uint8_t *raw = malloc(len ? len : 1);
    enum gv_rc rc;

    if (!raw) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    if (len == 0 || gv_unhex(hex, raw, len) != GV_OK) {
        free(raw);
        return odd_answer(e, "getblocks");
    }
    rc = gv_dump_chain_add(to, gv_bytes(raw, len));
    free(raw);
    if (rc != GV_OK)
        gv_error_set(e, "out of memory");
    return rc;
}

static enum gv_rc
node_blocks(void *arg, const struct gv_chain_id *chain,
            struct gv_dump_chain *to, struct gv_error *e)
{
    struct gv_node_source *s = arg;
    json_t *page = NULL, *blocks, *block;
    char hex[65];
    enum gv_rc rc;
    size_t i;

    if (to->count > 0 && to->count == s->at_tip)
        return GV_ABSENT;
    s->at_tip = 0;
    rc = call(s, "getblocks",
              json_pack("{ss sI si}", "chain", gv_hex(chain->b, 32, hex),
                        "from", (json_int_t)to->count, "count", PAGE_BLOCKS),
              &page, e);
    if (rc != GV_OK)
        return rc;
    blocks = json_object_get(page, "blocks");
    if (json_array_size(blocks) == 0)
        rc = odd_answer(e, "getblocks");
    json_array_foreach(blocks, i, block)
    {
        if (rc == GV_OK)
            rc = add_block(to, json_string_value(block), e);
    }
    if (!json_is_integer(json_object_get(page, "next")))
        s->at_tip = to->count;
    json_decref(page);
    return rc;
}

enum gv_rc
gv_node_source_begin(struct gv_node_source *s, struct gv_rpcclient *rpc,
                     const struct gv_params **params, struct gv_error *e)
{
    struct gv_chain_id registry;
    json_t *status = NULL;
    const char *name;
    enum gv_rc rc;

    *s = (struct gv_node_source){.rpc = rpc,
                                 .source = {s, node_auctions, node_blocks}};
    rc = call(s, "status", NULL, &status, e);
    if (rc != GV_OK)
        return rc;
    name = json_string_value(json_object_get(status, "network"));
    *params = name ? gv_params_find(name) : NULL;
    if (!*params || !is_id(json_object_get(status, "registry"), registry.b) ||
        !GV_ID_EQ(&registry, &(*params)->registry)) {
        gv_error_set(e,
                     "the node is of a network that this program does not "
                     "know: %.32s",
                     name ? name : "");
        rc = GV_FAULT;
    }
    json_decref(status);
    return rc;
}
