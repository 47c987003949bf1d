/* agent.c - what an agent bids next (wallet/agent.h). */
#include "wallet/agent.h"

const char *
gv_agent_refuses(const struct gv_terms *t)
{
    if (t->direction == GV_REVERSE && (t->flags & GV_MIN_FIRST) == 0 &&
        !gv_terms_sealed(t))
        return "it asks for no highest first bid: there is nothing to start "
               "from";
    return NULL;
}

static uint64_t
plus(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The reference of the steps (A10). */
static uint64_t
reference(const struct gv_terms *t, const struct gv_agent_view *v)
{
    return gv_terms_worth(t, t->reference == GV_REF_HIGHEST ? v->leading
                                                            : v->last);
}

/* The least worth that leads and can win. */
static uint64_t
least(const struct gv_terms *t, const struct gv_agent_view *v)
{
    uint64_t floor = 1;

    if (v->any)
        floor = plus(gv_terms_worth(t, v->leading), 1);
    else if ((t->flags & GV_MIN_FIRST) != 0)
        floor = gv_terms_worth(t, t->min_first);
    if (v->any && (t->flags & GV_MIN_STEP) != 0)
        floor = larger(floor, plus(reference(t, v), t->min_step));
    if (t->reserve != 0)
        floor = larger(floor, gv_terms_worth(t, t->reserve));
    return floor;
}

static bool
leads_enough(const struct gv_terms *t, const struct gv_agent_view *v)
{
    return v->any && v->mine &&
           (t->reserve == 0 ||
            gv_terms_worth(t, v->leading) >= gv_terms_worth(t, t->reserve));
}

static bool
too_early(const struct gv_agent *a, const struct gv_agent_view *v)
{
    return a->strategy == GV_STRATEGY_LATE &&
           (v->close_us == UINT64_MAX ||
            plus(v->now_us, a->before_us) < v->close_us);
}

/* The clock comes down to the limit, or never. */
static enum gv_agent_move
clock_next(const struct gv_agent *a, const struct gv_terms *t,
           const struct gv_agent_view *v, uint64_t *amount)
{
    if (v->any)
        return GV_AGENT_WAIT;
    if (t->clock_floor > a->limit)
        return GV_AGENT_BEATEN;
    if (v->clock > a->limit || too_early(a, v))
        return GV_AGENT_WAIT;
    *amount = a->strategy == GV_STRATEGY_ALL ? a->limit : v->clock;
    return GV_AGENT_BID;
}

/* One bid, of all that the owner would pay: others are not seen. */
static enum gv_agent_move
sealed_next(const struct gv_agent *a, const struct gv_terms *t,
            const struct gv_agent_view *v, uint64_t *amount)
{
    if (v->placed)
        return GV_AGENT_WAIT;
    if (least(t, v) > gv_terms_worth(t, a->limit))
        return GV_AGENT_BEATEN;
    if (too_early(a, v))
        return GV_AGENT_WAIT;
    *amount = a->limit;
    return GV_AGENT_BID;
}

uint64_t
gv_agent_final(const struct gv_agent *a, const struct gv_terms *t)
{
    return a->final == 0 || gv_terms_better(t, a->final, a->limit) ? a->limit
                                                                   : a->final;
}

/* Would the bid of a final round be better than what leads now, and enough? */
static bool
final_can_win(const struct gv_agent *a, const struct gv_terms *t,
              const struct gv_agent_view *v)
{
    uint64_t own = gv_agent_final(a, t);
    bool first = (t->flags & GV_MIN_FIRST) != 0;

    return (v->any ? gv_terms_better(t, own, v->leading)
                   : !first || gv_terms_better(t, own, t->min_first)) &&
           (t->reserve == 0 || !gv_terms_better(t, t->reserve, own));
}

/* One bid, that nobody sees; also of who leads, whom another one may better
 * unseen. */
static enum gv_agent_move
final_next(const struct gv_agent *a, const struct gv_terms *t,
           const struct gv_agent_view *v, uint64_t *amount)
{
    if (v->placed)
        return GV_AGENT_WAIT;
    if (!final_can_win(a, t, v))
        return leads_enough(t, v) ? GV_AGENT_WAIT : GV_AGENT_BEATEN;
    if (too_early(a, v))
        return GV_AGENT_WAIT;
    *amount = gv_agent_final(a, t);
    return GV_AGENT_BID;
}

/* No open bid of the agent's can lead. */
static enum gv_agent_move
outbid(const struct gv_agent *a, const struct gv_terms *t,
       const struct gv_agent_view *v)
{
    if (leads_enough(t, v) ||
        (gv_terms_final_round(t) && final_can_win(a, t, v)))
        return GV_AGENT_WAIT;
    return GV_AGENT_BEATEN;
}

enum gv_agent_move
gv_agent_next(const struct gv_agent *a, const struct gv_terms *t,
              const struct gv_agent_view *v, uint64_t *amount)
{
    uint64_t limit = gv_terms_worth(t, a->limit), floor, want;

    if (v->now_us > v->close_us)
        return GV_AGENT_WAIT;
    if (v->round)
        return final_next(a, t, v, amount);
    if (gv_terms_dutch(t))
        return clock_next(a, t, v, amount);
    if (gv_terms_sealed(t))
        return sealed_next(a, t, v, amount);
    if (leads_enough(t, v) && !(a->strategy == GV_STRATEGY_ALL &&
                                gv_terms_worth(t, v->leading) < limit))
        return GV_AGENT_WAIT;
    floor = least(t, v);
    if (floor > limit)
        return outbid(a, t, v);
    if (too_early(a, v))
        return GV_AGENT_WAIT;
    want = a->strategy == GV_STRATEGY_ALL ? limit : floor;
    if (v->any && a->step != 0)
        want = larger(want, plus(gv_terms_worth(t, v->leading), a->step));
    if (want > limit)
        want = limit;
    if (v->any && (t->flags & GV_MAX_STEP) != 0 &&
        want > plus(reference(t, v), t->max_step))
        want = plus(reference(t, v), t->max_step);
    *amount = gv_terms_worth(t, want);
    return GV_AGENT_BID;
}
