/* cmd_restore.c - gavel restore: a wallet from its words. */
#include <stdlib.h>
#include <unistd.h>

#include "wallet/bip39.h"
#include "wallet/commands.h"
#include "wallet/recover.h"

static const struct gv_config_option options[] = {
    {.name = "words-file",
     .help = "Read the words from this file, - for stdin (default: ask).",
     .argument = "FILE"},
    {.name = "offline",
     .type = GV_CONFIG_BOOL,
     .help = "Do not fetch credentials and bids from the node."},
};

/* The words as typed or read, wiped and freed by the caller. */
static char *
get_words(struct gv_cli *cli)
{
    const char *path = gv_config_string(cli->config, "words-file");
    struct gv_passphrase_source source = {.prompt = "The words, on one line"};
    struct gv_passphrase line;
    struct gv_error e;
    char *words = NULL;

    if (path != NULL)
        return gv_cli_read_text(cli, path);
    if (gv_passphrase_read(&source, &line, &e) != GV_OK)
        gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    else
        words = strdup(line.text);
    gv_wipe(&line, sizeof(line));
    return words;
}

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

static int
create_from_words(struct gv_cli *cli, const struct gv_params *params)
{
    uint8_t entropy[GV_BIP39_ENTROPY_MAX];
    char *words = get_words(cli);
    struct gv_error e;
    size_t len;
    int code;

    if (words == NULL)
        return GV_EXIT_USAGE;
    if (gv_bip39_entropy(words, entropy, &len, &e) == GV_OK)
        code = create(cli, params, gv_bytes(entropy, len));
    else
        code = gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    gv_wipe(words, strlen(words));
    free(words);
    gv_wipe(entropy, sizeof(entropy));
    return code;
}

static int
run(struct gv_cli *cli)
{
    struct gv_recovered got = {0};
    const struct gv_params *params;
    int code;

    if (gv_wallet_exists(cli->wallet_dir))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "there is a wallet in %s already", cli->wallet_dir);
    params = gv_cli_params(cli, &code);
    if (params != NULL)
        code = create_from_words(cli, params);
    if (code == GV_EXIT_OK && !gv_config_bool(cli->config, "offline"))
        code = gv_recover(cli, &got);
    if (code == GV_EXIT_OK)
        code = gv_cli_save(cli);
    if (code != GV_EXIT_OK)
        return code;
    if (cli->json)
        gv_cli_print(json_pack("{ss si si si si}", "wallet", cli->wallet_dir,
                               "identities", (int)got.identities, "auctions",
                               (int)got.auctions, "bids", (int)got.bids,
                               "foreign_bids", (int)got.foreign));
    else
        printf("wallet of network %s in %s: %zu identities, %zu auctions, %zu "
               "bids found on the ledger\n",
               params->name, cli->wallet_dir, got.identities, got.auctions,
               got.bids);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_restore = {
    .config = {.name = "restore",
               .help = "Make a wallet from its words and fetch from the node "
                       "what belongs to it.",
               .options = options,
               .n_options = 2},
    .run = run};
