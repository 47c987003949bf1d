/* ledger_node.c - nodes: those that the registry names, and this one's
 * peers. */
#include <stdio.h>

#include "src/net/message.h"
#include "src/net/netkey.h"
#include "src/rpc/ledger_impl.h"

struct gv_rpc_answer *
gv_ledger_getpeerinfo(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    bool ended = false;

    if (!gv_rpc_bool(call, "ended", &ended))
        return gv_rpc_invalid(call);
    return gv_rpc_ok(call, l->node.peers(l->node.arg, ended));
}

struct gv_rpc_answer *
gv_ledger_disconnectpeer(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    uint64_t session = 0;

    if (!gv_rpc_u64(call, "session", 1, INT64_MAX, &session))
        return gv_rpc_invalid(call);
    if (!l->node.disconnect(l->node.arg, session))
        return gv_ledger_unknown(call, "session");
    return gv_rpc_ok(call, json_true());
}

struct gv_rpc_answer *
gv_ledger_handover(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;

    return l->node.handover(l->node.arg, call);
}

/* --- the registry's --- */

static json_t *
roles_of(const struct gv_dir_node *n)
{
    json_t *out = json_array();

    if (n->roles & GV_ROLE_STAMPS)
        json_array_append_new(out, json_string("stamps"));
    return out;
}

/* tcp://HOST:PORT, or null. */
static json_t *
endpoint(const struct gv_dir_node *n, uint16_t port)
{
    struct gv_net_addr addr = {.port = port};
    char text[320];

    if (port == 0)
        return json_null();
    snprintf(addr.host, sizeof(addr.host), "%s", n->host);
    return json_string(gv_net_addr_text(&addr, text, sizeof(text)));
}

static json_t *
node_json(const struct gv_chain *r, const struct gv_dir_node *n,
          uint64_t now_ms)
{
    struct gv_net_key curve;
    char text[GV_NET_KEY_TEXT];

    memcpy(curve.b, n->curve, 32);
    return json_pack(
        "{so so ss? ss so so so so so so so sb sb}", "key",
        gv_render_hex(n->cred.key.b, 32), "fingerprint",
        gv_render_hex(n->cred.fingerprint.b, 32), "role",
        gv_role_name(n->cred.role), "curve", gv_net_key_text(&curve, text),
        "p2p", endpoint(n, n->p2p_port), "gossip", endpoint(n, n->pub_port),
        "submit", endpoint(n, n->submit_port), "roles", roles_of(n), "seq",
        gv_render_u64(n->seq), "not_after_ms", gv_render_u64(n->not_after_ms),
        "height", gv_render_u64(n->height), "final",
        (int)(n->height <= r->sum.final_height), "counts",
        (int)gv_directory_node_counts(r->dir, n, now_ms));
}

/* Only the newest of a key; by the key. */
static enum gv_rc
offer(const struct gv_ledger_rpc *l, const struct gv_directory *d, bool all,
      struct gv_page *p)
{
    uint8_t key[GV_PAGE_KEY] = {0};
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; rc == GV_OK && i < d->nodes; i++) {
        const struct gv_dir_node *n = &d->node[i];

        if (n->replaced || (!all && !gv_directory_node_counts(d, n, l->now_ms)))
            continue;
        memcpy(key, n->cred.key.b, 32);
        rc = gv_page_offer(p, key, NULL, NULL);
    }
    gv_page_finish(p);
    return rc;
}

struct gv_rpc_answer *
gv_ledger_listnodes(void *ctx, struct gv_rpc_call *call)
{
    struct gv_ledger_rpc *l = ctx;
    const struct gv_chain *r = gv_state_registry(l->state);
    struct gv_rpc_answer *bad;
    json_t *rows;
    struct gv_page p;
    bool all = false;
    uint8_t filter;

    if (!gv_rpc_bool(call, "all", &all))
        return gv_rpc_invalid(call);
    filter = all;
    bad = gv_ledger_page(call, "nodes", gv_bytes(&filter, 1), &p);
    if (bad)
        return bad;
    if (offer(l, r->dir, all, &p) != GV_OK) {
        gv_page_free(&p);
        return gv_ledger_fault(l, call);
    }
    rows = json_array();
    for (size_t i = 0; i < p.count; i++) {
        struct gv_pubkey key;

        memcpy(key.b, p.item[i].key, 32);
        json_array_append_new(
            rows, node_json(r, gv_directory_node(r->dir, &key), l->now_ms));
    }
    return gv_ledger_answer_page(call, "nodes", rows, &p);
}
