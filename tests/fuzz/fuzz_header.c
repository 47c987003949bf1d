/* fuzz_header.c - sealed headers, as headers-first sync reads them: refused,
 * or the one encoding; and the check of work takes any of them. */
#include "gavel/block.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[GV_HEADER_SIZE + 80 + 1 + 32 * GV_BRANCH_MAX];
    struct gv_reader r = gv_reader(gv_bytes(data, size));
    struct gv_sink sink = gv_sink_buffer(again, sizeof(again));
    struct gv_sealed_header h;
    struct gv_reject why = {0};

    gv_sealed_header_get(&r, &h);
    if (!gv_reader_done(&r)) {
        if (r.field == NULL)
            abort();
        return 0;
    }
    gv_sealed_header_put(&sink, &h);
    if (sink.failed || sink.len != size || memcmp(again, data, size) != 0)
        abort();
    if (gv_header_check_work(&h, &why) != GV_OK && why.code == GV_ACCEPTED)
        abort();
    return 0;
}
