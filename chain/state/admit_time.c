/* admit_time.c - trusted times of what waits in the mempool (R2). */
#include <stdlib.h>

#include "chain/state/book_impl.h"
#include "chain/state/impl.h"
#include "chain/state/lapse.h"
#include "chain/state/vec.h"

/* Does the STAMP list the leaf? Its leaves ascend. */
static int
cmp32(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool
lists(const struct gv_tx_stamp *s, const uint8_t leaf32[32])
{
    return bsearch(leaf32, s->leaves, s->count, 32, cmp32) != NULL;
}

/* Stamps later than floor_us with one leaf, those of the chain before those of
 * the pool. */
struct listed {
    const struct gv_chain *c;
    const struct gv_pool_tx *e;
    uint64_t floor_us;
    uint32_t mark; /* of the chain */
    size_t at;     /* of the pool */
};

static struct listed
listed_from(const struct gv_chain *c, const struct gv_pool_tx *e,
            uint64_t floor_us)
{
    uint32_t leaf = gv_book_find_leaf(c->book, e->leaf);

    return (struct listed){
        c, e, floor_us,
        leaf == GV_NOWHERE ? GV_NOWHERE : c->book->leaf[leaf].mark, 0};
}

static bool
mark_next(struct listed *l, struct gv_pool_mark *out)
{
    const struct gv_book *b = l->c->book;

    if (l->mark != GV_NOWHERE) {
        const struct gv_book_stamp *s = &b->stamp[b->mark[l->mark].stamp];

        l->mark = b->mark[l->mark].next;
        out->time_us = s->time_us;
        memcpy(out->info_hash, s->info_hash, 32);
        out->authority = s->authority;
        return true;
    }
    if (l->at >= l->e->marks)
        return false;
    *out = l->e->mark[l->at++];
    return true;
}

static bool
listed_next(struct listed *l, struct gv_pool_mark *out)
{
    while (mark_next(l, out))
        if (out->time_us > l->floor_us)
            return true;
    return false;
}

/* The need-th smallest of each authority's smallest time; UINT64_MAX: fewer
 * have stamped it. */
static uint64_t
time_of(struct listed l, unsigned need)
{
    uint64_t time[GV_AUTHORITIES_MAX], t = UINT64_MAX;
    struct gv_pool_mark m;
    uint32_t seen = 0;

    while (listed_next(&l, &m)) {
        if (!(seen >> m.authority & 1) || m.time_us < time[m.authority])
            time[m.authority] = m.time_us;
        seen |= UINT32_C(1) << m.authority;
    }
    if ((unsigned)__builtin_popcount(seen) < need)
        return UINT64_MAX;
    for (; need > 0; need--) {
        int best = -1;

        for (int a = 0; a < GV_AUTHORITIES_MAX; a++)
            if (seen >> a & 1 && (best < 0 || time[a] < time[best]))
                best = a;
        t = time[best];
        seen &= ~(UINT32_C(1) << best);
    }
    return t;
}

/* The floor follows from the recent block alone: once known it stays. */
static void
settle_floor(const struct gv_chain *c, struct gv_pool_tx *e)
{
    uint32_t recent;

    if (e->floor_us != UINT64_MAX)
        return;
    recent = gv_spine_height(c->spine, &e->tx.u.bid.recent);
    if (recent != GV_NOWHERE)
        e->floor_us = c->spine->at[recent].max_gen_us;
}

/* t of a waiting BID or CLOSE from the stamps of chain and mempool (R2), and
 * the stamp that makes its tie (O1). Stamps at or below its floor make no
 * time, but it was stamped. */
static void
settle_time(const struct gv_chain *c, struct gv_pool_tx *e)
{
    unsigned need = gv_open_f(c->book->open) + 1;
    struct gv_pool_mark m, tie = {.authority = UINT8_MAX};
    struct listed l;

    settle_floor(c, e);
    l = listed_from(c, e, e->floor_us);
    e->t_us = time_of(l, need);
    if (e->t_us == UINT64_MAX) {
        uint64_t below_us = time_of(listed_from(c, e, 0), need);

        /* Too few have stamped it: then it is kept for the others. */
        if (below_us == UINT64_MAX)
            below_us = time_of(listed_from(c, e, 0), 1);
        if (!e->stamped_us && below_us != UINT64_MAX)
            e->stamped_us = below_us;
        return;
    }
    e->stamped_us = e->t_us;
    while (listed_next(&l, &m))
        if (m.time_us == e->t_us &&
            (m.authority < tie.authority ||
             (m.authority == tie.authority &&
              memcmp(m.info_hash, tie.info_hash, 32) < 0)))
            tie = m;
    memcpy(e->info_hash, tie.info_hash, 32);
}

static enum gv_rc
add_mark(struct gv_pool_tx *e, const struct gv_pool_tx *stamp)
{
    struct gv_pool_mark *m;

    if (!gv_vec_room(&e->mark, e->marks, &e->mark_cap, sizeof(*e->mark)))
        return GV_FAULT;
    m = &e->mark[e->marks++];
    m->time_us = stamp->facts->tst[0].time_us;
    memcpy(m->info_hash, stamp->facts->tst[0].info_hash, 32);
    m->authority = stamp->tx.u.stamp.authority;
    return GV_OK;
}

static bool
find_mark(const struct gv_pool_tx *e, uint8_t authority,
          const uint8_t info32[32])
{
    for (size_t i = 0; i < e->marks; i++)
        if (e->mark[i].authority == authority &&
            memcmp(e->mark[i].info_hash, info32, 32) == 0)
            return true;
    return false;
}

/* A new BID or CLOSE: which waiting stamps list it? One whose bids had all
 * come does not list a new one; a bid that comes again may be in any. */
enum gv_rc
gv_admit_find_stamps(struct gv_chain *c, struct gv_pool_tx *e, bool again)
{
    const struct gv_pool_tx *p = c->pool.of[GV_POOL_STAMPS].first;

    for (; p && (again || c->pool.lacking > 0); p = p->next)
        if ((again || p->missing > 0) && lists(&p->tx.u.stamp, e->leaf) &&
            add_mark(e, p) != GV_OK)
            return GV_FAULT;
    settle_time(c, e);
    return GV_OK;
}

/* The bids of a stamp that comes too late were stamped, and may be again. */
void
gv_admit_note_missed(struct gv_state *s, const struct gv_chain *c,
                     const struct gv_tx_stamp *t, uint64_t time_us)
{
    for (unsigned i = 0; i < t->count; i++) {
        struct gv_pool_tx *e =
            gv_pool_find_leaf(&s->pool, t->leaves + (size_t)i * 32);

        if (e && e->chain == c)
            gv_lapse_stamped(s, e, time_us);
    }
}

/* --- blind authorities, which date the same for anybody (R5) --- */

/* Does this STAMP, which waits, date nothing that is known here? */
static bool
is_idle(const struct gv_state *s, const struct gv_chain *c,
        const struct gv_pool_tx *stamp)
{
    const struct gv_tx_stamp *t = &stamp->tx.u.stamp;
    const struct gv_tst_facts *f = &stamp->facts->tst[0];

    for (unsigned i = 0; i < t->count; i++) {
        const uint8_t *leaf = t->leaves + (size_t)i * 32;
        const struct gv_pool_tx *e = gv_pool_find_leaf(&s->pool, leaf);
        uint32_t at = gv_book_find_leaf(c->book, leaf);

        if (e && e->chain == c && find_mark(e, t->authority, f->info_hash))
            return false;
        if (at != GV_NOWHERE && gv_book_needs(c->book, &c->book->leaf[at],
                                              t->authority, f->time_us))
            return false;
    }
    return true;
}

static void
drop_idle(struct gv_state *s, struct gv_chain *c, const struct gv_pool_mark *m)
{
    struct gv_pool_tx *p = c->pool.of[GV_POOL_STAMPS].first;

    while (p && (p->tx.u.stamp.authority != m->authority ||
                 memcmp(p->facts->tst[0].info_hash, m->info_hash, 32) != 0))
        p = p->next;
    if (p && is_idle(s, c, p))
        gv_admit_drop(s, p);
}

/* Is more than half of the time left until its deadline (R2)? */
static bool
is_fresh(const struct gv_chain *c, uint64_t time_us, uint64_t now_ms)
{
    return now_ms * 1000 < time_us + c->book->open->terms.d_ms * 500;
}

/* An earlier STAMP takes the place of its authority's later ones, or whoever
 * asks for many tokens and shows the last one first fills every mempool. One
 * that will soon be too late takes no place of a fresh one: else the bid could
 * be left without any. */
static void
supersede(struct gv_state *s, struct gv_pool_tx *e,
          const struct gv_pool_tx *stamp, uint64_t now_ms)
{
    uint64_t time_us = stamp->facts->tst[0].time_us;
    struct gv_chain *c = stamp->chain;
    bool fresh = is_fresh(c, time_us, now_ms);

    for (size_t i = e->marks; time_us > e->floor_us && i-- > 0;) {
        struct gv_pool_mark m = e->mark[i];

        if (m.authority != stamp->tx.u.stamp.authority ||
            m.time_us <= time_us || (!fresh && is_fresh(c, m.time_us, now_ms)))
            continue;
        e->mark[i] = e->mark[--e->marks];
        drop_idle(s, c, &m);
    }
}

/* A new STAMP dates the waiting bids it lists. */
enum gv_rc
gv_admit_date_listed(struct gv_state *s, struct gv_chain *c,
                     struct gv_pool_tx *stamp, uint64_t now_ms)
{
    const struct gv_tx_stamp *t = &stamp->tx.u.stamp;
    bool blind = gv_open_is_blind(c->book->open);
    uint64_t before_us;

    for (unsigned i = 0; i < t->count; i++) {
        struct gv_pool_tx *e =
            gv_pool_find_leaf(&s->pool, t->leaves + (size_t)i * 32);

        if (!e || e->chain != c) {
            stamp->missing++;
            continue;
        }
        before_us = e->t_us;
        if (blind)
            supersede(s, e, stamp, now_ms);
        if (add_mark(e, stamp) != GV_OK)
            return GV_FAULT;
        settle_time(c, e);
        if (gv_watch_dated(c, e, before_us, now_ms) != GV_OK)
            return GV_FAULT;
        gv_lapse_wake(s, e, now_ms);
    }
    c->pool.lacking += stamp->missing > 0;
    return GV_OK;
}

void
gv_admit_forget_late(const struct gv_chain *c, struct gv_pool_tx *e,
                     uint64_t now_ms)
{
    uint64_t d_us = c->book->open->terms.d_ms * UINT64_C(1000);
    size_t n = 0;

    for (size_t i = 0; i < e->marks; i++)
        if (now_ms * 1000 <= e->mark[i].time_us + d_us)
            e->mark[n++] = e->mark[i];
    e->marks = n;
    settle_time(c, e);
}

/* Has this authority dated it by then, by a STAMP that waits and has as long?
 */
static bool
is_dated(const struct gv_pool_tx *e, uint8_t authority, uint64_t time_us,
         uint64_t now_ms)
{
    bool fresh = is_fresh(e->chain, time_us, now_ms);

    for (size_t i = 0; i < e->marks; i++)
        if (e->mark[i].authority == authority &&
            e->mark[i].time_us > e->floor_us && e->mark[i].time_us <= time_us &&
            (!fresh || is_fresh(e->chain, e->mark[i].time_us, now_ms)))
            return true;
    return false;
}

bool
gv_admit_dates_anything(const struct gv_state *s, const struct gv_chain *c,
                        const struct gv_tx_stamp *t, uint64_t time_us,
                        uint64_t now_ms)
{
    for (unsigned i = 0; i < t->count; i++) {
        const uint8_t *leaf = t->leaves + (size_t)i * 32;
        const struct gv_pool_tx *e = gv_pool_find_leaf(&s->pool, leaf);
        uint32_t at = gv_book_find_leaf(c->book, leaf);

        if (e && e->chain == c && !is_dated(e, t->authority, time_us, now_ms))
            return true;
        if (at != GV_NOWHERE &&
            gv_book_needs(c->book, &c->book->leaf[at], t->authority, time_us))
            return true;
    }
    return false;
}
