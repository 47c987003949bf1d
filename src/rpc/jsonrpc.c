/* jsonrpc.c - the table, requests and batches; see jsonrpc.h. */
#include "src/rpc/jsonrpc.h"

#include <assert.h>
#include <stdlib.h>

#include "src/rpc/jsonrpc_impl.h"

#define DEFAULT_MAX_BATCH 100
#define METHOD_NAME_SHOWN 60

static gv_rpc_handler help;

static const struct gv_rpc_method help_method[] = {
    {"help", "method?",
     "List the methods, or explain one.\n"
     "method: its name. Result: a text.",
     help, GV_AUTH_MINER}};

static const struct rpc_entry *
find_method(const struct gv_rpc *rpc, const char *name)
{
    for (size_t i = 0; i < rpc->n_entries; i++) {
        if (strcmp(rpc->entries[i].method->name, name) == 0)
            return &rpc->entries[i];
    }
    return NULL;
}

struct gv_rpc *
gv_rpc_new(const struct gv_rpc_options *options)
{
    struct gv_rpc *rpc = calloc(1, sizeof(*rpc));

    if (rpc == NULL)
        return NULL;
    rpc->options = *options;
    if (rpc->options.max_batch == 0)
        rpc->options.max_batch = DEFAULT_MAX_BATCH;
    if (gv_rpc_add(rpc, help_method, 1, rpc) != GV_OK) {
        gv_rpc_free(rpc);
        return NULL;
    }
    return rpc;
}

enum gv_rc
gv_rpc_add(struct gv_rpc *rpc, const struct gv_rpc_method *methods, size_t n,
           void *ctx)
{
    struct rpc_entry *grown =
        realloc(rpc->entries, (rpc->n_entries + n) * sizeof(*grown));

    if (grown == NULL)
        return GV_FAULT;
    rpc->entries = grown;
    for (size_t i = 0; i < n; i++) {
        assert(find_method(rpc, methods[i].name) == NULL);
        rpc->entries[rpc->n_entries++] = (struct rpc_entry){&methods[i], ctx};
    }
    return GV_OK;
}

void
gv_rpc_free(struct gv_rpc *rpc)
{
    if (rpc == NULL)
        return;
    free(rpc->entries);
    free(rpc);
}

/* --- help --- */

static struct gv_rpc_answer *
help_one(struct gv_rpc *rpc, struct gv_rpc_call *call, const char *name)
{
    const struct rpc_entry *entry = find_method(rpc, name);

    if (entry == NULL)
        return gv_rpc_bad_param(call, "method", "a method that help lists");
    return gv_rpc_ok(call,
                     json_sprintf("%s %s\n%s", entry->method->name,
                                  entry->method->params, entry->method->help));
}

static struct gv_rpc_answer *
help(void *ctx, struct gv_rpc_call *call)
{
    struct gv_rpc *rpc = ctx;
    const char *name = NULL;
    char *text = NULL;
    size_t len = 0;
    json_t *result;
    FILE *out;

    if (!gv_rpc_string(call, "method", METHOD_NAME_SHOWN, &name))
        return gv_rpc_invalid(call);
    if (name != NULL)
        return help_one(rpc, call, name);
    out = open_memstream(&text, &len);
    if (out == NULL)
        return gv_rpc_ok(call, NULL);
    for (size_t i = 0; i < rpc->n_entries; i++) {
        const struct gv_rpc_method *method = rpc->entries[i].method;

        fprintf(out, "%s%s%s\n    %.*s\n", method->name,
                *method->params != '\0' ? " " : "", method->params,
                (int)strcspn(method->help, "\n"), method->help);
    }
    fclose(out);
    result = json_string(text);
    free(text);
    return gv_rpc_ok(call, result);
}

/* --- calls --- */

/* Everything before the handler. NULL: it was answered with an error. */
static const struct rpc_entry *
prepare(struct gv_rpc_call *call, json_t *request)
{
    const struct rpc_set *set = call->set;
    const struct rpc_entry *entry;
    const char *name;

    call->v2 = json_is_string(json_object_get(request, "jsonrpc")) &&
               strcmp(json_string_value(json_object_get(request, "jsonrpc")),
                      "2.0") == 0;
    call->id = json_incref(json_object_get(request, "id"));
    if (call->id != NULL && !json_is_string(call->id) &&
        !json_is_number(call->id) && !json_is_null(call->id)) {
        (void)gv_rpc_error(call, GV_RPC_REQUEST,
                           "id: expected a string, a number or null");
        return NULL;
    }
    name = json_string_value(json_object_get(request, "method"));
    if (name == NULL) {
        (void)gv_rpc_error(call, GV_RPC_REQUEST, "%s",
                           json_is_object(request)
                               ? "method: expected a string"
                               : "a call must be an object");
        return NULL;
    }
    entry = find_method(set->rpc, name);
    if (entry == NULL) {
        (void)gv_rpc_error(call, GV_RPC_METHOD,
                           "%.*s: no such method; help lists them",
                           METHOD_NAME_SHOWN, name);
        return NULL;
    }
    if (set->role < entry->method->role) {
        (void)gv_rpc_error(call, GV_RPC_FORBIDDEN,
                           "%s: not allowed for this login", name);
        return NULL;
    }
    call->method = entry->method;
    if (!rpc_params_bind(call, json_object_get(request, "params"))) {
        (void)gv_rpc_invalid(call);
        return NULL;
    }
    return entry;
}

static void
run(struct gv_rpc_call *call, json_t *request)
{
    const struct rpc_entry *entry = prepare(call, request);
    const struct gv_rpc *rpc = call->set->rpc;
    struct gv_rpc_answer *answer;

    if (entry == NULL)
        return;
    answer = entry->method->handle(entry->ctx, call);
    /* Pending: call may be gone by now, its address still proves. */
    assert(answer == &rpc->token || answer == (void *)call);
    (void)answer;
    (void)rpc;
}

static struct rpc_set *
make_set(struct gv_rpc *rpc, struct gv_http_request *request, size_t n)
{
    struct rpc_set *set =
        calloc(1, sizeof(*set) + n * sizeof(struct gv_rpc_call));

    if (set == NULL)
        return NULL;
    pthread_mutex_init(&set->lock, NULL);
    set->rpc = rpc;
    set->request = request;
    set->n = n;
    set->left = n + 1;
    for (size_t i = 0; i < n; i++) {
        set->calls[i].set = set;
        set->calls[i].http_status = 200;
    }
    return set;
}

/* False: nobody; the request has been answered. */
static bool
log_in(struct gv_rpc *rpc, struct gv_http_request *request,
       enum gv_auth_role *role, char user[GV_AUTH_USER_MAX + 1])
{
    const char *header = gv_http_header(request, "Authorization");

    *role = GV_AUTH_ADMIN;
    user[0] = '\0';
    if (rpc->options.auth == NULL)
        return true;
    *role = gv_auth_check(rpc->options.auth, header, user);
    if (*role != GV_AUTH_NOBODY)
        return true;
    if (header != NULL) {
        gv_log_warn(rpc->options.log, "rpc", "wrong login",
                    GV_S("peer", gv_http_peer(request)));
        gv_http_delay(request, GV_AUTH_DELAY_MS);
    }
    gv_http_set_header(request, "WWW-Authenticate", GV_AUTH_CHALLENGE);
    gv_http_reply_text(request, 401, "A login is needed.");
    return false;
}

static json_t *
parse(struct gv_http_request *request)
{
    struct gv_bytes body = gv_http_body(request);
    json_error_t where;
    json_t *json = json_loadb((const char *)body.p, body.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    char message[RPC_PROBLEM_MAX];

    if (json == NULL) {
        snprintf(message, sizeof(message),
                 "the body is not JSON: line %d, column %d: %.120s", where.line,
                 where.column, where.text);
        rpc_refuse(request, 400, GV_RPC_PARSE, message);
    }
    return json;
}

void
gv_rpc_http(void *ctx, struct gv_http_request *request)
{
    struct gv_rpc *rpc = ctx;
    char user[GV_AUTH_USER_MAX + 1];
    enum gv_auth_role role;
    struct rpc_set *set;
    json_t *json;
    size_t n;

    if (strcmp(gv_http_method(request), "POST") != 0) {
        gv_http_reply_text(request, 405, "JSON-RPC is spoken by POST.");
        return;
    }
    if (!log_in(rpc, request, &role, user) || (json = parse(request)) == NULL)
        return;
    n = json_is_array(json) ? json_array_size(json) : 1;
    set =
        n > 0 && n <= rpc->options.max_batch ? make_set(rpc, request, n) : NULL;
    if (set == NULL) {
        rpc_refuse(request, 400, GV_RPC_REQUEST,
                   "a batch is empty or holds too many calls");
    } else {
        set->role = role;
        set->batch = json_is_array(json);
        memcpy(set->user, user, sizeof(user));
        for (size_t i = 0; i < n; i++)
            run(&set->calls[i], set->batch ? json_array_get(json, i) : json);
        rpc_set_done(set);
    }
    json_decref(json);
}

const struct gv_http_request *
gv_rpc_http_request(const struct gv_rpc_call *call)
{
    return call->set->request;
}

const char *
gv_rpc_user(const struct gv_rpc_call *call)
{
    return call->set->user;
}
