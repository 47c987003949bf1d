/* pricing.c - the increment table, and what the winner pays, in words. */
#include "wallet/pricing.h"

#include <gavel/wire.h>
#include <inttypes.h>
#include <string.h>

#include "wallet/columns.h"

#define FIELD_MAX 40 /* of one amount's text */

static enum gv_rc
amount(const char *p, size_t len, const struct gv_currency *c, uint64_t *out,
       struct gv_error *e)
{
    char text[FIELD_MAX];
    struct gv_amount a;

    snprintf(text, sizeof(text), "%.*s", (int)len, p);
    if (len >= sizeof(text) || gv_amount_parse(text, c, &a) != GV_OK ||
        a.minor == 0) {
        gv_error_set(e, "'%s' is no amount above zero of %.4s with %u decimals",
                     text, c->tag, c->exponent);
        return GV_REJECT;
    }
    *out = a.minor;
    return GV_OK;
}

/* One row, "BELOW:INCREMENT", or the last one, "INCREMENT". */
static enum gv_rc
row(const char *p, size_t len, bool last, const struct gv_currency *c,
    uint8_t out[GV_INCREMENT_ENTRY], struct gv_error *e)
{
    const char *colon = memchr(p, ':', len);
    uint64_t below = UINT64_MAX, step;

    if ((colon == NULL) != last) {
        gv_error_set(e, "expected BELOW:INCREMENT,...,INCREMENT, as "
                        "1:0.05,5:0.25,0.50");
        return GV_REJECT;
    }
    if (colon != NULL) {
        if (amount(p, (size_t)(colon - p), c, &below, e) != GV_OK)
            return GV_REJECT;
        len -= (size_t)(colon + 1 - p);
        p = colon + 1;
    }
    if (amount(p, len, c, &step, e) != GV_OK)
        return GV_REJECT;
    gv_le64_put(out, below);
    gv_le64_put(out + 8, step);
    return GV_OK;
}

enum gv_rc
gv_increments_parse(const char *text, const struct gv_currency *c,
                    uint8_t out[GV_INCREMENTS_BYTES], size_t *len,
                    struct gv_error *e)
{
    size_t n = 0;

    for (const char *p = text;; p++, n++) {
        size_t field = strcspn(p, ",");
        uint8_t *at = out + n * GV_INCREMENT_ENTRY;

        if (n == GV_INCREMENTS_MAX) {
            gv_error_set(e, "at most %d rows", GV_INCREMENTS_MAX);
            return GV_REJECT;
        }
        if (row(p, field, p[field] == '\0', c, at, e) != GV_OK)
            return GV_REJECT;
        if (n > 0 && gv_le64(at - GV_INCREMENT_ENTRY) >= gv_le64(at)) {
            gv_error_set(e, "the amounts before the colons must rise");
            return GV_REJECT;
        }
        p += field;
        if (*p == '\0')
            break;
    }
    *len = (n + 1) * GV_INCREMENT_ENTRY;
    return GV_OK;
}

size_t
gv_increments_usual(uint8_t out[GV_INCREMENTS_BYTES])
{
    static const uint64_t rows[][2] = {
        {100, 5},       {500, 25},           {2500, 50},     {10000, 100},
        {25000, 250},   {50000, 500},        {100000, 1000}, {250000, 2500},
        {500000, 5000}, {UINT64_MAX, 10000},
    };
    const size_t n = sizeof(rows) / sizeof(rows[0]);

    for (size_t i = 0; i < n; i++) {
        gv_le64_put(out + i * GV_INCREMENT_ENTRY, rows[i][0]);
        gv_le64_put(out + i * GV_INCREMENT_ENTRY + 8, rows[i][1]);
    }
    return n * GV_INCREMENT_ENTRY;
}

static void
print_increments(const struct gv_terms *t, FILE *out)
{
    const uint8_t *p = t->increments.p, *end = p + t->increments.len;
    char below[40], step[40];

    for (; p < end; p += GV_INCREMENT_ENTRY) {
        uint64_t limit = gv_le64(p);
        struct gv_amount inc = {gv_le64(p + 8)};

        gv_amount_text(inc, &t->currency, step);
        if (limit == UINT64_MAX)
            gv_columns_line(out, "increment", "%s above", step);
        else
            gv_columns_line(
                out, "increment", "%s below %s", step,
                gv_amount_text((struct gv_amount){limit}, &t->currency, below));
    }
}

void
gv_pricing_print(const struct gv_terms *t, FILE *out)
{
    char text[40];

    if (t->direction == GV_REVERSE)
        gv_columns_line(out, "direction", "reverse: the lowest bid wins");
    if (t->pricing == GV_PRICE_SECOND)
        gv_columns_line(out, "price",
                        "one increment beyond the best bid of another bidder");
    if (t->pricing == GV_PRICE_VICKREY)
        gv_columns_line(out, "price", "the best bid of another bidder");
    print_increments(t, out);
    if (t->buy_now != 0)
        gv_columns_line(
            out, "buy now", "%s, as the first bid",
            gv_amount_text((struct gv_amount){t->buy_now}, &t->currency, text));
    if (t->soft_ms != 0)
        gv_columns_line(out, "soft close",
                        "open %" PRIu32 " s after the last accepted bid, up to "
                        "%" PRIu32 " s longer",
                        t->soft_ms / 1000, t->soft_cap_ms / 1000);
}
