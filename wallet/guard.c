/* guard.c - limits on what is bid (wallet/guard.h). */
#include "wallet/guard.h"

#include <inttypes.h>

#include "wallet/alert.h"
#include "wallet/concern.h"
#include "wallet/json.h"

#define FAR 10 /* times */

bool
gv_guard_amount(const char *text, const struct gv_currency *c, uint64_t *minor)
{
    const char *point = strchr(text, '.');
    size_t whole = point != NULL ? (size_t)(point - text) : strlen(text);
    size_t decimals = point != NULL ? strlen(point + 1) : 0;
    size_t keep = decimals > c->exponent ? c->exponent : decimals;
    struct gv_amount amount;
    char cut[64];

    if (whole == 0 || strspn(text, "0123456789") != whole ||
        (point != NULL &&
         (decimals == 0 || strspn(point + 1, "0123456789") != decimals)))
        return false;
    *minor = UINT64_MAX;
    if (whole > 20)
        return true;
    snprintf(cut, sizeof(cut), "%.*s",
             (int)(keep > 0 ? whole + 1 + keep : whole), text);
    if (gv_amount_parse(cut, c, &amount) == GV_OK)
        *minor = amount.minor;
    return true;
}

/* The limit of that name for the auction's currency; false: there is none. */
static bool
limit_of(struct gv_cli *cli, const struct gv_currency *c, const char *name,
         uint64_t *minor)
{
    char tag[sizeof(c->tag) + 1] = "";
    const char *text;

    memcpy(tag, c->tag, sizeof(c->tag));
    text =
        gv_json_text(json_object_get(gv_wallet_limits(cli->wallet), tag), name);
    return *text != '\0' && gv_guard_amount(text, c, minor);
}

/* --- what leads elsewhere --- */

struct exposure {
    const struct gv_currency *c;
    uint64_t sum;
};

static void
add_amount(struct exposure *x, const json_t *info, uint64_t amount)
{
    struct gv_currency c = gv_auction_currency(json_object_get(info, "terms"));
    uint64_t here = UINT64_MAX;
    char text[40];

    if (amount == 0 || memcmp(c.tag, x->c->tag, sizeof(c.tag)) != 0)
        return;
    /* Of the same currency, perhaps with other decimals. */
    gv_amount_text((struct gv_amount){amount}, &c, text);
    text[strcspn(text, " ")] = '\0';
    if (!gv_guard_amount(text, x->c, &here))
        here = UINT64_MAX;
    x->sum = here > UINT64_MAX - x->sum ? UINT64_MAX : x->sum + here;
}

#define ANY_LOT UINT64_MAX

/* The best of this wallet's bids there for a lot, whose number is 0 where there
 * are none; of those alone whose answer is not known, or of all. */
static uint64_t
best_own(struct gv_cli *cli, const char *auction, uint64_t lot, bool sending)
{
    uint64_t best = 0;
    const char *id;
    json_t *bid;

    json_object_foreach(gv_wallet_bids(cli->wallet), id, bid)
    {
        uint64_t amount = gv_json_u64(bid, "amount");

        if (sending && strcmp(gv_json_text(bid, "state"), "sending") != 0)
            continue;
        if (lot != ANY_LOT && gv_json_u64(bid, "lot") != lot)
            continue;
        if (strcmp(gv_json_text(bid, "auction"), auction) == 0 && amount > best)
            best = amount;
    }
    return best;
}

/* All bids, or some of a final round. */
static bool
has_sealed(const json_t *info)
{
    return gv_auction_is_sealed(info) ||
           gv_json_u64(json_object_get(info, "bids"), "sealed") > 0;
}

struct leading {
    struct exposure *x;
    uint64_t except; /* the lot that is bid for; 0: none */
};

static int
add_leading(struct gv_cli *cli, const struct gv_auction *a, const json_t *row,
            void *arg)
{
    const struct leading *l = arg;
    const char *id = gv_json_text(row, "bid");

    if (gv_json_bool(row, "leading") && gv_json_u64(row, "lot") != l->except &&
        json_object_get(gv_wallet_bids(cli->wallet), id) != NULL)
        add_amount(l->x, a->info, gv_json_u64(row, "amount"));
    return GV_EXIT_OK;
}

/* With lots there is a leading bid for each; sealed ones may all lead. */
static int
add_each_lot(struct gv_cli *cli, const struct gv_auction *a, struct leading *l)
{
    if (!gv_auction_is_sealed(a->info))
        return gv_auction_bids(cli, a, add_leading, l);
    for (uint64_t lot = 1; lot <= a->open.terms.lots; lot++)
        if (lot != l->except)
            add_amount(l->x, a->info, best_own(cli, a->hex, lot, false));
    return GV_EXIT_OK;
}

static int
add_lots(struct gv_cli *cli, const struct gv_concern *c, struct exposure *x)
{
    struct leading l = {x, 0};
    struct gv_auction a;
    int code = gv_auction_fetch(cli, c->auction, &a);

    if (code != GV_EXIT_OK)
        return code;
    code = add_each_lot(cli, &a, &l);
    gv_auction_clear(&a);
    return code;
}

static bool
has_lots(const json_t *info)
{
    const json_t *terms = json_object_get(info, "terms");

    return json_array_size(json_object_get(terms, "lots")) > 0;
}

/* A bid that was sent may lead as soon as it arrives. */
static void
add_leader(struct gv_cli *cli, const json_t *info, const struct gv_look *look,
           struct exposure *x)
{
    uint64_t amount = look->mine ? look->amount : 0;
    uint64_t sent = best_own(cli, gv_json_text(info, "auction"), 0, true);

    if (!look->has_leader || sent > look->amount)
        amount = sent > amount ? sent : amount;
    add_amount(x, info, amount);
}

/* Who bids in a reverse auction is paid. */
static bool
costs(const json_t *info)
{
    return strcmp(gv_json_text(json_object_get(info, "terms"), "direction"),
                  "reverse") != 0;
}

static int
add_of(struct gv_cli *cli, const struct gv_concern *c, const json_t *info,
       struct exposure *x)
{
    int code = GV_EXIT_OK;
    struct gv_look look;

    gv_look_read(info, 0, c, &look);
    if (look.final || !costs(info))
        return GV_EXIT_OK;
    if (has_lots(info)) {
        code = add_lots(cli, c, x);
        if (!gv_auction_is_sealed(info))
            add_amount(x, info, best_own(cli, c->auction, ANY_LOT, true));
    } else if (has_sealed(info)) {
        /* Nobody knows whether it leads. */
        add_amount(x, info, best_own(cli, c->auction, 0, false));
    } else {
        add_leader(cli, info, &look, x);
    }
    return code;
}

static int
add_auction(struct gv_cli *cli, const struct gv_concern *c, struct exposure *x)
{
    int code = GV_EXIT_OK;
    struct gv_rpcclient_error error = {0};
    json_t *info = NULL;
    enum gv_rc rc =
        gv_cli_try(cli, "getauction", json_pack("{ss}", "auction", c->auction),
                   &info, &error);

    gv_rpcclient_error_clear(&error);
    if (rc == GV_OK)
        code = add_of(cli, c, info, x);
    json_decref(info);
    return rc == GV_FAULT ? GV_EXIT_NODE : code;
}

int
gv_guard_lots(struct gv_cli *cli, const struct gv_auction *a, uint8_t lot,
              uint64_t *out)
{
    struct exposure x = {.c = &a->open.terms.currency};
    struct leading here = {&x, lot};
    int code =
        a->open.terms.lots > 0 ? add_each_lot(cli, a, &here) : GV_EXIT_OK;

    *out = x.sum;
    return code;
}

/* What leads in the other auctions that are not final, and in other lots. */
static int
exposure_of(struct gv_cli *cli, const struct gv_auction *a, uint8_t lot,
            uint64_t *out)
{
    struct exposure x = {.c = &a->open.terms.currency};
    struct gv_concerns all = {.item = NULL};
    int code = gv_concerns_of_bids(cli, &all);

    if (code == GV_EXIT_OK)
        code = gv_guard_lots(cli, a, lot, &x.sum);
    for (size_t i = 0; i < all.count && code == GV_EXIT_OK; i++)
        if (strcmp(all.item[i].auction, a->hex) != 0)
            code = add_auction(cli, &all.item[i], &x);
    gv_concerns_free(&all);
    *out = x.sum;
    return code;
}

/* --- the limits --- */

static int
refuse(struct gv_cli *cli, const struct gv_currency *c, uint64_t amount,
       uint64_t limit, const char *of)
{
    char have[40], most[40];

    return gv_cli_fail(
        cli, GV_EXIT_FAILED,
        "%s%s is above this wallet's limit of %s (gavel limit set; "
        "for one bid: gavel bid place --over-limit)",
        gv_amount_text((struct gv_amount){amount}, c, have), of,
        gv_amount_text((struct gv_amount){limit}, c, most));
}

int
gv_guard_check(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_offer *offer)
{
    uint64_t amount = offer->amount;
    const struct gv_currency *c = &a->open.terms.currency;
    uint64_t limit, others;
    int code;

    if (a->open.terms.direction == GV_REVERSE) /* who bids here is paid */
        return GV_EXIT_OK;
    if (limit_of(cli, c, "bid", &limit) && amount > limit)
        return refuse(cli, c, amount, limit, "");
    if (!limit_of(cli, c, "total", &limit))
        return GV_EXIT_OK;
    code = exposure_of(cli, a, offer->lot, &others);
    if (code != GV_EXIT_OK)
        return code;
    if (others > limit || amount > limit - others)
        return refuse(
            cli, c, others > UINT64_MAX - amount ? UINT64_MAX : others + amount,
            limit, ", with what leads elsewhere,");
    return GV_EXIT_OK;
}

/* --- far from the others --- */

char *
gv_guard_unusual(const struct gv_auction *a, const struct gv_offer *offer,
                 char out[160])
{
    const int place = gv_terms_lot_place(&a->open.terms, offer->lot);
    const char *what = "the leading bid of";
    uint64_t base, amount = offer->amount;
    struct gv_terms t;
    char text[40];
    bool far;

    out[0] = '\0';
    if (place < 0)
        return out;
    gv_terms_of_lot(&a->open.terms, (unsigned)place, &t);
    base = gv_json_u64(gv_auction_leader(a->info, (unsigned)place), "amount");
    if (base == 0 && (t.flags & GV_MIN_FIRST) != 0) {
        base = t.min_first;
        what = "the first bid that is asked for,";
    }
    if (base == 0)
        return out;
    far =
        t.direction == GV_REVERSE ? amount < base / FAR : amount / FAR >= base;
    if (far)
        snprintf(out, 160, "%s %s %s",
                 t.direction == GV_REVERSE ? "less than a tenth of"
                                           : "at least ten times",
                 what,
                 gv_amount_text((struct gv_amount){base}, &t.currency, text));
    return out;
}
