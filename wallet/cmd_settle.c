/* cmd_settle.c - gavel settle: say on the chain what became of a sale; gavel
 * auction accept: the runner-up takes the second chance. */
#include <inttypes.h>
#include <stdlib.h>

#include "wallet/commands.h"
#include "wallet/json.h"
#include "wallet/lots.h"
#include "wallet/settle.h"
#include "wallet/words.h"

static const char *const words[] = {
    [GV_SETTLE_PAID] = "paid",
    [GV_SETTLE_DELIVERED] = "delivered",
    [GV_SETTLE_DEFAULTED] = "defaulted",
    [GV_SETTLE_RECEIVED] = "received",
};

static uint8_t
read_word(const char *text)
{
    for (uint8_t i = GV_SETTLE_PAID; i <= GV_SETTLE_RECEIVED; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return 0;
}

/* Does this key win by the outcome, or a lot of it? */
static bool
is_winner(const struct gv_auction *a, const struct gv_pubkey *key)
{
    const json_t *lots = json_object_get(a->info, "lots"), *lot;
    struct gv_pubkey winner;
    size_t i;

    if (gv_json_hex(json_object_get(a->info, "outcome"), "winner", winner.b,
                    32) &&
        GV_ID_EQ(&winner, key))
        return true;
    json_array_foreach(lots, i, lot)
    {
        if (gv_json_hex(lot, "winner", winner.b, 32) && GV_ID_EQ(&winner, key))
            return true;
    }
    return false;
}

static int
not_a_side(struct gv_cli *cli)
{
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "this identity is neither the seller nor a winner");
}

/* Why there is no award: a node calls an outcome final when it has the votes,
 * and an award is made by those in a block. */
static int
no_sale(struct gv_cli *cli, const struct gv_auction *a,
        const struct gv_speaker *who)
{
    const char *phase = gv_json_text(a->info, "phase");
    const char *status =
        gv_json_text(json_object_get(a->info, "outcome"), "status");

    if (strcmp(phase, "final") != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "there is no sale yet: the auction is %s, and its "
                           "outcome not final",
                           phase);
    if (strcmp(status, "sold") != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "there is no sale: the outcome is %s", status);
    if (!who->seller && !is_winner(a, &who->signer->key))
        return not_a_side(cli);
    return gv_cli_fail(cli, GV_EXIT_FAILED,
                       "the votes that make the sale final are in no block "
                       "yet: try again in a moment");
}

/* The newest award that the speaker is a side of, and which it is. */
static int
find_sale(struct gv_cli *cli, const struct gv_auction *a,
          const struct gv_speaker *who, struct gv_sale *out)
{
    struct gv_sale one;
    bool found = false;
    uint8_t lot;
    int code = gv_lots_number(cli, &a->open.terms, &lot);

    if (code != GV_EXIT_OK)
        return code;

    for (size_t i = 0; gv_sale_read(a, i, &one); i++)
        if ((lot == 0 || one.award == lot) &&
            (who->seller || GV_ID_EQ(&one.winner, &who->signer->key))) {
            *out = one;
            found = true;
        }
    if (found)
        return GV_EXIT_OK;
    if (!gv_sale_read(a, 0, &one))
        return no_sale(cli, a, who);
    if (lot != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "lot %u has no sale with this identity",
                           (unsigned)lot);
    return not_a_side(cli);
}

static int
fill_default(struct gv_cli *cli, const struct gv_auction *a,
             const struct gv_sale *sale, struct gv_tx_settle *t,
             uint8_t **tokens)
{
    char time[40];

    if (a->open.terms.pay_ms == 0)
        return GV_EXIT_OK;
    if (gv_cli_now_ms() * 1000 <= sale->pay_by_us)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the winner has until %s to pay",
                           gv_cli_time(sale->pay_by_us, time));
    if (!sale->final)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the block of this award is not final yet");
    return gv_sale_tokens(cli, a, sale, t, tokens);
}

static int
say(struct gv_cli *cli, const struct gv_auction *a,
    const struct gv_speaker *who, uint8_t what)
{
    struct gv_tx tx = {.kind = GV_TX_SETTLE, .chain = a->open.id};
    struct gv_tx_settle *t = &tx.u.settle;
    uint8_t *tokens = NULL;
    struct gv_sale sale;
    int code = find_sale(cli, a, who, &sale);

    if (code != GV_EXIT_OK)
        return code;
    t->award = sale.award;
    t->what = what;
    t->side = who->seller ? GV_SIDE_SELLER : GV_SIDE_WINNER;
    t->key = who->signer->key;
    if (!gv_settle_may(t->side, what))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "that is for the %s to say",
                           who->seller ? "winner" : "seller");
    if (what == GV_SETTLE_DEFAULTED)
        code = fill_default(cli, a, &sale, t, &tokens);
    if (code == GV_EXIT_OK)
        code = gv_sale_send(cli, who->signer, &tx);
    free(tokens);
    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli, json_pack("{ss si ss ss}", "auction", a->hex, "award",
                                    (int)sale.award, "side",
                                    who->seller ? "seller" : "winner", "says",
                                    words[what]));
    else if (code == GV_EXIT_OK)
        printf("said of award %u: %s\n", sale.award, words[what]);
    return code;
}

static int
settle(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s)
{
    const char *text = gv_config_argument(cli->config, 1);
    uint8_t what = read_word(text);
    struct gv_speaker who;
    int code;

    if (what == 0)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "'%.40s': expected paid, delivered, defaulted or "
                           "received",
                           text);
    code = gv_speaker_find(cli, a, s, &who);
    if (code == GV_EXIT_OK)
        code = say(cli, a, &who, what);
    gv_wipe(&who, sizeof(who));
    return code;
}

static int
run_settle(struct gv_cli *cli)
{
    return gv_auction_sign(cli, settle);
}

/* --- the second chance --- */

static const struct gv_config_option accept_options[] = {
    {.name = "price",
     .help = "Only at this price: refuse when it is another one.",
     .argument = "AMOUNT"},
    {.name = "dry-run",
     .type = GV_CONFIG_BOOL,
     .help = "Say what it would cost, and accept nothing."},
};

/* The chance that is open, if it is this signer's. */
static int
find_chance(struct gv_cli *cli, const struct gv_auction *a,
            const struct gv_signer *s, const json_t **out)
{
    struct gv_pubkey whose = {{0}};

    *out = json_object_get(a->info, "second_chance");
    if (!json_is_object(*out))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "no second chance is open in this auction");
    if (!gv_json_hex(*out, "bidder", whose.b, 32) || !GV_ID_EQ(&whose, &s->key))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the second chance is another bidder's");
    return GV_EXIT_OK;
}

/* --price, if it is given. */
static int
check_price(struct gv_cli *cli, const struct gv_currency *c, uint64_t price)
{
    const char *text = gv_config_string(cli->config, "price");
    struct gv_amount wished;
    char is[40];

    if (text == NULL)
        return GV_EXIT_OK;
    if (gv_amount_parse(text, c, &wished) != GV_OK)
        return gv_cli_bad_amount(cli, "price", text, c);
    if (wished.minor != price)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the price is %s, not the one that was asked for",
                           gv_amount_text((struct gv_amount){price}, c, is));
    return GV_EXIT_OK;
}

static void
print_chance(const struct gv_cli *cli, const struct gv_auction *a,
             const json_t *chance)
{
    const struct gv_currency *c = &a->open.terms.currency;
    struct gv_amount price = {gv_json_u64(chance, "price")};
    char figures[40], spelt[GV_WORDS_MAX];

    gv_amount_text(price, c, figures);
    gv_words(price, c, spelt);
    if (cli->json)
        gv_cli_print(cli,
                     gv_auction_priced(
                         json_pack("{ss sO sO ss ss}", "auction", a->hex,
                                   "award", json_object_get(chance, "award"),
                                   "price", json_object_get(chance, "price"),
                                   "figures", figures, "words", spelt),
                         &a->open.terms.currency));
    else
        printf("price %s (%s)\n", figures, spelt);
}

static int
take(struct gv_cli *cli, const struct gv_auction *a, const struct gv_signer *s,
     const json_t *chance)
{
    struct gv_tx tx = {.kind = GV_TX_ACCEPT, .chain = a->open.id};
    char amount[40], question[120];
    int code;

    tx.u.accept.award = (uint8_t)gv_json_u64(chance, "award");
    tx.u.accept.price = gv_json_u64(chance, "price");
    tx.u.accept.key = s->key;
    snprintf(
        question, sizeof(question), "Buy it for %s?",
        gv_auction_amount(chance, "price", &a->open.terms.currency, amount));
    if (!gv_cli_confirm(cli, question))
        return GV_EXIT_FAILED;
    code = gv_sale_send(cli, s, &tx);
    if (code == GV_EXIT_OK && cli->json)
        gv_cli_print(cli,
                     gv_auction_priced(
                         json_pack("{ss sO sO}", "auction", a->hex, "award",
                                   json_object_get(chance, "award"), "price",
                                   json_object_get(chance, "price")),
                         &a->open.terms.currency));
    else if (code == GV_EXIT_OK)
        printf("accepted\n");
    return code;
}

static int
consider(struct gv_cli *cli, const struct gv_auction *a,
         const struct gv_signer *s)
{
    bool dry = gv_config_bool(cli->config, "dry-run");
    const json_t *chance;
    int code = find_chance(cli, a, s, &chance);

    if (code == GV_EXIT_OK)
        code = check_price(cli, &a->open.terms.currency,
                           gv_json_u64(chance, "price"));
    if (code != GV_EXIT_OK)
        return code;
    if (dry || !cli->json)
        print_chance(cli, a, chance);
    return dry ? GV_EXIT_OK : take(cli, a, s, chance);
}

static int
accept_chance(struct gv_cli *cli, struct gv_auction *a,
              const struct gv_signer *s)
{
    struct gv_speaker who;
    int code = gv_speaker_find(cli, a, s, &who);

    if (code == GV_EXIT_OK)
        code = consider(cli, a, who.signer);
    gv_wipe(&who, sizeof(who));
    return code;
}

static int
run_accept(struct gv_cli *cli)
{
    return gv_auction_sign(cli, accept_chance);
}

static const struct gv_config_option settle_options[] = {
    {.name = "lot",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = GV_LOTS_MAX,
     .help = "Which sale, in an auction of several lots.",
     .argument = "N"},
    {.name = "proxy",
     .help = "With defaulted: reach the time-stamping authorities, which are "
             "asked whether the time to pay is over, through this proxy.",
     .argument = "socks5://HOST:PORT"},
};

const struct gv_command gv_cmd_settle = {
    .config = {.name = "settle",
               .help = "Say on the chain what became of a sale: the seller "
                       "says paid, delivered or defaulted, the winner paid or "
                       "received. It cannot be taken back.",
               .arguments = "AUCTION paid|delivered|defaulted|received",
               .min_arguments = 2,
               .max_arguments = 2,
               .options = settle_options,
               .n_options = sizeof(settle_options) / sizeof(settle_options[0])},
    .run = run_settle};

const struct gv_command gv_cmd_auction_accept = {
    .config = {.name = "auction accept",
               .help = "Take the second chance, after the winner did not pay.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = accept_options,
               .n_options = sizeof(accept_options) / sizeof(accept_options[0])},
    .run = run_accept};
