/*
 * sync_pull.c - what is asked of peers beside headers and blocks: tips,
 * mempools, votes.
 */
#include <stdlib.h>

#include "src/net/sync_impl.h"

#define POOL_PAUSE_MS 2000
#define VOTES_PAUSE_MS 2000
#define VOTES_TRIES 8
/* Clocks of one machine only, but arrival and commit are not one moment. */
#define POOL_OVERLAP_MS 10000
/* By then gossip that left before an answer has come, or is lost. */
#define GOSSIP_LAG_MS 300

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
        p->more = s->queued > GV_SYNC_QUEUE / 2;
        if (!p->more)
            gv_sync_ask_tips(s, p);
    } else {
        p->told = true;
    }
}

/* --- votes --- */

/* Gossip of votes is lost like all gossip, and so are answers; tips are told
 * again only when they change. Blocks come first: a vote for an unknown one
 * says nothing. */
static void
ask_votes(struct gv_sync *s, struct gv_sync_session *p,
          struct gv_ballot_want *w)
{
    const struct gv_chain *chain = gv_state_chain(s->opt.state, &w->chain);
    const struct gv_sync_chain *c = gv_sync_chain_find(s, &w->chain);
    struct gv_msg m = {.kind = GV_MSG_GETVOTES};

    if (w->next_ms == 0 || s->now_ms < w->next_ms)
        return;
    if (chain == NULL || chain->sum.justified_height >= w->justified ||
        w->tries == VOTES_TRIES) {
        w->next_ms = 0;
        return;
    }
    w->next_ms = s->now_ms + VOTES_PAUSE_MS;
    if (c != NULL && (c->fetch != NULL || c->queued))
        return;
    m.u.getvotes.chain = w->chain;
    if (gv_sync_ask(s, p->id, GV_OPEN_VOTES, &m) != NULL)
        w->tries++;
}

void
gv_pull_want_votes(struct gv_sync *s, struct gv_sync_session *p,
                   const struct gv_tip *t)
{
    struct gv_ballot_want *w = p->ballot;

    for (size_t i = 0; i < GV_SYNC_BALLOTS; i++) {
        struct gv_ballot_want *at = &p->ballot[i];

        if (at->next_ms != 0 && GV_ID_EQ(&at->chain, &t->chain)) {
            w = at;
            break;
        }
        /* Else a free one, or the one that was asked most often. */
        if (w->next_ms != 0 && (at->next_ms == 0 || at->tries > w->tries))
            w = at;
    }
    if (w->next_ms == 0 || !GV_ID_EQ(&w->chain, &t->chain))
        *w = (struct gv_ballot_want){.chain = t->chain, .next_ms = s->now_ms};
    if (t->justified > w->justified) {
        w->justified = t->justified;
        w->tries = 0;
    }
    ask_votes(s, p, w);
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

/* --- mempools --- */

void
gv_pull_pool_failed(struct gv_sync_session *p)
{
    p->tx_lost = true;
    p->pool_mark_ms = p->pool_since_ms;
}

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
    if (!p->pooling)
        gv_pull_pool_failed(p);
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
    if (s->now_ms < p->tx_deaf_ms) {
        gv_pull_pool_failed(p);
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

    for (size_t i = 0; i < GV_SYNC_BALLOTS; i++)
        ask_votes(s, p, &p->ballot[i]);
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

/* Is it what nobody sends who knows the rules? */
static bool
is_wrong(const struct gv_reject *why)
{
    return why->code == GV_BAD_ENCODING || why->code == GV_BAD_SIGNATURE ||
           why->code == GV_WRONG_CHAIN || why->code == GV_BAD_SEAL;
}

/* What came too late, or twice, is nobody's fault, but each costs signatures.
 * Whoever sends much of it has its mempool asked for later. */
void
gv_sync_tx_result(struct gv_sync *s, uint64_t session, enum gv_rc rc,
                  const struct gv_reject *why)
{
    struct gv_sync_session *p = gv_sync_session(s, session);

    if (p == NULL || rc != GV_REJECT)
        return;
    if (is_wrong(why)) {
        gv_sync_blame(s, session, 20, "invalid transaction");
        return;
    }
    if (why->code == GV_MISSING_PARENT)
        p->tx_lost = true;
    if (!gv_bucket_take(&p->stale, 1, s->now_ms))
        p->tx_deaf_ms = s->now_ms + GV_SYNC_DEAF_MS;
}

void
gv_sync_vote_result(struct gv_sync *s, uint64_t session, enum gv_rc rc,
                    const struct gv_reject *why)
{
    struct gv_sync_session *p = gv_sync_session(s, session);

    if (p == NULL || rc != GV_REJECT)
        return;
    if (is_wrong(why))
        gv_sync_blame(s, session, 20, "invalid vote");
    else if (why->code == GV_ORPHAN &&
             !gv_bucket_take(&p->orphans, 1, s->now_ms))
        p->deaf_ms = s->now_ms + GV_SYNC_DEAF_MS;
}
