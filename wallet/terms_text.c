/* terms_text.c - terms of an auction as lines for people (wallet/terms.h). */
#include <inttypes.h>
#include <string.h>

#include "wallet/clock.h"
#include "wallet/columns.h"
#include "wallet/terms.h"

static void
print_amount(const struct gv_terms *t, FILE *out, const char *key, uint64_t v)
{
    char text[40];

    gv_columns_line(out, key, "%s",
                    gv_amount_text((struct gv_amount){v}, &t->currency, text));
}

static void
print_seconds(FILE *out, const char *key, uint64_t ms)
{
    gv_columns_line(out, key, "%" PRIu64 ".%03u s", ms / 1000,
                    (unsigned)(ms % 1000));
}

void
gv_terms_print(const struct gv_terms *t, FILE *out)
{
    gv_columns_line(out, "bidders", "%s",
                    t->identity == GV_ANONYMOUS ? "anonymous" : "certified");
    if (gv_terms_sealed(t))
        gv_columns_line(out, "bids", "sealed until the auction is closed");
    if (gv_terms_final_round(t))
        print_seconds(out, "final round for", t->final_ms);
    if (gv_terms_holders(t))
        print_seconds(out, "opened within", t->opening_period_ms);
    gv_lots_print(t, out);
    gv_pricing_print(t, out);
    gv_clock_print(t, out);
    if ((t->flags & GV_MIN_FIRST) != 0)
        print_amount(t, out, "min first", t->min_first);
    if ((t->flags & GV_MIN_STEP) != 0)
        print_amount(t, out, "min step", t->min_step);
    if ((t->flags & GV_MAX_STEP) != 0)
        print_amount(t, out, "max step", t->max_step);
    if ((t->flags & (GV_MIN_STEP | GV_MAX_STEP)) != 0)
        gv_columns_line(out, "steps from", "the %s bid",
                        t->reference == GV_REF_LAST ? "last" : "highest");
    if ((t->flags & GV_ALLOWED) != 0)
        gv_columns_line(out, "allowed", "%zu bidders",
                        t->allowed.len / GV_ALLOWED_ENTRY);
    if ((t->flags & GV_PER_BIDDER) != 0)
        gv_columns_line(out, "per bidder", "%" PRIu32 " bids", t->per_bidder);
    if ((t->flags & GV_TOTAL) != 0)
        gv_columns_line(out, "in all", "%" PRIu32 " bids", t->total_cap);
    if ((t->flags & GV_LIMIT) != 0)
        print_seconds(out, "open for", t->limit_ms);
    if (t->reserve != 0)
        print_amount(t, out, "reserve", t->reserve);
    if (gv_terms_hides_reserve(t))
        gv_columns_line(out, "reserve", "%s",
                        gv_terms_sealed(t) ? "sealed, opened with the bids"
                                           : "sealed, opened after the close");
    if (t->close_policy == GV_CLOSE_OWNER)
        print_seconds(out, "close notice", t->notice_ms);
    else
        gv_columns_line(out, "early close", "never");
    if (t->pay_ms != 0)
        print_seconds(out, "to pay within", t->pay_ms);
    print_seconds(out, "D", t->d_ms);
    print_seconds(out, "T", t->t_ms);
}

static void
print_any(const void *terms, FILE *out)
{
    gv_terms_print(terms, out);
}

json_t *
gv_terms_lines(const struct gv_terms *t)
{
    return gv_columns_lines(print_any, t);
}

/* Does the field hold an amount, in minor units? */
static bool
is_amount(const char *field)
{
    static const char *const fields[] = {
        "terms.min_first",   "terms.min_step",   "terms.max_step",
        "terms.reserve",     "terms.buy_now",    "terms.clock_start",
        "terms.clock_floor", "terms.clock_drop",
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcmp(fields[i], field) == 0)
            return true;
    return false;
}

static const char *
number_text(const struct gv_terms *t, const char *field, uint64_t v,
            char out[40])
{
    size_t n = strlen(field);

    if (is_amount(field))
        gv_amount_text((struct gv_amount){v}, &t->currency, out);
    else if (n > 3 && strcmp(field + n - 3, "_ms") == 0)
        snprintf(out, 40, "%" PRIu64 ".%03u s", v / 1000, (unsigned)(v % 1000));
    else
        snprintf(out, 40, "%" PRIu64, v);
    return out;
}

char *
gv_terms_reject_text(const struct gv_terms *t, const struct gv_reject *why,
                     char *out, size_t size)
{
    const char *field = why->field ? why->field : "terms";
    char lot[GV_LOT_TITLE_MAX + 16] = "", numbers[128] = "", have[40], want[40];
    struct gv_lot at;

    if (t->lots > 0 && why->index < t->lots) {
        gv_terms_lot(t, (unsigned)why->index, &at);
        snprintf(lot, sizeof(lot), "lot %u, %.*s: ", (unsigned)why->index + 1,
                 (int)at.title.len, (const char *)at.title.p);
    }
    if (why->have != 0 || why->want != 0)
        snprintf(numbers, sizeof(numbers), ", have %s, want %s",
                 number_text(t, field, why->have, have),
                 number_text(t, field, why->want, want));
    snprintf(out, size, "%s%s: %s (field %s%s)", lot, gv_code_name(why->code),
             gv_code_text(why->code), field, numbers);
    return out;
}
