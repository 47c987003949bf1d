/* cmd_auction_open.c - gavel auction open: publish the secret of one's own
 * hidden reserve, when the notaries do not (docs/spec/wallet.md, W31). */
#include "src/base/secret.h"
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/courier.h"
#include "wallet/json.h"
#include "wallet/unseal.h"

static const struct gv_config_option options[] = {GV_COURIER_WAY_OPTIONS};

static int
open_reserve(struct gv_cli *cli, struct gv_auction *a,
             const struct gv_signer *s)
{
    struct gv_tx_opening opening;
    uint64_t amount = 0;
    char text[40];
    int code = gv_unseal_reserve(cli, a, s, opening.es, &amount);

    memcpy(opening.bid.b, a->open.reserve_id.b, 32);
    if (code == GV_EXIT_OK)
        code = gv_unseal_publish(cli, a, &opening);
    gv_wipe(&opening, sizeof(opening));
    if (code != GV_EXIT_OK)
        return code;
    if (cli->json)
        gv_cli_print(cli, gv_auction_priced(json_pack("{ss so}", "auction",
                                                      a->hex, "reserve",
                                                      gv_json_from_u64(amount)),
                                            &a->open.terms.currency));
    else
        gv_columns_line(stdout, "reserve", "%s",
                        gv_amount_text((struct gv_amount){amount},
                                       &a->open.terms.currency, text));
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    return gv_auction_sign(cli, open_reserve);
}

const struct gv_command gv_cmd_auction_open = {
    .config = {.name = "auction open",
               .help = "Open the hidden reserve of one's own auction, if the "
                       "notaries do not: after the close, within the opening "
                       "period.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
