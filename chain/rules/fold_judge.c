/*
 * fold_judge.c - the checks of one bid, in reject order (fold_judge.h).
 */
#include "chain/rules/fold_judge.h"

#include "gavel/clock.h"

uint64_t
fold_time_us(uint64_t a_ms, uint64_t b_ms)
{
    if (b_ms > UINT64_MAX - a_ms || a_ms + b_ms > UINT64_MAX / 1000)
        return UINT64_MAX;
    return (a_ms + b_ms) * 1000;
}

uint64_t
gv_terms_worth(const struct gv_terms *terms, uint64_t amount)
{
    return terms->direction == GV_REVERSE ? ~amount : amount;
}

bool
gv_terms_better(const struct gv_terms *terms, uint64_t a, uint64_t b)
{
    return gv_terms_worth(terms, a) > gv_terms_worth(terms, b);
}

uint64_t
fold_sum(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

uint64_t
fold_reserve(const struct fold_rules *rules)
{
    return rules->terms->reserve != 0 ? rules->terms->reserve : rules->reserve;
}

uint64_t
fold_price(const struct fold_rules *rules, uint64_t lead, uint64_t other)
{
    const struct gv_terms *terms = rules->terms;
    const uint64_t reserve = fold_reserve(rules);
    uint64_t own = gv_terms_worth(terms, lead), price = 0;

    if (terms->pricing == GV_PRICE_FIRST)
        return lead;
    if (other != 0)
        price = fold_sum(gv_terms_worth(terms, other),
                         gv_terms_increment(terms, other));
    else if (terms->direction == GV_ASCENDING)
        price = 1;
    else if (reserve == 0 && (terms->flags & GV_MIN_FIRST) == 0)
        price = own; /* nothing else says what he may ask */
    /* Also beside another bidder, who could be the leader's own. */
    if ((terms->flags & GV_MIN_FIRST) != 0 &&
        price < gv_terms_worth(terms, terms->min_first))
        price = gv_terms_worth(terms, terms->min_first);
    if (reserve != 0 && price < gv_terms_worth(terms, reserve))
        price = gv_terms_worth(terms, reserve);
    return gv_terms_worth(terms, price < own ? price : own);
}

static enum gv_code
fail(struct gv_fold_row *row, enum gv_code code, uint64_t have, uint64_t want)
{
    row->have = have;
    row->want = want;
    return code;
}

static enum gv_code
judge_time(const struct fold_rules *rules, const struct fold_before *before,
           struct gv_fold_row *row)
{
    const uint64_t t = row->bid.t_us;
    const bool in_round = before->final_round && t > rules->last_us;
    const uint64_t end = in_round ? rules->final_us : before->limit_us;

    if (t < rules->opening_us) /* rule A3 */
        return fail(row, GV_WRONG_PHASE, t, rules->opening_us);
    if (t > rules->close_us) /* rule A4 */
        return fail(row, GV_WRONG_PHASE, t, rules->close_us);
    if (before->placed == 0 && t > rules->cancel_us) /* rule A29 */
        return fail(row, GV_WRONG_PHASE, t, rules->cancel_us);
    if (before->bought_us != UINT64_MAX) /* rule A22 */
        return fail(row, GV_WRONG_PHASE, t, before->bought_us);
    if (row->bid.final != in_round) /* rule A32 */
        return fail(row, GV_WRONG_PHASE, t, rules->last_us);
    if (t > end) /* rule A5 */
        return fail(row, GV_TIME_LIMIT, t, end);
    return GV_ACCEPTED;
}

static enum gv_code
judge_bidder(const struct fold_rules *rules, const struct fold_before *before,
             struct gv_fold_row *row)
{
    const struct gv_terms *terms = rules->terms;

    if (!before->bidder_allowed) /* rule A6 */
        return fail(row, GV_NOT_ALLOWED, 0, 0);
    if (row->bid.final && before->bidder_finals > 0) /* rule A32 */
        return fail(row, GV_BIDDER_CAP, before->bidder_finals, 1);
    if (!row->bid.final &&
        before->bidder_accepted >= before->bidder_cap) /* rule A7 */
        return fail(row, GV_BIDDER_CAP, before->bidder_accepted,
                    before->bidder_cap);
    if ((terms->flags & GV_TOTAL) != 0 &&
        before->accepted >= terms->total_cap) /* rule A8 */
        return fail(row, GV_TOTAL_CAP, before->accepted, terms->total_cap);
    return GV_ACCEPTED;
}

/* A step beyond the reference as an amount; for words alone. */
static uint64_t
step_from(const struct gv_terms *terms, uint64_t reference, uint64_t step)
{
    return gv_terms_worth(terms,
                          fold_sum(gv_terms_worth(terms, reference), step));
}

/* Rules A9 and A10. Steps compare the gain with the step and never form
 * reference + step, which need not fit. */
static enum gv_code
judge_amount(const struct gv_terms *terms, const struct fold_before *before,
             struct gv_fold_row *row)
{
    const uint64_t amount = row->bid.amount, reference = before->reference;
    bool loses;
    uint64_t gain;

    if (before->accepted == 0 || gv_terms_sealed(terms)) {
        if ((terms->flags & GV_MIN_FIRST) != 0 &&
            gv_terms_better(terms, terms->min_first, amount))
            return fail(row, GV_BELOW_FIRST, amount, terms->min_first);
        return GV_ACCEPTED;
    }
    loses = gv_terms_better(terms, reference, amount);
    gain = loses ? 0
                 : gv_terms_worth(terms, amount) -
                       gv_terms_worth(terms, reference);
    if ((terms->flags & GV_MIN_STEP) != 0 && (loses || gain < terms->min_step))
        return fail(row, GV_BELOW_STEP, amount,
                    step_from(terms, reference, terms->min_step));
    if ((terms->flags & GV_MAX_STEP) != 0 && gain > terms->max_step)
        return fail(row, GV_ABOVE_STEP, amount,
                    step_from(terms, reference, terms->max_step));
    return GV_ACCEPTED;
}

/* Rule A23. */
static enum gv_code
judge_seal(struct gv_fold_row *row)
{
    if (row->bid.seal == GV_FOLD_KNOWN)
        return GV_ACCEPTED;
    return fail(row,
                row->bid.seal == GV_FOLD_FALSE ? GV_BAD_SEAL : GV_NOT_OPENED, 0,
                0);
}

/* Rule A32: what does not better the open bids cannot win. */
static enum gv_code
judge_final(const struct gv_terms *terms, const struct fold_before *before,
            struct gv_fold_row *row)
{
    return gv_terms_better(terms, row->bid.amount, before->floor)
               ? GV_ACCEPTED
               : fail(row, GV_BELOW_FLOOR, row->bid.amount, before->floor);
}

bool
fold_takes_place(const struct gv_terms *terms, const struct gv_fold_row *row)
{
    if (row->code == GV_ACCEPTED)
        return true;
    return (gv_terms_sealed(terms) || row->bid.final) &&
           (row->code == GV_NOT_OPENED || row->code == GV_BAD_SEAL ||
            row->code == GV_BELOW_FIRST || row->code == GV_BELOW_FLOOR);
}

/* Rule A30. */
static enum gv_code
judge_clock(const struct fold_rules *rules, struct gv_fold_row *row)
{
    uint64_t price =
        gv_clock_price(rules->terms, rules->opening_ms, row->bid.t_us);

    return row->bid.amount < price
               ? fail(row, GV_BELOW_CLOCK, row->bid.amount, price)
               : GV_ACCEPTED;
}

/* What a known amount is enough for. */
static enum gv_code
judge_worth(const struct fold_rules *rules, const struct fold_before *before,
            struct gv_fold_row *row)
{
    if (row->bid.final)
        return judge_final(rules->terms, before, row);
    return gv_terms_dutch(rules->terms)
               ? judge_clock(rules, row)
               : judge_amount(rules->terms, before, row);
}

void
fold_judge(const struct fold_rules *rules, const struct fold_before *before,
           struct gv_fold_row *row)
{
    enum gv_code code;

    row->reference = row->bid.final ? before->floor : before->reference;
    row->have = row->want = 0;
    code = judge_time(rules, before, row);
    if (code == GV_ACCEPTED)
        code = judge_bidder(rules, before, row);
    if (code == GV_ACCEPTED)
        code = judge_seal(row);
    if (code == GV_ACCEPTED)
        code = judge_worth(rules, before, row);
    row->code = (uint16_t)code;
}
