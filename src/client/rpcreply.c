/* rpcreply.c - see rpcreply.h. */
#include "src/client/rpcreply.h"

#include <limits.h>

/* The code, or 0 when it is missing or none. */
static int
code_of(const json_t *code)
{
    json_int_t n = json_integer_value(code);

    return n >= INT_MIN && n <= INT_MAX ? (int)n : 0;
}

static void
read_error(const json_t *from, struct gv_rpcclient_error *error)
{
    const char *message = json_string_value(json_object_get(from, "message"));

    error->code = code_of(json_object_get(from, "code"));
    error->data = json_incref(json_object_get(from, "data"));
    gv_error_set(&error->e, "%s", message != NULL ? message : "unknown error");
}

enum gv_rc
gv_rpcreply_read(struct gv_bytes body, json_t **result,
                 struct gv_rpcclient_error *error)
{
    json_error_t where;
    json_t *json = json_loadb((const char *)body.p, body.len, 0, &where);
    const json_t *failure = json_object_get(json, "error");
    json_t *found = json_object_get(json, "result");
    enum gv_rc rc = GV_ABSENT;

    if (json_is_object(failure)) {
        read_error(failure, error);
        rc = GV_REJECT;
    } else if (found != NULL) {
        *result = json_incref(found);
        rc = GV_OK;
    }
    json_decref(json);
    return rc;
}
