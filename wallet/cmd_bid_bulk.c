/*
 * cmd_bid_bulk.c - gavel bid bulk: many bids from a file, each judged before
 * the first is placed; one that fails holds up no other, and a second run
 * places what the first did not (docs/spec/wallet.md, W36).
 */
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/bidding.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/json.h"

#define ROWS_MAX 1000
#define BYTE_ORDER_MARK                                                        \
    "\xef\xbb\xbf" /* what some programs begin a file with */

static const struct gv_config_option options[] = {
    {.name = "dry-run",
     .type = GV_CONFIG_BOOL,
     .help = "Judge all of them, and place none."},
    {.name = "csv", .type = GV_CONFIG_BOOL, .help = "Print CSV."},
};

enum state { WAITS, PLACED, ALREADY, VOID, FAILED };

struct bulk_row {
    unsigned line;
    char auction[65], amount[32];
    uint8_t lot; /* 0: none */
    enum state state;
    struct gv_bidding at;
};

struct bulk {
    struct bulk_row row[ROWS_MAX];
    size_t rows;
    size_t count[FAILED + 1];
};

static const char *
state_name(enum state s)
{
    static const char *const name[] = {"accepted", "placed", "already", "void",
                                       "failed"};

    return name[s];
}

/* --- the file --- */

static int
bad_line(const struct gv_cli *cli, const char *path, unsigned line,
         const char *what)
{
    return gv_cli_fail(cli, GV_EXIT_USAGE, "%s:%u: %s", path, line, what);
}

static bool
read_lot(const char *text, uint8_t *lot)
{
    size_t n = strlen(text);
    unsigned long v = strtoul(text, NULL, 10);

    if (n == 0)
        return true;
    if (n > 2 || strspn(text, "0123456789") != n || v == 0 || v > GV_LOTS_MAX)
        return false;
    *lot = (uint8_t)v;
    return true;
}

/* The cell that *rest begins with, without the quotes that spreadsheets may put
 * around one; *rest goes to the next, NULL behind the last. No value has a
 * comma or a quote in it. */
static char *
next_cell(char **rest)
{
    char *cell = strsep(rest, ",");
    size_t n = cell != NULL ? strlen(cell) : 0;

    if (n < 2 || cell[0] != '"' || cell[n - 1] != '"')
        return cell;
    cell[n - 1] = '\0';
    return cell + 1;
}

/* "AUCTION,AMOUNT" or "AUCTION,AMOUNT,LOT"; LOT may be empty. */
static const char *
read_row(char *text, bool lots, struct bulk_row *out)
{
    const char *auction = next_cell(&text), *amount = next_cell(&text);
    const char *lot = lots ? next_cell(&text) : "";
    uint8_t id[32];
    size_t n;

    if (amount == NULL || lot == NULL || text != NULL)
        return lots ? "expected AUCTION,AMOUNT,LOT" : "expected AUCTION,AMOUNT";
    if (!read_lot(lot, &out->lot))
        return "lot: expected its number, 1 to 64, or nothing";
    if (gv_unhex(auction, id, sizeof(id)) != GV_OK)
        return "auction: expected 64 hex digits";
    gv_hex(id, sizeof(id), out->auction);
    n = strlen(amount);
    if (n == 0 || n >= sizeof(out->amount) ||
        strspn(amount, "0123456789.") != n)
        return "amount: expected one as 12 or 12.50";
    memcpy(out->amount, amount, n + 1);
    return NULL;
}

/* False when it is none. */
static bool
read_head(char *text, bool *lots)
{
    const char *auction, *amount, *lot;

    if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        text += strlen(BYTE_ORDER_MARK);
    auction = next_cell(&text);
    amount = next_cell(&text);
    lot = next_cell(&text);
    *lots = lot != NULL;
    return amount != NULL && text == NULL && strcmp(auction, "auction") == 0 &&
           strcmp(amount, "amount") == 0 &&
           (lot == NULL || strcmp(lot, "lot") == 0);
}

static int
read_rows(struct gv_cli *cli, const char *path, char *text, struct bulk *b)
{
    char *rest = text;
    unsigned line = 0;
    bool lots = false;
    const char *why;

    for (char *at; (at = strsep(&rest, "\n")) != NULL;) {
        size_t n = strlen(at);

        if (n > 0 && at[n - 1] == '\r')
            at[n - 1] = '\0';
        line++;
        if (line == 1) {
            if (!read_head(at, &lots))
                return bad_line(cli, path, 1,
                                "expected the head auction,amount or "
                                "auction,amount,lot");
            continue;
        }
        if (*at == '\0')
            continue;
        if (b->rows == ROWS_MAX)
            return bad_line(cli, path, line, "more than 1000 bids");
        b->row[b->rows].line = line;
        why = read_row(at, lots, &b->row[b->rows]);
        if (why != NULL)
            return bad_line(cli, path, line, why);
        b->rows++;
    }
    return b->rows > 0 ? GV_EXIT_OK
                       : bad_line(cli, path, line, "there is no bid");
}

static int
read_file(struct gv_cli *cli, struct bulk *b)
{
    const char *path = gv_config_argument(cli->config, 0);
    char *text = gv_cli_read_text(cli, path);
    int code;

    if (text == NULL)
        return GV_EXIT_USAGE;
    code = read_rows(cli, path, text, b);
    free(text);
    return code;
}

/* --- judging and placing --- */

static void
set_state(struct bulk *b, struct bulk_row *r, enum state s)
{
    b->count[r->state]--;
    r->state = s;
    b->count[s]++;
}

/* The clause that voids a bid which stands already, by the node's word. */
static void
read_verdict(struct gv_cli *cli, struct bulk *b, struct bulk_row *r)
{
    struct gv_rpcclient_error error = {0};
    json_t *page = NULL;
    const json_t *row;

    if (gv_cli_try(
            cli, "listbids",
            json_pack("{ss ss}", "bid", r->at.bid, "auction", r->auction),
            &page, &error) == GV_OK) {
        row = json_array_get(json_object_get(page, "bids"), 0);
        if (gv_json_u64(row, "code") != GV_ACCEPTED &&
            !json_is_object(json_object_get(row, "seal"))) {
            set_state(b, r, VOID);
            snprintf(r->at.refusal, sizeof(r->at.refusal),
                     "placed already, and void: %s",
                     gv_json_text(row, "code_name"));
        }
    }
    gv_rpcclient_error_clear(&error);
    json_decref(page);
}

static bool
bids_in(struct gv_cli *cli, const char *auction)
{
    const char *id;
    json_t *bid;

    json_object_foreach(gv_wallet_bids(cli->wallet), id, bid)
    {
        if (strcmp(gv_json_text(bid, "auction"), auction) == 0)
            return true;
    }
    return false;
}

static struct gv_bidding_order
order_of(const struct bulk_row *r, bool dry)
{
    return (struct gv_bidding_order){
        .auction = r->auction, .amount = r->amount, .lot = r->lot, .dry = dry};
}

/* Is the row's bid in the wallet? True: its state says so. */
static bool
is_there(struct gv_cli *cli, struct bulk *b, struct bulk_row *r)
{
    const struct gv_bidding_order order = order_of(r, false);
    struct gv_auction a;
    struct gv_amount amount;
    const char *id = NULL;

    if (gv_auction_fetch(cli, r->auction, &a) != GV_EXIT_OK)
        return false;
    r->at.currency = a.open.terms.currency;
    if (gv_amount_parse(r->amount, &r->at.currency, &amount) == GV_OK)
        id = gv_bidding_find(cli, &order, amount.minor);
    gv_auction_clear(&a);
    if (id == NULL)
        return false;
    r->at.amount = amount.minor;
    gv_amount_text(amount, &r->at.currency, r->at.figures);
    snprintf(r->at.bid, sizeof(r->at.bid), "%s", id);
    set_state(b, r, ALREADY);
    read_verdict(cli, b, r);
    return true;
}

static void
judge(struct gv_cli *cli, struct bulk *b)
{
    b->count[WAITS] = b->rows;
    for (size_t i = 0; i < b->rows; i++) {
        struct bulk_row *r = &b->row[i];
        const struct gv_bidding_order order = order_of(r, true);
        int code;

        /* First: a limit, or what others have bid since then, says nothing of
         * a bid that stands. */
        if (bids_in(cli, r->auction) && is_there(cli, b, r))
            continue;
        code = gv_bidding_place(cli, &order, &r->at);
        if (code != GV_EXIT_OK)
            set_state(b, r, r->at.amount != 0 ? VOID : FAILED);
    }
}

/* The limits and the others' bids are asked again, each time. */
static void
place(struct gv_cli *cli, struct bulk *b)
{
    for (size_t i = 0; i < b->rows; i++) {
        struct bulk_row *r = &b->row[i];
        const struct gv_bidding_order order = order_of(r, false);
        struct gv_bidding got;
        int code;

        /* Also not what an earlier row of this file has placed. */
        if (r->state != WAITS ||
            (bids_in(cli, r->auction) && is_there(cli, b, r)))
            continue;
        code = gv_bidding_place(cli, &order, &got);
        set_state(b, r, code == GV_EXIT_OK ? PLACED : FAILED);
        memcpy(r->at.bid, got.bid, sizeof(got.bid));
        memcpy(r->at.refusal, got.refusal, sizeof(got.refusal));
    }
}

static int
confirm(struct gv_cli *cli, const struct bulk *b)
{
    char question[200];

    if (b->count[WAITS] == 0)
        return GV_EXIT_OK;
    snprintf(question, sizeof(question),
             "Place %zu bids (%zu are placed already, %zu would be void, %zu "
             "cannot be judged)?",
             b->count[WAITS], b->count[ALREADY], b->count[VOID],
             b->count[FAILED]);
    return gv_cli_confirm(cli, question) ? GV_EXIT_OK : GV_EXIT_FAILED;
}

/* --- what came of it --- */

static json_t *
as_json(const struct bulk *b)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < b->rows; i++) {
        const struct bulk_row *r = &b->row[i];
        json_t *row = json_pack(
            "{si ss ss so ss ss ss si}", "line", (int)r->line, "auction",
            r->auction, "text", r->amount, "amount",
            r->at.amount != 0 ? gv_json_from_u64(r->at.amount) : json_null(),
            "state", state_name(r->state), "bid", r->at.bid, "why",
            r->at.refusal, "lot", (int)r->lot);

        if (r->at.amount != 0)
            gv_auction_priced(row, &r->at.currency);
        json_array_append_new(rows, row);
    }
    return json_pack("{so}", "bids", rows);
}

static void
print(struct gv_cli *cli, const struct bulk *b)
{
    struct gv_columns *t;

    if (cli->json) {
        gv_cli_print(cli, as_json(b));
        return;
    }
    t = gv_columns_new(">line|auction|>amount|state|bid|>lot|why");
    for (size_t i = 0; i < b->rows; i++) {
        const struct bulk_row *r = &b->row[i];

        gv_columns_cell(t, "%u", r->line);
        gv_columns_cell(t, "%s", r->auction);
        gv_columns_cell(t, "%s",
                        *r->at.figures != '\0' ? r->at.figures : r->amount);
        gv_columns_cell(t, "%s", state_name(r->state));
        gv_columns_cell(t, "%s", *r->at.bid != '\0' ? r->at.bid : "-");
        if (r->lot != 0)
            gv_columns_cell(t, "%u", (unsigned)r->lot);
        else
            gv_columns_cell(t, "-");
        gv_columns_cell(t, "%s", r->at.refusal);
    }
    if (gv_config_bool(cli->config, "csv"))
        gv_columns_csv(t, stdout);
    else
        gv_columns_print(t, stdout, "no bids");
    gv_columns_free(t);
}

static int
run_rows(struct gv_cli *cli, struct bulk *b)
{
    bool dry = gv_config_bool(cli->config, "dry-run");
    struct gv_persona id;
    size_t bad;
    int code = read_file(cli, b);

    if (code == GV_EXIT_OK)
        code = gv_cli_identity(cli, true, &id);
    if (code != GV_EXIT_OK)
        return code;
    judge(cli, b);
    if (!dry) {
        code = confirm(cli, b);
        if (code != GV_EXIT_OK)
            return code;
        place(cli, b);
    }
    print(cli, b);
    bad = b->count[VOID] + b->count[FAILED];
    if (bad == 0)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_FAILED, "%zu of %zu bids %s", bad, b->rows,
                       dry ? "would not be placed" : "were not placed");
}

static int
run(struct gv_cli *cli)
{
    struct bulk *b = calloc(1, sizeof(*b));
    int code = b == NULL ? gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory")
                         : run_rows(cli, b);

    free(b);
    return code;
}

const struct gv_command gv_cmd_bid_bulk = {
    .config = {.name = "bid bulk",
               .help = "Place the bids of a CSV file with the columns "
                       "auction,amount, and lot where there are lots. All are "
                       "judged first; one that fails "
                       "holds up no other, and what the wallet has placed "
                       "already is not placed again.",
               .arguments = "FILE.csv",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
