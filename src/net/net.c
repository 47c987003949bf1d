/* net.c - start and stop of the net thread, and orders to it. */
#include "src/net/net.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/net/net_impl.h"

#define ORDERS_MAX 65536
#define ORDER_BYTES_MAX (64u << 20)

#ifdef __SANITIZE_THREAD__
/* The queues of libzmq use atomics that ThreadSanitizer cannot see, because
 * Debian's library is not instrumented; the same holds for RocksDB. */
const char *__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
    return "called_from_lib:libzmq.so\ncalled_from_lib:libsodium.so\n"
           "called_from_lib:librocksdb.so\n";
}
#endif

static void
set_default(uint32_t *value, uint32_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static void
set_defaults(struct gv_net_limits *l)
{
    set_default(&l->sessions, 128);
    set_default(&l->msgs_per_s, 4096);
    set_default(&l->bytes_per_s, 16u << 20);
    set_default(&l->window_bytes, 8u << 20);
    set_default(&l->queue_bytes, 8u << 20);
    set_default(&l->ping_ms, 10000);
    set_default(&l->silence_ms, 30000);
    set_default(&l->ban_ms, 600000);
    set_default(&l->kick_ms, 60000);
    set_default(&l->outgoing, 8);
    set_default(&l->submits_per_s, 256);
    set_default(&l->submits_per_key_s, 4);
    set_default(&l->submits_per_addr_s, 16);
    set_default(&l->visit_ms, 60000);
}

/* Everything that does not need a thread yet. */
static enum gv_rc
prepare(struct gv_net *net, const struct gv_net_options *o, struct gv_error *e)
{
    struct gv_mailbox_limits limits = {ORDERS_MAX, ORDER_BYTES_MAX};
    size_t items = 7 + 2 * GV_PLACES_MAX;

    net->opt = *o;
    net->opt.allow = NULL;
    net->opt.connect = NULL;
    net->opt.seed = NULL;
    set_defaults(&net->opt.limits);
    snprintf(net->agent, sizeof(net->agent), "%s", o->agent ? o->agent : "");
    net->opt.agent = net->agent;
    net->now_ms = gv_net_clock();
    net->session = calloc(net->opt.limits.sessions, sizeof(*net->session));
    net->snapshot = calloc(net->opt.limits.sessions, sizeof(*net->snapshot));
    net->item = calloc(items + net->opt.limits.sessions, sizeof(*net->item));
    net->orders = gv_mailbox_new(limits, free);
    net->context = zmq_ctx_new();
    if (!net->session || !net->snapshot || !net->item || !net->orders ||
        !net->context) {
        gv_error_set(e, "out of memory or descriptors");
        return GV_FAULT;
    }
    /* Two sockets for each place, one for each session, and monitors. */
    if (zmq_ctx_set(net->context, ZMQ_MAX_SOCKETS,
                    (int)(4 * GV_PLACES_MAX + 2 * net->opt.limits.sessions +
                          64)) != 0) {
        gv_error_set(e, "libzmq: %s", zmq_strerror(zmq_errno()));
        return GV_FAULT;
    }
    return GV_OK;
}

static enum gv_rc
add_keys(struct gv_net *net, const struct gv_net_options *o, struct gv_error *e)
{
    char text[GV_NET_KEY_TEXT];

    for (size_t i = 0; i < o->allows; i++)
        if (!gv_gate_allow(net->gate, &o->allow[i])) {
            gv_error_set(e, "more than %d keys of peers", GV_GATE_KEYS_MAX);
            return GV_FAULT;
        }
    for (size_t i = 0; i < o->connects; i++) {
        if (GV_ID_EQ(&o->connect[i].key, &o->keys.own)) {
            gv_error_set(e, "%s is this node's own key",
                         gv_net_key_text(&o->keys.own, text));
            return GV_FAULT;
        }
        if (gv_dial_add(net, &o->connect[i]) != GV_OK) {
            gv_error_set(e, "more than %d nodes to connect to", GV_PLACES_MAX);
            return GV_FAULT;
        }
    }
    if (gv_seek_seeds(net, o->seed, o->seeds) == GV_OK)
        return GV_OK;
    gv_error_set(e, "more seeds than there is room for");
    return GV_FAULT;
}

/* Does genesis name this node? */
static bool
is_seed(const struct gv_net_options *o)
{
    for (size_t i = 0; i < o->seeds; i++)
        if (GV_ID_EQ(&o->seed[i].key, &o->keys.own))
            return true;
    return false;
}

static enum gv_rc
open_up(struct gv_net *net, const struct gv_net_options *o, struct gv_error *e)
{
    struct gv_net_keys stranger;
    enum gv_rc rc = GV_FAULT;

    if (gv_net_keygen(&stranger) != GV_OK) {
        gv_error_set(e, "libzmq cannot make a CURVE key");
        return GV_FAULT;
    }
    net->gate = gv_gate_new(o->log, &stranger.own);
    if (net->gate == NULL || gv_gate_start(net->gate, net->context) != GV_OK)
        gv_error_set(e, "the ZAP handler cannot start");
    else if (gv_sock_bind(net, e) == GV_OK && gv_door_open(net, e) == GV_OK &&
             add_keys(net, o, e) == GV_OK)
        rc = gv_sock_self_test(net, &stranger, e);
    if (rc == GV_OK && is_seed(o))
        gv_gate_welcome(net->gate);
    gv_wipe(&stranger, sizeof(stranger));
    return rc;
}

/* In the reverse order; each part may be missing. */
static void
take_down(struct gv_net *net)
{
    while (net->sessions > 0)
        gv_session_free(net->session[--net->sessions]);
    for (size_t i = 0; i < net->dials; i++)
        gv_dial_free(net->dial[i]);
    gv_door_close(net);
    gv_sock_close(&net->router, &net->router_monitor);
    gv_sock_close(&net->xpub, &net->xpub_monitor);
    if (net->context != NULL)
        zmq_ctx_shutdown(net->context);
    gv_gate_free(net->gate);
    if (net->context != NULL)
        zmq_ctx_term(net->context);
    gv_mailbox_free(net->orders);
    pthread_mutex_destroy(&net->snapshot_lock);
    free(net->candidate);
    free(net->topic);
    free(net->item);
    free(net->snapshot);
    free(net->session);
    gv_wipe(&net->opt.keys, sizeof(net->opt.keys));
    free(net);
}

enum gv_rc
gv_net_start(const struct gv_net_options *options, struct gv_net **out,
             struct gv_error *e)
{
    struct gv_net *net = calloc(1, sizeof(*net));
    char text[GV_NET_KEY_TEXT];

    *out = NULL;
    if (net == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    pthread_mutex_init(&net->snapshot_lock, NULL);
    if (prepare(net, options, e) != GV_OK ||
        open_up(net, options, e) != GV_OK) {
        take_down(net);
        return GV_FAULT;
    }
    gv_log_info(options->log, "net", "listening", GV_S("host", net->bound.host),
                GV_U("port", net->bound.port),
                GV_U("gossip_port", net->pub_port),
                GV_U("submit_port", gv_net_submit_port(net)),
                GV_S("key", gv_net_key_text(&net->opt.keys.own, text)));
    if (pthread_create(&net->thread, NULL, gv_net_loop, net) != 0) {
        gv_error_set(e, "the net thread cannot start");
        take_down(net);
        return GV_FAULT;
    }
    *out = net;
    return GV_OK;
}

void
gv_net_stop(struct gv_net *net)
{
    if (net == NULL)
        return;
    gv_mailbox_close(net->orders);
    pthread_join(net->thread, NULL);
    take_down(net);
}

const struct gv_net_addr *
gv_net_bound(const struct gv_net *net)
{
    return &net->bound;
}

const struct gv_net_key *
gv_net_own_key(const struct gv_net *net)
{
    return &net->opt.keys.own;
}

/* --- orders --- */

static bool
post(struct gv_net *net, const struct gv_order *head, struct gv_bytes body)
{
    struct gv_order *o = malloc(sizeof(*o) + body.len);

    if (o == NULL)
        return false;
    *o = *head;
    o->len = body.len;
    if (body.len > 0)
        memcpy(o->body, body.p, body.len);
    return gv_mailbox_post(net->orders, o, sizeof(*o) + body.len) == GV_MAIL_OK;
}

bool
gv_net_publish(struct gv_net *net, unsigned kind, struct gv_bytes body)
{
    struct gv_order o = {.what = GV_ORDER_PUBLISH, .kind = kind};

    return body.len <= GV_MSG_MAX && gv_msg_chain(kind, body) != NULL &&
           post(net, &o, body);
}

bool
gv_net_send(struct gv_net *net, uint64_t session, unsigned kind,
            uint32_t request, struct gv_bytes body)
{
    struct gv_order o = {.what = GV_ORDER_SEND,
                         .session = session,
                         .kind = kind,
                         .request = request};

    return body.len <= GV_MSG_MAX && post(net, &o, body);
}

bool
gv_net_answer(struct gv_net *net, uint64_t stranger, unsigned kind,
              struct gv_bytes body)
{
    struct gv_order o = {
        .what = GV_ORDER_ANSWER, .session = stranger, .kind = kind};

    return body.len <= GV_MSG_MAX && post(net, &o, body);
}

bool
gv_net_subscribe(struct gv_net *net, const struct gv_chain_id *chain)
{
    struct gv_order o = {.what = GV_ORDER_SUBSCRIBE,
                         .topic_len = chain ? GV_TOPIC_SIZE : 0};

    return post(net, &o,
                chain ? gv_bytes(chain->b, GV_TOPIC_SIZE) : gv_bytes(NULL, 0));
}

bool
gv_net_penalise(struct gv_net *net, uint64_t session, unsigned points,
                const char *reason)
{
    struct gv_order o = {.what = GV_ORDER_PENALISE,
                         .session = session,
                         .points = points,
                         .reason = reason};

    return post(net, &o, gv_bytes(NULL, 0));
}

bool
gv_net_connect(struct gv_net *net, const struct gv_net_place *place)
{
    struct gv_order o = {.what = GV_ORDER_CONNECT, .place = *place};

    return !GV_ID_EQ(&place->key, &net->opt.keys.own) &&
           post(net, &o, gv_bytes(NULL, 0));
}

bool
gv_net_disconnect(struct gv_net *net, uint64_t session)
{
    struct gv_order o = {.what = GV_ORDER_KICK, .session = session};

    return post(net, &o, gv_bytes(NULL, 0));
}

bool
gv_net_nodes(struct gv_net *net, const struct gv_net_place *nodes, size_t n)
{
    struct gv_order o = {.what = GV_ORDER_NODES};

    return post(net, &o,
                gv_bytes(nodes, n < GV_GATE_KEYS_MAX
                                    ? n * sizeof(*nodes)
                                    : GV_GATE_KEYS_MAX * sizeof(*nodes)));
}

uint16_t
gv_net_pub_port(const struct gv_net *net)
{
    return net->pub_port;
}

size_t
gv_net_ended(struct gv_net *net, struct gv_net_peer *out, size_t cap)
{
    size_t n;

    pthread_mutex_lock(&net->snapshot_lock);
    n = net->endings < GV_NET_ENDED ? (size_t)net->endings : GV_NET_ENDED;
    for (size_t i = 0; i < n && i < cap; i++)
        out[i] = net->ended[(net->endings - 1 - i) % GV_NET_ENDED];
    pthread_mutex_unlock(&net->snapshot_lock);
    return n;
}

size_t
gv_net_peers(struct gv_net *net, struct gv_net_peer *out, size_t cap)
{
    size_t n;

    pthread_mutex_lock(&net->snapshot_lock);
    n = net->snapshots;
    memcpy(out, net->snapshot, (n < cap ? n : cap) * sizeof(*out));
    pthread_mutex_unlock(&net->snapshot_lock);
    return n;
}
