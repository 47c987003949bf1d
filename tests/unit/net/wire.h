/*
 * wire.h - a net of the test's own: whole states with their sync, and between
 * them a queue of messages that the test delivers, loses or counts.
 */
#ifndef GAVEL_TESTS_NET_WIRE_H
#define GAVEL_TESTS_NET_WIRE_H

#include "src/net/sync.h"
#include "tests/unit/state/fixture.h"

#define PEERS 5

struct letter {
    struct letter *next;
    unsigned to;
    struct gv_net_event event; /* the body follows it */
};

struct net_of_test;

struct peer {
    struct net_of_test *net;
    unsigned index;
    struct world w;
    struct gv_sync *sync;
    struct gv_chain_id follow[4];
    unsigned followed;
    bool all;       /* hears everything */
    bool mute;      /* answers nothing */
    bool withholds; /* answers all but blocks */
    bool corrupts;  /* the last byte of its blocks */
    bool defers;    /* its host judges when it is told to */
    struct letter *waits, **waits_last;
    unsigned waiting, most_waiting;
    unsigned blame;                       /* points given to others */
    unsigned stamped, refusals, given_up; /* of bids handed to others */
    unsigned submits;                     /* of bids of others */
    bool refuses, final; /* as a service; final: with a signature */
    uint8_t sig[64];
    uint64_t nonce; /* of the last one */
    uint64_t reply_to;
    uint32_t request;
    uint32_t asked; /* number of its last message to one peer */
    void *user;
};

struct net_of_test {
    struct peer peer[PEERS];
    unsigned peers;
    unsigned follows; /* chains in what peer_make is given; 0: one */
    struct letter *first, **last;
    bool deaf; /* gossip is lost */
    uint64_t requests, gossip, bytes;
    unsigned kinds[64]; /* messages that left, by kind */
};

static inline void
put_letter(struct net_of_test *n, unsigned from, unsigned to,
           const struct gv_net_event *head, struct gv_bytes body)
{
    struct letter *l = calloc(1, sizeof(*l) + body.len);

    assert_non_null(l);
    l->to = to;
    l->event = *head;
    l->event.session = from + 1;
    l->event.len = body.len;
    if (body.len > 0)
        memcpy(l->event.body, body.p, body.len);
    *n->last = l;
    n->last = &l->next;
    n->bytes += body.len;
}

/* --- link and host --- */

static inline bool
send_to(void *arg, uint64_t session, unsigned kind, uint32_t request,
        struct gv_bytes body)
{
    struct peer *p = arg;
    struct gv_net_event head = {
        .what = GV_NET_MESSAGE, .kind = (uint8_t)kind, .request = request};

    p->net->requests++;
    p->asked = request;
    p->net->kinds[kind % 64]++;
    if (kind == GV_MSG_BLOCKS && p->corrupts && body.len > 100)
        ((uint8_t *)body.p)[body.len - 1] ^= 1;
    if (!p->mute && !(p->withholds && kind == GV_MSG_BLOCKS))
        put_letter(p->net, p->index, (unsigned)session - 1, &head, body);
    return true;
}

static inline bool
publish(void *arg, unsigned kind, struct gv_bytes body)
{
    struct peer *p = arg;
    struct gv_net_event head = {.what = GV_NET_MESSAGE, .kind = (uint8_t)kind};
    const uint8_t *chain = gv_msg_chain(kind, body);

    p->net->gossip++;
    p->net->kinds[kind % 64]++;
    for (unsigned i = 0; i < p->net->peers && !p->net->deaf; i++) {
        struct peer *to = &p->net->peer[i];
        bool hears = to->all;

        for (unsigned f = 0; f < 4; f++)
            hears = hears || memcmp(to->follow[f].b, chain, 8) == 0;

        if (to != p && to->sync && hears)
            put_letter(p->net, p->index, i, &head, body);
    }
    return true;
}

static inline bool
subscribe(void *arg, const struct gv_chain_id *chain)
{
    struct peer *p = arg;

    if (chain == NULL)
        p->all = true;
    else
        p->follow[p->followed++ % 4] = *chain;
    return true;
}

static inline bool
penalise(void *arg, uint64_t session, unsigned points, const char *reason)
{
    (void)session;
    assert_non_null(reason);
    ((struct peer *)arg)->blame += points;
    return true;
}

static inline void
judge_block(struct peer *p, uint64_t session, struct gv_bytes raw)
{
    struct gv_reject why = {0};
    struct gv_sealed_header h;
    struct gv_reader r = gv_reader(raw);
    enum gv_rc rc;

    gv_sealed_header_get(&r, &h);
    rc = gv_state_add_block(p->w.st, raw, p->w.now_ms, &why);
    world_commit(&p->w);
    assert_int_equal(gv_sync_block_result(p->sync, session, &h.sealed_id, rc,
                                          &why, p->w.now_ms),
                     GV_OK);
}

static inline void
on_block(void *arg, uint64_t session, struct gv_bytes raw)
{
    struct peer *p = arg;
    struct letter *l;

    if (!p->defers) {
        judge_block(p, session, raw);
        return;
    }
    l = calloc(1, sizeof(*l) + raw.len + 1);
    assert_non_null(l);
    l->event.session = session;
    l->event.len = raw.len;
    memcpy(l->event.body, raw.p, raw.len);
    *p->waits_last = l;
    p->waits_last = &l->next;
    if (++p->waiting > p->most_waiting)
        p->most_waiting = p->waiting;
}

/* Judge the oldest block that waits. False: none does. */
static inline bool
judge_next(struct peer *p)
{
    struct letter *l = p->waits;

    if (!l)
        return false;
    p->waits = l->next;
    if (!p->waits)
        p->waits_last = &p->waits;
    p->waiting--;
    judge_block(p, l->event.session, gv_bytes(l->event.body, l->event.len));
    free(l);
    return true;
}

static inline void
on_tx(void *arg, uint64_t session, struct gv_bytes raw)
{
    struct peer *p = arg;
    struct gv_reject why = {0};
    enum gv_rc rc = gv_state_add_tx(p->w.st, raw, p->w.now_ms, &why);

    world_commit(&p->w);
    gv_sync_tx_result(p->sync, session, rc, &why);
}

static inline void
on_vote(void *arg, uint64_t session, const struct gv_signed_vote *v)
{
    struct peer *p = arg;
    struct gv_reject why = {0};
    enum gv_rc rc = gv_state_add_vote(p->w.st, &v->chain, &v->vote,
                                      v->validator, &v->sig, p->w.now_ms, &why);

    world_commit(&p->w);
    gv_sync_vote_result(p->sync, session, rc, &why);
    if (rc == GV_OK)
        gv_sync_vote(p->sync, v);
}

static inline void
on_submit(void *arg, uint64_t session, uint32_t request, uint64_t nonce,
          struct gv_bytes raw)
{
    struct peer *p = arg;
    struct gv_sync_answer a = {.accepted = true};

    p->submits++;
    p->nonce = nonce;
    a.stamp = raw; /* an echo is enough here */
    a.receipt = gv_bytes("receipt", 7);
    if (p->refuses) {
        a.accepted = false;
        a.why = (struct gv_reject){GV_BELOW_FIRST, NULL, 0, 3, 5};
        a.field = gv_bytes("amount", 6);
        a.sig = gv_bytes(p->sig, p->final ? sizeof(p->sig) : 0);
    }
    gv_sync_answer(p->sync, session, request, &a);
}

/* A refusal with any signature is believed to be final. */
static inline bool
on_submitted(void *arg, void *user, const struct gv_sync_answer *a)
{
    struct peer *p = arg;

    p->user = user;
    if (a == NULL) {
        p->given_up++;
        return true;
    }
    if (a->accepted) {
        p->stamped++;
        assert_memory_equal(a->receipt.p, "receipt", 7);
        return true;
    }
    p->refusals++;
    assert_int_equal(a->why.code, GV_BELOW_FIRST);
    assert_int_equal(a->why.want, 5);
    assert_memory_equal(a->field.p, "amount", 6);
    return a->sig.len > 0;
}

/* --- events of the state --- */

static inline void
state_tip(void *arg, const struct gv_chain *c)
{
    struct peer *p = arg;

    if (p->sync)
        gv_sync_tip(p->sync, c);
}

static inline void
state_tx(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    struct peer *p = arg;

    if (p->sync)
        gv_sync_tx(p->sync, c, raw);
}

static inline void
state_again(void *arg, const struct gv_chain *c, struct gv_bytes raw)
{
    struct peer *p = arg;

    if (p->sync)
        gv_sync_tx_again(p->sync, c, raw);
}

static inline void
state_vote(void *arg, const struct gv_chain *c, const struct gv_vote *vote,
           uint8_t validator, const struct gv_sig *sig)
{
    struct gv_signed_vote v = {c->id, *vote, validator, *sig};
    struct peer *p = arg;

    if (p->sync)
        gv_sync_vote(p->sync, &v);
}

/* --- a net of peers --- */

/* The first one makes the world, the others have an empty store in it. */
static inline void
peer_make(struct net_of_test *n, const struct gv_chain_id *follow,
          unsigned validators)
{
    struct world_options o = {.own = validators,
                              .no_registry = validators == 0};
    struct peer *p = &n->peer[n->peers];
    struct gv_sync_options opt = {
        .link = {p, send_to, publish, subscribe, penalise},
        .host = {p, on_block, on_tx, on_vote, on_submit, on_submitted},
        .epoch = 1000 + n->peers,
        .follow_all = follow == NULL,
        .follow = follow,
        .follow_count = follow == NULL ? 0
                        : n->follows   ? n->follows
                                       : 1};

    p->net = n;
    p->index = n->peers++;
    p->waits_last = &p->waits;
    if (p->index == 0) {
        world_make(&p->w, &o);
        world_close(&p->w);
    } else {
        p->w.s = n->peer[0].w.s;
        p->w.opt = n->peer[0].w.opt;
        p->w.now_ms = n->peer[0].w.now_ms;
        p->w.opt.validator_count = 0;
        assert_int_equal(gv_kv_mem_open(&p->w.kv), GV_OK);
        p->w.opt.kv = p->w.kv;
    }
    p->w.opt.follow_all = follow == NULL;
    p->w.opt.follow = follow;
    p->w.opt.follow_count = opt.follow_count;
    p->w.opt.events = (struct gv_state_events){.arg = p,
                                               .tip = state_tip,
                                               .tx = state_tx,
                                               .again = state_again,
                                               .vote = state_vote};
    assert_int_equal(world_open(&p->w), GV_OK);
    opt.state = p->w.st;
    p->sync = gv_sync_new(&opt);
    assert_non_null(p->sync);
}

static inline void
net_init(struct net_of_test *n)
{
    memset(n, 0, sizeof(*n));
    n->last = &n->first;
}

static inline void
net_free(struct net_of_test *n)
{
    struct letter *next;

    for (struct letter *l = n->first; l; l = next) {
        next = l->next;
        free(l);
    }
    for (unsigned i = n->peers; i-- > 0;) {
        for (struct letter *l = n->peer[i].waits; l; l = next) {
            next = l->next;
            free(l);
        }
        gv_sync_free(n->peer[i].sync);
        gv_state_close(n->peer[i].w.st);
        gv_kv_close(&n->peer[i].w.kv);
    }
    sample_free(&n->peer[0].w.s);
}

static inline void
meet(struct net_of_test *n, unsigned a, unsigned b)
{
    struct gv_net_event up = {.what = GV_NET_UP, .roles = GV_ROLE_STAMPS};

    put_letter(n, a, b, &up, gv_bytes(NULL, 0));
    put_letter(n, b, a, &up, gv_bytes(NULL, 0));
}

static inline void
flush(struct peer *p)
{
    world_commit(&p->w);
    assert_int_equal(gv_sync_flush(p->sync, p->w.now_ms), GV_OK);
}

/* Deliver the oldest letter. False: nothing is on its way. */
static inline bool
deliver(struct net_of_test *n)
{
    struct letter *l = n->first;
    struct peer *p;

    if (!l)
        return false;
    p = &n->peer[l->to];
    n->first = l->next;
    if (!n->first)
        n->last = &n->first;
    assert_int_equal(gv_sync_event(p->sync, &l->event, p->w.now_ms), GV_OK);
    free(l);
    flush(p);
    return true;
}

/* Deliver until nothing is on its way. */
static inline void
settle(struct net_of_test *n)
{
    for (unsigned i = 0; i < n->peers; i++)
        flush(&n->peer[i]);
    while (deliver(n))
        ;
}

static inline void
pass(struct net_of_test *n, uint64_t ms)
{
    for (uint64_t end = n->peer[0].w.now_ms + ms; n->peer[0].w.now_ms < end;) {
        for (unsigned i = 0; i < n->peers; i++) {
            n->peer[i].w.now_ms += 100;
            assert_int_equal(gv_sync_tick(n->peer[i].sync, n->peer[i].w.now_ms),
                             GV_OK);
        }
        settle(n);
    }
}

static inline void
same_tips(struct peer *a, struct peer *b)
{
    size_t n = gv_state_chain_count(a->w.st);

    assert_int_equal(gv_state_chain_count(b->w.st), n);
    for (size_t i = 0; i < n; i++) {
        struct gv_chain *x = gv_state_chain_at(a->w.st, i);
        struct gv_chain *y = gv_state_chain_at(b->w.st, i);

        assert_memory_equal(x->id.b, y->id.b, 32);
        assert_int_equal(x->sum.height, y->sum.height);
        assert_memory_equal(x->sum.tip.b, y->sum.tip.b, 32);
    }
}

/* An ENROL and a stamped bid. */
static inline void
place_bid(struct world *w, unsigned bidder)
{
    struct gv_tx enrol = sample_enrol(&w->s, bidder);
    struct gv_tx bid = sample_bid(&w->s, bidder, 1, 100 + bidder);
    struct gv_tx stamp = sample_stamp(&w->s, 0, w->now_ms * 1000, &bid, 1);

    world_add(w, &enrol);
    world_add(w, &bid);
    world_add(w, &stamp);
}

#endif
