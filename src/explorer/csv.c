/* csv.c - rows of CSV dumps and the check of a whole one (F20). */
#include "src/explorer/csv.h"

#include <inttypes.h>

#include "src/explorer/audit_impl.h"

#define FIELD_MAX 80

void
gv_csv_put(struct gv_show_text *t, const struct gv_csv_row *row)
{
    gv_show_hex(t, row->auction.b, 32);
    gv_show_str(t, ",");
    gv_show_u64(t, row->height);
    gv_show_str(t, ",");
    gv_show_hex(t, row->bid.b, 32);
    gv_show_str(t, ",");
    gv_show_hex(t, row->bidder.b, 32);
    gv_show_str(t, ",");
    gv_show_u64(t, row->amount);
    gv_show_str(t, ",");
    gv_show_u64(t, row->t_us);
    gv_show_str(t, ",");
    gv_show_str(t, gv_code_name(row->code));
    gv_show_str(t, ",");
    gv_show_u64(t, row->seq);
    gv_show_str(t, ",");
    gv_show_hex(t, row->tie, 32);
    gv_show_str(t, ",");
    gv_show_u64(t, row->lot);
    gv_show_str(t, "\n");
}

/* A line being read, field by field. After a failure `field` stays. */
struct cursor {
    const char *p;
    size_t left;
    const char *field;
    char text[FIELD_MAX];
};

static const char *
take(struct cursor *c, const char *field)
{
    size_t n = 0;

    while (n < c->left && c->p[n] != ',' && c->p[n] != '\n')
        n++;
    if (n == c->left || n >= FIELD_MAX || memchr(c->p, '\0', n)) {
        c->field = c->field ? c->field : field;
        n = 0;
    }
    memcpy(c->text, c->p, n);
    c->text[n] = '\0';
    if (!c->field) {
        c->p += n + 1;
        c->left -= n + 1;
    }
    return c->text;
}

static void
take_id(struct cursor *c, uint8_t out32[32], const char *field)
{
    if (gv_unhex(take(c, field), out32, 32) != GV_OK && !c->field)
        c->field = field;
}

static uint64_t
take_u64(struct cursor *c, uint64_t max, const char *field)
{
    const char *digit = take(c, field);
    uint64_t v = 0;

    if (*digit == '\0' && !c->field)
        c->field = field;
    for (; *digit; digit++) {
        unsigned d = (unsigned)(*digit - '0');

        if (*digit < '0' || d > 9 || v > (max - d) / 10) {
            c->field = c->field ? c->field : field;
            return 0;
        }
        v = v * 10 + d;
    }
    return v;
}

/* Accepted, or a clause of F. */
static enum gv_code
take_code(struct cursor *c)
{
    const char *name = take(c, "code");

    for (int code = GV_WRONG_PHASE; code <= GV_BID_CODE_LAST; code++)
        if (strcmp(name, gv_code_name((enum gv_code)code)) == 0)
            return (enum gv_code)code;
    if (strcmp(name, gv_code_name(GV_ACCEPTED)) != 0 && !c->field)
        c->field = "code";
    return GV_ACCEPTED;
}

/* An amount is missing where nobody knows it, and nowhere else (A23). */
static bool
amount_fits(const struct gv_csv_row *row)
{
    switch (row->code) {
    case GV_NOT_OPENED:
    case GV_BAD_SEAL:
        return row->amount == 0;
    case GV_WRONG_PHASE:
    case GV_TIME_LIMIT:
    case GV_NOT_ALLOWED:
    case GV_BIDDER_CAP:
        return true;
    default:
        return row->amount > 0;
    }
}

bool
gv_csv_get(const struct gv_line *line, struct gv_csv_row *out,
           const char **field)
{
    struct cursor c = {.p = line->text, .left = line->len};

    take_id(&c, out->auction.b, "auction");
    out->height = (uint32_t)take_u64(&c, UINT32_MAX, "height");
    take_id(&c, out->bid.b, "bid");
    take_id(&c, out->bidder.b, "bidder");
    out->amount = take_u64(&c, UINT64_MAX, "amount");
    out->t_us = take_u64(&c, UINT64_MAX, "t_us");
    out->code = take_code(&c);
    out->seq = (uint32_t)take_u64(&c, UINT32_MAX, "seq");
    take_id(&c, out->tie, "tie");
    out->lot = (uint8_t)take_u64(&c, GV_LOTS_MAX, "lot");
    if (!c.field && out->code == GV_NO_LOT && out->lot == 0)
        c.field = "lot";
    if (!c.field && !amount_fits(out))
        c.field = "amount";
    *field = c.field;
    return c.field == NULL;
}

int
gv_csv_compare(const struct gv_csv_row *x, const struct gv_csv_row *y)
{
    int c = GV_ID_CMP(&x->auction, &y->auction);

    if (c == 0)
        c = (x->t_us > y->t_us) - (x->t_us < y->t_us);
    if (c == 0)
        c = memcmp(x->tie, y->tie, 32);
    return c ? c : GV_ID_CMP(&x->bid, &y->bid);
}

/* --- a whole CSV dump --- */

struct csv_audit {
    struct gv_audit_report *report;
    struct gv_tally tally;
    struct gv_line line;
    struct gv_show_text want;
    struct gv_csv_row row, before;
};

static enum gv_rc
check_row(struct csv_audit *a, uint64_t number, struct gv_error *e)
{
    const char *field;

    if (!gv_csv_get(&a->line, &a->row, &field)) {
        gv_error_set(e, "line %" PRIu64 ": bad %s", number, field);
        return GV_REJECT;
    }
    a->want.len = 0;
    gv_csv_put(&a->want, &a->row);
    if (a->want.failed) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    if (!gv_line_is(&a->line, number, gv_bytes(a->want.p, a->want.len), e))
        return GV_REJECT;
    if (a->report->bids > 0 && gv_csv_compare(&a->before, &a->row) >= 0) {
        gv_error_set(e, "line %" PRIu64 ": bids out of order", number);
        return GV_REJECT;
    }
    a->report->chains +=
        a->report->bids == 0 || !GV_ID_EQ(&a->before.auction, &a->row.auction);
    a->report->bids++;
    a->before = a->row;
    return GV_OK;
}

static enum gv_rc
check_commit(struct csv_audit *a, struct gv_lines *in, uint64_t number,
             struct gv_error *e)
{
    enum gv_rc rc;

    a->want.len = 0;
    gv_tally_last_csv(&a->tally, a->report->bids, &a->want);
    if (!gv_line_is(&a->line, number, gv_bytes(a->want.p, a->want.len), e))
        return GV_REJECT;
    a->report->lines = number;
    a->report->bytes = a->tally.bytes + a->line.len;
    rc = gv_line_read(in, number + 1, &a->line, e);
    if (rc == GV_OK) {
        gv_error_set(e, "line %" PRIu64 ": nothing may follow the last line",
                     number + 1);
        return GV_REJECT;
    }
    return rc == GV_ABSENT ? GV_OK : rc;
}

static enum gv_rc
check_rows(struct csv_audit *a, struct gv_lines *in, struct gv_error *e)
{
    for (uint64_t number = 2;; number++) {
        enum gv_rc rc = gv_line_read(in, number, &a->line, e);

        if (rc == GV_ABSENT) {
            gv_error_set(e, "line %" PRIu64 ": the last line is missing",
                         number);
            return GV_REJECT;
        }
        if (rc == GV_OK && gv_line_begins(&a->line, "commit,"))
            return check_commit(a, in, number, e);
        if (rc == GV_OK)
            rc = check_row(a, number, e);
        if (rc != GV_OK)
            return rc;
        gv_tally_line(&a->tally, a->line.text, a->line.len);
    }
}

enum gv_rc
gv_audit_csv(struct gv_lines *in, const struct gv_line *first,
             struct gv_audit_report *report, struct gv_error *e)
{
    struct csv_audit a = {.report = report};
    enum gv_rc rc = GV_REJECT;

    report->csv = true;
    gv_tally_begin(&a.tally);
    gv_tally_line(&a.tally, first->text, first->len);
    if (gv_line_is(first, 1, gv_bytes(GV_CSV_HEAD, strlen(GV_CSV_HEAD)), e))
        rc = check_rows(&a, in, e);
    gv_tally_free(&a.tally);
    gv_line_free(&a.line);
    gv_show_free(&a.want);
    return rc;
}
