/* cmd_bid_show.c - gavel bid show: one bid, and its proof of inclusion
 * checked here. */
#include <inttypes.h>
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/inclusion.h"
#include "wallet/json.h"
#include "wallet/lots.h"

static const struct gv_config_option options[] = {
    {.name = "proof",
     .type = GV_CONFIG_BOOL,
     .help = "Fetch the proof that it is in a block and check it."},
    {.name = "receipt",
     .type = GV_CONFIG_BOOL,
     .help = "Print the service's promise that the wallet keeps, in hex, for "
             "gavel-explorer verify --receipt."},
};

static int
show_proof(struct gv_cli *cli, const json_t *row)
{
    struct gv_sealed_header header;
    char time[40], id[65];
    json_t *proof;
    int code = gv_cli_call(cli, "getproof",
                           json_pack("{ss ss}", "auction",
                                     gv_json_text(row, "auction"), "bid",
                                     gv_json_text(row, "bid")),
                           &proof);

    if (code != GV_EXIT_OK)
        return code;
    if (!gv_inclusion_ok(proof, gv_json_text(row, "bid"), &header)) {
        json_decref(proof);
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the proof the node gave does not verify");
    }
    if (cli->json) {
        gv_cli_print(cli, json_pack("{sO so}", "bid", row, "proof", proof));
        return GV_EXIT_OK;
    }
    gv_columns_line(stdout, "proof", "verified: transaction %" PRIu64 " of %u",
                    gv_json_u64(proof, "index"), header.header.tx_count);
    gv_columns_line(stdout, "in block", "%u, %s", header.header.height,
                    gv_hex(header.sealed_id.b, 32, id));
    gv_columns_line(stdout, "block time", "%s",
                    gv_cli_time(header.header.time_ms * 1000, time));
    gv_columns_line(
        stdout, "final", "%s",
        json_is_object(json_object_get(proof, "final")) ? "yes" : "not yet");
    json_decref(proof);
    return GV_EXIT_OK;
}

/* From the wallet alone: the node may be the one that broke it. */
static int
show_receipt(struct gv_cli *cli)
{
    const char *id = gv_config_argument(cli->config, 0);
    const json_t *row;
    const char *hex;
    int code = gv_cli_wallet(cli);

    if (code != GV_EXIT_OK)
        return code;
    row = json_object_get(gv_wallet_bids(cli->wallet), id);
    hex = gv_json_text(row, "receipt");
    if (*hex == '\0')
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the wallet has no receipt for this bid");
    if (cli->json)
        gv_cli_print(cli, json_pack("{ss ss}", "bid", id, "receipt", hex));
    else
        puts(hex);
    return GV_EXIT_OK;
}

static void
print_people(const json_t *row, const struct gv_terms *t)
{
    const struct gv_currency *c = &t->currency;
    char time[40], amount[60], text[400], lot[GV_LOT_NAME_MAX];
    enum gv_code code = (enum gv_code)gv_json_u64(row, "code");

    gv_columns_line(stdout, "bid", "%s", gv_json_text(row, "bid"));
    gv_columns_line(stdout, "auction", "%s", gv_json_text(row, "auction"));
    gv_columns_line(stdout, "bidder", "%s", gv_json_text(row, "bidder"));
    gv_columns_line(stdout, "amount", "%s", gv_bid_amount(row, c, amount));
    gv_lots_name(t, (uint8_t)gv_json_u64(row, "lot"), lot);
    if (*lot)
        gv_columns_line(stdout, "for", "%s", lot);
    gv_columns_line(stdout, "time", "%s",
                    gv_cli_time(gv_json_u64(row, "t_us"), time));
    gv_columns_line(stdout, "state", "%s", gv_json_text(row, "state"));
    gv_columns_line(stdout, "verdict", "%s",
                    gv_bid_is_unjudged(row) ? "none before it is opened"
                    : code == GV_ACCEPTED
                        ? "accepted"
                        : gv_auction_clause(c, code, gv_json_u64(row, "have"),
                                            gv_json_u64(row, "want"), text));
    if (gv_json_bool(row, "leading"))
        gv_columns_line(stdout, "leading", "yes");
}

static int
show(struct gv_cli *cli, const json_t *row)
{
    bool proof = gv_config_bool(cli->config, "proof");
    struct gv_auction a;
    int code;

    if (!cli->json) {
        code = gv_auction_fetch(cli, gv_json_text(row, "auction"), &a);
        if (code != GV_EXIT_OK)
            return code;
        print_people(row, &a.open.terms);
        gv_auction_print_opening(&a);
        gv_auction_clear(&a);
    } else if (!proof) {
        gv_cli_print(cli, json_incref((json_t *)row));
    }
    return proof ? show_proof(cli, row) : GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    json_t *row;
    int code;

    if (gv_config_bool(cli->config, "receipt"))
        return show_receipt(cli);
    code = gv_bid_fetch(cli, &row);
    if (code != GV_EXIT_OK)
        return code;
    code = gv_bid_find_own(cli, row);
    if (code == GV_EXIT_OK)
        code = show(cli, row);
    json_decref(row);
    return code;
}

const struct gv_command gv_cmd_bid_show = {
    .config = {.name = "bid show",
               .help = "Show a bid, and with --proof that it is on the chain.",
               .arguments = "BID",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
