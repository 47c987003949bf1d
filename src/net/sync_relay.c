/*
 * sync_relay.c - gossip: what the state reports, told on after the commit, and
 * what peers tell.
 */
#include <stdlib.h>

#include "src/net/sync_impl.h"

#define TXS_BYTES (1u << 20)

/* --- noted until the commit --- */

void
gv_relay_note(struct gv_sync *s, enum gv_msg_kind kind,
              const struct gv_chain_id *chain, struct gv_bytes body)
{
    struct gv_outgoing *o = malloc(sizeof(*o) + body.len);

    if (o == NULL) {
        gv_sync_fail(s);
        return;
    }
    *o = (struct gv_outgoing){.kind = kind, .chain = *chain, .len = body.len};
    memcpy(o->bytes, body.p, body.len);
    *s->out_last = o;
    s->out_last = &o->next;
}

void
gv_relay_drop(struct gv_sync *s)
{
    struct gv_outgoing *next;

    for (struct gv_outgoing *o = s->out_first; o != NULL; o = next) {
        next = o->next;
        free(o);
    }
    s->out_first = NULL;
    s->out_last = &s->out_first;
}

void
gv_sync_tip(struct gv_sync *s, const struct gv_chain *chain)
{
    struct gv_sync_chain *c = gv_sync_chain_get(s, &chain->id);

    if (c == NULL || c->dirty)
        return;
    c->dirty = true;
    c->dirty_ms = s->now_ms;
    c->tell = NULL;
    *s->tell_last = c;
    s->tell_last = &c->tell;
}

void
gv_sync_tx(struct gv_sync *s, const struct gv_chain *chain, struct gv_bytes raw)
{
    gv_compact_recent(s, raw);
    gv_relay_note(s, GV_MSG_TXS, &chain->id, raw);
}

void
gv_sync_tx_again(struct gv_sync *s, const struct gv_chain *chain,
                 struct gv_bytes raw)
{
    if (s->again++ < GV_SYNC_AGAIN)
        gv_sync_tx(s, chain, raw);
    else
        s->tx_seq++;
}

void
gv_sync_vote(struct gv_sync *s, const struct gv_signed_vote *v)
{
    struct gv_msg m = {.kind = GV_MSG_VOTE};
    uint8_t raw[256];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    m.u.vote = *v;
    gv_msg_put(&sink, &m);
    s->vote[s->votes++ % GV_SYNC_VOTES] = *v;
    gv_relay_note(s, GV_MSG_VOTE, &v->chain, gv_bytes(raw, sink.len));
}

/* --- after the commit --- */

static void
publish_tip(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_chain *chain = gv_state_chain(s->opt.state, &c->id);
    struct gv_msg m = {.kind = GV_MSG_ANN};

    c->told_ms = s->now_ms;
    if (chain == NULL)
        return;
    gv_sync_chain_changed(s, c);
    gv_sync_tip_of(chain, &m.u.ann.tip);
    m.u.ann.seq = c->seq;
    gv_sync_publish(s, &m);
}

/* A chain that is being fetched changes faster than anybody wants to hear. It
 * is told when the fetch ends; but a peer that drags a fetch out must not
 * silence the chain for long. A clock that was set back delays nothing. */
static bool
may_tell(const struct gv_sync *s, const struct gv_sync_chain *c)
{
    if (c->fetch != NULL)
        return s->now_ms >= c->dirty_ms + GV_SYNC_TELL_LATE_MS ||
               s->now_ms < c->dirty_ms;
    return s->now_ms >= c->told_ms + GV_SYNC_TELL_MS || s->now_ms < c->told_ms;
}

/* The tips that changed, each as it is now. */
static void
publish_tips(struct gv_sync *s)
{
    struct gv_sync_chain *c = s->tell_first, *next;

    s->tell_first = NULL;
    s->tell_last = &s->tell_first;
    for (; c != NULL; c = next) {
        next = c->tell;
        c->tell = NULL;
        c->dirty = !may_tell(s, c);
        if (!c->dirty) {
            publish_tip(s, c);
            continue;
        }
        *s->tell_last = c;
        s->tell_last = &c->tell;
    }
}

/* Transactions of one chain that follow each other leave as one package. */
static struct gv_outgoing *
publish_txs(struct gv_sync *s, struct gv_outgoing *first)
{
    struct gv_bytes item[GV_MSG_TXS_MAX];
    struct gv_msg m = {.kind = GV_MSG_TXS};
    struct gv_outgoing *o = first;
    size_t bytes = 0;

    while (o != NULL && o->kind == GV_MSG_TXS &&
           GV_ID_EQ(&o->chain, &first->chain) &&
           m.u.txs.txs.count < GV_MSG_TXS_MAX && bytes < TXS_BYTES) {
        item[m.u.txs.txs.count++] = gv_bytes(o->bytes, o->len);
        bytes += o->len;
        o = o->next;
    }
    s->tx_seq += m.u.txs.txs.count;
    m.u.txs.chain = first->chain;
    m.u.txs.seq = s->tx_seq;
    m.u.txs.txs.item = item;
    gv_sync_publish(s, &m);
    return o;
}

static void
publish_raw(struct gv_sync *s, const struct gv_outgoing *o)
{
    s->opt.link.publish(s->opt.link.arg, o->kind, gv_bytes(o->bytes, o->len));
}

/* Blocks first: the votes and FINALs made for them say nothing to whom they
 * reach before. What is as new as the block is in it whole (N30). */
enum gv_rc
gv_sync_flush(struct gv_sync *s, uint64_t now_ms)
{
    struct gv_outgoing *o;

    s->now_ms = now_ms;
    for (o = s->out_first; o != NULL; o = o->next)
        if (o->kind == GV_MSG_COMPACT)
            publish_raw(s, o);
    o = s->out_first;
    while (o != NULL) {
        if (o->kind == GV_MSG_TXS) {
            o = publish_txs(s, o);
            continue;
        }
        if (o->kind != GV_MSG_COMPACT)
            publish_raw(s, o);
        o = o->next;
    }
    gv_relay_drop(s);
    s->again = 0;
    publish_tips(s); /* behind the blocks, which then need no question */
    return s->rc;
}

/* --- gossip in --- */

struct gv_ann_slot *
gv_relay_slot(struct gv_sync *s, struct gv_sync_session *p,
              const struct gv_chain_id *chain)
{
    uint32_t tag = gv_le32(chain->b), second = (uint32_t)(s->now_ms / 1000);
    struct gv_ann_slot *slot = &p->ann[tag % GV_SYNC_ANN_SLOTS];

    if (slot->tag != tag || slot->second != second)
        *slot = (struct gv_ann_slot){.tag = tag, .second = second};
    return slot;
}

static void
take_ann(struct gv_sync *s, struct gv_sync_session *p, const struct gv_msg *m)
{
    struct gv_ann_slot *slot = gv_relay_slot(s, p, &m->u.ann.tip.chain);

    /* A second with more costs a point, not each: a line that stood still
     * brings those of many seconds at once. */
    if (++slot->count == GV_SYNC_ANNS_PER_S + 1)
        gv_sync_blame(s, p->id, 1, "too many announcements");
    if (slot->count > GV_SYNC_ANNS_PER_S)
        return;
    if (m->u.ann.seq == p->seen + 1) {
        p->seen++;
    } else if (m->u.ann.seq > p->seen && s->opt.follow_all && p->told) {
        gv_sync_ask_tips(s, p); /* something was lost on the way */
    }
    gv_sync_note_tip(s, p, &m->u.ann.tip);
}

void
gv_relay_want(struct gv_sync *s, uint64_t session,
              const struct gv_chain_id *chain,
              const struct gv_sealed_id *sealed)
{
    struct gv_tip tip = {.chain = *chain, .sealed = *sealed};

    gv_sync_want(s, session, &tip);
}

struct gv_chain *
gv_relay_header(struct gv_sync *s, struct gv_sync_session *p,
                struct gv_bytes raw, struct gv_sealed_header *h)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_chain *chain;

    gv_sealed_header_get(&r, h);
    if (r.failed || h->header.height == 0 ||
        gv_sync_is_worked(s, h, NULL) != GV_OK) {
        gv_sync_blame(s, p->id, 100, "invalid block");
        return NULL;
    }
    if (!gv_sync_is_followed(s, &h->header.chain))
        return NULL;
    chain = gv_state_chain(s->opt.state, &h->header.chain);
    if (chain && gv_sync_is_known(s, chain, h->header.height, &h->sealed_id))
        return NULL;
    if (chain == NULL || !gv_sync_has_parent(s, chain, &h->header)) {
        gv_relay_want(s, p->id, &h->header.chain, &h->sealed_id);
        return NULL;
    }
    if (gv_chain_load(s->opt.state, chain, s->now_ms) != GV_OK) {
        gv_sync_fail(s);
        return NULL;
    }
    return chain;
}

static struct gv_pushed *
free_push(struct gv_sync *s)
{
    for (size_t i = 0; i < GV_SYNC_PUSHED; i++)
        if (s->pushed[i].session == 0)
            return &s->pushed[i];
    return NULL;
}

void
gv_relay_push(struct gv_sync *s, uint64_t session,
              const struct gv_sealed_header *h, struct gv_bytes raw,
              uint8_t *compact, size_t compact_len)
{
    struct gv_pushed *push = free_push(s);

    if (push == NULL) {
        free(compact);
        gv_relay_want(s, session, &h->header.chain, &h->sealed_id);
        return;
    }
    *push = (struct gv_pushed){.session = session,
                               .chain = h->header.chain,
                               .sealed = h->sealed_id,
                               .compact = compact,
                               .compact_len = compact_len};
    s->opt.host.block(s->opt.host.arg, session, raw);
}

/* A whole block. It goes to the host if its parent is here; else it names a
 * tip to fetch. */
static void
take_block(struct gv_sync *s, struct gv_sync_session *p, const struct gv_msg *m)
{
    struct gv_sealed_header h;

    if (gv_relay_header(s, p, m->u.block.raw, &h) != NULL)
        gv_relay_push(s, p->id, &h, m->u.block.raw, NULL, 0);
}

static void
take_txs(struct gv_sync *s, struct gv_sync_session *p, const struct gv_msg *m)
{
    struct gv_reader r = gv_reader(m->u.txs.txs.body);
    struct gv_bytes raw;

    if (m->u.txs.seq > p->tx_heard + m->u.txs.txs.count && p->told &&
        s->opt.follow_all)
        p->tx_lost = true;
    if (m->u.txs.seq > p->tx_heard)
        p->tx_heard = m->u.txs.seq;
    if (gv_state_chain(s->opt.state, &m->u.txs.chain) == NULL) {
        /* The chain comes first, then its mempool. */
        p->tx_lost = p->tx_lost || gv_sync_is_followed(s, &m->u.txs.chain);
        return;
    }
    p->tx_lost = p->tx_lost || s->now_ms < p->tx_deaf_ms;
    while (s->now_ms >= p->tx_deaf_ms && gv_msg_next(&r, &raw)) {
        if (raw.len < 34 || memcmp(raw.p + 2, m->u.txs.chain.b, 32) != 0) {
            gv_sync_blame(s, p->id, 20, "transaction of another chain");
            return;
        }
        s->opt.host.tx(s->opt.host.arg, p->id, raw);
    }
}

void
gv_relay_vote(struct gv_sync *s, struct gv_sync_session *p,
              const struct gv_signed_vote *v)
{
    if (gv_state_chain(s->opt.state, &v->chain) != NULL &&
        s->now_ms >= p->deaf_ms)
        s->opt.host.vote(s->opt.host.arg, p->id, v);
}

void
gv_relay_gossip(struct gv_sync *s, struct gv_sync_session *p,
                const struct gv_msg *m)
{
    if (m->kind == GV_MSG_ANN)
        take_ann(s, p, m);
    else if (m->kind == GV_MSG_BLOCK)
        take_block(s, p, m);
    else if (m->kind == GV_MSG_TXS)
        take_txs(s, p, m);
    else if (m->kind == GV_MSG_COMPACT)
        gv_compact_take(s, p, m);
    else
        gv_relay_vote(s, p, &m->u.vote);
}

/* --- pushed blocks --- */

static void
refused(struct gv_sync *s, const struct gv_pushed *push,
        const struct gv_reject *why)
{
    char text[160];

    gv_log_info(s->opt.log, "sync", "a pushed block is refused",
                GV_U("session", push->session),
                GV_X("chain", push->chain.b, 32),
                GV_S("why", gv_reject_text(why, text, sizeof(text))));
    gv_sync_blame(s, push->session, gv_fetch_points(why), "invalid block");
}

enum gv_rc
gv_sync_block_result(struct gv_sync *s, uint64_t session,
                     const struct gv_sealed_id *sealed, enum gv_rc rc,
                     const struct gv_reject *why, uint64_t now_ms)
{
    struct gv_pushed push;

    s->now_ms = now_ms;
    if (gv_bodies_result(s, session, sealed, rc, why))
        return s->rc;
    for (size_t i = 0; i < GV_SYNC_PUSHED; i++) {
        if (session == 0 || s->pushed[i].session != session ||
            !GV_ID_EQ(&s->pushed[i].sealed, sealed))
            continue;
        push = s->pushed[i];
        s->pushed[i] = (struct gv_pushed){0};
        s->fetched += rc == GV_OK;
        if (rc == GV_OK && push.compact != NULL)
            gv_compact_tell(s, &push.chain, sealed,
                            gv_bytes(push.compact, push.compact_len));
        free(push.compact);
        /* Held or without its parent: the fetch knows how to wait. */
        if (rc == GV_ABSENT || (rc == GV_REJECT && why->code == GV_ORPHAN))
            gv_relay_want(s, push.session, &push.chain, sealed);
        else if (rc == GV_REJECT)
            refused(s, &push, why);
        break;
    }
    return s->rc;
}
