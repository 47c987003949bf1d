/*
 * publish.h - the calls that put a wallet's transactions on the ledger, for
 * commands and replay alike.
 *
 * Results: GV_OK; GV_REJECT: the node refused, error says why; GV_FAULT: no
 * proper answer, or what the node answered is wrong. The error is to be
 * cleared by the caller (gv_rpcclient_error_clear).
 *
 * Thread-safety: one client per thread.
 */
#ifndef GAVEL_WALLET_PUBLISH_H
#define GAVEL_WALLET_PUBLISH_H

#include "src/client/rpcclient.h"
#include "wallet/make.h"

/* Errors by number, docs/spec/rpc.md. */
enum gv_publish_code {
    GV_PUBLISH_WRONG_STATE = -4,
    GV_PUBLISH_UNKNOWN = -5,
    GV_PUBLISH_BUSY = -10,
    GV_PUBLISH_REJECTED = -26,
    GV_PUBLISH_NO_ROLE = -27,
    GV_PUBLISH_STOPPING = -28
};

/* getwarrant, signwarrant, submitopen, then the LIST. *id is the auction. */
enum gv_rc gv_publish_auction(struct gv_rpcclient *rpc,
                              const struct gv_signer *seller,
                              const struct gv_params *params,
                              const struct gv_make_open *what,
                              struct gv_chain_id *id,
                              struct gv_rpcclient_error *error) GV_MUST_CHECK;

/* sendrawtransaction of these bytes; one that is known already is fine. */
enum gv_rc gv_publish_tx(struct gv_rpcclient *rpc, struct gv_bytes tx,
                         struct gv_rpcclient_error *error) GV_MUST_CHECK;

/* sendrawtransaction of an ENROL; one that stands already is fine. */
enum gv_rc gv_publish_enrol(struct gv_rpcclient *rpc,
                            const struct gv_signer *signer,
                            const struct gv_chain_id *auction,
                            struct gv_rpcclient_error *error) GV_MUST_CHECK;

/* submitbid of a BID's or CLOSE's bytes, where authorities are blind (R5) with
 * its STAMPs, each as b32. *result gets a new reference. */
enum gv_rc gv_publish_stamped(struct gv_rpcclient *rpc, struct gv_bytes tx,
                              struct gv_bytes stamps, bool force,
                              json_t **result,
                              struct gv_rpcclient_error *error) GV_MUST_CHECK;

/* Was it refused only because too few authorities have stamped it yet? Then the
 * node keeps it and goes on. */
bool gv_publish_is_kept(const struct gv_rpcclient_error *error);

/* Was it refused because what it stands on, the ENROL or a block, has not come
 * to whoever stamps yet? */
bool gv_publish_is_early(const struct gv_rpcclient_error *error);

/* How long to wait before trying again after this refusal, in ms; 0: trying
 * again is of no use. */
unsigned gv_publish_retry_ms(const struct gv_rpcclient_error *error);

#endif
