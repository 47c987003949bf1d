/* sample_block.c - blocks with real, easy work. */
#include <stdlib.h>

#include "tests/support/sample.h"
#include "tests/support/support.h"

void
sample_seal(struct gv_sealed_header *h)
{
    struct gv_seal_fields f = {.version = 2,
                               .time_s = (uint32_t)(h->header.time_ms / 1000),
                               .bits = h->header.target};
    struct gv_work_leaf leaf;
    struct gv_u256 target;

    gv_header_id(&h->header, &h->block_id);
    leaf = (struct gv_work_leaf){h->header.chain, h->block_id};
    if (gv_target_from_compact(h->header.target, &target) != GV_OK ||
        gv_work_build(&leaf, 1, &h->branch, f.work_root) != GV_OK)
        support_die("cannot build the work");
    do {
        gv_seal_write(&f, &h->seal);
        f.nonce++;
    } while (!gv_seal_meets(&h->seal, &target) && f.nonce != 0);
    gv_sealed_id_of(&h->block_id, &h->seal, &h->sealed_id);
}

struct gv_bytes
sample_block(struct sample *s, const struct sample_block *b,
             const struct gv_tx *txs, size_t n)
{
    struct gv_sealed_header h = {.header = {.version = GV_BLOCK_VERSION,
                                            .chain = b->chain,
                                            .height = b->height,
                                            .prev = b->prev,
                                            .tx_count = (uint32_t)n,
                                            .time_ms = b->time_ms,
                                            .target = b->target}};
    struct gv_bytes *raws = sample_alloc(s, (n + 1) * sizeof(*raws));
    struct gv_tx_id *ids = sample_alloc(s, (n + 1) * sizeof(*ids));
    struct gv_sink sink = gv_sink_count();
    uint8_t *raw;

    for (size_t i = 0; i < n; i++) {
        raws[i] = txs[i].raw;
        gv_tx_id_of(txs[i].raw, &ids[i]);
    }
    if (gv_tx_root(ids, n, h.header.tx_root) != GV_OK)
        support_die("no memory");
    sample_seal(&h);
    gv_block_put(&sink, &h, raws, n);
    raw = sample_alloc(s, sink.len);
    sink = gv_sink_buffer(raw, sink.len);
    gv_block_put(&sink, &h, raws, n);
    return gv_bytes(raw, sink.len);
}
