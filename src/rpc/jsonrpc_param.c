/* jsonrpc_param.c - parameters of a call; see jsonrpc.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "src/rpc/jsonrpc_impl.h"

#define VALUE_SHOWN 40

static bool __attribute__((format(printf, 2, 3)))
problem(struct gv_rpc_call *call, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(call->problem, sizeof(call->problem), format, ap);
    va_end(ap);
    return false;
}

/* One name of a method's params. */
struct spec {
    const char *name;
    size_t len;
    bool optional;
};

/* The next name of the list at *params; false at its end. */
static bool
next_spec(const char **params, struct spec *spec)
{
    const char *p = *params + strspn(*params, " ");
    size_t len = strcspn(p, " ");

    *params = p + len;
    spec->name = p;
    spec->optional = len > 0 && p[len - 1] == '?';
    spec->len = len - spec->optional;
    return len > 0;
}

static bool
is_known(const char *params, const char *name)
{
    struct spec spec;

    while (next_spec(&params, &spec)) {
        if (strlen(name) == spec.len && !memcmp(name, spec.name, spec.len))
            return true;
    }
    return false;
}

/* Positions become names. */
static bool
bind_array(struct gv_rpc_call *call, const json_t *array)
{
    const char *params = call->method->params;
    struct spec spec;
    char name[64];
    size_t i = 0;

    while (i < json_array_size(array) && next_spec(&params, &spec)) {
        snprintf(name, sizeof(name), "%.*s", (int)spec.len, spec.name);
        json_object_set(call->params, name, json_array_get(array, i++));
    }
    if (i == json_array_size(array))
        return true;
    return problem(call, "%zu parameters given: expected %s%s",
                   json_array_size(array), i == 0 ? "none" : "",
                   call->method->params);
}

static bool
bind_object(struct gv_rpc_call *call, json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (!is_known(call->method->params, name))
            return problem(call, "%.40s: no such parameter: expected %s%s",
                           name, *call->method->params == '\0' ? "none" : "",
                           call->method->params);
        json_object_set(call->params, name, value);
    }
    return true;
}

bool
rpc_params_bind(struct gv_rpc_call *call, json_t *params)
{
    const char *specs = call->method->params;
    bool good = true;
    struct spec spec;

    call->params = json_object();
    if (json_is_array(params))
        good = bind_array(call, params);
    else if (json_is_object(params))
        good = bind_object(call, params);
    else if (params != NULL && !json_is_null(params))
        good = problem(call, "params: expected an array or an object");
    while (good && next_spec(&specs, &spec)) {
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)spec.len, spec.name);
        if (!spec.optional && !gv_rpc_has(call, name))
            good = problem(call, "%s: missing", name);
    }
    return good;
}

static json_t *
find(const struct gv_rpc_call *call, const char *name)
{
    json_t *value = json_object_get(call->params, name);

    return json_is_null(value) ? NULL : value;
}

bool
gv_rpc_has(const struct gv_rpc_call *call, const char *name)
{
    return find(call, name) != NULL;
}

/* "limit: 5000: expected ..." */
static bool __attribute__((format(printf, 4, 5)))
wrong(struct gv_rpc_call *call, const char *name, const json_t *value,
      const char *format, ...)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    char expected[128];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(expected, sizeof(expected), format, ap);
    va_end(ap);
    problem(call, "%s: %.*s%s: expected %s", name, VALUE_SHOWN,
            text != NULL ? text : "?",
            text != NULL && strlen(text) > VALUE_SHOWN ? "..." : "", expected);
    free(text);
    return false;
}

/* JSON numbers of this library are signed: above INT64_MAX a number is written
 * in digits, and below in no other way than as one (docs/spec/rpc.md, P3). */
static bool
read_number(const json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);
    json_int_t n = json_integer_value(value);
    char *end = NULL;

    if (json_is_integer(value)) {
        *out = (uint64_t)n;
        return n >= 0;
    }
    if (text == NULL || *text < '1' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end == text + json_string_length(value) &&
           *out > INT64_MAX;
}

bool
gv_rpc_u64(struct gv_rpc_call *call, const char *name, uint64_t min,
           uint64_t max, uint64_t *out)
{
    json_t *value = find(call, name);
    uint64_t n;

    if (value == NULL)
        return true;
    if (!read_number(value, &n) || n < min || n > max)
        return wrong(call, name, value,
                     "a whole number from %" PRIu64 " to %" PRIu64, min, max);
    *out = n;
    return true;
}

bool
gv_rpc_bool(struct gv_rpc_call *call, const char *name, bool *out)
{
    json_t *value = find(call, name);

    if (value == NULL)
        return true;
    if (!json_is_boolean(value))
        return wrong(call, name, value, "true or false");
    *out = json_is_true(value);
    return true;
}

bool
gv_rpc_string(struct gv_rpc_call *call, const char *name, size_t max,
              const char **out)
{
    json_t *value = find(call, name);

    if (value == NULL)
        return true;
    if (!json_is_string(value) || json_string_length(value) > max)
        return wrong(call, name, value, "a string of at most %zu bytes", max);
    *out = json_string_value(value);
    return true;
}

bool
gv_rpc_hex(struct gv_rpc_call *call, const char *name, void *out, size_t len)
{
    json_t *value = find(call, name);

    if (value == NULL)
        return true;
    if (!json_is_string(value) || json_string_length(value) != 2 * len ||
        gv_unhex(json_string_value(value), out, len) != GV_OK)
        return wrong(call, name, value, "%zu hex digits", 2 * len);
    return true;
}

bool
gv_rpc_blob(struct gv_rpc_call *call, const char *name, size_t max,
            uint8_t **out, size_t *len)
{
    json_t *value = find(call, name);
    size_t n = json_string_length(value) / 2;
    uint8_t *bytes;

    if (value == NULL)
        return true;
    if (!json_is_string(value) || n == 0 || n > max ||
        json_string_length(value) % 2 != 0)
        return wrong(call, name, value, "hex of 1 to %zu bytes", max);
    bytes = malloc(n);
    if (bytes == NULL)
        return problem(call, "%s: out of memory", name);
    if (gv_unhex(json_string_value(value), bytes, n) != GV_OK) {
        free(bytes);
        return wrong(call, name, value, "hex of 1 to %zu bytes", max);
    }
    *out = bytes;
    *len = n;
    return true;
}
