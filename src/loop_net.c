/* loop_net.c - the sync as a part of the chain thread: what it hands over and
 * what comes back. */
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/loop_impl.h"
#include "src/refusal.h"

void
gv_block_sealed_id(struct gv_bytes raw, struct gv_sealed_id *out)
{
    struct gv_sealed_header *h = calloc(1, sizeof(*h));
    struct gv_reader r = gv_reader(raw);

    memset(out, 0, sizeof(*out));
    if (!h)
        return;
    gv_sealed_header_get(&r, h);
    if (!r.failed)
        *out = h->sealed_id;
    free(h);
}

static struct gv_ticket *
peer_ticket(struct gv_loop *l, uint64_t session, struct gv_bytes raw)
{
    struct gv_ticket *t = gv_ticket_new(GV_TICKET_PEER, raw);

    if (t)
        t->session = session;
    else
        gv_loop_fail(l, "out of memory");
    return t;
}

static void
peer_block(void *arg, uint64_t session, struct gv_bytes raw)
{
    struct gv_ticket *t = peer_ticket(arg, session, raw);

    if (t)
        gv_loop_submit(arg, t, true);
}

static void
peer_tx(void *arg, uint64_t session, struct gv_bytes raw)
{
    struct gv_ticket *t = peer_ticket(arg, session, raw);

    if (t)
        gv_loop_submit(arg, t, false);
}

static void
peer_vote(void *arg, uint64_t session, const struct gv_signed_vote *v)
{
    struct gv_loop *l = arg;
    struct gv_reject why = {.index = GV_NO_INDEX};
    enum gv_rc rc = gv_state_add_vote(l->state, &v->chain, &v->vote,
                                      v->validator, &v->sig, l->now_ms, &why);

    if (rc == GV_FAULT)
        gv_loop_fail(l, gv_state_error(l->state));
    if (rc == GV_OK) /* new and counted: others may want it too */
        gv_sync_vote(l->sync, v);
    gv_sync_vote_result(l->sync, session, rc, &why);
}

/* Only what is stamped can be submitted (N20). */
static void
peer_submit(void *arg, uint64_t session, uint32_t request, uint64_t nonce,
            struct gv_bytes raw)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_ticket *t = peer_ticket(arg, session, raw);
    enum gv_rc rc;

    if (!t)
        return;
    t->request = request;
    t->nonce = nonce;
    t->what = GV_SUBMIT_BID;
    if (raw.len > 0 && (raw.p[0] == GV_TX_BID || raw.p[0] == GV_TX_CLOSE)) {
        gv_loop_submit(arg, t, false);
        return;
    }
    rc = gv_refuse(&why, GV_NOT_SIGNER, "kind", raw.len > 0 ? raw.p[0] : 0, 0);
    gv_ticket_reject(arg, t, rc, &why);
}

/* Where one chain stands here; no row when it is not known. */
static void
tell_stranger(struct gv_loop *l, uint64_t stranger,
              const struct gv_chain_id *chain)
{
    const struct gv_chain *c = gv_state_chain(l->state, chain);
    struct gv_msg m = {.kind = GV_MSG_TIPS};
    uint8_t row[GV_MSG_TIP_SIZE], *body;
    struct gv_sink sink = gv_sink_buffer(row, sizeof(row));
    struct gv_tip tip;
    size_t len;

    if (c) {
        gv_sync_tip_of(c, &tip);
        gv_msg_tip_put(&sink, &tip);
        m.u.tips.rows = (struct gv_msg_ids){row, 1};
        m.u.tips.chains = 1;
    }
    m.u.tips.time_ms = l->now_ms;
    body = gv_msg_encode(&m, &len);
    if (body)
        (void)gv_net_answer(l->net, stranger, m.kind, gv_bytes(body, len));
    free(body);
}

void
gv_loop_stranger(struct gv_loop *l, const struct gv_net_event *event)
{
    struct gv_chain_id chain;
    struct gv_ticket *t;
    struct gv_msg m;

    if (gv_msg_decode(event->kind, gv_bytes(event->body, event->len), &m,
                      NULL) != GV_OK)
        return; /* the net thread has looked at it */
    if (m.kind == GV_MSG_GETTIPS) {
        memcpy(chain.b, m.u.gettips.chains.p, 32);
        tell_stranger(l, event->session, &chain);
        return;
    }
    t = gv_ticket_new(GV_TICKET_STRANGER, m.u.submit.raw);
    if (!t) {
        gv_loop_fail(l, "out of memory");
        return;
    }
    if (!gv_ticket_stamps(t, m.u.submit.stamps)) {
        gv_loop_fail(l, "out of memory");
        gv_ticket_free(t);
        return;
    }
    t->session = event->session;
    t->nonce = m.u.submit.nonce;
    t->what = m.u.submit.raw.p[0] == GV_TX_ENROL ||
                      m.u.submit.raw.p[0] == GV_TX_OPENING
                  ? GV_SUBMIT_TX
                  : GV_SUBMIT_BID;
    gv_loop_submit(l, t, false);
}

static int
by_leaf(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

enum gv_rc
gv_loop_check_stamp(struct gv_loop *l, struct gv_bytes raw_bid,
                    struct gv_bytes raw_stamp, struct gv_stamp_in *out,
                    struct gv_reject *why)
{
    struct gv_tx_facts facts;
    struct gv_tx bid, stamp;
    struct gv_chain *c;
    uint8_t leaf[32];
    enum gv_rc rc = gv_tx_decode(raw_bid, &bid, why);

    if (rc == GV_OK)
        rc = gv_tx_decode(raw_stamp, &stamp, why);
    if (rc != GV_OK)
        return rc;
    c = gv_state_chain(l->state, &bid.chain);
    if (!c || stamp.kind != GV_TX_STAMP || !GV_ID_EQ(&stamp.chain, &bid.chain))
        return gv_refuse(why, GV_BAD_STAMP, "stamp", 0, 0);
    if (gv_chain_load(l->state, c, l->now_ms) != GV_OK)
        return GV_FAULT;
    gv_loop_leaf(&bid, leaf);
    if (!bsearch(leaf, stamp.u.stamp.leaves, stamp.u.stamp.count, 32, by_leaf))
        return gv_refuse(why, GV_BAD_STAMP, "stamp.leaves", 0, 0);
    rc = gv_tx_verify(&stamp, c->pins, l->opt.keys, &facts, why);
    if (rc == GV_OK) {
        out->authority = stamp.u.stamp.authority;
        out->stamp = raw_stamp;
        out->t_us = facts.tst[0].time_us;
    }
    return rc;
}

enum gv_rc
gv_loop_enter(struct gv_loop *l, struct gv_bytes raw, struct gv_reject *why)
{
    enum gv_rc rc = gv_state_add_tx(l->state, raw, l->now_ms, why);

    return rc == GV_REJECT && why->code == GV_DUPLICATE ? GV_OK : rc;
}

/* A service elsewhere stamped a bid of this node: bid and stamp enter here too
 * before the wallet is told, and nothing before the stamp is known to be good
 * (R5). False: it is none, or an old one, and others are asked. */
static bool
enter_stamped(struct gv_loop *l, struct gv_ticket *t,
              const struct gv_sync_answer *a)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_bytes bid = gv_bytes(t->raw, t->len);
    struct gv_stamp_in in;
    enum gv_rc rc = gv_loop_check_stamp(l, bid, a->stamp, &in, &why);

    if (rc == GV_REJECT)
        return false;
    if (rc == GV_OK)
        rc = gv_loop_enter(l, bid, &why);
    if (rc == GV_OK)
        rc = gv_loop_enter(l, a->stamp, &why);
    if (rc == GV_REJECT && why.code == GV_DEADLINE)
        return false;
    gv_ticket_take(&l->away, t);
    if (rc == GV_OK)
        gv_loop_acknowledge(l, t, a->stamp, a->receipt, in.t_us);
    else
        gv_ticket_reject(l, t, rc, &why);
    return true;
}

/* Whose word is this refusal: the place in OPEN of the authority whose service
 * signed it, or -1. */
static int
whose_word(struct gv_loop *l, const struct gv_ticket *t,
           const struct gv_sync_answer *a)
{
    const struct gv_directory *d = gv_state_registry(l->state)->dir;
    struct gv_refusal r = {.raw = gv_bytes(t->raw, t->len),
                           .nonce = t->nonce,
                           .why = a->why,
                           .field = a->field};
    struct gv_reject why;
    struct gv_chain *c;
    struct gv_tx tx;

    if (gv_tx_decode(r.raw, &tx, &why) != GV_OK)
        return -1;
    c = gv_state_chain(l->state, &tx.chain);
    return c && c->loaded ? gv_refusal_of(&r, a->sig, c->book->open, d,
                                          l->opt.keys, l->now_ms)
                          : -1;
}

static struct gv_reject
refusal_in(const struct gv_sync_answer *a)
{
    struct gv_reject why = a->why;

    if (gv_bytes_eq(a->field, gv_bytes("rate", 4)))
        why.field = "rate";
    return why;
}

/* One of several authorities has answered. */
static bool
collect(struct gv_loop *l, struct gv_ticket *t, const struct gv_sync_answer *a)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_stamp_in in;
    enum gv_rc rc = GV_REJECT;
    bool entered = true;
    int place = -1;

    if (a && a->accepted) {
        rc = gv_loop_check_stamp(l, gv_bytes(t->raw, t->len), a->stamp, &in,
                                 &why);
        if (rc == GV_OK) {
            rc = gv_loop_enter_bid(l, t, &why);
            entered = rc == GV_OK;
        }
        if (rc == GV_OK)
            rc = gv_loop_enter(l, a->stamp, &why);
        if (rc == GV_FAULT)
            gv_loop_fail(l, gv_state_error(l->state));
        in.receipt = a->receipt;
    }
    if (rc == GV_OK) {
        gv_collect_stamp(l, t, &in);
        return true;
    }
    /* This node refuses the bid, whatever its stamp. */
    if (!entered) {
        gv_collect_refused(l, t, rc == GV_REJECT ? &why : NULL, -1);
        return true;
    }
    if (!a || a->accepted || a->why.code == GV_ACCEPTED) {
        gv_collect_refused(l, t, NULL, -1);
        return false;
    }
    why = refusal_in(a);
    place = whose_word(l, t, a);
    gv_collect_refused(l, t, &why, place);
    return place >= 0;
}

/* Nobody waits for a bid that this node hands over by itself: it is offered
 * again. */
static void
give_up(struct gv_loop *l, struct gv_ticket *t)
{
    gv_ticket_take(&l->away, t);
    if (t->kind == GV_TICKET_OWN) {
        gv_ticket_free(t);
        return;
    }
    t->unserved = !t->refused;
    if (t->unserved)
        gv_refuse(&t->why, GV_NOT_SIGNER, "stamping service", 0, 0);
    gv_ticket_reject(l, t, GV_REJECT, &t->why);
}

static bool
submitted(void *arg, void *user, const struct gv_sync_answer *a)
{
    struct gv_loop *l = arg;
    struct gv_ticket *t = user;

    if (t->collect)
        return collect(l, t, a);
    if (a && a->accepted)
        return enter_stamped(l, t, a);
    if (a && a->why.code != GV_ACCEPTED) {
        t->refused = true;
        t->why = refusal_in(a);
    }
    if (a && whose_word(l, t, a) < 0)
        return false;
    give_up(l, t);
    return true;
}

enum gv_rc
gv_loop_make_sync(struct gv_loop *l)
{
    struct gv_sync_options o = {0};

    o.state = l->state;
    o.link = gv_sync_link(l->net);
    o.host = (struct gv_sync_host){l,         peer_block,  peer_tx,
                                   peer_vote, peer_submit, submitted};
    if (!l->stamper)
        o.host.submit = NULL;
    o.log = l->opt.log;
    if (gv_random(&o.epoch, sizeof(o.epoch)) != GV_OK)
        return GV_FAULT;
    o.follow_all = l->opt.follow_all;
    o.follow = l->opt.follow;
    o.follow_count = l->opt.follow_count;
    l->sync = gv_sync_new(&o);
    return l->sync ? GV_OK : GV_FAULT;
}
