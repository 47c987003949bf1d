/*
 * rpcreply.h - the reply to one JSON-RPC call, of 1.0 or 2.0, as bytes.
 *
 * Thread-safety: no shared state.
 */
#ifndef GAVEL_CLIENT_RPCREPLY_H
#define GAVEL_CLIENT_RPCREPLY_H

#include "src/client/rpcclient.h"

/* GV_OK: *result gets a new reference. GV_REJECT: it is an error, whose code,
 * message and data go to *error, which must be clear. GV_ABSENT: it is no
 * reply. */
enum gv_rc gv_rpcreply_read(struct gv_bytes body, json_t **result,
                            struct gv_rpcclient_error *error) GV_MUST_CHECK;

#endif
