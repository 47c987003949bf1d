/* bidding.c - bids that a program places (wallet/bidding.h). */
#include "wallet/bidding.h"

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/concern.h"
#include "wallet/json.h"
#include "wallet/web_call.h"

static void
tell(void *arg, bool step, const char *text)
{
    (void)arg;
    if (!step)
        fprintf(stderr, "gavel: %s\n", text);
}

static void
read_front(const struct gv_cli_front *front, struct gv_bidding *out)
{
    const char *why = front->error != NULL
                          ? gv_json_text(front->error, "message")
                          : gv_json_text(front->result, "void");

    out->amount = gv_json_u64(front->result, "amount");
    out->currency = gv_auction_currency(front->result);
    snprintf(out->figures, sizeof(out->figures), "%s",
             gv_json_text(front->result, "figures"));
    snprintf(out->bid, sizeof(out->bid), "%s",
             gv_json_text(front->result, "bid"));
    snprintf(out->refusal, sizeof(out->refusal), "%s", why);
}

/* Run a command of this wallet in the place of a person. */
static int
run_call(struct gv_cli *cli, const struct gv_web_call *call, json_t *request,
         struct gv_bidding *out)
{
    struct gv_cli_front front = {.files = json_object(), .tell = tell};
    struct gv_cli_front *before = cli->front;
    bool as_json = cli->json;
    int code;

    cli->front = &front;
    cli->json = true;
    code = gv_web_call_run(cli, call, request);
    cli->json = as_json;
    cli->front = before;
    *out = (struct gv_bidding){.amount = 0};
    read_front(&front, out);
    if (code == GV_EXIT_OK && *out->refusal != '\0')
        code = GV_EXIT_FAILED;
    json_decref(front.result);
    json_decref(front.error);
    json_decref(front.files);
    json_decref(request);
    return code;
}

int
gv_bidding_place(struct gv_cli *cli, const struct gv_bidding_order *order,
                 struct gv_bidding *out)
{
    json_t *request = json_pack(
        "{s[ss] s{sb ss* ss* so*}}", "arguments", order->auction, order->amount,
        "options", "dry-run", (int)order->dry, "as", order->as, "kind",
        order->kind, "lot", order->lot != 0 ? json_integer(order->lot) : NULL);

    return run_call(cli, gv_web_call_find("bid place"), request, out);
}

int
gv_bidding_send(struct gv_cli *cli, const char *id, struct gv_bidding *out)
{
    static const struct gv_web_call call = {"bid send", &gv_cmd_bid_send, true,
                                            " ", " "};

    return run_call(cli, &call, json_pack("{s[s]}", "arguments", id), out);
}

static bool
is_sealed_bid(const json_t *bid, uint8_t lot)
{
    struct gv_concern_bid made;

    return gv_concern_read_bid(bid, &made) && made.sealed && made.lot == lot;
}

const char *
gv_bidding_sealed(struct gv_cli *cli, const struct gv_bidding_order *order,
                  bool *sent, uint64_t *amount)
{
    const char *name =
        order->as != NULL ? order->as : gv_config_string(cli->config, "as");
    const char *id, *found = NULL;
    struct gv_persona who;
    json_t *bid;

    *sent = false;
    *amount = 0;
    if (gv_wallet_find(cli->wallet, name, &who) != GV_OK)
        return NULL;
    json_object_foreach(gv_wallet_bids(cli->wallet), id, bid)
    {
        if (*sent || strcmp(gv_json_text(bid, "auction"), order->auction) ||
            gv_json_u64(bid, "identity") != who.index ||
            !is_sealed_bid(bid, order->lot))
            continue;
        found = id;
        *amount = gv_json_u64(bid, "amount");
        *sent = strcmp(gv_json_text(bid, "state"), "sending") != 0;
    }
    return found;
}

const char *
gv_bidding_find(struct gv_cli *cli, const struct gv_bidding_order *order,
                uint64_t amount)
{
    struct gv_persona id;
    const char *name;
    json_t *bid;

    if (gv_wallet_find(cli->wallet, gv_config_string(cli->config, "as"), &id) !=
        GV_OK)
        return NULL;
    json_object_foreach(gv_wallet_bids(cli->wallet), name, bid)
    {
        if (strcmp(gv_json_text(bid, "auction"), order->auction) == 0 &&
            gv_json_u64(bid, "lot") == order->lot &&
            gv_json_u64(bid, "identity") == id.index &&
            gv_json_u64(bid, "amount") == amount)
            return name;
    }
    return NULL;
}
