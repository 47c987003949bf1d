/* loop_rpc.c - calls reach the chain thread; what they need of the node. */
#include <stdio.h>
#include <stdlib.h>

#include "src/base/version.h"
#include "src/loop_impl.h"
#include "src/rpc/render.h"

#define OPEN_PAST_MS UINT64_C(3600000)          /* 1 h */
#define OPEN_AHEAD_MS (UINT64_C(90) * 86400000) /* 90 d */

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
    const struct gv_directory *d = gv_state_registry(l->state)->dir;
    bool here = role == GV_ROLE_CA ? own->ca != NULL : own->tsa != NULL;
    const char *base = here ? own->url : NULL;

    for (size_t i = d->services; i-- > 0 && !base;)
        if (d->service[i].cred.role == role &&
            !gv_directory_revoked(d, &d->service[i].cred.fingerprint))
            base = d->service[i].endpoint;
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
}

static json_t *
peer_json(const struct gv_net_peer *p)
{
    char key[GV_NET_KEY_TEXT], addr[320];

    return json_pack(
        "{ss ss ss sI sI sI si sI}", "key", gv_net_key_text(&p->key, key),
        "addr", gv_net_addr_text(&p->addr, addr, sizeof(addr)), "direction",
        p->outbound ? "out" : "in", "since_ms", (json_int_t)p->since_ms,
        "bytes_in", (json_int_t)p->bytes_in, "bytes_out",
        (json_int_t)p->bytes_out, "score", p->score, "session",
        (json_int_t)p->session);
}

static json_t *
peers(void *arg)
{
    struct gv_loop *l = arg;
    struct gv_net_peer *list = calloc(256, sizeof(*list));
    json_t *all = json_array();
    size_t n = list && l->net ? gv_net_peers(l->net, list, 256) : 0;

    for (size_t i = 0; i < n && i < 256; i++)
        json_array_append_new(all, peer_json(&list[i]));
    free(list);
    return all;
}

static struct gv_rpc_answer *
submit(void *arg, struct gv_rpc_call *call, enum gv_ledger_submission kind,
       struct gv_bytes raw, bool force)
{
    struct gv_loop *l = arg;
    struct gv_ticket *t = gv_ticket_new(GV_TICKET_CALL, raw);

    if (!t)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    t->what = kind;
    t->call = call;
    t->force = force;
    gv_loop_submit(l, t, kind == GV_SUBMIT_BLOCK);
    return gv_rpc_pending(call);
}

static struct gv_rpc_answer *
getwarrant(void *arg, struct gv_rpc_call *call)
{
    struct gv_loop *l = arg;
    const struct gv_services *s = l->opt.services;
    struct gv_open *open;
    struct gv_sink out;
    uint8_t buf[4096];

    if (!s->ca || !s->tsa || l->opt.validator_count == 0)
        return gv_ledger_no_role(call, "ca");
    open = calloc(1, sizeof(*open));
    if (!open)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    gv_services_warrant(s, &l->validator, open);
    out = gv_sink_buffer(buf, sizeof(buf));
    gv_open_put_warrant(&out, open);
    free(open);
    if (out.failed)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "the warrant is too large");
    return gv_rpc_ok(call,
                     json_pack("{so so so}", "warrant",
                               gv_render_hex(buf, out.len), "registry",
                               gv_render_hex(l->opt.params->registry.b, 32),
                               "ca", gv_render_hex(s->keys.ca.cred.key.b, 32)));
}

/* Whoever the root certified for an auction is not revoked since, and no
 * validator has contradicted itself (G6). */
static enum gv_rc
check_services(const struct gv_directory *d, const struct gv_open *open,
               struct gv_reject *why)
{
    if (open->issuer_count > 0 &&
        gv_directory_revoked(d, &open->issuer.cred.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.issuer", 0, 0);
    for (unsigned i = 0; i < open->notary_count; i++)
        if (gv_directory_revoked(d, &open->notary[i].cred.fingerprint))
            return gv_refuse(why, GV_BAD_CREDENTIAL, "open.notary", i, 0);
    for (unsigned i = 0; i < open->validator_count; i++)
        if (gv_directory_accused(d, &open->validator[i].key))
            return gv_refuse(why, GV_BAD_CREDENTIAL, "open.validator", i, 0);
    return GV_OK;
}

static enum gv_rc
check_open(struct gv_loop *l, const struct gv_open *open, struct gv_reject *why)
{
    const struct gv_directory *d = gv_state_registry(l->state)->dir;
    enum gv_rc rc;

    if (open->opening_ms + OPEN_PAST_MS < l->now_ms ||
        open->opening_ms > l->now_ms + OPEN_AHEAD_MS)
        return gv_refuse(why, GV_BAD_TERMS, "open.opening", open->opening_ms,
                         l->now_ms);
    if (!gv_cred_valid_at(&open->seller, l->now_ms) ||
        gv_directory_revoked(d, &open->seller.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "open.seller", l->now_ms,
                         open->seller.not_after_ms);
    rc = check_services(d, open, why);
    return rc == GV_OK
               ? gv_services_check(l->opt.services, open, &l->validator, why)
               : rc;
}

static struct gv_rpc_answer *
sign_open(struct gv_loop *l, struct gv_rpc_call *call,
          const struct gv_open *open)
{
    const struct gv_services *s = l->opt.services;
    struct gv_sig warrant, pop;
    uint8_t digest[32];

    gv_tagged(GV_TAG_POP, open->id.b, 32, digest);
    if (gv_key_sign(l->opt.keys, &s->keys.ca.secret, open->id.b, NULL,
                    &warrant) != GV_OK ||
        gv_key_sign(l->opt.keys, &l->opt.validator[0], digest, NULL, &pop) !=
            GV_OK)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "a key cannot sign");
    return gv_rpc_ok(call,
                     json_pack("{so so s[o]}", "auction",
                               gv_render_hex(open->id.b, 32), "warrant_sig",
                               gv_render_hex(warrant.b, 64), "pop",
                               gv_render_hex(pop.b, 64)));
}

static struct gv_rpc_answer *
signwarrant(void *arg, struct gv_rpc_call *call, struct gv_bytes preimage)
{
    struct gv_loop *l = arg;
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_rpc_answer *answer;
    struct gv_open *open;
    enum gv_rc rc;

    if (!l->opt.services->ca || !l->opt.services->tsa ||
        l->opt.validator_count == 0)
        return gv_ledger_no_role(call, "ca");
    open = malloc(sizeof(*open));
    if (!open)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    rc = gv_open_decode_preimage(preimage, l->opt.params, open, &why);
    if (rc == GV_OK)
        rc = check_open(l, open, &why);
    answer = rc == GV_OK      ? sign_open(l, call, open)
             : rc == GV_FAULT ? gv_ledger_fault(&l->rpc, call)
                              : gv_ledger_reject(call, &why);
    free(open);
    return answer;
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
        .submit = submit,
        .getwarrant = getwarrant,
        .signwarrant = signwarrant,
        .stop = stop,
        .fault = fault,
    };
}
