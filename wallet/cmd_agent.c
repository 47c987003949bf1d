/* cmd_agent.c - gavel agent set, show and drop: what the agent may bid. */
#include "wallet/agent_book.h"
#include "wallet/auction.h"
#include "wallet/bidding.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/lots.h"
#include "wallet/words.h"

#define LOT_OPTION(text)                                                       \
    {                                                                          \
        .name = "lot", .type = GV_CONFIG_INT, .min = 1, .max = GV_LOTS_MAX,    \
        .help = text, .argument = "N"                                          \
    }

static const struct gv_config_option set_options[] = {
    {.name = "limit",
     .help = "Bid at most this (in reverse auctions at least).",
     .argument = "AMOUNT"},
    LOT_OPTION("For which lot, in an auction of several: each has an agent and "
               "a limit of its own."),
    {.name = "final",
     .help = "What the one sealed bid in a final round is, within the limit "
             "(default: the limit).",
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
             "end is near; all: the limit, at once. Where bids are sealed, and "
             "in a final round: one bid, at once or late."},
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

/* What it does beside bidding up to the limit, which is paid if it is one. */
#define ROUND_MAX 160
static char *
round_text(const struct gv_terms *t, const struct gv_agent *said,
           char out[ROUND_MAX])
{
    char figures[40];

    *out = '\0';
    if (gv_terms_final_round(t))
        snprintf(out, ROUND_MAX,
                 ", and make one sealed bid of %s in a final "
                 "round%s",
                 gv_amount_text((struct gv_amount){gv_agent_final(said, t)},
                                &t->currency, figures),
                 t->pricing == GV_PRICE_FIRST ? ", which the winner pays" : "");
    return out;
}

static int
confirm(struct gv_cli *cli, const struct gv_terms *t,
        const struct gv_agent *said)
{
    const struct gv_amount amount = {said->limit};
    char figures[40], words[GV_WORDS_MAX], round[ROUND_MAX], question[900];

    snprintf(question, sizeof(question),
             "Let the agent %s %s (%s)%s, without asking again?",
             gv_terms_sealed(t) ? "make one sealed bid of" : "bid up to",
             gv_amount_text(amount, &t->currency, figures),
             gv_words(amount, &t->currency, words), round_text(t, said, round));
    return gv_cli_confirm(cli, question) ? GV_EXIT_OK : GV_EXIT_FAILED;
}

/* --final: within the limit, and only where there may be such a round. */
static int
check_final(struct gv_cli *cli, const struct gv_terms *t,
            const struct gv_agent *said)
{
    if (said->final == 0)
        return GV_EXIT_OK;
    if (!gv_terms_final_round(t))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--final: this auction has no final round");
    if (gv_terms_better(t, said->final, said->limit))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--final: it is beyond --limit");
    return GV_EXIT_OK;
}

/* Can an agent do anything here for this identity? t: of the lot. */
static int
check(struct gv_cli *cli, const struct gv_auction *a, const struct gv_signer *s,
      const struct gv_terms *t, uint8_t lot)
{
    const struct gv_bidding_order order = {.auction = a->hex, .lot = lot};
    const char *why = gv_agent_refuses(t);
    uint64_t amount;
    bool sent;

    if (why != NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "no agent can bid in this auction: %s", why);
    if (GV_ID_EQ(&a->open.seller.key, &s->key))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity is the seller, who may not bid");
    if (gv_terms_sealed(t) && gv_config_is_set(cli->config, "step"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--step: the bids are sealed, there is no leading "
                           "one to beat");
    if ((gv_terms_sealed(t) || gv_terms_final_round(t)) &&
        gv_bidding_sealed(cli, &order, &sent, &amount) != NULL && sent)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity has a sealed bid there, and the "
                           "agent makes but one (another: gavel bid place)");
    return GV_EXIT_OK;
}

/* What the options say. */
static int
read_said(struct gv_cli *cli, const struct gv_auction *a, struct gv_agent *out)
{
    int code = read_amount(cli, a, "limit", &out->limit);

    if (code == GV_EXIT_OK)
        code = read_amount(cli, a, "final", &out->final);
    if (code == GV_EXIT_OK)
        code = read_amount(cli, a, "step", &out->step);
    if (code == GV_EXIT_OK && out->limit == 0)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "say --limit AMOUNT");
    out->strategy = (enum gv_strategy)gv_config_enum(cli->config, "strategy");
    out->before_us = (uint64_t)gv_config_ms(cli->config, "before") * 1000;
    return code;
}

static int
set(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s)
{
    const struct gv_terms *terms = &a->open.terms;
    struct gv_agent said = {.limit = 0};
    char key[GV_AGENT_KEY_MAX];
    struct gv_terms t;
    uint8_t lot;
    int code = gv_lots_number(cli, terms, &lot);

    if (code != GV_EXIT_OK)
        return code;
    gv_terms_of_lot(terms, (unsigned)gv_terms_lot_place(terms, lot), &t);
    code = check(cli, a, s, &t, lot);
    if (code == GV_EXIT_OK)
        code = read_said(cli, a, &said);
    if (code == GV_EXIT_OK)
        code = check_final(cli, &t, &said);
    if (code == GV_EXIT_OK)
        code = confirm(cli, &t, &said);
    if (code != GV_EXIT_OK)
        return code;
    if (json_object_set_new(
            gv_wallet_agents(cli->wallet), gv_agent_key(a->hex, lot, key),
            gv_agent_row(&said, &t.currency,
                         gv_config_string(cli->config, "as"))) != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return gv_cli_save(cli);
}

static int
run_set(struct gv_cli *cli)
{
    return gv_auction_sign(cli, set);
}

static void
add_amount(struct gv_columns *t, const json_t *agent, const char *name)
{
    const struct gv_currency c = gv_auction_currency(agent);
    char text[40];

    gv_columns_cell(t, "%s",
                    gv_json_u64(agent, name) == 0
                        ? "-"
                        : gv_auction_amount(agent, name, &c, text));
}

static void
add_row(struct gv_columns *t, const char *key, const json_t *agent)
{
    char auction[65];
    uint8_t lot = 0;

    if (!gv_agent_key_read(key, auction, &lot))
        return;
    gv_columns_cell(t, "%s", auction);
    if (lot == 0)
        gv_columns_cell(t, "-");
    else
        gv_columns_cell(t, "%u", (unsigned)lot);
    add_amount(t, agent, "limit");
    add_amount(t, agent, "final");
    add_amount(t, agent, "step");
    gv_columns_cell(t, "%s", gv_json_text(agent, "strategy"));
}

static int
run_show(struct gv_cli *cli)
{
    struct gv_columns *t;
    const char *key;
    json_t *agent;
    int code = gv_cli_wallet(cli);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        gv_cli_print(
            cli, json_pack("{sO}", "agents", gv_wallet_agents(cli->wallet)));
        return GV_EXIT_OK;
    }
    t = gv_columns_new("auction|>lot|>limit|>final|>step|strategy");
    json_object_foreach(gv_wallet_agents(cli->wallet), key, agent)
        add_row(t, key, agent);
    gv_columns_print(t, stdout, "the agent bids nowhere");
    gv_columns_free(t);
    return GV_EXIT_OK;
}

/* lot 0: all that is said of the auction. */
static size_t
drop_rows(json_t *agents, const char *hex, uint8_t lot)
{
    char auction[65];
    const char *key;
    uint8_t of = 0;
    json_t *agent;
    size_t n = 0;
    void *next;

    json_object_foreach_safe(agents, next, key, agent)
    {
        if (!gv_agent_key_read(key, auction, &of) ||
            strcmp(auction, hex) != 0 || (lot != 0 && of != lot))
            continue;
        json_object_del(agents, key);
        n++;
    }
    return n;
}

static int
run_drop(struct gv_cli *cli)
{
    bool one = gv_config_is_set(cli->config, "lot");
    char hex[65];
    int code =
        gv_cli_id(cli, gv_config_argument(cli->config, 0), "auction", hex);

    if (code == GV_EXIT_OK)
        code = gv_cli_wallet(cli);
    if (code == GV_EXIT_OK &&
        drop_rows(gv_wallet_agents(cli->wallet), hex,
                  (uint8_t)(one ? gv_config_int(cli->config, "lot") : 0)) == 0)
        code = gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the agent does not bid %sin auction %s",
                           one ? "for that lot " : "", hex);
    return code == GV_EXIT_OK ? gv_cli_save(cli) : code;
}

static const struct gv_config_option drop_options[] = {
    LOT_OPTION("Only for this lot (default: for all of them)."),
};

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
               .max_arguments = 1,
               .options = drop_options,
               .n_options = sizeof(drop_options) / sizeof(drop_options[0])},
    .run = run_drop};
