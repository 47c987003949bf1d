/* cmd_bid_why.c - gavel bid why: the clause that voids a bid, with its
 * numbers. */
#include <gavel/clock.h>

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/lots.h"

#define TEXT_MAX 800
#define CLOCK_MAX 100

/* What the clock showed, for the bid that took it. */
static char *
clock_text(const struct gv_open *o, const json_t *row, char out[CLOCK_MAX])
{
    uint64_t price;
    char text[40];

    *out = '\0';
    if (gv_terms_dutch(&o->terms)) {
        price =
            gv_clock_price(&o->terms, o->opening_ms, gv_json_u64(row, "t_us"));
        snprintf(out, CLOCK_MAX, "; the price is what the clock showed, %s",
                 gv_amount_text((struct gv_amount){price}, &o->terms.currency,
                                text));
    }
    return out;
}

/* "1.00 EUR", or "1.00 EUR for lot 2, Clock,". */
#define OFFER_MAX (60 + 10 + GV_LOT_NAME_MAX)
static char *
offer_text(const json_t *row, const struct gv_terms *t, char out[OFFER_MAX])
{
    uint8_t number = (uint8_t)gv_json_u64(row, "lot");
    char amount[60], lot[GV_LOT_NAME_MAX];

    gv_lots_name(t, number, lot);
    snprintf(out, OFFER_MAX, "%s%s%s%s",
             gv_bid_amount(row, &t->currency, amount), *lot ? " for " : "", lot,
             gv_terms_lot_place(t, number) >= 0 && *lot ? "," : "");
    return out;
}

/* What leads in place of an accepted bid, as far as it is known. */
#define LEADS_MAX 100
static char *
leads_text(const json_t *row, const struct gv_auction *a, char out[LEADS_MAX])
{
    const struct gv_terms *t = &a->open.terms;
    int place = gv_terms_lot_place(t, (uint8_t)gv_json_u64(row, "lot"));
    const json_t *leader =
        place < 0 ? NULL : gv_auction_leader(a->info, (unsigned)place);
    bool known = gv_json_u64(leader, "amount") != 0;
    char amount[40];

    if (gv_json_bool(row, "leading"))
        snprintf(out, LEADS_MAX, " and leads");
    else
        snprintf(out, LEADS_MAX, ", but a better bid%s%s%s leads",
                 known ? " of " : "",
                 known
                     ? gv_auction_amount(leader, "amount", &t->currency, amount)
                     : "",
                 t->lots > 0 ? " for this lot" : "");
    return out;
}

/* One line or two. */
static void
explain(const json_t *row, const struct gv_auction *a, char out[TEXT_MAX])
{
    const struct gv_open *o = &a->open;
    const struct gv_currency *c = &o->terms.currency;
    char clock[CLOCK_MAX];
    enum gv_code code = (enum gv_code)gv_json_u64(row, "code");
    char offer[OFFER_MAX], reference[40], clause[400], measured[100] = "";
    char leads[LEADS_MAX];

    offer_text(row, &o->terms, offer);
    if (gv_bid_is_unjudged(row)) {
        snprintf(out, TEXT_MAX,
                 "%s: nobody can judge it before the bids are opened", offer);
        return;
    }
    if (code == GV_ACCEPTED) {
        snprintf(out, TEXT_MAX, "%s is accepted%s%s", offer,
                 leads_text(row, a, leads), clock_text(o, row, clock));
        return;
    }
    if (gv_json_u64(row, "reference") != 0 && gv_auction_is_measured(code))
        snprintf(measured, sizeof(measured),
                 "\nit was measured against the bid of %s%s before it",
                 gv_auction_amount(row, "reference", c, reference),
                 o->terms.lots > 0 ? " for this lot" : "");
    if (code == GV_WRONG_PHASE && gv_terms_final_round(&o->terms))
        snprintf(measured, sizeof(measured), "\n%s",
                 *gv_json_text(row, "seal") != '\0'
                     ? "a sealed bid counts in a final round alone"
                     : "in a final round sealed bids alone count");
    gv_auction_clause(c, code, gv_json_u64(row, "have"),
                      gv_json_u64(row, "want"), clause);
    snprintf(out, TEXT_MAX, "%s is void: %s%s", offer, clause, measured);
}

static void
print_json(const struct gv_cli *cli, const json_t *row,
           const struct gv_currency *c, const char *text)
{
    static const char *const keys[] = {"bid",       "amount",    "code",
                                       "code_name", "reference", "have",
                                       "want",      "leading",   "lot"};
    json_t *out = json_pack("{ss}", "text", text);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        json_object_set(out, keys[i], json_object_get(row, keys[i]));
    gv_cli_print(cli, gv_auction_priced(out, c));
}

static int
run(struct gv_cli *cli)
{
    char text[TEXT_MAX];
    struct gv_auction a;
    json_t *row;
    int code = gv_bid_fetch(cli, &row);

    if (code != GV_EXIT_OK)
        return code;
    code = gv_bid_find_own(cli, row);
    if (code == GV_EXIT_OK)
        code = gv_auction_fetch(cli, gv_json_text(row, "auction"), &a);
    if (code == GV_EXIT_OK) {
        explain(row, &a, text);
        if (cli->json)
            print_json(cli, row, &a.open.terms.currency, text);
        else
            puts(text);
        if (!cli->json && gv_bid_is_unjudged(row))
            gv_auction_print_opening(&a);
        gv_auction_clear(&a);
    }
    json_decref(row);
    return code;
}

const struct gv_command gv_cmd_bid_why = {
    .config = {.name = "bid why",
               .help = "Say why a bid is void, with the numbers, or that it is "
                       "accepted.",
               .arguments = "BID",
               .min_arguments = 1,
               .max_arguments = 1},
    .run = run};
