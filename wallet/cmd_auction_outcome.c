/* cmd_auction_outcome.c - gavel auction outcome: the result of one auction,
 * or how an identity fared in all of its auctions. */
#include <inttypes.h>

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/explain.h"
#include "wallet/inclusion.h"
#include "wallet/json.h"
#include "wallet/list.h"
#include "wallet/settle.h"

#define POLL_MS 250

static const struct gv_config_option options[] = {
    GV_LIST_OPTIONS,
    {.name = "bidder",
     .help = "Without AUCTION: whose auctions, a ledger key or me.",
     .fallback = "me",
     .argument = "KEY"},
    {.name = "proof",
     .type = GV_CONFIG_BOOL,
     .help = "Print the proof that the outcome is on the chain, as JSON."},
    {.name = "verify",
     .type = GV_CONFIG_BOOL,
     .help = "Check here that it is on the chain, and what the bids give."},
    {.name = "explain",
     .type = GV_CONFIG_BOOL,
     .help = "Read its blocks, check them here, and tell bid by bid how the "
             "result comes about."},
    {.name = "wait",
     .type = GV_CONFIG_DURATION,
     .fallback = "0",
     .help = "Wait this long for the outcome to become final.",
     .argument = "TIME"},
};

/* An amount, or a dash where there is none. */
static void
amount_cell(struct gv_columns *t, const json_t *o, const char *key,
            const struct gv_currency *c)
{
    char amount[40];

    gv_columns_cell(
        t, "%s",
        gv_json_u64(o, key) == 0 ? "-" : gv_auction_amount(o, key, c, amount));
}

/* With an auction, or with one of its lots. */
static void
standing_row(struct gv_columns *t, const json_t *o, const json_t *lot)
{
    const json_t *left = json_object_get(o, "time_left_ms");
    const json_t *of = lot != NULL ? lot : o;
    struct gv_currency c = gv_auction_currency(o);

    gv_columns_cell(t, "%s", gv_json_text(o, "auction"));
    gv_columns_cell(t, "%s", gv_json_text(of, "standing"));
    amount_cell(t, of, "amount", &c);
    amount_cell(t, of, "price", &c);
    gv_columns_cell(t, "%s", gv_json_text(o, "phase"));
    if (json_is_integer(left))
        gv_columns_cell(t, "%" PRIu64 " s",
                        gv_json_u64(o, "time_left_ms") / 1000);
    else
        gv_columns_cell(t, "-");
    gv_columns_cell(t, "%s", gv_json_bool(o, "final") ? "final" : "not final");
    if (lot == NULL)
        gv_columns_cell(t, "%s", gv_json_text(o, "title"));
    else
        gv_columns_cell(t, "%s, lot %" PRIu64 ": %s", gv_json_text(o, "title"),
                        gv_json_u64(lot, "lot"), gv_json_text(lot, "title"));
}

/* One for each lot that was bid for, if there are lots. */
static void
row(struct gv_columns *t, const json_t *o)
{
    const json_t *lots = json_object_get(o, "lots"), *lot;
    size_t i;

    if (json_array_size(lots) == 0)
        standing_row(t, o, NULL);
    json_array_foreach(lots, i, lot)
    {
        standing_row(t, o, lot);
    }
}

static int
list(struct gv_cli *cli)
{
    const struct gv_list_view view = {
        .method = "listoutcomes",
        .member = "outcomes",
        .heads = "auction|standing|>own bid|>price|phase|>left|final|title",
        .nothing = "no auctions of this bidder",
        .row = row};
    json_t *params = gv_list_params(cli);
    int code;

    if (params == NULL)
        return GV_EXIT_USAGE;
    code = gv_list_id(cli, params, "bidder", "bidder", true);
    if (code == GV_EXIT_OK)
        return gv_list_print(cli, params, &view);
    json_decref(params);
    return code;
}

/* getoutcome, again until it is final or the wait is over. */
static int
get_outcome(struct gv_cli *cli, const char *auction, json_t **out)
{
    uint64_t until =
        gv_cli_now_ms() + (uint64_t)gv_config_ms(cli->config, "wait");
    int code;

    for (;;) {
        code = gv_cli_call(cli, "getoutcome",
                           json_pack("{ss}", "auction", auction), out);
        if (code != GV_EXIT_OK || gv_json_bool(*out, "final") ||
            gv_cli_now_ms() >= until)
            return code;
        json_decref(*out);
        gv_cli_sleep_ms(POLL_MS);
    }
}

/* A line for each lot. */
static void
print_lots(const struct gv_auction *a, const json_t *o)
{
    const char *verb = gv_json_bool(o, "final") ? "sold to" : "led by";
    char name[32], amount[40];
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(o, "lots"), i, row)
    {
        bool sold = strcmp(gv_json_text(row, "status"), "sold") == 0;

        snprintf(name, sizeof(name), "lot %zu", i + 1);
        if (sold)
            gv_columns_line(stdout, name, "%s %s for %s", verb,
                            gv_json_text(row, "winner"),
                            gv_auction_amount(row, "price",
                                              &a->open.terms.currency, amount));
        else
            gv_columns_line(stdout, name, "%s", gv_json_text(row, "status"));
    }
}

/* Nothing is called sold, and nobody the winner, before it is final. */
static void
print_people(const struct gv_auction *a, const json_t *o)
{
    const char *status = gv_json_text(o, "status");
    bool final = gv_json_bool(o, "final");
    bool sold = strcmp(status, "sold") == 0;
    char amount[40];

    gv_columns_line(stdout, "auction", "%s", a->hex);
    gv_columns_line(stdout, "phase", "%s", gv_json_text(a->info, "phase"));
    gv_auction_print_stall(a);
    gv_auction_print_opening(a);
    if (gv_json_bool(o, "provisional") && !gv_json_bool(o, "opened") &&
        gv_terms_sealed(&a->open.terms)) {
        gv_columns_line(stdout, "result", "none yet: the bids are sealed");
        return;
    }
    if (!final)
        gv_columns_line(stdout, "result", "%s",
                        gv_json_bool(o, "provisional")
                            ? gv_json_bool(o, "opened")
                                  ? "none yet; by the bids so far:"
                                  : "none yet; by what is not sealed:"
                            : "on the chain, not final: it may still change");
    if (final || !sold)
        gv_columns_line(stdout, final ? "status" : "so far", "%s", status);
    if (sold && a->open.terms.lots == 0) {
        gv_columns_line(stdout, final ? "winner" : "leader", "%s",
                        gv_json_text(o, "winner"));
        gv_columns_line(
            stdout, final ? "price" : "leading bid", "%s",
            gv_auction_amount(o, "price", &a->open.terms.currency, amount));
    }
    print_lots(a, o);
    gv_sales_print(a, stdout);
}

/* OUTCOME stands in a block of this auction, and is what F makes here of the
 * bids that the node lists: *height is the block's. */
static int
verify(struct gv_cli *cli, const struct gv_auction *a, uint32_t *height)
{
    struct gv_outcome stands = {.status = 0}, here = {.status = 0};
    uint8_t stands_room[GV_RESULTS_ROOM], here_room[GV_RESULTS_ROOM];
    struct gv_sealed_header header;
    json_t *proof;
    bool ok;
    int code = gv_cli_call(
        cli, "getproof", json_pack("{ss sb}", "auction", a->hex, "outcome", 1),
        &proof);

    if (code != GV_EXIT_OK)
        return code;
    ok =
        gv_inclusion_outcome(proof, &a->open.id, stands_room, &stands, &header);
    json_decref(proof);
    if (!ok)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the proof the node gave does not verify");
    code = gv_auction_outcome(cli, a, here_room, &here);
    if (code != GV_EXIT_OK)
        return code;
    if (here.status != stands.status || here.price != stands.price ||
        !GV_ID_EQ(&here.winner, &stands.winner) ||
        !gv_bytes_eq(here.lots, stands.lots))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the outcome on the chain is not what the bids "
                           "that the node lists give");
    *height = header.header.height;
    return GV_EXIT_OK;
}

/* What was checked, as lines or a member of the outcome. */
static int
show_verified(struct gv_cli *cli, const struct gv_auction *a, json_t *outcome)
{
    uint32_t height = 0;
    int code = verify(cli, a, &height);

    if (code == GV_EXIT_OK && cli->json)
        json_object_set_new(outcome, "verified_height", json_integer(height));
    else if (code == GV_EXIT_OK)
        gv_columns_line(stdout, "verified",
                        "in block %u, and what its bids give%s", height,
                        a->open.terms.lots > 0 ? " for each lot" : "");
    return code;
}

static int
show(struct gv_cli *cli, const char *id)
{
    struct gv_auction a;
    json_t *outcome;
    int code = gv_auction_fetch(cli, id, &a);

    if (code != GV_EXIT_OK) {
        gv_auction_clear(&a);
        return code;
    }
    code = get_outcome(cli, a.hex, &outcome);
    if (code == GV_EXIT_OK) {
        code = gv_auction_refresh(cli, &a);
        if (code == GV_EXIT_OK && !cli->json)
            print_people(&a, outcome);
        if (code == GV_EXIT_OK && gv_config_bool(cli->config, "verify"))
            code = show_verified(cli, &a, outcome);
        if (code == GV_EXIT_OK && cli->json)
            gv_cli_print(cli, gv_auction_priced(json_incref(outcome),
                                                &a.open.terms.currency));
        json_decref(outcome);
    }
    gv_auction_clear(&a);
    return code;
}

/* Its blocks alone, after the wait. */
static int
explain(struct gv_cli *cli, const char *id)
{
    struct gv_auction a;
    json_t *outcome;
    int code = gv_auction_fetch(cli, id, &a);

    if (code != GV_EXIT_OK)
        return code;
    if (gv_config_is_set(cli->config, "wait")) {
        code = get_outcome(cli, a.hex, &outcome);
        if (code == GV_EXIT_OK)
            json_decref(outcome);
    }
    if (code == GV_EXIT_OK)
        code = gv_explain(cli, &a);
    gv_auction_clear(&a);
    return code;
}

static int
run(struct gv_cli *cli)
{
    bool tell = gv_config_bool(cli->config, "explain");
    const char *id;
    char hex[65];
    json_t *proof;
    int code;

    if (tell && (gv_config_arguments(cli->config) == 0 ||
                 gv_config_bool(cli->config, "proof") ||
                 gv_config_bool(cli->config, "verify")))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--explain: it needs an AUCTION, and neither "
                           "--proof nor --verify");
    if (gv_config_arguments(cli->config) == 0)
        return list(cli);
    id = gv_config_argument(cli->config, 0);
    if (tell)
        return explain(cli, id);
    if (!gv_config_bool(cli->config, "proof"))
        return show(cli, id);
    code = gv_cli_id(cli, id, "auction", hex);
    if (code == GV_EXIT_OK)
        code = gv_cli_call(cli, "getproof",
                           json_pack("{ss sb}", "auction", hex, "outcome", 1),
                           &proof);
    if (code == GV_EXIT_OK)
        gv_cli_print(cli, proof);
    return code;
}

const struct gv_command gv_cmd_auction_outcome = {
    .config = {.name = "auction outcome",
               .help = "Show the result of an auction, or without AUCTION how "
                       "a bidder fares in all of its auctions.",
               .arguments = "[AUCTION]",
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
