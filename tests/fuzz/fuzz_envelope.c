/* fuzz_envelope.c - envelopes: refused with a named field, or the body lies in
 * the buffer that was given and the signature is the sender's. */
#include <stdlib.h>

#include "gavel/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[32] = "an X25519 secret of the corpora";
    static struct gv_keys *keys;
    struct gv_reject why = {0};
    struct gv_env env;
    uint8_t *body = malloc(size > 0 ? size : 1);

    if (keys == NULL)
        keys = gv_keys_new(NULL);
    if (keys == NULL || body == NULL)
        abort();
    if (gv_env_open(gv_bytes(data, size), secret, keys, body, &env, &why) ==
        GV_OK) {
        if (env.body.p != body || env.body.len > size ||
            !gv_key_valid(keys, &env.sender))
            abort();
    } else if (why.code == GV_ACCEPTED || why.field == NULL) {
        abort();
    }
    free(body);
    return 0;
}
