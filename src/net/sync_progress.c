/* sync_progress.c - how far the fetches are, for status and log. */
#include "src/net/sync_impl.h"

#define SPAN_MS 2000 /* over which the rate is taken */
#define SAY_MS 5000  /* between two lines, and before the first */

/* The fetch that lacks most blocks, if its headers are known. */
static void
add_fetch(struct gv_sync_status *out, const struct gv_sync_chain *c)
{
    const struct gv_fetch *f = c->fetch;
    uint32_t lacking = (uint32_t)(f->count - f->next);

    out->held += f->retry_ms != 0;
    if (lacking <= out->lacking)
        return;
    out->lacking = lacking;
    out->chain = c->id;
    out->headers = f->first_height + (uint32_t)f->count - 1;
    out->height = lacking > out->headers ? 0 : out->headers - lacking;
}

void
gv_sync_status(const struct gv_sync *s, struct gv_sync_status *out)
{
    *out = (struct gv_sync_status){.behind = s->fetches + s->queued,
                                   .sessions = s->sessions,
                                   .fetched = s->fetched,
                                   .rate = s->pace.rate};
    for (size_t i = 0; i < s->sessions; i++)
        out->told = out->told || s->session[i]->told;
    for (size_t i = 0; i < s->fetches; i++)
        add_fetch(out, s->active[i]);
}

static void
measure(struct gv_sync *s)
{
    struct gv_sync_pace *p = &s->pace;
    uint64_t span = s->now_ms - p->from_ms;

    if (p->from_ms != 0 && s->now_ms >= p->from_ms && span < SPAN_MS)
        return;
    if (p->from_ms != 0 && s->now_ms > p->from_ms)
        p->rate = (unsigned)((s->fetched - p->from_fetched) * 1000 / span);
    p->from_ms = s->now_ms;
    p->from_fetched = s->fetched;
}

static void
say(struct gv_sync *s, const struct gv_sync_status *now)
{
    s->pace.said_ms = s->now_ms;
    gv_log_info(s->opt.log, "sync", "catching up", GV_U("chains", now->behind),
                GV_X("chain", now->chain.b, 8), GV_U("height", now->height),
                GV_U("headers", now->headers), GV_U("fetched", now->fetched),
                GV_U("blocks_per_s", now->rate), GV_U("peers", now->sessions));
}

/* What was behind for long enough to be told of is told to be here. */
static void
say_done(struct gv_sync *s)
{
    struct gv_sync_pace *p = &s->pace;

    if (p->said_ms != 0)
        gv_log_info(s->opt.log, "sync", "caught up",
                    GV_U("blocks", s->fetched - p->behind_fetched),
                    GV_U("seconds", (s->now_ms - p->behind_ms) / 1000));
    p->behind_ms = p->said_ms = 0;
}

void
gv_progress_tick(struct gv_sync *s)
{
    struct gv_sync_pace *p = &s->pace;
    struct gv_sync_status now;

    measure(s);
    gv_sync_status(s, &now);
    if (now.behind == now.held) { /* these wait for their time alone (R1) */
        say_done(s);
        return;
    }
    if (p->behind_ms == 0 || s->now_ms < p->behind_ms) {
        p->behind_ms = s->now_ms;
        p->behind_fetched = s->fetched;
    }
    if (s->now_ms >= (p->said_ms != 0 ? p->said_ms : p->behind_ms) + SAY_MS)
        say(s, &now);
}
