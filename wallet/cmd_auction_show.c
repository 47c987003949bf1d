/* cmd_auction_show.c - gavel auction show: terms and state of an auction,
 * its OPEN verified here. */
#include <inttypes.h>

#include "wallet/attach.h"
#include "wallet/auction.h"
#include "wallet/clock.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/lint.h"
#include "wallet/relist.h"
#include "wallet/settle.h"
#include "wallet/terms.h"

/* A32: whether there is a final round, and what its bids must better. */
static void
print_round(const struct gv_auction *a)
{
    const json_t *r = json_object_get(a->info, "final_round");
    const struct gv_currency *c = &a->open.terms.currency;
    char from[40], until[40], floor[40];

    if (!gv_json_bool(r, "on")) {
        if (json_is_object(r))
            gv_columns_line(stdout, "final round",
                            "only if extensions reach %s",
                            gv_cli_time(gv_json_u64(r, "from_us"), from));
        return;
    }
    gv_columns_line(stdout, "final round", "from %s to %s",
                    gv_cli_time(gv_json_u64(r, "from_us"), from),
                    gv_cli_time(gv_json_u64(r, "until_us"), until));
    gv_columns_line(stdout, "to better", "%s, in one sealed bid each",
                    gv_auction_amount(r, "floor", c, floor));
}

static void
print_state(const struct gv_auction *a)
{
    const struct gv_currency *c = &a->open.terms.currency;
    const json_t *bids = json_object_get(a->info, "bids");
    const json_t *leader = json_object_get(a->info, "leader");
    uint64_t close = gv_json_u64(a->info, "effective_close_us");
    bool sealed = gv_auction_is_sealed(a->info);
    uint64_t round = gv_json_u64(bids, "sealed");
    char time[40], amount[40];

    gv_columns_line(stdout, "phase", "%s (at %s)",
                    gv_json_text(a->info, "phase"),
                    gv_cli_time(gv_json_u64(a->info, "phase_time_us"), time));
    gv_auction_print_stall(a);
    gv_clock_print_now(a);
    gv_auction_print_opening(a);
    gv_columns_line(stdout, "closes", "%s",
                    close == 0 ? "not yet fixed" : gv_cli_time(close, time));
    gv_columns_line(stdout, "block", "%" PRIu64 " (final %" PRIu64 ")",
                    gv_json_u64(a->info, "height"),
                    gv_json_u64(a->info, "final_height"));
    gv_columns_line(stdout, "listed", "%s",
                    gv_json_bool(a->info, "listed_final") ? "final"
                    : gv_json_bool(a->info, "listed")     ? "not final yet"
                                                          : "no");
    print_round(a);
    gv_columns_line(stdout, "bids",
                    "%" PRIu64 " %s, %" PRIu64 " void, %" PRIu64
                    " not in a block yet",
                    gv_json_u64(bids, sealed ? "sealed" : "accepted"),
                    sealed ? "sealed" : "accepted", gv_json_u64(bids, "void"),
                    gv_json_u64(bids, "unmined"));
    if (!sealed && round != 0)
        gv_columns_line(stdout, "last bids", "%" PRIu64 " sealed", round);
    if (json_is_object(leader))
        gv_columns_line(stdout, "leading", "%s by %s",
                        gv_auction_amount(leader, "amount", c, amount),
                        gv_json_text(leader, "bidder"));
    gv_lots_print_leaders(a->info, c, stdout);
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
    char trust[GV_LINT_MAX][200];
    struct gv_lint l;
    json_t *list = gv_lots_warnings(&o->terms, params);
    size_t n;

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

/* Each file of --check-attachment is one of OPEN's, or it is an error. */
static int
check_attachments(struct gv_cli *cli, const struct gv_open *o, json_t *checked)
{
    size_t n;
    const char *const *path =
        gv_config_list(cli->config, "check-attachment", &n);
    int code = GV_EXIT_OK;

    for (size_t i = 0; i < n && code == GV_EXIT_OK; i++) {
        struct gv_hash hash;
        unsigned place;

        code = gv_attach_hash(cli, path[i], &hash);
        if (code != GV_EXIT_OK)
            return code;
        place = gv_attach_place(o, &hash);
        if (place == 0)
            return gv_cli_fail(cli, GV_EXIT_FAILED,
                               "%s is none of the %u attachments of this "
                               "auction",
                               path[i], o->attachment_count);
        json_array_append_new(checked,
                              json_pack("{ss sI}", "file", path[i],
                                        "attachment", (json_int_t)place));
    }
    return code;
}

static void
print_attachments(const struct gv_open *o, const json_t *checked)
{
    const json_t *one;
    size_t i;

    gv_attach_print(o->attachment, o->attachment_count, stdout);
    json_array_foreach(checked, i, one)
    {
        gv_columns_line(stdout, "checked", "%s is attachment %" PRIu64,
                        gv_json_text(one, "file"),
                        gv_json_u64(one, "attachment"));
    }
}

static json_t *
attachments_json(const struct gv_open *o)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < o->attachment_count; i++)
        json_array_append_new(list, gv_json_from_hex(o->attachment[i].b, 32));
    return list;
}

static void
print_people(const struct gv_auction *a)
{
    const struct gv_open *o = &a->open;
    struct gv_chain_id older;
    char time[40], key[65];

    gv_columns_line(stdout, "auction", "%s", a->hex);
    gv_columns_line(stdout, "title", "%.*s", (int)o->title.len,
                    (const char *)o->title.p);
    if (o->text.len > 0)
        gv_columns_line(stdout, "text", "%.*s", (int)o->text.len,
                        (const char *)o->text.p);
    if (gv_relist_from(o->text, &older))
        gv_columns_line(stdout, "relists", "%s, by the seller's word",
                        gv_hex(older.b, 32, key));
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

static void
show(struct gv_cli *cli, struct gv_auction *a, const json_t *checked)
{
    struct gv_chain_id older;

    if (!cli->json) {
        print_people(a);
        print_attachments(&a->open, checked);
        gv_terms_print(&a->open.terms, stdout);
        print_state(a);
        gv_sales_print(a, stdout);
        print_silence(a);
        print_warnings(cli, a);
        return;
    }
    gv_auction_priced(a->info, &a->open.terms.currency);
    json_object_set_new(a->info, "terms_text", gv_terms_lines(&a->open.terms));
    json_object_set_new(a->info, "warnings",
                        warnings_of(&a->open, cli->params));
    json_object_set_new(a->info, "attachments", attachments_json(&a->open));
    json_object_set_new(a->info, "checked", json_deep_copy(checked));
    json_object_set_new(a->info, "relists",
                        gv_relist_from(a->open.text, &older)
                            ? gv_json_from_hex(older.b, 32)
                            : json_null());
    gv_cli_print(cli, json_incref(a->info));
}

static int
run(struct gv_cli *cli)
{
    struct gv_auction a;
    json_t *checked;
    int code = gv_auction_fetch(cli, gv_config_argument(cli->config, 0), &a);

    if (code != GV_EXIT_OK)
        return code;
    checked = json_array();
    code = check_attachments(cli, &a.open, checked);
    if (code == GV_EXIT_OK)
        show(cli, &a, checked);
    json_decref(checked);
    gv_auction_clear(&a);
    return code;
}

static const struct gv_config_option options[] = {
    {.name = "check-attachment",
     .type = GV_CONFIG_LIST,
     .help = "Is this file one of the auction's attachments, bit by bit?",
     .argument = "FILE"},
};

const struct gv_command gv_cmd_auction_show = {
    .config = {.name = "auction show",
               .help = "Show the terms and the state of an auction; its "
                       "signatures are verified.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
