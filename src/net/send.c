/*
 * send.c - what leaves: messages of a session, within a window.
 *
 * The high-water mark of ZeroMQ counts messages, not bytes, and a peer that
 * stops reading would let megabytes pile up in it. So each session counts
 * bytes: a PING after every half window carries the count, and since a
 * connection keeps order, its PONG proves that everything before was read.
 * What does not fit the window waits in a queue with a limit of its own.
 */
#include <stdlib.h>

#include "src/net/net_impl.h"

enum outcome { SENT, FULL, LOST };

static void
head(uint8_t out[GV_FRAME_HEAD], unsigned kind, uint32_t request)
{
    out[0] = (uint8_t)kind;
    gv_le32_put(out + 1, request);
}

static enum outcome
push(void *socket, struct gv_bytes routing, struct gv_bytes frame)
{
    if (routing.len > 0 && zmq_send(socket, routing.p, routing.len,
                                    ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return zmq_errno() == EAGAIN ? FULL : LOST;
    if (zmq_send(socket, frame.p, frame.len, ZMQ_DONTWAIT) < 0)
        return zmq_errno() == EAGAIN ? FULL : LOST;
    return SENT;
}

/* On the connection dialled from there, or from here. */
static enum outcome
push_to(struct gv_net *net, struct gv_session *s, bool in,
        struct gv_bytes frame)
{
    enum outcome done;

    if (in)
        done = push(net->router, gv_bytes(s->routing, s->routing_len), frame);
    else
        done = push(s->out->dealer, gv_bytes(NULL, 0), frame);
    if (done == SENT) {
        s->peer.bytes_out += frame.len;
        s->peer.msgs_out++;
        gv_diary_note(net->opt.diary, s->id, GV_MSGLOG_OUT, frame);
    }
    return done;
}

void
gv_send_ping(struct gv_net *net, struct gv_session *s, bool in)
{
    uint8_t frame[GV_FRAME_HEAD + 8];
    uint64_t token = s->sent;

    head(frame, GV_MSG_PING, 0);
    gv_le64_put(frame + GV_FRAME_HEAD, token);
    switch (push_to(net, s, in, gv_bytes(frame, sizeof(frame)))) {
    case SENT:
        s->pinged = token;
        if (s->ping_ms == 0)
            s->ping_ms = net->now_ms;
        break;
    case FULL:
        break; /* the tick tries again, or the silence ends it */
    case LOST:
        if (in)
            gv_session_lose_in(net, s);
        break;
    }
}

void
gv_send_pong(struct gv_net *net, struct gv_session *s, uint64_t token)
{
    uint8_t frame[GV_FRAME_HEAD + 8];

    head(frame, GV_MSG_PONG, 0);
    gv_le64_put(frame + GV_FRAME_HEAD, token);
    (void)push_to(net, s, !gv_session_prefers_out(net, s),
                  gv_bytes(frame, sizeof(frame)));
}

/* --- the window --- */

static bool
fits(const struct gv_net *net, const struct gv_session *s, size_t len)
{
    uint64_t flying = s->sent - s->acked;

    return flying == 0 || flying + len <= net->opt.limits.window_bytes;
}

static bool
enqueue(struct gv_net *net, struct gv_session *s, struct gv_bytes frame)
{
    struct gv_queued *q;

    if (s->queue_bytes + frame.len > net->opt.limits.queue_bytes)
        return false;
    q = malloc(sizeof(*q) + frame.len);
    if (q == NULL)
        return false;
    q->next = NULL;
    q->len = frame.len;
    memcpy(q->frame, frame.p, frame.len);
    *s->queue_end = q;
    s->queue_end = &q->next;
    s->queue_bytes += frame.len + sizeof(*q);
    return true;
}

void
gv_send_drop_queue(struct gv_session *s)
{
    struct gv_queued *next;

    for (struct gv_queued *q = s->queue; q != NULL; q = next) {
        next = q->next;
        free(q);
    }
    s->queue = NULL;
    s->queue_end = &s->queue;
    s->queue_bytes = 0;
}

/* With a PING before it when half a window is out since the last one. */
static enum outcome
send_now(struct gv_net *net, struct gv_session *s, struct gv_bytes frame)
{
    bool in = !gv_session_prefers_out(net, s);
    uint64_t id = s->id;
    enum outcome done;

    if (s->sent - s->pinged + frame.len > net->opt.limits.window_bytes / 2)
        gv_send_ping(net, s, in);
    if (gv_session_by_id(net, id) == NULL)
        return LOST;
    done = push_to(net, s, in, frame);
    if (done == SENT)
        s->sent += frame.len;
    if (done == LOST && in)
        gv_session_lose_in(net, s);
    return done;
}

static bool
send_frame(struct gv_net *net, struct gv_session *s, struct gv_bytes frame)
{
    enum outcome done = FULL;

    if (s->queue == NULL && fits(net, s, frame.len))
        done = send_now(net, s, frame);
    if (done == SENT)
        return true;
    if (done == LOST || !enqueue(net, s, frame))
        return false;
    if (s->ping_ms == 0)
        gv_send_ping(net, s, !gv_session_prefers_out(net, s));
    return true;
}

void
gv_send_flush(struct gv_net *net, struct gv_session *s)
{
    while (s->queue != NULL && fits(net, s, s->queue->len)) {
        struct gv_queued *q = s->queue;

        /* What is not sent may have ended the session. */
        if (send_now(net, s, gv_bytes(q->frame, q->len)) != SENT)
            return;
        s->queue = q->next;
        if (s->queue == NULL)
            s->queue_end = &s->queue;
        s->queue_bytes -= q->len + sizeof(*q);
        free(q);
    }
}

void
gv_send_acked(struct gv_net *net, struct gv_session *s, uint64_t token)
{
    if (token > s->sent) {
        (void)gv_session_penalise(net, s, 10, "PONG to no PING");
        return;
    }
    if (token < s->acked)
        return; /* of a PING before the last one */
    s->acked = token;
    s->ping_ms = s->acked >= s->pinged ? 0 : net->now_ms;
    gv_send_flush(net, s);
}

/* --- what may be said --- */

/* In a free place, so that quick answers push no slow one out; else it is the
 * one in turn that is waited for no more. */
static bool
note_request(struct gv_session *s, unsigned kind, uint32_t request)
{
    struct gv_open_request *r = s->ours;

    while (r < s->ours + GV_OPEN_REQUESTS && r->kind != 0)
        r++;
    if (r == s->ours + GV_OPEN_REQUESTS)
        r = &s->ours[s->next_ours++ % GV_OPEN_REQUESTS];
    r->kind = (uint8_t)kind;
    r->request = request;
    return true;
}

bool
gv_request_take(struct gv_open_request open[GV_OPEN_REQUESTS], unsigned reply,
                uint32_t request)
{
    for (size_t i = 0; i < GV_OPEN_REQUESTS; i++) {
        struct gv_open_request *r = &open[i];

        if (r->kind == 0 || r->request != request ||
            !gv_msg_answers(reply, r->kind))
            continue;
        r->kind = 0;
        return true;
    }
    return false;
}

bool
gv_send(struct gv_net *net, struct gv_session *s, unsigned kind,
        uint32_t request, struct gv_bytes body)
{
    bool may = gv_msg_is_reply(kind) ? gv_request_take(s->theirs, kind, request)
                                     : note_request(s, kind, request);
    size_t len = GV_FRAME_HEAD + body.len;
    uint64_t id = s->id;
    uint8_t *frame;
    bool done;

    if (!may)
        return false;
    frame = malloc(len);
    if (frame == NULL)
        return false;
    head(frame, kind, request);
    if (body.len > 0)
        memcpy(frame + GV_FRAME_HEAD, body.p, body.len);
    done = send_frame(net, s, gv_bytes(frame, len));
    free(frame);
    if (!done && gv_session_by_id(net, id) != NULL)
        s->peer.dropped++;
    return done;
}

bool
gv_send_raw(struct gv_net *net, void *socket, struct gv_bytes routing,
            const struct gv_msg *m)
{
    uint8_t frame[512];
    struct gv_sink sink = gv_sink_buffer(frame, sizeof(frame));
    int events;
    size_t size = sizeof(events);

    /* Asking makes libzmq notice a connection that was just made. */
    (void)zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size);
    gv_put_u8(&sink, (uint8_t)m->kind);
    gv_put_u32(&sink, 0);
    gv_msg_put(&sink, m);
    if (push(socket, routing, gv_bytes(frame, sink.len)) != SENT)
        return false;
    gv_diary_note(net->opt.diary, 0, GV_MSGLOG_OUT, gv_bytes(frame, sink.len));
    return true;
}

void
gv_send_gossip(struct gv_net *net, const struct gv_order *o)
{
    const uint8_t *chain = gv_msg_chain(o->kind, gv_bytes(o->body, o->len));
    zmq_msg_t message;
    uint8_t *frame;

    if (zmq_msg_init_size(&message, GV_GOSSIP_HEAD + o->len) != 0)
        return;
    frame = zmq_msg_data(&message);
    memcpy(frame, chain, GV_TOPIC_SIZE);
    frame[GV_TOPIC_SIZE] = (uint8_t)o->kind;
    memcpy(frame + GV_GOSSIP_HEAD, o->body, o->len);
    gv_diary_note(net->opt.diary, 0, GV_MSGLOG_GOSSIP_OUT,
                  gv_bytes(frame, GV_GOSSIP_HEAD + o->len));
    if (zmq_msg_send(&message, net->xpub, ZMQ_DONTWAIT) < 0)
        zmq_msg_close(&message);
}
