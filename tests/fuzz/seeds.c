/* seeds.c - write the first inputs of the fuzz targets of transactions, OPEN,
 * blocks and headers: one valid input of every kind.
 *
 * usage: seeds tests/fuzz/corpus
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/sample.h"
#include "tests/support/support.h"

static void
save(const char *corpus, const char *target, const char *name,
     struct gv_bytes bytes)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s/%s", corpus, target, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes.p, 1, bytes.len, f) != bytes.len ||
        fclose(f) != 0)
        support_die("cannot write %s", path);
}

static void
save_txs(const char *corpus, const struct gv_tx *txs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        save(corpus, "tx", gv_tx_name(txs[i].kind), txs[i].raw);
}

static void
save_block(const char *corpus, const char *name, struct gv_bytes raw)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_sealed_header h;

    gv_sealed_header_get(&r, &h);
    save(corpus, "block", name, raw);
    save(corpus, "header", name, gv_bytes(raw.p, raw.len - r.left));
}

static void
save_block0s(const char *corpus, const struct sample *s)
{
    size_t len;
    uint8_t *raw = gv_block0_auction(&s->open, &len);

    if (raw == NULL)
        support_die("no memory");
    save_block(corpus, "auction-0", gv_bytes(raw, len));
    free(raw);
    raw = gv_block0_registry(s->params, &len);
    if (raw == NULL)
        support_die("no memory");
    save_block(corpus, "registry-0", gv_bytes(raw, len));
    free(raw);
}

static void
save_branch(const char *corpus)
{
    struct gv_sealed_header h = {
        .header = {.version = GV_BLOCK_VERSION, .target = 0x200fffff},
        .branch = {.depth = GV_BRANCH_MAX}};
    uint8_t raw[GV_HEADER_SIZE + 80 + 1 + 32 * GV_BRANCH_MAX];
    struct gv_sink sink = gv_sink_buffer(raw, sizeof(raw));

    gv_sealed_header_put(&sink, &h);
    save(corpus, "header", "deep", gv_bytes(raw, sink.len));
}

int
main(int argc, char **argv)
{
    static const struct sample_options options = {.authorities = 3,
                                                  .validators = 4};
    struct gv_vote link = {.source_height = 0, .target_height = 1};
    struct gv_outcome none = {.status = GV_NO_BID};
    struct gv_sealed_id parent = {{1}};
    struct sample s;
    struct sample_block at;

    if (argc != 2) {
        fprintf(stderr, "usage: seeds tests/fuzz/corpus\n");
        return 2;
    }
    sample_make(&s, &options);
    {
        struct gv_tx bid = sample_bid(&s, 0, 1, 100);
        struct gv_tx registry[4] = {sample_service(&s), sample_cert(&s, 0),
                                    sample_revoke(&s, 0), sample_list(&s)};
        struct gv_tx auction[4] = {
            sample_enrol(&s, 0), bid,
            sample_stamp(&s, 0, s.open.opening_ms * 1000, &bid, 1),
            sample_close(&s)};
        struct gv_tx last[4] = {
            sample_cutoff(&s, &parent, 2, s.open.opening_ms * 1000),
            sample_outcome(&s, &none), sample_receipt(&s, &bid),
            sample_final(&s, &s.open.id, &link, 7)};

        save_txs(argv[1], registry, 4);
        save_txs(argv[1], auction, 4);
        save_txs(argv[1], last, 4);
        save(argv[1], "open", "plain", s.open.raw);
        at = (struct sample_block){.chain = s.open.id,
                                   .height = 1,
                                   .time_ms = s.open.opening_ms + 1000,
                                   .target = s.open.terms.target};
        save_block(argv[1], "auction", sample_block(&s, &at, auction, 4));
        at.chain = s.params->registry;
        save_block(argv[1], "registry", sample_block(&s, &at, registry, 4));
        save_block(argv[1], "empty", sample_block(&s, &at, NULL, 0));
    }
    save_block0s(argv[1], &s);
    save_branch(argv[1]);
    sample_free(&s);
    return 0;
}
