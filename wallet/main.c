/*
 * main.c - gavel, the wallet: options, dispatch, exit codes.
 *
 * Commands lie in cmd_*.c. docs/spec/wallet.md has the files, the derivation
 * of keys, and the exit codes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/version.h"
#include "src/client/nodeopt.h"
#include "wallet/cli.h"
#include "wallet/courier.h"
#include "wallet/json.h"

#define COMMANDS_MAX 64

static const struct gv_config_option global_options[] = {
    GV_NODEOPT_PLACE,
    {.name = "wallet",
     .help = "The wallet's directory (default: ~/.gavel/wallet).",
     .argument = "DIR"},
    {.name = "network",
     .help = "One of " GV_NETWORKS " (default: the wallet's, else the node's).",
     .argument = "NAME"},
    {.name = "passphrase-file",
     .help = "Read the passphrase (of the wallet; of the keystore for "
             "`keystore`) from the first line of this file, - for stdin "
             "(default: ask).",
     .argument = "FILE"},
    {.name = "as",
     .help = "Act as this identity of the wallet (default: the first).",
     .argument = "NAME"},
    {.name = "json",
     .type = GV_CONFIG_BOOL,
     .help = "Print JSON in place of tables."},
    {.name = "yes",
     .type = GV_CONFIG_BOOL,
     .help = "Do not ask for confirmation."},
    GV_NODEOPT_TIMEOUT,
    {.name = "config",
     .bits = GV_CONFIG_NO_FILE,
     .help = "File of options as NAME = VALUE lines (default: wallet.conf in "
             "the wallet's directory, if there).",
     .argument = "FILE"},
};

/* Where the wallet and the cookie are. */
static enum gv_rc
find_places(struct gv_cli *cli, struct gv_error *e)
{
    const char *wallet = gv_config_string(cli->config, "wallet");

    free(cli->wallet_dir);
    free(cli->cookie);
    cli->cookie = NULL;
    cli->wallet_dir = wallet != NULL
                          ? strdup(wallet)
                          : gv_nodeopt_home(".gavel/wallet", "--wallet", e);
    if (cli->wallet_dir != NULL)
        cli->cookie = gv_nodeopt_cookie(cli->config, e);
    return cli->cookie == NULL ? GV_REJECT : GV_OK;
}

/* The options file, which flags and environment may name or imply. */
static enum gv_rc
read_file(struct gv_cli *cli, struct gv_error *e)
{
    const char *named = gv_config_string(cli->config, "config");
    char *path = named != NULL ? strdup(named)
                               : gv_file_join(cli->wallet_dir, "wallet.conf");
    enum gv_rc rc = GV_FAULT;

    if (path != NULL)
        rc = gv_config_file(cli->config, path, e);
    if (rc == GV_ABSENT && named != NULL) {
        gv_error_set(e, "%s: no such file", named);
        rc = GV_REJECT;
    } else if (rc == GV_ABSENT) {
        rc = GV_OK;
    }
    free(path);
    return rc;
}

static const struct gv_command *
chosen(const struct gv_cli *cli)
{
    const struct gv_config_command *c = gv_config_command(cli->config);

    for (size_t i = 0; c != NULL && gv_commands[i] != NULL; i++)
        if (strcmp(gv_commands[i]->config.name, c->name) == 0)
            return gv_commands[i];
    return NULL;
}

static int
dispatch(struct gv_cli *cli)
{
    const struct gv_command *command = chosen(cli);

    switch (gv_config_wish(cli->config)) {
    case GV_CONFIG_HELP:
        gv_config_print_help(cli->config, stdout);
        return GV_EXIT_OK;
    case GV_CONFIG_VERSION:
        gv_config_print_version(cli->config, stdout);
        return GV_EXIT_OK;
    case GV_CONFIG_RUN:
        break;
    }
    if (command == NULL) {
        gv_config_print_help(cli->config, stderr);
        return GV_EXIT_USAGE;
    }
    cli->json = gv_config_bool(cli->config, "json");
    return command->run(cli);
}

static int
load_and_run(struct gv_cli *cli, int argc, char **argv)
{
    struct gv_error e = {"out of memory"};

    if (gv_config_flags(cli->config, argc, argv, &e) != GV_OK ||
        gv_config_environment(cli->config, environ, &e) != GV_OK)
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    if (gv_config_wish(cli->config) == GV_CONFIG_RUN &&
        (find_places(cli, &e) != GV_OK || read_file(cli, &e) != GV_OK ||
         find_places(cli, &e) != GV_OK))
        return gv_cli_fail(cli, GV_EXIT_USAGE, "%s", e.text);
    return dispatch(cli);
}

static void
cli_clear(struct gv_cli *cli)
{
    gv_wallet_free(cli->wallet);
    gv_courier_free(cli->courier);
    gv_rpcclient_free(cli->rpc);
    gv_keys_free(cli->keys);
    json_decref(cli->status);
    gv_config_free(cli->config);
    free(cli->wallet_dir);
    free(cli->cookie);
}

int
main(int argc, char **argv)
{
    struct gv_config_command commands[COMMANDS_MAX];
    struct gv_config_program program = {
        .name = "gavel",
        .version = GV_VERSION,
        .help = "Wallet of the Gavel auction ledger. Exit codes: 0 done, 1 "
                "failed or refused, 2 usage, 3 no answer from the node, 4 "
                "wallet, 10 to 18 see docs/spec/keystore.md.",
        .options = global_options,
        .n_options = sizeof(global_options) / sizeof(global_options[0]),
        .commands = commands};
    struct gv_cli cli = {0};
    int code;

    gv_json_wipe_memory();
    signal(SIGPIPE, SIG_IGN);
    if (gv_no_core_dumps() != GV_OK)
        return gv_cli_fail(&cli, GV_EXIT_FAILED, "cannot forbid core dumps");
    while (gv_commands[program.n_commands] != NULL &&
           program.n_commands < COMMANDS_MAX) {
        commands[program.n_commands] = gv_commands[program.n_commands]->config;
        program.n_commands++;
    }
    cli.program = &program;
    cli.config = gv_config_new(&program);
    if (cli.config == NULL)
        return gv_cli_fail(&cli, GV_EXIT_FAILED, "out of memory");
    code = load_and_run(&cli, argc, argv);
    cli_clear(&cli);
    if (fflush(stdout) != 0 && code == GV_EXIT_OK)
        return GV_EXIT_FAILED;
    return code;
}
