/*
 * submit.h - a client of nodes' submit sockets (docs/spec/network.md, N29): one
 * request and its reply over a connection of its own, with a CURVE key that is
 * made for it and forgotten after it, so that nothing ties two requests
 * together.
 *
 * Thread-safety: one thread at a time per client; one client per process
 * (libzmq 4.3.4 is not safe with several contexts that use CURVE).
 */
#ifndef GAVEL_CLIENT_SUBMIT_H
#define GAVEL_CLIENT_SUBMIT_H

#include "src/base/error.h"
#include "src/net/message.h"
#include "src/net/netkey.h"

struct gv_submitter;

/* proxy: "socks5://HOST:PORT" through which all connections go, or NULL. NULL
 * with e set. */
struct gv_submitter *gv_submitter_new(const char *proxy, struct gv_error *e);
void gv_submitter_free(struct gv_submitter *s);

struct gv_submit_reply {
    uint8_t *body; /* heap; m borrows from it */
    struct gv_msg m;
};

/* Ask the node at this place, whose key is known: m is SUBMIT or GETTIPS.
 * GV_OK with a reply that answers m or is ERROR, to be cleared; GV_FAULT with e
 * set: no connection, no answer within timeout_ms, or one that is malformed. */
enum gv_rc gv_submitter_ask(struct gv_submitter *s,
                            const struct gv_net_place *node,
                            const struct gv_msg *m, unsigned timeout_ms,
                            struct gv_submit_reply *out,
                            struct gv_error *e) GV_MUST_CHECK;
void gv_submit_reply_clear(struct gv_submit_reply *r);

#endif
