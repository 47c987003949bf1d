/* lots.c - lots from flags and to text (wallet/lots.h). */
#include "wallet/lots.h"

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/json.h"

struct parsed {
    char title[GV_LOT_TITLE_MAX + 1];
    uint64_t min_first, reserve;
};

/* NAME=AMOUNT from p up to the next comma or the end. */
static bool
take_amount(const char *p, size_t len, const char *name,
            const struct gv_currency *c, uint64_t *out)
{
    size_t n = strlen(name);
    struct gv_amount a;
    char text[40];

    if (len <= n || len - n >= sizeof(text) || strncmp(p, name, n) != 0 ||
        *out != 0)
        return false;
    memcpy(text, p + n, len - n);
    text[len - n] = '\0';
    if (gv_amount_parse(text, c, &a) != GV_OK || a.minor == 0)
        return false;
    *out = a.minor;
    return true;
}

static bool
parse(const char *text, const struct gv_currency *c, struct parsed *out)
{
    size_t len = strcspn(text, ",");

    *out = (struct parsed){.min_first = 0};
    if (len == 0 || len > GV_LOT_TITLE_MAX)
        return false;
    memcpy(out->title, text, len);
    while (text[len] == ',') {
        text += len + 1;
        len = strcspn(text, ",");
        if (!take_amount(text, len, "min=", c, &out->min_first) &&
            !take_amount(text, len, "reserve=", c, &out->reserve))
            return false;
    }
    return true;
}

int
gv_lots_take(struct gv_cli *cli, struct gv_terms *t,
             uint8_t room[GV_LOTS_BYTES])
{
    struct gv_sink s = gv_sink_buffer(room, GV_LOTS_BYTES);
    struct parsed lot;
    const char *const *texts;
    size_t n;

    texts = gv_config_list(cli->config, "lot", &n);
    if (n == 0)
        return GV_EXIT_OK;
    if (n == 1 || n > GV_LOTS_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--lot: an auction has 2 to %d lots, or none",
                           GV_LOTS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!parse(texts[i], &t->currency, &lot))
            return gv_cli_fail(cli, GV_EXIT_USAGE,
                               "--lot: '%.120s': expected "
                               "TITLE[,min=AMOUNT][,reserve=AMOUNT]",
                               texts[i]);
        gv_put_b8(&s, gv_bytes(lot.title, strlen(lot.title)));
        gv_put_u64(&s, lot.min_first);
        gv_put_u64(&s, lot.reserve);
    }
    t->lots = (uint8_t)n;
    t->lot_list = gv_bytes(room, s.len);
    return GV_EXIT_OK;
}

int
gv_lots_number(struct gv_cli *cli, const struct gv_terms *t, uint8_t *lot)
{
    bool set = gv_config_is_set(cli->config, "lot");
    int64_t number = set ? gv_config_int(cli->config, "lot") : 0;

    *lot = (uint8_t)number;
    if (t->lots == 0 && set)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--lot: this auction has no lots");
    if (t->lots > 0 && (!set || number > t->lots))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--lot: this auction has the lots 1 to %u",
                           (unsigned)t->lots);
    return GV_EXIT_OK;
}

int
gv_lots_refuse(struct gv_cli *cli)
{
    return gv_cli_fail(cli, GV_EXIT_USAGE,
                       "this is not there for auctions of several lots; "
                       "gavel-explorer verify checks them");
}

void
gv_lots_keep(const struct gv_outcome *o, uint8_t room[GV_RESULTS_ROOM],
             struct gv_outcome *out)
{
    *out = *o;
    if (o->lots.len > 0)
        memcpy(room, o->lots.p, o->lots.len);
    out->lots = gv_bytes(room, o->lots.len);
}

void
gv_lots_outcome(const struct gv_fold *f, const struct gv_terms *t,
                uint8_t room[GV_RESULTS_ROOM], struct gv_outcome *out)
{
    struct gv_result r;

    gv_fold_outcome(f, out);
    for (unsigned i = 0; i < t->lots; i++) {
        gv_fold_result(f, i, &r);
        gv_result_put(&r, room + (size_t)i * GV_RESULT_SIZE);
    }
    out->lots = gv_bytes(room, (size_t)t->lots * GV_RESULT_SIZE);
}

char *
gv_lots_name(const struct gv_terms *t, uint8_t number,
             char out[GV_LOT_NAME_MAX])
{
    int place = gv_terms_lot_place(t, number);
    struct gv_lot lot;

    *out = '\0';
    if (t->lots == 0)
        return out;
    if (place < 0) {
        snprintf(out, GV_LOT_NAME_MAX, "lot %u", number);
        return out;
    }
    gv_terms_lot(t, (unsigned)place, &lot);
    snprintf(out, GV_LOT_NAME_MAX, "lot %u, %.*s", number, (int)lot.title.len,
             (const char *)lot.title.p);
    return out;
}

void
gv_lots_print(const struct gv_terms *t, FILE *out)
{
    char name[16], least[40], reserve[40];
    struct gv_lot lot;

    for (unsigned i = 0; i < t->lots; i++) {
        gv_terms_lot(t, i, &lot);
        snprintf(name, sizeof(name), "lot %u", i + 1);
        gv_amount_text((struct gv_amount){lot.min_first}, &t->currency, least);
        gv_amount_text((struct gv_amount){lot.reserve}, &t->currency, reserve);
        gv_columns_line(
            out, name, "%.*s%s%s%s%s", (int)lot.title.len,
            (const char *)lot.title.p, lot.min_first ? ", min first " : "",
            lot.min_first ? least : "", lot.reserve ? ", reserve " : "",
            lot.reserve ? reserve : "");
    }
}

void
gv_lots_print_leaders(const json_t *info, const struct gv_currency *c,
                      FILE *out)
{
    const json_t *lots = json_object_get(info, "lots"), *lot;
    char name[32], amount[40], time[40];
    size_t i;

    json_array_foreach(lots, i, lot)
    {
        const json_t *leader = json_object_get(lot, "leader");
        uint64_t close = gv_json_u64(lot, "effective_close_us");

        snprintf(name, sizeof(name), "lot %zu leads", i + 1);
        gv_columns_line(out, name, "%s%s%s, until %s",
                        json_is_object(leader)
                            ? gv_auction_amount(leader, "amount", c, amount)
                            : "no bid",
                        json_is_object(leader) ? " by " : "",
                        gv_json_text(leader, "bidder"),
                        close == 0 ? "not yet fixed"
                                   : gv_cli_time(close, time));
    }
}
