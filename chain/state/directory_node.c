/* directory_node.c - NODE records on the registry (docs/spec/consensus.md,
 * G6). */
#include <stdlib.h>

#include "chain/state/directory_impl.h"
#include "chain/state/vec.h"

/* A record that nobody renews is forgotten. */
#define LIFE_MAX_MS (UINT64_C(90) * 86400000)

const struct gv_dir_node *
gv_directory_node(const struct gv_directory *d, const struct gv_pubkey *key)
{
    uint32_t at = gv_table_find(&d->node_by_key, key->b);

    return at == GV_NOWHERE ? NULL : &d->node[at];
}

/* Its certificate is what a CA or the root has put on the registry. */
static enum gv_rc
check_certified(const struct gv_directory *d, const struct gv_tx_node *t,
                uint64_t time_ms, struct gv_reject *why)
{
    const struct gv_dir_service *s;
    const struct gv_dir_cert *c;

    if (t->cred.role == GV_ROLE_NODE) {
        c = gv_directory_cert(d, &t->cred.fingerprint);
        if (!c || !GV_ID_EQ(&c->issuer, &t->issuer))
            return gv_refuse(why, GV_NOT_SIGNER, "node.cert", 0, 0);
        return gv_directory_check_issuer(d, &t->issuer, time_ms, why);
    }
    s = gv_directory_service(d, &t->cred.key);
    if (!s || !GV_ID_EQ(&s->cred.fingerprint, &t->cred.fingerprint) ||
        !GV_ID_EQ(&t->issuer, &d->params->root))
        return gv_refuse(why, GV_NOT_SIGNER, "node.service", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_directory_check_node(const struct gv_directory *d,
                        const struct gv_tx_node *t, uint64_t time_ms,
                        struct gv_reject *why)
{
    const struct gv_dir_node *old = gv_directory_node(d, &t->cred.key);
    enum gv_rc rc = check_certified(d, t, time_ms, why);

    if (rc == GV_OK)
        rc = gv_directory_check_valid(d, &t->cred, time_ms, why);
    if (rc != GV_OK)
        return rc;
    if (t->not_after_ms < time_ms || t->not_after_ms - time_ms > LIFE_MAX_MS)
        return gv_refuse(why, GV_DEADLINE, "node.expiry", t->not_after_ms,
                         time_ms);
    if (old && t->seq <= old->seq)
        return gv_refuse(why, GV_DUPLICATE, "node.seq", t->seq, old->seq);
    if (old && time_ms < old->time_ms + d->params->registry_t_ms)
        return gv_refuse(why, GV_DUPLICATE, "node.time", time_ms,
                         old->time_ms + d->params->registry_t_ms);
    return GV_OK;
}

enum gv_rc
gv_directory_add_node(struct gv_directory *d, const struct gv_tx_node *t,
                      const struct gv_header *h)
{
    uint32_t at = (uint32_t)d->nodes;
    struct gv_dir_node *n;

    if (!gv_vec_room(&d->node, d->nodes, &d->node_cap, sizeof(*d->node)))
        return GV_FAULT;
    n = &d->node[at];
    memset(n, 0, sizeof(*n));
    n->cred = t->cred;
    n->issuer = t->issuer;
    memcpy(n->curve, t->curve, 32);
    if (t->host.len > 0)
        memcpy(n->host, t->host.p, t->host.len);
    n->p2p_port = t->p2p_port;
    n->pub_port = t->pub_port;
    n->submit_port = t->submit_port;
    n->roles = t->roles;
    n->seq = t->seq;
    n->not_after_ms = t->not_after_ms;
    n->height = h->height;
    n->time_ms = h->time_ms;
    n->before = gv_table_find(&d->node_by_key, t->cred.key.b);
    n->claim = (uint64_t)h->height << 32 | at;
    /* Who names the curve of his last record again claims it since that one. */
    if (n->before != GV_NOWHERE &&
        memcmp(d->node[n->before].curve, n->curve, 32) == 0)
        n->claim = d->node[n->before].claim;
    d->nodes++;
    if (n->before != GV_NOWHERE) {
        d->node[n->before].replaced = true;
        d->node[n->before].replaced_height = h->height;
        gv_table_remove(&d->node_by_key, n->before);
    }
    return gv_table_add(&d->node_by_key, at);
}

void
gv_directory_drop_node(struct gv_directory *d)
{
    uint32_t at = (uint32_t)d->nodes - 1, before = d->node[at].before;

    gv_table_remove(&d->node_by_key, at);
    d->nodes--;
    if (before == GV_NOWHERE)
        return;
    d->node[before].replaced = false;
    /* The place that was just freed is taken: no memory is needed. */
    if (gv_table_add(&d->node_by_key, before) != GV_OK)
        d->node[before].replaced = true;
}

/* --- what is not needed any more --- */

#define SETTLE_MIN 64

static bool
is_old(const struct gv_dir_node *n, uint32_t height)
{
    return n->replaced && n->replaced_height <= height;
}

/* Shift those that stay together; to[i] is how many of the first i do. */
static void
compact(struct gv_directory *d, uint32_t height, uint32_t *to)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < d->nodes; i++) {
        struct gv_dir_node *n = &d->node[i];

        to[i] = kept;
        if (is_old(n, height))
            continue;
        /* What a settled block replaced does not come back. */
        if (n->before != GV_NOWHERE)
            n->before = is_old(&d->node[n->before], height) ? GV_NOWHERE
                                                            : to[n->before];
        kept++;
    }
    to[d->nodes] = kept;
}

/* After this no position of before is left anywhere. */
static enum gv_rc
move_nodes(struct gv_directory *d, uint32_t height, const uint32_t *to)
{
    size_t all = d->nodes;

    for (uint32_t i = 0; i < all; i++)
        gv_table_remove(&d->node_by_key, i);
    for (uint32_t i = 0; i < all; i++)
        if (!is_old(&d->node[i], height) && to[i] != i)
            d->node[to[i]] = d->node[i];
    for (uint32_t i = height + 1; i < d->spine.count; i++)
        d->level[i].nodes = to[d->level[i].nodes];
    d->nodes = to[all];
    for (uint32_t i = 0; i < d->nodes; i++)
        if (!d->node[i].replaced && gv_table_add(&d->node_by_key, i) != GV_OK)
            return GV_FAULT;
    return GV_OK;
}

/* After a time without finality, or a start. */
static void
give_room_back(struct gv_directory *d)
{
    size_t want = 2 * d->nodes + SETTLE_MIN;
    struct gv_dir_node *less =
        d->node_cap > 2 * want ? realloc(d->node, want * sizeof(*less)) : NULL;

    if (less) {
        d->node = less;
        d->node_cap = want;
    }
}

enum gv_rc
gv_directory_settle(struct gv_directory *d, uint32_t height)
{
    enum gv_rc rc = GV_FAULT;
    uint32_t *to;

    if (d->nodes < SETTLE_MIN || d->nodes < d->settle_at)
        return GV_OK;
    to = malloc((d->nodes + 1) * sizeof(*to));
    if (to) {
        compact(d, height, to);
        rc = move_nodes(d, height, to);
    }
    free(to);
    give_room_back(d);
    d->settle_at = 2 * d->nodes;
    return rc;
}

bool
gv_directory_node_counts(const struct gv_directory *d,
                         const struct gv_dir_node *n, uint64_t time_ms)
{
    struct gv_reject why;

    return !n->replaced && time_ms <= n->not_after_ms &&
           gv_directory_check_valid(d, &n->cred, time_ms, &why) == GV_OK &&
           (n->cred.role != GV_ROLE_NODE ||
            gv_directory_check_issuer(d, &n->issuer, time_ms, &why) == GV_OK);
}

/* By curve, the earliest claim first. */
static int
by_claim(const void *a, const void *b)
{
    const struct gv_dir_node *x = *(const struct gv_dir_node *const *)a,
                             *y = *(const struct gv_dir_node *const *)b;
    int order = memcmp(x->curve, y->curve, 32);

    return order != 0 ? order : (x->claim > y->claim) - (x->claim < y->claim);
}

size_t
gv_directory_nodes_known(const struct gv_directory *d, uint64_t time_ms,
                         const struct gv_dir_node **out)
{
    size_t counting = 0, n = 0;

    for (size_t i = 0; i < d->nodes; i++)
        if (gv_directory_node_counts(d, &d->node[i], time_ms))
            out[counting++] = &d->node[i];
    if (counting > 1)
        qsort(out, counting, sizeof(*out), by_claim);
    for (size_t i = 0; i < counting; i++)
        if (n == 0 || memcmp(out[n - 1]->curve, out[i]->curve, 32) != 0)
            out[n++] = out[i];
    return n;
}
