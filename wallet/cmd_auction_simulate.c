/* cmd_auction_simulate.c - gavel auction simulate: how terms play out. */
#include <inttypes.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/preset.h"
#include "wallet/simulate.h"
#include "wallet/terms.h"

static const struct gv_config_option options[] = {
    {.name = "seed",
     .type = GV_CONFIG_INT,
     .fallback = "1",
     .min = 0,
     .max = INT64_MAX,
     .help = "The same seed gives the same result.",
     .argument = "N"},
    {.name = "rounds",
     .type = GV_CONFIG_INT,
     .fallback = "1000",
     .min = 1,
     .max = GV_SIMULATION_WORK,
     .help = "How many auctions are played.",
     .argument = "N"},
    {.name = "bidders",
     .type = GV_CONFIG_INT,
     .fallback = "8",
     .min = 1,
     .max = GV_SIMULATION_BIDDERS,
     .help = "How many bidders each has.",
     .argument = "N"},
    {.name = "value-low",
     .fallback = "50",
     .help = "What it is worth to a bidder, at least; in reverse auctions what "
             "it costs him.",
     .argument = "AMOUNT"},
    {.name = "value-high",
     .fallback = "150",
     .help = "And at most.",
     .argument = "AMOUNT"},
    {.name = "distribution",
     .type = GV_CONFIG_ENUM,
     .choices = "uniform|peaked",
     .fallback = "uniform",
     .help = "Values between: all as likely, or most in the middle."},
    {.name = "strategy",
     .type = GV_CONFIG_ENUM,
     .choices = "truthful|step|snipe|mixed",
     .fallback = "mixed",
     .help = "Bid the value once; go little steps beyond the others; bid the "
             "value at the last moment; or each bidder one of these. Dutch and "
             "sealed: one bid, of the value, up to a tenth or a third short of "
             "it."},
    {.name = "duration",
     .type = GV_CONFIG_DURATION,
     .fallback = "1d",
     .min = 1000,
     .max = INT64_C(3650) * 24 * 3600 * 1000,
     .help = "Without --limit: it is closed after this time.",
     .argument = "TIME"},
};

static int
take_value(struct gv_cli *cli, const char *name, const struct gv_currency *c,
           uint64_t *out)
{
    const char *text = gv_config_string(cli->config, name);
    struct gv_amount a;

    if (gv_amount_parse(text, c, &a) != GV_OK || a.minor == 0)
        return gv_cli_bad_amount(cli, name, text, c);
    *out = a.minor;
    return GV_EXIT_OK;
}

static int
read_options(struct gv_cli *cli, const struct gv_terms *t,
             struct gv_simulation *s)
{
    int code = take_value(cli, "value-low", &t->currency, &s->low);

    if (code == GV_EXIT_OK)
        code = take_value(cli, "value-high", &t->currency, &s->high);
    if (code != GV_EXIT_OK)
        return code;
    if (s->low > s->high)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--value-low: it is above --value-high");
    s->terms = t;
    s->seed = (uint64_t)gv_config_int(cli->config, "seed");
    s->rounds = (uint32_t)gv_config_int(cli->config, "rounds");
    s->bidders = (uint32_t)gv_config_int(cli->config, "bidders");
    s->duration_us = (uint64_t)gv_config_ms(cli->config, "duration") * 1000;
    s->strategy = (enum gv_strategy)gv_config_enum(cli->config, "strategy");
    s->peaked = gv_config_enum(cli->config, "distribution") == 1;
    if ((uint64_t)s->rounds * s->bidders > GV_SIMULATION_WORK)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--rounds times --bidders: at most %d",
                           GV_SIMULATION_WORK);
    return GV_EXIT_OK;
}

/* --- what came of it --- */

/* The price that so many of a hundred do not exceed. */
static uint64_t
percentile(const struct gv_simulated *r, uint32_t percent)
{
    uint64_t at = (uint64_t)(r->sold - 1) * percent / 100;

    return r->sold == 0 ? 0 : r->price[at];
}

/* Rounded down; the quotients and the remainders are summed apart, so that
 * nothing wraps around. */
static uint64_t
mean(const struct gv_simulated *r)
{
    uint64_t whole = 0, rest = 0;

    for (uint32_t i = 0; i < r->sold; i++) {
        whole += r->price[i] / r->sold;
        rest += r->price[i] % r->sold;
    }
    return r->sold == 0 ? 0 : whole + rest / r->sold;
}

static json_t *
voids_json(const struct gv_simulated *r)
{
    json_t *o = json_object();

    for (int i = 0; i < GV_SIMULATED_CODES; i++)
        if (r->voids[i] != 0)
            json_object_set_new(o, gv_code_name((enum gv_code)i),
                                gv_json_from_u64(r->voids[i]));
    return o;
}

static void
print_json(struct gv_cli *cli, const struct gv_simulation *s,
           const struct gv_simulated *r)
{
    gv_cli_print(
        cli,
        gv_auction_priced(
            json_pack("{sI sI so sI sI sI sI s{so so so so so so} so so sI so}",
                      "rounds", (json_int_t)s->rounds, "bidders",
                      (json_int_t)s->bidders, "seed", gv_json_from_u64(s->seed),
                      "sold", (json_int_t)r->sold, "no_bid",
                      (json_int_t)r->unsold, "reserve_not_met",
                      (json_int_t)r->reserve_missed, "best_won",
                      (json_int_t)r->best_won, "price", "least",
                      gv_json_from_u64(percentile(r, 0)), "p10",
                      gv_json_from_u64(percentile(r, 10)), "median",
                      gv_json_from_u64(percentile(r, 50)), "p90",
                      gv_json_from_u64(percentile(r, 90)), "most",
                      gv_json_from_u64(percentile(r, 100)), "mean",
                      gv_json_from_u64(mean(r)), "accepted",
                      gv_json_from_u64(r->accepted), "void", voids_json(r),
                      "extended", (json_int_t)r->extended, "longest_us",
                      gv_json_from_u64(r->longest_us)),
            &s->terms->currency));
}

static void
print_prices(const struct gv_currency *c, const struct gv_simulated *r)
{
    static const struct {
        const char *what;
        uint32_t percent;
    } rows[] = {{"least price", 0},
                {"10 % pay up to", 10},
                {"half pay up to", 50},
                {"90 % pay up to", 90},
                {"greatest price", 100}};
    char text[40];

    if (r->sold == 0)
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        gv_columns_line(
            stdout, rows[i].what, "%s",
            gv_amount_text((struct gv_amount){percentile(r, rows[i].percent)},
                           c, text));
    gv_columns_line(stdout, "mean price", "%s",
                    gv_amount_text((struct gv_amount){mean(r)}, c, text));
    gv_columns_line(stdout, "best won",
                    "%" PRIu32 " times it went to whom it was worth most",
                    r->best_won);
}

static void
print_people(const struct gv_simulation *s, const struct gv_simulated *r)
{
    gv_columns_line(stdout, "sold", "%" PRIu32 " of %" PRIu32 " auctions",
                    r->sold, s->rounds);
    if (r->unsold != 0)
        gv_columns_line(stdout, "no bid", "%" PRIu32, r->unsold);
    if (r->reserve_missed != 0)
        gv_columns_line(stdout, "below reserve", "%" PRIu32, r->reserve_missed);
    print_prices(&s->terms->currency, r);
    gv_columns_line(stdout, "accepted bids", "%" PRIu64, r->accepted);
    for (int i = 0; i < GV_SIMULATED_CODES; i++)
        if (r->voids[i] != 0)
            gv_columns_line(stdout, "void bids", "%" PRIu64 " %s", r->voids[i],
                            gv_code_name((enum gv_code)i));
    if (s->terms->soft_ms != 0)
        gv_columns_line(stdout, "extended",
                        "%" PRIu32 " times, by %" PRIu64 " s at most",
                        r->extended, r->longest_us / 1000000);
}

static int
simulate(struct gv_cli *cli, const struct gv_terms *t, uint64_t hidden_reserve)
{
    struct gv_simulation s = {.hidden_reserve = hidden_reserve};
    struct gv_simulated r;
    int code = read_options(cli, t, &s);

    if (code != GV_EXIT_OK)
        return code;
    if (gv_simulate(&s, &r) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (cli->json)
        print_json(cli, &s, &r);
    else
        print_people(&s, &r);
    gv_simulated_clear(&r);
    return GV_EXIT_OK;
}

static int
run(struct gv_cli *cli)
{
    struct gv_terms_lists lists;
    struct gv_terms terms;
    int code = GV_EXIT_OK;

    if (gv_preset_is_help(cli)) {
        gv_preset_print(cli);
        return GV_EXIT_OK;
    }
    if (gv_cli_params(cli, &code) == NULL)
        return code;
    code = gv_terms_from_options(cli, &terms, &lists);
    if (code == GV_EXIT_OK && terms.lots > 0)
        code = gv_lots_refuse(cli);
    if (code == GV_EXIT_OK && gv_terms_final_round(&terms))
        code = gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--final-round: made-up bidders make no second bid "
                           "that nobody sees");
    if (code == GV_EXIT_OK)
        code = simulate(cli, &terms, lists.hidden_reserve);
    gv_terms_lists_clear(&lists);
    return code;
}

const struct gv_command gv_cmd_auction_simulate = {
    .config = {.name = "auction simulate",
               .help = "Play auctions with these terms among made-up bidders; "
                       "nothing is opened. It takes the terms' options of "
                       "auction create.",
               .options = gv_terms_options,
               .n_options = GV_TERMS_OPTIONS,
               .more_options = options,
               .n_more = sizeof(options) / sizeof(options[0])},
    .run = run};
