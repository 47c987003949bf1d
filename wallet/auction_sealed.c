/* auction_sealed.c - sealed bids for people (wallet/auction.h). */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/json.h"

static bool
is_unopened(const json_t *info)
{
    const json_t *o = json_object_get(info, "sealed");

    return json_is_object(o) && gv_json_u64(o, "opened_height") == 0;
}

bool
gv_auction_is_sealed(const json_t *info)
{
    const char *word =
        gv_json_text(json_object_get(info, "terms"), "visibility");

    return is_unopened(info) &&
           (strcmp(word, "sealed") == 0 || strcmp(word, "sealed-reserve") == 0);
}

bool
gv_bid_is_sealed(const json_t *row)
{
    return strcmp(gv_json_text(row, "seal"), "sealed") == 0;
}

bool
gv_bid_is_unjudged(const json_t *row)
{
    return gv_bid_is_sealed(row) && gv_json_u64(row, "code") == GV_NOT_OPENED;
}

void
gv_bid_add_own(const struct gv_cli *cli, json_t *row)
{
    const json_t *mine;

    if (cli->wallet == NULL || gv_json_u64(row, "amount") != 0)
        return;
    mine =
        json_object_get(gv_wallet_bids(cli->wallet), gv_json_text(row, "bid"));
    if (mine != NULL)
        json_object_set(row, "own_amount", json_object_get(mine, "amount"));
}

/* Is there a wallet, and somebody to say its passphrase? A front that gave none
 * holds it itself, and knows its bids. */
static bool
may_open(const struct gv_cli *cli)
{
    const char *option = cli->passphrase_option != NULL ? cli->passphrase_option
                                                        : "passphrase-file";

    return cli->front == NULL && gv_wallet_exists(cli->wallet_dir) &&
           (gv_config_string(cli->config, option) != NULL ||
            isatty(STDIN_FILENO) == 1);
}

int
gv_bid_find_own(struct gv_cli *cli, json_t *row)
{
    int code = GV_EXIT_OK;

    if (gv_json_u64(row, "amount") != 0)
        return GV_EXIT_OK;
    if (cli->wallet == NULL && may_open(cli))
        code = gv_cli_wallet(cli);
    if (code == GV_EXIT_OK)
        gv_bid_add_own(cli, row);
    return code;
}

char *
gv_bid_amount(const json_t *row, const struct gv_currency *c, char out[60])
{
    const char *seal = gv_bid_is_sealed(row) ? "sealed" : "not opened";
    char amount[40];

    if (gv_json_u64(row, "amount") != 0)
        snprintf(out, 60, "%s", gv_auction_amount(row, "amount", c, amount));
    else if (json_object_get(row, "own_amount") != NULL)
        snprintf(out, 60, "%s (%s)",
                 gv_auction_amount(row, "own_amount", c, amount), seal);
    else
        snprintf(out, 60, "%s", seal);
    return out;
}

void
gv_auction_print_opening(const struct gv_auction *a)
{
    const json_t *o = json_object_get(a->info, "sealed");
    uint64_t ends = gv_json_u64(o, "ends_us");
    size_t have = json_array_size(json_object_get(o, "released"));
    char time[40];

    if (!json_is_object(o))
        return;
    if (!is_unopened(a->info)) {
        gv_columns_line(stdout, "opening", "over");
        if (gv_terms_hides_reserve(&a->open.terms))
            gv_columns_line(
                stdout, "reserve was", "%s",
                gv_auction_amount(o, "reserve", &a->open.terms.currency, time));
        return;
    }
    gv_columns_line(stdout, "keys",
                    "%zu of %" PRIu64 " notaries, %" PRIu64
                    " open what is sealed",
                    have, gv_json_u64(o, "holders"), gv_json_u64(o, "needed"));
    if (strcmp(gv_json_text(a->info, "phase"), "opening") != 0)
        return;
    if (ends == 0) {
        gv_columns_line(stdout, "opening", "begins when the set is final");
        return;
    }
    gv_columns_line(stdout, "opening", "ends with enough keys, or at %s",
                    gv_cli_time(ends, time));
    gv_columns_line(stdout, "hint",
                    "should notaries be gone: gavel bid open BID opens one's "
                    "own");
}
