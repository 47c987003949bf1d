/* cmd_auction_show.c - gavel auction show: terms and state of an auction,
 * its OPEN verified here. */
#include <inttypes.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/lint.h"
#include "wallet/terms.h"

static void
print_state(const struct gv_auction *a)
{
    const struct gv_currency *c = &a->open.terms.currency;
    const json_t *bids = json_object_get(a->info, "bids");
    const json_t *leader = json_object_get(a->info, "leader");
    uint64_t close = gv_json_u64(a->info, "effective_close_us");
    char time[40], amount[40];

    gv_columns_line(stdout, "phase", "%s (at %s)",
                    gv_json_text(a->info, "phase"),
                    gv_cli_time(gv_json_u64(a->info, "phase_time_us"), time));
    gv_auction_print_stall(a);
    gv_columns_line(stdout, "closes", "%s",
                    close == 0 ? "not yet fixed" : gv_cli_time(close, time));
    gv_columns_line(stdout, "block", "%" PRIu64 " (final %" PRIu64 ")",
                    gv_json_u64(a->info, "height"),
                    gv_json_u64(a->info, "final_height"));
    gv_columns_line(stdout, "listed", "%s",
                    gv_json_bool(a->info, "listed_final") ? "final"
                    : gv_json_bool(a->info, "listed")     ? "not final yet"
                                                          : "no");
    gv_columns_line(stdout, "bids",
                    "%" PRIu64 " accepted, %" PRIu64 " void, %" PRIu64
                    " not in a block yet",
                    gv_json_u64(bids, "accepted"), gv_json_u64(bids, "void"),
                    gv_json_u64(bids, "unmined"));
    if (json_is_object(leader))
        gv_columns_line(stdout, "leading", "%s by %s",
                        gv_auction_amount(leader, "amount", c, amount),
                        gv_json_text(leader, "bidder"));
}

/* V5: with more than a third of the validators silent nothing becomes final. */
static void
print_silence(const struct gv_auction *a)
{
    const json_t *v = json_object_get(a->info, "validators"), *one;
    size_t i;

    json_array_foreach(json_object_get(v, "silent"), i, one)
    {
        json_int_t at = json_integer_value(one);

        if (at >= 0 && at < a->open.validator_count)
            gv_columns_line(
                stdout, "silent", "validator %.*s",
                (int)a->open.validator[at].operator_name.len,
                (const char *)a->open.validator[at].operator_name.p);
    }
    if (gv_json_bool(v, "stalled"))
        gv_columns_line(stdout, "status",
                        "stalled: more than a third of the validators is "
                        "silent, nothing becomes final");
}

/* Who dates and who opens identities; validators have keys besides. */
static void
print_operators(const struct gv_open *o)
{
    for (unsigned i = 0; i < o->authority_count; i++)
        gv_columns_line(stdout, "dated by", "%.*s",
                        (int)o->authority[i].operator_name.len,
                        (const char *)o->authority[i].operator_name.p);
    for (unsigned i = 0; i < o->issuer_count; i++)
        gv_columns_line(stdout, "tokens by", "%.*s",
                        (int)o->issuer.operator_name.len,
                        (const char *)o->issuer.operator_name.p);
    for (unsigned i = 0; i < o->notary_count; i++)
        gv_columns_line(stdout, "notary", "%.*s",
                        (int)o->notary[i].operator_name.len,
                        (const char *)o->notary[i].operator_name.p);
    if (o->notary_count > 0)
        gv_columns_line(stdout, "identities", "opened by %u of %u notaries",
                        o->escrow_t, o->notary_count);
}

/* What bidders should know about terms and trust: an array of lines. */
static json_t *
warnings_of(const struct gv_open *o, const struct gv_params *params)
{
    const char *trap[GV_TERMS_WARNINGS];
    char trust[GV_LINT_MAX][200];
    struct gv_lint l;
    json_t *list = json_array();
    size_t n = gv_terms_warn(&o->terms, params, trap, GV_TERMS_WARNINGS);

    for (size_t i = 0; i < n && i < GV_TERMS_WARNINGS; i++)
        json_array_append_new(list, json_string(trap[i]));
    gv_lint_of_open(o, params, &l);
    n = gv_lint_trust(&l, trust);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(trust[i]));
    return list;
}

static void
print_warnings(const struct gv_cli *cli, const struct gv_auction *a)
{
    json_t *list = warnings_of(&a->open, cli->params), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        gv_columns_line(stdout, "warning", "%s", json_string_value(one));
    }
    json_decref(list);
}

static void
print_people(const struct gv_auction *a)
{
    const struct gv_open *o = &a->open;
    char time[40], key[65];

    gv_columns_line(stdout, "auction", "%s", a->hex);
    gv_columns_line(stdout, "title", "%.*s", (int)o->title.len,
                    (const char *)o->title.p);
    if (o->text.len > 0)
        gv_columns_line(stdout, "text", "%.*s", (int)o->text.len,
                        (const char *)o->text.p);
    if (o->pseudonym)
        gv_columns_line(stdout, "seller",
                        "a pseudonym, escrowed to %u of %u notaries",
                        o->escrow_t, o->notary_count);
    gv_columns_line(stdout, o->pseudonym ? "pseudonym" : "seller", "%s",
                    gv_hex(o->seller.key.b, 32, key));
    gv_columns_line(stdout, "opening", "%s",
                    gv_cli_time(o->opening_ms * 1000, time));
    for (unsigned i = 0; i < o->validator_count; i++)
        gv_columns_line(stdout, "validator", "%.*s %s",
                        (int)o->validator[i].operator_name.len,
                        (const char *)o->validator[i].operator_name.p,
                        gv_hex(o->validator[i].key.b, 32, key));
    if (o->validator_count == 1)
        gv_columns_line(stdout, "trust", "one validator: the TTP decides");
    print_operators(o);
}

static int
run(struct gv_cli *cli)
{
    struct gv_auction a;
    int code = gv_auction_fetch(cli, gv_config_argument(cli->config, 0), &a);

    if (code != GV_EXIT_OK)
        return code;
    if (cli->json) {
        json_object_set_new(a.info, "terms_text",
                            gv_terms_lines(&a.open.terms));
        json_object_set_new(a.info, "warnings",
                            warnings_of(&a.open, cli->params));
        gv_cli_print(cli, json_incref(a.info));
    } else {
        print_people(&a);
        gv_terms_print(&a.open.terms, stdout);
        print_state(&a);
        print_silence(&a);
        print_warnings(cli, &a);
    }
    gv_auction_clear(&a);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_auction_show = {
    .config = {.name = "auction show",
               .help = "Show the terms and the state of an auction; its "
                       "signatures are verified.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run};
