/* cmd_bid_send.c - gavel bid send: a bid of this wallet, once more. */
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/courier.h"
#include "wallet/json.h"
#include "wallet/place.h"

static const struct gv_config_option options[] = {GV_COURIER_WAY_OPTIONS};

static int
show(const struct gv_cli *cli, const json_t *row, const char *id)
{
    char time[40];

    if (cli->json) {
        gv_cli_print(cli, json_pack("{ss sO sO sO}", "bid", id, "auction",
                                    json_object_get(row, "auction"), "t_us",
                                    json_object_get(row, "t_us"), "deadline_us",
                                    json_object_get(row, "deadline_us")));
        return GV_EXIT_OK;
    }
    gv_columns_line(stdout, "bid", "%s", id);
    gv_columns_line(stdout, "time", "%s",
                    gv_cli_time(gv_json_u64(row, "t_us"), time));
    gv_columns_line(stdout, "in a block by", "%s",
                    gv_cli_time(gv_json_u64(row, "deadline_us"), time));
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    const json_t *row = NULL;
    struct gv_auction a;
    char id[65];
    int code = gv_cli_id(cli, gv_config_argument(cli->config, 0), "bid", id);

    if (code == GV_EXIT_OK)
        code = gv_cli_wallet(cli);
    if (code == GV_EXIT_OK) {
        row = json_object_get(gv_wallet_bids(cli->wallet), id);
        if (row == NULL)
            code = gv_cli_fail(cli, GV_EXIT_FAILED,
                               "bid %s is none of this wallet", id);
    }
    if (code == GV_EXIT_OK)
        code = gv_auction_fetch(cli, gv_json_text(row, "auction"), &a);
    if (code != GV_EXIT_OK)
        return code;
    code = gv_place_again(cli, &a, id);
    gv_auction_clear(&a);
    return code == GV_EXIT_OK ? show(cli, row, id) : code;
}

const struct gv_command gv_cmd_bid_send = {
    .config = {.name = "bid send",
               .help = "Send a bid of this wallet once more: one that could "
                       "not be sent, whose answer was lost, or that missed its "
                       "block where the wallet has its bids dated.",
               .arguments = "BID",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
