/*
 * fold_end.c - what follows from the rows of F: the effective close, leader,
 * price and outcome (gavel/fold.h).
 */
#include "chain/rules/fold_impl.h"
#include "gavel/clock.h"

uint64_t
gv_fold_effective_close(const struct gv_fold *f)
{
    uint64_t e = fold_in_final_round(f) ? f->rules.final_us : f->now.limit_us;

    if (f->rules.close_us < e)
        e = f->rules.close_us;
    if (f->now.placed == 0 && f->rules.cancel_us < e)
        e = f->rules.cancel_us;
    /* Nothing is accepted after the bid that fills the cap, so that bid is
     * the last accepted one (rule A13). */
    if ((f->rules.terms->flags & GV_TOTAL) != 0 &&
        fold_accepted_open(&f->now) == f->rules.terms->total_cap &&
        f->rows[f->now.last].bid.t_us < e)
        e = f->rows[f->now.last].bid.t_us;
    return f->now.bought_us < e ? f->now.bought_us : e;
}

bool
gv_fold_final_round(const struct gv_fold *f, uint64_t *from_us,
                    uint64_t *until_us)
{
    *from_us = f->rules.last_us;
    *until_us = gv_fold_effective_close(f);
    return fold_in_final_round(f) && *until_us > *from_us;
}

int64_t
gv_fold_floor(const struct gv_fold *f)
{
    return f->now.floor == FOLD_NONE ? -1 : (int64_t)f->now.floor;
}

uint64_t
gv_fold_price(const struct gv_fold *f)
{
    const struct fold_state *s = &f->now;

    if (s->leader == FOLD_NONE)
        return 0;
    if (gv_terms_dutch(f->rules.terms))
        return gv_clock_price(f->rules.terms, f->rules.opening_ms,
                              s->bought_us);
    if (s->bought_us != UINT64_MAX)
        return f->rules.terms->buy_now;
    return fold_price(&f->rules, f->rows[s->leader].bid.amount,
                      s->other == FOLD_NONE ? 0 : f->rows[s->other].bid.amount);
}

static bool
is_among(const uint32_t *list, size_t n, uint32_t bidder)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == bidder)
            return true;
    return false;
}

bool
gv_fold_among_others(const struct gv_fold *f, const uint32_t *without, size_t n,
                     uint32_t *bidder, uint64_t *price)
{
    const struct gv_terms *terms = f->rules.terms;
    struct fold_state s = {.leader = FOLD_NONE, .other = FOLD_NONE};
    uint64_t lead, reserve = fold_reserve(&f->rules);

    for (uint32_t i = 0; i < f->count; i++)
        if (f->rows[i].code == GV_ACCEPTED &&
            !is_among(without, n, f->rows[i].bid.bidder))
            fold_rank(f, &s, i);
    if (s.leader == FOLD_NONE)
        return false;
    lead = f->rows[s.leader].bid.amount;
    if (reserve != 0 && gv_terms_better(terms, reserve, lead))
        return false;
    *bidder = f->rows[s.leader].bid.bidder;
    *price = fold_price(&f->rules, lead,
                        s.other == FOLD_NONE ? 0 : f->rows[s.other].bid.amount);
    return true;
}

void
gv_fold_outcome(const struct gv_fold *f, struct gv_outcome *out)
{
    struct gv_sha256 hash;
    struct gv_sink sink = gv_sink_hash(&hash);
    const struct gv_fold_row *lead;

    gv_sha256_tag(&hash, GV_TAG_FOLD);
    for (size_t i = 0; i < f->count; i++) {
        gv_put(&sink, f->rows[i].bid.id.b, sizeof(f->rows[i].bid.id.b));
        gv_put_u64(&sink, f->rows[i].bid.t_us);
        gv_put_u16(&sink, f->rows[i].code);
    }
    *out = (struct gv_outcome){.status = GV_NO_BID};
    gv_sha256_end(&hash, out->fold_hash);
    if (f->now.leader == FOLD_NONE) {
        /* Rule A29: not once the time limit had ended it. */
        if (f->now.placed == 0 && f->rules.cancel_us != UINT64_MAX &&
            f->rules.cancel_us <= f->rules.limit_us)
            out->status = GV_CANCELLED;
        return;
    }
    lead = &f->rows[f->now.leader];
    out->status = GV_RESERVE_NOT_MET;
    if (fold_reserve(&f->rules) != 0 &&
        gv_terms_better(f->rules.terms, fold_reserve(&f->rules),
                        lead->bid.amount))
        return;
    out->status = GV_SOLD;
    out->price = gv_fold_price(f);
    out->winner = *f->ctx.bidder_key(f->ctx.arg, lead->bid.bidder);
}
