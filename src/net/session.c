/*
 * session.c - sessions: two nodes that have met, over one connection or, for
 * a moment after both have dialled, over two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/net/net_impl.h"

#define SCORE_FULL 100
#define HEAL_MS 10000 /* one point of score comes back */

struct gv_session *
gv_session_by_key(struct gv_net *net, const struct gv_net_key *key)
{
    for (size_t i = 0; i < net->sessions; i++)
        if (GV_ID_EQ(&net->session[i]->peer.key, key))
            return net->session[i];
    return NULL;
}

struct gv_session *
gv_session_by_id(struct gv_net *net, uint64_t id)
{
    for (size_t i = 0; i < net->sessions; i++)
        if (net->session[i]->id == id)
            return net->session[i];
    return NULL;
}

bool
gv_session_prefers_out(const struct gv_net *net, const struct gv_session *s)
{
    if (s->out == NULL || s->routing_len == 0)
        return s->out != NULL;
    return GV_ID_CMP(&net->opt.keys.own, &s->peer.key) < 0;
}

static uint64_t
utc_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
tell(struct gv_net *net, const struct gv_session *s, enum gv_net_what what)
{
    struct gv_net_event event = {
        .what = what, .session = s->id, .roles = s->peer.roles};
    char text[GV_NET_KEY_TEXT];

    net->changed = true;
    gv_log_info(net->opt.log, "net",
                what == GV_NET_UP ? "peer connected" : "peer disconnected",
                GV_U("session", s->id), GV_S("host", s->peer.addr.host),
                GV_U("port", s->peer.addr.port),
                GV_S("direction", s->peer.outbound ? "out" : "in"),
                GV_S("key", gv_net_key_text(&s->peer.key, text)),
                what == GV_NET_UP ? (struct gv_log_field){0}
                                  : GV_S("why", s->peer.reason));
    if (!gv_net_deliver(net, &event, gv_bytes(NULL, 0)))
        gv_log_error(net->opt.log, "net", "a session was not told");
}

/* A quarter is kept for those whom the operator named or this node chose. */
static size_t
room_for(const struct gv_net *net, const struct gv_meeting *m)
{
    size_t all = net->opt.limits.sessions;

    return m->out != NULL || gv_gate_is_fixed(net->gate, &m->key)
               ? all
               : all - all / 4;
}

static struct gv_session *
new_session(struct gv_net *net, const struct gv_meeting *m)
{
    const struct gv_net_limits *l = &net->opt.limits;
    struct gv_session *s;

    if (net->sessions >= room_for(net, m))
        return NULL;
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->id = s->peer.session = ++net->last_session;
    s->peer.key = m->key;
    s->peer.since_ms = utc_ms();
    s->peer.score = SCORE_FULL;
    s->msgs =
        gv_bucket(l->msgs_per_s, 2 * (uint64_t)l->msgs_per_s, net->now_ms);
    s->bytes =
        gv_bucket(l->bytes_per_s, 2 * (uint64_t)l->bytes_per_s, net->now_ms);
    s->heal_ms = net->now_ms + HEAL_MS;
    s->queue_end = &s->queue;
    net->session[net->sessions++] = s;
    return s;
}

/* Hear what the peer publishes. */
static void
listen_to(struct gv_net *net, struct gv_session *s, uint16_t pub_port)
{
    struct gv_net_place place = {.addr = s->peer.addr, .key = s->peer.key};

    place.addr.port = pub_port;
    if (pub_port == 0 || place.addr.host[0] == '\0')
        return;
    s->sub = gv_sock_sub(net, &place);
    if (s->sub == NULL)
        gv_log_warn(net->opt.log, "net", "cannot hear a peer's gossip",
                    GV_U("session", s->id), GV_S("host", place.addr.host),
                    GV_U("port", pub_port));
}

struct gv_session *
gv_session_meet(struct gv_net *net, const struct gv_meeting *m)
{
    struct gv_session *s = gv_session_by_key(net, &m->key);
    bool fresh;

    /* The peer dials again before its old connection was missed: whatever
     * was on its way is lost, so this is another session. */
    if (s != NULL && m->routing_len > 0 && s->routing_len > 0 &&
        (s->routing_len != m->routing_len ||
         memcmp(s->routing, m->routing, m->routing_len) != 0))
        gv_session_lose_in(net, s);
    s = gv_session_by_key(net, &m->key);
    fresh = s == NULL;
    if (fresh && (s = new_session(net, m)) == NULL)
        return NULL;
    if (m->out != NULL)
        s->out = m->out;
    if (m->routing_len > 0) {
        memcpy(s->routing, m->routing, m->routing_len);
        s->routing_len = m->routing_len;
    }
    s->heard_ms = net->now_ms;
    s->peer.roles = m->hello.roles;
    s->peer.outbound = gv_session_prefers_out(net, s);
    if (!fresh)
        return s;
    snprintf(s->peer.addr.host, sizeof(s->peer.addr.host), "%s", m->host);
    s->peer.addr.port = m->hello.p2p_port;
    snprintf(s->peer.agent, sizeof(s->peer.agent), "%.*s",
             (int)m->hello.agent.len, (const char *)m->hello.agent.p);
    tell(net, s, GV_NET_UP);
    listen_to(net, s, m->hello.pub_port);
    return s;
}

void
gv_session_free(struct gv_session *s)
{
    if (s == NULL)
        return;
    gv_send_drop_queue(s);
    gv_sock_close(&s->sub, NULL);
    free(s);
}

/* What look-ups show of it afterwards. */
static void
remember(struct gv_net *net, struct gv_session *s, const char *reason)
{
    snprintf(s->peer.reason, sizeof(s->peer.reason), "%s", reason);
    s->peer.ended_ms = utc_ms();
    pthread_mutex_lock(&net->snapshot_lock);
    net->ended[net->endings++ % GV_NET_ENDED] = s->peer;
    pthread_mutex_unlock(&net->snapshot_lock);
}

static void
remove_session(struct gv_net *net, struct gv_session *s, const char *reason)
{
    remember(net, s, reason);
    for (size_t i = 0; i < net->sessions; i++)
        if (net->session[i] == s) {
            net->session[i] = net->session[--net->sessions];
            break;
        }
    tell(net, s, GV_NET_DOWN);
    gv_session_free(s);
}

/* What is left is one connection, or the end. */
static void
after_loss(struct gv_net *net, struct gv_session *s)
{
    if (s->out == NULL && s->routing_len == 0) {
        remove_session(net, s, "connection lost");
        return;
    }
    /* A PONG may be lost with the connection: ask again on the other. */
    s->peer.outbound = s->out != NULL;
    s->acked = s->pinged = s->sent;
    s->ping_ms = 0;
    net->changed = true;
}

void
gv_session_lose_out(struct gv_net *net, struct gv_session *s)
{
    s->out = NULL;
    after_loss(net, s);
}

void
gv_session_lose_in(struct gv_net *net, struct gv_session *s)
{
    s->routing_len = 0;
    after_loss(net, s);
}

void
gv_session_end(struct gv_net *net, struct gv_session *s, const char *reason)
{
    struct gv_dial *d = s->out;

    s->out = NULL;
    s->routing_len = 0;
    remove_session(net, s, reason);
    if (d != NULL)
        gv_dial_retry(net, d, 1000);
}

bool
gv_session_penalise(struct gv_net *net, struct gv_session *s, unsigned points,
                    const char *reason)
{
    net->changed = true;
    s->peer.score -= points < SCORE_FULL ? (int)points : SCORE_FULL;
    gv_log_debug(net->opt.log, "net", "peer penalised", GV_U("session", s->id),
                 GV_U("points", points), GV_I("score", s->peer.score),
                 GV_S("why", reason));
    if (s->peer.score > 0)
        return true;
    gv_log_warn(net->opt.log, "net", "peer banned", GV_U("session", s->id),
                GV_S("host", s->peer.addr.host), GV_S("why", reason),
                GV_U("for_ms", net->opt.limits.ban_ms));
    gv_gate_ban(net->gate, &s->peer.key, net->now_ms + net->opt.limits.ban_ms);
    gv_session_end(net, s, "banned");
    return false;
}

void
gv_session_tick(struct gv_net *net, struct gv_session *s)
{
    const struct gv_net_limits *l = &net->opt.limits;

    if (net->now_ms >= s->heal_ms) {
        s->heal_ms = net->now_ms + HEAL_MS;
        if (s->peer.score < SCORE_FULL)
            s->peer.score++;
    }
    if (s->ping_ms != 0 && net->now_ms - s->ping_ms > l->silence_ms)
        gv_session_end(net, s, "no answer to PING");
    else if (s->queue != NULL)
        gv_send_flush(net, s);
    else if (s->ping_ms == 0 && net->now_ms - s->heard_ms > l->ping_ms)
        gv_send_ping(net, s, !gv_session_prefers_out(net, s));
}
