/* loop_net.c - the sync as a part of the chain thread: what it hands over and
 * what comes back. */
#include <stdlib.h>

#include "src/base/secret.h"
#include "src/loop_impl.h"

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

static void
from_peer(struct gv_loop *l, uint64_t session, uint32_t request,
          struct gv_bytes raw, bool is_block)
{
    struct gv_ticket *t = gv_ticket_new(GV_TICKET_PEER, raw);

    if (!t) {
        gv_loop_fail(l, "out of memory");
        return;
    }
    t->session = session;
    t->request = request;
    if (request)
        t->what = GV_SUBMIT_BID;
    gv_loop_submit(l, t, is_block);
}

static void
peer_block(void *arg, uint64_t session, struct gv_bytes raw)
{
    from_peer(arg, session, 0, raw, true);
}

static void
peer_tx(void *arg, uint64_t session, struct gv_bytes raw)
{
    from_peer(arg, session, 0, raw, false);
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
    gv_sync_tx_result(l->sync, session, rc, &why);
}

static void
peer_submit(void *arg, uint64_t session, uint32_t request, struct gv_bytes raw)
{
    from_peer(arg, session, request, raw, false);
}

static int
by_leaf(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* Is it a good STAMP of this bid's auction, and does it list this bid? The
 * peer that sent it is not believed. */
static enum gv_rc
check_stamp(struct gv_loop *l, struct gv_bytes raw_bid,
            struct gv_bytes raw_stamp, struct gv_tx_facts *facts,
            struct gv_reject *why)
{
    struct gv_tx bid, stamp;
    const struct gv_chain *c;
    uint8_t leaf[32];
    enum gv_rc rc = gv_tx_decode(raw_bid, &bid, why);

    if (rc == GV_OK)
        rc = gv_tx_decode(raw_stamp, &stamp, why);
    if (rc != GV_OK)
        return rc;
    c = gv_state_chain(l->state, &bid.chain);
    if (!c || !c->loaded || stamp.kind != GV_TX_STAMP ||
        !GV_ID_EQ(&stamp.chain, &bid.chain))
        return gv_refuse(why, GV_BAD_STAMP, "stamp", 0, 0);
    if (bid.kind == GV_TX_BID)
        memcpy(leaf, bid.u.bid.leaf, 32);
    else
        gv_stamp_leaf(GV_TX_CLOSE, bid.u.close.id.b, &bid.u.close.sig, leaf);
    if (!bsearch(leaf, stamp.u.stamp.leaves, stamp.u.stamp.count, 32, by_leaf))
        return gv_refuse(why, GV_BAD_STAMP, "stamp.leaves", 0, 0);
    return gv_tx_verify(&stamp, c->pins, l->opt.keys, facts, why);
}

/* A service elsewhere stamped a bid of a wallet of this node: the bid and its
 * stamp enter here too before the wallet is told. */
static void
enter_stamped(struct gv_loop *l, struct gv_ticket *t,
              const struct gv_sync_answer *a)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_bytes bid = gv_bytes(t->raw, t->len);
    struct gv_tx_facts facts;
    enum gv_rc rc = gv_state_add_tx(l->state, bid, l->now_ms, &why);

    if (rc == GV_OK)
        rc = gv_state_add_tx(l->state, a->stamp, l->now_ms, &why);
    /* It may have come by gossip, or stand in a block by now. */
    if (rc == GV_REJECT && why.code == GV_DUPLICATE)
        rc = GV_OK;
    if (rc == GV_OK)
        rc = check_stamp(l, bid, a->stamp, &facts, &why);
    if (rc == GV_OK)
        gv_loop_acknowledge(l, t, a->stamp, a->receipt, facts.tst[0].time_us);
    else
        gv_ticket_reject(l, t, rc, &why);
}

static void
submitted(void *arg, void *user, const struct gv_sync_answer *a)
{
    struct gv_loop *l = arg;
    struct gv_ticket *t = user, **at = &l->away;
    struct gv_reject why = {.index = GV_NO_INDEX};

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    if (a && a->accepted) {
        enter_stamped(l, t, a);
        return;
    }
    if (a)
        why = a->why;
    if (a && gv_bytes_eq(a->field, gv_bytes("rate", 4)))
        why.field = "rate";
    t->unserved = !a;
    if (!a)
        gv_refuse(&why, GV_BAD_STAMP, "no stamping service answers", 0, 0);
    gv_ticket_reject(l, t, GV_REJECT, &why);
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
