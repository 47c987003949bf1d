/*
 * bench_headers.c - what 2,000 headers cost, the answer to one question: read
 * from rows of their own, and read out of the blocks they begin.
 *
 * A store on disk has 2,000 blocks of 600 bytes (a transaction or two), and
 * another one 2,000 of 16 KiB (some 60 bids). In a round both ways
 * walk over all of them, from the cache as far as it holds them. header_row is
 * what a row takes on disk, with its key.
 */
#include "chain/store/kv_rocksdb.h"
#include "gavel/block.h"
#include "tests/bench/measure.h"
#include "tests/support/support.h"

#define ROUNDS 9
#define HEADERS 2000
#define DEPTH 4 /* of the branch: a work tree of some auctions */

struct bench {
    struct support_dir dir;
    struct gv_kv kv;
    struct gv_sealed_header h;
    uint8_t *out; /* the answer */
    size_t len;
};

static struct gv_key
key_of(uint32_t height)
{
    uint8_t id[32];
    struct gv_key k;

    gv_key_init(&k);
    gv_key_u32(&k, 1);
    gv_key_u32(&k, height);
    gv_sha256_of(gv_key_view(&k).p, k.len, id);
    gv_key_bytes(&k, gv_bytes(id, 32));
    return k;
}

static void
commit(struct bench *b, struct gv_kv_batch *batch)
{
    if (gv_kv_commit(&b->kv, batch, false) != GV_OK)
        support_die("the store fails");
    gv_kv_batch_clear(batch);
}

/* blocks: with the blocks, else the headers alone. */
static void
fill(struct bench *b, size_t size, bool blocks)
{
    struct gv_kv_rocksdb_options o = {.dir = b->dir.path};
    char error[GV_KV_ERROR_MAX];
    struct gv_kv_batch batch = {0};
    struct support_rng rng = support_rng_new();
    uint8_t *raw = calloc(1, size);

    if (raw == NULL || gv_kv_rocksdb_open(&o, &b->kv, error) != GV_OK)
        support_die("no store: %s", raw == NULL ? "memory" : error);
    for (uint32_t i = 0; i < HEADERS; i++) {
        struct gv_sink s = gv_sink_buffer(raw, size);
        struct gv_key k = key_of(i);

        support_rng_bytes(&rng, raw, size);
        b->h.header.height = i;
        memcpy(&b->h.header.prev, raw + size - 32, 32);
        memcpy(b->h.header.tx_root, raw + size - 64, 32);
        memcpy(b->h.seal.b, raw + size - 144, 80);
        memcpy(b->h.branch.hash, raw + size - 272, 32 * DEPTH);
        gv_sealed_header_put(&s, &b->h);
        gv_kv_batch_put(&batch, GV_CF_HEADER, gv_key_view(&k),
                        gv_bytes(raw, s.len));
        if (blocks)
            gv_kv_batch_put(&batch, GV_CF_BLOCK, gv_key_view(&k),
                            gv_bytes(raw, size));
        if (batch.len > 1u << 20)
            commit(b, &batch);
    }
    commit(b, &batch);
    if (gv_kv_flush(&b->kv) != GV_OK)
        support_die("the store fails");
    gv_kv_batch_free(&batch);
    free(raw);
}

static void
answer(struct bench *b, struct gv_bytes header)
{
    memcpy(b->out + b->len, header.p, header.len);
    b->len += header.len;
}

/* As the headers were read when they had no rows. */
static double
from_blocks(struct bench *b)
{
    double start = measure_now();

    b->len = 0;
    for (uint32_t i = 0; i < HEADERS; i++) {
        struct gv_key k = key_of(i);
        struct gv_sealed_header h;
        struct gv_kv_value v;
        struct gv_reader r;

        if (gv_kv_get(&b->kv, GV_CF_BLOCK, gv_key_view(&k), &v) != GV_OK)
            support_die("a block is missing");
        r = gv_reader(gv_bytes(v.p, v.len));
        gv_sealed_header_get(&r, &h);
        answer(b, gv_bytes(v.p, v.len - r.left));
        gv_kv_value_free(&v);
    }
    return (measure_now() - start) * 1e3;
}

static double
from_rows(struct bench *b)
{
    struct gv_kv_range all = {.cf = GV_CF_HEADER};
    double start = measure_now();
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    size_t n = 0;

    b->len = 0;
    if (gv_kv_iter_open(&b->kv, &all, &it) != GV_OK)
        support_die("the store fails");
    for (; gv_kv_iter_next(it, &row) == GV_OK; n++)
        answer(b, row.value);
    gv_kv_iter_free(it);
    if (n != HEADERS)
        support_die("a header is missing");
    return (measure_now() - start) * 1e3;
}

static void
close_store(struct bench *b)
{
    gv_kv_close(&b->kv);
    support_dir_remove(&b->dir);
}

static void
measure(struct bench *b, const char *name, size_t size)
{
    double blocks[ROUNDS], rows[ROUNDS];
    char text[64];

    support_dir_make(&b->dir);
    fill(b, size, true);
    for (int r = 0; r < ROUNDS; r++) {
        blocks[r] = from_blocks(b);
        rows[r] = from_rows(b);
    }
    snprintf(text, sizeof(text), "headers_2000_of_%s_by_blocks_over_rows",
             name);
    measure_ratio(text, blocks, rows, ROUNDS);
    snprintf(text, sizeof(text), "headers_2000_of_%s_by_blocks", name);
    measure_print(text, blocks, ROUNDS, "ms");
    snprintf(text, sizeof(text), "headers_2000_of_%s_by_rows", name);
    measure_print(text, rows, ROUNDS, "ms");
    close_store(b);
}

static uint64_t
disk_bytes(struct bench *b)
{
    struct gv_kv_stat st;

    if (gv_kv_stat(&b->kv, &st) != GV_OK)
        support_die("the store fails");
    return st.disk_bytes;
}

/* A store of headers alone against an empty one. */
static void
measure_size(struct bench *b)
{
    struct gv_kv_rocksdb_options o = {.dir = b->dir.path};
    char error[GV_KV_ERROR_MAX];
    uint64_t empty;

    support_dir_make(&b->dir);
    if (gv_kv_rocksdb_open(&o, &b->kv, error) != GV_OK ||
        gv_kv_flush(&b->kv) != GV_OK)
        support_die("no store: %s", error);
    empty = disk_bytes(b);
    gv_kv_close(&b->kv);
    fill(b, 4096, false);
    printf("header_row %.0f B\n", (double)(disk_bytes(b) - empty) / HEADERS);
    close_store(b);
}

int
main(void)
{
    struct bench *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return 1;
    b->h.header.version = GV_BLOCK_VERSION;
    b->h.branch.depth = DEPTH;
    b->out = malloc(HEADERS * sizeof(b->h));
    if (b->out == NULL)
        return 1;
    measure(b, "600_B", 600);
    measure(b, "16_KiB", 16384);
    measure_size(b);
    free(b->out);
    free(b);
    return 0;
}
