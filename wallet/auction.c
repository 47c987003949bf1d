/* auction.c - an auction as the wallet sees it (wallet/auction.h). */
#include "wallet/auction.h"

#include <stdlib.h>

#include "wallet/json.h"
#include "wallet/lots.h"

#define PAGE 1000

void
gv_auction_clear(struct gv_auction *a)
{
    json_decref(a->info);
    free(a->raw);
    *a = (struct gv_auction){0};
}

/* Decode and verify the OPEN that came with the info. */
static int
check_open(struct gv_cli *cli, struct gv_auction *a)
{
    const struct gv_keys *keys = gv_cli_keys(cli);
    struct gv_reject why = {0};
    char text[200], id[65];
    size_t len = 0;
    enum gv_rc rc;

    if (keys == NULL)
        return GV_EXIT_FAILED;
    a->raw = gv_json_blob(a->info, "open", &len);
    if (a->raw == NULL)
        return gv_cli_fail(cli, GV_EXIT_NODE, "the node gave no OPEN");
    rc = gv_open_decode(gv_bytes(a->raw, len), cli->params, &a->open, &why);
    if (rc == GV_OK)
        rc = gv_open_verify(&a->open, cli->params, keys, &why);
    if (rc != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the OPEN the node gave is not valid: %s",
                           gv_reject_text(&why, text, sizeof(text)));
    if (strcmp(gv_hex(a->open.id.b, 32, id), a->hex) != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the node gave the OPEN of another auction");
    return GV_EXIT_OK;
}

int
gv_auction_fetch(struct gv_cli *cli, const char *id, struct gv_auction *out)
{
    int code;

    *out = (struct gv_auction){0};
    code = gv_cli_id(cli, id, "auction", out->hex);
    if (code == GV_EXIT_OK)
        code =
            gv_cli_call(cli, "getauction",
                        json_pack("{ss sb}", "auction", out->hex, "verbose", 1),
                        &out->info);
    if (code == GV_EXIT_OK)
        code = check_open(cli, out);
    if (code != GV_EXIT_OK)
        gv_auction_clear(out);
    return code;
}

int
gv_auction_refresh(struct gv_cli *cli, struct gv_auction *a)
{
    json_t *info;
    int code = gv_cli_call(cli, "getauction",
                           json_pack("{ss}", "auction", a->hex), &info);

    if (code != GV_EXIT_OK)
        return code;
    json_decref(a->info);
    a->info = info;
    return GV_EXIT_OK;
}

const json_t *
gv_auction_leader(const json_t *info, unsigned place)
{
    const json_t *lot = json_array_get(json_object_get(info, "lots"), place);
    const json_t *leader = json_object_get(lot != NULL ? lot : info, "leader");

    return json_is_object(leader) ? leader : NULL;
}

/* What F is fed: bids in the node's order, and dense numbers for bidders. */
struct feed {
    struct gv_fold *fold;
    json_t *number; /* key hex -> index */
    struct gv_pubkey *key;
    size_t keys, cap;
    uint64_t order;
    bool blocks_only; /* leave out what is in no block */
    bool final_round; /* sealed bids are those of one */
};

static const struct gv_pubkey *
feed_key(void *arg, uint32_t bidder)
{
    const struct feed *f = arg;

    return &f->key[bidder];
}

/* The number of a key, new or known; UINT32_MAX without memory. */
static uint32_t
feed_bidder(struct feed *f, const struct gv_pubkey *key)
{
    char hex[65];
    const json_t *known = json_object_get(f->number, gv_hex(key->b, 32, hex));

    if (known != NULL)
        return (uint32_t)json_integer_value(known);
    if (f->keys == f->cap) {
        size_t cap = f->cap == 0 ? 64 : 2 * f->cap;
        struct gv_pubkey *more = realloc(f->key, cap * sizeof(*more));

        if (more == NULL)
            return UINT32_MAX;
        f->key = more;
        f->cap = cap;
    }
    f->key[f->keys] = *key;
    if (json_object_set_new(f->number, hex, json_integer((int)f->keys)))
        return UINT32_MAX;
    return (uint32_t)f->keys++;
}

/* What the node says of a sealed amount (A23): it is known, or not opened, or
 * its keys do not open it. */
static enum gv_fold_seal
seal_of(const json_t *row)
{
    if (gv_json_u64(row, "code") == GV_BAD_SEAL)
        return GV_FOLD_FALSE;
    return gv_json_u64(row, "amount") == 0 ? GV_FOLD_UNOPENED : GV_FOLD_KNOWN;
}

static bool
feed_row(struct feed *f, const json_t *row)
{
    struct gv_fold_bid bid = {.t_us = gv_json_u64(row, "t_us"),
                              .amount = gv_json_u64(row, "amount"),
                              .seal = (uint8_t)seal_of(row)};
    const char *sealed = gv_json_text(row, "seal");
    struct gv_pubkey key;

    if (f->blocks_only && !json_is_integer(json_object_get(row, "height")))
        return true;
    if (!gv_json_hex(row, "bid", bid.id.b, 32) ||
        !gv_json_hex(row, "bidder", key.b, 32))
        return false;
    bid.bidder = feed_bidder(f, &key);
    bid.lot = (uint8_t)gv_json_u64(row, "lot");
    bid.final = f->final_round && *sealed != '\0';
    /* Rows come in the total order; that order is the tie. */
    for (int i = 0; i < 8; i++)
        bid.tie[i] = (uint8_t)(f->order >> (56 - 8 * i));
    f->order++;
    return bid.bidder != UINT32_MAX && gv_fold_add(f->fold, &bid) == GV_OK;
}

int
gv_auction_bids(struct gv_cli *cli, const struct gv_auction *a,
                gv_auction_take *take, void *arg)
{
    json_t *page, *row, *after = json_null();
    int code;
    size_t i;

    do {
        code = gv_cli_call(cli, "listbids",
                           json_pack("{ss so si}", "auction", a->hex, "after",
                                     after, "limit", PAGE),
                           &page);
        if (code != GV_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(page, "bids"), i, row)
        {
            if (code == GV_EXIT_OK)
                code = take(cli, a, row, arg);
        }
        after = json_incref(json_object_get(page, "next"));
        json_decref(page);
    } while (code == GV_EXIT_OK && json_is_string(after));
    json_decref(after);
    return code;
}

static int
take_row(struct gv_cli *cli, const struct gv_auction *a, const json_t *row,
         void *arg)
{
    (void)a;
    return feed_row(arg, row)
               ? GV_EXIT_OK
               : gv_cli_fail(cli, GV_EXIT_NODE,
                             "the node's list of bids is malformed");
}

static void
feed_clear(struct feed *f)
{
    gv_fold_free(f->fold);
    json_decref(f->number);
    free(f->key);
}

/* F over the bids the node lists. An exit code; clear f in any case. */
static int
feed_fold(struct gv_cli *cli, const struct gv_auction *a, struct feed *f)
{
    struct gv_fold_context ctx = {.terms = &a->open.terms,
                                  .opening_ms = a->open.opening_ms,
                                  .bidder_key = feed_key,
                                  .arg = f};
    uint64_t close = gv_json_u64(a->info, "effective_close_us");

    f->final_round = gv_terms_final_round(&a->open.terms);
    f->number = json_object();
    f->fold = gv_fold_new(&ctx);
    if (f->fold == NULL || f->number == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    /* Bids that wait may extend what the limit says: where nobody closes it F
     * finds the end itself. */
    if (close != 0 && a->open.terms.close_policy != GV_CLOSE_NEVER)
        gv_fold_set_close(f->fold, close);
    if (gv_json_u64(a->info, "cancel_us") != 0)
        gv_fold_set_cancel(f->fold, gv_json_u64(a->info, "cancel_us"));
    if (gv_terms_hides_reserve(&a->open.terms))
        gv_fold_set_reserve(
            f->fold,
            gv_json_u64(json_object_get(a->info, "sealed"), "reserve"));
    return gv_auction_bids(cli, a, take_row, f);
}

/* A sealed bid is judged before anybody can open it: what the first bid must
 * reach, or one of the final round must better, is known here all the same. */
static void
judge_sealed(const struct gv_fold *f, const struct gv_terms *terms,
             uint64_t amount, struct gv_fold_row *row)
{
    int place = gv_terms_lot_place(terms, row->bid.lot);
    int64_t floor = gv_fold_floor(f);
    struct gv_terms of_lot;
    const struct gv_terms *t = &of_lot;

    if (row->code != GV_NOT_OPENED || place < 0)
        return;
    gv_terms_of_lot(terms, (unsigned)place, &of_lot);
    row->code = GV_ACCEPTED;
    row->have = amount;
    if (row->bid.final && floor >= 0) {
        row->want = gv_fold_row_at(f, (size_t)floor)->bid.amount;
        if (!gv_terms_better(t, amount, row->want))
            row->code = GV_BELOW_FLOOR;
    } else if ((t->flags & GV_MIN_FIRST) != 0) {
        row->want = t->min_first;
        if (gv_terms_better(t, t->min_first, amount))
            row->code = GV_BELOW_FIRST;
    }
}

/* The kind that counts at this time. */
static void
try_now(struct gv_fold *f, const struct gv_terms *t, uint32_t bidder,
        const struct gv_offer *offer, struct gv_fold_row *row)
{
    uint64_t now_us = gv_cli_now_ms() * 1000, from_us, until_us;
    bool round =
        gv_fold_final_round(f, &from_us, &until_us) && now_us > from_us;
    const struct gv_fold_bid bid = {.t_us = now_us,
                                    .amount = round ? 0 : offer->amount,
                                    .bidder = bidder,
                                    .lot = offer->lot};

    gv_fold_try_bid(f, &bid, row);
    judge_sealed(f, t, offer->amount, row);
}

int
gv_auction_try(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_pubkey *key, const struct gv_offer *offer,
               struct gv_fold_row *row)
{
    struct feed f = {.fold = NULL};
    int code = feed_fold(cli, a, &f);
    uint32_t bidder;

    if (code == GV_EXIT_OK) {
        bidder = feed_bidder(&f, key);
        if (bidder != UINT32_MAX)
            try_now(f.fold, &a->open.terms, bidder, offer, row);
        else
            code = gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    }
    feed_clear(&f);
    return code;
}

int
gv_auction_outcome(struct gv_cli *cli, const struct gv_auction *a,
                   uint8_t room[GV_RESULTS_ROOM], struct gv_outcome *out)
{
    struct feed f = {.blocks_only = true};
    int code = feed_fold(cli, a, &f);

    if (code == GV_EXIT_OK)
        gv_lots_outcome(f.fold, &a->open.terms, room, out);
    feed_clear(&f);
    return code;
}

int
gv_signer_of(struct gv_cli *cli, const struct gv_persona *id,
             struct gv_signer *out)
{
    const struct gv_derive *derive = gv_wallet_derive(cli->wallet);

    *out = (struct gv_signer){.keys = gv_cli_keys(cli),
                              .key = id->key,
                              .cred = id->cred,
                              .issuer = id->issuer,
                              .identity = id->index};
    if (out->keys == NULL)
        return GV_EXIT_FAILED;
    memcpy(out->branch, derive->secret, sizeof(out->branch));
    out->der = gv_wallet_der(cli->wallet, id->index, &out->der_len);
    if (gv_derive_ledger(derive, id->index, &out->ledger) == GV_OK)
        return GV_EXIT_OK;
    gv_signer_clear(out);
    return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive the keys");
}

int
gv_signer_open(struct gv_cli *cli, struct gv_signer *out)
{
    struct gv_persona id;
    int code = gv_cli_identity(cli, true, &id);

    *out = (struct gv_signer){.keys = NULL};
    return code == GV_EXIT_OK ? gv_signer_of(cli, &id, out) : code;
}

int
gv_auction_sign(struct gv_cli *cli,
                int (*act)(struct gv_cli *cli, struct gv_auction *a,
                           const struct gv_signer *s))
{
    struct gv_signer signer;
    struct gv_auction a;
    int code = gv_signer_open(cli, &signer);

    if (code != GV_EXIT_OK)
        return code;
    code = gv_auction_fetch(cli, gv_config_argument(cli->config, 0), &a);
    if (code == GV_EXIT_OK) {
        code = act(cli, &a, &signer);
        gv_auction_clear(&a);
    }
    gv_signer_clear(&signer);
    return code;
}

int
gv_bid_fetch(struct gv_cli *cli, json_t **row)
{
    char id[65];
    int code = gv_cli_id(cli, gv_config_argument(cli->config, 0), "bid", id);

    if (code == GV_EXIT_OK)
        code = gv_cli_call(cli, "getbid", json_pack("{ss}", "bid", id), row);
    if (code != GV_EXIT_OK || strcmp(gv_json_text(*row, "bid"), id) == 0)
        return code;
    json_decref(*row);
    return gv_cli_fail(cli, GV_EXIT_NODE, "the node gave another bid");
}
