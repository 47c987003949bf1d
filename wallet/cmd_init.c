/* cmd_init.c - gavel init: a new wallet and its 24 words. */
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "wallet/bip39.h"
#include "wallet/commands.h"

static const struct gv_config_option options[] = {
    {.name = "words-file",
     .help = "Write the words to this new file, mode 0600, in place of the "
             "terminal.",
     .argument = "FILE"},
};

/* Show the words once, to the file or the terminal. */
static int
hand_over(struct gv_cli *cli, const char *words)
{
    const char *path = gv_config_string(cli->config, "words-file");
    char line[GV_BIP39_TEXT_MAX + 1];
    struct gv_error e;
    enum gv_rc rc;

    if (path == NULL) {
        fprintf(stderr,
                "These 24 words are the wallet. Write them down in this order; "
                "they are\nnot shown again, and whoever has them has the "
                "wallet.\n\n  %s\n\n",
                words);
        return gv_cli_confirm(cli, "Have you written them down?")
                   ? GV_EXIT_OK
                   : GV_EXIT_FAILED;
    }
    snprintf(line, sizeof(line), "%s\n", words);
    rc = gv_file_write(path, gv_bytes(line, strlen(line)), 0600, &e);
    gv_wipe(line, sizeof(line));
    if (rc != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "%s", e.text);
    return GV_EXIT_OK;
}

/* New words, shown, and then the wallet of them. */
static int
create(struct gv_cli *cli, const struct gv_params *params,
       const struct gv_passphrase *pass)
{
    struct gv_error e = {"out of memory"};
    char words[GV_BIP39_TEXT_MAX];
    uint8_t entropy[32];
    struct gv_bytes seed = {entropy, sizeof(entropy)};
    int code;

    if (gv_random(entropy, sizeof(entropy)) != GV_OK ||
        gv_bip39_words(seed, words) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_FAILED, "no random numbers");
    code = hand_over(cli, words);
    if (code == GV_EXIT_OK && gv_wallet_create(cli->wallet_dir, params, seed,
                                               pass, &cli->wallet, &e) != GV_OK)
        code = gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
    gv_wipe(words, sizeof(words));
    gv_wipe(entropy, sizeof(entropy));
    return code;
}

/* What can be wrong is found before the words are shown: they are worth
 * nothing without a wallet, and must not be taken for those of another. */
static int
run(struct gv_cli *cli)
{
    const char *path = gv_config_string(cli->config, "words-file");
    const struct gv_params *params;
    struct gv_passphrase pass;
    struct gv_error e;
    int code;

    if (gv_wallet_exists(cli->wallet_dir))
        return gv_cli_fail(cli, GV_EXIT_WALLET,
                           "there is a wallet in %s already", cli->wallet_dir);
    if (gv_cli_is_stdout(path))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "--words-file -: say a file; without one the words "
                           "are shown");
    if (path != NULL && access(path, F_OK) == 0)
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "%s is there already and is not replaced", path);
    if (path == NULL && !gv_cli_can_confirm(cli))
        return gv_cli_fail(cli, GV_EXIT_USAGE,
                           "there is no terminal to show the words on: say "
                           "--words-file FILE");
    if (gv_file_mkdirs(cli->wallet_dir, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_WALLET, "%s", e.text);
    params = gv_cli_params(cli, &code);
    if (params == NULL)
        return code;
    code = gv_cli_passphrase(cli, true, &pass);
    if (code != GV_EXIT_OK)
        return code;
    code = create(cli, params, &pass);
    gv_wipe(&pass, sizeof(pass));
    if (code != GV_EXIT_OK)
        return code;
    if (cli->json)
        gv_cli_print(cli, json_pack("{ss ss}", "wallet", cli->wallet_dir,
                                    "network", params->name));
    else
        printf("wallet of network %s in %s\nnext: gavel enrol --name NAME\n",
               params->name, cli->wallet_dir);
    return GV_EXIT_OK;
}

const struct gv_command gv_cmd_init = {
    .config = {.name = "init",
               .help = "Make a wallet and show its 24 words, once.",
               .options = options,
               .n_options = 1},
    .run = run};
