/*
 * bench_enrol.c - what the enrolments of an auction cost beside its bids: the
 * credential (certified) or the blind token (anonymous) of 1,000 bidders
 * against 1,000,000 bids, all verified and connected with every block synced.
 *
 * Processor time of this one thread. In a round a fresh ledger gets the block
 * of enrolments and then SLICE blocks of bids, whose cost is scaled to the
 * 1,000,000: one more bid costs the same in a large auction (bench_fold).
 */
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/measure.h"

#define ROUNDS 9
#define BIDS 1000000.0

struct bench {
    struct load *load;
    struct support_dir dir;
    size_t blocks; /* of bids, behind one of enrolments */
    struct load_block *block;
    double share[ROUNDS], enrol[ROUNDS], bid[ROUNDS];
};

static double
cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
bench_round(struct bench *b, size_t r)
{
    char path[PATH_MAX + 32];
    struct load_ledger ledger;
    double start, enrol, bids;

    snprintf(path, sizeof(path), "%s/%zu", b->dir.path, r);
    load_ledger_open(b->load, path, &ledger);
    start = cpu_now();
    load_ledger_add(&ledger, &b->block[0]);
    enrol = cpu_now() - start;
    start = cpu_now();
    for (size_t i = 1; i <= b->blocks; i++)
        load_ledger_add(&ledger, &b->block[i]);
    bids = cpu_now() - start;
    load_ledger_close(&ledger);
    b->enrol[r] = enrol / LOAD_BIDDERS * 1e6;
    b->bid[r] = bids / (double)(b->blocks * LOAD_BLOCK) * 1e6;
    b->share[r] = 100 * b->enrol[r] * LOAD_BIDDERS / (b->bid[r] * BIDS);
}

static void
run(const char *form, enum gv_identity identity, size_t blocks)
{
    struct bench *b = calloc(1, sizeof(*b));
    char name[64];

    if (b == NULL || (b->block = calloc(blocks + 1, sizeof(*b->block))) == NULL)
        support_die("no memory");
    b->blocks = blocks;
    b->load = load_new(identity);
    support_dir_make(&b->dir);
    for (size_t i = 0; i <= blocks; i++)
        load_next(b->load, &b->block[i]);
    for (size_t r = 0; r < ROUNDS; r++)
        bench_round(b, r);
    snprintf(name, sizeof(name), "enrol_%s_share", form);
    measure_print(name, b->share, ROUNDS, "%");
    snprintf(name, sizeof(name), "enrol_%s", form);
    measure_print(name, b->enrol, ROUNDS, "us");
    snprintf(name, sizeof(name), "bid_%s", form);
    measure_print(name, b->bid, ROUNDS, "us");
    for (size_t i = 0; i <= blocks; i++)
        load_block_clear(&b->block[i]);
    load_free(b->load);
    support_dir_remove(&b->dir);
    free(b->block);
    free(b);
}

int
main(void)
{
    size_t blocks =
        measure_option("GAVEL_BENCH_BIDS", 100000) / 20 / LOAD_BLOCK;

    if (blocks == 0)
        blocks = 1;
    run("certified", GV_CERTIFIED, blocks);
    run("anonymous", GV_ANONYMOUS, blocks);
    return 0;
}
