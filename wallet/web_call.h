/*
 * web_call.h - what the page of `gavel web` may ask for: commands of gavel,
 * with some of their options, run in this process (docs/spec/wallet.md, W26).
 *
 * A request is
 *     {"call": "bid place", "arguments": [..], "options": {"wait": "60s"},
 *      "texts": {"text": ".."}}
 * with all but the call optional; an option that may be given several times has
 * an array; texts are what a command reads from a file
 * when a person gives it one. An answer is
 *     {"result", "error": {code, message, data}, "warnings": [..],
 *      "files": {name: base64}}
 * with result or error null.
 *
 * Thread-safety: one thread at a time for each cli.
 */
#ifndef GAVEL_WALLET_WEB_CALL_H
#define GAVEL_WALLET_WEB_CALL_H

#include "wallet/cli.h"

struct gv_web_call {
    const char *name;
    const struct gv_command *command;
    bool wallet;         /* needs the wallet, else only the node */
    const char *options; /* that may be given, with blanks around each */
    const char *texts;   /* options that name a file, likewise */
};

/* NULL: there is no such call. */
const struct gv_web_call *gv_web_call_find(const char *name);

/* Run it with cli->front set. Its exit code; what came of it is the front's. A
 * request that does not fit the call is an error like any other. */
int gv_web_call_run(struct gv_cli *cli, const struct gv_web_call *call,
                    const json_t *request);

/* The answer made of a front, which is emptied; takes warnings. */
json_t *gv_web_call_answer(struct gv_cli_front *front, json_t *warnings);

#endif
