/* clock.c - Dutch clocks (wallet/clock.h). */
#include "wallet/clock.h"

#include <gavel/clock.h>
#include <inttypes.h>

#include "wallet/columns.h"
#include "wallet/json.h"

/* --- from flags --- */

static int
take_amount(struct gv_cli *cli, const char *name, const struct gv_currency *c,
            uint64_t *out)
{
    const char *text = gv_config_string(cli->config, name);
    struct gv_amount a;

    if (text == NULL)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--direction dutch: it needs "
                           "--start, --floor, --drop and --every");
    if (gv_amount_parse(text, c, &a) != GV_OK)
        return gv_cli_bad_amount(cli, name, text, c);
    *out = a.minor;
    return GV_EXIT_OK;
}

/* Without a clock its options have no use. --every may be set for others: watch
 * and agent run take one by the same variable. */
static int
refuse_options(struct gv_cli *cli)
{
    static const char *const names[] = {"start", "floor", "drop"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (gv_config_is_set(cli->config, names[i]))
            return gv_cli_fail(cli, GV_EXIT_USAGE,
                               "--%s: it is for --direction dutch", names[i]);
    return GV_EXIT_OK;
}

static int
take_step(struct gv_cli *cli, struct gv_terms *t)
{
    int64_t ms = gv_config_ms(cli->config, "every");

    if (!gv_config_is_set(cli->config, "every") || ms > UINT32_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--every: how often the clock falls, up to seven "
                           "days");
    t->clock_step_ms = (uint32_t)ms;
    return GV_EXIT_OK;
}

int
gv_clock_take(struct gv_cli *cli, struct gv_terms *t)
{
    const struct gv_currency *c = &t->currency;
    int code;

    t->direction = (uint8_t)gv_config_enum(cli->config, "direction");
    if (!gv_terms_dutch(t))
        return refuse_options(cli);
    code = take_amount(cli, "start", c, &t->clock_start);
    if (code == GV_EXIT_OK)
        code = take_amount(cli, "floor", c, &t->clock_floor);
    if (code == GV_EXIT_OK)
        code = take_amount(cli, "drop", c, &t->clock_drop);
    if (code == GV_EXIT_OK)
        code = take_step(cli, t);
    if (code == GV_EXIT_OK && !gv_config_is_set(cli->config, "limit")) {
        t->limit_ms = gv_clock_length_ms(t);
        t->flags |= GV_LIMIT;
    }
    return code;
}

/* --- to text --- */

void
gv_clock_print(const struct gv_terms *t, FILE *out)
{
    char start[40], floor[40], drop[40];

    if (!gv_terms_dutch(t))
        return;
    gv_columns_line(out, "direction",
                    "dutch: the first bid that reaches the clock wins, and "
                    "pays what it shows");
    gv_columns_line(
        out, "clock", "from %s down to %s, by %s every %" PRIu32 ".%03u s",
        gv_amount_text((struct gv_amount){t->clock_start}, &t->currency, start),
        gv_amount_text((struct gv_amount){t->clock_floor}, &t->currency, floor),
        gv_amount_text((struct gv_amount){t->clock_drop}, &t->currency, drop),
        t->clock_step_ms / 1000, (unsigned)(t->clock_step_ms % 1000));
}

void
gv_clock_print_now(const struct gv_auction *a)
{
    const struct gv_open *o = &a->open;
    uint64_t next = gv_json_u64(a->info, "next_drop_us");
    char now[40], then[40], time[40];

    if (gv_json_u64(a->info, "clock_price") == 0)
        return;
    gv_auction_amount(a->info, "clock_price", &o->terms.currency, now);
    if (next == 0) {
        gv_columns_line(stdout, "price now", "%s", now);
        return;
    }
    gv_amount_text(
        (struct gv_amount){gv_clock_price(&o->terms, o->opening_ms, next)},
        &o->terms.currency, then);
    gv_columns_line(stdout, "price now", "%s; %s from %s on", now, then,
                    gv_cli_time(next, time));
}

int
gv_clock_amount(struct gv_cli *cli, const struct gv_auction *a,
                const char *text, struct gv_amount *out)
{
    const struct gv_open *o = &a->open;
    const struct gv_currency *c = &o->terms.currency;

    if (gv_terms_dutch(&o->terms) && strcmp(text, "now") == 0) {
        out->minor = gv_clock_price(&o->terms, o->opening_ms,
                                    gv_json_u64(a->info, "phase_time_us"));
        return GV_EXIT_OK;
    }
    if (gv_amount_parse(text, c, out) == GV_OK && out->minor != 0)
        return GV_EXIT_OK;
    return gv_cli_bad_amount(cli, NULL, text, c);
}
