/* loop_rpc.c - calls reach the chain thread; what they need of the node. */
#include <stdio.h>
#include <stdlib.h>

#include "src/base/version.h"
#include "src/loop_impl.h"
#include "src/rpc/render.h"

/* One method of the table, as the http thread knows it. */
struct gv_method {
    struct gv_loop *loop;
    enum gv_duty needed;
    gv_rpc_handler *handle;
};

/* On the http thread: the call goes to the chain thread. */
static struct gv_rpc_answer *
forward(void *ctx, struct gv_rpc_call *call)
{
    const struct gv_method *method = ctx;
    struct gv_mail *m;

    if (!gv_duty_does(method->loop->opt.duty, method->needed))
        return gv_ledger_no_role(call, gv_duty_name(method->needed));
    m = calloc(1, sizeof(*m));
    if (!m)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    m->kind = GV_MAIL_CALL;
    m->u.call.handle = method->handle;
    m->u.call.call = call;
    switch (gv_mailbox_offer(method->loop->box, m, sizeof(*m))) {
    case GV_MAIL_OK:
        return gv_rpc_pending(call);
    case GV_MAIL_FULL:
        free(m);
        return gv_rpc_error(call, GV_RPC_BUSY, "too many calls: try later");
    case GV_MAIL_CLOSED:
        break;
    }
    free(m);
    return gv_rpc_error(call, GV_RPC_STOPPING, "the node is stopping");
}

enum gv_rc
gv_loop_add_methods(struct gv_loop *l, struct gv_rpc *rpc)
{
    size_t n;
    const struct gv_rpc_method *table = gv_ledger_methods(&n);

    l->methods = calloc(n, sizeof(*l->methods));
    l->shims = calloc(n, sizeof(*l->shims));
    if (!l->methods || !l->shims)
        return GV_FAULT;
    for (size_t i = 0; i < n; i++) {
        l->methods[i] = (struct gv_method){l, gv_duty_needed(table[i].name),
                                           table[i].handle};
        l->shims[i] = table[i];
        l->shims[i].handle = forward;
        if (gv_rpc_add(rpc, &l->shims[i], 1, &l->methods[i]) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}

/* --- what the methods ask of the node --- */

/* Where a service answers: this node's own, else the newest one that the
 * registry names. */
static const char *
service_url(struct gv_loop *l, uint8_t role, const char *path, char *url,
            size_t cap)
{
    const struct gv_services *own = l->opt.services;
    bool here = role == GV_ROLE_CA ? own->ca != NULL : own->tsa != NULL;
    const char *base = here ? own->url : NULL;

    if (!base)
        base = gv_loop_registered_url(l, role);
    if (!base)
        return NULL;
    snprintf(url, cap, "%s%s", base, path);
    return url;
}

static void
status(void *arg, struct gv_ledger_status *out)
{
    struct gv_loop *l = arg;
    const struct gv_services *s = l->opt.services;
    struct gv_net_peer peer;
    struct gv_sync_status sync;

    memset(out, 0, sizeof(*out));
    out->version = GV_VERSION;
    out->datadir = l->opt.datadir;
    out->ca = s->ca != NULL;
    out->tsa = s->tsa != NULL;
    out->issuer = s->issuer_keys != NULL;
    out->notary = s->notary_keys != NULL;
    out->validator = l->opt.validator_count > 0;
    out->key_shared = l->key_shared;
    out->miner = l->opt.mine;
    out->server = gv_duty_does(l->opt.duty, GV_DUTY_SERVER);
    out->repository = gv_duty_does(l->opt.duty, GV_DUTY_REPOSITORY);
    out->ca_url = service_url(l, GV_ROLE_CA, "/.well-known/est", l->ca_url,
                              sizeof(l->ca_url));
    out->tsa_url = service_url(l, GV_ROLE_TSA, GV_TSAHTTP_PATH, l->tsa_url,
                               sizeof(l->tsa_url));
    if (s->tsa)
        out->tsa_clock =
            gv_tsa_clock_ok(s->tsa, &l->tsa_clock) ? "" : l->tsa_clock.text;
    if (l->net) {
        gv_net_addr_text(gv_net_bound(l->net), l->p2p, sizeof(l->p2p));
        gv_net_key_text(gv_net_own_key(l->net), l->p2p_key);
        out->p2p_endpoint = l->p2p;
        out->p2p_key = l->p2p_key;
        out->peers = (unsigned)gv_net_peers(l->net, &peer, 1);
    }
    gv_sync_status(l->sync, &sync);
    out->synced = sync.behind == 0 && (sync.told || sync.sessions == 0);
    out->chains_behind = (unsigned)sync.behind;
    out->fetched = sync.fetched;
    out->rate = sync.rate;
    out->lacks = sync.chain;
    out->lacks_height = sync.height;
    out->lacks_headers = sync.headers;
    out->lacking = sync.lacking;
}

static json_t *
peer_roles(uint32_t roles)
{
    json_t *out = json_array();

    if (roles & GV_ROLE_STAMPS)
        json_array_append_new(out, json_string("stamps"));
    return out;
}

static json_t *
peer_json(struct gv_loop *l, const struct gv_net_peer *p)
{
    char key[GV_NET_KEY_TEXT], addr[320];

    return json_pack(
        "{ss ss ss sI sI sI sI si sI ss ss so so so}", "key",
        gv_net_key_text(&p->key, key), "addr",
        gv_net_addr_text(&p->addr, addr, sizeof(addr)), "direction",
        p->outbound ? "out" : "in", "since_ms", (json_int_t)p->since_ms,
        "bytes_in", (json_int_t)p->bytes_in, "bytes_out",
        (json_int_t)p->bytes_out, "blocks",
        (json_int_t)gv_sync_peer_blocks(l->sync, p->session), "score", p->score,
        "session", (json_int_t)p->session, "agent", p->agent, "suite",
        GV_NET_SUITE, "roles", peer_roles(p->roles), "ended_ms",
        gv_render_u64_or_null(p->ended_ms != 0, p->ended_ms), "reason",
        p->ended_ms ? json_string(p->reason) : json_null());
}

static json_t *
peers(void *arg, bool ended)
{
    struct gv_loop *l = arg;
    struct gv_net_peer *list = calloc(256, sizeof(*list));
    json_t *all = json_array();
    size_t n = list && l->net ? gv_net_peers(l->net, list, 256) : 0;

    for (size_t i = 0; i < n && i < 256; i++)
        json_array_append_new(all, peer_json(l, &list[i]));
    n = ended && list && l->net ? gv_net_ended(l->net, list, 256) : 0;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, peer_json(l, &list[i]));
    free(list);
    return all;
}

static bool
disconnect(void *arg, uint64_t session)
{
    struct gv_loop *l = arg;
    struct gv_net_peer *list = calloc(256, sizeof(*list));
    size_t n = list && l->net ? gv_net_peers(l->net, list, 256) : 0;
    bool found = false;

    for (size_t i = 0; i < n && i < 256; i++)
        found = found || list[i].session == session;
    free(list);
    return found && gv_net_disconnect(l->net, session);
}

static struct gv_rpc_answer *
submit(void *arg, struct gv_rpc_call *call, enum gv_ledger_submission kind,
       struct gv_bytes raw, bool force, struct gv_bytes stamps)
{
    struct gv_loop *l = arg;
    struct gv_ticket *t = gv_ticket_new(GV_TICKET_CALL, raw);

    if (!t || !gv_ticket_stamps(t, stamps)) {
        gv_ticket_free(t);
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    }
    t->what = kind;
    t->call = call;
    t->force = force;
    gv_loop_submit(l, t, kind == GV_SUBMIT_BLOCK);
    return gv_rpc_pending(call);
}

static void
stop(void *arg)
{
    struct gv_loop *l = arg;

    l->opt.stop(l->opt.arg);
}

static void
fault(void *arg)
{
    struct gv_loop *l = arg;

    gv_loop_fail(l, gv_state_error(l->state));
}

void
gv_loop_init_rpc(struct gv_loop *l)
{
    l->rpc.state = l->state;
    l->rpc.work = l->work;
    l->rpc.started_ms = l->started_ms;
    l->rpc.now_ms = l->now_ms;
    l->rpc.node = (struct gv_ledger_node){
        .arg = l,
        .status = status,
        .peers = peers,
        .disconnect = disconnect,
        .submit = submit,
        .getwarrant = gv_loop_getwarrant,
        .signwarrant = gv_loop_signwarrant,
        .handover = gv_loop_handover,
        .stop = stop,
        .fault = fault,
    };
}
