/* loop.c - the net thread: poll, orders, timers. */
#include <stdlib.h>

#include "src/net/net_impl.h"

#define TICK_MS 200
#define SNAPSHOT_MS 1000
#define ORDERS_AT_ONCE 256
/* The sockets of a lost connection take a moment to disappear. */
#define PROBE_MS 50

bool
gv_net_deliver(struct gv_net *net, const struct gv_net_event *head,
               struct gv_bytes body)
{
    struct gv_net_event *event = malloc(sizeof(*event) + body.len);

    if (event == NULL)
        return false;
    *event = *head;
    event->len = body.len;
    if (body.len > 0)
        memcpy(event->body, body.p, body.len);
    if (net->opt.deliver(net->opt.arg, event))
        return true;
    free(event);
    return false;
}

/* --- orders --- */

static bool
has_topic(const struct gv_net *net, const struct gv_topic *t)
{
    for (size_t i = 0; i < net->topics; i++)
        if (net->topic[i].len == t->len &&
            memcmp(net->topic[i].b, t->b, t->len) == 0)
            return true;
    return false;
}

static bool
add_topic(struct gv_net *net, const struct gv_topic *t)
{
    size_t want = net->topic_cap ? net->topic_cap * 2 : 16;
    struct gv_topic *grown;

    if (net->topics == net->topic_cap) {
        grown = realloc(net->topic, want * sizeof(*grown));
        if (grown == NULL)
            return false;
        net->topic = grown;
        net->topic_cap = want;
    }
    net->topic[net->topics++] = *t;
    return true;
}

static void
subscribe(struct gv_net *net, const struct gv_order *o)
{
    struct gv_topic t = {.len = o->topic_len};

    memcpy(t.b, o->body, o->topic_len);
    if (has_topic(net, &t) || !add_topic(net, &t))
        return;
    for (size_t i = 0; i < net->sessions; i++)
        if (net->session[i]->sub != NULL &&
            !gv_sock_subscribe(net->session[i]->sub, &t))
            gv_log_error(net->opt.log, "net", "a subscription failed",
                         GV_U("session", net->session[i]->id));
}

static void
obey_session(struct gv_net *net, struct gv_session *s, const struct gv_order *o)
{
    switch (o->what) {
    case GV_ORDER_SEND:
        (void)gv_send(net, s, o->kind, o->request, gv_bytes(o->body, o->len));
        break;
    case GV_ORDER_PENALISE:
        (void)gv_session_penalise(net, s, o->points, o->reason);
        break;
    case GV_ORDER_KICK:
        gv_gate_ban(net->gate, &s->peer.key,
                    net->now_ms + net->opt.limits.kick_ms);
        gv_session_end(net, s, "disconnected by the operator");
        break;
    case GV_ORDER_PUBLISH:
    case GV_ORDER_SUBSCRIBE:
    case GV_ORDER_CONNECT:
    case GV_ORDER_NODES:
    case GV_ORDER_ANSWER:
        break;
    }
}

/* The bytes stand behind a header of any length: copied to be aligned. */
static void
take_nodes(struct gv_net *net, const struct gv_order *o)
{
    size_t n = o->len / sizeof(struct gv_net_place);
    struct gv_net_place *node = calloc(n + 1, sizeof(*node));

    if (node == NULL)
        return;
    memcpy(node, o->body, n * sizeof(*node));
    gv_seek_take(net, node, n);
    free(node);
}

static void
obey(struct gv_net *net, const struct gv_order *o)
{
    struct gv_session *s;

    switch (o->what) {
    case GV_ORDER_PUBLISH:
        gv_send_gossip(net, o);
        break;
    case GV_ORDER_SUBSCRIBE:
        subscribe(net, o);
        break;
    case GV_ORDER_CONNECT:
        if (gv_dial_add(net, &o->place) != GV_OK)
            gv_log_warn(net->opt.log, "net", "no room for one more node",
                        GV_S("host", o->place.addr.host));
        net->tick_ms = 0;
        break;
    case GV_ORDER_NODES:
        take_nodes(net, o);
        break;
    case GV_ORDER_ANSWER:
        gv_door_answer(net, o);
        break;
    case GV_ORDER_SEND:
    case GV_ORDER_PENALISE:
    case GV_ORDER_KICK:
        s = gv_session_by_id(net, o->session);
        if (s != NULL)
            obey_session(net, s, o);
        break;
    }
}

static void
obey_all(struct gv_net *net)
{
    void *order[ORDERS_AT_ONCE];
    size_t n = gv_mailbox_drain(net->orders, order, ORDERS_AT_ONCE);

    for (size_t i = 0; i < n; i++) {
        obey(net, order[i]);
        free(order[i]);
    }
}

/* --- timers --- */

/* A connection to us ended, libzmq does not say whose. A PING finds out: the
 * ROUTER refuses to send to a peer that is gone. */
static void
probe(struct gv_net *net)
{
    int events;
    size_t size = sizeof(events);

    (void)zmq_getsockopt(net->router, ZMQ_EVENTS, &events, &size);
    for (size_t i = net->sessions; i-- > 0;)
        if (i < net->sessions && net->session[i]->routing_len > 0)
            gv_send_ping(net, net->session[i], true);
}

static void
take_snapshot(struct gv_net *net)
{
    pthread_mutex_lock(&net->snapshot_lock);
    net->snapshots = net->sessions;
    for (size_t i = 0; i < net->sessions; i++)
        net->snapshot[i] = net->session[i]->peer;
    pthread_mutex_unlock(&net->snapshot_lock);
    net->snapshot_ms = net->now_ms + SNAPSHOT_MS;
    net->changed = false;
}

static void
tick(struct gv_net *net)
{
    net->tick_ms = net->now_ms + TICK_MS;
    if (net->probe_ms != 0 && net->now_ms >= net->probe_ms) {
        net->probe_ms = 0;
        probe(net);
    }
    for (size_t i = 0; i < net->dials; i++)
        gv_dial_tick(net, net->dial[i]);
    gv_seek_tick(net);
    gv_door_tick(net);
    /* The last one takes the place of one that ends: go backwards. */
    for (size_t i = net->sessions; i-- > 0;)
        if (i < net->sessions)
            gv_session_tick(net, net->session[i]);
}

/* --- the loop --- */

static size_t
gather(struct gv_net *net)
{
    zmq_pollitem_t *item = net->item;
    size_t n = 0;

#define WATCH(s, f)                                                            \
    item[n++] = (zmq_pollitem_t){.socket = (s), .fd = (f), .events = ZMQ_POLLIN}
    WATCH(NULL, gv_mailbox_fd(net->orders));
    WATCH(net->router, 0);
    WATCH(net->xpub, 0);
    WATCH(net->router_monitor, 0);
    WATCH(net->xpub_monitor, 0);
    for (size_t i = 0; i < net->sessions; i++)
        if (net->session[i]->sub != NULL)
            WATCH(net->session[i]->sub, 0);
    for (size_t i = 0; i < net->dials; i++)
        if (net->dial[i]->dealer != NULL) {
            WATCH(net->dial[i]->dealer, 0);
            WATCH(net->dial[i]->monitor, 0);
        }
    if (net->door != NULL) {
        WATCH(gv_door_router(net), 0);
        WATCH(gv_door_monitor(net), 0);
    }
#undef WATCH
    return n;
}

static bool
is_ready(const struct gv_net *net, size_t n, const void *socket)
{
    for (size_t i = 0; i < n; i++)
        if (net->item[i].socket == socket)
            return net->item[i].revents != 0;
    return false;
}

/* Connections come and go. True: one has gone. */
static bool
watch(struct gv_net *net, void *monitor, struct gv_porch *porch)
{
    uint16_t event;
    uint32_t value;
    bool gone = false;

    while (gv_sock_event(monitor, &event, &value)) {
        if (event == ZMQ_EVENT_ACCEPTED) {
            gv_porch_enter(porch, (int)value, net->now_ms);
        } else {
            gv_porch_leave(porch, (int)value);
            gone = true;
        }
    }
    return gone;
}

/* Sockets may be closed on the way, so each is looked up when its turn comes:
 * what is not in the list of this round waits for the next. */
static void
attend(struct gv_net *net, size_t n)
{
    if (net->item[3].revents &&
        watch(net, net->router_monitor, &net->router_porch))
        net->probe_ms = net->now_ms + PROBE_MS;
    if (net->item[4].revents)
        (void)watch(net, net->xpub_monitor, &net->xpub_porch);
    if (net->item[1].revents)
        gv_inbound_router(net);
    if (net->item[2].revents)
        gv_inbound_xpub(net);
    for (size_t i = net->sessions; i-- > 0;)
        if (i < net->sessions && net->session[i]->sub != NULL &&
            is_ready(net, n, net->session[i]->sub))
            gv_inbound_sub(net, net->session[i]);
    for (size_t i = 0; i < net->dials; i++) {
        struct gv_dial *d = net->dial[i];

        if (d->dealer != NULL && is_ready(net, n, d->dealer))
            gv_inbound_dealer(net, d);
        if (d->monitor != NULL && is_ready(net, n, d->monitor))
            gv_dial_event(net, d);
    }
    if (net->door != NULL && is_ready(net, n, gv_door_monitor(net)))
        gv_door_watch(net);
    if (net->door != NULL && is_ready(net, n, gv_door_router(net)))
        gv_door_read(net);
    if (net->item[0].revents)
        obey_all(net);
}

static long
patience(const struct gv_net *net)
{
    uint64_t due = net->tick_ms;

    if (net->probe_ms != 0 && net->probe_ms < due)
        due = net->probe_ms;
    return due > net->now_ms ? (long)(due - net->now_ms) : 0;
}

void *
gv_net_loop(void *arg)
{
    struct gv_net *net = arg;

    while (!gv_mailbox_done(net->orders)) {
        size_t n = gather(net);

        if (zmq_poll(net->item, (int)n, patience(net)) < 0 &&
            zmq_errno() != EINTR)
            break;
        net->now_ms = gv_net_clock();
        attend(net, n);
        if (net->now_ms >= net->tick_ms ||
            (net->probe_ms != 0 && net->now_ms >= net->probe_ms))
            tick(net);
        if (net->changed || net->now_ms >= net->snapshot_ms)
            take_snapshot(net);
    }
    return NULL;
}
