/* recover.c - what words alone bring back (wallet/recover.h). */
#include "wallet/recover.h"

#include <stdlib.h>

#include "wallet/est.h"
#include "wallet/json.h"
#include "wallet/memo.h"

#define GAP 5

/* Put one row of listbids into the wallet. */
static int
take_bid(struct gv_cli *cli, const struct gv_persona *id, const json_t *row,
         struct gv_recovered *out)
{
    const char *auction = gv_json_text(row, "auction");
    const char *bid = gv_json_text(row, "bid");
    struct gv_reject why;
    struct gv_tx tx;
    struct gv_memo memo;
    json_t *full;
    uint8_t *raw;
    size_t len = 0;
    int code;

    code = gv_cli_call(cli, "getbid",
                       json_pack("{ss ss}", "bid", bid, "auction", auction),
                       &full);
    if (code != GV_EXIT_OK)
        return code;
    raw = gv_json_blob(full, "tx", &len);
    if (raw == NULL || gv_tx_decode(gv_bytes(raw, len), &tx, &why) != GV_OK ||
        tx.kind != GV_TX_BID ||
        gv_memo_open(gv_wallet_derive(cli->wallet)->secret, &tx.chain, &id->key,
                     tx.u.bid.memo, &memo) != GV_OK) {
        out->foreign++;
    } else {
        json_object_set_new(
            gv_wallet_bids(cli->wallet), bid,
            json_pack(
                "{ss sI so sI so ss ss so so}", "auction", auction, "identity",
                (json_int_t)id->index, "amount", gv_json_from_u64(memo.amount),
                "seq", (json_int_t)memo.seq, "placed_ms",
                gv_json_from_u64(memo.placed_ms), "tx",
                gv_json_text(full, "tx"), "state", "sent", "t_us",
                gv_json_from_u64(gv_json_u64(full, "t_us")), "deadline_us",
                gv_json_from_u64(gv_json_u64(full, "deadline_us"))));
        out->bids++;
    }
    free(raw);
    json_decref(full);
    return GV_EXIT_OK;
}

/* Every page of a list by bidder, each row handed to take. */
static int
each_row(struct gv_cli *cli, const char *method, const char *member,
         const struct gv_persona *id,
         int (*take)(struct gv_cli *, const struct gv_persona *, const json_t *,
                     struct gv_recovered *),
         struct gv_recovered *out)
{
    json_t *page, *row, *after = json_null();
    char key[65];
    size_t i;
    int code;

    gv_hex(id->key.b, 32, key);
    do {
        code = gv_cli_call(cli, method,
                           json_pack("{ss so si}", "bidder", key, "after",
                                     after, "limit", 1000),
                           &page);
        if (code != GV_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(page, member), i, row)
        {
            code = take(cli, id, row, out);
            if (code != GV_EXIT_OK)
                break;
        }
        after = json_incref(json_object_get(page, "next"));
        json_decref(page);
    } while (code == GV_EXIT_OK && json_is_string(after));
    json_decref(after);
    return code;
}

static int
take_auction(struct gv_cli *cli, const struct gv_persona *id, const json_t *row,
             struct gv_recovered *out)
{
    out->auctions++;
    return gv_wallet_set_enrolled(cli->wallet, id->index,
                                  gv_json_text(row, "auction")) == GV_OK
               ? GV_EXIT_OK
               : GV_EXIT_FAILED;
}

/* The credential of index i, if the node knows one. */
static enum gv_rc
look_up(struct gv_cli *cli, struct gv_persona *id, struct gv_error *e)
{
    struct gv_est_expect expect = {
        .params = cli->params, .keys = gv_cli_keys(cli), .ledger = id->key};

    return gv_est_credential(cli->rpc, &expect, &id->cred, &id->issuer, e);
}

/* The ledger key of an index that is not in the wallet yet. */
static enum gv_rc
identity_at(struct gv_cli *cli, uint32_t index, struct gv_persona *out)
{
    struct gv_seckey secret;
    enum gv_rc rc =
        gv_derive_ledger(gv_wallet_derive(cli->wallet), index, &secret);

    *out = (struct gv_persona){.index = index};
    snprintf(out->name, sizeof(out->name), "identity-%u", index);
    if (rc == GV_OK &&
        gv_key_public(gv_cli_keys(cli), &secret, &out->key) != GV_OK)
        rc = GV_FAULT;
    gv_wipe(&secret, sizeof(secret));
    return rc;
}

/* Identities up to and with index, so that each keeps its place. */
static enum gv_rc
add_up_to(struct gv_cli *cli, uint32_t index)
{
    struct gv_persona made;
    char name[GV_NAME_MAX + 1];

    while (gv_wallet_identities(cli->wallet) <= index) {
        snprintf(name, sizeof(name), "identity-%zu",
                 gv_wallet_identities(cli->wallet));
        if (gv_wallet_add(cli->wallet, name, &made) != GV_OK)
            return GV_FAULT;
    }
    return GV_OK;
}

static int
recover_identity(struct gv_cli *cli, const struct gv_persona *id,
                 struct gv_recovered *out)
{
    int code;

    if (add_up_to(cli, id->index) != GV_OK ||
        gv_wallet_certify(cli->wallet, id, gv_bytes(NULL, 0)) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    out->identities++;
    code = each_row(cli, "listoutcomes", "outcomes", id, take_auction, out);
    if (code == GV_EXIT_OK)
        code = each_row(cli, "listbids", "bids", id, take_bid, out);
    return code;
}

int
gv_recover(struct gv_cli *cli, struct gv_recovered *out)
{
    struct gv_persona id;
    struct gv_error e;
    int code = GV_EXIT_OK;

    *out = (struct gv_recovered){0};
    if (gv_cli_status(cli, &code) == NULL)
        return code;
    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    for (uint32_t i = 0, gap = 0; gap < GAP && code == GV_EXIT_OK; i++) {
        enum gv_rc rc = identity_at(cli, i, &id);

        if (rc == GV_OK)
            rc = look_up(cli, &id, &e);
        gap = rc == GV_OK ? 0 : gap + 1;
        if (rc == GV_OK)
            code = recover_identity(cli, &id, out);
        else if (rc != GV_ABSENT)
            return gv_cli_fail(cli, GV_EXIT_NODE, "%s", e.text);
    }
    return code;
}
