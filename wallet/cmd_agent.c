/* cmd_agent.c - gavel agent set, show and drop: what the agent may bid. */
#include "wallet/agent.h"
#include "wallet/auction.h"
#include "wallet/bidding.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/words.h"

static const struct gv_config_option set_options[] = {
    {.name = "limit",
     .help = "Bid at most this (in reverse auctions at least).",
     .argument = "AMOUNT"},
    {.name = "step",
     .help = "Beat the leading bid by this at least (default: as little as the "
             "terms allow).",
     .argument = "AMOUNT"},
    {.name = "strategy",
     .type = GV_CONFIG_ENUM,
     .choices = GV_STRATEGIES,
     .fallback = "steady",
     .help = "steady: the least that leads, at once; late: the same, when the "
             "end is near; all: the limit, at once. Where bids are sealed: one "
             "bid of the limit, at once or late."},
    {.name = "before",
     .type = GV_CONFIG_DURATION,
     .fallback = "30s",
     .help = "For late: the end is near this long before.",
     .argument = "TIME"},
};

static int
read_amount(struct gv_cli *cli, const struct gv_auction *a, const char *option,
            uint64_t *minor)
{
    const char *text = gv_config_string(cli->config, option);
    struct gv_amount amount;

    *minor = 0;
    if (text == NULL)
        return GV_EXIT_OK;
    if (gv_amount_parse(text, &a->open.terms.currency, &amount) != GV_OK ||
        amount.minor == 0)
        return gv_cli_bad_amount(cli, option, text, &a->open.terms.currency);
    *minor = amount.minor;
    return GV_EXIT_OK;
}

static int
confirm(struct gv_cli *cli, const struct gv_auction *a, uint64_t limit)
{
    const struct gv_currency *c = &a->open.terms.currency;
    const struct gv_amount amount = {limit};
    char figures[40], words[GV_WORDS_MAX], question[700];

    snprintf(question, sizeof(question),
             "Let the agent %s %s (%s), without asking again?",
             gv_terms_sealed(&a->open.terms) ? "make one sealed bid of"
                                             : "bid up to",
             gv_amount_text(amount, c, figures), gv_words(amount, c, words));
    return gv_cli_confirm(cli, question) ? GV_EXIT_OK : GV_EXIT_FAILED;
}

/* Can an agent do anything here for this identity? */
static int
check(struct gv_cli *cli, const struct gv_auction *a, const struct gv_signer *s)
{
    const char *why = gv_agent_refuses(&a->open.terms);

    if (why != NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "no agent can bid in this auction: %s", why);
    if (GV_ID_EQ(&a->open.seller.key, &s->key))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity is the seller, who may not bid");
    if (!gv_terms_sealed(&a->open.terms))
        return GV_EXIT_OK;
    if (gv_config_is_set(cli->config, "step"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--step: the bids are sealed, there is no leading "
                           "one to beat");
    if (gv_bidding_has(cli, a->hex, NULL))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity has a sealed bid there, and the "
                           "agent makes but one (another: gavel bid place)");
    return GV_EXIT_OK;
}

static int
set(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s)
{
    static const char *const strategy[] = {"steady", "late", "all"};
    const char *as = gv_config_string(cli->config, "as");
    uint64_t limit, step;
    int code = check(cli, a, s);

    if (code == GV_EXIT_OK)
        code = read_amount(cli, a, "limit", &limit);
    if (code == GV_EXIT_OK)
        code = read_amount(cli, a, "step", &step);
    if (code == GV_EXIT_OK && limit == 0)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "say --limit AMOUNT");
    if (code == GV_EXIT_OK)
        code = confirm(cli, a, limit);
    if (code != GV_EXIT_OK)
        return code;
    json_object_set_new(
        gv_wallet_agents(cli->wallet), a->hex,
        gv_auction_priced(
            json_pack(
                "{so so ss sI ss*}", "limit", gv_json_from_u64(limit), "step",
                gv_json_from_u64(step), "strategy",
                strategy[gv_config_enum(cli->config, "strategy")], "before_ms",
                (json_int_t)gv_config_ms(cli->config, "before"), "as", as),
            &a->open.terms.currency));
    return gv_cli_save(cli);
}

static int
run_set(struct gv_cli *cli)
{
    return gv_auction_sign(cli, set);
}

static void
add_row(struct gv_columns *t, const char *auction, const json_t *agent)
{
    const struct gv_currency c = gv_auction_currency(agent);
    char limit[40], step[40];

    gv_columns_cell(t, "%s", auction);
    gv_columns_cell(t, "%s", gv_auction_amount(agent, "limit", &c, limit));
    gv_columns_cell(t, "%s",
                    gv_json_u64(agent, "step") == 0
                        ? "-"
                        : gv_auction_amount(agent, "step", &c, step));
    gv_columns_cell(t, "%s", gv_json_text(agent, "strategy"));
}

static int
run_show(struct gv_cli *cli)
{
    struct gv_columns *t;
    const char *auction;
    json_t *agent;
    int code = gv_cli_wallet(cli);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(
            cli, json_pack("{sO}", "agents", gv_wallet_agents(cli->wallet)));
        return GV_EXIT_OK;
    }
    t = gv_columns_new("auction|>limit|>step|strategy");
    json_object_foreach(gv_wallet_agents(cli->wallet), auction, agent)
        add_row(t, auction, agent);
    gv_columns_print(t, stdout, "the agent bids nowhere");
    gv_columns_free(t);
    return GV_EXIT_OK;
}

static int
run_drop(struct gv_cli *cli)
{
    char hex[65];
    int code =
        gv_cli_id(cli, gv_config_argument(cli->config, 0), "auction", hex);

    if (code == GV_EXIT_OK)
        code = gv_cli_wallet(cli);
    if (code == GV_EXIT_OK &&
        json_object_del(gv_wallet_agents(cli->wallet), hex) != 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the agent does not bid in auction %s", hex);
    return code == GV_EXIT_OK ? gv_cli_save(cli) : code;
}

const struct gv_command gv_cmd_agent_set = {
    .config = {.name = "agent set",
               .help = "Say up to what the agent may bid in an auction, in "
                       "place of what was said before.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = set_options,
               .n_options = sizeof(set_options) / sizeof(set_options[0])},
    .run = run_set};

const struct gv_command gv_cmd_agent_show = {
    .config = {.name = "agent show",
               .help = "Show where the agent bids, and up to what."},
    .run = run_show};

const struct gv_command gv_cmd_agent_drop = {
    .config = {.name = "agent drop",
               .help = "Let the agent bid there no more. What it has bid "
                       "stands.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run_drop};
