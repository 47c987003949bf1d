/* auction_text.c - amounts and verdicts for people (wallet/auction.h). */
#include <inttypes.h>
#include <stdio.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/json.h"

struct gv_currency
gv_auction_currency(const json_t *fields)
{
    struct gv_currency c = {.tag = {0}};
    uint64_t exponent = gv_json_u64(fields, "exponent");

    if (exponent > 8 || gv_currency_parse(gv_json_text(fields, "currency"),
                                          (uint8_t)exponent, &c) != GV_OK)
        c = (struct gv_currency){.tag = {'?'}};
    return c;
}

json_t *
gv_auction_priced(json_t *o, const struct gv_currency *c)
{
    char tag[sizeof(c->tag) + 1];

    snprintf(tag, sizeof(tag), "%.*s", (int)sizeof(c->tag), c->tag);
    json_object_set_new(o, "currency", json_string(tag));
    json_object_set_new(o, "exponent", json_integer(c->exponent));
    return o;
}

char *
gv_auction_amount(const json_t *object, const char *key,
                  const struct gv_currency *c, char out[40])
{
    struct gv_amount a = {gv_json_u64(object, key)};

    return gv_amount_text(a, c, out);
}

void
gv_auction_print_stall(const struct gv_auction *a)
{
    const char *stall = gv_json_text(a->info, "stall");

    if (strcmp(stall, "authorities") == 0)
        gv_columns_line(stdout, "stalled", "%s",
                        "too many of its authorities are revoked: it can "
                        "never be closed, and nothing is sold");
    else if (strcmp(stall, "validators") == 0)
        gv_columns_line(stdout, "stalled", "%s",
                        "its validators have not made the outcome final yet");
}

/* The two numbers of a failed clause, in the unit of that clause. */
static void
numbers(const struct gv_currency *c, enum gv_code code, const uint64_t v[2],
        char out[2][40])
{
    for (int i = 0; i < 2; i++) {
        switch (code) {
        case GV_BELOW_FIRST:
        case GV_BELOW_STEP:
        case GV_ABOVE_STEP:
        case GV_BELOW_CLOCK:
        case GV_BELOW_FLOOR:
            gv_amount_text((struct gv_amount){v[i]}, c, out[i]);
            break;
        case GV_TIME_LIMIT:
        case GV_WRONG_PHASE:
            gv_cli_time(v[i], out[i]);
            break;
        default:
            snprintf(out[i], 40, "%" PRIu64, v[i]);
        }
    }
}

/* The words between the numbers of a failed clause. */
static const char *
words(enum gv_code code, bool less, const char **second)
{
    switch (code) {
    case GV_BELOW_FIRST: /* which way is the direction's matter */
    case GV_BELOW_STEP:
    case GV_ABOVE_STEP:
    case GV_BELOW_CLOCK:
        *second = less ? "want at least" : "want at most";
        return "have";
    case GV_BELOW_FLOOR:
        *second = "want better than";
        return "have";
    case GV_BIDDER_CAP:
    case GV_TOTAL_CAP:
        *second = "cap";
        return "accepted so far";
    case GV_NO_LOT:
        *second = "the last one is";
        return "it names lot";
    case GV_TIME_LIMIT:
        *second = "open until";
        return "at";
    case GV_WRONG_PHASE:
        *second = less ? "opens" : "closed";
        return "at";
    default:
        *second = "want";
        return "have";
    }
}

bool
gv_auction_is_measured(enum gv_code code)
{
    return code == GV_BELOW_STEP || code == GV_ABOVE_STEP ||
           code == GV_BELOW_FLOOR;
}

char *
gv_auction_clause(const struct gv_currency *c, enum gv_code code, uint64_t have,
                  uint64_t want, char out[400])
{
    const uint64_t v[2] = {have, want};
    const char *first, *second;
    char n[2][40];

    first = words(code, have < want, &second);
    numbers(c, code, v, n);
    if (have == 0 && want == 0)
        snprintf(out, 400, "%s: %s", gv_code_name(code), gv_code_text(code));
    else
        snprintf(out, 400, "%s: %s: %s %s, %s %s", gv_code_name(code),
                 gv_code_text(code), first, n[0], second, n[1]);
    return out;
}
