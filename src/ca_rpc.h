/*
 * ca_rpc.h - the operator's side of the certification authority: see who
 * waits, decide, hand out one-time secrets, revoke (docs/spec/rpc.md).
 *
 * Thread-safety: the handlers run on the http thread; the CA locks by itself.
 */
#ifndef GAVEL_CA_RPC_H
#define GAVEL_CA_RPC_H

#include "src/rpc/jsonrpc.h"
#include "src/services.h"

/* Add the methods; without the role they answer error -27. services outlives
 * the server. GV_OK or GV_FAULT. */
enum gv_rc gv_ca_rpc_add(struct gv_rpc *rpc,
                         struct gv_services *services) GV_MUST_CHECK;

#endif
