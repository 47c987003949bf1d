/*
 * jsonrpc.h - JSON-RPC 2.0, and 1.0 as bitcoind and stock miners speak it,
 * over POST: methods as a table, parameters with names and ranges, answers
 * now or later.
 *
 * A handler is called on the http thread with a struct gv_rpc_call that it
 * must answer exactly once, by gv_rpc_ok or one of the gv_rpc_error calls,
 * from any thread. What it returns proves that it did, or that it kept the
 * call for later (gv_rpc_pending): only these functions make a
 * struct gv_rpc_answer *.
 *
 *     static struct gv_rpc_answer *
 *     getblock(void *ctx, struct gv_rpc_call *call)
 *     {
 *         struct gv_block_id id;
 *         uint64_t verbosity = 1;
 *
 *         if (!gv_rpc_hex(call, "block", id.b, sizeof(id.b)) ||
 *             !gv_rpc_u64(call, "verbosity", 0, 2, &verbosity))
 *             return gv_rpc_invalid(call);
 *         ...
 *         return gv_rpc_ok(call, result);
 *     }
 *
 * To answer from another thread: put the call into a message, post it, and
 * return gv_rpc_pending(call); if the post fails (use gv_mailbox_offer)
 * answer gv_rpc_error(call, GV_RPC_BUSY, ...). The message's destroy function
 * must answer too (GV_RPC_STOPPING), so that no call is ever lost.
 *
 * HTTP status: 200 with a result or an error, 404 for an unknown method (or
 * stock miners never fall back to getwork), 400 for what is no JSON or no
 * request, 403 for a method the login may not call, 401 without login, 405
 * for GET, never 500. A batch is 200; a batch or call made only of
 * notifications (2.0 without id) is 204 with nothing.
 *
 * A call with "jsonrpc":"2.0" is answered in that shape, any other in the
 * shape of 1.0 (result, error and id all present).
 *
 * Thread-safety: the table is const once made. A call belongs to one thread
 * at a time.
 */
#ifndef GAVEL_RPC_JSONRPC_H
#define GAVEL_RPC_JSONRPC_H

#include <gavel/types.h>
#include <jansson.h>

#include "src/base/log.h"
#include "src/rpc/auth.h"
#include "src/rpc/http.h"

struct gv_rpc;
struct gv_rpc_call;
struct gv_rpc_answer;

enum gv_rpc_code {
    GV_RPC_PARSE = -32700,
    GV_RPC_REQUEST = -32600,
    GV_RPC_METHOD = -32601,
    GV_RPC_PARAMS = -32602,
    GV_RPC_INTERNAL = -32603, /* a fault of the environment */
    /* as bitcoind where it has the like */
    GV_RPC_NOT_FOUND = -5,
    GV_RPC_BUSY = -10,     /* too much queued, or still starting: try later */
    GV_RPC_REJECTED = -26, /* well-formed, but against the rules; the reason
                            * is in error.data.reason */
    GV_RPC_STOPPING = -28,
    GV_RPC_FORBIDDEN = -32604
};

typedef struct gv_rpc_answer *gv_rpc_handler(void *ctx,
                                             struct gv_rpc_call *call);

/* params: names in positional order, separated by one blank, '?' behind
 * optional ones: "auction cursor? limit?". Optional ones come last. Unknown
 * names, surplus positions and missing ones are refused before the handler
 * runs; JSON null counts as missing. */
struct gv_rpc_method {
    const char *name;
    const char *params;
    const char *help; /* first line: what it does; then details */
    gv_rpc_handler *handle;
    enum gv_auth_role role; /* least role that may call it */
};

struct gv_rpc_options {
    struct gv_log *log;
    struct gv_auth *auth; /* NULL: everybody is admin (tests) */
    unsigned max_batch;   /* calls in a batch; 0: 100 */
};

/* Add "help" by itself. Tables must outlive it. NULL if memory is out. */
struct gv_rpc *gv_rpc_new(const struct gv_rpc_options *options);

/* Add methods; ctx is what their handlers get. Only before the first call.
 * A name must not be there twice (asserted). GV_OK or GV_FAULT. */
enum gv_rc gv_rpc_add(struct gv_rpc *rpc, const struct gv_rpc_method *methods,
                      size_t n, void *ctx) GV_MUST_CHECK;

/* After the http server has been freed. */
void gv_rpc_free(struct gv_rpc *rpc);

/* The route's handler, with the gv_rpc as ctx: {"*", "/", gv_rpc_http, rpc}.
 * May be on several paths, see gv_rpc_http_request. */
gv_http_handler gv_rpc_http;

/* --- what a handler asks its call --- */

/* Parameters by name. True: found and right, or optional and missing (then
 * *out is untouched, so preset it). False: wrong; return gv_rpc_invalid(call),
 * which names the parameter, what was given and what is accepted. */
bool gv_rpc_has(const struct gv_rpc_call *call, const char *name);
bool gv_rpc_u64(struct gv_rpc_call *call, const char *name, uint64_t min,
                uint64_t max, uint64_t *out);
bool gv_rpc_bool(struct gv_rpc_call *call, const char *name, bool *out);
/* Borrowed, as long as the call. Without NUL inside; at most max bytes. */
bool gv_rpc_string(struct gv_rpc_call *call, const char *name, size_t max,
                   const char **out);
/* Exactly 2 * len hex digits into out. */
bool gv_rpc_hex(struct gv_rpc_call *call, const char *name, void *out,
                size_t len);
/* 1..max bytes as hex into heap memory, the caller frees *out. */
bool gv_rpc_blob(struct gv_rpc_call *call, const char *name, size_t max,
                 uint8_t **out, size_t *len);

/* For getwork and long-polling: path, headers, peer and connection of the
 * HTTP request. Valid until the call is answered. Not for answering. */
const struct gv_http_request *
gv_rpc_http_request(const struct gv_rpc_call *call);
/* Login name, as "__cookie__". */
const char *gv_rpc_user(const struct gv_rpc_call *call);

/* --- answers: each takes the call --- */

/* Takes the reference of result; NULL means out of memory and answers
 * GV_RPC_INTERNAL. */
struct gv_rpc_answer *gv_rpc_ok(struct gv_rpc_call *call, json_t *result);

struct gv_rpc_answer *gv_rpc_error(struct gv_rpc_call *call, int code,
                                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* With error.data; takes the reference of data (may be NULL). */
struct gv_rpc_answer *gv_rpc_error_data(struct gv_rpc_call *call, int code,
                                        const char *message, json_t *data);

/* After a parameter function was false. */
struct gv_rpc_answer *gv_rpc_invalid(struct gv_rpc_call *call);

/* For checks of the handler's own: "limit: expected ..." as GV_RPC_PARAMS. */
struct gv_rpc_answer *gv_rpc_bad_param(struct gv_rpc_call *call,
                                       const char *name, const char *expected);

/* The call was handed on and will be answered. */
struct gv_rpc_answer *gv_rpc_pending(struct gv_rpc_call *call);

/* Before the answer: a response header, as X-Long-Polling, X-Reject-Reason.
 * In a batch the last one set wins. */
void gv_rpc_set_header(struct gv_rpc_call *call, const char *name,
                       const char *value);

#endif
