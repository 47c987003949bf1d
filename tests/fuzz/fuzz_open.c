/* fuzz_open.c - any bytes are refused with a named field, or are the one
 * encoding of the OPEN that was decoded; what was accepted also makes a
 * block 0 that decodes. */
#include "gavel/block.h"
#include "gavel/open.h"
#include "tests/fuzz/fuzz.h"

static void
check_round_trip(const struct gv_open *o, const uint8_t *data, size_t size)
{
    uint8_t *again = malloc(size);
    struct gv_sink sink = gv_sink_buffer(again, size);

    if (again == NULL)
        return;
    gv_open_put(&sink, o);
    if (sink.failed || sink.len != size || memcmp(again, data, size) != 0)
        abort();
    free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gv_params *params = gv_params_find("regtest");
    struct gv_reject why = {0};
    struct gv_open o;
    struct gv_block b;
    uint8_t *block0;
    size_t len;

    if (gv_open_decode(gv_bytes(data, size), params, &o, &why) != GV_OK) {
        if (why.code == GV_ACCEPTED || why.field == NULL)
            abort();
        return 0;
    }
    check_round_trip(&o, data, size);
    block0 = gv_block0_auction(&o, &len);
    if (block0 == NULL)
        return 0;
    if (gv_block_decode(gv_bytes(block0, len), params, &b, NULL) != GV_OK)
        abort();
    gv_block_clear(&b);
    free(block0);
    return 0;
}
