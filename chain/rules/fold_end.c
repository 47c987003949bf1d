/*
 * fold_end.c - what follows from the rows of F: the effective close, leader,
 * price and outcome (gavel/fold.h).
 */
#include "chain/rules/fold_impl.h"
#include "gavel/clock.h"

uint64_t
gv_fold_lot_close(const struct gv_fold *f, unsigned place)
{
    const struct fold_lane *l = &f->lane[place];
    const struct fold_rules *r = &l->rules;
    const struct fold_state *s = &l->now;
    uint64_t e = fold_in_final_round(l) ? r->final_us : s->limit_us;

    if (r->close_us < e)
        e = r->close_us;
    if (s->placed == 0 && r->cancel_us < e)
        e = r->cancel_us;
    /* Nothing is accepted after the bid that fills the cap, so that bid is
     * the last accepted one (rule A13). */
    if ((r->terms->flags & GV_TOTAL) != 0 &&
        fold_accepted_open(s) == r->terms->total_cap &&
        f->rows[s->last].bid.t_us < e)
        e = f->rows[s->last].bid.t_us;
    return s->bought_us < e ? s->bought_us : e;
}

/* Rule A33: the last lot ends the auction. */
uint64_t
gv_fold_effective_close(const struct gv_fold *f)
{
    uint64_t e = 0;

    for (unsigned i = 0; i < f->lanes; i++) {
        uint64_t of_lot = gv_fold_lot_close(f, i);

        if (of_lot > e)
            e = of_lot;
    }
    return e;
}

bool
gv_fold_final_round(const struct gv_fold *f, uint64_t *from_us,
                    uint64_t *until_us)
{
    *from_us = f->lane[0].rules.last_us;
    *until_us = gv_fold_effective_close(f);
    return fold_in_final_round(&f->lane[0]) && *until_us > *from_us;
}

int64_t
gv_fold_floor(const struct gv_fold *f)
{
    uint32_t floor = f->lane[0].now.floor;

    return floor == FOLD_NONE ? -1 : (int64_t)floor;
}

uint64_t
gv_fold_lot_price(const struct gv_fold *f, unsigned place)
{
    const struct fold_rules *r = &f->lane[place].rules;
    const struct fold_state *s = &f->lane[place].now;

    if (s->leader == FOLD_NONE)
        return 0;
    if (gv_terms_dutch(r->terms))
        return gv_clock_price(r->terms, r->opening_ms, s->bought_us);
    if (s->bought_us != UINT64_MAX)
        return r->terms->buy_now;
    return fold_price(r, f->rows[s->leader].bid.amount,
                      s->other == FOLD_NONE ? 0 : f->rows[s->other].bid.amount);
}

uint64_t
gv_fold_price(const struct gv_fold *f)
{
    return gv_fold_lot_price(f, 0);
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
    const struct fold_rules *rules = &f->lane[0].rules;
    const struct gv_terms *terms = rules->terms;
    struct fold_state s = {.leader = FOLD_NONE, .other = FOLD_NONE};
    uint64_t lead, reserve = fold_reserve(rules);

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
    *price = fold_price(rules, lead,
                        s.other == FOLD_NONE ? 0 : f->rows[s.other].bid.amount);
    return true;
}

void
gv_fold_result(const struct gv_fold *f, unsigned place, struct gv_result *out)
{
    const struct fold_rules *r = &f->lane[place].rules;
    const struct fold_state *s = &f->lane[place].now;
    const struct gv_fold_row *lead;

    *out = (struct gv_result){.status = GV_NO_BID};
    if (s->leader == FOLD_NONE) {
        /* Rule A29: not once the time limit had ended it. */
        if (s->placed == 0 && r->cancel_us != UINT64_MAX &&
            r->cancel_us <= r->limit_us)
            out->status = GV_CANCELLED;
        return;
    }
    lead = &f->rows[s->leader];
    out->status = GV_RESERVE_NOT_MET;
    if (fold_reserve(r) != 0 &&
        gv_terms_better(r->terms, fold_reserve(r), lead->bid.amount))
        return;
    out->status = GV_SOLD;
    out->price = gv_fold_lot_price(f, place);
    out->winner = *f->ctx.bidder_key(f->ctx.arg, lead->bid.bidder);
}

static void
hash_rows(const struct gv_fold *f, uint8_t out32[32])
{
    struct gv_sha256 hash;
    struct gv_sink sink = gv_sink_hash(&hash);

    gv_sha256_tag(&hash, GV_TAG_FOLD);
    for (size_t i = 0; i < f->count; i++) {
        gv_put(&sink, f->rows[i].bid.id.b, sizeof(f->rows[i].bid.id.b));
        gv_put_u64(&sink, f->rows[i].bid.t_us);
        gv_put_u16(&sink, f->rows[i].code);
    }
    gv_sha256_end(&hash, out32);
}

void
gv_fold_outcome(const struct gv_fold *f, struct gv_outcome *out)
{
    struct gv_result r;

    gv_fold_result(f, 0, &r);
    *out = (struct gv_outcome){.status = r.status};
    hash_rows(f, out->fold_hash);
    if (f->ctx.terms->lots == 0) {
        out->winner = r.winner;
        out->price = r.price;
        return;
    }
    for (unsigned i = 1; i < f->lanes; i++) {
        gv_fold_result(f, i, &r);
        if (gv_status_rank(r.status) < gv_status_rank(out->status))
            out->status = r.status;
    }
}
