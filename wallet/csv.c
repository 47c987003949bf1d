/* csv.c - a strict reader of recorded auctions (wallet/csv.h). */
#include "wallet/csv.h"

#include <gavel/amount.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/files.h"

#define COLUMNS 9
#define FIELD_MAX 256

enum column {
    AUCTIONID,
    BID,
    BIDTIME,
    BIDDER,
    RATING,
    OPENING,
    FINAL,
    ITEM,
    DURATION
};

static const char *const heads[COLUMNS] = {
    "auctionid",   "bid",           "bidtime_days",
    "bidder",      "bidder_rating", "opening_bid",
    "final_price", "item",          "duration_days"};

static const struct gv_currency cents = {.tag = {'X'}, .exponent = 2};

struct parser {
    const char *name;
    const uint8_t *p, *end;
    uint32_t line;
    char field[COLUMNS][FIELD_MAX];
    struct gv_csv *out;
    size_t auction_cap, bid_cap, bidder_cap;
    json_t *auctions, *bidders; /* name -> index */
    uint64_t last_time;         /* of the auction's bid before, 10^-12 days */
    struct gv_error *e;
};

static enum gv_rc
bad(const struct parser *p, enum column c, const char *what)
{
    gv_error_set(p->e, "%s:%u: %s: '%.60s': %s", p->name, p->line, heads[c],
                 p->field[c], what);
    return GV_REJECT;
}

static enum gv_rc
bad_line(const struct parser *p, const char *what)
{
    gv_error_set(p->e, "%s:%u: %s", p->name, p->line, what);
    return GV_REJECT;
}

/* One field up to its comma or the end of the line. */
static enum gv_rc
read_field(struct parser *p, enum column c)
{
    bool quoted = p->p < p->end && *p->p == '"';
    char *out = p->field[c];
    size_t len = 0;

    out[0] = '\0';
    p->p += quoted;
    for (; p->p < p->end; p->p++) {
        if (quoted && *p->p == '"') {
            if (p->p + 1 < p->end && p->p[1] == '"') {
                p->p++;
            } else {
                p->p++;
                quoted = false;
                break;
            }
        } else if (*p->p == '\n' ||
                   (!quoted && (*p->p == ',' || *p->p == '\r'))) {
            break;
        } else if (*p->p < 32 || *p->p == 127 || (!quoted && *p->p == '"')) {
            return bad(p, c, "a control byte or a stray quote");
        }
        if (len + 1 == FIELD_MAX)
            return bad(p, c, "too long");
        out[len++] = (char)*p->p;
        out[len] = '\0';
    }
    return quoted ? bad(p, c, "the quote is not closed") : GV_OK;
}

/* A whole line into p->field. */
static enum gv_rc
read_line(struct parser *p)
{
    p->line++;
    for (int c = 0; c < COLUMNS; c++) {
        enum gv_rc rc = read_field(p, (enum column)c);
        bool comma = p->p < p->end && *p->p == ',';

        if (rc != GV_OK)
            return rc;
        if (c < COLUMNS - 1 && !comma) {
            char what[80];

            snprintf(what, sizeof(what),
                     "%d columns, expected %d (%s is "
                     "missing)",
                     c + 1, COLUMNS, heads[c + 1]);
            return bad_line(p, what);
        }
        p->p += comma;
        if (c == COLUMNS - 1 && comma)
            return bad_line(p, "more than 9 columns");
    }
    if (p->p < p->end && *p->p == '\r')
        p->p++;
    if (p->p < p->end && *p->p != '\n')
        return bad_line(p, "something behind the last column");
    p->p += p->p < p->end;
    return GV_OK;
}

/* "2.600116" days -> 10^-12 days. At most 5 digits before the point and 12
 * behind it: fits in 64 bits. */
static bool
read_days(const char *text, uint64_t *out)
{
    size_t whole = strspn(text, "0123456789"), part = 0;
    uint64_t v = 0;

    if (text[whole] == '.')
        part = strspn(text + whole + 1, "0123456789");
    if (whole < 1 || whole > 5 || part > 12 ||
        (text[whole] == '.' ? part == 0 || text[whole + 1 + part] != '\0'
                            : text[whole] != '\0'))
        return false;
    for (size_t i = 0; i < whole; i++)
        v = v * 10 + (uint64_t)(text[i] - '0');
    for (size_t i = 0; i < 12; i++)
        v = v * 10 + (i < part ? (uint64_t)(text[whole + 1 + i] - '0') : 0);
    *out = v;
    return true;
}

static enum gv_rc
read_cents(const struct parser *p, enum column c, uint64_t *out)
{
    struct gv_amount a;

    if (gv_amount_parse(p->field[c], &cents, &a) != GV_OK)
        return bad(p, c, "expected an amount with at most two decimals");
    *out = a.minor;
    return GV_OK;
}

static enum gv_rc
check_name(const struct parser *p, enum column c)
{
    size_t len = strlen(p->field[c]);

    if (len == 0 || len > GV_CSV_NAME_MAX)
        return bad(p, c, "expected 1 to 64 bytes");
    return GV_OK;
}

/* Room for one more element; NULL without memory. */
static void *
grown(void *list, size_t count, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 256 : *cap * 2;

    if (count < *cap)
        return list;
    list = reallocarray(list, more, size);
    if (list != NULL)
        *cap = more;
    return list;
}

static enum gv_rc
no_memory(const struct parser *p)
{
    gv_error_set(p->e, "%s: out of memory", p->name);
    return GV_FAULT;
}

static enum gv_rc
find_bidder(struct parser *p, uint32_t *out)
{
    struct gv_csv *csv = p->out;
    const char *name = p->field[BIDDER];
    const json_t *known = json_object_get(p->bidders, name);
    void *list;

    if (known != NULL) {
        *out = (uint32_t)json_integer_value(known);
        return GV_OK;
    }
    list =
        grown(csv->bidder, csv->bidders, &p->bidder_cap, sizeof(*csv->bidder));
    if (list == NULL)
        return no_memory(p);
    csv->bidder = list;
    if (json_object_set_new(p->bidders, name,
                            json_integer((json_int_t)csv->bidders)))
        return bad(p, BIDDER, "not UTF-8");
    memcpy(csv->bidder[csv->bidders].name, name, strlen(name) + 1);
    *out = (uint32_t)csv->bidders++;
    return GV_OK;
}

/* The first row of an auction. */
static enum gv_rc
begin_auction(struct parser *p)
{
    struct gv_csv *csv = p->out;
    struct gv_csv_auction *a;
    void *list;

    if (json_object_get(p->auctions, p->field[AUCTIONID]) != NULL)
        return bad(p, AUCTIONID, "its rows do not follow one another");
    if (json_object_set_new(p->auctions, p->field[AUCTIONID], json_true()))
        return bad(p, AUCTIONID, "not UTF-8");
    if (strlen(p->field[ITEM]) > GV_CSV_ITEM_MAX)
        return bad(p, ITEM, "longer than 200 bytes");
    list = grown(csv->auction, csv->auctions, &p->auction_cap,
                 sizeof(*csv->auction));
    if (list == NULL)
        return no_memory(p);
    csv->auction = list;
    a = &csv->auction[csv->auctions];
    *a = (struct gv_csv_auction){.first = csv->bids};
    memcpy(a->id, p->field[AUCTIONID], strlen(p->field[AUCTIONID]) + 1);
    memcpy(a->item, p->field[ITEM], strlen(p->field[ITEM]) + 1);
    if (read_cents(p, OPENING, &a->opening_bid) != GV_OK ||
        read_cents(p, FINAL, &a->final_price) != GV_OK)
        return GV_REJECT;
    csv->auctions++;
    p->last_time = 0;
    return GV_OK;
}

/* The final price is equal in every row of an auction; the opening bid need
 * not be, sellers did change it. */
static enum gv_rc
check_same(const struct parser *p, const struct gv_csv_auction *a)
{
    uint64_t opening, final;

    if (read_cents(p, OPENING, &opening) != GV_OK ||
        read_cents(p, FINAL, &final) != GV_OK)
        return GV_REJECT;
    if (final != a->final_price)
        return bad(p, FINAL, "differs from the row before");
    return GV_OK;
}

static enum gv_rc
check_numbers(struct parser *p, uint64_t *amount, uint64_t *time)
{
    const char *rating = p->field[RATING];
    uint64_t days;

    if (read_cents(p, BID, amount) != GV_OK)
        return GV_REJECT;
    if (*amount == 0)
        return bad(p, BID, "a bid is at least 0.01");
    if (!read_days(p->field[BIDTIME], time))
        return bad(p, BIDTIME, "expected days, as 2.600116");
    rating += *rating == '-';
    if (*rating == '\0' || strspn(rating, "0123456789") != strlen(rating))
        return bad(p, RATING, "expected a whole number");
    if (!read_days(p->field[DURATION], &days) || days == 0)
        return bad(p, DURATION, "expected days");
    return GV_OK;
}

static enum gv_rc
take_row(struct parser *p)
{
    struct gv_csv *csv = p->out;
    struct gv_csv_bid bid = {.line = p->line};
    uint64_t time;
    void *list;
    enum gv_rc rc = check_name(p, AUCTIONID);

    if (rc == GV_OK)
        rc = check_name(p, BIDDER);
    if (rc == GV_OK)
        rc = check_numbers(p, &bid.amount, &time);
    if (rc != GV_OK)
        return rc;
    if (csv->auctions == 0 ||
        strcmp(csv->auction[csv->auctions - 1].id, p->field[AUCTIONID]) != 0)
        rc = begin_auction(p);
    else
        rc = check_same(p, &csv->auction[csv->auctions - 1]);
    if (rc == GV_OK && time < p->last_time)
        rc = bad(p, BIDTIME, "earlier than the row before");
    if (rc == GV_OK)
        rc = find_bidder(p, &bid.bidder);
    if (rc != GV_OK)
        return rc;
    list = grown(csv->bid, csv->bids, &p->bid_cap, sizeof(*csv->bid));
    if (list == NULL)
        return no_memory(p);
    csv->bid = list;
    csv->bid[csv->bids++] = bid;
    csv->auction[csv->auctions - 1].count++;
    p->last_time = time;
    return GV_OK;
}

static enum gv_rc
parse(struct parser *p)
{
    enum gv_rc rc = read_line(p);

    if (rc != GV_OK)
        return rc;
    for (int c = 0; c < COLUMNS; c++)
        if (strcmp(p->field[c], heads[c]) != 0)
            return bad(p, (enum column)c, "the head line is not this one");
    while (rc == GV_OK && p->p < p->end) {
        rc = read_line(p);
        if (rc == GV_OK)
            rc = take_row(p);
    }
    if (rc == GV_OK && p->out->bids == 0)
        return bad_line(p, "no bids");
    return rc;
}

enum gv_rc
gv_csv_parse(const char *name, struct gv_bytes text, struct gv_csv *out,
             struct gv_error *e)
{
    struct parser *p = calloc(1, sizeof(*p));
    enum gv_rc rc;

    *out = (struct gv_csv){0};
    if (p == NULL)
        return GV_FAULT;
    p->name = name;
    p->p = text.p;
    p->end = text.p + text.len;
    p->out = out;
    p->auctions = json_object();
    p->bidders = json_object();
    p->e = e;
    rc = text.len == 0 ? bad_line(p, "the file is empty") : parse(p);
    json_decref(p->auctions);
    json_decref(p->bidders);
    free(p);
    if (rc != GV_OK)
        gv_csv_clear(out);
    return rc;
}

enum gv_rc
gv_csv_load(const char *path, struct gv_csv *out, struct gv_error *e)
{
    uint8_t *text;
    size_t len;
    enum gv_rc rc = gv_file_read(path, GV_CSV_MAX, &text, &len, e);

    if (rc == GV_ABSENT)
        gv_error_set(e, "%s: no such file", path);
    if (rc != GV_OK)
        return rc == GV_ABSENT ? GV_REJECT : rc;
    rc = gv_csv_parse(path, gv_bytes(text, len), out, e);
    free(text);
    return rc;
}

void
gv_csv_clear(struct gv_csv *csv)
{
    free(csv->auction);
    free(csv->bid);
    free(csv->bidder);
    *csv = (struct gv_csv){0};
}
