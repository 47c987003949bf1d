/*
 * web.h - the server behind `gavel web`: a page on this machine's loopback that
 * acts by the commands of gavel (docs/spec/wallet.md, "The page").
 *
 * Paths:
 *   GET  /, /style.css, ...  the page, embedded (src/web/)
 *   POST /api/login          {"token"} of the link -> {"session"}
 *   POST /api/call           web_call.h and web_setup.h
 *   GET  /api/wallet, /api/progress   web_work.h
 * All under /api but login need the session in the header X-Gavel-Session.
 *
 * Thread-safety: open, start and close from one thread.
 */
#ifndef GAVEL_WALLET_WEB_H
#define GAVEL_WALLET_WEB_H

#include "wallet/cli.h"
#include "wallet/web_door.h"

struct gv_web;

struct gv_web_options {
    struct gv_cli *cli;               /* with the wallet open, if there is one;
                                       * the server's from start to close */
    const struct gv_passphrase *pass; /* of a wallet to be made, or NULL */
    const char *address;              /* a loopback address with a port */
    /* Told each link that opens the page once: the first by start, the next
     * when one was used, on the server's thread. */
    void (*tell_link)(void *arg, const char *link);
    void *arg;
};

/* Bind. NULL with e set. */
struct gv_web *gv_web_open(const struct gv_web_options *options,
                           struct gv_error *e);
enum gv_rc gv_web_start(struct gv_web *web, struct gv_error *e) GV_MUST_CHECK;
/* Stop if need be, and free. */
void gv_web_close(struct gv_web *web);

#endif
