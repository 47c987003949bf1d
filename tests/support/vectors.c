/* vectors.c - finding and reading the published vectors. */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

uint8_t *
support_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data;
    long size;

    if (f == NULL)
        support_die("cannot open %s", path);
    if (fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 ||
        fseek(f, 0, SEEK_SET) != 0)
        support_die("cannot size %s", path);
    data = malloc((size_t)size + 1);
    if (data == NULL)
        support_die("no memory for %s", path);
    *len = fread(data, 1, (size_t)size, f);
    if (*len != (size_t)size)
        support_die("cannot read %s", path);
    data[*len] = '\0';
    fclose(f);
    return data;
}

bool
support_vector(const char *name, char path[PATH_MAX])
{
    const char *shared = getenv("GAVEL_SHARED");
    int n = snprintf(path, PATH_MAX, "%s/vectors/%s",
                     shared != NULL ? shared : "../shared", name);

    if (n < 0 || n >= PATH_MAX)
        support_die("GAVEL_SHARED is too long");
    if (access(path, R_OK) == 0)
        return true;
    printf("SKIP: no %s\n", path);
    return false;
}

json_t *
support_vector_json(const char *name)
{
    char path[PATH_MAX];
    json_error_t error;
    json_t *json;

    if (!support_vector(name, path))
        return NULL;
    json = json_load_file(path, 0, &error);
    if (json == NULL)
        support_die("%s:%d: %s", path, error.line, error.text);
    return json;
}

const char *
support_json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text == NULL)
        support_die("no text \"%s\" in the JSON object", key);
    return text;
}

uint64_t
support_json_u64(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    if (!json_is_integer(v) || json_integer_value(v) < 0)
        support_die("no whole number \"%s\" in the JSON object", key);
    return (uint64_t)json_integer_value(v);
}
