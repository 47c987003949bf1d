/*
 * main.c - gavel-explorer: dump, show, verify, and message logs.
 *
 * Exit codes: 0 done or verified, 1 refused (a dump or proof that is not
 * true, or nothing found), 2 usage, files, or no answer from the node.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/config.h"
#include "src/base/version.h"
#include "src/client/nodeopt.h"
#include "src/explorer/commands.h"

static const struct gv_config_option global_options[] = {
    GV_NODEOPT_PLACE,
    GV_NODEOPT_NETWORK,
    GV_NODEOPT_TIMEOUT,
};

static const struct gv_config_option dump_options[] = {
    {.name = "format",
     .type = GV_CONFIG_ENUM,
     .fallback = "jsonl",
     .choices = "jsonl|csv",
     .help = "jsonl: every block, to verify; csv: the bids, for tables.",
     .argument = "NAME"},
    {.name = "final",
     .type = GV_CONFIG_BOOL,
     .help = "Cut each chain at its highest final block."},
    {.name = "out",
     .help = "Write to this file, which appears when it is whole (- or "
             "default: standard output).",
     .argument = "FILE"},
};

static const struct gv_config_option show_options[] = {
    {.name = "dump",
     .help = "Look in this dump (jsonl) in place of a node.",
     .argument = "FILE"},
};

static const struct gv_config_option verify_options[] = {
    {.name = "proof",
     .type = GV_CONFIG_BOOL,
     .help = "FILE is a node's answer to getproof."},
    {.name = "receipt",
     .help =
         "Say whether the promise in this file, a RECEIPT in hex (gavel bid "
         "show --receipt), was kept in the dump FILE.",
     .argument = "FILE"},
    {.name = "single", .type = GV_CONFIG_BOOL, .help = "Use one thread."},
};

static const struct gv_config_option key_options[] = {
    {.name = "out",
     .help = "Write the secret key to this file, which must not exist.",
     .argument = "FILE"},
};

static const struct gv_config_option log_options[] = {
    {.name = "key",
     .help = "File with the secret key: 64 hex digits.",
     .argument = "FILE"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct gv_config_command commands[] = {
    {.name = "dump",
     .help = "Write the chains of a node: the same bytes from every node with "
             "the same chains.",
     .options = dump_options,
     .n_options = COUNT(dump_options)},
    {.name = "show",
     .help = "Show what ID names: a chain (or the word registry), a block, a "
             "transaction or a bid; WHERE is a chain to look in, or the "
             "height of a block of the chain ID.",
     .arguments = "ID [WHERE]",
     .min_arguments = 1,
     .max_arguments = 2,
     .options = show_options,
     .n_options = COUNT(show_options)},
    {.name = "verify",
     .help = "Check a dump from genesis, offline; FILE may be - for standard "
             "input.",
     .arguments = "FILE",
     .min_arguments = 1,
     .max_arguments = 1,
     .options = verify_options,
     .n_options = COUNT(verify_options)},
    {.name = "evidence",
     .help = "Check a node's evidence of a time-stamping authority's "
             "misconduct, offline.",
     .arguments = "FILE",
     .min_arguments = 1,
     .max_arguments = 1},
    {.name = "log key",
     .help = "Make a key pair for a node's message log; print the public key, "
             "which gaveld --message-log takes.",
     .options = key_options,
     .n_options = COUNT(key_options)},
    {.name = "log verify",
     .help = "Check that nothing in the files of a message log was changed, "
             "taken out or put in; the oldest comes first.",
     .arguments = "FILE...",
     .min_arguments = 1,
     .max_arguments = 8},
    {.name = "log show",
     .help = "The same, and print the messages.",
     .arguments = "FILE...",
     .min_arguments = 1,
     .max_arguments = 8,
     .options = log_options,
     .n_options = COUNT(log_options)},
};

static int
run_command(const struct gv_config *c)
{
    const struct gv_config_command *command = gv_config_command(c);

    if (gv_config_wish(c) == GV_CONFIG_HELP) {
        gv_config_print_help(c, stdout);
        return GV_EXPLORER_OK;
    }
    if (gv_config_wish(c) == GV_CONFIG_VERSION) {
        gv_config_print_version(c, stdout);
        return GV_EXPLORER_OK;
    }
    if (!command) {
        gv_config_print_help(c, stderr);
        return GV_EXPLORER_FAILED;
    }
    if (strcmp(command->name, "dump") == 0)
        return gv_command_dump(c);
    if (strcmp(command->name, "show") == 0)
        return gv_command_show(c);
    if (strcmp(command->name, "evidence") == 0)
        return gv_command_evidence(c);
    if (strncmp(command->name, "log ", 4) == 0)
        return gv_command_log(c);
    return gv_command_verify(c);
}

int
main(int argc, char **argv)
{
    static const struct gv_config_program program = {
        .name = "gavel-explorer",
        .version = GV_VERSION,
        .help = "Dumps and proofs of the Gavel auction ledger. Exit codes: 0 "
                "done or verified, 1 refused or not found, 2 usage, files or "
                "no answer from the node.",
        .options = global_options,
        .n_options = COUNT(global_options),
        .commands = commands,
        .n_commands = COUNT(commands)};
    struct gv_error e = {"out of memory"};
    struct gv_config *c = gv_config_new(&program);
    int code;

    signal(SIGPIPE, SIG_IGN);
    if (!c || gv_config_flags(c, argc, argv, &e) != GV_OK ||
        gv_config_environment(c, environ, &e) != GV_OK) {
        fprintf(stderr, "gavel-explorer: %s\n", e.text);
        gv_config_free(c);
        return GV_EXPLORER_FAILED;
    }
    code = run_command(c);
    gv_config_free(c);
    if (fflush(stdout) != 0 && code == GV_EXPLORER_OK) {
        fprintf(stderr, "gavel-explorer: cannot write: %s\n", strerror(errno));
        return GV_EXPLORER_FAILED;
    }
    return code;
}
