/* cmd_replay.c - gavel replay: recorded auctions through a node. */
#include <inttypes.h>
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/replay.h"

static const struct gv_config_option options[] = {
    {.name = "limit",
     .type = GV_CONFIG_INT,
     .fallback = "0",
     .min = 0,
     .max = 1000000,
     .help = "Only the first N auctions of the file; 0: all.",
     .argument = "N"},
    {.name = "in-flight",
     .type = GV_CONFIG_INT,
     .fallback = "32",
     .min = 1,
     .max = 256,
     .help = "Auctions at once.",
     .argument = "N"},
    {.name = "d",
     .type = GV_CONFIG_DURATION,
     .fallback = "5s",
     .min = 1000,
     .max = 3600000,
     .help = "D of the terms: a bid must be in a block this soon.",
     .argument = "TIME"},
    {.name = "rules",
     .type = GV_CONFIG_ENUM,
     .choices = "none|opening",
     .fallback = "none",
     .help = "Terms: none, or the recorded opening bid as the minimum first "
             "bid."},
    {.name = "pricing",
     .type = GV_CONFIG_ENUM,
     .choices = "first|second|vickrey",
     .fallback = "first",
     .help = "What the winner pays: his bid; one usual increment beyond the "
             "best bid of another bidder; that bid."},
    {.name = "sealed",
     .type = GV_CONFIG_BOOL,
     .help = "The bids are sealed until the close."},
    {.name = "rate",
     .type = GV_CONFIG_INT,
     .fallback = "0",
     .min = 0,
     .max = 1000000,
     .help = "Most bids a second; 0: as fast as it goes.",
     .argument = "N"},
    {.name = "wait",
     .type = GV_CONFIG_DURATION,
     .fallback = "5m",
     .min = 1000,
     .max = 86400000,
     .help = "Longest wait for a listing or an outcome to become final.",
     .argument = "TIME"},
    {.name = "patience",
     .type = GV_CONFIG_DURATION,
     .fallback = "30s",
     .max = 86400000,
     .help = "How long the node may be away before the replay gives up.",
     .argument = "TIME"},
    {.name = "ca",
     .help = "The CA's EST service (default: what the node's status names).",
     .argument = "URL"},
};

/* Sums over all auctions. */
struct summary {
    size_t placed, refused, not_final;
    uint64_t on_chain, accepted, lost;
};

static struct summary
sum_up(const struct gv_replay *r)
{
    struct summary s = {0};

    for (size_t i = 0; i < r->auctions; i++) {
        const struct gv_replay_auction *a = &r->auction[i];

        s.placed += a->placed;
        s.refused += a->refused;
        s.not_final += !a->final;
        s.on_chain += a->total;
        s.accepted += a->accepted;
        if (a->total < a->placed)
            s.lost += a->placed - a->total;
    }
    return s;
}

/* The pseudonym of a ledger key; "" for none. */
static const char *
pseudonym(const struct gv_replay *r, const json_t *names,
          const struct gv_replay_auction *a)
{
    char hex[65];
    const json_t *i;

    if (!a->sold)
        return "";
    i = json_object_get(names, gv_hex(a->winner.b, 32, hex));
    return i == NULL ? "?" : r->csv->bidder[json_integer_value(i)].name;
}

/* A CSV field, quoted if it must be. */
static void
put_field(const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void
print_csv(const struct gv_replay *r, const json_t *names)
{
    puts("auctionid,winner,price,bids,accepted,status");
    for (size_t i = 0; i < r->auctions; i++) {
        const struct gv_replay_auction *a = &r->auction[i];

        put_field(r->csv->auction[i].id);
        putchar(',');
        put_field(pseudonym(r, names, a));
        printf(",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s\n", a->price, a->total,
               a->accepted, a->final ? a->status : "not-final");
    }
}

static void
print_json(const struct gv_replay *r, const json_t *names,
           const struct summary *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->auctions; i++) {
        const struct gv_replay_auction *a = &r->auction[i];
        char hex[65];

        json_array_append_new(
            list,
            gv_auction_priced(json_pack("{ss ss ss so so so ss}", "auctionid",
                                        r->csv->auction[i].id, "auction",
                                        gv_hex(a->id.b, 32, hex), "winner",
                                        pseudonym(r, names, a), "price",
                                        gv_json_from_u64(a->price), "bids",
                                        gv_json_from_u64(a->total), "accepted",
                                        gv_json_from_u64(a->accepted), "status",
                                        a->final ? a->status : "not-final"),
                              &gv_replay_currency));
    }
    gv_cli_print(r->cli,
                 json_pack("{so sI sI sI so sI}", "auctions", list, "recorded",
                           (json_int_t)r->bids, "placed", (json_int_t)s->placed,
                           "refused", (json_int_t)s->refused, "lost",
                           gv_json_from_u64(s->lost), "not_final",
                           (json_int_t)s->not_final));
}

/* Everything on stdout, the account of the bids on stderr. */
static int
report(const struct gv_replay *r, uint64_t took_ms)
{
    struct summary s = sum_up(r);
    json_t *names = json_object();
    char hex[65];

    for (size_t i = 0; i < r->bidders; i++)
        json_object_set_new(names, gv_hex(r->bidder[i].key.b, 32, hex),
                            json_integer((json_int_t)i));
    if (r->cli->json)
        print_json(r, names, &s);
    else
        print_csv(r, names);
    json_decref(names);
    for (size_t i = 0; i < r->auctions; i++)
        if (r->auction[i].refused > 0)
            fprintf(stderr, "gavel: auction %s: %zu bids refused, first: %s\n",
                    r->csv->auction[i].id, r->auction[i].refused,
                    r->auction[i].trouble.text);
    fprintf(stderr,
            "%zu auctions, %zu bidders, %zu recorded bids: %zu placed, %zu "
            "refused, %" PRIu64 " on the chain (%" PRIu64 " accepted), %" PRIu64
            " lost, %zu auctions not final; %" PRIu64 ".%03u s\n",
            r->auctions, r->bidders, r->bids, s.placed, s.refused, s.on_chain,
            s.accepted, s.lost, s.not_final, took_ms / 1000,
            (unsigned)(took_ms % 1000));
    return s.lost == 0 && s.refused == 0 && s.not_final == 0 &&
                   s.placed == r->bids && s.on_chain == s.placed
               ? GV_EXIT_OK
               : GV_EXIT_FAILED;
}

/* The node must be of a network for trying things, with a CA. */
static int
check_node(struct gv_cli *cli, struct gv_replay *r)
{
    const char *url = gv_config_string(cli->config, "ca");
    const json_t *ca;

    if (strcmp(cli->params->name, "regtest") != 0 &&
        strcmp(cli->params->name, "test") != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "a replay is for regtest and test, this node is of "
                           "%s",
                           cli->params->name);
    ca = json_object_get(json_object_get(cli->status, "ttp"), "ca");
    if (url == NULL)
        url = gv_json_text(ca, "url");
    if (*url == '\0' || strlen(url) >= sizeof(r->ca_url))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "the node knows no CA: say --ca URL");
    memcpy(r->ca_url, url, strlen(url) + 1);
    return GV_EXIT_OK;
}

/* The notaries that bids are sealed to. */
static int
choose_seats(struct gv_cli *cli, struct gv_replay *r)
{
    const struct gv_seats_wish wish = {.sealed = true};

    if (!r->options.sealed)
        return GV_EXIT_OK;
    if (r->options.pricing == GV_PRICE_SECOND)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--pricing: not second with --sealed (take first or "
                           "vickrey)");
    return gv_seats_choose(cli, &wish, &r->seats);
}

static int
replay(struct gv_cli *cli, const struct gv_csv *csv)
{
    struct gv_replay_options o = {
        .auctions = (size_t)gv_config_int(cli->config, "limit"),
        .in_flight = (unsigned)gv_config_int(cli->config, "in-flight"),
        .d_ms = (uint32_t)gv_config_ms(cli->config, "d"),
        .opening = gv_config_enum(cli->config, "rules") == 1,
        .pricing = (enum gv_pricing)gv_config_enum(cli->config, "pricing"),
        .sealed = gv_config_bool(cli->config, "sealed"),
        .rate = (unsigned)gv_config_int(cli->config, "rate"),
        .wait_ms = (unsigned)gv_config_ms(cli->config, "wait"),
        .patience_ms = (unsigned)gv_config_ms(cli->config, "patience")};
    uint64_t began = gv_cli_now_ms();
    struct gv_error e = {"out of memory"};
    struct gv_replay r;
    int code;

    if (gv_cli_status(cli, &code) == NULL)
        return code;
    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    if (gv_replay_init(&r, cli, csv, &o, &e) != GV_OK) {
        code = gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    } else {
        code = check_node(cli, &r);
        if (code == GV_EXIT_OK)
            code = choose_seats(cli, &r);
        if (code == GV_EXIT_OK && gv_replay_run(&r, &e) != GV_OK)
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
        else if (code == GV_EXIT_OK)
            code = report(&r, gv_cli_now_ms() - began);
    }
    gv_replay_clear(&r);
    return code;
}

static int
run(struct gv_cli *cli)
{
    const char *path = gv_config_argument(cli->config, 0);
    struct gv_csv csv;
    struct gv_error e;
    int code;

    if (gv_csv_load(path, &csv, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    code = replay(cli, &csv);
    gv_csv_clear(&csv);
    return code;
}

const struct gv_command gv_cmd_replay = {
    .config = {.name = "replay",
               .help = "Run recorded auctions through a node and print what "
                       "came of them as CSV; only on regtest and test.",
               .arguments = "FILE.csv",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
