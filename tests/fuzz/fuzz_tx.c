/* fuzz_tx.c - any bytes are refused with a named field, or are the one
 * encoding of what was decoded. */
#include "gavel/tx.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_bytes raw = gv_bytes(data, size);
    struct gv_reject why = {0};
    struct gv_tx tx;
    struct gv_sink sink;
    uint8_t *again;

    if (gv_tx_decode(raw, &tx, &why) != GV_OK) {
        if (why.code != GV_BAD_ENCODING || why.field == NULL)
            abort();
        return 0;
    }
    if (tx.kind == GV_TX_OPEN)
        return 0;
    again = malloc(size);
    if (again == NULL)
        return 0;
    sink = gv_sink_buffer(again, size);
    gv_tx_put(&sink, &tx);
    if (sink.failed || sink.len != size || memcmp(again, data, size) != 0)
        abort();
    free(again);
    return 0;
}
