/* cmd_bid_place.c - gavel bid place: one bid, judged here before it is sent. */
#include "wallet/anonymous.h"
#include "wallet/auction.h"
#include "wallet/clock.h"
#include "wallet/columns.h"
#include "wallet/commands.h"
#include "wallet/courier.h"
#include "wallet/guard.h"
#include "wallet/json.h"
#include "wallet/lots.h"
#include "wallet/place.h"
#include "wallet/seller.h"
#include "wallet/words.h"

#define CLAUSE_MAX 400
#define FINAL_WORDS ", sealed: the one last bid in the final round"

static const struct gv_config_option options[] = {
    {.name = "force",
     .type = GV_CONFIG_BOOL,
     .help = "Send it even if it would be void now."},
    {.name = "dry-run",
     .type = GV_CONFIG_BOOL,
     .help = "Judge it, say what would be bid, and send nothing."},
    {.name = "lot",
     .type = GV_CONFIG_INT,
     .min = 1,
     .max = GV_LOTS_MAX,
     .help = "What is bid for, in an auction of several lots.",
     .argument = "N"},
    {.name = "over-limit",
     .type = GV_CONFIG_BOOL,
     .help = "Bid even if it is above a limit of this wallet."},
    {.name = "kind",
     .type = GV_CONFIG_ENUM,
     .choices = "any|usual|final-round",
     .fallback = "any",
     .help = "Send it only if it is a bid before the final round, or one in "
             "it."},
    {.name = "wait",
     .type = GV_CONFIG_DURATION,
     .fallback = "60s",
     .help = "Longest wait for the auction's listing to become final.",
     .argument = "TIME"},
    GV_COURIER_OPTIONS,
};

/* What F says of a bid here and now. */
struct verdict {
    char why[CLAUSE_MAX];  /* the clause that would void it, or nothing */
    bool final;            /* it is one of the final round, which is on (A32) */
    struct gv_offer offer; /* what was judged */
    uint64_t total;        /* with what leads in other lots; 0: nothing does */
};

/* F here, over the bids the node lists. */
static int
judge(struct gv_cli *cli, const struct gv_auction *a, const struct gv_signer *s,
      const struct gv_offer *offer, struct verdict *out)
{
    struct gv_fold_row row = {0};
    struct gv_pubkey key = s->key;
    struct gv_pseudonym pseudonym;
    int code;

    *out = (struct verdict){.offer = *offer};
    /* Caps count what the pseudonym has bid. */
    if (a->open.terms.identity == GV_ANONYMOUS &&
        gv_anonymous_find(cli, a, s, &pseudonym) == GV_OK) {
        key = pseudonym.signer.key;
        gv_wipe(&pseudonym, sizeof(pseudonym));
    }
    code = gv_auction_try(cli, a, &key, offer, &row);

    if (code == GV_EXIT_OK && row.code != GV_ACCEPTED)
        gv_auction_clause(&a->open.terms.currency, (enum gv_code)row.code,
                          row.have, row.want, out->why);
    out->final = row.bid.final;
    return code;
}

/* What it comes to with the lots that this wallet leads, where it leads any. */
static int
add_lots(struct gv_cli *cli, const struct gv_auction *a, struct verdict *v)
{
    uint64_t others;
    int code = gv_guard_lots(cli, a, v->offer.lot, &others);

    if (code == GV_EXIT_OK && others != 0)
        v->total = others > UINT64_MAX - v->offer.amount
                       ? UINT64_MAX
                       : others + v->offer.amount;
    return code;
}

/* "30.00 EUR (thirty and 00/100 EUR)". */
#define SUM_MAX (40 + GV_WORDS_MAX + 4)
static char *
sum_text(const struct gv_auction *a, uint64_t minor, char out[SUM_MAX])
{
    const struct gv_currency *c = &a->open.terms.currency;
    struct gv_amount amount = {minor};
    char figures[40], words[GV_WORDS_MAX];

    snprintf(out, SUM_MAX, "%s (%s)", gv_amount_text(amount, c, figures),
             gv_words(amount, c, words));
    return out;
}

/* Is a bid sealed? */
static bool
is_sealed(const struct gv_auction *a, const struct verdict *v)
{
    return v->final || gv_terms_sealed(&a->open.terms);
}

/* --kind: what was asked about before this command is still so. */
static int
check_kind(struct gv_cli *cli, const struct verdict *v)
{
    int wish = gv_config_enum(cli->config, "kind");

    if (wish == 0 || (wish == 2) == v->final)
        return GV_EXIT_OK;
    return gv_cli_fail(cli, GV_EXIT_FAILED, "nothing was sent: %s",
                       v->final ? "the final round has begun"
                                : "there is no final round now");
}

/* Between question and signature a final round may have begun. */
static int
judge_again(struct gv_cli *cli, const struct gv_auction *a,
            const struct gv_signer *bidder, const struct verdict *asked)
{
    struct gv_fold_row row = {0};
    int code;

    if (!gv_terms_final_round(&a->open.terms))
        return GV_EXIT_OK;
    code = gv_auction_try(cli, a, &bidder->key, &asked->offer, &row);
    if (code == GV_EXIT_OK && row.bid.final != asked->final)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "nothing was sent: the final round has %s meanwhile",
                           row.bid.final ? "begun" : "gone");
    return code;
}

/* A void bid is sent by force only. */
static int
refuse_void(struct gv_cli *cli, const char *why)
{
    if (*why == '\0')
        return GV_EXIT_OK;
    if (!gv_config_bool(cli->config, "force"))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this bid would be void now: %s (--force sends it)",
                           why);
    gv_cli_warn(cli, "warning: void now: %s", why);
    return GV_EXIT_OK;
}

/* The node's F of an open bid by a certified bidder: *why as judge. */
static int
ask_node(struct gv_cli *cli, const struct gv_auction *a,
         const struct gv_signer *s, const struct gv_offer *offer,
         char why[CLAUSE_MAX], bool asked)
{
    char key[65];
    json_t *said;
    int code;

    *why = '\0';
    if (!asked)
        return GV_EXIT_OK;
    code = gv_cli_call(cli, "trybid",
                       json_pack("{ss ss so si}", "auction", a->hex, "bidder",
                                 gv_hex(s->key.b, 32, key), "amount",
                                 gv_json_from_u64(offer->amount), "lot",
                                 (int)offer->lot),
                       &said);
    if (code != GV_EXIT_OK)
        return code;
    if (!gv_json_bool(said, "accepted"))
        gv_auction_clause(
            &a->open.terms.currency, (enum gv_code)gv_json_u64(said, "code"),
            gv_json_u64(said, "have"), gv_json_u64(said, "want"), why);
    json_decref(said);
    return GV_EXIT_OK;
}

static json_t *
clause_or_null(const char *why)
{
    return *why == '\0' ? json_null() : json_string(why);
}

/* What would be bid, and sent nowhere. */
static int
show_dry_run(struct gv_cli *cli, const struct gv_auction *a,
             const struct gv_signer *s, struct gv_amount amount,
             const struct verdict *v)
{
    const struct gv_currency *c = &a->open.terms.currency;
    char figures[40], words[GV_WORDS_MAX], node[CLAUSE_MAX], sum[SUM_MAX];
    char lot[GV_LOT_NAME_MAX];
    const char *why = v->why;
    /* Not of a pseudonym, whose bid it is not to recognise (W20). */
    bool asked = a->open.terms.identity != GV_ANONYMOUS && !is_sealed(a, v);
    int code = ask_node(cli, a, s, &v->offer, node, asked);

    if (code != GV_EXIT_OK)
        return code;
    if (asked && (*node == '\0') != (*why == '\0'))
        gv_cli_warn(cli, "warning: the node judges otherwise than the bids it "
                         "lists; it may be a moment behind");
    gv_amount_text(amount, c, figures);
    gv_words(amount, c, words);
    if (cli->json) {
        json_t *out = json_pack(
            "{so ss ss so sb so sb so}", "amount",
            gv_json_from_u64(amount.minor), "figures", figures, "words", words,
            "void", clause_or_null(why), "node_asked", (int)asked, "node_void",
            clause_or_null(node), "final_round", (int)v->final, "total",
            gv_json_from_u64(v->total));

        json_object_set_new(out, "total_text",
                            v->total != 0
                                ? json_string(sum_text(a, v->total, sum))
                                : json_null());
        gv_cli_print(cli, gv_auction_priced(out, c));
        return GV_EXIT_OK;
    }
    if (v->offer.lot != 0)
        gv_columns_line(stdout, "for", "%s",
                        gv_lots_name(&a->open.terms, v->offer.lot, lot));
    gv_columns_line(stdout, "amount", "%s (%s)%s", figures, words,
                    v->final ? FINAL_WORDS : "");
    if (v->total != 0)
        gv_columns_line(stdout, "in all", "%s, with the other lots you lead",
                        sum_text(a, v->total, sum));
    gv_columns_line(stdout, "verdict", "%s%s",
                    *why == '\0' ? "accepted" : "void: ", why);
    if (asked)
        gv_columns_line(stdout, "by the node", "%s%s",
                        *node == '\0' ? "accepted" : "void: ", node);
    return GV_EXIT_OK;
}

static int
ask(struct gv_cli *cli, const struct gv_auction *a, const struct verdict *v)
{
    char sum[SUM_MAX], all[SUM_MAX], lot[GV_LOT_NAME_MAX], question[1600];

    snprintf(question, sizeof(question), "Bid %s%s%s%s%s%s%s?",
             sum_text(a, v->offer.amount, sum), v->offer.lot ? " for " : "",
             gv_lots_name(&a->open.terms, v->offer.lot, lot),
             v->final          ? FINAL_WORDS
             : is_sealed(a, v) ? ", sealed until the close"
                               : "",
             v->total != 0 ? "; with the other lots you lead " : "",
             v->total != 0 ? sum_text(a, v->total, all) : "",
             v->total != 0 ? " in all" : "");
    return gv_cli_confirm(cli, question) ? GV_EXIT_OK : GV_EXIT_FAILED;
}

static void
print_result(const struct gv_cli *cli, const struct gv_auction *a,
             const char *id, const json_t *row, const struct verdict *v)
{
    char amount[40], time[40];

    if (cli->json) {
        json_t *out = json_pack("{ss ss sb}", "bid", id, "auction", a->hex,
                                "final_round", (int)v->final);
        const char *const keys[] = {"amount",  "seq",   "t_us",  "deadline_us",
                                    "receipt", "stamp", "stamps"};

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            json_object_set(out, keys[i], json_object_get(row, keys[i]));
        json_object_set_new(out, "lot", json_integer(v->offer.lot));
        gv_cli_print(cli, gv_auction_priced(out, &a->open.terms.currency));
        return;
    }
    gv_columns_line(stdout, "bid", "%s", id);
    if (v->offer.lot != 0)
        gv_columns_line(stdout, "lot", "%u", (unsigned)v->offer.lot);
    gv_columns_line(
        stdout, "amount", "%s%s",
        gv_auction_amount(row, "amount", &a->open.terms.currency, amount),
        v->final          ? FINAL_WORDS
        : is_sealed(a, v) ? ", sealed"
                          : "");
    gv_columns_line(stdout, "time", "%s",
                    gv_cli_time(gv_json_u64(row, "t_us"), time));
    gv_columns_line(stdout, "in a block by", "%s",
                    gv_cli_time(gv_json_u64(row, "deadline_us"), time));
}

/* Enrol if need be, and say who bids: the certified key, or its pseudonym. What
 * *bidder owns stays s's. */
static int
enter(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s,
      const struct gv_trace *trace, struct gv_signer *bidder)
{
    int code;

    if (a->open.terms.identity == GV_ANONYMOUS) {
        code = gv_courier_start(cli);
        if (code == GV_EXIT_OK)
            code = gv_anonymous_enrol(cli, a, s, trace, bidder);
        return code == GV_EXIT_OK ? gv_courier_crowd(cli, a) : code;
    }
    *bidder = *s;
    return gv_place_enrol(cli, a, s);
}

/* Nothing is sent before the question is answered. */
static int
send(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s,
     const struct gv_trace *trace, const struct verdict *v)
{
    struct gv_place what = {.amount = v->offer.amount,
                            .lot = v->offer.lot,
                            .final = v->final,
                            .force = gv_config_bool(cli->config, "force")};
    struct gv_signer bidder = {.keys = NULL};
    json_t *row;
    char id[65];
    int code = ask(cli, a, v);

    gv_cli_step(cli, "waiting until the auction's listing is final");
    if (code == GV_EXIT_OK)
        code = gv_place_listed(cli, a,
                               (uint64_t)gv_config_ms(cli->config, "wait"));
    gv_cli_step(cli, a->open.terms.identity == GV_ANONYMOUS
                         ? "getting a pseudonym from the token issuer"
                         : "enrolling in the auction");
    if (code == GV_EXIT_OK)
        code = enter(cli, a, s, trace, &bidder);
    if (code == GV_EXIT_OK)
        code = judge_again(cli, a, &bidder, v);
    gv_cli_step(cli, "signing the bid and having it stamped");
    if (code == GV_EXIT_OK)
        code = gv_place_bid(cli, a, &bidder, &what, id, &row);
    if (code == GV_EXIT_OK)
        print_result(cli, a, id, row, v);
    gv_wipe(&bidder, sizeof(bidder));
    return code;
}

/* Itself, or by a pseudonym that the wallet has a record of: the notaries
 * would refuse the award. */
static bool
is_seller(struct gv_cli *cli, const struct gv_auction *a,
          const struct gv_signer *s)
{
    struct gv_pseudonym p;
    bool mine = gv_seller_find(cli, a, s, false, &p) == GV_OK;

    if (mine)
        gv_wipe(&p, sizeof(p));
    return mine || GV_ID_EQ(&a->open.seller.key, &s->key);
}

/* Within the owner's limits, and a word if it is far from the others. */
static int
guard(struct gv_cli *cli, const struct gv_auction *a,
      const struct gv_offer *offer)
{
    char unusual[160];

    if (*gv_guard_unusual(a, offer, unusual) != '\0')
        gv_cli_warn(cli, "warning: this is %s", unusual);
    if (gv_config_bool(cli->config, "over-limit"))
        return GV_EXIT_OK;
    return gv_guard_check(cli, a, offer);
}

static int
place(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s)
{
    const char *text = gv_config_argument(cli->config, 1);
    bool dry = gv_config_bool(cli->config, "dry-run");
    struct gv_trace trace = {.enrol = NULL};
    struct gv_offer offer;
    struct gv_amount amount;
    struct verdict v;
    int code;

    code = gv_clock_amount(cli, a, text, &amount);
    if (code == GV_EXIT_OK)
        code = gv_lots_number(cli, &a->open.terms, &offer.lot);
    if (code != GV_EXIT_OK)
        return code;
    offer.amount = amount.minor;
    if (is_seller(cli, a, s))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this identity is the seller, who may not bid");
    code = gv_place_settle(cli, a);
    if (code == GV_EXIT_OK)
        code = gv_anonymous_seek(cli, a, s, &trace);
    if (code == GV_EXIT_OK)
        code = judge(cli, a, s, &offer, &v);
    if (code == GV_EXIT_OK)
        code = check_kind(cli, &v);
    if (code == GV_EXIT_OK)
        code = guard(cli, a, &offer);
    if (code == GV_EXIT_OK)
        code = add_lots(cli, a, &v);
    if (code == GV_EXIT_OK && dry)
        code = show_dry_run(cli, a, s, amount, &v);
    else if (code == GV_EXIT_OK)
        code = refuse_void(cli, v.why);
    if (code == GV_EXIT_OK && !dry)
        code = send(cli, a, s, &trace, &v);
    gv_trace_clear(&trace);
    return code;
}

static int
run(struct gv_cli *cli)
{
    return gv_auction_sign(cli, place);
}

const struct gv_command gv_cmd_bid_place = {
    .config = {.name = "bid place",
               .help = "Place a bid; the first in an auction enrols the "
                       "identity.",
               .arguments = "AUCTION AMOUNT",
               .min_arguments = 2,
               .max_arguments = 2,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
