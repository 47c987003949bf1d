/*
 * rpcclient.h - calls to a node's JSON-RPC, blocking, over one keep-alive
 * connection.
 *
 * A node is reached by http:// on this machine, or by https:// (--rpc-tls-bind
 * of gaveld), where its certificate must lead to the network's root.
 *
 * The login is read from the node's cookie file at the first call and again
 * whenever the node answers 401 (it makes a new one at each start). A call
 * may be sent twice if the connection breaks before a reply; the node's
 * methods are safe to repeat.
 *
 * Thread-safety: one thread at a time per client, except
 * gv_rpcclient_interrupt; take one client per thread.
 */
#ifndef GAVEL_CLIENT_RPCCLIENT_H
#define GAVEL_CLIENT_RPCCLIENT_H

#include <gavel/types.h>
#include <jansson.h>

#include "src/base/error.h"

struct gv_rpcclient;

struct gv_rpcclient_options {
    const char *node; /* "http://127.0.0.1:PORT", or https:// */
    /* For https://: PEM of the root that the node's certificate must lead to,
     * and, for a node that asks for one, files of a client certificate (with
     * its issuers) and its unencrypted key. */
    struct gv_bytes roots;
    const char *cert_file, *key_file;
    const char *cookie;  /* path of the cookie file, or NULL */
    const char *login;   /* "user:password" in place of a cookie, or NULL */
    unsigned timeout_ms; /* of a call; 0: 30 s */
};

/* Of a failed call. code is the JSON-RPC error code, or 0 if there was none;
 * data is error.data or NULL. */
struct gv_rpcclient_error {
    struct gv_error e; /* always a line for people */
    int code;
    json_t *data;
};
void gv_rpcclient_error_clear(struct gv_rpcclient_error *error);

/* Does not connect yet. NULL with e set. */
struct gv_rpcclient *
gv_rpcclient_new(const struct gv_rpcclient_options *options,
                 struct gv_error *e);
void gv_rpcclient_free(struct gv_rpcclient *client);

/* Call a method. params: an array or object, or NULL for none; its reference
 * is taken. *result gets a new reference.
 *
 * GV_OK; GV_REJECT if the node answered with an error (code, data set);
 * GV_FAULT if there was no proper answer: node not reachable ("cannot reach
 * node at URL: Connection refused; is gaveld running?"), cookie missing or
 * refused, timeout, no JSON. error must be zeroed before its first use and
 * cleared after the last; each call clears it first. */
enum gv_rc gv_rpcclient_call(struct gv_rpcclient *client, const char *method,
                             json_t *params, json_t **result,
                             struct gv_rpcclient_error *error) GV_MUST_CHECK;

/* From any thread: make the running and all later calls fail at once. */
void gv_rpcclient_interrupt(struct gv_rpcclient *client);

#endif
