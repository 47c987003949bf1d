/* due.c - what has to be done without being asked: housekeeping, and which
 * chains need the node's services.
 *
 * Chains that are awake are looked at each tick; the others may be as many as
 * there ever were. What is in memory is awake. An auction that was not used
 * for a while leaves memory when nothing is on its way in it, and sleeps until
 * it is loaded again, or until its end, where a CUTOFF is due (R6); one that
 * rests (chain.h) sleeps for ever. */
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/lapse.h"
#include "chain/state/vec.h"

#define UNLOAD_AFTER_MS 30000

/* In one tick, which nobody shall notice. */
#define UNLOADS_MAX 64

#define NEVER UINT64_MAX

enum gv_rc
gv_chain_wake(struct gv_state *s, struct gv_chain *c)
{
    if (c->awake)
        return GV_OK;
    if (!gv_chains_put(&s->awake, &s->awakes, &s->awake_cap, c))
        return gv_state_fail(s, "out of memory");
    c->awake = true;
    return GV_OK;
}

/* When a chain that is not in memory has something to do. */
static uint64_t
due_ms(const struct gv_chain *c)
{
    const struct gv_chain_summary *m = &c->sum;
    uint64_t us =
        m->close_us < m->cutoff_after_us ? m->close_us : m->cutoff_after_us;

    if (m->rests)
        return NEVER;
    return c->registry || m->cutoff_height ? 0 : us / 1000;
}

static enum gv_rc
sleep_until_due(struct gv_state *s, struct gv_chain *c)
{
    uint64_t due = due_ms(c);

    c->awake = false;
    if (due < s->next_due_ms)
        s->next_due_ms = due;
    if (due == NEVER || c->asleep)
        return GV_OK;
    if (!gv_vec_room(&s->asleep, s->sleepers, &s->asleep_cap,
                     sizeof(struct gv_chain *)))
        return gv_state_fail(s, "out of memory");
    s->asleep[s->sleepers++] = c;
    c->asleep = true;
    return GV_OK;
}

static enum gv_rc
wake_due(struct gv_state *s, uint64_t now_ms)
{
    size_t kept = 0;
    enum gv_rc rc = GV_OK;

    if (now_ms < s->next_due_ms)
        return GV_OK;
    s->next_due_ms = NEVER;
    for (size_t i = 0; i < s->sleepers; i++) {
        struct gv_chain *c = s->asleep[i];
        uint64_t due = due_ms(c);

        c->asleep = !c->awake && due != NEVER && now_ms < due;
        if (!c->asleep && !c->awake && due != NEVER && rc == GV_OK)
            rc = gv_chain_wake(s, c);
        if (c->asleep)
            s->asleep[kept++] = c;
        if (c->asleep && due < s->next_due_ms)
            s->next_due_ms = due;
    }
    s->sleepers = kept;
    return rc;
}

/* Let those sleep that have nothing to do, wake those that have. */
static enum gv_rc
take_turns(struct gv_state *s, uint64_t now_ms)
{
    size_t kept = 0;
    enum gv_rc rc = GV_OK;

    for (size_t i = 0; i < s->awakes; i++) {
        struct gv_chain *c = s->awake[i];

        if (c->loaded || due_ms(c) <= now_ms || rc != GV_OK)
            s->awake[kept++] = c;
        else
            rc = sleep_until_due(s, c);
    }
    s->awakes = kept;
    return rc == GV_OK ? wake_due(s, now_ms) : rc;
}

/* A FINAL that nobody mines does not come again: whoever voted for it is bound
 * (V1), and votes from what it justifies have no use without it (C6). So it
 * waits for as long as it may be wanted, which is not behind the end (R8). */
static bool
is_needed(const struct gv_chain *c, const struct gv_vote *link)
{
    uint32_t node = gv_tree_find(&c->tree, &link->target);

    if (node == GV_NOWHERE || (!c->registry && gv_book_ended(c->book)))
        return false;
    return gv_spine_height(c->spine, &link->target) != GV_NOWHERE ||
           c->tree.node[node].height > c->sum.final_height;
}

/* A STAMP leaves with its deadline (R2) and an ENROL with its credential (C1);
 * bids are lapse.c's, and anything else leaves when it waited for far too
 * long. */
static bool
is_stale(const struct gv_pool_tx *e, uint64_t now_ms)
{
    const struct gv_chain *c = e->chain;
    uint64_t d_ms = c->registry ? 60000 : c->book->open->terms.d_ms;
    uint64_t wait_ms = d_ms > 10000 ? d_ms : 10000;

    if (e->tx.kind == GV_TX_STAMP)
        return now_ms * 1000 > e->facts->tst[0].time_us + d_ms * 1000;
    if (e->tx.kind == GV_TX_ENROL)
        return now_ms > gv_enrol_ends_ms(&e->tx.u.enrol);
    if (e->tx.kind == GV_TX_BID || e->tx.kind == GV_TX_CLOSE ||
        (e->tx.kind == GV_TX_FINAL && is_needed(c, &e->tx.u.final.link)))
        return false;
    return now_ms > e->arrived_ms + 10 * wait_ms + 600000;
}

static void
drop_stale(struct gv_state *s, struct gv_chain *c, uint64_t now_ms)
{
    struct gv_pool_tx *e, *next;

    for (int i = 0; i < GV_POOL_CLASSES; i++) {
        for (e = c->pool.of[i].first; e; e = next) {
            next = e->next;
            if (is_stale(e, now_ms))
                gv_admit_drop(s, e);
        }
    }
    if (!c->registry)
        gv_lapse_tick(s, c, now_ms);
}

/* FINALs wait in the mempool for the next block of an auction, which may be
 * long in coming; nobody looks at them before. */
static bool
only_finals_wait(const struct gv_chain *c)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_NOTICES].first;
    size_t n = 0;

    for (; e && e->tx.kind == GV_TX_FINAL; e = e->next)
        n++;
    return n == c->pool.count;
}

/* A vote of this node's own validator for a block above the tip, which others
 * gave back to it: after a restore nothing else says that it must not vote for
 * another one there (V5). */
static bool
owes_own_vote(const struct gv_chain *c)
{
    const struct gv_ballot *b = c->ballot;

    for (size_t i = 0; i < b->count; i++)
        if ((b->tally[i].voted & b->own) &&
            b->tally[i].link.target_height > c->sum.height)
            return true;
    return false;
}

/* May it leave memory? Nothing that only memory has may be lost: a vote that
 * counts for a block that is not justified yet, or binds this node, a bid that
 * blocks may leave out (V4: for 2D), a transaction in the mempool. */
static bool
is_quiet(const struct gv_chain *c, uint64_t now_ms)
{
    uint64_t unused_ms = now_ms - (now_ms < c->used_ms ? now_ms : c->used_ms);

    if (c->registry || c->looking || unused_ms <= UNLOAD_AFTER_MS)
        return false;
    if (c->sum.rests)
        return c->pool.count == 0;
    return c->sum.cutoff_height == 0 && only_finals_wait(c) &&
           GV_ID_EQ(&c->sum.justified, &c->sum.tip) && !owes_own_vote(c) &&
           due_ms(c) > now_ms + UNLOAD_AFTER_MS &&
           unused_ms > UNLOAD_AFTER_MS + 4 * c->book->open->terms.d_ms;
}

enum gv_rc
gv_state_tick(struct gv_state *s, uint64_t now_ms)
{
    uint64_t most = s->unloaded + UNLOADS_MAX;

    for (size_t i = 0; i < s->awakes; i++) {
        struct gv_chain *c = s->awake[i];

        if (!c->loaded)
            continue;
        if (c->pool.count > 0)
            drop_stale(s, c, now_ms);
        if (gv_watch_tick(s, c, now_ms) != GV_OK ||
            gv_chain_tick(s, c, now_ms) != GV_OK)
            return GV_FAULT;
        if (s->unloaded < most && is_quiet(c, now_ms)) {
            gv_chain_unload(c);
            s->unloaded++;
        }
    }
    if (take_turns(s, now_ms) != GV_OK)
        return GV_FAULT;
    gv_record_trim_journal(s);
    return GV_OK;
}

uint64_t
gv_state_unloaded(const struct gv_state *s)
{
    return s->unloaded;
}

static bool
issued_waits(const struct gv_chain *c)
{
    const struct gv_pool_tx *e = c->pool.of[GV_POOL_DEEDS].first;

    for (; e; e = e->next)
        if (e->tx.kind == GV_TX_ISSUED)
            return true;
    return false;
}

size_t
gv_state_issued_due(struct gv_state *s, uint64_t now_ms, uint64_t retry_ms,
                    struct gv_chain **out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < s->awakes && n < cap; i++) {
        struct gv_chain *c = s->awake[i];

        if (c->registry || c->sum.cutoff_height ||
            c->sum.close_us > now_ms * 1000 ||
            now_ms < c->issued_asked_ms + retry_ms)
            continue;
        if (gv_chain_load(s, c, now_ms) != GV_OK)
            return n;
        if (gv_book_check_issued(c->book, NULL) == GV_OK && !issued_waits(c))
            out[n++] = c;
    }
    return n;
}

size_t
gv_state_openings(struct gv_state *s, struct gv_chain **out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < s->awakes && n < cap; i++) {
        const struct gv_chain_summary *m = &s->awake[i]->sum;

        if (m->sealed && m->settled_height && !m->opened_height)
            out[n++] = s->awake[i];
    }
    return n;
}

size_t
gv_state_cutoffs_due(struct gv_state *s, uint64_t now_ms, uint64_t retry_ms,
                     struct gv_chain **out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < s->awakes && n < cap; i++) {
        struct gv_chain *c = s->awake[i];

        if (c->registry || c->sum.stalled ||
            now_ms * 1000 <= c->sum.cutoff_after_us ||
            now_ms < c->cutoff_asked_ms + retry_ms)
            continue;
        if (gv_chain_load(s, c, now_ms) != GV_OK)
            return n;
        out[n++] = c;
    }
    return n;
}
