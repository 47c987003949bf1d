/* cmd_restore.c - gavel restore: a wallet from its words. */
#include <stdlib.h>

#include "wallet/bip39.h"
#include "wallet/commands.h"
#include "wallet/recover.h"

static const struct gv_config_option options[] = {
    {.name = "words-file",
     .help = "Read the words from this file, - for stdin (default: ask, "
             "unless the wallet is there already).",
     .argument = "FILE"},
    {.name = "offline",
     .type = GV_CONFIG_BOOL,
     .help = "Do not fetch anything from node and CA."},
    {.name = "auction",
     .help = "Of the anonymous auctions look at this one alone, and ask its "
             "token issuer too, for a pseudonym that never bid.",
     .argument = "AUCTION"},
    {.name = "ca",
     .help = "The CA's EST service (default: what the node's status names).",
     .argument = "URL"},
};

static int
create(struct gv_cli *cli, const struct gv_params *params,
       struct gv_bytes entropy)
{
    struct gv_passphrase pass;
    struct gv_error e = {"out of memory"};
    enum gv_rc rc;
    int code = gv_cli_passphrase(cli, true, &pass);

    if (code != GV_EXIT_OK)
        return code;
    rc = gv_wallet_create(cli->wallet_dir, params, entropy, &pass, &cli->wallet,
                          &e);
    gv_wipe(&pass, sizeof(pass));
    return rc == GV_OK ? GV_EXIT_OK
                       : gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
}

/* The wallet of the words, made, or the one that is there. */
static int
take_words(struct gv_cli *cli, const struct gv_params *params)
{
    uint8_t entropy[GV_BIP39_ENTROPY_MAX];
    char *words = gv_cli_read_words(cli);
    struct gv_error e;
    size_t len;
    int code;

    if (words == NULL)
        return GV_EXIT_USAGE;
    if (gv_bip39_entropy(words, entropy, &len, &e) != GV_OK)
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    else if (cli->wallet == NULL)
        code = create(cli, params, gv_bytes(entropy, len));
    else if (gv_wallet_is_of(cli->wallet, gv_bytes(entropy, len)))
        code = GV_EXIT_OK;
    else
        code = gv_cli_fail(cli, GV_EXIT_WALLET,
                           "there is a wallet of other words in %s already",
                           cli->wallet_dir);
    gv_wipe(words, strlen(words));
    free(words);
    gv_wipe(entropy, sizeof(entropy));
    return code;
}

/* Into cli->wallet. One that is there needs no words. */
static int
open_wallet(struct gv_cli *cli)
{
    bool there = gv_wallet_exists(cli->wallet_dir);
    const struct gv_params *params;
    int code;

    params = gv_cli_params(cli, &code);
    if (params == NULL)
        return code;
    if (there)
        code = gv_cli_wallet(cli);
    if (code == GV_EXIT_OK &&
        (!there || gv_config_is_set(cli->config, "words-file")))
        code = take_words(cli, params);
    return code;
}

/* What was fetched is kept, also when the rest could not be. */
static int
fetch(struct gv_cli *cli, const char *auction, struct gv_recovered *got)
{
    int code = gv_recover(cli, got), saved;

    if (code == GV_EXIT_OK)
        code = auction != NULL ? gv_recover_auction(cli, auction, got)
                               : gv_recover_pseudonyms(cli, got);
    saved = gv_cli_save(cli);
    return code != GV_EXIT_OK ? code : saved;
}

static void
print_result(const struct gv_cli *cli, const struct gv_recovered *got)
{
    if (cli->json)
        gv_cli_print(cli, json_pack("{ss si si si si si si si}", "wallet",
                                    cli->wallet_dir, "identities",
                                    (int)got->identities, "certificates",
                                    (int)got->certificates, "auctions",
                                    (int)got->auctions, "pseudonyms",
                                    (int)got->pseudonyms, "waiting",
                                    (int)got->waiting, "bids", (int)got->bids,
                                    "foreign_bids", (int)got->foreign));
    else
        printf("wallet of network %s in %s: %zu identities, %zu certificates, "
               "%zu auctions, %zu pseudonyms, %zu bids found\n",
               cli->params->name, cli->wallet_dir, got->identities,
               got->certificates, got->auctions, got->pseudonyms, got->bids);
}

static int
run(struct gv_cli *cli)
{
    const char *text = gv_config_string(cli->config, "auction");
    struct gv_recovered got = {0};
    char auction[65];
    int code = GV_EXIT_OK;

    if (text != NULL)
        code = gv_cli_id(cli, text, "auction", auction);
    if (code == GV_EXIT_OK)
        code = open_wallet(cli);
    if (code == GV_EXIT_OK && !gv_config_bool(cli->config, "offline"))
        code = fetch(cli, text != NULL ? auction : NULL, &got);
    if (code == GV_EXIT_OK)
        print_result(cli, &got);
    return code;
}

const struct gv_command gv_cmd_restore = {
    .config = {.name = "restore",
               .help = "Make a wallet from its words, or take the one that is "
                       "there, and fetch what belongs to it.",
               .options = options,
               .n_options = sizeof(options) / sizeof(options[0])},
    .run = run};
