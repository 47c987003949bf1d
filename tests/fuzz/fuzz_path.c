/* fuzz_path.c - the target of an HTTP request, as the server takes it to its
 * routes: a path that passes begins at the root and never leads up. */
#include "src/rpc/http_impl.h"
#include "tests/fuzz/fuzz.h"

static void
check(const char *path)
{
    fuzz_must(path[0] == '/');
    while (path != NULL) {
        size_t len = strcspn(++path, "/");

        fuzz_must(!(len == 1 && path[0] == '.'));
        fuzz_must(!(len == 2 && path[0] == '.' && path[1] == '.'));
        path = strchr(path, '/');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size), *path;
    struct evhttp_uri *uri =
        evhttp_uri_parse_with_flags(text, EVHTTP_URI_NONCONFORMANT);

    path = http_request_path(uri);
    if (path != NULL)
        check(path);
    free(path);
    if (uri != NULL)
        evhttp_uri_free(uri);
    free(text);
    return 0;
}
