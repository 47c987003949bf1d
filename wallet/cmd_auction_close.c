/* cmd_auction_close.c - gavel auction close: the owner's early close. */
#include <inttypes.h>
#include <stdlib.h>

#include "wallet/auction.h"
#include "wallet/commands.h"
#include "wallet/courier.h"
#include "wallet/dating.h"
#include "wallet/json.h"
#include "wallet/publish.h"
#include "wallet/seller.h"
#include "wallet/stamped.h"

static const struct gv_config_option options[] = {
    {.name = "cancel",
     .type = GV_CONFIG_BOOL,
     .help = "Call it off at once, as long as no bid is accepted. Should one "
             "have been made before, this is an early close, with its notice."},
    GV_COURIER_PROXY_OPTION,
};

static bool
is_cancel(const struct gv_cli *cli)
{
    return gv_config_bool(cli->config, "cancel");
}

/* What can be known before anything is sent. */
static int
check(struct gv_cli *cli, const struct gv_auction *a, const struct gv_signer *s)
{
    const char *phase = gv_json_text(a->info, "phase");

    if (!GV_ID_EQ(&a->open.seller.key, &s->key))
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "only its seller may close this auction, and this "
                           "identity is not the seller");
    if (a->open.terms.close_policy != GV_CLOSE_OWNER)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "the terms of this auction allow no early close");
    if (strcmp(phase, "open") != 0 && strcmp(phase, "final-round") != 0 &&
        strcmp(phase, "scheduled") != 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "this auction cannot be closed: it is %.40s", phase);
    if (is_cancel(cli) &&
        gv_json_u64(json_object_get(a->info, "bids"), "accepted") > 0)
        return gv_cli_fail(cli, GV_EXIT_FAILED,
                           "there is an accepted bid: it can be closed, with "
                           "its notice, and not be cancelled any more");
    return GV_EXIT_OK;
}

static enum gv_rc
hand_in(struct gv_cli *cli, const struct gv_auction *a, struct gv_bytes tx,
        struct gv_bytes stamps, json_t **result,
        struct gv_rpcclient_error *error)
{
    (void)a;
    return gv_publish_stamped(cli->rpc, tx, stamps, false, result, error);
}

/* Where authorities are blind, the wallet has it dated (R5). */
static enum gv_rc
submit(struct gv_cli *cli, const struct gv_auction *a, struct gv_bytes tx,
       json_t **result, struct gv_rpcclient_error *error)
{
    const struct gv_dating how = {gv_config_string(cli->config, "proxy"),
                                  hand_in};

    return gv_open_is_blind(&a->open)
               ? gv_dating_run(cli, a, &how, tx, result, error)
               : hand_in(cli, a, tx, gv_bytes(NULL, 0), result, error);
}

static int
send(struct gv_cli *cli, const struct gv_auction *a, const struct gv_signer *s)
{
    struct gv_rpcclient_error error = {0};
    size_t len = 0;
    uint8_t *tx =
        gv_make_close(s, &a->open.id,
                      is_cancel(cli) ? GV_CLOSE_CANCEL : GV_CLOSE_EARLY, &len);
    json_t *result;
    uint64_t effect;
    int code = GV_EXIT_OK;
    char time[40];
    enum gv_rc rc;

    if (tx == NULL)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "cannot sign the close");
    rc = submit(cli, a, gv_bytes(tx, len), &result, &error);
    if (rc != GV_OK)
        code = gv_cli_fail_rpc(cli, rc, &error);
    gv_rpcclient_error_clear(&error);
    if (code == GV_EXIT_OK) {
        code = gv_stamped_check(cli, a, gv_bytes(tx, len), result);
        if (code != GV_EXIT_OK)
            json_decref(result);
    }
    free(tx);
    if (code != GV_EXIT_OK)
        return code;
    effect = gv_json_u64(result, "t_us");
    if (!is_cancel(cli))
        effect += a->open.terms.notice_ms * 1000;
    if (cli->json) {
        json_object_set_new(result, "effective_us", gv_json_from_u64(effect));
        gv_cli_print(cli, result);
        return GV_EXIT_OK;
    }
    if (is_cancel(cli))
        printf("cancelled, unless a bid was made before %s\n",
               gv_cli_time(effect, time));
    else
        printf("closes at %s\n", gv_cli_time(effect, time));
    json_decref(result);
    return GV_EXIT_OK;
}

/* As the certified identity, or as its pseudonym if that one sells. */
static int
close_early(struct gv_cli *cli, struct gv_auction *a, const struct gv_signer *s)
{
    struct gv_pseudonym p;
    enum gv_rc rc = gv_seller_find(cli, a, s, true, &p);
    const struct gv_signer *seller = rc == GV_OK ? &p.signer : s;
    int code = rc == GV_FAULT ? GV_EXIT_WALLET : check(cli, a, seller);

    if (code == GV_EXIT_OK &&
        !gv_cli_confirm(cli, is_cancel(cli) ? "Cancel this auction?"
                                            : "Close this auction "
                                              "early?"))
        code = GV_EXIT_FAILED;
    if (code == GV_EXIT_OK)
        code = send(cli, a, seller);
    if (rc == GV_OK)
        gv_wipe(&p, sizeof(p));
    return code;
}

static int
run(struct gv_cli *cli)
{
    return gv_auction_sign(cli, close_early);
}

const struct gv_command gv_cmd_auction_close = {
    .config = {.name = "auction close",
               .help = "Close an auction early, with the notice its terms "
                       "give.",
               .arguments = "AUCTION",
               .min_arguments = 1,
               .max_arguments = 1,
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
