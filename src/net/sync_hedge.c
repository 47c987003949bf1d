/*
 * sync_hedge.c - headers that do not come in their peer's usual time are asked
 * of another peer beside it, and whoever answers first counts.
 *
 * Whose answer is late may be slow, or mute, or its packet was lost: nobody
 * knows for seconds, and one question for a few headers is cheap. So that a
 * line which is full is not asked for more, a question has one hedge at most
 * and all fetches together have few.
 */
#include "src/net/sync_impl.h"

/* RFC 6298, 2: a smoothed time and its variation, gains 1/8 and 1/4, and four
 * variations of patience. Times are whole milliseconds, at least one. */
void
gv_fetch_note_time(struct gv_sync_session *p, uint64_t took_ms)
{
    uint64_t ms = took_ms > 0 ? took_ms : 1;
    uint64_t off = ms > p->usual_ms ? ms - p->usual_ms : p->usual_ms - ms;

    if (p->usual_ms == 0) {
        p->usual_ms = ms;
        p->spread_ms = (ms + 1) / 2;
        return;
    }
    p->spread_ms = (3 * p->spread_ms + off + 3) / 4;
    p->usual_ms = (7 * p->usual_ms + ms + 7) / 8;
}

static uint64_t
own_patience(const struct gv_sync_session *p)
{
    return p->usual_ms + 4 * p->spread_ms;
}

/* Of a peer that has not answered anything yet: the most that any other has. */
uint64_t
gv_fetch_patience(const struct gv_sync *s, const struct gv_sync_session *p)
{
    uint64_t ms = own_patience(p);

    for (size_t i = 0; i < s->sessions && p->usual_ms == 0; i++)
        if (own_patience(s->session[i]) > ms)
            ms = own_patience(s->session[i]);
    if (ms == 0 || ms > GV_SYNC_HEDGE_LATE_MS)
        return GV_SYNC_HEDGE_LATE_MS;
    return ms < GV_SYNC_HEDGE_MS ? GV_SYNC_HEDGE_MS : ms;
}

static unsigned
open_hedges(const struct gv_sync *s)
{
    unsigned n = 0;

    for (size_t i = 0; i < s->fetches; i++)
        n += s->active[i]->fetch->hedge != 0;
    return n;
}

void
gv_fetch_promote(struct gv_fetch *f)
{
    f->session = f->hedge;
    f->hedge = 0;
    f->asked_ms = f->hedge_ms;
}

/* Who was asked first has had the time that all have. An answer that comes
 * later still counts while the other's has not come. */
static void
pass_over(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;
    struct gv_sync_session *now = gv_sync_session(s, f->session), *p;

    if (now != NULL)
        gv_fetch_note_slow(s, now);
    if (f->hedge == 0) {
        p = gv_fetch_quick_holder(s, c, f->session);
        if (p != NULL && f->count > 0)
            gv_fetch_ask_instead(s, c, p);
        else if (p != NULL)
            gv_fetch_ask_beside(s, c, p);
    }
    if (f->hedge != 0)
        gv_fetch_promote(f);
}

void
gv_hedge_tick(struct gv_sync *s, struct gv_sync_chain *c)
{
    struct gv_fetch *f = c->fetch;
    struct gv_sync_session *p, *now = gv_sync_session(s, f->session);

    if (!f->wants_headers || f->asked == 0)
        return;
    if (s->now_ms >= f->asked_ms + GV_SYNC_SLOW_MS) {
        pass_over(s, c);
        return;
    }
    /* A list that was begun is its peer's: there is nothing to ask beside it.
     */
    if (f->hedge != 0 || f->count > 0 || now == NULL ||
        s->now_ms < f->asked_ms + gv_fetch_patience(s, now) ||
        open_hedges(s) >= GV_SYNC_HEDGES)
        return;
    p = gv_fetch_quick_holder(s, c, f->session);
    if (p != NULL)
        gv_fetch_ask_beside(s, c, p);
}

void
gv_hedge_won(struct gv_sync *s, struct gv_fetch *f, uint64_t session)
{
    struct gv_sync_session *late;

    if (session == f->hedge) {
        late = gv_sync_session(s, f->session);
        if (late != NULL && !gv_fetch_is_slow(s, late)) {
            gv_fetch_note_slow(s, late);
            late->outrun = true;
        }
    }
    f->session = session;
    f->hedge = 0;
}
