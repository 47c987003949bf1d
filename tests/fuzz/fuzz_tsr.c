/* fuzz_tsr.c - time-stamp responses (RFC 3161) of authorities that are asked
 * for a CUTOFF's token. What is taken for a token lies within its bounds, and
 * whatever the walker then makes of it, it says. */
#include "src/client/tsaclient.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t token[GV_TOKEN_MAX];
    struct gv_reject why = {.code = GV_ACCEPTED};
    struct gv_error e = {""};
    struct gv_tst tst;
    size_t len = 0;

    if (gv_tsaclient_token(gv_bytes(data, size), token, &len, &e) != GV_OK) {
        if (e.text[0] == '\0')
            abort();
        return 0;
    }
    if (len == 0 || len > sizeof(token))
        abort();
    if (gv_tst_parse(gv_bytes(token, len), &tst, &why) != GV_OK &&
        why.code != GV_BAD_STAMP)
        abort();
    return 0;
}
