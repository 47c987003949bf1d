/* cmd_limit.c - gavel limit: what this wallet may bid (wallet/guard.h). */
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/guard.h"
#include "wallet/json.h"

static const struct gv_config_option set_options[] = {
    {.name = "bid", .help = "At most this in one bid.", .argument = "AMOUNT"},
    {.name = "total",
     .help = "At most this in all bids together that lead where the outcome is "
             "not final.",
     .argument = "AMOUNT"},
};

/* Limits are kept with as many decimals as were given. */
static const struct gv_currency finest = {.tag = {'X'}, .exponent = 8};

static int
take(struct gv_cli *cli, const char *name, json_t *limits)
{
    const char *text = gv_config_string(cli->config, name);
    uint64_t minor;

    if (text == NULL)
        return GV_EXIT_OK;
    if (!gv_guard_amount(text, &finest, &minor))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--%s %.40s: expected an amount as 250 or 99.50",
                           name, text);
    json_object_set_new(limits, name, json_string(text));
    return GV_EXIT_OK;
}

static int
read_tag(struct gv_cli *cli, char tag[5])
{
    const char *text = gv_config_argument(cli->config, 0);
    struct gv_currency c;

    if (gv_currency_parse(text, 2, &c) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "'%.20s' is no currency: expected 1 to 4 of A-Z and "
                           "0-9, as EUR",
                           text);
    snprintf(tag, 5, "%.4s", c.tag);
    return gv_cli_wallet(cli);
}

static int
run_set(struct gv_cli *cli)
{
    json_t *limits;
    char tag[5];
    int code;

    if (!gv_config_is_set(cli->config, "bid") &&
        !gv_config_is_set(cli->config, "total"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "say --bid AMOUNT, --total AMOUNT, or both");
    code = read_tag(cli, tag);
    if (code != GV_EXIT_OK)
        return code;
    limits = json_object_get(gv_wallet_limits(cli->wallet), tag);
    limits = limits != NULL ? json_deep_copy(limits) : json_object();
    code = take(cli, "bid", limits);
    if (code == GV_EXIT_OK)
        code = take(cli, "total", limits);
    if (code == GV_EXIT_OK)
        json_object_set(gv_wallet_limits(cli->wallet), tag, limits);
    json_decref(limits);
    return code == GV_EXIT_OK ? gv_cli_save(cli) : code;
}

static uint8_t
decimals(const char *text)
{
    const char *point = strchr(text, '.');
    size_t n = point != NULL ? strlen(point + 1) : 0;

    return (uint8_t)(n > finest.exponent ? finest.exponent : n);
}

/* The limits of one currency in minor units, as small as the finer of them
 * needs. */
static json_t *
limits_json(const char *tag, const json_t *limits)
{
    static const char *const names[] = {"bid", "total"};
    struct gv_currency c = {.tag = {0}};
    json_t *o = json_object();
    uint64_t minor;

    memcpy(c.tag, tag, strnlen(tag, sizeof(c.tag)));
    for (size_t i = 0; i < 2; i++) {
        uint8_t n = decimals(gv_json_text(limits, names[i]));

        if (n > c.exponent)
            c.exponent = n;
    }
    for (size_t i = 0; i < 2; i++)
        json_object_set_new(
            o, names[i],
            gv_guard_amount(gv_json_text(limits, names[i]), &c, &minor)
                ? gv_json_from_u64(minor)
                : json_null());
    return gv_auction_priced(o, &c);
}

static json_t *
as_json(const json_t *all)
{
    json_t *out = json_object(), *limits;
    const char *tag;

    json_object_foreach((json_t *)all, tag, limits)
        json_object_set_new(out, tag, limits_json(tag, limits));
    return json_pack("{so}", "limits", out);
}

static int
run_show(struct gv_cli *cli)
{
    struct gv_columns *t;
    const char *tag;
    json_t *limits;
    int code = gv_cli_wallet(cli);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(cli, as_json(gv_wallet_limits(cli->wallet)));
        return GV_EXIT_OK;
    }
    t = gv_columns_new("currency|>in one bid|>in all that lead");
    json_object_foreach(gv_wallet_limits(cli->wallet), tag, limits)
    {
        const char *bid = gv_json_text(limits, "bid");
        const char *total = gv_json_text(limits, "total");

        gv_columns_cell(t, "%s", tag);
        gv_columns_cell(t, "%s", *bid != '\0' ? bid : "-");
        gv_columns_cell(t, "%s", *total != '\0' ? total : "-");
    }
    gv_columns_print(t, stdout, "no limits");
    gv_columns_free(t);
    return GV_EXIT_OK;
}

static int
run_drop(struct gv_cli *cli)
{
    char tag[5];
    int code = read_tag(cli, tag);

    if (code == GV_EXIT_OK &&
        json_object_del(gv_wallet_limits(cli->wallet), tag) != 0)
        code =
            gv_cli_fail(cli, GV_EXIT_FAILED, "there are no limits for %s", tag);
    return code == GV_EXIT_OK ? gv_cli_save(cli) : code;
}

const struct gv_command gv_cmd_limit_set = {
    .config = {.name = "limit set",
               .help = "Limit what this wallet bids in a currency. What is not "
                       "given stays.",
               .arguments = "CURRENCY",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = set_options,
               .n_options = sizeof(set_options) / sizeof(set_options[0])},
    .run = run_set};

const struct gv_command gv_cmd_limit_show = {
    .config = {.name = "limit show", .help = "Show the limits."},
    .run = run_show};

const struct gv_command gv_cmd_limit_drop = {
    .config = {.name = "limit drop",
               .help = "Bid in a currency without limits again.",
               .arguments = "CURRENCY",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run_drop};
