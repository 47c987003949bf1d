/*
 * jsonrpc_impl.h - what the parts of JSON-RPC share.
 *
 * jsonrpc.c         table, requests, batches, help
 * jsonrpc_param.c   parameters
 * jsonrpc_answer.c  answers
 *
 * A POST is a set of calls (one, unless it is a batch). Its calls may be
 * answered by several threads; the last one sends the reply.
 */
#ifndef GAVEL_RPC_JSONRPC_IMPL_H
#define GAVEL_RPC_JSONRPC_IMPL_H

#include <pthread.h>

#include "src/rpc/jsonrpc.h"

/* The token: a handler can only get its address from an answer. */
struct gv_rpc_answer {
    char unused;
};

struct rpc_entry {
    const struct gv_rpc_method *method;
    void *ctx;
};

struct gv_rpc {
    struct gv_rpc_options options;
    struct rpc_entry *entries;
    size_t n_entries;
    struct gv_rpc_answer token;
};

#define RPC_PROBLEM_MAX 256

struct gv_rpc_call {
    struct rpc_set *set;
    const struct gv_rpc_method *method;
    json_t *params;                /* object: name -> value; owned */
    json_t *id;                    /* owned; NULL: none was given */
    bool v2;                       /* answer in the shape of 2.0 */
    char problem[RPC_PROBLEM_MAX]; /* what was wrong with a parameter */
    json_t *answer;                /* owned; the whole response object */
    int http_status;
};

struct rpc_set {
    struct gv_rpc *rpc;
    struct gv_http_request *request;
    enum gv_auth_role role;
    char user[GV_AUTH_USER_MAX + 1];
    bool batch;
    pthread_mutex_t lock; /* left, answers, headers of the request */
    size_t left;          /* calls without answer, + 1 while being read */
    size_t n;
    struct gv_rpc_call calls[];
};

/* One call fewer to wait for; at zero the reply goes out and the set ends. */
void rpc_set_done(struct rpc_set *set);

/* Put params (array, object or NULL) into call->params by name. False with
 * call->problem set. */
bool rpc_params_bind(struct gv_rpc_call *call, json_t *params);

/* An error response before there is a set; takes the request. */
void rpc_refuse(struct gv_http_request *request, int status, int code,
                const char *message);

#endif
