/* lapse.c - stamped bids that missed their blocks. */
#include "chain/state/lapse.h"

#include "chain/state/book_impl.h"

#define PAUSE_MS UINT64_C(1000) /* after the first offer; doubles */
#define DOUBLINGS 6
#define UNSTAMPED_MS 10000 /* at least, for stamps that are on their way */
#define PARTLY_MS 1000     /* at most, for those of the other authorities */

static bool
in_time(const struct gv_chain *c, uint64_t t_us, uint64_t now_ms)
{
    return t_us != UINT64_MAX &&
           now_ms * 1000 <= t_us + c->book->open->terms.d_ms * UINT64_C(1000);
}

/* Write it to the journal anew, so that what stands before it there can be
 * cut away. */
static void
journal_again(struct gv_state *s, struct gv_pool_tx *e)
{
    gv_pool_renew(&s->pool, e);
    gv_record_journal(s, e);
}

void
gv_lapse_stamped(struct gv_state *s, struct gv_pool_tx *e, uint64_t time_us)
{
    if (e->stamped_us)
        return;
    e->stamped_us = time_us;
    journal_again(s, e);
}

/* Peers that gave it up meanwhile need it before its stamp. */
void
gv_lapse_wake(struct gv_state *s, struct gv_pool_tx *e, uint64_t now_ms)
{
    if (e->class != GV_POOL_LAPSED)
        return;
    if (!in_time(e->chain, e->t_us, now_ms)) {
        e->t_us = UINT64_MAX;
        return;
    }
    gv_pool_move(&e->chain->pool, e, GV_POOL_BIDS);
    e->arrived_ms = now_ms;
    if (s->opt.events.tx)
        s->opt.events.tx(s->opt.events.arg, e->chain, gv_bytes(e->raw, e->len));
}

/* Has it waited for too long, for its block or for its stamps? Where several
 * authorities date it, their stamps do not come at once. */
static bool
is_late(const struct gv_pool_tx *e, uint64_t now_ms)
{
    const struct gv_open *open = e->chain->book->open;
    uint64_t d_ms = open->terms.d_ms;
    uint64_t wait_ms = d_ms > UNSTAMPED_MS ? d_ms : UNSTAMPED_MS;

    if (e->t_us != UINT64_MAX)
        return !in_time(e->chain, e->t_us, now_ms);
    if (e->stamped_us && open->authority_count == 1)
        return true;
    if (e->stamped_us)
        wait_ms = d_ms / 4 < PARTLY_MS ? d_ms / 4 : PARTLY_MS;
    return now_ms > e->arrived_ms + wait_ms;
}

static void
lapse(struct gv_state *s, struct gv_pool_tx *e, uint64_t now_ms)
{
    if (!is_late(e, now_ms))
        return;
    gv_admit_forget_late(e->chain, e, now_ms);
    if (in_time(e->chain, e->t_us, now_ms))
        return;
    if (!e->stamped_us) {
        gv_admit_drop(s, e);
        return;
    }
    e->t_us = UINT64_MAX;
    e->retry_ms = now_ms;
    e->tries = 0;
    gv_pool_move(&e->chain->pool, e, GV_POOL_LAPSED);
    journal_again(s, e);
}

/* What stamps on the chain say of its time: later ones can only lower it. */
static bool
is_fixed(const struct gv_chain *c, const struct gv_pool_tx *e, bool *final)
{
    const struct gv_book *b = c->book;
    uint32_t leaf = gv_book_find_leaf(b, e->leaf), info, newest;
    uint64_t t_us;

    *final = false;
    if (leaf == GV_NOWHERE ||
        !gv_book_time_above(b, &b->leaf[leaf], e->floor_us, &t_us, &info))
        return false;
    newest = b->mark[b->leaf[leaf].mark].stamp;
    *final = gv_book_stamp_height(b, newest) <= c->sum.final_height;
    return true;
}

static bool
can_never_count(const struct gv_chain *c, const struct gv_pool_tx *e,
                uint64_t now_ms)
{
    uint32_t bidder;

    if (c->sum.stalled) /* nobody can stamp it any more (C11) */
        return true;
    if (e->tx.kind == GV_TX_CLOSE)
        return c->book->closed;
    if (gv_book_find_bid(c->book, &e->tx.u.bid.id) != GV_NOWHERE)
        return true;
    bidder = gv_book_find_bidder(c->book, &e->tx.u.bid.bidder);
    return bidder != GV_NOWHERE &&
           now_ms > c->book->bidder[bidder].not_after_ms;
}

/* To whoever can have it stamped again. */
static bool
offer(struct gv_state *s, const struct gv_pool_tx *e)
{
    const struct gv_state_events *to = &s->opt.events;

    return !to->missed ||
           to->missed(to->arg, e->chain, gv_bytes(e->raw, e->len), e->tries);
}

/* Blocks may have brought stamps that never waited here. */
static void
meet_stamps(struct gv_state *s, struct gv_pool_tx *e, uint64_t now_ms)
{
    if (e->t_us != UINT64_MAX)
        return;
    gv_admit_forget_late(e->chain, e, now_ms);
    gv_lapse_wake(s, e, now_ms);
}

static void
retry(struct gv_state *s, struct gv_pool_tx *e, uint64_t now_ms)
{
    bool final, fixed;

    if (now_ms < e->retry_ms)
        return;
    meet_stamps(s, e, now_ms);
    if (e->class != GV_POOL_LAPSED)
        return;
    fixed = is_fixed(e->chain, e, &final);
    if (final || can_never_count(e->chain, e, now_ms)) {
        gv_admit_drop(s, e);
        return;
    }
    /* While the chain stands on this branch, a stamp would not help. */
    if (!fixed && !offer(s, e))
        return;
    e->retry_ms =
        now_ms + (PAUSE_MS << (e->tries < DOUBLINGS ? e->tries : DOUBLINGS));
    if (e->tries++ > 0)
        journal_again(s, e);
}

void
gv_lapse_tick(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    bool news = c->settled_stamps != c->book->stamps;
    struct gv_pool_tx *e, *next;

    c->settled_stamps = c->book->stamps;
    for (e = c->pool.of[GV_POOL_BIDS].first; e; e = next) {
        next = e->next;
        if (news)
            meet_stamps(s, e, now_ms);
        lapse(s, e, now_ms);
    }
    for (e = c->pool.of[GV_POOL_LAPSED].first; e; e = next) {
        next = e->next;
        if (news)
            meet_stamps(s, e, now_ms);
        if (e->class == GV_POOL_LAPSED)
            retry(s, e, now_ms);
    }
}
