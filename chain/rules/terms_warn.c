/*
 * terms_warn.c - what is legal and surprises people (gavel/terms.h, rule A18).
 */
#include "gavel/clock.h"
#include "gavel/params.h"
#include "gavel/terms.h"

#define OPENING_USUAL_MS UINT64_C(3600000)
#define MANY_STEPS 20

static bool
has(const struct gv_terms *t, enum gv_terms_flag flag)
{
    return (t->flags & flag) != 0;
}

/* More than MANY_STEPS of the greatest step from the least first bid to the
 * reserve, upwards. */
static bool
needs_many_steps(const struct gv_terms *t)
{
    uint64_t first =
        has(t, GV_MIN_FIRST) && t->min_first > 0 ? t->min_first : 1;

    return has(t, GV_MAX_STEP) && t->direction == GV_ASCENDING &&
           t->max_step != 0 && t->reserve > first &&
           (t->reserve - first) / t->max_step > MANY_STEPS;
}

struct trap {
    bool is;
    const char *text;
};

/* The sentences so far; n may exceed cap. */
struct warned {
    const char **out;
    size_t cap, n;
};

static void
warn_of(struct warned *to, const struct trap *traps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!traps[i].is)
            continue;
        if (to->n < to->cap)
            to->out[to->n] = traps[i].text;
        to->n++;
    }
}

/* A reserve that every bid reaches that may stand first (A9), so that it voids
 * nothing and makes no price (A19). */
static bool
reserve_is_idle(const struct gv_terms *t)
{
    return has(t, GV_MIN_FIRST) && t->reserve != 0 &&
           !gv_terms_better(t, t->reserve, t->min_first);
}

/* What amounts come to. */
static void
warn_of_amounts(struct warned *to, const struct gv_terms *t)
{
    const bool bound =
        has(t, GV_MIN_FIRST) || t->reserve != 0 || gv_terms_hides_reserve(t);
    const struct trap traps[] = {
        {reserve_is_idle(t),
         "The reserve can never matter: what the first bid must reach is no "
         "worse for the seller."},
        {t->buy_now != 0 && has(t, GV_MIN_FIRST) &&
             !gv_terms_better(t, t->buy_now, t->min_first),
         "The price to buy it at once is what the first bid must reach: the "
         "first bid that counts ends this auction."},
        {has(t, GV_MIN_STEP) && has(t, GV_MAX_STEP) &&
             t->min_step == t->max_step,
         "The minimum step is the maximum step: one amount alone counts next, "
         "and of two bids made at the same time one is void."},
        {t->direction == GV_REVERSE && !bound && !has(t, GV_MAX_STEP),
         "Neither a first bid that is limited nor a reserve: a bidder who is "
         "alone is paid whatever he asks for."},
    };

    warn_of(to, traps, sizeof(traps) / sizeof(traps[0]));
}

/* Who may bid how often. */
static void
warn_of_bidders(struct warned *to, const struct gv_terms *t)
{
    const struct trap traps[] = {
        {t->allowed.len == GV_ALLOWED_ENTRY,
         "One bidder alone is allowed: nobody can bid against that one."},
        {has(t, GV_PER_BIDDER) && t->per_bidder == 1 &&
             t->pricing == GV_PRICE_FIRST && !gv_terms_sealed(t) &&
             !gv_terms_final_round(t),
         "Each bidder has one bid, and all are seen: nobody can answer one "
         "that is outbid, and who waits for the end knows the most. Sealed "
         "bids end that."},
        {has(t, GV_PER_BIDDER) && t->per_bidder > t->max_bids,
         "The cap per bidder is above the bids of one bidder that the chain "
         "takes at all, void ones among them."},
    };

    warn_of(to, traps, sizeof(traps) / sizeof(traps[0]));
}

static bool
has_same_titles(const struct gv_terms *t)
{
    struct gv_lot one, other;

    for (unsigned i = 1; i < t->lots; i++)
        for (unsigned j = 0; j < i; j++) {
            gv_terms_lot(t, i, &one);
            gv_terms_lot(t, j, &other);
            if (gv_bytes_eq(one.title, other.title))
                return true;
        }
    return false;
}

static void
warn_of_seals(struct warned *to, const struct gv_terms *t)
{
    const bool round = gv_terms_final_round(t);
    const struct trap traps[] = {
        {gv_terms_holders(t) && t->opening_period_ms < OPENING_USUAL_MS,
         gv_terms_sealed(t) || round
             ? "Sealed bids that nobody opens within the opening period are "
               "lost; this one is shorter than an hour."
             : "A sealed reserve that nobody opens within the opening period "
               "is lost; this one is shorter than an hour."},
        {round,
         "Anybody who may bid may bid in the final round, also who has not bid "
         "before it; and there is one only if extensions reach their cap."},
        {round && t->final_ms < 2 * (uint64_t)t->d_ms,
         "The final round is shorter than two deadlines D: whether there is "
         "one may be known only when it is over."},
        {round && has(t, GV_MAX_STEP),
         "No step is measured in the final round: the maximum step does not "
         "hold there."},
        {round && has(t, GV_TOTAL),
         "The total cap may end this auction before its final round, and "
         "then no bid of that counts."},
        {round && t->close_policy == GV_CLOSE_OWNER,
         "The owner may close this auction before its final round, or in it."},
    };

    warn_of(to, traps, sizeof(traps) / sizeof(traps[0]));
}

size_t
gv_terms_warn(const struct gv_terms *t, const struct gv_params *params,
              const char **out, size_t cap)
{
    const bool steps = has(t, GV_MIN_STEP) || has(t, GV_MAX_STEP);
    const struct trap warnings[] = {
        {has(t, GV_MAX_STEP) && !has(t, GV_MIN_FIRST) &&
             t->direction == GV_ASCENDING,
         "A maximum step without a minimum first bid: anyone can start at the "
         "smallest amount, and the price then rises by one step a bid."},
        {needs_many_steps(t),
         "The reserve is far from where bids begin, and a maximum step leads "
         "there: it takes more than twenty bids before anything can be sold."},
        {has(t, GV_TOTAL) &&
             (!has(t, GV_PER_BIDDER) || t->per_bidder >= t->total_cap),
         "One bidder alone can use up the total cap; add a smaller cap per "
         "bidder."},
        {has(t, GV_TOTAL),
         "With a total cap, an earlier bid that arrives late pushes the last "
         "accepted bid out."},
        {steps && t->reference == GV_REF_LAST,
         "With steps measured from the last accepted bid, an earlier bid that "
         "arrives late can displace all bids after it."},
        {steps && t->reference == GV_REF_LAST && !has(t, GV_MIN_STEP),
         "With a maximum step from the last accepted bid and no minimum step, "
         "a low bid pulls the amounts that count down again."},
        {has(t, GV_TOTAL) && !has(t, GV_LIMIT) &&
             t->close_policy == GV_CLOSE_NEVER,
         "Only the total cap ends this auction: if too few people bid, it "
         "never ends."},
        {t->pricing != GV_PRICE_FIRST && t->direction == GV_ASCENDING &&
             !has(t, GV_MIN_FIRST) && t->reserve == 0 &&
             !gv_terms_hides_reserve(t),
         "The winner pays what others bid, and there is neither a minimum "
         "first bid nor a reserve: a bidder who is alone pays the smallest "
         "amount."},
        {t->pricing != GV_PRICE_FIRST && !gv_terms_sealed(t),
         "The winner pays what others bid, and everybody sees what the leader "
         "would pay: a bid just short of it makes the price. Sealed bids hide "
         "that."},
        {t->pricing != GV_PRICE_FIRST && steps,
         "With steps, bids tell what others are ready to pay, and a bidder "
         "who pays the second price gains nothing by bidding all he would."},
        {t->direction == GV_REVERSE && has(t, GV_MAX_STEP) &&
             !has(t, GV_MIN_FIRST),
         "A maximum step without a first bid that is limited: the first one "
         "may ask for any amount."},
        {t->soft_ms != 0 && t->soft_ms < t->d_ms,
         "An extension of the soft close is shorter than the deadline D: a "
         "bid may lie on its way longer than it gives the others."},
        {t->soft_ms != 0 && t->close_policy == GV_CLOSE_OWNER,
         "A late bid extends the time limit and no early close: where the "
         "owner closes this auction before, late bids extend nothing."},
        {gv_terms_dutch(t) &&
             gv_clock_length_ms(t) - t->clock_step_ms >= t->limit_ms,
         "The time limit ends this Dutch auction before its clock shows the "
         "floor price."},
        {gv_terms_dutch(t),
         "In a Dutch auction an earlier bid that arrives late takes the place "
         "of the first one that was seen: who has won is sure only when the "
         "deadline D has passed."},
        {has(t, GV_LIMIT) && t->limit_ms < t->d_ms,
         "The time limit is shorter than the deadline D: the auction is over "
         "before the first bids must be in a block."},
        {t->d_ms < params->default_d_ms,
         "The deadline D is shorter than this network's default: bids on slow "
         "connections may miss it."},
    };
    struct warned to = {out, cap, 0};

    warn_of(&to, warnings, sizeof(warnings) / sizeof(warnings[0]));
    warn_of_amounts(&to, t);
    warn_of_bidders(&to, t);
    warn_of_seals(&to, t);
    return to.n;
}

size_t
gv_terms_warn_lots(const struct gv_terms *t, const char **out, size_t cap)
{
    const struct trap traps[] = {
        {has(t, GV_PER_BIDDER) || has(t, GV_TOTAL),
         "A cap on bids is each lot's own: it does not count the bids for all "
         "lots together."},
        {gv_terms_sealed(t),
         "The lot of a sealed bid is not sealed: everybody sees which bidder "
         "bids for which lot, and when."},
        {gv_terms_hides_reserve(t),
         "The hidden reserve is one amount, which holds for each lot by "
         "itself."},
        {has_same_titles(t),
         "Two lots have the same title: only their numbers tell them apart."},
        {t->identity == GV_ANONYMOUS,
         "A bidder is one pseudonym for all lots: its bids for several are "
         "linked with each other, and who sells one to it learns of all of "
         "them."},
    };
    struct warned to = {out, cap, 0};

    if (t->lots > 0)
        warn_of(&to, traps, sizeof(traps) / sizeof(traps[0]));
    return to.n;
}
