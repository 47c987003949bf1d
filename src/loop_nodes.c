/*
 * loop_nodes.c - nodes by the registry (N25, N26): which keys may connect and
 * whom to connect to, and this node's own record.
 */
#include <stdlib.h>

#include "src/enrol.h"
#include "src/loop_impl.h"

#define LOOK_MS 5000 /* records end without a block */
#define LIFE_MS (UINT64_C(30) * 86400000)
#define PAUSE_BEATS 10 /* of the registry, between two records */

const char *
gv_loop_registered_url(struct gv_loop *l, uint8_t role)
{
    const struct gv_directory *d = gv_state_registry(l->state)->dir;

    for (size_t i = d->services; i-- > 0;)
        if (d->service[i].cred.role == role &&
            !gv_directory_revoked(d, &d->service[i].cred.fingerprint))
            return d->service[i].endpoint;
    return NULL;
}

/* --- the others --- */

static void
tell_nodes(struct gv_loop *l, const struct gv_directory *d)
{
    const struct gv_dir_node **node = calloc(d->nodes + 1, sizeof(*node));
    struct gv_net_place *list = calloc(d->nodes + 1, sizeof(*list));
    size_t n = 0;

    if (node && list)
        n = gv_directory_nodes_known(d, l->now_ms, node);
    else
        gv_loop_fail(l, "out of memory");
    for (size_t i = 0; i < n; i++) {
        memcpy(list[i].key.b, node[i]->curve, 32);
        memcpy(list[i].addr.host, node[i]->host, sizeof(node[i]->host));
        list[i].addr.port = node[i]->p2p_port;
    }
    /* A net thread with too much to do is told in LOOK_MS again. */
    if (node && list)
        (void)gv_net_nodes(l->net, list, n);
    free(list);
    free(node);
}

/* --- this one --- */

/* By which certificate this node is known. */
struct own {
    struct gv_pubkey issuer;
    struct gv_cred cred;
    const struct gv_seckey *secret;
};

static bool
own_service(struct gv_loop *l, const struct gv_directory *d, struct own *out)
{
    const struct gv_services *s = l->opt.services;
    const struct gv_rolekeys_role *role[] = {&s->keys.ca, &s->keys.tsa,
                                             &s->keys.issuer, &s->keys.notary,
                                             &s->keys.validator};

    for (size_t i = 0; i < sizeof(role) / sizeof(role[0]); i++) {
        const struct gv_cred *c = &role[i]->cred;
        const struct gv_dir_service *on =
            role[i]->key ? gv_directory_service(d, &c->key) : NULL;

        if (!on || !GV_ID_EQ(&on->cred.fingerprint, &c->fingerprint) ||
            !gv_cred_valid_at(c, l->now_ms) ||
            gv_directory_revoked(d, &c->fingerprint))
            continue;
        *out = (struct own){l->opt.params->root, *c, &role[i]->secret};
        return true;
    }
    return false;
}

static bool
own_node(struct gv_loop *l, const struct gv_directory *d, struct own *out)
{
    const struct gv_pubkey *key = gv_enroller_key(l->opt.enroller);

    /* The newest: a certificate is renewed under the same key. */
    for (size_t i = d->certs; i-- > 0;) {
        const struct gv_dir_cert *c = &d->cert[i];

        if (!GV_ID_EQ(&c->cred.key, key) || c->cred.role != GV_ROLE_NODE ||
            !gv_cred_valid_at(&c->cred, l->now_ms) ||
            gv_directory_revoked(d, &c->cred.fingerprint))
            continue;
        *out = (struct own){c->issuer, c->cred,
                            gv_enroller_secret(l->opt.enroller)};
        return true;
    }
    return false;
}

/* The record as it should be, but for seq and signature. */
static void
describe(struct gv_loop *l, const struct own *own, struct gv_tx *tx)
{
    struct gv_tx_node *t = &tx->u.node;
    uint64_t end = l->now_ms + LIFE_MS;

    t->issuer = own->issuer;
    t->cred = own->cred;
    memcpy(t->curve, gv_net_own_key(l->net)->b, 32);
    t->host = gv_bytes(l->opt.announce, strlen(l->opt.announce));
    if (t->host.len > 0) {
        t->p2p_port = gv_net_bound(l->net)->port;
        t->pub_port = gv_net_pub_port(l->net);
        t->submit_port =
            l->opt.announce_submit ? gv_net_submit_port(l->net) : 0;
    }
    t->roles = l->opt.services->tsa ? GV_ROLE_STAMPS : 0;
    t->not_after_ms =
        end < own->cred.not_after_ms ? end : own->cred.not_after_ms;
}

static bool
says_the_same(const struct gv_dir_node *n, const struct gv_tx_node *t)
{
    return GV_ID_EQ(&n->cred.fingerprint, &t->cred.fingerprint) &&
           memcmp(n->curve, t->curve, 32) == 0 &&
           gv_bytes_eq(gv_bytes(n->host, strlen(n->host)), t->host) &&
           n->p2p_port == t->p2p_port && n->pub_port == t->pub_port &&
           n->submit_port == t->submit_port && n->roles == t->roles &&
           n->not_after_ms + LIFE_MS / 2 >= t->not_after_ms;
}

static void
publish(struct gv_loop *l, struct gv_tx *tx, const struct own *own)
{
    struct gv_sink size = gv_sink_count(), out;
    uint8_t *raw;

    if (gv_tx_sign(l->opt.keys, own->secret, tx) != GV_OK)
        return;
    gv_tx_put(&size, tx);
    raw = malloc(size.len);
    if (!raw)
        return;
    out = gv_sink_buffer(raw, size.len);
    gv_tx_put(&out, tx);
    gv_loop_publish(l, raw, size.len);
    gv_log_info(l->opt.log, "net", "announcing this node",
                GV_S("host", l->opt.announce),
                GV_U("port", tx->u.node.p2p_port));
}

static void
announce(struct gv_loop *l, const struct gv_directory *d)
{
    struct gv_tx tx = {.kind = GV_TX_NODE, .chain = l->opt.params->registry};
    uint64_t pause = PAUSE_BEATS * (uint64_t)l->opt.params->registry_t_ms;
    const struct gv_dir_node *old;
    const char *url = l->opt.node_ca;
    struct own own;

    if (l->announced_ms && l->now_ms < l->announced_ms + pause)
        return;
    if (!own_service(l, d, &own) &&
        !(l->opt.enroller && own_node(l, d, &own))) {
        if (!url)
            url = gv_loop_registered_url(l, GV_ROLE_CA);
        if (l->opt.enroller && url)
            gv_enroller_ask(l->opt.enroller, url);
        return;
    }
    describe(l, &own, &tx);
    old = gv_directory_node(d, &own.cred.key);
    if (old && says_the_same(old, &tx.u.node))
        return;
    tx.u.node.seq = old && old->seq >= l->now_ms ? old->seq + 1 : l->now_ms;
    l->announced_ms = l->now_ms;
    publish(l, &tx, &own);
}

/* Would this node know of its record? */
static bool
is_synced(const struct gv_loop *l)
{
    struct gv_sync_status sync;

    gv_sync_status(l->sync, &sync);
    return sync.behind == 0 && (sync.told || sync.sessions == 0);
}

void
gv_loop_nodes(struct gv_loop *l)
{
    const struct gv_chain *registry = gv_state_registry(l->state);

    if (!l->net || !l->opt.discover ||
        (GV_ID_EQ(&l->told_nodes, &registry->sum.tip) &&
         l->now_ms < l->nodes_ms + LOOK_MS && l->now_ms >= l->nodes_ms))
        return;
    l->told_nodes = registry->sum.tip;
    l->nodes_ms = l->now_ms;
    tell_nodes(l, registry->dir);
    if (is_synced(l))
        announce(l, registry->dir);
}
