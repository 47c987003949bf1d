/* bidding.c - bids that a program places (wallet/bidding.h). */
#include "wallet/bidding.h"

#include "wallet/auction.h"
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

int
gv_bidding_place(struct gv_cli *cli, const struct gv_bidding_order *order,
                 struct gv_bidding *out)
{
    struct gv_cli_front front = {.files = json_object(), .tell = tell};
    struct gv_cli_front *before = cli->front;
    json_t *request = json_pack(
        "{s[ss] s{sb ss* so*}}", "arguments", order->auction, order->amount,
        "options", "dry-run", (int)order->dry, "as", order->as, "lot",
        order->lot != 0 ? json_integer(order->lot) : NULL);
    bool as_json = cli->json;
    int code;

    cli->front = &front;
    cli->json = true;
    code = gv_web_call_run(cli, gv_web_call_find("bid place"), request);
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

bool
gv_bidding_has(struct gv_cli *cli, const char *auction, const char *as)
{
    const char *name = as != NULL ? as : gv_config_string(cli->config, "as");
    struct gv_persona id;
    const char *bid_id;
    json_t *bid;

    if (gv_wallet_find(cli->wallet, name, &id) != GV_OK)
        return false;
    json_object_foreach(gv_wallet_bids(cli->wallet), bid_id, bid)
    {
        if (strcmp(gv_json_text(bid, "auction"), auction) == 0 &&
            gv_json_u64(bid, "identity") == id.index &&
            strcmp(gv_json_text(bid, "state"), "sending") != 0)
            return true;
    }
    return false;
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
