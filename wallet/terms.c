/* terms.c - terms of an auction from flags and to text (wallet/terms.h). */
#include "wallet/terms.h"

#include <gavel/escrow.h>
#include <gavel/params.h>
#include <gavel/pow.h>
#include <stdlib.h>

#include "wallet/allowed.h"
#include "wallet/clock.h"
#include "wallet/preset.h"

#define SOFT_CAP_TIMES 10 /* extensions in all, unless told */
#define OPENING_USUAL_MS 3600000u

const struct gv_config_option gv_terms_options[GV_TERMS_OPTIONS] = {
    {.name = "preset",
     .help = "A common kind of auction: values for the options below, which "
             "these still override; help lists them.",
     .argument = "KIND"},
    {.name = "currency",
     .fallback = "EUR",
     .help = "1 to 4 of A-Z and 0-9.",
     .argument = "TAG"},
    {.name = "exponent",
     .type = GV_CONFIG_INT,
     .fallback = "2",
     .min = 0,
     .max = 8,
     .help = "Decimals of the currency.",
     .argument = "N"},
    {.name = "min-first",
     .help = "The first bid must reach it.",
     .argument = "AMOUNT"},
    {.name = "min-step",
     .help = "Least step beyond the reference bid.",
     .argument = "AMOUNT"},
    {.name = "max-step",
     .help = "Greatest step beyond the reference bid.",
     .argument = "AMOUNT"},
    {.name = "allowed",
     .help = "File of the allowed bidders: one ledger key a line, with an own "
             "cap behind it if --per-bidder is given.",
     .argument = "FILE"},
    {.name = "per-bidder",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = UINT32_MAX,
     .help = "Most accepted bids of one bidder.",
     .argument = "N"},
    {.name = "total-cap",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = UINT32_MAX,
     .help = "Most accepted bids in all.",
     .argument = "N"},
    {.name = "limit",
     .type = GV_CONFIG_DURATION,
     .help = "How long it is open.",
     .argument = "TIME"},
    {.name = "reference",
     .type = GV_CONFIG_ENUM,
     .choices = "last|highest",
     .fallback = "highest",
     .help = "The bid that steps are measured from."},
    {.name = "pricing",
     .type = GV_CONFIG_ENUM,
     .choices = "first|second|vickrey",
     .fallback = "first",
     .help = "What the winner pays: his bid; one increment beyond the best "
             "bid of another bidder; that bid."},
    {.name = "increments",
     .help = "Table for the second price: BELOW:INCREMENT,...,INCREMENT "
             "(default: 0.05 below 1.00 to 100.00 above 5,000.00).",
     .argument = "TABLE"},
    {.name = "direction",
     .type = GV_CONFIG_ENUM,
     .choices = "ascending|reverse|dutch",
     .fallback = "ascending",
     .help = "Who wins: the highest bid, the lowest, or the first that reaches "
             "a falling clock."},
    {.name = "start",
     .help = "Dutch: what the clock shows at the opening.",
     .argument = "AMOUNT"},
    {.name = "floor", .help = "Dutch: where it stops.", .argument = "AMOUNT"},
    {.name = "drop",
     .help = "Dutch: by how much it falls.",
     .argument = "AMOUNT"},
    {.name = "every",
     .type = GV_CONFIG_DURATION,
     .help = "Dutch: how often it falls. Without --limit it stays at the floor "
             "once so long.",
     .argument = "TIME"},
    {.name = "buy-now",
     .help = "A first bid that reaches it ends the auction at this price.",
     .argument = "AMOUNT"},
    {.name = "soft-close",
     .type = GV_CONFIG_DURATION,
     .help = "With --limit: it stays open so long after each accepted bid.",
     .argument = "TIME"},
    {.name = "soft-cap",
     .type = GV_CONFIG_DURATION,
     .help = "All extensions together, at most (default: ten of them).",
     .argument = "TIME"},
    {.name = "reserve",
     .help = "Nothing is sold to a bid that does not reach it.",
     .argument = "AMOUNT"},
    {.name = "lot",
     .type = GV_CONFIG_LIST,
     .help =
         "One of several things in this auction, with a minimum first bid "
         "and a reserve of its own; give it 2 to 64 times. A comma in TITLE "
         "is written twice.",
     .argument = "TITLE[,min=AMOUNT][,reserve=AMOUNT]"},
    {.name = "close",
     .type = GV_CONFIG_ENUM,
     .choices = "owner|never",
     .fallback = "owner",
     .help = "Who may close it early."},
    {.name = "notice",
     .type = GV_CONFIG_DURATION,
     .help = "From an early close to its effect (default: 2 D).",
     .argument = "TIME"},
    {.name = "pay-within",
     .type = GV_CONFIG_DURATION,
     .help = "Who has not paid so long after the final outcome may be called "
             "a defaulter, and the runner-up gets a second chance.",
     .argument = "TIME"},
    {.name = "d",
     .type = GV_CONFIG_DURATION,
     .help = "D: a bid must be in a block this soon (default: the network's).",
     .argument = "TIME"},
    {.name = "t",
     .type = GV_CONFIG_DURATION,
     .help = "T: spacing of blocks (default: the network's).",
     .argument = "TIME"},
    {.name = "difficulty",
     .type = GV_CONFIG_INT,
     .min = 0,
     .max = 4,
     .help = "Fixed difficulty 1 to 4, or 0: adaptive (default: the "
             "network's).",
     .argument = "N"},
    {.name = "identity",
     .type = GV_CONFIG_ENUM,
     .choices = "certified|anonymous",
     .fallback = "certified",
     .help = "Who bids: certified keys, or pseudonyms whose names notaries "
             "can open for the seller alone."},
    {.name = "sealed",
     .type = GV_CONFIG_BOOL,
     .help = "Amounts are sealed until the auction is closed; notaries open "
             "them all then."},
    {.name = "hidden-reserve",
     .help = "A sealed reserve, which is opened after the close.",
     .argument = "AMOUNT"},
    {.name = "final-round",
     .type = GV_CONFIG_DURATION,
     .help = "With --soft-close: where extensions reach their cap, so long "
             "each bidder may make one last bid, sealed.",
     .argument = "TIME"},
    {.name = "opening-period",
     .type = GV_CONFIG_DURATION,
     .help = "How long after the close what is sealed can be opened, at most "
             "(default: an hour).",
     .argument = "TIME"},
};

/* An amount option; sets flag when it is given. */
static int
take_amount(struct gv_cli *cli, const char *name, uint8_t flag,
            struct gv_terms *t, uint64_t *out)
{
    const char *text = gv_config_string(cli->config, name);
    struct gv_amount a;

    if (text == NULL)
        return GV_EXIT_OK;
    if (gv_amount_parse(text, &t->currency, &a) != GV_OK)
        return gv_cli_bad_amount(cli, name, text, &t->currency);
    *out = a.minor;
    t->flags |= flag;
    return GV_EXIT_OK;
}

static int
take_amounts(struct gv_cli *cli, struct gv_terms *t)
{
    const char *tag = gv_config_string(cli->config, "currency");
    int code;

    if (gv_currency_parse(tag, (uint8_t)gv_config_int(cli->config, "exponent"),
                          &t->currency) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--currency: '%.20s': expected 1 to 4 of A-Z, 0-9",
                           tag);
    code = take_amount(cli, "min-first", GV_MIN_FIRST, t, &t->min_first);
    if (code == GV_EXIT_OK)
        code = take_amount(cli, "min-step", GV_MIN_STEP, t, &t->min_step);
    if (code == GV_EXIT_OK)
        code = take_amount(cli, "max-step", GV_MAX_STEP, t, &t->max_step);
    if (code == GV_EXIT_OK)
        code = take_amount(cli, "reserve", 0, t, &t->reserve);
    if (code == GV_EXIT_OK)
        code = take_amount(cli, "buy-now", 0, t, &t->buy_now);
    return code;
}

/* The list borrows *allowed, heap memory. */
static int
take_allowed(struct gv_cli *cli, const char *path, struct gv_terms *t,
             uint8_t **allowed)
{
    struct gv_allowed_file file = {.name = path,
                                   .caps = (t->flags & GV_PER_BIDDER) != 0};
    char *text = gv_cli_read_text(cli, path);
    struct gv_error e;
    int code = GV_EXIT_OK;

    if (text == NULL)
        return GV_EXIT_USAGE;
    file.text = gv_bytes(text, strlen(text));
    if (gv_allowed_read(&file, &t->allowed, &e) != GV_OK)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    else
        *allowed = (uint8_t *)t->allowed.p;
    free(text);
    return code;
}

static int
take_pricing(struct gv_cli *cli, struct gv_terms *t, uint8_t *table)
{
    const char *text = gv_config_string(cli->config, "increments");
    size_t len = 0;
    struct gv_error e;

    t->pricing = (uint8_t)gv_config_enum(cli->config, "pricing");
    if (text != NULL && t->pricing != GV_PRICE_SECOND)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--increments: they are for --pricing second");
    if (text != NULL &&
        gv_increments_parse(text, &t->currency, table, &len, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--increments: %s", e.text);
    if (text == NULL && t->pricing == GV_PRICE_SECOND)
        len = gv_increments_usual(table);
    t->increments = gv_bytes(table, len);
    return GV_EXIT_OK;
}

/* A duration of u32 ms; untouched when it is not given. */
static int
take_duration(struct gv_cli *cli, const char *name, uint32_t *out)
{
    int64_t ms = gv_config_ms(cli->config, name);

    if (!gv_config_is_set(cli->config, name))
        return GV_EXIT_OK;
    if (ms > UINT32_MAX)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--%s: too long", name);
    *out = (uint32_t)ms;
    return GV_EXIT_OK;
}

static int
take_soft_close(struct gv_cli *cli, struct gv_terms *t)
{
    int code = take_duration(cli, "soft-close", &t->soft_ms);

    if (code == GV_EXIT_OK && t->soft_ms == 0 &&
        gv_config_is_set(cli->config, "soft-cap"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--soft-cap: only with --soft-close");
    if (code == GV_EXIT_OK && t->soft_ms != 0 &&
        gv_config_enum(cli->config, "direction") != GV_DUTCH &&
        !gv_config_is_set(cli->config, "limit"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--soft-close: only with --limit, which it extends");
    t->soft_cap_ms = t->soft_ms <= UINT32_MAX / SOFT_CAP_TIMES
                         ? t->soft_ms * SOFT_CAP_TIMES
                         : UINT32_MAX;
    return code == GV_EXIT_OK ? take_duration(cli, "soft-cap", &t->soft_cap_ms)
                              : code;
}

/* An integer option; sets flag when it is given. */
static void
take_count(struct gv_cli *cli, const char *name, uint8_t flag,
           struct gv_terms *t, uint32_t *out)
{
    if (!gv_config_is_set(cli->config, name))
        return;
    *out = (uint32_t)gv_config_int(cli->config, name);
    t->flags |= flag;
}

static int
take_times(struct gv_cli *cli, struct gv_terms *t)
{
    int code = take_duration(cli, "d", &t->d_ms);

    if (code == GV_EXIT_OK)
        code = take_duration(cli, "t", &t->t_ms);
    if (code == GV_EXIT_OK)
        code = take_soft_close(cli, t);
    if (code != GV_EXIT_OK)
        return code;
    if (gv_config_is_set(cli->config, "limit")) {
        t->limit_ms = (uint64_t)gv_config_ms(cli->config, "limit");
        t->flags |= GV_LIMIT;
    }
    if (gv_config_is_set(cli->config, "pay-within")) {
        t->pay_ms = (uint64_t)gv_config_ms(cli->config, "pay-within");
        t->flags |= GV_PAY_BY;
    }
    t->identity = gv_config_enum(cli->config, "identity") == 1 ? GV_ANONYMOUS
                                                               : GV_CERTIFIED;
    t->close_policy = gv_config_enum(cli->config, "close") == 0
                          ? GV_CLOSE_OWNER
                          : GV_CLOSE_NEVER;
    t->notice_ms =
        t->close_policy == GV_CLOSE_NEVER ? 0 : 2 * (uint64_t)t->d_ms;
    if (gv_config_is_set(cli->config, "notice"))
        t->notice_ms = (uint64_t)gv_config_ms(cli->config, "notice");
    return GV_EXIT_OK;
}

/* What has no sense with sealed bids, by the option that asks for it. */
static int
check_sealed(struct gv_cli *cli, const struct gv_terms *t)
{
    const struct {
        const char *option;
        bool bad;
    } checks[] = {
        {"min-step", (t->flags & GV_MIN_STEP) != 0},
        {"max-step", (t->flags & GV_MAX_STEP) != 0},
        {"total-cap", (t->flags & GV_TOTAL) != 0},
        {"soft-close", t->soft_ms != 0},
        {"buy-now", t->buy_now != 0},
        {"pricing", t->pricing == GV_PRICE_SECOND},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (checks[i].bad)
            return gv_cli_fail(cli, GV_EXIT_USAGE,
                               "--%s: not with --sealed: nobody can judge it "
                               "while amounts are sealed%s",
                               checks[i].option,
                               strcmp(checks[i].option, "pricing") == 0
                                   ? " (take first or vickrey)"
                                   : "");
    return GV_EXIT_OK;
}

static int
take_hidden_reserve(struct gv_cli *cli, struct gv_terms *t, uint64_t *out)
{
    int code = take_amount(cli, "hidden-reserve", 0, t, out);

    if (code != GV_EXIT_OK || !gv_config_is_set(cli->config, "hidden-reserve"))
        return code;
    if (*out == 0 || t->reserve != 0)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--hidden-reserve: %s",
                           *out == 0 ? "expected an amount above zero"
                                     : "not with --reserve");
    /* The one trap that nobody else can see (A18). */
    if ((t->flags & GV_MIN_FIRST) != 0 &&
        !gv_terms_better(t, *out, t->min_first))
        gv_cli_warn(cli, "warning: The hidden reserve can never matter: what "
                         "the first bid must reach is no worse.");
    t->visibility = gv_terms_sealed(t)        ? GV_VISIBLE_SEALED_RESERVE
                    : gv_terms_final_round(t) ? GV_VISIBLE_FINAL_RESERVE
                                              : GV_VISIBLE_RESERVE_SEALED;
    if (t->buy_now != 0 && !gv_terms_sealed(t))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--buy-now: not with --hidden-reserve, which could "
                           "be better than it");
    return GV_EXIT_OK;
}

static int
take_final_round(struct gv_cli *cli, struct gv_terms *t)
{
    if (!gv_config_is_set(cli->config, "final-round"))
        return GV_EXIT_OK;
    if (gv_config_bool(cli->config, "sealed") || t->soft_ms == 0)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "--final-round: only with %s",
                           t->soft_ms == 0 ? "--soft-close"
                                           : "bids that are open before it");
    t->visibility = GV_VISIBLE_FINAL;
    return take_duration(cli, "final-round", &t->final_ms);
}

/* When what is sealed is lost, if something is. */
static int
take_opening_period(struct gv_cli *cli, struct gv_terms *t)
{
    if (gv_terms_holders(t)) {
        t->opening_period_ms =
            t->d_ms > OPENING_USUAL_MS ? t->d_ms : OPENING_USUAL_MS;
        return take_duration(cli, "opening-period", &t->opening_period_ms);
    }
    if (gv_config_is_set(cli->config, "opening-period"))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--opening-period: only with --sealed, "
                           "--final-round or --hidden-reserve");
    return GV_EXIT_OK;
}

static int
take_sealed(struct gv_cli *cli, struct gv_terms *t, uint64_t *hidden_reserve)
{
    int code;

    if (gv_config_bool(cli->config, "sealed"))
        t->visibility = GV_VISIBLE_SEALED;
    code = take_final_round(cli, t);
    if (code == GV_EXIT_OK)
        code = take_hidden_reserve(cli, t, hidden_reserve);
    if (code == GV_EXIT_OK)
        code = take_opening_period(cli, t);
    return code == GV_EXIT_OK && gv_terms_sealed(t) ? check_sealed(cli, t)
                                                    : code;
}

/* The option that sets a field of terms that are refused, or NULL. */
static const char *
option_of(const char *field)
{
    static const struct {
        const char *field, *option;
    } names[] = {
        {"terms.min_first", "min-first"},
        {"terms.min_step", "min-step"},
        {"terms.max_step", "max-step"},
        {"terms.allowed", "allowed"},
        {"terms.per_bidder", "per-bidder"},
        {"terms.total_cap", "total-cap"},
        {"terms.limit_ms", "limit"},
        {"terms.soft_ms", "soft-close"},
        {"terms.soft_cap_ms", "soft-cap"},
        {"terms.t_ms", "t"},
        {"terms.d_ms", "d"},
        {"terms.notice_ms", "notice"},
        {"terms.pay_ms", "pay-within"},
        {"terms.opening_period_ms", "opening-period"},
        {"terms.final_ms", "final-round"},
        {"terms.buy_now", "buy-now"},
        {"terms.reserve", "reserve"},
        {"terms.pricing", "pricing"},
        {"terms.increments", "increments"},
        {"terms.close_policy", "close"},
        {"terms.fixed_difficulty", "difficulty"},
        {"terms.clock_start", "start"},
        {"terms.clock_floor", "floor"},
        {"terms.clock_drop", "drop"},
        {"terms.clock_step_ms", "every"},
    };

    for (size_t i = 0; field != NULL && i < sizeof(names) / sizeof(names[0]);
         i++)
        if (strcmp(names[i].field, field) == 0)
            return names[i].option;
    return NULL;
}

/* by_options: they made the terms, and are named. */
static int
judge(struct gv_cli *cli, const struct gv_terms *t, bool by_options)
{
    struct gv_reject why = {0};
    json_t *warnings, *one;
    const char *option;
    char text[400];
    size_t i;

    if (gv_terms_check(t, cli->params, &why) != GV_OK) {
        option = by_options ? option_of(why.field) : NULL;
        return gv_cli_fail(
            cli, GV_EXIT_USAGE, "%s%s%sthese terms are refused: %s",
            option ? "--" : "", option ? option : "", option ? ": " : "",
            gv_terms_reject_text(t, &why, text, sizeof(text)));
    }
    warnings = gv_lots_warnings(t, cli->params);
    json_array_foreach(warnings, i, one)
    {
        gv_cli_warn(cli, "warning: %s", json_string_value(one));
    }
    json_decref(warnings);
    return GV_EXIT_OK;
}

int
gv_terms_judge(struct gv_cli *cli, const struct gv_terms *t)
{
    return judge(cli, t, false);
}

int
gv_terms_from_options(struct gv_cli *cli, struct gv_terms *out,
                      struct gv_terms_lists *lists)
{
    const char *path = gv_config_string(cli->config, "allowed");
    int code;

    lists->allowed = NULL;
    lists->hidden_reserve = 0;
    code = gv_preset_apply(cli);
    if (code != GV_EXIT_OK)
        return code;
    gv_terms_default(cli->params, out);
    out->reference = gv_config_enum(cli->config, "reference") == 0
                         ? GV_REF_LAST
                         : GV_REF_HIGHEST;
    code = take_amounts(cli, out);
    if (code == GV_EXIT_OK)
        code = take_pricing(cli, out, lists->increments);
    take_count(cli, "per-bidder", GV_PER_BIDDER, out, &out->per_bidder);
    take_count(cli, "total-cap", GV_TOTAL, out, &out->total_cap);
    if (code == GV_EXIT_OK)
        code = take_times(cli, out);
    if (code == GV_EXIT_OK)
        code = gv_clock_take(cli, out);
    if (code == GV_EXIT_OK)
        code = take_sealed(cli, out, &lists->hidden_reserve);
    if (code == GV_EXIT_OK)
        code = gv_lots_take(cli, out, lists->lots);
    if (gv_config_is_set(cli->config, "difficulty")) {
        out->fixed_difficulty =
            (uint8_t)gv_config_int(cli->config, "difficulty");
        out->target = out->fixed_difficulty != 0
                          ? gv_target_fixed(out->fixed_difficulty)
                          : cli->params->registry_target;
    }
    if (code == GV_EXIT_OK && path != NULL) {
        out->flags |= GV_ALLOWED;
        code = take_allowed(cli, path, out, &lists->allowed);
    }
    return code == GV_EXIT_OK ? judge(cli, out, true) : code;
}

void
gv_terms_lists_clear(struct gv_terms_lists *lists)
{
    free(lists->allowed);
    lists->allowed = NULL;
}
