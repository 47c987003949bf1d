/* lots.c - lots from flags and to text (wallet/lots.h). */
#include "wallet/lots.h"

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/json.h"

struct parsed {
    char title[GV_LOT_TITLE_MAX + 1];
    size_t len; /* of title */
    uint64_t min_first, reserve;
};

#define EXPECTED                                                               \
    "expected TITLE[,min=AMOUNT][,reserve=AMOUNT], and a comma in TITLE twice"

/* A title up to a single comma; two are one that it has. Where it ends; NULL:
 * it has no byte, or too many. */
static const char *
take_title(const char *p, struct parsed *out)
{
    for (; *p != '\0'; p++) {
        if (*p == ',' && *++p != ',') {
            p--;
            break;
        }
        if (out->len == GV_LOT_TITLE_MAX)
            return NULL;
        out->title[out->len++] = *p;
    }
    return out->len > 0 ? p : NULL;
}

/* One of NAME=AMOUNT: the place of its value, or NULL. */
static uint64_t *
place_of(const char *p, struct parsed *lot, const char **value)
{
    bool min = strncmp(p, "min=", 4) == 0;

    if (!min && strncmp(p, "reserve=", 8) != 0)
        return NULL;
    *value = p + (min ? 4 : 8);
    return min ? &lot->min_first : &lot->reserve;
}

/* Of a text as option --lot has it; number: from 1. An exit code. */
static int
parse(struct gv_cli *cli, const char *text, size_t number,
      const struct gv_currency *c, struct parsed *out)
{
    const char *p, *value;
    struct gv_amount a;
    char amount[60], option[40];

    *out = (struct parsed){.len = 0};
    p = take_title(text, out);
    while (p != NULL && *p == ',') {
        uint64_t *place = place_of(p + 1, out, &value);
        size_t len = place != NULL ? strcspn(value, ",") : 0;

        if (place == NULL || *place != 0) {
            p = NULL;
            break;
        }
        snprintf(amount, sizeof(amount), "%.*s", (int)(len < 59 ? len : 59),
                 value);
        if (len > 59 || gv_amount_parse(amount, c, &a) != GV_OK ||
            a.minor == 0) {
            snprintf(option, sizeof(option), "lot: lot %zu, %s", number,
                     place == &out->reserve ? "reserve" : "min");
            return gv_cli_bad_amount(cli, option, amount, c);
        }
        *place = a.minor;
        p = value + len;
    }
    return p != NULL ? GV_EXIT_OK
                     : gv_cli_fail(cli, GV_EXIT_USAGE,
                                   "--lot: lot %zu, '%.120s': " EXPECTED,
                                   number, text);
}

static bool
has_reserve(const struct gv_terms *t)
{
    struct gv_lot lot;

    for (unsigned i = 0; i < t->lots; i++) {
        gv_terms_lot(t, i, &lot);
        if (lot.reserve != 0)
            return true;
    }
    return false;
}

/* A33, in the words of the options that asked for it. */
static int
check_fit(struct gv_cli *cli, const struct gv_terms *t)
{
    const char *not_with = NULL;

    if (gv_terms_final_round(t))
        not_with = "--final-round: each lot would need one of its own";
    else if (gv_terms_hides_reserve(t) && has_reserve(t))
        not_with = "--hidden-reserve where a lot has a reserve of its own: the "
                   "hidden one holds for each lot";
    else if ((t->flags & GV_PAY_BY) != 0)
        not_with = "--pay-within: there are no second chances for lots";
    return not_with == NULL ? GV_EXIT_OK
                            : gv_cli_fail(cli, GV_EXIT_USAGE,
                                          "--lot: not with %s", not_with);
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
        int code = parse(cli, texts[i], i + 1, &t->currency, &lot);

        if (code != GV_EXIT_OK)
            return code;
        gv_put_b8(&s, gv_bytes(lot.title, lot.len));
        gv_put_u64(&s, lot.min_first);
        gv_put_u64(&s, lot.reserve);
    }
    t->lots = (uint8_t)n;
    t->lot_list = gv_bytes(room, s.len);
    return check_fit(cli, t);
}

int
gv_lots_maybe(struct gv_cli *cli, const struct gv_terms *t, uint8_t *lot)
{
    *lot = 0;
    return t->lots > 0 && !gv_config_is_set(cli->config, "lot")
               ? GV_EXIT_OK
               : gv_lots_number(cli, t, lot);
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
    const char *nobody = gv_auction_is_sealed(info) ? "not known" : "no bid";
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
                            : nobody,
                        json_is_object(leader) ? " by " : "",
                        gv_json_text(leader, "bidder"),
                        close == 0 ? "not yet fixed"
                                   : gv_cli_time(close, time));
    }
}

/* Does this hold for every lot? */
static bool
warns_all(const struct gv_terms *t, const struct gv_params *params,
          const char *text)
{
    for (unsigned i = 0; i < t->lots; i++) {
        const char *warning[GV_TERMS_WARNINGS];
        struct gv_terms of_lot;
        bool has = false;
        size_t n;

        gv_terms_of_lot(t, i, &of_lot);
        n = gv_terms_warn(&of_lot, params, warning, GV_TERMS_WARNINGS);
        for (size_t j = 0; j < n && j < GV_TERMS_WARNINGS; j++)
            has = has || strcmp(warning[j], text) == 0;
        if (!has)
            return false;
    }
    return true;
}

static void
add_warnings(json_t *out, const struct gv_terms *t,
             const struct gv_params *params, unsigned place)
{
    const char *warning[GV_TERMS_WARNINGS];
    struct gv_terms of_lot;
    struct gv_lot lot;
    size_t n;

    gv_terms_of_lot(t, place, &of_lot);
    n = gv_terms_warn(&of_lot, params, warning, GV_TERMS_WARNINGS);
    for (size_t i = 0; i < n && i < GV_TERMS_WARNINGS; i++) {
        if (warns_all(t, params, warning[i])) {
            if (place == 0)
                json_array_append_new(out, json_string(warning[i]));
            continue;
        }
        gv_terms_lot(t, place, &lot);
        json_array_append_new(
            out, json_sprintf("Lot %u, %.*s: %s", place + 1, (int)lot.title.len,
                              (const char *)lot.title.p, warning[i]));
    }
}

json_t *
gv_lots_warnings(const struct gv_terms *t, const struct gv_params *params)
{
    const char *warning[GV_TERMS_WARNINGS];
    json_t *out = json_array();
    size_t n = gv_terms_warn_lots(t, warning, GV_TERMS_WARNINGS);

    for (unsigned i = 0; i < gv_terms_things(t); i++)
        add_warnings(out, t, params, i);
    for (size_t i = 0; i < n && i < GV_TERMS_WARNINGS; i++)
        json_array_append_new(out, json_string(warning[i]));
    return out;
}
