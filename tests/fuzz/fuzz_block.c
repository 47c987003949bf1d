/* fuzz_block.c - any bytes are refused, or are the one encoding of the block
 * that was decoded. The bytes are tried as they come and with the tx_root
 * that their transactions give, or hardly any input would get past it. */
#include "gavel/block.h"
#include "tests/fuzz/fuzz.h"

#define AT_TX_ROOT 70

/* Write the root of the transactions into the header, as far as they can be
 * found without the decoder. */
static void
mend_root(uint8_t *p, size_t size)
{
    struct gv_reader r = gv_reader(gv_bytes(p, size));
    struct gv_sealed_header h;
    struct gv_tx_id *ids;
    uint32_t n;

    gv_sealed_header_get(&r, &h);
    n = h.header.tx_count;
    if (r.failed || n > r.left)
        return;
    ids = calloc(n + 1, sizeof(*ids));
    if (ids == NULL)
        return;
    for (uint32_t i = 0; i < n; i++)
        gv_tx_id_of(gv_get_b32(&r, GV_TX_MAX, "transaction"), &ids[i]);
    if (!r.failed && gv_tx_root(ids, n, p + AT_TX_ROOT) != GV_OK)
        abort();
    free(ids);
}

static void
check_round_trip(const struct gv_block *b, const uint8_t *data, size_t size)
{
    size_t n = b->h.header.tx_count;
    struct gv_bytes *txs = calloc(n + 1, sizeof(*txs));
    uint8_t *again = malloc(size);
    struct gv_sink sink = gv_sink_buffer(again, size);

    if (txs != NULL && again != NULL) {
        for (size_t i = 0; i < n; i++)
            txs[i] = b->tx[i].raw;
        gv_block_put(&sink, &b->h, txs, n);
        if (sink.failed || sink.len != size || memcmp(again, data, size) != 0)
            abort();
    }
    free(txs);
    free(again);
}

static void
try_one(const uint8_t *data, size_t size)
{
    struct gv_reject why = {0};
    struct gv_block b;

    if (gv_block_decode(gv_bytes(data, size), gv_params_find("regtest"), &b,
                        &why) != GV_OK) {
        if (why.code == GV_ACCEPTED || why.field == NULL)
            abort();
        return;
    }
    check_round_trip(&b, data, size);
    (void)!gv_header_check_work(&b.h, &why);
    gv_block_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    try_one(data, size);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    mend_root(copy, size);
    try_one(copy, size);
    free(copy);
    return 0;
}
