/*
 * sync_pull.c - what is asked of peers beside headers and blocks: tips,
 * mempools, votes, and stamps for bids.
 */
#include <stdlib.h>

#include "src/net/sync_impl.h"

#define POOL_PAUSE_MS 2000
#define VOTES_PAUSE_MS 2000
/* Clocks of one machine only, but arrival and commit are not one moment. */
#define POOL_OVERLAP_MS 10000
/* By then gossip that left before an answer has come, or is lost. */
#define GOSSIP_LAG_MS 300
#define SUBMIT_TRIES 3

/* --- tips --- */

void
gv_pull_tips(struct gv_sync *s, struct gv_sync_session *p,
             const struct gv_msg *m)
{
    struct gv_tip tip;
    bool restarted;

    if (m->kind != GV_MSG_TIPS) {
        gv_sync_blame(s, p->id, 20, "not the tips asked for");
        return;
    }
    restarted = p->epoch != 0 && p->epoch != m->u.tips.epoch;
    p->epoch = m->u.tips.epoch;
    p->chains = m->u.tips.chains;
    p->seen = m->u.tips.seq;
    for (uint16_t i = 0; i < m->u.tips.rows.count; i++) {
        gv_msg_tip_at(&m->u.tips.rows, i, &tip);
        gv_sync_note_tip(s, p, &tip);
    }
    p->tx_lost = p->tx_lost || restarted;
    if (!p->told || restarted)
        p->tx_heard = m->u.tips.txs;
    p->tx_due = m->u.tips.txs;
    p->tx_due_ms = s->now_ms + GOSSIP_LAG_MS;
    p->told_ms = m->u.tips.time_ms;
    if (p->again || restarted) {
        p->again = false;
        p->seen = 0;
        gv_sync_ask_tips(s, p);
    } else if (m->u.tips.seq < m->u.tips.head) {
        gv_sync_ask_tips(s, p);
    } else {
        p->told = true;
    }
}

/* --- mempools --- */

static void
ask_pool(struct gv_sync *s, struct gv_sync_session *p,
         const struct gv_chain_id *from, uint32_t skip)
{
    struct gv_msg m = {.kind = GV_MSG_GETPOOL};

    m.u.getpool.chain = *from;
    m.u.getpool.skip = skip;
    m.u.getpool.only = s->filters > 0;
    m.u.getpool.since_ms = p->pool_since_ms;
    p->pooling = gv_sync_ask(s, p->id, GV_OPEN_POOL, &m) != NULL;
}

void
gv_pull_pool(struct gv_sync *s, struct gv_sync_session *p,
             const struct gv_msg *m)
{
    struct gv_chain_id chain;
    struct gv_reader r;
    struct gv_bytes raw;

    if (m->kind != GV_MSG_POOL) {
        gv_sync_blame(s, p->id, 20, "not the mempool asked for");
        return;
    }
    r = gv_reader(m->u.pool.txs.body);
    while (gv_msg_next(&r, &raw)) {
        if (raw.len < 34) {
            gv_sync_blame(s, p->id, 20, "malformed transaction");
            return;
        }
        memcpy(chain.b, raw.p + 2, 32);
        if (gv_sync_is_followed(s, &chain) &&
            gv_state_chain(s->opt.state, &chain) != NULL)
            s->opt.host.tx(s->opt.host.arg, p->id, raw);
    }
    if (m->u.pool.more && m->u.pool.txs.count > 0) {
        ask_pool(s, p, &m->u.pool.chain, m->u.pool.skip);
    } else if (++p->pool_at < s->filters) {
        memcpy(chain.b, s->filter + 32u * p->pool_at, 32);
        ask_pool(s, p, &chain, 0);
    }
}

/* The mempool is asked for once the chains it builds on are here. */
void
gv_pull_tick(struct gv_sync *s, struct gv_sync_session *p)
{
    struct gv_chain_id first = {{0}};

    if (p->tx_heard < p->tx_due && s->now_ms >= p->tx_due_ms) {
        p->tx_lost = true;
        p->tx_heard = p->tx_due;
    }

    if (!p->tx_lost || !p->told || p->pooling || s->fetches > 0 ||
        s->queued > 0 || s->now_ms < p->pool_next_ms)
        return;
    p->tx_lost = false;
    p->pool_next_ms = s->now_ms + POOL_PAUSE_MS;
    p->pool_since_ms = p->pool_mark_ms;
    p->pool_mark_ms =
        p->told_ms > POOL_OVERLAP_MS ? p->told_ms - POOL_OVERLAP_MS : 0;
    p->pool_at = 0;
    if (s->filters > 0)
        memcpy(first.b, s->filter, 32);
    ask_pool(s, p, &first, 0);
}

void
gv_sync_tx_result(struct gv_sync *s, uint64_t session, enum gv_rc rc,
                  const struct gv_reject *why)
{
    struct gv_sync_session *p = gv_sync_session(s, session);

    if (p == NULL || rc != GV_REJECT)
        return;
    if (why->code == GV_MISSING_PARENT)
        p->tx_lost = true;
    else if (why->code == GV_BAD_ENCODING || why->code == GV_BAD_SIGNATURE ||
             why->code == GV_WRONG_CHAIN)
        gv_sync_blame(s, session, 20, "invalid transaction");
}

/* --- votes --- */

void
gv_pull_ask_votes(struct gv_sync *s, struct gv_sync_session *p,
                  const struct gv_chain_id *chain)
{
    struct gv_msg m = {.kind = GV_MSG_GETVOTES};

    if (GV_ID_EQ(&p->votes_chain, chain) && s->now_ms < p->votes_ms)
        return;
    p->votes_chain = *chain;
    p->votes_ms = s->now_ms + VOTES_PAUSE_MS;
    m.u.getvotes.chain = *chain;
    (void)gv_sync_ask(s, p->id, GV_OPEN_VOTES, &m);
}

void
gv_pull_votes(struct gv_sync *s, struct gv_sync_session *p,
              const struct gv_msg *m)
{
    struct gv_bytes raw;
    struct gv_reader r;
    struct gv_msg one;

    if (m->kind != GV_MSG_VOTES) {
        gv_sync_blame(s, p->id, 20, "not the votes asked for");
        return;
    }
    r = gv_reader(m->u.votes.votes.body);
    while (gv_msg_next(&r, &raw)) {
        if (gv_msg_decode(GV_MSG_VOTE, raw, &one, NULL) != GV_OK) {
            gv_sync_blame(s, p->id, 50, "malformed vote");
            return;
        }
        gv_relay_vote(s, p, &one.u.vote);
    }
}

/* --- SUBMIT --- */

void
gv_sync_answer(struct gv_sync *s, uint64_t session, uint32_t request,
               const struct gv_sync_answer *a)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMITTED};

    if (a->accepted) {
        m.u.submitted.stamp = a->stamp;
        m.u.submitted.receipt = a->receipt;
    } else {
        m.kind = GV_MSG_REJECT;
        m.u.reject.code = (uint16_t)a->why.code;
        m.u.reject.index = a->why.index;
        m.u.reject.have = a->why.have;
        m.u.reject.want = a->why.want;
        m.u.reject.field = a->field;
        if (a->why.field != NULL)
            m.u.reject.field = gv_bytes(a->why.field, strlen(a->why.field));
        m.u.reject.text = a->text;
    }
    (void)gv_sync_send(s, session, request, &m);
}

static bool
ask_submit(struct gv_sync *s, uint64_t session, struct gv_sync_request *was)
{
    struct gv_msg m = {.kind = GV_MSG_SUBMIT};
    struct gv_sync_request *r;

    m.u.submit.raw = gv_bytes(was->raw, was->raw_len);
    r = gv_sync_ask(s, session, GV_OPEN_SUBMIT, &m);
    if (r == NULL)
        return false;
    r->user = was->user;
    r->raw = was->raw;
    r->raw_len = was->raw_len;
    r->tries = was->tries + 1;
    return true;
}

bool
gv_sync_submit(struct gv_sync *s, struct gv_bytes raw, void *user,
               uint64_t now_ms)
{
    struct gv_sync_session *p = gv_sync_other(s, 0, 0, GV_ROLE_STAMPS);
    struct gv_sync_request new = {.user = user, .raw_len = raw.len};

    s->now_ms = now_ms;
    if (p == NULL || raw.len == 0 || raw.len > GV_TX_MAX)
        return false;
    new.raw = malloc(raw.len);
    if (new.raw == NULL)
        return false;
    memcpy(new.raw, raw.p, raw.len);
    if (ask_submit(s, p->id, &new))
        return true;
    free(new.raw);
    return false;
}

/* It stamps, but not for this auction: another one may. */
static bool
ask_another(struct gv_sync *s, struct gv_sync_request *r,
            const struct gv_msg *m)
{
    struct gv_sync_session *p;

    if (m->kind == GV_MSG_SUBMITTED || m->u.reject.code != GV_NOT_SIGNER ||
        r->tries >= SUBMIT_TRIES)
        return false;
    p = gv_sync_other(s, r->session, 0, GV_ROLE_STAMPS);
    return p != NULL && p->id != r->session && ask_submit(s, p->id, r);
}

void
gv_pull_submitted(struct gv_sync *s, struct gv_sync_request *r,
                  const struct gv_msg *m)
{
    struct gv_sync_answer a = {0};
    struct gv_sync_session *p;

    if (m == NULL) {
        p = r->tries < SUBMIT_TRIES
                ? gv_sync_other(s, r->session, 0, GV_ROLE_STAMPS)
                : NULL;
        if (p == NULL)
            p = r->tries < SUBMIT_TRIES ? gv_sync_session(s, r->session) : NULL;
        if (p != NULL && ask_submit(s, p->id, r))
            return;
        s->opt.host.submitted(s->opt.host.arg, r->user, NULL);
    } else if (ask_another(s, r, m)) {
        return;
    } else if (m->kind == GV_MSG_SUBMITTED) {
        a.accepted = true;
        a.stamp = m->u.submitted.stamp;
        a.receipt = m->u.submitted.receipt;
        s->opt.host.submitted(s->opt.host.arg, r->user, &a);
    } else {
        a.why = (struct gv_reject){.code = (enum gv_code)m->u.reject.code,
                                   .index = m->u.reject.index,
                                   .have = m->u.reject.have,
                                   .want = m->u.reject.want};
        a.field = m->u.reject.field;
        a.text = m->u.reject.text;
        s->opt.host.submitted(s->opt.host.arg, r->user, &a);
    }
    free(r->raw);
}
