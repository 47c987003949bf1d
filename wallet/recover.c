/* recover.c - what words alone bring back (wallet/recover.h). */
#include "wallet/recover.h"

#include <stdlib.h>

#include "wallet/anonymous.h"
#include "wallet/certificate.h"
#include "wallet/json.h"

#define GAP 5
#define PAGE 1000

/* What is asked of a list's rows. */
struct scan {
    struct gv_cli *cli;
    const struct gv_persona *id; /* of certified auctions */
    struct gv_recovered *out;
};

/* Every page of a list that has `filter` = value, each row handed to take. */
static int
each_row(const struct scan *s, const char *method, const char *member,
         const char *filter, const char *value,
         int (*take)(const struct scan *, const json_t *))
{
    json_t *page, *row, *after = json_null();
    size_t i;
    int code;

    do {
        code = gv_cli_call(s->cli, method,
                           json_pack("{ss so si}", filter, value, "after",
                                     after, "limit", PAGE),
                           &page);
        if (code != GV_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(page, member), i, row)
        {
            code = take(s, row);
            if (code != GV_EXIT_OK)
                break;
        }
        after = json_incref(json_object_get(page, "next"));
        json_decref(page);
    } while (code == GV_EXIT_OK && json_is_string(after));
    json_decref(after);
    return code;
}

/* --- bids --- */

/* For which lot the bytes of a bid are. */
static uint8_t
lot_of(struct gv_bytes raw)
{
    struct gv_reject why;
    struct gv_tx tx;

    return gv_tx_decode(raw, &tx, &why) == GV_OK && tx.kind == GV_TX_BID
               ? tx.u.bid.lot
               : 0;
}

/* A bid as the wallet keeps it. times: t_us and deadline_us. */
static json_t *
make_row(const char *auction, const struct gv_memo *memo, struct gv_bytes raw,
         const json_t *times)
{
    return json_pack(
        "{ss sI si so sI so so ss so so}", "auction", auction, "identity",
        (json_int_t)memo->identity, "lot", (int)lot_of(raw), "amount",
        gv_json_from_u64(memo->amount), "seq", (json_int_t)memo->seq,
        "placed_ms", gv_json_from_u64(memo->placed_ms), "tx",
        gv_json_from_hex(raw.p, raw.len), "state", "sent", "t_us",
        gv_json_from_u64(gv_json_u64(times, "t_us")), "deadline_us",
        gv_json_from_u64(gv_json_u64(times, "deadline_us")));
}

/* getbid's answer as such a row; NULL: it is not the wallet's. */
static json_t *
read_bid(struct gv_cli *cli, const json_t *answer)
{
    size_t len = 0;
    uint8_t *raw = gv_json_blob(answer, "tx", &len);
    json_t *row = NULL;
    struct gv_reject why;
    struct gv_memo memo;
    struct gv_tx tx;

    if (raw != NULL && gv_tx_decode(gv_bytes(raw, len), &tx, &why) == GV_OK &&
        tx.kind == GV_TX_BID &&
        gv_memo_open(gv_wallet_derive(cli->wallet)->secret, &tx.chain,
                     &tx.u.bid.bidder, tx.u.bid.memo, &memo) == GV_OK)
        row = make_row(gv_json_text(answer, "auction"), &memo,
                       gv_bytes(raw, len), answer);
    free(raw);
    return row;
}

/* One that is there stays, with its receipt. */
static bool
is_there(struct gv_cli *cli, const char *bid)
{
    const json_t *known = json_object_get(gv_wallet_bids(cli->wallet), bid);

    return strcmp(gv_json_text(known, "state"), "sent") == 0;
}

/* Takes row. */
static int
put_bid(struct gv_cli *cli, const char *bid, json_t *row,
        struct gv_recovered *out)
{
    if (json_object_set_new(gv_wallet_bids(cli->wallet), bid, row) != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    out->bids++;
    return GV_EXIT_OK;
}

/* Put a certified identity's bid that the node has into the wallet; that its
 * answer was lost matters no more. */
static int
take_bid(struct gv_cli *cli, const char *auction, const char *bid,
         struct gv_recovered *out)
{
    struct gv_rpcclient_error error = {0};
    json_t *answer = NULL, *row;
    enum gv_rc rc;

    if (is_there(cli, bid)) {
        out->bids++;
        return GV_EXIT_OK;
    }
    rc = gv_cli_try(cli, "getbid",
                    json_pack("{ss ss}", "bid", bid, "auction", auction),
                    &answer, &error);
    gv_rpcclient_error_clear(&error);
    if (rc != GV_OK) /* gone between two questions, or no node */
        return rc == GV_REJECT ? GV_EXIT_OK : GV_EXIT_NODE;
    row = read_bid(cli, answer);
    json_decref(answer);
    if (row == NULL) {
        out->foreign++;
        return GV_EXIT_OK;
    }
    return put_bid(cli, bid, row, out);
}

static int
take_bid_row(const struct scan *s, const json_t *row)
{
    return take_bid(s->cli, gv_json_text(row, "auction"),
                    gv_json_text(row, "bid"), s->out);
}

/* --- anonymous auctions --- */

struct finding {
    const struct gv_trace *trace;
    struct gv_recovered *out;
};

/* A bid that the node lists: is it one of the trace's? The node is not asked
 * for it by its id (W20). */
static int
take_found(struct gv_cli *cli, const struct gv_auction *a, const json_t *row,
           void *arg)
{
    const char *hex = gv_json_text(row, "bid");
    struct finding *f = arg;
    struct gv_bid_id id;

    if (!gv_json_hex(row, "bid", id.b, sizeof(id.b)))
        return GV_EXIT_OK;
    for (size_t i = 0; i < f->trace->bids; i++) {
        const struct gv_trace_bid *b = &f->trace->bid[i];

        if (!GV_ID_EQ(&b->id, &id))
            continue;
        if (!is_there(cli, hex))
            return put_bid(
                cli, hex,
                make_row(a->hex, &b->memo, gv_bytes(b->raw, b->len), row),
                f->out);
        f->out->bids++;
    }
    return GV_EXIT_OK;
}

/* The pseudonym of one identity, if what is on the chain has one. */
static int
take_pseudonym(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_persona *id, const struct gv_trace *trace,
               struct gv_recovered *out)
{
    struct gv_signer who;
    enum gv_rc rc;
    int code = gv_signer_of(cli, id, &who);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_anonymous_adopt(cli, a, &who, trace);
    gv_signer_clear(&who);
    if (rc == GV_FAULT)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (rc == GV_OK)
        out->pseudonyms++;
    if (rc == GV_REJECT) {
        out->waiting++;
        gv_cli_warn(cli,
                    "warning: the pseudonym of %s in auction %s waits for its "
                    "certificate",
                    id->name, a->hex);
    }
    return GV_EXIT_OK;
}

static int
take_trace(struct gv_cli *cli, const struct gv_auction *a,
           const struct gv_trace *trace, struct gv_recovered *out)
{
    struct finding f = {trace, out};
    struct gv_persona id;
    int code = GV_EXIT_OK;

    if (trace->bids > 0)
        code = gv_auction_bids(cli, a, take_found, &f);
    for (size_t i = 0;
         i < gv_wallet_identities(cli->wallet) && code == GV_EXIT_OK; i++) {
        if (gv_wallet_identity(cli->wallet, i, &id) != GV_OK)
            return gv_cli_fail(cli, GV_EXIT_WALLET, "cannot derive the keys");
        if (id.certified)
            code = take_pseudonym(cli, a, &id, trace, out);
    }
    return code;
}

static int
take_anonymous(const struct scan *s, const json_t *row)
{
    struct gv_trace trace;
    struct gv_auction a;
    int code;

    if (strcmp(gv_json_text(row, "identity"), "anonymous") != 0)
        return GV_EXIT_OK;
    code = gv_auction_fetch(s->cli, gv_json_text(row, "auction"), &a);
    if (code != GV_EXIT_OK)
        return code;
    code = gv_trace_read(s->cli, a.hex, &trace);
    if (code == GV_EXIT_OK) {
        code = take_trace(s->cli, &a, &trace, s->out);
        gv_trace_clear(&trace);
    }
    gv_auction_clear(&a);
    return code;
}

int
gv_recover_pseudonyms(struct gv_cli *cli, struct gv_recovered *out)
{
    const struct scan s = {.cli = cli, .out = out};

    return each_row(&s, "listauctions", "auctions", "status", "all",
                    take_anonymous);
}

/* A pseudonym that never bid: its session is with the issuer. */
static int
ask_issuer(struct gv_cli *cli, const struct gv_auction *a,
           const struct gv_trace *trace, struct gv_recovered *out)
{
    struct gv_pseudonym known;
    struct gv_persona id;
    struct gv_signer who;
    enum gv_rc rc;
    int code = gv_cli_identity(cli, true, &id);

    if (code == GV_EXIT_OK)
        code = gv_signer_of(cli, &id, &who);
    if (code != GV_EXIT_OK)
        return code;
    rc = gv_anonymous_find(cli, a, &who, &known);
    gv_wipe(&known, sizeof(known));
    if (rc == GV_ABSENT) {
        rc = gv_anonymous_ask(cli, a, &who, trace);
        out->pseudonyms += rc == GV_OK;
        code = rc == GV_FAULT ? GV_EXIT_FAILED : GV_EXIT_OK;
    }
    gv_signer_clear(&who);
    return code;
}

int
gv_recover_auction(struct gv_cli *cli, const char *auction,
                   struct gv_recovered *out)
{
    struct gv_trace trace;
    struct gv_auction a;
    int code = gv_auction_fetch(cli, auction, &a);

    if (code != GV_EXIT_OK)
        return code;
    if (a.open.terms.identity != GV_ANONYMOUS) {
        gv_auction_clear(&a);
        return GV_EXIT_OK;
    }
    code = gv_trace_read(cli, a.hex, &trace);
    if (code == GV_EXIT_OK) {
        code = take_trace(cli, &a, &trace, out);
        if (code == GV_EXIT_OK)
            code = ask_issuer(cli, &a, &trace, out);
        gv_trace_clear(&trace);
    }
    gv_auction_clear(&a);
    return code;
}

/* --- identities --- */

static int
take_auction(const struct scan *s, const json_t *row)
{
    s->out->auctions++;
    return gv_wallet_set_enrolled(s->cli->wallet, s->id->index,
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
    const struct scan s = {.cli = cli, .id = id, .out = out};
    char key[65];
    int code;

    if (add_up_to(cli, id->index) != GV_OK ||
        gv_wallet_certify(cli->wallet, id, gv_bytes(NULL, 0)) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    out->identities++;
    gv_hex(id->key.b, 32, key);
    code =
        each_row(&s, "listoutcomes", "outcomes", "bidder", key, take_auction);
    if (code == GV_EXIT_OK)
        code = each_row(&s, "listbids", "bids", "bidder", key, take_bid_row);
    return code;
}

static int
recover_identities(struct gv_cli *cli, struct gv_recovered *out)
{
    struct gv_persona id;
    struct gv_error e;
    int code = GV_EXIT_OK;

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

/* --- certificates --- */

static void
warn_missing(const struct gv_cli *cli, const struct gv_persona *id,
             const char *why)
{
    gv_cli_warn(cli,
                "warning: the certificate of %s did not come back: %s. Without "
                "it this identity has no pseudonyms: run `gavel restore` "
                "again, or put it back by `gavel keystore export --to-wallet`",
                id->name, why);
}

/* The certificate of one identity, if the wallet has none. */
static void
recover_certificate(struct gv_cli *cli, struct gv_est_client *est,
                    struct gv_persona *id, const char *why,
                    struct gv_recovered *out)
{
    size_t len = 0;
    uint8_t *der = gv_wallet_der(cli->wallet, id->index, &len);
    struct gv_error e = {""};
    enum gv_rc rc = GV_OK;

    if (der == NULL && est != NULL) {
        rc = gv_certificate_again(cli, est, id, &e);
        why = rc == GV_ABSENT ? "the CA has none for its keys" : e.text;
    }
    if (der != NULL || (est != NULL && rc == GV_OK))
        out->certificates++;
    else
        warn_missing(cli, id, why);
    free(der);
}

static int
recover_certificates(struct gv_cli *cli, struct gv_recovered *out)
{
    int code;
    const char *url = gv_certificate_ca(cli, &code);
    struct gv_error e = {"the node knows no CA (--ca URL)"};
    struct gv_est_client *est =
        url != NULL ? gv_est_client_new(url, cli->params, &e) : NULL;
    struct gv_persona id;

    for (size_t i = 0; i < gv_wallet_identities(cli->wallet); i++)
        if (gv_wallet_identity(cli->wallet, i, &id) == GV_OK && id.certified)
            recover_certificate(cli, est, &id, e.text, out);
    gv_est_client_free(est);
    return code;
}

int
gv_recover(struct gv_cli *cli, struct gv_recovered *out)
{
    int code = GV_EXIT_OK;

    *out = (struct gv_recovered){0};
    if (gv_cli_status(cli, &code) == NULL)
        return code;
    if (gv_cli_keys(cli) == NULL)
        return GV_EXIT_FAILED;
    code = recover_identities(cli, out);
    if (code == GV_EXIT_OK)
        code = recover_certificates(cli, out);
    return code;
}
