/*
 * cli.h - what the subcommands of gavel share: the table of commands, exit
 * codes, errors, the node, the wallet.
 *
 * A command is one file cmd_*.c with one const struct gv_command. Its run
 * function returns an exit code and prints its own result: a table or lines
 * for people, or with --json one JSON value on stdout. Errors are one line on
 * stderr; with --json they are {"error": {code, message, data}} on stderr.
 *
 * Thread-safety: one thread, but for gv_cli_client.
 */
#ifndef GAVEL_WALLET_CLI_H
#define GAVEL_WALLET_CLI_H

#include <gavel/amount.h>
#include <gavel/key.h>
#include <gavel/params.h>
#include <jansson.h>

#include "src/base/config.h"
#include "src/client/rpcclient.h"
#include "wallet/store.h"

enum gv_exit {
    GV_EXIT_OK = 0,
    GV_EXIT_FAILED = 1, /* refused, or it did not work */
    GV_EXIT_USAGE = 2,  /* flags, arguments, or a file given is malformed */
    GV_EXIT_NODE = 3,   /* no proper answer from the node */
    GV_EXIT_WALLET = 4  /* no wallet, wrong passphrase, no identity */
};

struct gv_courier;

/* Whom a command talks to in place of terminal and files, when a program runs
 * it for somebody else (web.h). It then reads no file and no terminal, writes
 * no file, and prints nothing. */
struct gv_cli_front {
    json_t *result; /* what it printed; owned */
    json_t *error;  /* {code, message, data} of its last error; owned */
    json_t *files;  /* name -> base64 of what it wrote; owned */
    json_t *texts;  /* name -> text of what it may read; borrowed */
    const struct gv_passphrase *pass; /* the wallet's, or NULL; borrowed */
    /* A warning, or with step true what it does now. */
    void (*tell)(void *arg, bool step, const char *text);
    void *arg;
};

struct gv_cli {
    struct gv_config *config;
    const struct gv_config_program *program; /* that config is of */
    bool json;
    char *wallet_dir, *cookie;
    const char *passphrase_option; /* the wallet's; NULL: passphrase-file */
    /* made on first use */
    const struct gv_params *params;
    struct gv_keys *keys;
    struct gv_rpcclient *rpc;
    json_t *status; /* the node's, once asked */
    struct gv_wallet *wallet;
    struct gv_courier *courier; /* of anonymous auctions */
    struct gv_cli_front *front; /* or NULL: a person at a terminal */
    bool patient; /* gv_cli_try says nothing of a node that is away: who calls
                   * goes on and says it once */
};

struct gv_command {
    struct gv_config_command config;
    int (*run)(struct gv_cli *cli); /* an enum gv_exit */
};

/* Every command, ended by NULL. */
extern const struct gv_command *const gv_commands[];

/* --- errors --- */

/* Print an error and return code. */
int gv_cli_fail(const struct gv_cli *cli, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A warning, "gavel: TEXT" on stderr. */
void gv_cli_warn(const struct gv_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Say to a front what is done now; at a terminal nothing. */
void gv_cli_step(const struct gv_cli *cli, const char *text);

/* --- the node --- */

/* Ask the node. params as gv_rpcclient_call. GV_EXIT_OK with *result a new
 * reference, else an exit code after printing the error. The first call also
 * asks for the status and refuses a node of another network. */
int gv_cli_call(struct gv_cli *cli, const char *method, json_t *params,
                json_t **result) GV_MUST_CHECK;

/* As gv_cli_call, but an error answer of the node is left in *error (cleared
 * by the caller) and the result is GV_REJECT, unprinted; a GV_FAULT has been
 * printed (the exit code is GV_EXIT_NODE) unless cli->patient. */
enum gv_rc gv_cli_try(struct gv_cli *cli, const char *method, json_t *params,
                      json_t **result,
                      struct gv_rpcclient_error *error) GV_MUST_CHECK;

/* Print what a call failed with; returns the exit code that belongs to it. */
int gv_cli_fail_rpc(const struct gv_cli *cli, enum gv_rc rc,
                    const struct gv_rpcclient_error *error);

/* The node's status, borrowed; NULL after printing, with *code set. */
const json_t *gv_cli_status(struct gv_cli *cli, int *code);

/* One more connection, for a thread of its own. NULL with e set. */
struct gv_rpcclient *gv_cli_client(const struct gv_cli *cli,
                                   struct gv_error *e);

/* The network: of --network, else of the wallet, else of the node. NULL after
 * printing, with *code set. */
const struct gv_params *gv_cli_params(struct gv_cli *cli, int *code);

/* Keys for signing; NULL after printing. */
const struct gv_keys *gv_cli_keys(struct gv_cli *cli);

/* --- the wallet --- */

/* Read the wallet's passphrase: from the file that cli->passphrase_option
 * names, or the terminal. */
int gv_cli_passphrase(struct gv_cli *cli, bool confirm,
                      struct gv_passphrase *out) GV_MUST_CHECK;

/* Open the wallet into cli->wallet, once. */
int gv_cli_wallet(struct gv_cli *cli) GV_MUST_CHECK;

/* Open the wallet and take the identity of --as (the first by default), which
 * must hold a certificate valid now if certified is true. */
int gv_cli_identity(struct gv_cli *cli, bool certified,
                    struct gv_persona *out) GV_MUST_CHECK;

/* Save cli->wallet. */
int gv_cli_save(struct gv_cli *cli) GV_MUST_CHECK;

/* --- talking to people --- */

/* Print v as JSON on stdout and drop the reference. */
void gv_cli_print(const struct gv_cli *cli, json_t *v);

/* Would gv_cli_confirm have somebody to ask, or need nobody? */
bool gv_cli_can_confirm(const struct gv_cli *cli);

/* Ask "QUESTION [y/N] " on the terminal. True with --yes; false, after an
 * error, when there is no terminal to ask on. */
bool gv_cli_confirm(const struct gv_cli *cli, const char *question);

/* "2026-01-02 03:04:05 UTC", with ".123" if us is no whole second. */
char *gv_cli_time(uint64_t us, char out[40]);

/* Read the option of that name as a time in UTC, 2027-01-31T12:00:00Z, or as
 * the beginning of a day, 2027-01-31, in milliseconds since 1970; *ms stays
 * as it is where the option is not given. GV_EXIT_USAGE after printing. */
int gv_cli_read_time(const struct gv_cli *cli, const char *option,
                     uint64_t *ms) GV_MUST_CHECK;

/* This machine's clock. */
uint64_t gv_cli_now_ms(void);
void gv_cli_sleep_ms(unsigned ms);

/* Refuse what somebody wrote for an amount; option may be NULL. GV_EXIT_USAGE.
 */
int gv_cli_bad_amount(const struct gv_cli *cli, const char *option,
                      const char *text, const struct gv_currency *c);

/* An argument of 64 hex digits, normalised to lower case. */
int gv_cli_id(const struct gv_cli *cli, const char *text, const char *what,
              char out[65]) GV_MUST_CHECK;

/* A whole file as text, at most 64 KiB, or "-" for stdin; the caller frees.
 * NULL after printing. */
char *gv_cli_read_text(const struct gv_cli *cli, const char *path);

/* The wallet's words, from the file of --words-file or typed. To be wiped and
 * freed; NULL after printing. */
char *gv_cli_read_words(const struct gv_cli *cli);

/* "-", standard output (W62)? False of NULL. */
bool gv_cli_is_stdout(const char *path);
/* Write a file, or to standard output (W62); mode: permission bits of the file.
 * An exit code. */
int gv_cli_write(const struct gv_cli *cli, const char *path,
                 struct gv_bytes content, unsigned mode) GV_MUST_CHECK;

#endif
