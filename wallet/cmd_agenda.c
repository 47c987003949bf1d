/*
 * cmd_agenda.c - gavel agenda: what begins and ends when, for the auctions that
 * concern this wallet and for its certificates; and the list of those that are
 * watched.
 */
#include <stdlib.h>
#include <time.h>

#include "wallet/alert.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/concern.h"
#include "wallet/ics.h"
#include "wallet/json.h"

static const struct gv_config_option options[] = {
    {.name = "ics",
     .help = "Write it as a calendar file (iCalendar), too; - is standard "
             "output, in place of the table.",
     .argument = "FILE"},
    {.name = "alarm",
     .type = GV_CONFIG_DURATION,
     .fallback = "15m",
     .help = "The calendar's alarm comes this long before; 0: none.",
     .argument = "TIME"},
};

struct entry {
    uint64_t at_ms;
    const char *what;
    unsigned lot; /* 0: the auction */
    char standing[40], title[500], id[65];
};

struct agenda {
    struct entry *item;
    size_t count, cap;
};

static struct entry *
add(struct gv_cli *cli, struct agenda *a, int *code)
{
    struct entry *grown = a->item;

    if (a->count == a->cap) {
        grown = realloc(a->item, (2 * a->cap + 16) * sizeof(*grown));
        if (grown == NULL) {
            *code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
            return NULL;
        }
        a->item = grown;
        a->cap = 2 * a->cap + 16;
    }
    memset(&grown[a->count], 0, sizeof(*grown));
    return &grown[a->count++];
}

static int
by_time(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->lot != b->lot)
        return a->lot < b->lot ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* --- auctions --- */

/* Its title, and with it that of the lot at this place if there are lots. */
static void
set_lot(struct entry *e, const json_t *info, unsigned place)
{
    const json_t *lot = json_array_get(json_object_get(info, "lots"), place);

    snprintf(e->title, sizeof(e->title), "%s", gv_json_text(info, "title"));
    if (lot == NULL)
        return;
    e->lot = place + 1;
    snprintf(e->title, sizeof(e->title), "%s, lot %u: %s",
             gv_json_text(info, "title"), e->lot, gv_json_text(lot, "title"));
}

/* Of the lot at this place. All of them open together. */
static int
add_lot(struct gv_cli *cli, struct agenda *a, const struct gv_concern *c,
        const json_t *info, unsigned place)
{
    bool scheduled = strcmp(gv_json_text(info, "phase"), "scheduled") == 0;
    unsigned roles = gv_concern_roles(c, place, gv_look_lots(info));
    struct gv_look look;
    struct entry *e;
    int code = GV_EXIT_OK;

    gv_look_read(info, place, c, &look);
    for (int end = 0; end <= 1; end++) {
        if (end ? roles == 0 : place > 0)
            continue;
        if (end ? look.ended || look.close_us == 0 : !scheduled)
            continue;
        e = add(cli, a, &code);
        if (e == NULL)
            return code;
        e->at_ms = end ? look.close_us / 1000 : gv_json_u64(info, "opening_ms");
        e->what = !end               ? "opens"
                  : look.final_round ? "ends final round"
                                     : "closes";
        snprintf(e->id, sizeof(e->id), "%s", c->auction);
        set_lot(e, info, end ? place : GV_LOTS_MAX);
        if (end && (roles & GV_CONCERN_BIDS) != 0 && look.has_leader)
            snprintf(e->standing, sizeof(e->standing), "%s",
                     look.mine ? "leading" : "outbid");
        else
            gv_concern_words(end ? roles : c->roles, e->standing);
    }
    return GV_EXIT_OK;
}

static int
add_auction(struct gv_cli *cli, struct agenda *a, const struct gv_concern *c,
            const json_t *info)
{
    unsigned lots = gv_look_lots(info);
    int code = GV_EXIT_OK;

    for (unsigned i = 0; i < (lots == 0 ? 1 : lots) && code == GV_EXIT_OK; i++)
        code = add_lot(cli, a, c, info, i);
    return code;
}

/* An auction that this node does not have is no reason to hide the others. */
static int
look_up(struct gv_cli *cli, struct agenda *a, const struct gv_concern *c)
{
    struct gv_rpcclient_error error = {0};
    json_t *info = NULL;
    enum gv_rc rc =
        gv_cli_try(cli, "getauction", json_pack("{ss}", "auction", c->auction),
                   &info, &error);
    int code = GV_EXIT_OK;

    if (rc == GV_OK)
        code = add_auction(cli, a, c, info);
    else if (rc == GV_REJECT)
        gv_cli_warn(cli, "warning: auction %s: %s", c->auction, error.e.text);
    else
        code = GV_EXIT_NODE;
    gv_rpcclient_error_clear(&error);
    json_decref(info);
    return code;
}

/* --- certificates --- */

static int
add_certificates(struct gv_cli *cli, struct agenda *a)
{
    struct gv_persona id;
    int code = GV_EXIT_OK;

    for (size_t i = 0; i < gv_wallet_identities(cli->wallet); i++) {
        struct entry *e;

        if (gv_wallet_identity(cli->wallet, i, &id) != GV_OK || !id.certified ||
            id.cred.not_after_ms < gv_cli_now_ms())
            continue;
        e = add(cli, a, &code);
        if (e == NULL)
            return code;
        e->at_ms = id.cred.not_after_ms;
        e->what = "expires";
        gv_hex(id.cred.fingerprint.b, 32, e->id);
        snprintf(e->title, sizeof(e->title), "certificate of %s", id.name);
    }
    return GV_EXIT_OK;
}

/* --- as a calendar --- */

static void
put_entry(FILE *out, const struct gv_cli *cli, const struct entry *e)
{
    char uid[120], summary[600], text[400];
    const struct gv_appointment appointment = {
        .uid = uid,
        .summary = summary,
        .text = text,
        .at_ms = e->at_ms,
        .alarm_s = (uint64_t)gv_config_ms(cli->config, "alarm") / 1000};

    if (e->lot != 0)
        snprintf(uid, sizeof(uid), "%s-%s-%u@gavel", e->what, e->id, e->lot);
    else
        snprintf(uid, sizeof(uid), "%s-%s@gavel", e->what, e->id);
    snprintf(summary, sizeof(summary), "%s %s", e->title, e->what);
    snprintf(text, sizeof(text), "%s%s%s", e->standing,
             *e->standing != '\0' ? "\n" : "", e->id);
    gv_ics_put(out, &appointment, gv_cli_now_ms());
}

static int
write_ics(struct gv_cli *cli, const struct agenda *a, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int code;

    if (out == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    gv_ics_begin(out);
    for (size_t i = 0; i < a->count; i++)
        put_entry(out, cli, &a->item[i]);
    gv_ics_end(out);
    if (fclose(out) != 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    else
        code = gv_cli_write(cli, path, gv_bytes(text, len), 0600);
    free(text);
    return code;
}

/* --- for people --- */

/* This machine's time of day, with the zone that it is in. */
static const char *
local_time(uint64_t ms, char out[60])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    if (localtime_r(&s, &tm) == NULL ||
        strftime(out, 60, "%a %Y-%m-%d %H:%M:%S %Z (%z)", &tm) == 0)
        snprintf(out, 60, "-");
    return out;
}

static json_t *
as_json(const struct agenda *a)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < a->count; i++) {
        const struct entry *e = &a->item[i];

        json_array_append_new(rows,
                              json_pack("{so ss ss ss ss}", "at_ms",
                                        gv_json_from_u64(e->at_ms), "what",
                                        e->what, "standing", e->standing,
                                        "title", e->title, "id", e->id));
    }
    return json_pack("{so}", "agenda", rows);
}

static void
print(const struct agenda *a)
{
    struct gv_columns *t =
        gv_columns_new("when|what|standing|title|auction or certificate");
    char when[60];

    for (size_t i = 0; i < a->count; i++) {
        const struct entry *e = &a->item[i];

        gv_columns_cell(t, "%s", local_time(e->at_ms, when));
        gv_columns_cell(t, "%s", e->what);
        gv_columns_cell(t, "%s", *e->standing != '\0' ? e->standing : "-");
        gv_columns_cell(t, "%s", e->title);
        gv_columns_cell(t, "%s", e->id);
    }
    gv_columns_print(t, stdout, "nothing is due");
    gv_columns_free(t);
}

static int
run(struct gv_cli *cli)
{
    const char *ics = gv_config_string(cli->config, "ics");
    struct agenda a = {.item = NULL};
    struct gv_concerns c = {.item = NULL};
    int code = gv_cli_is_stdout(ics) && cli->json
                   ? gv_cli_fail(cli, GV_EXIT_USAGE,
                                 "--ics -: not with --json, both are printed")
                   : gv_cli_wallet(cli);

    if (code == GV_EXIT_OK)
        code = gv_concerns_gather(cli, &c);
    for (size_t i = 0; i < c.count && code == GV_EXIT_OK; i++)
        code = look_up(cli, &a, &c.item[i]);
    if (code == GV_EXIT_OK)
        code = add_certificates(cli, &a);
    if (a.count > 0)
        qsort(a.item, a.count, sizeof(*a.item), by_time);
    if (code == GV_EXIT_OK && ics != NULL)
        code = write_ics(cli, &a, ics);
    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli, as_json(&a));
    else if (code == GV_EXIT_OK && !gv_cli_is_stdout(ics))
        print(&a);
    free(a.item);
    gv_concerns_free(&c);
    return code;
}

const struct gv_command gv_cmd_agenda = {
    .config = {.name = "agenda",
               .help = "Show what opens, closes and expires when, of the "
                       "auctions where this wallet bids, sells or watches.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};

/* --- the list of what is watched --- */

static int
change(struct gv_cli *cli, bool watch)
{
    char hex[65];
    json_t *info;
    int code =
        gv_cli_id(cli, gv_config_argument(cli->config, 0), "auction", hex);

    if (code == GV_EXIT_OK && watch) { /* a slip of the pen shows at once */
        code = gv_cli_call(cli, "getauction", json_pack("{ss}", "auction", hex),
                           &info);
        if (code == GV_EXIT_OK)
            json_decref(info);
    }
    if (code == GV_EXIT_OK)
        code = gv_cli_wallet(cli);
    if (code != GV_EXIT_OK)
        return code;
    if (watch)
        json_object_set_new(gv_wallet_watched(cli->wallet), hex, json_object());
    else if (json_object_del(gv_wallet_watched(cli->wallet), hex) != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s is not watched", hex);
    return gv_cli_save(cli);
}

static int
run_add(struct gv_cli *cli)
{
    return change(cli, true);
}

static int
run_drop(struct gv_cli *cli)
{
    return change(cli, false);
}

const struct gv_command gv_cmd_agenda_add = {
    .config = {.name = "agenda add",
               .help = "Watch an auction: it is in the agenda, and gavel watch "
                       "tells of it.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run_add};

const struct gv_command gv_cmd_agenda_drop = {
    .config = {.name = "agenda drop",
               .help = "Watch it no more.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run_drop};
