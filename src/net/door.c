/*
 * door.c - the submit socket (N29): a ROUTER where everybody may hand in an
 * ENROL, BID or CLOSE, or ask where a chain stands, and gets one reply.
 *
 * libzmq limits the size of a frame and not the number of frames in a message,
 * and offers no way to end a connection. So every connection is watched by its
 * descriptor (porch.h): one that lasts too long or sends too much is shut down
 * beneath libzmq, as are those beyond a number for all and for one origin.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "src/net/limiter.h"
#include "src/net/net_impl.h"
#include "src/net/porch.h"

#define SHARE 16   /* messages before the peers get their turn */
#define PLACES 256 /* requests that wait for their reply */
#define PATIENCE_MS 45000
#define PER_ORIGIN 64
#define BYTES_MAX (256u << 10) /* of one connection, as received */
#define GUARD_MS 50

/* A request that waits. */
struct place {
    uint64_t id; /* 0: free */
    uint64_t due_ms;
    uint8_t routing[GV_ROUTING_MAX];
    size_t routing_len;
    uint32_t request;
    uint8_t kind;
};

struct gv_door {
    void *router, *monitor;
    struct gv_net_addr bound;
    struct place place[PLACES];
    uint64_t last;
    struct gv_porch porch;
    struct gv_bucket all;
    struct gv_limiter *by_key, *by_origin;
};

enum gv_rc
gv_door_open(struct gv_net *net, struct gv_error *e)
{
    const struct gv_net_limits *l = &net->opt.limits;
    struct gv_door *d;

    if (net->opt.submit_bind.host[0] == '\0')
        return GV_OK;
    d = net->door = calloc(1, sizeof(*d));
    if (d == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    d->all = gv_bucket(l->submits_per_s, 2 * (uint64_t)l->submits_per_s,
                       net->now_ms);
    d->by_key = gv_limiter_new(l->submits_per_key_s,
                               4 * (uint64_t)l->submits_per_key_s);
    d->by_origin = gv_limiter_new(l->submits_per_addr_s,
                                  4 * (uint64_t)l->submits_per_addr_s);
    if (gv_sock_bind_door(net, &d->router, &d->bound, e) != GV_OK)
        return GV_FAULT;
    gv_porch_init(&d->porch, d->bound.port, PER_ORIGIN);
    d->monitor = gv_sock_monitor(net, d->router,
                                 ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED);
    if (d->by_key != NULL && d->by_origin != NULL && d->monitor != NULL)
        return GV_OK;
    gv_error_set(e, "the submit socket: out of memory or descriptors");
    return GV_FAULT;
}

void
gv_door_close(struct gv_net *net)
{
    struct gv_door *d = net->door;

    if (d == NULL)
        return;
    gv_sock_close(&d->router, &d->monitor);
    gv_limiter_free(d->by_key);
    gv_limiter_free(d->by_origin);
    free(d);
    net->door = NULL;
}

void *
gv_door_router(const struct gv_net *net)
{
    return net->door->router;
}

void *
gv_door_monitor(const struct gv_net *net)
{
    return net->door->monitor;
}

uint16_t
gv_net_submit_port(const struct gv_net *net)
{
    return net->door != NULL ? net->door->bound.port : 0;
}

/* --- connections --- */

void
gv_door_watch(struct gv_net *net)
{
    struct gv_door *d = net->door;
    uint16_t event;
    uint32_t value;

    while (gv_sock_event(d->monitor, &event, &value)) {
        if (event == ZMQ_EVENT_ACCEPTED)
            gv_porch_enter(&d->porch, (int)value, net->now_ms);
        else
            gv_porch_leave(&d->porch, (int)value);
    }
    gv_gate_visitors(net->gate, d->porch.visits);
    if (d->porch.visits > 0 && net->tick_ms > net->now_ms + GUARD_MS)
        net->tick_ms = net->now_ms + GUARD_MS;
}

static uint64_t
received(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

void
gv_door_tick(struct gv_net *net)
{
    struct gv_door *d = net->door;

    if (d == NULL)
        return;
    for (size_t i = 0; i < GV_PORCH_PLACES; i++) {
        struct gv_visit *v = &d->porch.visit[i];

        if (v->fd >= 0 &&
            (net->now_ms - v->since_ms > net->opt.limits.visit_ms ||
             received(v->fd) > BYTES_MAX))
            gv_porch_show_out(v);
    }
    for (size_t i = 0; i < PLACES; i++)
        if (d->place[i].id != 0 && net->now_ms >= d->place[i].due_ms)
            d->place[i].id = 0;
    if (d->porch.visits > 0)
        net->tick_ms = net->now_ms + GUARD_MS;
}

/* --- requests --- */

static void
send_reply(struct gv_net *net, const struct place *p, unsigned kind,
           struct gv_bytes body)
{
    size_t len = GV_FRAME_HEAD + body.len;
    uint8_t *frame = malloc(len);
    void *router = net->door->router;

    if (frame == NULL)
        return;
    frame[0] = (uint8_t)kind;
    gv_le32_put(frame + 1, p->request);
    if (body.len > 0)
        memcpy(frame + GV_FRAME_HEAD, body.p, body.len);
    /* Who is gone or does not read asks again. */
    if (zmq_send(router, p->routing, p->routing_len,
                 ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
        zmq_send(router, frame, len, ZMQ_DONTWAIT) >= 0)
        gv_diary_note(net->opt.diary, 0, GV_MSGLOG_SUBMIT_OUT,
                      gv_bytes(frame, len));
    free(frame);
}

static void
refuse(struct gv_net *net, const struct place *p, enum gv_msg_error code,
       const char *text)
{
    struct gv_msg m = {.kind = GV_MSG_ERROR};
    uint8_t body[256];
    struct gv_sink sink = gv_sink_buffer(body, sizeof(body));

    m.u.error.code = (uint8_t)code;
    m.u.error.text = gv_bytes(text, strlen(text));
    gv_msg_put(&sink, &m);
    send_reply(net, p, GV_MSG_ERROR, gv_bytes(body, sink.len));
}

void
gv_door_answer(struct gv_net *net, const struct gv_order *o)
{
    for (size_t i = 0; net->door != NULL && i < PLACES; i++) {
        struct place *p = &net->door->place[i];

        if (p->id == 0 || p->id != o->session ||
            !gv_msg_answers(o->kind, p->kind))
            continue;
        p->id = 0;
        send_reply(net, p, o->kind, gv_bytes(o->body, o->len));
        return;
    }
}

/* What strangers may say: NULL, or why not. */
static const char *
judge(unsigned kind, struct gv_bytes body)
{
    struct gv_msg m;
    uint8_t tx;

    if (kind != GV_MSG_SUBMIT && kind != GV_MSG_GETTIPS)
        return "only SUBMIT and GETTIPS here";
    if (gv_msg_decode(kind, body, &m, NULL) != GV_OK)
        return "malformed";
    if (kind == GV_MSG_GETTIPS)
        return m.u.gettips.chains.count == 1 ? NULL : "one chain at a time";
    tx = m.u.submit.raw.p[0];
    if (m.u.submit.raw.len > GV_DOOR_TX_MAX)
        return "more than 4096 bytes";
    if (m.u.submit.stamps.len > GV_DOOR_STAMPS_MAX)
        return "more than 8192 bytes of stamps";
    return tx == GV_TX_ENROL || tx == GV_TX_BID || tx == GV_TX_CLOSE ||
                   tx == GV_TX_OPENING
               ? NULL
               : "only ENROL, BID, CLOSE and OPENING here";
}

static bool
within_rate(struct gv_net *net, zmq_msg_t *frame)
{
    const char *user = zmq_msg_gets(frame, "User-Id");
    const char *address = zmq_msg_gets(frame, "Peer-Address");
    struct gv_door *d = net->door;

    return user != NULL && address != NULL &&
           gv_limiter_take_from(d->by_origin,
                                gv_bytes(address, strlen(address)), 1,
                                net->now_ms) &&
           gv_limiter_take(d->by_key, gv_bytes(user, strlen(user)), 1,
                           net->now_ms) &&
           gv_bucket_take(&d->all, 1, net->now_ms);
}

static struct place *
free_place(struct gv_door *d)
{
    for (size_t i = 0; i < PLACES; i++)
        if (d->place[i].id == 0)
            return &d->place[i];
    return NULL;
}

static void
take(struct gv_net *net, const struct place *from, struct gv_bytes body)
{
    struct gv_door *d = net->door;
    struct gv_net_event event = {
        .what = GV_NET_STRANGER, .kind = from->kind, .request = from->request};
    struct place *p = free_place(d);

    event.session = ++d->last;
    if (p != NULL) {
        *p = *from;
        p->id = event.session;
        p->due_ms = net->now_ms + PATIENCE_MS;
        if (gv_net_deliver(net, &event, body))
            return;
        p->id = 0;
    }
    refuse(net, from, GV_MSG_BUSY, "busy");
}

static void
read_one(struct gv_net *net, zmq_msg_t part[2], int parts)
{
    struct gv_bytes routing =
        gv_bytes(zmq_msg_data(&part[0]), zmq_msg_size(&part[0]));
    struct gv_bytes frame =
        gv_bytes(zmq_msg_data(&part[1]), zmq_msg_size(&part[1]));
    struct place from = {.routing_len = routing.len};
    struct gv_bytes body;
    const char *why;

    if (routing.len > GV_ROUTING_MAX || frame.len < GV_FRAME_HEAD)
        return;
    memcpy(from.routing, routing.p, routing.len);
    from.kind = frame.p[0];
    from.request = gv_le32(frame.p + 1);
    body = gv_bytes(frame.p + GV_FRAME_HEAD, frame.len - GV_FRAME_HEAD);
    if (!within_rate(net, &part[1])) {
        refuse(net, &from, GV_MSG_BUSY, "too many requests");
        return;
    }
    gv_diary_note(net->opt.diary, 0, GV_MSGLOG_SUBMIT_IN, frame);
    gv_log_debug(net->opt.log, "net", "a stranger's request",
                 GV_U("kind", from.kind), GV_U("bytes", frame.len),
                 GV_S("key", zmq_msg_gets(&part[1], "User-Id")));
    why = parts == 2 ? judge(from.kind, body) : "one frame";
    if (why != NULL)
        refuse(net, &from, GV_MSG_BAD_MESSAGE, why);
    else
        take(net, &from, body);
}

void
gv_door_read(struct gv_net *net)
{
    zmq_msg_t part[2];

    for (int i = 0; i < SHARE; i++) {
        int parts = gv_inbound_read(net->door->router, part);

        if (parts >= 2)
            read_one(net, part, parts);
        gv_inbound_close(part);
        if (parts < 0)
            break;
    }
}
