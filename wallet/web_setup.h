/*
 * web_setup.h - a new wallet from the page: its words are shown once, and the
 * wallet is made when three of them were typed back (docs/spec/wallet.md, W27).
 *
 * Calls, beside those of web_call.h:
 *   words ()              -> {"words": "..", "ask": [3, 11, 24]}
 *   confirm (texts: typed) the asked words, with blanks between -> restore's
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_WEB_SETUP_H
#define GAVEL_WALLET_WEB_SETUP_H

#include "wallet/bip39.h"
#include "wallet/cli.h"

#define GV_WEB_ASKED 3

/* Zero is an empty one; wipe it when done. */
struct gv_web_setup {
    char words[GV_BIP39_TEXT_MAX]; /* shown and not confirmed yet, or "" */
    unsigned ask[GV_WEB_ASKED];    /* places from 1, rising */
};

bool gv_web_setup_has(const char *call);

/* As gv_web_call_run, for the calls above. */
int gv_web_setup_run(struct gv_web_setup *setup, struct gv_cli *cli,
                     const json_t *request);

#endif
