/*
 * certificate.h - a certificate that the wallet lost, from the CA that issued
 * it (docs/spec/ttp.md, T14; docs/spec/wallet.md, W7).
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_CERTIFICATE_H
#define GAVEL_WALLET_CERTIFICATE_H

#include "wallet/cli.h"
#include "wallet/est.h"

/* The CA's address: of --ca, else what the node names. NULL: neither says, or
 * after printing, with *code set. */
const char *gv_certificate_ca(struct gv_cli *cli, int *code);

/* Fetch the certificate of id, a certified identity of the wallet, into the
 * wallet; an identity without a name of its own ("identity-N") takes that of
 * the certificate, also in *id. GV_OK; GV_ABSENT: the CA has none for these
 * keys; GV_REJECT, GV_FAULT with e set. Saving is the caller's. */
enum gv_rc gv_certificate_again(struct gv_cli *cli, struct gv_est_client *est,
                                struct gv_persona *id,
                                struct gv_error *e) GV_MUST_CHECK;

#endif
