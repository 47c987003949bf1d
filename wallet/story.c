/* story.c - from the bids to the price (wallet/story.h). */
#include "wallet/story.h"

#include "wallet/columns.h"

struct teller {
    const struct gv_terms *t;
    const struct gv_story *s;
    FILE *out;
};

#define AMOUNT 40

static char *
text(const struct teller *w, uint64_t minor, char out[AMOUNT])
{
    return gv_amount_text((struct gv_amount){minor}, &w->t->currency, out);
}

/* A20. */
static bool
is_better(const struct gv_terms *t, uint64_t a, uint64_t b)
{
    return t->direction == GV_REVERSE ? a < b : a > b;
}

static uint64_t
beyond(const struct gv_terms *t, uint64_t amount, uint64_t step)
{
    if (t->direction == GV_REVERSE)
        return amount > step ? amount - step : 0;
    return amount > UINT64_MAX - step ? UINT64_MAX : amount + step;
}

/* What another bidder, or nobody, makes the leader pay. */
static void
tell_other(const struct teller *w)
{
    const struct gv_story *s = w->s;
    uint64_t step = gv_terms_increment(w->t, s->other);
    char a[AMOUNT], b[AMOUNT], c[AMOUNT];

    if (s->other == 0) {
        if ((w->t->flags & GV_MIN_FIRST) != 0)
            gv_columns_line(w->out, "runner-up",
                            "none: the minimum first bid, %s, takes its place",
                            text(w, w->t->min_first, a));
        else if (w->t->direction == GV_ASCENDING)
            gv_columns_line(w->out, "runner-up",
                            "none, and no minimum first bid: the smallest "
                            "amount, %s, takes its place",
                            text(w, 1, a));
        else
            gv_columns_line(w->out, "runner-up", "none");
        return;
    }
    gv_columns_line(w->out, "runner-up", "#%zu, %s: the best of another bidder",
                    s->other_at, text(w, s->other, a));
    if (w->t->pricing == GV_PRICE_SECOND)
        gv_columns_line(w->out, "increment", "%s at %s: that comes to %s",
                        text(w, step, a), text(w, s->other, b),
                        text(w, beyond(w->t, s->other, step), c));
}

/* The terms' reserve, or the one that was hidden; 0: none. */
static uint64_t
reserve_of(const struct teller *w)
{
    return w->t->reserve != 0 ? w->t->reserve : w->s->hidden;
}

/* What bounds it on either side, where that is what decides. */
static void
tell_bounds(const struct teller *w)
{
    char a[AMOUNT];

    if (w->s->other != 0 && (w->t->flags & GV_MIN_FIRST) != 0 &&
        w->s->price == w->t->min_first)
        gv_columns_line(w->out, "first bid",
                        "%s: the price is no worse than its minimum",
                        text(w, w->t->min_first, a));
    if (reserve_of(w) != 0 && w->s->price == reserve_of(w))
        gv_columns_line(w->out, "reserve", "%s: the price is no worse",
                        text(w, reserve_of(w), a));
    if (w->s->price == w->s->lead)
        gv_columns_line(w->out, "bound",
                        "%s: the leader pays no more than "
                        "that bid says",
                        text(w, w->s->lead, a));
}

static void
tell_price(const struct teller *w)
{
    static const char *const rules[] = {
        "first price: the leader's own amount (A19)",
        "second price with increments (A19)",
        "Vickrey: the best bid of another bidder (A19)"};
    char a[AMOUNT];

    if (gv_terms_dutch(w->t)) {
        gv_columns_line(w->out, "rule",
                        "Dutch: what the clock showed at the bid's time "
                        "(A30)");
    } else if (w->s->bought) {
        gv_columns_line(w->out, "rule",
                        "buy-now: the first accepted bid reaches it (A22)");
    } else {
        gv_columns_line(w->out, "rule", "%s", rules[w->t->pricing]);
        if (w->t->pricing != GV_PRICE_FIRST) {
            tell_other(w);
            tell_bounds(w);
        }
    }
    gv_columns_line(w->out, "price", "%s", text(w, w->s->price, a));
}

void
gv_story_print(const struct gv_terms *t, const struct gv_story *s, FILE *out)
{
    const struct teller w = {t, s, out};
    char a[AMOUNT];

    if (s->lead == 0 && s->status == GV_CANCELLED) {
        gv_columns_line(out, "leader",
                        "none: cancelled before the first bid (A29)");
        return;
    }
    if (s->lead == 0) {
        gv_columns_line(out, "leader",
                        "none: no bid is accepted, nothing is sold (A12)");
        return;
    }
    if (gv_terms_dutch(t))
        gv_columns_line(out, "leader",
                        "#%zu, %s: the first that reached the clock (A30)",
                        s->lead_at, text(&w, s->lead, a));
    else
        gv_columns_line(out, "leader",
                        "#%zu, %s: the best accepted amount, of equal ones the "
                        "earliest (A11)",
                        s->lead_at, text(&w, s->lead, a));
    if (reserve_of(&w) != 0 && is_better(t, reserve_of(&w), s->lead)) {
        gv_columns_line(out, "reserve",
                        "%s: the leader does not reach it, nothing is sold "
                        "(A12)",
                        text(&w, reserve_of(&w), a));
        return;
    }
    tell_price(&w);
    if (s->status == GV_VOID)
        gv_columns_line(out, "void",
                        "more bidders than tokens were issued: nothing is "
                        "sold (C8)");
}
