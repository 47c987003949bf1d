/*
 * dating.h - a BID or CLOSE dated by an auction's blind authorities
 * (docs/spec/consensus.md R5, docs/spec/wallet.md W61): all of them are asked
 * at once, by connections that name nobody, and each token is verified as
 * consensus will before it is used.
 *
 * Thread-safety: one thread at a time; it asks on threads of its own.
 */
#ifndef GAVEL_WALLET_DATING_H
#define GAVEL_WALLET_DATING_H

#include "src/client/rpcclient.h"
#include "wallet/auction.h"

/* Hands in the transaction with these STAMPs, each as b32: as
 * gv_publish_stamped. */
typedef enum gv_rc gv_dating_send(struct gv_cli *cli,
                                  const struct gv_auction *a,
                                  struct gv_bytes tx, struct gv_bytes stamps,
                                  json_t **result,
                                  struct gv_rpcclient_error *error);

/* Have tx, a BID or CLOSE, dated, and send it when f + 1 authorities have done
 * so, and once more with the stamps of the others that come within 3 s. *result
 * is the last answer, a new reference. Who gave no good token is told on
 * stderr, with the reason. GV_REJECT with error->code 0: fewer than f + 1 gave
 * one and nothing was sent; else results as of send. proxy:
 * "socks5://HOST:PORT" that leads to the authorities, or NULL. */
struct gv_dating {
    const char *proxy;
    gv_dating_send *send;
};
enum gv_rc gv_dating_run(struct gv_cli *cli, const struct gv_auction *a,
                         const struct gv_dating *how, struct gv_bytes tx,
                         json_t **result,
                         struct gv_rpcclient_error *error) GV_MUST_CHECK;

#endif
