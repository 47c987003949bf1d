/* cmd_auction_list.c - gavel auction list: the nine lists of auctions. */
#include <inttypes.h>

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/list.h"

static const struct gv_config_option options[] = {
    GV_LIST_OPTIONS,
    GV_LIST_RANGE("Only what opens"),
    {.name = "owner",
     .help = "Only of this seller: a ledger key, or me.",
     .argument = "KEY"},
    {.name = "id", .help = "Only this auction.", .argument = "AUCTION"},
};

static void
row(struct gv_columns *t, const json_t *a)
{
    struct gv_currency c = gv_auction_currency(a);
    const json_t *leader = json_object_get(a, "leader");
    const json_t *bids = json_object_get(a, "bids");
    uint64_t lots = gv_json_u64(a, "lot_count");
    char time[40], amount[40];

    gv_columns_cell(t, "%s", gv_json_text(a, "auction"));
    gv_columns_cell(t, "%s",
                    gv_cli_time(gv_json_u64(a, "opening_ms") * 1000, time));
    gv_columns_cell(t, "%s", gv_json_text(a, "phase"));
    gv_columns_cell(t, "%" PRIu64,
                    gv_json_u64(bids, "accepted") +
                        gv_json_u64(bids, "sealed"));
    if (lots != 0)
        gv_columns_cell(t, "%" PRIu64 " lots", lots);
    else
        gv_columns_cell(t, "%s",
                        json_is_object(leader)
                            ? gv_auction_amount(leader, "amount", &c, amount)
                            : "-");
    gv_columns_cell(t, "%s", gv_json_text(a, "title"));
}

static int
run(struct gv_cli *cli)
{
    const struct gv_list_view view = {
        .method = "listauctions",
        .member = "auctions",
        .heads = "auction|opening|phase|>bids|>leading|title",
        .nothing = "no auctions",
        .row = row};
    json_t *params = gv_list_params(cli);
    int code;

    if (params == NULL)
        return GV_EXIT_USAGE;
    code = gv_list_id(cli, params, "owner", "owner", true);
    if (code == GV_EXIT_OK)
        code = gv_list_id(cli, params, "id", "auction", false);
    if (code == GV_EXIT_OK)
        code = gv_list_range(cli, params, "from_ms", "to_ms", 1);
    if (code == GV_EXIT_OK)
        return gv_list_print(cli, params, &view);
    json_decref(params);
    return code;
}

const struct gv_command gv_cmd_auction_list = {
    .config = {.name = "auction list",
               .help = "List auctions: all, open or closed; of everybody, of "
                       "an owner, or by id.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
