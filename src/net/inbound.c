/*
 * inbound.c - what arrives. Who sent it is told by the socket (a DEALER or SUB
 * talks to one key) or by the User-Id that the ZAP handler gave to the
 * connection, never by a routing id.
 */
#include <stdlib.h>

#include "src/net/net_impl.h"

#define SHARE 64 /* messages of one socket before the others get their turn */
#define FLOOD_STEP_MS 100 /* one point for a flood in this time */

int
gv_inbound_read(void *socket, zmq_msg_t part[2])
{
    zmq_msg_t spare;
    int n = 0;
    bool more = true;

    zmq_msg_init(&part[0]);
    zmq_msg_init(&part[1]);
    zmq_msg_init(&spare);
    for (; more; n++) {
        zmq_msg_t *to = n < 2 ? &part[n] : &spare;

        if (zmq_msg_recv(to, socket, ZMQ_DONTWAIT) < 0)
            break;
        more = zmq_msg_more(to) != 0;
    }
    zmq_msg_close(&spare);
    return n > 0 ? n : -1;
}

void
gv_inbound_close(zmq_msg_t part[2])
{
    zmq_msg_close(&part[0]);
    zmq_msg_close(&part[1]);
}

static struct gv_bytes
view(zmq_msg_t *message)
{
    return gv_bytes(zmq_msg_data(message), zmq_msg_size(message));
}

/* --- one message of a session --- */

/* Unasked traffic is limited; what is above is dropped. */
static bool
within_rate(struct gv_net *net, struct gv_session *s, size_t len)
{
    if (gv_bucket_take(&s->msgs, 1, net->now_ms) &&
        gv_bucket_take(&s->bytes, len, net->now_ms))
        return true;
    s->peer.dropped++;
    if (net->now_ms - s->flood_ms >= FLOOD_STEP_MS) {
        s->flood_ms = net->now_ms;
        (void)gv_session_penalise(net, s, 1, "flood");
    }
    return false;
}

static void
refuse(struct gv_net *net, struct gv_session *s, uint32_t request,
       enum gv_msg_error code, const char *text)
{
    struct gv_msg m = {.kind = GV_MSG_ERROR};
    uint8_t body[256];
    struct gv_sink sink = gv_sink_buffer(body, sizeof(body));

    m.u.error.code = (uint8_t)code;
    m.u.error.text = gv_bytes(text, strlen(text));
    gv_msg_put(&sink, &m);
    (void)gv_send(net, s, GV_MSG_ERROR, request, gv_bytes(body, sink.len));
}

/* Remember a question until it is answered. */
static bool
note_question(struct gv_session *s, unsigned kind, uint32_t request)
{
    struct gv_open_request *spare = NULL;

    for (size_t i = 0; i < GV_OPEN_REQUESTS; i++) {
        struct gv_open_request *r = &s->theirs[i];

        if (r->kind == 0)
            spare = r;
        else if (r->request == request)
            return false;
    }
    if (spare == NULL)
        return false;
    *spare = (struct gv_open_request){request, (uint8_t)kind};
    return true;
}

struct frame {
    unsigned kind;
    uint32_t request;
    struct gv_bytes body;
};

static void
take_question(struct gv_net *net, struct gv_session *s, const struct frame *f)
{
    struct gv_net_event event = {.what = GV_NET_MESSAGE,
                                 .session = s->id,
                                 .kind = (uint8_t)f->kind,
                                 .request = f->request};

    if (!note_question(s, f->kind, f->request)) {
        (void)gv_session_penalise(net, s, 2, "too many open requests");
        return;
    }
    if (!gv_net_deliver(net, &event, f->body))
        refuse(net, s, f->request, GV_MSG_BUSY, "busy");
}

static void
take_reply(struct gv_net *net, struct gv_session *s, const struct frame *f)
{
    struct gv_net_event event = {.what = GV_NET_MESSAGE,
                                 .session = s->id,
                                 .kind = (uint8_t)f->kind,
                                 .request = f->request};

    if (!gv_request_take(s->ours, f->kind, f->request))
        (void)gv_session_penalise(net, s, 5, "reply to no request");
    else if (!gv_net_deliver(net, &event, f->body))
        s->peer.dropped++;
}

static void
take_ping(struct gv_net *net, struct gv_session *s, const struct frame *f)
{
    struct gv_msg m;

    if (gv_msg_decode(f->kind, f->body, &m, NULL) != GV_OK)
        (void)gv_session_penalise(net, s, 20, "malformed PING");
    else if (f->kind == GV_MSG_PING)
        gv_send_pong(net, s, m.u.ping.token);
    else
        gv_send_acked(net, s, m.u.ping.token);
}

/* A frame of a session's connection. The session may end. */
static void
take_frame(struct gv_net *net, struct gv_session *s, struct gv_bytes frame)
{
    struct frame f;

    s->heard_ms = net->now_ms;
    s->peer.bytes_in += frame.len;
    s->peer.msgs_in++;
    if (frame.len < GV_FRAME_HEAD || frame.len > GV_FRAME_HEAD + GV_MSG_MAX) {
        (void)gv_session_penalise(net, s, 20, "malformed frame");
        return;
    }
    f = (struct frame){
        frame.p[0], gv_le32(frame.p + 1),
        gv_bytes(frame.p + GV_FRAME_HEAD, frame.len - GV_FRAME_HEAD)};
    if (gv_msg_is_reply(f.kind) && f.kind != GV_MSG_PONG &&
        f.kind != GV_MSG_WELCOME) {
        take_reply(net, s, &f);
        return;
    }
    if (!within_rate(net, s, frame.len))
        return;
    if (f.kind == GV_MSG_PING || f.kind == GV_MSG_PONG)
        take_ping(net, s, &f);
    else if (gv_msg_name(f.kind) == NULL || gv_msg_is_gossip(f.kind) ||
             f.kind == GV_MSG_HELLO || f.kind == GV_MSG_WELCOME)
        (void)gv_session_penalise(net, s, 20, "message out of place");
    else
        take_question(net, s, &f);
}

/* --- HELLO --- */

struct gv_msg
gv_inbound_hello(const struct gv_net *net, unsigned kind)
{
    struct gv_msg m = {.kind = (enum gv_msg_kind)kind};

    m.u.hello.version = GV_NET_VERSION;
    m.u.hello.magic = net->opt.magic;
    m.u.hello.registry = net->opt.registry;
    m.u.hello.p2p_port = net->bound.port;
    m.u.hello.pub_port = net->pub_port;
    m.u.hello.roles = net->opt.roles;
    m.u.hello.agent = gv_bytes(net->agent, strlen(net->agent));
    return m;
}

/* 0: these two nodes can talk. */
static enum gv_msg_error
compare(const struct gv_net *net, const struct gv_msg_hello *h)
{
    if (h->magic != net->opt.magic ||
        !GV_ID_EQ(&h->registry, &net->opt.registry))
        return GV_MSG_WRONG_NETWORK;
    return h->version < 1 ? GV_MSG_WRONG_VERSION : 0;
}

static const char *
error_text(enum gv_msg_error code)
{
    return code == GV_MSG_WRONG_NETWORK   ? "the node is of another network"
           : code == GV_MSG_WRONG_VERSION ? "the node speaks another version"
           : code == GV_MSG_HELLO_FIRST   ? "HELLO comes first"
                                          : "the node has no room for us";
}

static void
send_error(struct gv_net *net, struct gv_bytes routing, enum gv_msg_error code)
{
    struct gv_msg m = {.kind = GV_MSG_ERROR};
    const char *text = error_text(code);

    m.u.error.code = (uint8_t)code;
    m.u.error.text = gv_bytes(text, strlen(text));
    (void)gv_send_raw(net, net->router, routing, &m);
}

/* --- ROUTER --- */

static void
take_hello(struct gv_net *net, const struct gv_net_key *key, zmq_msg_t part[2])
{
    struct gv_bytes frame = view(&part[1]), routing = view(&part[0]);
    const char *host = zmq_msg_gets(&part[1], "Peer-Address");
    struct gv_meeting m = {.key = *key,
                           .host = host ? host : "",
                           .routing = routing.p,
                           .routing_len = routing.len};
    struct gv_msg hello, welcome = gv_inbound_hello(net, GV_MSG_WELCOME);
    enum gv_msg_error code = GV_MSG_BAD_MESSAGE;
    struct gv_bytes body =
        gv_bytes(frame.p + GV_FRAME_HEAD, frame.len - GV_FRAME_HEAD);

    if (gv_msg_decode(GV_MSG_HELLO, body, &hello, NULL) == GV_OK)
        code = compare(net, &hello.u.hello);
    if (code == 0) {
        m.hello = hello.u.hello;
        (void)gv_send_raw(net, net->router, routing, &welcome);
        if (gv_session_meet(net, &m) != NULL)
            return;
        code = GV_MSG_BUSY;
    }
    gv_log_warn(net->opt.log, "net", "a peer's HELLO is refused",
                GV_S("host", m.host), GV_S("why", error_text(code)));
    send_error(net, routing, code);
}

static void
from_router(struct gv_net *net, zmq_msg_t part[2], int parts)
{
    const char *user = zmq_msg_gets(&part[1], "User-Id");
    struct gv_bytes routing = view(&part[0]), frame = view(&part[1]);
    struct gv_session *s, *of_key;
    struct gv_net_key key;

    if (user == NULL || gv_net_key_parse(user, &key) != GV_OK ||
        !gv_gate_is_open(net->gate, &key, net->now_ms) ||
        routing.len > GV_ROUTING_MAX)
        return;
    s = of_key = gv_session_by_key(net, &key);
    if (s != NULL && (s->routing_len != routing.len ||
                      memcmp(s->routing, routing.p, routing.len) != 0))
        s = NULL;
    gv_diary_note(net->opt.diary, s ? s->id : 0, GV_MSGLOG_IN, frame);
    if (parts != 2 || frame.len < GV_FRAME_HEAD) {
        if (s != NULL)
            (void)gv_session_penalise(net, s, 20, "malformed frame");
    } else if (s != NULL && frame.p[0] != GV_MSG_HELLO) {
        take_frame(net, s, frame);
    } else if (of_key != NULL && !within_rate(net, of_key, frame.len)) {
        return; /* HELLOs, and whatever comes over other connections */
    } else if (frame.p[0] == GV_MSG_HELLO) {
        take_hello(net, &key, part);
    } else if (frame.p[0] != GV_MSG_ERROR) {
        send_error(net, routing, GV_MSG_HELLO_FIRST);
    }
}

void
gv_inbound_router(struct gv_net *net)
{
    zmq_msg_t part[2];

    for (int i = 0; i < SHARE; i++) {
        int parts = gv_inbound_read(net->router, part);

        if (parts >= 2)
            from_router(net, part, parts);
        gv_inbound_close(part);
        if (parts < 0)
            break;
    }
}

/* Subscriptions: ZeroMQ keeps them, nobody here needs to know. */
void
gv_inbound_xpub(struct gv_net *net)
{
    uint8_t sink[16];

    for (int i = 0; i < 16 * SHARE; i++)
        if (zmq_recv(net->xpub, sink, sizeof(sink), ZMQ_DONTWAIT) < 0)
            break;
}

/* --- DEALER --- */

static void
take_welcome(struct gv_net *net, struct gv_dial *d, struct gv_bytes body)
{
    struct gv_meeting m = {
        .key = d->place.key, .host = d->place.addr.host, .out = d};
    enum gv_msg_error code = GV_MSG_WRONG_VERSION;
    struct gv_msg welcome;

    if (gv_msg_decode(GV_MSG_WELCOME, body, &welcome, NULL) == GV_OK)
        code = compare(net, &welcome.u.hello);
    if (code != 0) {
        gv_dial_complain(net, d, error_text(code));
        gv_dial_retry(net, d, net->opt.limits.ban_ms);
        return;
    }
    m.hello = welcome.u.hello;
    d->state = GV_DIAL_UP;
    d->complaint = NULL;
    d->fails = 0;
    d->pause_ms = 250;
    if (gv_session_meet(net, &m) == NULL)
        gv_dial_retry(net, d, 10000);
}

/* Before WELCOME, and for what concerns the connection itself. */
static void
take_connection_error(struct gv_net *net, struct gv_dial *d,
                      struct gv_bytes body)
{
    struct gv_msg m;

    if (gv_msg_decode(GV_MSG_ERROR, body, &m, NULL) != GV_OK ||
        m.u.error.code == GV_MSG_HELLO_FIRST) {
        gv_dial_retry(net, d, 0);
        return;
    }
    gv_dial_complain(net, d, error_text((enum gv_msg_error)m.u.error.code));
    gv_dial_retry(
        net, d, m.u.error.code == GV_MSG_BUSY ? 10000 : net->opt.limits.ban_ms);
}

static void
from_dealer(struct gv_net *net, struct gv_dial *d, struct gv_bytes frame)
{
    struct gv_session *s = gv_session_by_key(net, &d->place.key);
    struct gv_bytes body;

    gv_diary_note(net->opt.diary, s ? s->id : 0, GV_MSGLOG_IN, frame);
    if (frame.len < GV_FRAME_HEAD) {
        gv_dial_retry(net, d, 1000);
        return;
    }
    body = gv_bytes(frame.p + GV_FRAME_HEAD, frame.len - GV_FRAME_HEAD);
    if (d->state == GV_DIAL_GREETING && frame.p[0] == GV_MSG_WELCOME)
        take_welcome(net, d, body);
    else if (frame.p[0] == GV_MSG_ERROR && gv_le32(frame.p + 1) == 0)
        take_connection_error(net, d, body);
    else if (s != NULL && s->out == d)
        take_frame(net, s, frame);
}

void
gv_inbound_dealer(struct gv_net *net, struct gv_dial *d)
{
    zmq_msg_t part[2];

    /* The socket may be closed by what it brought. */
    for (int i = 0; i < SHARE && d->dealer != NULL; i++) {
        int parts = gv_inbound_read(d->dealer, part);

        if (parts == 1)
            from_dealer(net, d, view(&part[0]));
        else if (parts > 1)
            gv_dial_retry(net, d, 1000);
        gv_inbound_close(part);
        if (parts < 0)
            break;
    }
}

/* --- SUB --- */

/* False: the session ended. */
static bool
from_sub(struct gv_net *net, struct gv_session *s, struct gv_bytes frame)
{
    struct gv_net_event event = {.what = GV_NET_MESSAGE, .session = s->id};
    struct gv_bytes body;
    const uint8_t *chain;
    uint64_t id = s->id;

    s->peer.bytes_in += frame.len;
    s->peer.msgs_in++;
    gv_diary_note(net->opt.diary, s->id, GV_MSGLOG_GOSSIP_IN, frame);
    if (!within_rate(net, s, frame.len))
        return gv_session_by_id(net, id) != NULL;
    if (frame.len < GV_GOSSIP_HEAD)
        return gv_session_penalise(net, s, 20, "malformed gossip");
    event.kind = frame.p[GV_TOPIC_SIZE];
    body = gv_bytes(frame.p + GV_GOSSIP_HEAD, frame.len - GV_GOSSIP_HEAD);
    chain = gv_msg_chain(event.kind, body);
    if (chain == NULL || body.len > GV_MSG_MAX ||
        memcmp(chain, frame.p, GV_TOPIC_SIZE) != 0)
        return gv_session_penalise(net, s, 20, "malformed gossip");
    if (!gv_net_deliver(net, &event, body))
        s->peer.dropped++;
    return true;
}

void
gv_inbound_sub(struct gv_net *net, struct gv_session *s)
{
    zmq_msg_t part[2];
    bool alive = true;

    for (int i = 0; i < SHARE && alive; i++) {
        int parts = gv_inbound_read(s->sub, part);

        if (parts == 1)
            alive = from_sub(net, s, view(&part[0]));
        else if (parts > 1)
            alive = gv_session_penalise(net, s, 20, "malformed gossip");
        gv_inbound_close(part);
        if (parts < 0)
            break;
    }
}
