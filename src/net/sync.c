/* sync.c - sync's life: events, requests, timers. */
#include "src/net/sync.h"

#include <stdlib.h>

#include "chain/state/vec.h"
#include "src/net/sync_impl.h"

/* --- the link to a net thread --- */

static bool
link_send(void *arg, uint64_t session, unsigned kind, uint32_t request,
          struct gv_bytes body)
{
    return gv_net_send(arg, session, kind, request, body);
}

static bool
link_publish(void *arg, unsigned kind, struct gv_bytes body)
{
    return gv_net_publish(arg, kind, body);
}

static bool
link_subscribe(void *arg, const struct gv_chain_id *chain)
{
    return gv_net_subscribe(arg, chain);
}

static bool
link_penalise(void *arg, uint64_t session, unsigned points, const char *reason)
{
    return gv_net_penalise(arg, session, points, reason);
}

struct gv_sync_link
gv_sync_link(struct gv_net *net)
{
    return (struct gv_sync_link){net, link_send, link_publish, link_subscribe,
                                 link_penalise};
}

/* --- small things --- */

void
gv_sync_fail(struct gv_sync *s)
{
    s->rc = GV_FAULT;
}

void
gv_sync_blame(struct gv_sync *s, uint64_t session, unsigned points,
              const char *reason)
{
    if (points > 0 && session != 0)
        s->opt.link.penalise(s->opt.link.arg, session, points, reason);
}

struct gv_sync_session *
gv_sync_session(struct gv_sync *s, uint64_t id)
{
    for (size_t i = 0; i < s->sessions; i++)
        if (s->session[i]->id == id)
            return s->session[i];
    return NULL;
}

struct gv_sync_session *
gv_sync_other(struct gv_sync *s, uint64_t not_session, unsigned tries)
{
    size_t n = s->sessions, start = 0;

    if (tries >= n)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (s->session[i]->id == not_session)
            start = i + 1;
    for (size_t i = 0; i < n; i++) {
        struct gv_sync_session *p = s->session[(start + i) % n];

        if (p->id != not_session)
            return p;
    }
    return NULL;
}

bool
gv_sync_send(struct gv_sync *s, uint64_t session, uint32_t request,
             const struct gv_msg *m)
{
    size_t len;
    uint8_t *body = gv_msg_encode(m, &len);
    bool done =
        body != NULL && s->opt.link.send(s->opt.link.arg, session, m->kind,
                                         request, gv_bytes(body, len));

    free(body);
    return done;
}

void
gv_sync_publish(struct gv_sync *s, const struct gv_msg *m)
{
    size_t len;
    uint8_t *body = gv_msg_encode(m, &len);

    if (body != NULL)
        s->opt.link.publish(s->opt.link.arg, m->kind, gv_bytes(body, len));
    free(body);
}

/* --- requests --- */

static bool
may_ask(struct gv_sync *s, uint64_t session, enum gv_open_what what)
{
    struct gv_sync_session *p = gv_sync_session(s, session);

    if (p == NULL)
        return false;
    if (what != GV_OPEN_HEADERS && what != GV_OPEN_BLOCKS)
        return p->open < GV_SYNC_OPEN;
    return p->open < GV_SYNC_OPEN_FETCHES &&
           gv_bucket_take(&p->asks, 1, s->now_ms);
}

struct gv_sync_request *
gv_sync_ask(struct gv_sync *s, uint64_t session, enum gv_open_what what,
            const struct gv_msg *m)
{
    struct gv_sync_request *r = s->request;

    while (r < s->request + GV_SYNC_REQUESTS && r->what != GV_OPEN_FREE)
        r++;
    if (r == s->request + GV_SYNC_REQUESTS || !may_ask(s, session, what))
        return NULL;
    if (++s->last_request == 0)
        s->last_request = 1;
    if (!gv_sync_send(s, session, s->last_request, m))
        return NULL;
    gv_sync_session(s, session)->open++;
    *r = (struct gv_sync_request){.what = what,
                                  .number = s->last_request,
                                  .session = session,
                                  .sent_ms = s->now_ms,
                                  .due_ms = s->now_ms + GV_SYNC_TIMEOUT_MS};
    return r;
}

static struct gv_sync_request
take_request(struct gv_sync *s, struct gv_sync_request *r)
{
    struct gv_sync_request copy = *r;
    struct gv_sync_session *p = gv_sync_session(s, r->session);

    if (p != NULL) {
        p->open--;
        p->credit -= r->blocks;
        p->polling = p->polling && r->what != GV_OPEN_TIPS;
        p->pooling = p->pooling && r->what != GV_OPEN_POOL;
    }
    r->what = GV_OPEN_FREE;
    return copy;
}

/* No reply, an ERROR, or the peer is gone. */
static void
request_failed(struct gv_sync *s, struct gv_sync_request *r)
{
    struct gv_sync_request was = take_request(s, r);
    struct gv_sync_session *p = gv_sync_session(s, was.session);

    if (was.what == GV_OPEN_HEADERS)
        gv_fetch_failed(s, &was);
    else if (was.what == GV_OPEN_BLOCKS)
        gv_bodies_failed(s, &was);
    else if (was.what == GV_OPEN_SUBMIT)
        gv_submit_answered(s, &was, NULL);
    else if (was.what == GV_OPEN_POOL && p != NULL)
        gv_pull_pool_failed(p);
    else if (was.what == GV_OPEN_BLOCKTXS)
        gv_compact_answered(s, &was, NULL);
}

static void
take_reply(struct gv_sync *s, struct gv_sync_session *p,
           const struct gv_net_event *event, const struct gv_msg *m)
{
    struct gv_sync_request *r = s->request, was;

    while (r < s->request + GV_SYNC_REQUESTS &&
           (r->what == GV_OPEN_FREE || r->number != event->request ||
            r->session != p->id))
        r++;
    if (r == s->request + GV_SYNC_REQUESTS)
        return; /* its time had passed */
    if (m->kind == GV_MSG_ERROR) {
        request_failed(s, r);
        return;
    }
    was = take_request(s, r);
    if (was.what == GV_OPEN_TIPS || was.what == GV_OPEN_HEADERS)
        gv_fetch_note_time(p, s->now_ms - was.sent_ms);
    switch (was.what) {
    case GV_OPEN_TIPS:
        gv_pull_tips(s, p, m);
        break;
    case GV_OPEN_HEADERS:
        gv_fetch_headers(s, &was, p, m);
        break;
    case GV_OPEN_BLOCKS:
        gv_bodies_answered(s, &was, m);
        break;
    case GV_OPEN_POOL:
        gv_pull_pool(s, p, m);
        break;
    case GV_OPEN_VOTES:
        gv_pull_votes(s, p, m);
        break;
    case GV_OPEN_SUBMIT:
        gv_submit_answered(s, &was, m);
        break;
    case GV_OPEN_BLOCKTXS:
        gv_compact_answered(s, &was, m);
        break;
    case GV_OPEN_FREE:
        break;
    }
}

/* --- sessions --- */

void
gv_sync_ask_tips(struct gv_sync *s, struct gv_sync_session *p)
{
    struct gv_msg m = {.kind = GV_MSG_GETTIPS};

    p->poll_ms = s->now_ms + GV_SYNC_POLL_MS;
    if (p->polling)
        return;
    m.u.gettips.epoch = p->epoch;
    m.u.gettips.since = p->seen;
    m.u.gettips.chains.p = s->filter;
    m.u.gettips.chains.count = s->filters;
    p->polling = gv_sync_ask(s, p->id, GV_OPEN_TIPS, &m) != NULL;
}

void
gv_sync_ask_all(struct gv_sync_session *p)
{
    p->seen = 0;
    p->again = p->polling;
}

static void
session_up(struct gv_sync *s, const struct gv_net_event *event)
{
    struct gv_sync_session *p = calloc(1, sizeof(*p));

    if (p == NULL || !gv_vec_room(&s->session, s->sessions, &s->session_cap,
                                  sizeof(struct gv_sync_session *))) {
        free(p);
        gv_sync_fail(s);
        return;
    }
    p->id = event->session;
    p->roles = event->roles;
    p->asks = gv_bucket(GV_SYNC_ASKS_PER_S, GV_SYNC_ASKS_BURST, s->now_ms);
    p->orphans =
        gv_bucket(GV_SYNC_ORPHANS_PER_S, GV_SYNC_ORPHANS_BURST, s->now_ms);
    p->stale = gv_bucket(GV_SYNC_STALE_PER_S, GV_SYNC_STALE_BURST, s->now_ms);
    p->tx_lost = true; /* its mempool is news as a whole */
    s->session[s->sessions++] = p;
    gv_sync_ask_tips(s, p);
}

static void
session_down(struct gv_sync *s, uint64_t id)
{
    struct gv_sync_session *p = gv_sync_session(s, id);

    if (p == NULL)
        return;
    for (size_t i = 0; i < s->sessions; i++)
        if (s->session[i] == p)
            s->session[i] = s->session[--s->sessions];
    free(p);
    for (size_t i = 0; i < GV_SYNC_REQUESTS; i++)
        if (s->request[i].what != GV_OPEN_FREE && s->request[i].session == id)
            request_failed(s, &s->request[i]);
    for (size_t i = s->fetches; i-- > 0;)
        if (i < s->fetches && s->active[i]->fetch->session == id)
            gv_fetch_left(s, s->active[i], id);
    /* Tips that only it told may be known to others, too. */
    s->doubt_ms = s->now_ms + GV_SYNC_POLL_MS;
}

enum gv_rc
gv_sync_event(struct gv_sync *s, const struct gv_net_event *event,
              uint64_t now_ms)
{
    struct gv_sync_session *p = gv_sync_session(s, event->session);
    const char *field = NULL;
    struct gv_msg m;

    s->now_ms = now_ms;
    if (event->what == GV_NET_UP) {
        session_up(s, event);
    } else if (event->what == GV_NET_DOWN) {
        session_down(s, event->session);
    } else if (p != NULL) {
        if (gv_msg_decode(event->kind, gv_bytes(event->body, event->len), &m,
                          &field) != GV_OK) {
            gv_log_info(
                s->opt.log, "sync", "malformed message", GV_U("session", p->id),
                GV_S("kind", gv_msg_name(event->kind)), GV_S("field", field));
            gv_sync_blame(s, p->id, 50, "malformed message");
            m.kind = GV_MSG_ERROR; /* a request of ours then has failed */
        }
        if (gv_msg_is_gossip(event->kind)) {
            if (m.kind != GV_MSG_ERROR)
                gv_relay_gossip(s, p, &m);
        } else if (gv_msg_is_reply(event->kind)) {
            take_reply(s, p, event, &m);
        } else {
            gv_serve(s, event, &m);
        }
    }
    return s->rc;
}

/* --- timers --- */

enum gv_rc
gv_sync_tick(struct gv_sync *s, uint64_t now_ms)
{
    bool doubt = s->doubt_ms != 0 && now_ms >= s->doubt_ms;

    s->now_ms = now_ms;
    for (size_t i = 0; i < GV_SYNC_REQUESTS; i++)
        if (s->request[i].what != GV_OPEN_FREE &&
            now_ms >= s->request[i].due_ms) {
            gv_sync_blame(s, s->request[i].session, 2, "no reply");
            request_failed(s, &s->request[i]);
        }
    for (size_t i = 0; i < s->sessions; i++) {
        struct gv_sync_session *p = s->session[i];
        bool more = p->more && s->queued <= GV_SYNC_QUEUE / 2;

        if (doubt)
            gv_sync_ask_all(p);
        if (doubt || more || (!p->more && now_ms >= p->poll_ms)) {
            p->more = false;
            gv_sync_ask_tips(s, p);
        }
        gv_pull_tick(s, s->session[i]);
    }
    if (doubt)
        s->doubt_ms = 0;
    gv_compact_tick(s);
    gv_fetch_tick(s);
    gv_fetch_start_queued(s);
    gv_sync_sweep(s);
    gv_progress_tick(s);
    return s->rc;
}

/* --- life --- */

static const uint8_t *
chain_key(const void *arg, uint32_t i)
{
    return ((const struct gv_sync *)arg)->chain[i]->id.b;
}

static bool
know_own_chains(struct gv_sync *s)
{
    size_t n = gv_state_chain_count(s->opt.state);

    for (size_t i = 0; i < n; i++) {
        struct gv_sync_chain *c =
            gv_sync_chain_get(s, &gv_state_chain_at(s->opt.state, i)->id);

        if (c == NULL)
            return false;
        gv_sync_chain_changed(s, c);
    }
    return true;
}

struct gv_sync *
gv_sync_new(const struct gv_sync_options *options)
{
    struct gv_sync *s = calloc(1, sizeof(*s));
    const struct gv_params *params = gv_state_params(options->state);
    bool ok;

    if (s == NULL)
        return NULL;
    s->opt = *options;
    s->opt.follow = NULL;
    s->queue_last = &s->queue_first;
    s->out_last = &s->out_first;
    s->tell_last = &s->tell_first;
    gv_table_init(&s->by_id, options->epoch, chain_key, s);
    s->vote = calloc(GV_SYNC_VOTES, sizeof(*s->vote));
    ok = s->vote != NULL && gv_sync_follow(s, &params->registry) == GV_OK;
    for (size_t i = 0; ok && i < options->follow_count; i++)
        ok = gv_sync_follow(s, &options->follow[i]) == GV_OK;
    if (ok && options->follow_all)
        s->opt.link.subscribe(s->opt.link.arg, NULL);
    if (!ok || !know_own_chains(s)) {
        gv_sync_free(s);
        return NULL;
    }
    return s;
}

void
gv_sync_free(struct gv_sync *s)
{
    if (s == NULL)
        return;
    gv_relay_drop(s);
    gv_compact_drop(s);
    for (size_t i = 0; i < GV_SYNC_REQUESTS; i++)
        if (s->request[i].what != GV_OPEN_FREE)
            free(s->request[i].raw);
    for (size_t i = 0; i < s->chains; i++) {
        gv_fetch_free(s, s->chain[i]);
        free(s->chain[i]);
    }
    for (size_t i = 0; i < s->sessions; i++)
        free(s->session[i]);
    gv_table_free(&s->by_id);
    free(s->session);
    free(s->chain);
    free(s->filter);
    free(s->vote);
    free(s);
}

uint32_t
gv_sync_peer_chains(const struct gv_sync *s, uint64_t session)
{
    for (size_t i = 0; i < s->sessions; i++)
        if (s->session[i]->id == session)
            return s->session[i]->chains;
    return 0;
}

uint64_t
gv_sync_peer_blocks(const struct gv_sync *s, uint64_t session)
{
    for (size_t i = 0; i < s->sessions; i++)
        if (s->session[i]->id == session)
            return s->session[i]->bodies;
    return 0;
}
