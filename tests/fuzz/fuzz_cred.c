/* fuzz_cred.c - credentials, as role-key files and wallets hold them: refused
 * with a named field, or the one encoding of what was read. */
#include "gavel/cred.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_reader r = gv_reader(gv_bytes(data, size));
    uint8_t again[GV_CRED_SIZE];
    struct gv_sink sink = gv_sink_buffer(again, sizeof(again));
    struct gv_cred cred;

    gv_cred_get(&r, &cred);
    if (!gv_reader_done(&r)) {
        fuzz_must(r.field != NULL || size > GV_CRED_SIZE);
        return 0;
    }
    fuzz_must(gv_role_name(cred.role) != NULL);
    fuzz_must(gv_cred_valid_at(&cred, cred.not_before_ms));
    gv_cred_put(&sink, &cred);
    fuzz_must(!sink.failed && size == sizeof(again));
    fuzz_must(memcmp(again, data, size) == 0);
    return 0;
}
