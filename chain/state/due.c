/* due.c - what has to be done without being asked: housekeeping, and which
 * chains need the node's services.
 *
 * Only chains that are awake are looked at, each tick, which is why those that
 * sleep may be as many as there ever were: an auction sleeps when it is over
 * and not in memory. */
#include <stdlib.h>

#include "chain/state/impl.h"
#include "chain/state/lapse.h"
#include "chain/state/vec.h"

#define UNLOAD_AFTER_MS 30000

/* The first place whose chain is not below c, by id. */
static size_t
awake_place(const struct gv_state *s, const struct gv_chain *c)
{
    size_t low = 0, high = s->awakes;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (GV_ID_CMP(&s->awake[mid]->id, &c->id) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

enum gv_rc
gv_chain_wake(struct gv_state *s, struct gv_chain *c)
{
    size_t at;

    if (c->awake)
        return GV_OK;
    if (!gv_vec_room(&s->awake, s->awakes, &s->awake_cap, sizeof(*s->awake)))
        return gv_state_fail(s, "out of memory");
    at = awake_place(s, c);
    memmove(s->awake + at + 1, s->awake + at,
            (s->awakes - at) * sizeof(*s->awake));
    s->awake[at] = c;
    s->awakes++;
    c->awake = true;
    return GV_OK;
}

/* Let those sleep that have nothing to do until they are loaded again. */
static void
let_sleep(struct gv_state *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->awakes; i++) {
        struct gv_chain *c = s->awake[i];

        if (c->loaded || !gv_summary_over(&c->sum))
            s->awake[kept++] = c;
        else
            c->awake = false;
    }
    s->awakes = kept;
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
    if (e->tx.kind == GV_TX_BID || e->tx.kind == GV_TX_CLOSE)
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

enum gv_rc
gv_state_tick(struct gv_state *s, uint64_t now_ms)
{
    for (size_t i = 0; i < s->awakes; i++) {
        struct gv_chain *c = s->awake[i];

        if (c->pool.count > 0 && c->loaded)
            drop_stale(s, c, now_ms);
        if (c->loaded && (gv_watch_tick(s, c, now_ms) != GV_OK ||
                          gv_chain_tick(s, c, now_ms) != GV_OK))
            return GV_FAULT;
        if (c->loaded && !c->registry && c->pool.count == 0 &&
            gv_book_ended(c->book) && now_ms > c->used_ms + UNLOAD_AFTER_MS)
            gv_chain_unload(c);
    }
    let_sleep(s);
    gv_record_trim_journal(s);
    return GV_OK;
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
