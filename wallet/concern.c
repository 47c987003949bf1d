/* concern.c - the auctions that concern a wallet (wallet/concern.h). */
#include "wallet/concern.h"

#include <gavel/tx.h>
#include <stdlib.h>

#include "wallet/json.h"

#define PAGE 1000

struct gv_concern *
gv_concerns_add(struct gv_concerns *c, const char *auction)
{
    struct gv_concern *grown;

    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->item[i].auction, auction) == 0)
            return &c->item[i];
    if (c->count == c->cap) {
        grown = realloc(c->item, (2 * c->cap + 16) * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        c->item = grown;
        c->cap = 2 * c->cap + 16;
    }
    c->item[c->count] = (struct gv_concern){.roles = 0};
    snprintf(c->item[c->count].auction, sizeof(c->item->auction), "%s",
             auction);
    return &c->item[c->count++];
}

void
gv_concerns_free(struct gv_concerns *c)
{
    free(c->item);
    *c = (struct gv_concerns){.item = NULL};
}

unsigned
gv_concern_roles(const struct gv_concern *c, unsigned place, unsigned lots)
{
    bool bids = lots == 0 || (c->lots >> place & 1) != 0;

    return bids ? c->roles : c->roles & ~(unsigned)GV_CONCERN_BIDS;
}

char *
gv_concern_words(unsigned roles, char out[40])
{
    static const char *const word[] = {"sells", "bids", "watches"};
    size_t n = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < 3; i++)
        if ((roles & 1u << i) != 0)
            n += (size_t)snprintf(out + n, 40 - n, "%s%s", n > 0 ? ", " : "",
                                  word[i]);
    return out;
}

static int
no_memory(const struct gv_cli *cli)
{
    return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
}

bool
gv_concern_read_bid(const json_t *bid, struct gv_concern_bid *out)
{
    size_t len = 0;
    uint8_t *raw = gv_json_blob(bid, "tx", &len);
    struct gv_reject why;
    struct gv_tx tx;
    bool ok = raw != NULL &&
              gv_tx_decode(gv_bytes(raw, len), &tx, &why) == GV_OK &&
              tx.kind == GV_TX_BID;

    if (ok)
        *out =
            (struct gv_concern_bid){.bidder = tx.u.bid.bidder,
                                    .lot = tx.u.bid.lot,
                                    .sealed = tx.u.bid.kind == GV_BID_SEALED};
    free(raw);
    return ok;
}

static void
add_bidder(struct gv_concern *c, const struct gv_pubkey *key, uint32_t identity)
{
    for (size_t i = 0; i < c->bidders; i++)
        if (GV_ID_EQ(&c->bidder[i].key, key))
            return;
    if (c->bidders == GV_CONCERN_KEYS)
        return;
    c->bidder[c->bidders].key = *key;
    c->bidder[c->bidders++].identity = identity;
}

static int
add_bids(struct gv_cli *cli, struct gv_concerns *out)
{
    struct gv_concern_bid made;
    const char *id;
    json_t *bid;

    json_object_foreach(gv_wallet_bids(cli->wallet), id, bid)
    {
        struct gv_concern *c =
            gv_concerns_add(out, gv_json_text(bid, "auction"));

        if (c == NULL)
            return no_memory(cli);
        c->roles |= GV_CONCERN_BIDS;
        if (!gv_concern_read_bid(bid, &made))
            continue;
        add_bidder(c, &made.bidder, (uint32_t)gv_json_u64(bid, "identity"));
        if (made.lot != 0)
            c->lots |= UINT64_C(1) << (made.lot - 1);
    }
    return GV_EXIT_OK;
}

/* Tokens of bidders, and seats of pseudonymous sellers with the auction that
 * each has sold (W14). */
static int
add_tokens(struct gv_cli *cli, struct gv_concerns *out)
{
    const char *key;
    json_t *row;

    json_object_foreach(gv_wallet_tokens(cli->wallet), key, row)
    {
        const char *sold = gv_json_text(row, "auction");
        const char *scope = strchr(key, ':');
        struct gv_concern *c;

        if (*sold == '\0' &&
            (scope == NULL || json_object_get(row, "enrol") == NULL))
            continue;
        c = gv_concerns_add(out, *sold != '\0' ? sold : scope + 1);
        if (c == NULL)
            return no_memory(cli);
        c->roles |= *sold != '\0' ? GV_CONCERN_SELLS : GV_CONCERN_BIDS;
    }
    return GV_EXIT_OK;
}

/* Keys of rows are "INDEX:AUCTION". */
static int
add_rows(struct gv_cli *cli, json_t *rows, struct gv_concerns *out)
{
    const char *key;
    json_t *row;

    json_object_foreach(rows, key, row)
    {
        const char *auction = strchr(key, ':');
        struct gv_concern *c;

        if (auction == NULL)
            continue;
        c = gv_concerns_add(out, auction + 1);
        if (c == NULL)
            return no_memory(cli);
        c->roles |= GV_CONCERN_BIDS;
    }
    return GV_EXIT_OK;
}

static int
add_watched(struct gv_cli *cli, struct gv_concerns *out)
{
    const char *auction;
    json_t *row;

    json_object_foreach(gv_wallet_watched(cli->wallet), auction, row)
    {
        struct gv_concern *c = gv_concerns_add(out, auction);

        if (c == NULL)
            return no_memory(cli);
        c->roles |= GV_CONCERN_WATCHES;
    }
    return GV_EXIT_OK;
}

/* What one identity sells. */
static int
add_sales(struct gv_cli *cli, const struct gv_persona *id,
          struct gv_concerns *out)
{
    json_t *page, *row, *after = json_null();
    struct gv_concern *c;
    char key[65];
    size_t i;
    int code;

    gv_hex(id->key.b, 32, key);
    do {
        code = gv_cli_call(cli, "listauctions",
                           json_pack("{ss so si}", "owner", key, "after", after,
                                     "limit", PAGE),
                           &page);
        if (code != GV_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(page, "auctions"), i, row)
        {
            c = gv_concerns_add(out, gv_json_text(row, "auction"));
            if (c != NULL)
                c->roles |= GV_CONCERN_SELLS;
            else
                code = no_memory(cli);
        }
        after = json_incref(json_object_get(page, "next"));
        json_decref(page);
    } while (code == GV_EXIT_OK && json_is_string(after));
    json_decref(after);
    return code;
}

int
gv_concerns_of_bids(struct gv_cli *cli, struct gv_concerns *out)
{
    int code;

    *out = (struct gv_concerns){.item = NULL};
    code = add_bids(cli, out);
    if (code == GV_EXIT_OK)
        code = add_rows(cli, gv_wallet_enrolments(cli->wallet), out);
    if (code == GV_EXIT_OK)
        code = add_tokens(cli, out);
    return code;
}

int
gv_concerns_gather(struct gv_cli *cli, struct gv_concerns *out)
{
    struct gv_persona id;
    int code = gv_concerns_of_bids(cli, out);

    if (code == GV_EXIT_OK)
        code = add_watched(cli, out);
    for (size_t i = 0;
         i < gv_wallet_identities(cli->wallet) && code == GV_EXIT_OK; i++)
        if (gv_wallet_identity(cli->wallet, i, &id) == GV_OK && id.certified)
            code = add_sales(cli, &id, out);
    return code;
}
