/* cmd_auction_show.c - gavel auction show: terms and state of an auction,
 * its OPEN verified here. */
#include <inttypes.h>

#include "wallet/auction.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"
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
        gv_cli_print(cli, json_incref(a.info));
    } else {
        print_people(&a);
        gv_terms_print(&a.open.terms, stdout);
        print_state(&a);
        print_silence(&a);
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
