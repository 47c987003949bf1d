/* clock.c - the falling price of a Dutch auction (gavel/clock.h; rule A30). */
#include "gavel/clock.h"

#include "chain/rules/fold_judge.h"

#define STEP_MAX_MS (UINT32_C(7) * 24 * 3600 * 1000)

/* Steps until the price is no more than amount, which is at least the floor;
 * the last one may be a short one. */
static uint64_t
steps_to(const struct gv_terms *t, uint64_t amount)
{
    uint64_t fall = t->clock_start > amount ? t->clock_start - amount : 0;

    if (t->clock_drop == 0)
        return fall == 0 ? 0 : UINT64_MAX;
    return fall / t->clock_drop + (fall % t->clock_drop != 0);
}

/* The microsecond of a step; UINT64_MAX where it does not fit. */
static uint64_t
step_at(const struct gv_terms *t, uint64_t opening_ms, uint64_t step)
{
    if (t->clock_step_ms != 0 && step > UINT64_MAX / t->clock_step_ms)
        return UINT64_MAX;
    return fold_time_us(opening_ms, step * t->clock_step_ms);
}

/* Whole steps since the opening. */
static uint64_t
steps_by(const struct gv_terms *t, uint64_t opening_ms, uint64_t t_us)
{
    uint64_t opening_us = fold_time_us(opening_ms, 0);

    if (t_us < opening_us || t->clock_step_ms == 0)
        return 0;
    return (t_us - opening_us) / fold_time_us(t->clock_step_ms, 0);
}

uint64_t
gv_clock_price(const struct gv_terms *t, uint64_t opening_ms, uint64_t t_us)
{
    uint64_t steps = steps_by(t, opening_ms, t_us);

    if (steps >= steps_to(t, t->clock_floor))
        return t->clock_floor;
    return t->clock_start - steps * t->clock_drop;
}

uint64_t
gv_clock_next_us(const struct gv_terms *t, uint64_t opening_ms, uint64_t t_us)
{
    uint64_t steps = steps_by(t, opening_ms, t_us);

    if (steps >= steps_to(t, t->clock_floor))
        return UINT64_MAX;
    return step_at(t, opening_ms, steps + 1);
}

uint64_t
gv_clock_reaches_us(const struct gv_terms *t, uint64_t opening_ms,
                    uint64_t amount)
{
    if (amount < t->clock_floor)
        return UINT64_MAX;
    return step_at(t, opening_ms, steps_to(t, amount));
}

uint64_t
gv_clock_length_ms(const struct gv_terms *t)
{
    uint64_t steps = fold_sum(steps_to(t, t->clock_floor), 1);

    if (t->clock_step_ms != 0 && steps > UINT64_MAX / t->clock_step_ms)
        return UINT64_MAX;
    return steps * t->clock_step_ms;
}

enum gv_rc
gv_clock_check(const struct gv_terms *t, struct gv_reject *why)
{
    const struct {
        bool bad;
        const char *field;
        uint64_t have, want;
    } checks[] = {
        {(t->flags & GV_MIN_FIRST) != 0, "terms.min_first", t->min_first, 0},
        {(t->flags & GV_MIN_STEP) != 0, "terms.min_step", t->min_step, 0},
        {(t->flags & GV_MAX_STEP) != 0, "terms.max_step", t->max_step, 0},
        {(t->flags & GV_PER_BIDDER) != 0, "terms.per_bidder", t->per_bidder, 0},
        {(t->flags & GV_TOTAL) != 0, "terms.total_cap", t->total_cap, 0},
        {t->pricing != GV_PRICE_FIRST, "terms.pricing", t->pricing,
         GV_PRICE_FIRST},
        {t->visibility != GV_VISIBLE_OPEN, "terms.visibility", t->visibility,
         GV_VISIBLE_OPEN},
        {t->reserve != 0, "terms.reserve", t->reserve, 0},
        {t->buy_now != 0, "terms.buy_now", t->buy_now, 0},
        {t->soft_ms != 0, "terms.soft_ms", t->soft_ms, 0},
        {(t->flags & GV_LIMIT) == 0, "terms.limit_ms", 0, 1},
        {t->clock_floor == 0, "terms.clock_floor", 0, 1},
        {t->clock_start <= t->clock_floor, "terms.clock_start", t->clock_start,
         fold_sum(t->clock_floor, 1)},
        {t->clock_drop == 0, "terms.clock_drop", 0, 1},
        {t->clock_drop > t->clock_start - t->clock_floor, "terms.clock_drop",
         t->clock_drop, t->clock_start - t->clock_floor},
        {t->clock_step_ms < GV_CLOCK_STEP_MIN_MS, "terms.clock_step_ms",
         t->clock_step_ms, GV_CLOCK_STEP_MIN_MS},
        {t->clock_step_ms > STEP_MAX_MS, "terms.clock_step_ms",
         t->clock_step_ms, STEP_MAX_MS},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (gv_terms_dutch(t) && checks[i].bad)
            return gv_refuse(why, GV_BAD_TERMS, checks[i].field, checks[i].have,
                             checks[i].want);
    return GV_OK;
}
