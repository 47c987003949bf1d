/*
 * bench_connect.c - bids fully validated and connected per second, against
 * the BIP340 verify rate of the installed library on the same two cores, and
 * the connecting alone of blocks whose bids wait in the mempool.
 *
 * GAVEL_BENCH_BIDS (100000) bids in ROUNDS rounds. In a round one slice of the
 * blocks is (a) verified signature by signature with the library on two
 * threads, (b) validated and connected, as a node that receives the blocks
 * does it, with a pool of two verifying threads, and (c) connected to a ledger
 * that has all of it in its mempool. Every block is synced to disk.
 */
#include <malloc.h>

#include "tests/bench/load_pool.h"
#include "tests/bench/measure.h"

#define ROUNDS 10

/* --- (c) connect alone --- */

static void
fill_mempool(struct load_ledger *x, const struct load_block *b)
{
    struct gv_reject why;
    char text[200];

    for (size_t i = 0; i < b->txs; i++)
        if (gv_state_add_tx(x->st, b->tx[i], b->time_ms, &why) != GV_OK)
            support_die("mempool: %s",
                        gv_reject_text(&why, text, sizeof(text)));
    load_ledger_commit(x);
}

/* Time starts when the mempool holds the block: one block at a time, so that
 * no bid waits past its deadline. */
static double
run_connect(struct load_ledger *x, const struct load_block *block,
            size_t blocks)
{
    double spent = 0;

    for (size_t i = 0; i < blocks; i++) {
        double start;

        fill_mempool(x, &block[i]);
        start = measure_now();
        load_ledger_add(x, &block[i]);
        spent += measure_now() - start;
    }
    return (double)(blocks * LOAD_BLOCK) / spent;
}

/* --- rounds --- */

struct bench {
    struct load *load;
    struct support_dir dir;
    struct load_ledger full, known;
    struct load_pool *pool;
    size_t blocks; /* of a slice */
    struct load_block *block;
    double raw[ROUNDS], validate[ROUNDS], connect[ROUNDS];
};

static void
bench_open(struct bench *b, unsigned long bids)
{
    char path[PATH_MAX + 16];
    struct load_block enrolments;

    b->blocks = bids / LOAD_BLOCK / ROUNDS;
    b->block = calloc(b->blocks, sizeof(*b->block));
    if (b->blocks == 0 || b->block == NULL)
        support_die("GAVEL_BENCH_BIDS: at least %d", LOAD_BLOCK * ROUNDS);
    b->load = load_new(GV_CERTIFIED);
    b->pool = load_pool_new(b->load);
    support_dir_make(&b->dir);
    snprintf(path, sizeof(path), "%s/full", b->dir.path);
    load_ledger_open(b->load, path, &b->full);
    snprintf(path, sizeof(path), "%s/known", b->dir.path);
    load_ledger_open(b->load, path, &b->known);
    load_next(b->load, &enrolments);
    load_ledger_add(&b->full, &enrolments);
    load_ledger_add(&b->known, &enrolments);
    load_block_clear(&enrolments);
}

static void
bench_close(struct bench *b)
{
    load_pool_free(b->pool);
    load_ledger_close(&b->full);
    load_ledger_close(&b->known);
    support_dir_remove(&b->dir);
    load_free(b->load);
    free(b->block);
}

/* The order turns round every time: what comes first finds warm caches, or a
 * busy disk, no more often than what comes last. */
static void
bench_round(struct bench *b, size_t r)
{
    for (size_t i = 0; i < b->blocks; i++)
        load_next(b->load, &b->block[i]);
    if (r % 2 == 0)
        b->raw[r] = load_raw_verify(b->block, b->blocks);
    b->validate[r] = load_pool_validate(b->pool, &b->full, b->block, b->blocks);
    if (r % 2 == 1)
        b->raw[r] = load_raw_verify(b->block, b->blocks);
    b->connect[r] = run_connect(&b->known, b->block, b->blocks);
    for (size_t i = 0; i < b->blocks; i++)
        load_block_clear(&b->block[i]);
}

int
main(void)
{
    unsigned long bids = measure_option("GAVEL_BENCH_BIDS", 100000);
    struct bench *b = calloc(1, sizeof(*b));
    double first, last;

    /* As in gaveld. */
    mallopt(M_MMAP_THRESHOLD, 2 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);

    if (b == NULL)
        return 1;
    load_two_cores();
    bench_open(b, bids);
    printf("bids %zu\n", b->blocks * ROUNDS * LOAD_BLOCK);
    for (size_t r = 0; r < ROUNDS; r++)
        bench_round(b, r);
    first = b->connect[0];
    last = b->connect[ROUNDS - 1];
    measure_ratio("validate_over_raw", b->validate, b->raw, ROUNDS);
    measure_ratio("connect_over_validate", b->connect, b->validate, ROUNDS);
    measure_print("raw_verify", b->raw, ROUNDS, "/s");
    measure_print("validate_and_connect", b->validate, ROUNDS, "bids/s");
    measure_print("connect_alone", b->connect, ROUNDS, "bids/s");
    printf("connect_last_over_first %.2f x\n", last / first);
    bench_close(b);
    free(b);
    return 0;
}
