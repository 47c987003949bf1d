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
             "it; so in a final round."},
    {.name = "duration",
     .type = GV_CONFIG_DURATION,
     .fallback = "1d",
     .min = 1000,
     .max = INT64_C(3650) * 24 * 3600 * 1000,
     .help = "Without --limit: it is closed after this time.",
     .argument = "TIME"},
    {.name = "csv",
     .type = GV_CONFIG_BOOL,
     .help = "Print CSV: a row for what is sold, or for each lot."},
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
    if ((uint64_t)s->rounds * s->bidders * gv_terms_things(t) >
        GV_SIMULATION_WORK)
        return gv_cli_fail(
            cli, GV_EXIT_USAGE, "--rounds times --bidders%s: at most %d",
            t->lots > 0 ? " times lots" : "", GV_SIMULATION_WORK);
    return GV_EXIT_OK;
}

/* --- what came of it --- */

/* Prices or totals, ascending. */
struct spread {
    const uint64_t *amount;
    uint32_t n;
};

static struct spread
prices_of(const struct gv_simulated_thing *r)
{
    return (struct spread){r->price, r->sold};
}

/* What so many of a hundred do not exceed. */
static uint64_t
percentile(struct spread s, uint32_t percent)
{
    uint64_t at = (uint64_t)(s.n - 1) * percent / 100;

    return s.n == 0 ? 0 : s.amount[at];
}

/* Rounded down; the quotients and the remainders are summed apart, so that
 * nothing wraps around. */
static uint64_t
mean(struct spread s)
{
    uint64_t whole = 0, rest = 0;

    for (uint32_t i = 0; i < s.n; i++) {
        whole += s.amount[i] / s.n;
        rest += s.amount[i] % s.n;
    }
    return s.n == 0 ? 0 : whole + rest / s.n;
}

static json_t *
spread_json(struct spread s)
{
    return json_pack("{so so so so so so}", "least",
                     gv_json_from_u64(percentile(s, 0)), "p10",
                     gv_json_from_u64(percentile(s, 10)), "median",
                     gv_json_from_u64(percentile(s, 50)), "p90",
                     gv_json_from_u64(percentile(s, 90)), "most",
                     gv_json_from_u64(percentile(s, 100)), "mean",
                     gv_json_from_u64(mean(s)));
}

static json_t *
voids_json(const struct gv_simulated_thing *r)
{
    json_t *o = json_object();

    for (int i = 0; i < GV_SIMULATED_CODES; i++)
        if (r->voids[i] != 0)
            json_object_set_new(o, gv_code_name((enum gv_code)i),
                                gv_json_from_u64(r->voids[i]));
    return o;
}

/* What it says of one thing, into o. */
static json_t *
thing_json(json_t *o, const struct gv_simulated_thing *r)
{
    json_t *more = json_pack(
        "{sI sI sI sI so so so sI so sI sI}", "sold", (json_int_t)r->sold,
        "no_bid", (json_int_t)r->unsold, "reserve_not_met",
        (json_int_t)r->reserve_missed, "best_won", (json_int_t)r->best_won,
        "price", spread_json(prices_of(r)), "accepted",
        gv_json_from_u64(r->accepted), "void", voids_json(r), "extended",
        (json_int_t)r->extended, "longest_us", gv_json_from_u64(r->longest_us),
        "final_rounds", (json_int_t)r->final_rounds, "final_won",
        (json_int_t)r->final_won);

    json_object_update(o, more);
    json_decref(more);
    return o;
}

static json_t *
lots_json(const struct gv_terms *t, const struct gv_simulated *r)
{
    json_t *list = json_array();
    struct gv_lot lot;

    for (unsigned i = 0; i < t->lots; i++) {
        gv_terms_lot(t, i, &lot);
        json_array_append_new(
            list,
            thing_json(json_pack("{si ss%}", "lot", (int)i + 1, "title",
                                 (const char *)lot.title.p, lot.title.len),
                       &r->thing[i]));
    }
    return list;
}

static void
print_json(struct gv_cli *cli, const struct gv_simulation *s,
           const struct gv_simulated *r)
{
    const struct gv_terms *t = s->terms;
    json_t *o = json_pack("{sI sI so so so}", "rounds", (json_int_t)s->rounds,
                          "bidders", (json_int_t)s->bidders, "seed",
                          gv_json_from_u64(s->seed), "total",
                          spread_json((struct spread){r->total, r->rounds}),
                          "lots", lots_json(t, r));

    if (t->lots == 0)
        thing_json(o, &r->thing[0]);
    gv_cli_print(cli, gv_auction_priced(o, &t->currency));
}

static void
add_spread(struct gv_columns *t, struct spread s, const struct gv_currency *c)
{
    static const uint32_t percents[] = {0, 10, 50, 90, 100};
    char text[40];

    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
        gv_columns_cell(
            t, "%s",
            s.n == 0
                ? "-"
                : gv_amount_text((struct gv_amount){percentile(s, percents[i])},
                                 c, text));
    gv_columns_cell(
        t, "%s",
        s.n == 0 ? "-" : gv_amount_text((struct gv_amount){mean(s)}, c, text));
}

static void
add_counts(struct gv_columns *t, const struct gv_simulated_thing *one)
{
    gv_columns_cell(t, "%" PRIu32, one->sold);
    gv_columns_cell(t, "%" PRIu32, one->unsold);
    gv_columns_cell(t, "%" PRIu32, one->reserve_missed);
    gv_columns_cell(t, "%" PRIu32, one->best_won);
}

/* The counts of all lots together. */
static struct gv_simulated_thing
sum_of(const struct gv_simulated *r)
{
    struct gv_simulated_thing all = {.sold = 0};

    for (unsigned i = 0; i < r->things; i++) {
        const struct gv_simulated_thing *one = &r->thing[i];

        all.sold += one->sold;
        all.unsold += one->unsold;
        all.reserve_missed += one->reserve_missed;
        all.best_won += one->best_won;
        all.accepted += one->accepted;
        all.extended += one->extended;
        all.final_rounds += one->final_rounds;
        all.final_won += one->final_won;
        if (one->longest_us > all.longest_us)
            all.longest_us = one->longest_us;
        for (int k = 0; k < GV_SIMULATED_CODES; k++)
            all.voids[k] += one->voids[k];
    }
    return all;
}

/* A row for what is sold; or one for each lot, and one for what all of them
 * come to in a round. */
static struct gv_columns *
table_of(const struct gv_simulation *s, const struct gv_simulated *r)
{
    const struct gv_terms *terms = s->terms;
    struct gv_columns *t = gv_columns_new(
        ">lot|title|>sold|>no bid|>below reserve|>best won|>least|>10 %|>half|"
        ">90 %|>most|>mean");
    struct gv_simulated_thing all = sum_of(r);
    struct gv_lot lot;

    for (unsigned i = 0; i < terms->lots; i++) {
        gv_terms_lot(terms, i, &lot);
        gv_columns_cell(t, "%u", i + 1);
        gv_columns_cell(t, "%.*s", (int)lot.title.len,
                        (const char *)lot.title.p);
        add_counts(t, &r->thing[i]);
        add_spread(t, prices_of(&r->thing[i]), &terms->currency);
    }
    gv_columns_cell(t, "%s", terms->lots > 0 ? "all" : "-");
    gv_columns_cell(t, "-");
    add_counts(t, &all);
    add_spread(t,
               terms->lots > 0 ? (struct spread){r->total, r->rounds}
                               : prices_of(&r->thing[0]),
               &terms->currency);
    return t;
}

static void
print_csv(const struct gv_simulation *s, const struct gv_simulated *r)
{
    struct gv_columns *t = table_of(s, r);

    gv_columns_csv(t, stdout);
    gv_columns_free(t);
}

static void
print_bids(const struct gv_terms *t, const struct gv_simulated_thing *r)
{
    gv_columns_line(stdout, "accepted bids", "%" PRIu64, r->accepted);
    for (int i = 0; i < GV_SIMULATED_CODES; i++)
        if (r->voids[i] != 0)
            gv_columns_line(stdout, "void bids", "%" PRIu64 " %s", r->voids[i],
                            gv_code_name((enum gv_code)i));
    if (t->soft_ms != 0)
        gv_columns_line(stdout, "extended",
                        "%" PRIu32 " times, by %" PRIu64 " s at most",
                        r->extended, r->longest_us / 1000000);
    if (gv_terms_final_round(t))
        gv_columns_line(stdout, "final round",
                        "%" PRIu32 " times, %" PRIu32
                        " of them sold to a sealed bid",
                        r->final_rounds, r->final_won);
}

static void
print_prices(const struct gv_currency *c, const struct gv_simulated_thing *r)
{
    static const struct {
        const char *what;
        uint32_t percent;
    } rows[] = {{"least price", 0},
                {"10 % pay up to", 10},
                {"half pay up to", 50},
                {"90 % pay up to", 90},
                {"greatest price", 100}};
    struct spread s = prices_of(r);
    char text[40];

    if (s.n == 0)
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        gv_columns_line(
            stdout, rows[i].what, "%s",
            gv_amount_text((struct gv_amount){percentile(s, rows[i].percent)},
                           c, text));
    gv_columns_line(stdout, "mean price", "%s",
                    gv_amount_text((struct gv_amount){mean(s)}, c, text));
    gv_columns_line(stdout, "best won",
                    "%" PRIu32 " times it went to whom it was worth most",
                    r->best_won);
}

static void
print_people(const struct gv_simulation *s, const struct gv_simulated *r)
{
    struct gv_simulated_thing all = sum_of(r);
    struct gv_columns *t;

    if (s->terms->lots > 0) {
        t = table_of(s, r);
        gv_columns_print(t, stdout, "");
        gv_columns_free(t);
    } else {
        gv_columns_line(stdout, "sold", "%" PRIu32 " of %" PRIu32 " auctions",
                        all.sold, s->rounds);
        if (all.unsold != 0)
            gv_columns_line(stdout, "no bid", "%" PRIu32, all.unsold);
        if (all.reserve_missed != 0)
            gv_columns_line(stdout, "below reserve", "%" PRIu32,
                            all.reserve_missed);
        print_prices(&s->terms->currency, &r->thing[0]);
    }
    print_bids(s->terms, &all);
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
    else if (gv_config_bool(cli->config, "csv"))
        print_csv(&s, &r);
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
