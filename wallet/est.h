/*
 * est.h - the credential that comes of an enrolment (docs/spec/ttp.md): the
 * ledger has it. It is believed when the CA's ledger key signed it and the
 * root signed the CA's.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_EST_H
#define GAVEL_WALLET_EST_H

#include <gavel/cred.h>
#include <gavel/key.h>
#include <gavel/params.h>

#include "src/client/est.h"
#include "src/client/rpcclient.h"

struct gv_est_expect {
    const struct gv_params *params;
    const struct gv_keys *keys;
    struct gv_bytes der;     /* the certificate, or empty */
    struct gv_pubkey ledger; /* the key it must be for */
};

/* The credential of a ledger key from the node, checked. GV_OK; GV_ABSENT:
 * the node does not know it yet; GV_REJECT: what the node gave is wrong;
 * GV_FAULT. */
enum gv_rc gv_est_credential(struct gv_rpcclient *rpc,
                             const struct gv_est_expect *expect,
                             struct gv_cred *cred, struct gv_pubkey *issuer,
                             struct gv_error *e) GV_MUST_CHECK;

#endif
