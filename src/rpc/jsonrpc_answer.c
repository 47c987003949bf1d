/* jsonrpc_answer.c - answers; see jsonrpc.h. */
#include <stdarg.h>
#include <stdlib.h>

#include "src/rpc/jsonrpc_impl.h"

#define JSON_TYPE "application/json"
#define NO_MEMORY                                                              \
    "{\"result\":null,\"error\":{\"code\":-32603,"                             \
    "\"message\":\"out of memory\"},\"id\":null}"

/* Messages quote what strangers sent, maybe cut within a character. */
static json_t *
message_string(const char *message)
{
    json_t *string = json_string(message);
    char plain[512];
    size_t n = strnlen(message, sizeof(plain) - 1);

    if (string != NULL)
        return string;
    for (size_t i = 0; i < n; i++)
        plain[i] = message[i] > 0 ? message[i] : '?';
    plain[n] = '\0';
    return json_string(plain);
}

static json_t *
error_object(int code, const char *message, json_t *data)
{
    json_t *error = json_object();

    json_object_set_new(error, "code", json_integer(code));
    json_object_set_new(error, "message", message_string(message));
    if (data != NULL)
        json_object_set_new(error, "data", data);
    return error;
}

/* In 1.0 both result and error are there, one of them null. */
/* Takes result and error; the response object of one call. */
static json_t *
make_response(bool v2, json_t *id, json_t *result, json_t *error)
{
    json_t *response = json_object();

    if (v2)
        json_object_set_new(response, "jsonrpc", json_string("2.0"));
    if (!v2 || error == NULL)
        json_object_set(response, "result",
                        result != NULL ? result : json_null());
    if (!v2 || error != NULL)
        json_object_set(response, "error", error != NULL ? error : json_null());
    json_object_set(response, "id", id != NULL ? id : json_null());
    json_decref(result);
    json_decref(error);
    return response;
}

static void
reply_json(struct gv_http_request *request, int status, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    size_t len;

    if (text == NULL) {
        gv_http_reply(request, 200, JSON_TYPE,
                      gv_bytes(NO_MEMORY, sizeof(NO_MEMORY) - 1));
        return;
    }
    len = strlen(text);
    text[len++] = '\n'; /* in place of the NUL: the length is given */
    gv_http_reply(request, status, JSON_TYPE, gv_bytes(text, len));
    free(text);
}

void
rpc_refuse(struct gv_http_request *request, int status, int code,
           const char *message)
{
    json_t *response =
        make_response(true, NULL, NULL, error_object(code, message, NULL));

    reply_json(request, status, response);
    json_decref(response);
}

static void
free_set(struct rpc_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        json_decref(set->calls[i].params);
        json_decref(set->calls[i].id);
        json_decref(set->calls[i].answer);
    }
    pthread_mutex_destroy(&set->lock);
    free(set);
}

static void
reply_set(struct rpc_set *set)
{
    const struct gv_rpc_call *first = &set->calls[0];
    json_t *all;

    if (!set->batch && first->answer != NULL) {
        reply_json(set->request, first->http_status, first->answer);
        return;
    }
    all = json_array();
    for (size_t i = 0; i < set->n; i++) {
        if (set->calls[i].answer != NULL)
            json_array_append(all, set->calls[i].answer);
    }
    if (json_array_size(all) == 0)
        gv_http_reply(set->request, 204, NULL, gv_bytes(NULL, 0));
    else
        reply_json(set->request, 200, all);
    json_decref(all);
}

void
rpc_set_done(struct rpc_set *set)
{
    size_t left;

    pthread_mutex_lock(&set->lock);
    left = --set->left;
    pthread_mutex_unlock(&set->lock);
    if (left > 0)
        return;
    reply_set(set);
    free_set(set);
}

/* A notification (2.0 without id) gets no answer, unless it is no call. */
static struct gv_rpc_answer *
answer(struct gv_rpc_call *call, json_t *result, json_t *error)
{
    struct gv_rpc_answer *token = &call->set->rpc->token;

    if (call->v2 && call->id == NULL && call->method != NULL) {
        json_decref(result);
        json_decref(error);
    } else {
        call->answer = make_response(call->v2, call->id, result, error);
    }
    rpc_set_done(call->set);
    return token;
}

struct gv_rpc_answer *
gv_rpc_ok(struct gv_rpc_call *call, json_t *result)
{
    if (result == NULL)
        return gv_rpc_error(call, GV_RPC_INTERNAL, "out of memory");
    return answer(call, result, NULL);
}

struct gv_rpc_answer *
gv_rpc_error_data(struct gv_rpc_call *call, int code, const char *message,
                  json_t *data)
{
    if (code == GV_RPC_METHOD)
        call->http_status = 404;
    else if (code == GV_RPC_FORBIDDEN)
        call->http_status = 403;
    else if (code == GV_RPC_REQUEST)
        call->http_status = 400;
    return answer(call, NULL, error_object(code, message, data));
}

struct gv_rpc_answer *
gv_rpc_error(struct gv_rpc_call *call, int code, const char *format, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(message, sizeof(message), format, ap);
    va_end(ap);
    return gv_rpc_error_data(call, code, message, NULL);
}

struct gv_rpc_answer *
gv_rpc_invalid(struct gv_rpc_call *call)
{
    return gv_rpc_error_data(call, GV_RPC_PARAMS, call->problem, NULL);
}

struct gv_rpc_answer *
gv_rpc_bad_param(struct gv_rpc_call *call, const char *name,
                 const char *expected)
{
    return gv_rpc_error(call, GV_RPC_PARAMS, "%s: expected %s", name, expected);
}

struct gv_rpc_answer *
gv_rpc_pending(struct gv_rpc_call *call)
{
    /* The call may already have been answered and freed. */
    return (struct gv_rpc_answer *)call;
}

void
gv_rpc_set_header(struct gv_rpc_call *call, const char *name, const char *value)
{
    pthread_mutex_lock(&call->set->lock);
    gv_http_set_header(call->set->request, name, value);
    pthread_mutex_unlock(&call->set->lock);
}
