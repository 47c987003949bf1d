/* cmd_bid_open.c - gavel bid open: publish the secret of one's own sealed bid,
 * when the notaries do not (docs/spec/wallet.md, W31). */
#include <gavel/bidseal.h>
#include <stdlib.h>

#include "src/base/secret.h"
#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/courier.h"
#include "wallet/json.h"
#include "wallet/memo.h"
#include "wallet/unseal.h"

static const struct gv_config_option options[] = {GV_COURIER_WAY_OPTIONS};

/* The BID's bytes: the wallet's own, or the node's. */
static int
read_bid(struct gv_cli *cli, const char *id, uint8_t **raw, size_t *len)
{
    const json_t *mine = json_object_get(gv_wallet_bids(cli->wallet), id);
    json_t *row;
    int code;

    *raw = gv_json_blob(mine, "tx", len);
    if (*raw != NULL)
        return GV_EXIT_OK;
    code = gv_bid_fetch(cli, &row);
    if (code != GV_EXIT_OK)
        return code;
    *raw = gv_json_blob(row, "tx", len);
    json_decref(row);
    return *raw != NULL
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_NODE, "the node's answer has no bid");
}

/* The secret of a bid, which must open it. */
static int
find_secret(struct gv_cli *cli, const struct gv_auction *a,
            const struct gv_tx *tx, uint8_t es32[32], uint64_t *amount)
{
    const struct gv_tx_bid *bid = &tx->u.bid;
    const struct gv_derive *d = gv_wallet_derive(cli->wallet);
    struct gv_bidseal_pins pins;
    struct gv_memo memo;

    if (gv_memo_open(d->secret, &tx->chain, &bid->bidder, bid->memo, &memo) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this bid is not this wallet's");
    gv_open_bidseal(&a->open, &pins);
    gv_memo_seal_secret(d->secret, &tx->chain, &bid->bidder, bid->memo, es32);
    if (gv_bidseal_open(&pins, &bid->bidder, bid->sealed, es32, amount) !=
        GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the wallet's secret does not open this bid");
    return GV_EXIT_OK;
}

static int
open_bid(struct gv_cli *cli, const struct gv_auction *a, const struct gv_tx *tx)
{
    const struct gv_currency *c = &a->open.terms.currency;
    struct gv_tx_opening opening = {.bid = tx->u.bid.id};
    uint64_t amount = 0;
    char id[65], text[40];
    int code = find_secret(cli, a, tx, opening.es, &amount);

    if (code == GV_EXIT_OK)
        code = gv_unseal_publish(cli, a, &opening);
    gv_wipe(&opening, sizeof(opening));
    if (code != GV_EXIT_OK)
        return code;
    gv_hex(tx->u.bid.id.b, 32, id);
    if (cli->json) {
        gv_cli_print(cli,
                     gv_auction_priced(json_pack("{ss ss so}", "bid", id,
                                                 "auction", a->hex, "amount",
                                                 gv_json_from_u64(amount)),
                                       c));
        return GV_EXIT_OK;
    }
    gv_columns_line(stdout, "bid", "%s", id);
    gv_columns_line(stdout, "amount", "%s",
                    gv_amount_text((struct gv_amount){amount}, c, text));
    gv_columns_line(stdout, "opening", "published");
    return GV_EXIT_OK;
}

static int
decode(struct gv_cli *cli, struct gv_bytes raw, const char *id,
       struct gv_tx *tx)
{
    struct gv_reject why;
    char hex[65];

    if (gv_tx_decode(raw, tx, &why) != GV_OK || tx->kind != GV_TX_BID ||
        strcmp(gv_hex(tx->u.bid.id.b, 32, hex), id) != 0)
        return gv_cli_fail(cli, GV_EXIT_NODE,
                           "the bid is malformed, or another one");
    if (tx->u.bid.kind != GV_BID_SEALED)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this bid is not sealed: everybody sees its amount");
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    char id[65], auction[65];
    uint8_t *raw = NULL;
    struct gv_auction a;
    size_t len = 0;
    struct gv_tx tx;
    int code = gv_cli_id(cli, gv_config_argument(cli->config, 0), "bid", id);

    if (code == GV_EXIT_OK)
        code = gv_cli_wallet(cli);
    if (code == GV_EXIT_OK)
        code = read_bid(cli, id, &raw, &len);
    if (code == GV_EXIT_OK)
        code = decode(cli, gv_bytes(raw, len), id, &tx);
    if (code == GV_EXIT_OK) {
        gv_hex(tx.chain.b, 32, auction);
        code = gv_auction_fetch(cli, auction, &a);
    }
    if (code == GV_EXIT_OK) {
        code = open_bid(cli, &a, &tx);
        gv_auction_clear(&a);
    }
    free(raw);
    return code;
}

const struct gv_command gv_cmd_bid_open = {
    .config = {.name = "bid open",
               .help = "Open a sealed bid of this wallet, if the notaries do "
                       "not: after the close, within the opening period.",
               .arguments = "BID",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
