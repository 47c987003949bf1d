/*
 * web_work.h - a thread that runs the calls of the page, one at a time: one
 * with the wallet, and one that only asks the node, so that the page stays
 * alive while the wallet is busy.
 *
 * Thread-safety: new, start, stop and free from one thread; the rest from any.
 */
#ifndef GAVEL_WALLET_WEB_WORK_H
#define GAVEL_WALLET_WEB_WORK_H

#include "src/rpc/http.h"
#include "wallet/cli.h"

struct gv_web_work;

/* cli is the thread's own from start to free, and must outlive it. pass: of the
 * wallet that the page may make, or NULL; copied. NULL with e set. */
struct gv_web_work *gv_web_work_new(struct gv_cli *cli,
                                    const struct gv_passphrase *pass,
                                    struct gv_error *e);
enum gv_rc gv_web_work_start(struct gv_web_work *w,
                             struct gv_error *e) GV_MUST_CHECK;

/* Run a call and answer the request with what came of it; takes both. Too many
 * waiting, or stopped: answers 503. */
void gv_web_work_ask(struct gv_web_work *w, struct gv_http_request *request,
                     json_t *call);

/* {"busy", "call", "step", "since_ms", "waiting"}: what it does now. */
json_t *gv_web_work_progress(struct gv_web_work *w);

/* The wallet as it is after the newest call: {"exists", "network", "as" (of
 * --as, absent if not given), "identities": [{name, key, certified, valid,
 * not_after_ms, waiting}], "bids": {id: {auction, amount, state, placed_ms}},
 * "sells": [auction]}: those that pseudonyms of it sell. */
json_t *gv_web_work_wallet(struct gv_web_work *w);

/* Take no more calls, answer the waiting ones with 503, make the running one
 * fail at its next question to the node, and wait for it. */
void gv_web_work_stop(struct gv_web_work *w);
/* Stops if need be. */
void gv_web_work_free(struct gv_web_work *w);

#endif
