/* cmd_bid_why.c - gavel bid why: the clause that voids a bid, with its
 * numbers. */
#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/json.h"

static void
explain(const json_t *row, const struct gv_currency *c)
{
    enum gv_code code = (enum gv_code)gv_json_u64(row, "code");
    char amount[40], reference[40], text[400];

    gv_auction_amount(row, "amount", c, amount);
    gv_auction_amount(row, "reference", c, reference);
    if (code == GV_ACCEPTED) {
        printf("%s is accepted%s\n", amount,
               gv_json_bool(row, "leading") ? " and leads"
                                            : ", but a better bid leads");
        return;
    }
    printf("%s is void: %s\n", amount,
           gv_auction_clause(c, code, gv_json_u64(row, "have"),
                             gv_json_u64(row, "want"), text));
    if (gv_json_u64(row, "reference") != 0)
        printf("it was measured against the bid of %s before it\n", reference);
}

static int
run(struct gv_cli *cli)
{
    struct gv_auction a;
    json_t *row;
    int code = gv_bid_fetch(cli, &row);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(json_pack(
            "{sO sO sO sO sO sO sO}", "bid", json_object_get(row, "bid"),
            "code", json_object_get(row, "code"), "code_name",
            json_object_get(row, "code_name"), "reference",
            json_object_get(row, "reference"), "have",
            json_object_get(row, "have"), "want", json_object_get(row, "want"),
            "leading", json_object_get(row, "leading")));
    } else {
        code = gv_auction_fetch(cli, gv_json_text(row, "auction"), &a);
        if (code == GV_EXIT_OK) {
            explain(row, &a.open.terms.currency);
            gv_auction_clear(&a);
        }
    }
    json_decref(row);
    return code;
}

const struct gv_command gv_cmd_bid_why = {
    .config = {.name = "bid why",
               .help = "Say why a bid is void, with the numbers, or that it is "
                       "accepted.",
               .arguments = "BID",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run};
