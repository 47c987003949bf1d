/*
 * seek.c - to whom this node connects beside the nodes that it was told to:
 * some of the seeds and of the nodes that the registry names (N25).
 *
 * The choice is random, so that nobody can foresee it, and never takes more
 * than half of the connections from one neighbourhood: one /16 of IPv4, one
 * /32 of IPv6, or names, which can lead anywhere.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/net/net_impl.h"

#define SEEK_MS 1000
#define CONNECT_MS 10000 /* for one try */
#define FAILS_MAX 3      /* in a row, of one connection */
#define BACK_OFF_MS UINT64_C(60000)
#define BACK_OFF_DOUBLINGS 6

static int
by_key(const void *a, const void *b)
{
    const struct gv_candidate *x = a, *y = b;

    return GV_ID_CMP(&x->place.key, &y->place.key);
}

static struct gv_candidate *
find(const struct gv_net *net, const struct gv_net_key *key)
{
    struct gv_candidate want = {.place.key = *key};

    if (net->candidates == 0)
        return NULL;
    return bsearch(&want, net->candidate, net->candidates, sizeof(want),
                   by_key);
}

enum gv_rc
gv_seek_seeds(struct gv_net *net, const struct gv_net_place *seed, size_t n)
{
    net->candidate = calloc(n + 1, sizeof(*net->candidate));
    if (net->candidate == NULL)
        return GV_FAULT;
    for (size_t i = 0; i < n; i++) {
        if (!gv_gate_allow(net->gate, &seed[i].key))
            return GV_FAULT;
        net->candidate[net->candidates++] =
            (struct gv_candidate){.place = seed[i], .seed = true};
    }
    if (n > 1)
        qsort(net->candidate, n, sizeof(*net->candidate), by_key);
    return GV_OK;
}

/* --- the registry's word --- */

/* The seeds and these, with what is known of them. NULL: no memory. */
static struct gv_candidate *
merge(const struct gv_net *net, const struct gv_net_place *node, size_t n,
      size_t *count)
{
    struct gv_candidate *all = calloc(net->candidates + n + 1, sizeof(*all));
    const struct gv_candidate *old;

    *count = 0;
    if (all == NULL)
        return NULL;
    for (size_t i = 0; i < net->candidates; i++)
        if (net->candidate[i].seed)
            all[(*count)++] = net->candidate[i];
    for (size_t i = 0; i < n; i++) {
        if (node[i].addr.host[0] == '\0')
            continue;
        old = find(net, &node[i].key);
        if (old != NULL && old->seed)
            continue;
        all[*count].place = node[i];
        if (old != NULL && old->place.addr.port == node[i].addr.port &&
            strcmp(old->place.addr.host, node[i].addr.host) == 0) {
            all[*count].fails = old->fails;
            all[*count].due_ms = old->due_ms;
        }
        (*count)++;
    }
    if (*count > 1)
        qsort(all, *count, sizeof(*all), by_key);
    return all;
}

static void
list_keys(struct gv_net *net, const struct gv_net_place *node, size_t n)
{
    struct gv_net_key *key = calloc(n + 1, sizeof(*key));

    /* Without memory nobody gets in by the registry. */
    for (size_t i = 0; key != NULL && i < n; i++)
        key[i] = node[i].key;
    gv_gate_list(net->gate, key, key != NULL ? n : 0);
    free(key);
}

void
gv_seek_take(struct gv_net *net, const struct gv_net_place *node, size_t n)
{
    size_t count;
    struct gv_candidate *all = merge(net, node, n, &count);
    const struct gv_candidate *c;

    list_keys(net, node, n);
    if (all != NULL) {
        free(net->candidate);
        net->candidate = all;
        net->candidates = count;
    }
    /* Before their dials, so that this is the reason they end for. */
    for (size_t i = net->sessions; i-- > 0;)
        if (i < net->sessions &&
            !gv_gate_is_open(net->gate, &net->session[i]->peer.key,
                             net->now_ms))
            gv_session_end(net, net->session[i],
                           "the registry does not name its key");
    for (size_t i = net->dials; i-- > 0;) {
        struct gv_dial *d = net->dial[i];

        c = find(net, &d->place.key);
        if (d->found && c == NULL)
            gv_dial_drop(net, d);
        else if (d->found)
            d->place = c->place;
    }
    net->seek_ms = 0;
}

/* --- the choice --- */

/* Two hosts with the same number are neighbours. */
static uint64_t
neighbourhood(const char *host)
{
    uint8_t a[16];

    if (inet_pton(AF_INET, host, a) == 1)
        return UINT64_C(4) << 32 | (uint64_t)a[0] << 8 | a[1];
    if (inet_pton(AF_INET6, host, a) == 1)
        return UINT64_C(6) << 32 | gv_le32(a);
    return 0;
}

/* Does it stand for a connection, or for one that may come about soon? A node
 * named by the operator that does not answer holds no place. */
static bool
counts(const struct gv_dial *d)
{
    return d->found || d->state == GV_DIAL_UP || d->state == GV_DIAL_PARKED;
}

static size_t
outgoing(const struct gv_net *net)
{
    size_t n = 0;

    for (size_t i = 0; i < net->dials; i++)
        n += counts(net->dial[i]);
    return n;
}

static bool
is_crowded(const struct gv_net *net, const char *host)
{
    size_t most = net->opt.limits.outgoing / 2, n = 0;
    uint64_t here = neighbourhood(host);

    for (size_t i = 0; i < net->dials; i++)
        n += counts(net->dial[i]) &&
             neighbourhood(net->dial[i]->place.addr.host) == here;
    return n >= (most > 0 ? most : 1);
}

static bool
is_fit(struct gv_net *net, const struct gv_candidate *c)
{
    const struct gv_net_key *key = &c->place.key;

    return net->now_ms >= c->due_ms && !GV_ID_EQ(key, &net->opt.keys.own) &&
           gv_dial_of(net, key) == NULL &&
           gv_session_by_key(net, key) == NULL &&
           gv_gate_is_open(net->gate, key, net->now_ms) &&
           !is_crowded(net, c->place.addr.host);
}

/* Each of those that are fit with the same chance. */
static struct gv_candidate *
choose(struct gv_net *net)
{
    struct gv_candidate *chosen = NULL;
    uint32_t n = 0, dice;

    for (size_t i = 0; i < net->candidates; i++) {
        if (!is_fit(net, &net->candidate[i]))
            continue;
        if (gv_random(&dice, sizeof(dice)) != GV_OK)
            return NULL;
        if (dice % ++n == 0)
            chosen = &net->candidate[i];
    }
    return chosen;
}

static bool
has_failed(struct gv_net *net, const struct gv_dial *d)
{
    return !gv_gate_is_open(net->gate, &d->place.key, net->now_ms) ||
           (d->state == GV_DIAL_CONNECTING &&
            net->now_ms - d->begun_ms > CONNECT_MS) ||
           (d->state == GV_DIAL_WAITING && d->fails >= FAILS_MAX);
}

/* It is tried again after a minute, then after ever longer pauses. */
static void
give_up(struct gv_net *net, struct gv_dial *d)
{
    struct gv_candidate *c = find(net, &d->place.key);

    if (c != NULL) {
        c->due_ms = net->now_ms + (BACK_OFF_MS << c->fails);
        gv_log_info(net->opt.log, "net", "another try comes later",
                    GV_S("host", c->place.addr.host),
                    GV_U("port", c->place.addr.port),
                    GV_U("in_ms", BACK_OFF_MS << c->fails));
        if (c->fails < BACK_OFF_DOUBLINGS)
            c->fails++;
    }
    gv_dial_drop(net, d);
}

void
gv_seek_tick(struct gv_net *net)
{
    struct gv_candidate *c;

    if (net->now_ms < net->seek_ms)
        return;
    net->seek_ms = net->now_ms + SEEK_MS;
    for (size_t i = net->dials; i-- > 0;) {
        struct gv_dial *d = net->dial[i];

        if (d->found && has_failed(net, d))
            give_up(net, d);
        else if (d->found && d->state == GV_DIAL_UP &&
                 (c = find(net, &d->place.key)) != NULL)
            c->fails = 0;
    }
    while (outgoing(net) < net->opt.limits.outgoing &&
           (c = choose(net)) != NULL)
        if (gv_dial_found(net, &c->place) != GV_OK)
            break;
}
