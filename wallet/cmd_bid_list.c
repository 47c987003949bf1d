/* cmd_bid_list.c - gavel bid list: the twelve lists of bids. */
#include <inttypes.h>

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/list.h"

static const struct gv_config_option options[] = {
    GV_LIST_OPTIONS,
    GV_LIST_RANGE("Only bids stamped"),
    {.name = "id", .help = "Only this bid.", .argument = "BID"},
    {.name = "auction", .help = "Only of this auction.", .argument = "AUCTION"},
    {.name = "bidder",
     .help = "Only of this bidder: a ledger key, or me (the default without "
             "--id and --auction), with whose sealed amounts the wallet helps.",
     .argument = "KEY"},
    {.name = "mined",
     .type = GV_CONFIG_ENUM,
     .choices = "all|no|yes",
     .fallback = "all",
     .help = "no: not in a block yet; yes: in a block."},
};

static void
row(struct gv_columns *t, const json_t *b)
{
    struct gv_currency c = gv_auction_currency(b);
    char time[40], amount[60];

    gv_columns_cell(t, "%s", gv_json_text(b, "bid"));
    gv_columns_cell(t, "%s", gv_cli_time(gv_json_u64(b, "t_us"), time));
    gv_columns_cell(t, "%s", gv_bid_amount(b, &c, amount));
    gv_columns_cell(t, "%s", gv_json_text(b, "state"));
    gv_columns_cell(t, "%s%s",
                    gv_bid_is_unjudged(b) ? "sealed"
                                          : gv_json_text(b, "code_name"),
                    gv_json_bool(b, "leading") ? " (leading)" : "");
    gv_columns_cell(t, "%s", gv_json_text(b, "auction"));
    gv_columns_cell(t, "%s", gv_json_text(b, "bidder"));
    if (gv_json_u64(b, "lot") != 0)
        gv_columns_cell(t, "%" PRIu64, gv_json_u64(b, "lot"));
    else
        gv_columns_cell(t, "-");
}

/* Without any filter: the bids of the wallet's identity. */
static int
filters(struct gv_cli *cli, json_t *params)
{
    static const char *const mined[] = {"all", "no", "yes"};
    bool any = gv_config_is_set(cli->config, "id") ||
               gv_config_is_set(cli->config, "auction") ||
               gv_config_is_set(cli->config, "bidder");
    struct gv_persona id;
    char hex[65];
    int code = gv_list_id(cli, params, "id", "bid", false);

    if (code == GV_EXIT_OK)
        code = gv_list_id(cli, params, "auction", "auction", false);
    if (code == GV_EXIT_OK)
        code = gv_list_id(cli, params, "bidder", "bidder", true);
    if (code == GV_EXIT_OK && !any) {
        code = gv_cli_identity(cli, false, &id);
        if (code == GV_EXIT_OK)
            json_object_set_new(params, "bidder",
                                json_string(gv_hex(id.key.b, 32, hex)));
    }
    json_object_set_new(
        params, "mined",
        json_string(mined[gv_config_enum(cli->config, "mined")]));
    return code;
}

static int
run(struct gv_cli *cli)
{
    const struct gv_list_view view = {
        .method = "listbids",
        .member = "bids",
        .heads = "bid|time|>amount|state|verdict|~auction|~bidder|>lot",
        .nothing = "no bids",
        .row = row,
        .add = gv_bid_add_own};
    json_t *params = gv_list_params(cli);
    int code;

    if (params == NULL)
        return GV_EXIT_USAGE;
    code = filters(cli, params);
    if (code == GV_EXIT_OK)
        code = gv_list_range(cli, params, "from_us", "to_us", 1000);
    if (code == GV_EXIT_OK)
        return gv_list_print(cli, params, &view);
    json_decref(params);
    return code;
}

const struct gv_command gv_cmd_bid_list = {
    .config = {.name = "bid list",
               .help = "List bids: by id, auction and bidder; of open or "
                       "closed auctions; in a block or not.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
