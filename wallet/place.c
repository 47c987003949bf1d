/* place.c - placing one bid (wallet/place.h). */
#include "wallet/place.h"

#include <stdlib.h>

#include "wallet/courier.h"
#include "wallet/dating.h"
#include "wallet/json.h"
#include "wallet/publish.h"
#include "wallet/stamped.h"

#define POLL_MS 250
#define EARLY_MAX 10 /* tries, so far apart: */
#define EARLY_MS 500

static bool
is_sending(const json_t *bid, const char *auction)
{
    return strcmp(gv_json_text(bid, "state"), "sending") == 0 &&
           strcmp(gv_json_text(bid, "auction"), auction) == 0;
}

static int
take_listed(struct gv_cli *cli, const struct gv_auction *a, const json_t *row,
            void *arg)
{
    const char *id = gv_json_text(row, "bid");
    json_t *bid = json_object_get(gv_wallet_bids(cli->wallet), id);
    bool *changed = arg;

    /* What has lapsed lacks stamps still. */
    if (bid == NULL || !is_sending(bid, a->hex) ||
        strcmp(gv_json_text(row, "state"), "lapsed") == 0)
        return GV_EXIT_OK;
    json_object_set_new(bid, "state", json_string("sent"));
    json_object_set(bid, "t_us", json_object_get(row, "t_us"));
    json_object_set(bid, "deadline_us", json_object_get(row, "deadline_us"));
    gv_cli_warn(cli, "the earlier bid %s did arrive", id);
    *changed = true;
    return GV_EXIT_OK;
}

/* No bid enters any more: what the node does not list never will be. */
static bool
is_over(const struct gv_auction *a)
{
    const char *phase = gv_json_text(a->info, "phase");

    return strcmp(phase, "final") == 0 || strcmp(phase, "void") == 0;
}

static bool
drop_sending(struct gv_cli *cli, const struct gv_auction *a)
{
    json_t *bids = gv_wallet_bids(cli->wallet), *bid;
    bool changed = false;
    const char *id;
    void *next;

    json_object_foreach_safe(bids, next, id, bid)
    {
        if (!is_sending(bid, a->hex))
            continue;
        gv_cli_warn(cli, "the earlier bid %s never arrived", id);
        json_object_del(bids, id);
        changed = true;
    }
    return changed;
}

static bool
any_sending(struct gv_cli *cli, const struct gv_auction *a)
{
    const char *id;
    json_t *bid;

    json_object_foreach(gv_wallet_bids(cli->wallet), id, bid)
    {
        if (is_sending(bid, a->hex))
            return true;
    }
    return false;
}

int
gv_place_settle(struct gv_cli *cli, const struct gv_auction *a)
{
    bool changed = false;
    int code;

    if (!any_sending(cli, a))
        return GV_EXIT_OK;
    /* a->info was fetched before: what was over then is complete now. */
    code = gv_auction_bids(cli, a, take_listed, &changed);
    if (code != GV_EXIT_OK)
        return code;
    if (is_over(a) && drop_sending(cli, a))
        changed = true;
    return changed ? gv_cli_save(cli) : GV_EXIT_OK;
}

int
gv_place_listed(struct gv_cli *cli, struct gv_auction *a, uint64_t wait_ms)
{
    uint64_t until = gv_cli_now_ms() + wait_ms;
    int code = GV_EXIT_OK;

    while (code == GV_EXIT_OK && !gv_json_bool(a->info, "listed_final")) {
        if (gv_cli_now_ms() >= until)
            return gv_cli_fail(cli, GV_EXIT_FAILED,
                               "the auction is not listed in a final block of "
                               "the registry yet: try again later");
        gv_cli_sleep_ms(POLL_MS);
        code = gv_auction_refresh(cli, a);
    }
    return code;
}

int
gv_place_enrol(struct gv_cli *cli, const struct gv_auction *a,
               const struct gv_signer *s)
{
    struct gv_rpcclient_error error = {0};
    int code = GV_EXIT_OK;
    enum gv_rc rc;

    if (gv_wallet_enrolled(cli->wallet, s->identity, a->hex))
        return GV_EXIT_OK;
    rc = gv_publish_enrol(cli->rpc, s, &a->open.id, &error);
    if (rc != GV_OK)
        code = gv_cli_fail_rpc(cli, rc, &error);
    gv_rpcclient_error_clear(&error);
    if (code != GV_EXIT_OK)
        return code;
    if (gv_wallet_set_enrolled(cli->wallet, s->identity, a->hex) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    return gv_cli_save(cli);
}

/* The wallet's own numbering of its bids in this auction. */
static uint32_t
next_seq(struct gv_cli *cli, const char *auction, uint32_t identity)
{
    const char *id;
    json_t *bid;
    uint64_t top = 0;

    json_object_foreach(gv_wallet_bids(cli->wallet), id, bid)
    {
        uint64_t seq = gv_json_u64(bid, "seq");

        if (strcmp(gv_json_text(bid, "auction"), auction) == 0 &&
            gv_json_u64(bid, "identity") == identity && seq > top)
            top = seq;
    }
    return (uint32_t)(top + 1);
}

/* Keep the node's answer with the bid. */
static int
take_answer(struct gv_cli *cli, const struct gv_auction *a,
            struct gv_bytes bytes, json_t *row, const json_t *answer)
{
    json_object_set_new(row, "state", json_string("sent"));
    json_object_set(row, "t_us", json_object_get(answer, "t_us"));
    json_object_set(row, "deadline_us", json_object_get(answer, "deadline_us"));
    json_object_set(row, "receipt", json_object_get(answer, "receipt"));
    json_object_set(row, "stamp", json_object_get(answer, "stamp"));
    json_object_set(row, "stamps", json_object_get(answer, "stamps"));
    if (gv_cli_save(cli) != GV_EXIT_OK)
        return GV_EXIT_WALLET;
    return gv_stamped_check(cli, a, bytes, answer);
}

/* What a node says alone may be false: whoever got the bid can have it stamped
 * still (W10). */
static bool
is_final(const struct gv_auction *a, enum gv_rc rc,
         const struct gv_rpcclient_error *error)
{
    return rc == GV_REJECT && a->open.terms.identity == GV_ANONYMOUS &&
           gv_courier_is_final(error);
}

/* The auction's services have refused it: it can never count. */
static int
forget(struct gv_cli *cli, const char *id, int code)
{
    json_object_del(gv_wallet_bids(cli->wallet), id);
    return gv_cli_save(cli) == GV_EXIT_OK ? code : GV_EXIT_WALLET;
}

/* What the bid stands on travels by gossip and may be on its way still. */
static unsigned
retry_ms(enum gv_rc rc, const struct gv_rpcclient_error *error, unsigned *early)
{
    unsigned ms = rc == GV_REJECT ? gv_publish_retry_ms(error) : 0;

    if (ms == 0 && rc == GV_REJECT && gv_publish_is_early(error) &&
        ++*early <= EARLY_MAX)
        ms = EARLY_MS;
    return ms;
}

/* With the STAMPs that the wallet has got for it, if it has to. */
static enum gv_rc
hand_in(struct gv_cli *cli, const struct gv_auction *a, struct gv_bytes tx,
        struct gv_bytes stamps, json_t **answer,
        struct gv_rpcclient_error *error)
{
    const struct gv_courier_load load = {tx, stamps, false};

    return a->open.terms.identity == GV_ANONYMOUS
               ? gv_courier_bid(cli, a, &load, answer, error)
               : gv_publish_stamped(cli->rpc, tx, stamps, false, answer, error);
}

static enum gv_rc
submit(struct gv_cli *cli, const struct gv_auction *a, struct gv_bytes tx,
       bool force, json_t **answer, struct gv_rpcclient_error *error)
{
    const struct gv_courier_load load = {tx, gv_bytes(NULL, 0), force};
    struct gv_dating how = {NULL, hand_in};

    if (gv_open_is_blind(&a->open)) {
        how.proxy = gv_config_string(cli->config, "proxy");
        return gv_dating_run(cli, a, &how, tx, answer, error);
    }
    return a->open.terms.identity == GV_ANONYMOUS
               ? gv_courier_bid(cli, a, &load, answer, error)
               : gv_publish_stamped(cli->rpc, tx, load.stamps, force, answer,
                                    error);
}

/* What becomes of a bid that has no good answer. */
static void
tell_kept(struct gv_cli *cli, const struct gv_auction *a, const char *id,
          enum gv_rc rc, const struct gv_rpcclient_error *error)
{
    if (gv_open_is_blind(&a->open))
        gv_cli_warn(
            cli,
            "bid %s is kept%s: gavel bid send %s has it dated anew "
            "and sends it",
            id, rc == GV_REJECT && error->code == 0 ? " and was not sent" : "",
            id);
    else if (rc == GV_REJECT && gv_publish_is_kept(error))
        gv_cli_warn(cli,
                    "bid %s counts as soon as enough authorities have "
                    "stamped it; the next bid in this auction looks for it",
                    id);
    else
        gv_cli_warn(cli,
                    "it is not known whether bid %s will count; the next "
                    "bid in this auction looks for it",
                    id);
}

static int
send(struct gv_cli *cli, const struct gv_auction *a, struct gv_bytes bytes,
     bool force, const char *id)
{
    json_t *row = json_object_get(gv_wallet_bids(cli->wallet), id);
    struct gv_rpcclient_error error = {0};
    json_t *answer = NULL;
    unsigned retry = 0, early = 0;
    enum gv_rc rc;
    int code;

    do {
        gv_cli_sleep_ms(retry);
        gv_rpcclient_error_clear(&error);
        rc = submit(cli, a, bytes, force, &answer, &error);
        retry = retry_ms(rc, &error, &early);
    } while (retry != 0);
    if (rc == GV_OK) {
        code = take_answer(cli, a, bytes, row, answer);
        json_decref(answer);
    } else {
        code = gv_cli_fail_rpc(cli, rc, &error);
        if (is_final(a, rc, &error))
            code = forget(cli, id, code);
        else
            tell_kept(cli, a, id, rc, &error);
    }
    gv_rpcclient_error_clear(&error);
    return code;
}

int
gv_place_bid(struct gv_cli *cli, const struct gv_auction *a,
             const struct gv_signer *s, const struct gv_place *what,
             char id[65], json_t **result)
{
    struct gv_make_bid make = {.auction = a->open.id,
                               .amount = what->amount,
                               .lot = what->lot,
                               .now_ms = gv_cli_now_ms(),
                               .seq = next_seq(cli, a->hex, s->identity)};
    struct gv_bidseal_pins seal;
    struct gv_bid_id bid;
    json_t *row;
    uint8_t *tx;
    size_t len = 0;
    int code;

    if (gv_terms_lot_place(&a->open.terms, what->lot) < 0)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "this auction has lots: a bid names one of them");
    gv_open_bidseal(&a->open, &seal);
    make.seal = what->final || gv_terms_sealed(&a->open.terms) ? &seal : NULL;
    if (!gv_json_hex(a->info, "final_sealed", make.recent.b, 32))
        return gv_cli_fail(cli, GV_EXIT_NODE, "the node names no final block");
    tx = gv_make_bid(s, &make, &len, &bid);
    if (tx == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot sign the bid");
    gv_hex(bid.b, 32, id);
    row = json_pack("{ss sI si so sI so so ss}", "auction", a->hex, "identity",
                    (json_int_t)s->identity, "lot", (int)what->lot, "amount",
                    gv_json_from_u64(what->amount), "seq", (json_int_t)make.seq,
                    "placed_ms", gv_json_from_u64(make.now_ms), "tx",
                    gv_json_from_hex(tx, len), "state", "sending");
    code = json_object_set_new(gv_wallet_bids(cli->wallet), id, row) == 0
               ? gv_cli_save(cli)
               : gv_cli_fail(cli, GV_EXIT_FAILED, "out of memory");
    if (code == GV_EXIT_OK)
        code = send(cli, a, gv_bytes(tx, len), what->force, id);
    free(tx);
    *result = json_object_get(gv_wallet_bids(cli->wallet), id);
    return code;
}

int
gv_place_again(struct gv_cli *cli, const struct gv_auction *a, const char *id)
{
    json_t *row = json_object_get(gv_wallet_bids(cli->wallet), id);
    size_t len = 0;
    uint8_t *tx = gv_json_blob(row, "tx", &len);
    int code = tx != NULL
                   ? send(cli, a, gv_bytes(tx, len), true, id)
                   : gv_cli_fail(cli, GV_EXIT_WALLET,
                                 "the wallet lacks the bytes of bid %s", id);

    free(tx);
    return code;
}
