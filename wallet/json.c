/* json.c - reading the members of a node's answers (wallet/json.h). */
#include "wallet/json.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

const char *
gv_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

uint64_t
gv_json_u64(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    unsigned long long n;
    char *end;

    if (json_is_integer(v))
        return json_integer_value(v) < 0 ? 0 : (uint64_t)json_integer_value(v);
    if (!json_is_string(v) || json_string_value(v)[0] < '0' ||
        json_string_value(v)[0] > '9')
        return 0;
    errno = 0;
    n = strtoull(json_string_value(v), &end, 10);
    return errno == 0 && *end == '\0' ? n : 0;
}

bool
gv_json_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

bool
gv_json_hex(const json_t *object, const char *key, void *out, size_t len)
{
    const json_t *v = json_object_get(object, key);

    return json_is_string(v) &&
           gv_unhex(json_string_value(v), out, len) == GV_OK;
}

uint8_t *
gv_json_blob(const json_t *object, const char *key, size_t *len)
{
    const json_t *v = json_object_get(object, key);
    size_t n = json_string_length(v) / 2;
    uint8_t *out;

    if (!json_is_string(v) || n == 0)
        return NULL;
    out = malloc(n);
    if (out == NULL || gv_unhex(json_string_value(v), out, n) != GV_OK) {
        free(out);
        return NULL;
    }
    *len = n;
    return out;
}

json_t *
gv_json_from_u64(uint64_t v)
{
    char text[24];

    if (v <= INT64_MAX)
        return json_integer((json_int_t)v);
    snprintf(text, sizeof(text), "%" PRIu64, v);
    return json_string(text);
}

json_t *
gv_json_from_hex(const void *p, size_t len)
{
    char *hex = malloc(2 * len + 1);
    json_t *out = hex == NULL ? NULL : json_string(gv_hex(p, len, hex));

    free(hex);
    return out;
}

static void
wiping_free(void *p)
{
    if (p != NULL)
        gv_wipe(p, malloc_usable_size(p));
    free(p);
}

void
gv_json_wipe_memory(void)
{
    json_set_alloc_funcs(malloc, wiping_free);
}
