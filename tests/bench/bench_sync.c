/*
 * bench_sync.c - how fast a new node gets an auction from another on the same
 * machine, against validating the same blocks from memory.
 *
 * GAVEL_BENCH_SYNC (20000) bids. In a round (a) the blocks are validated and
 * connected to a new ledger, as in bench_connect, (b) a gaveld with an empty
 * store fetches them from one that has them, and (c) from two. All nodes and
 * everything they do share two cores, so a second server gives no rate; it may
 * cost none either. Time runs from the first block that is there to the last,
 * so that starting and connecting are not in it.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/load_node.h"
#include "tests/bench/load_pool.h"
#include "tests/bench/measure.h"

#define ROUNDS 3
#define PATIENCE_S 120
#define POLL_US 2000
#define SERVERS 2

struct bench {
    struct support_dir dir;
    char has[SERVERS][PATH_MAX + 16];
    char lacks[PATH_MAX + 16], log[PATH_MAX + 16];
    char chain[65], connect[SERVERS][512], key[128];
    struct load *load;
    struct load_pool *pool;
    struct load_block enrolments, *block;
    size_t blocks;
    struct load_node server[SERVERS];
    uint64_t given[SERVERS]; /* blocks, when both served */
};

/* --- the blocks, and a datadir that has them --- */

static void
make_blocks(struct bench *b, unsigned long bids)
{
    char path[PATH_MAX + 32];
    struct load_ledger ledger;

    b->blocks = bids / LOAD_BLOCK;
    b->block = calloc(b->blocks, sizeof(*b->block));
    if (b->blocks < 2 || b->block == NULL)
        support_die("GAVEL_BENCH_SYNC: at least %d", 2 * LOAD_BLOCK);
    b->load = load_new(GV_CERTIFIED);
    b->pool = load_pool_new(b->load);
    gv_hex(load_sample(b->load)->open.id.b, 32, b->chain);
    load_next(b->load, &b->enrolments);
    for (size_t i = 0; i < b->blocks; i++)
        load_next(b->load, &b->block[i]);
    if (mkdir(b->has[0], 0700) != 0 || mkdir(b->lacks, 0700) != 0)
        support_die("cannot make %s", b->has[0]);
    snprintf(path, sizeof(path), "%s/chain", b->has[0]);
    load_ledger_open(b->load, path, &ledger);
    load_ledger_add(&ledger, &b->enrolments);
    (void)load_pool_validate(b->pool, &ledger, b->block, b->blocks);
    load_ledger_close(&ledger);
    for (int i = 1; i < SERVERS; i++) {
        const char *const argv[] = {"cp", "-r", b->has[0], b->has[i], NULL};

        load_run(argv, NULL);
    }
}

static double
validate(struct bench *b, double *cpu_rate)
{
    char path[PATH_MAX + 32];
    struct load_ledger ledger;
    double rate, cpu;

    snprintf(path, sizeof(path), "%s/local", b->dir.path);
    load_ledger_open(b->load, path, &ledger);
    load_ledger_add(&ledger, &b->enrolments);
    cpu = measure_cpu();
    rate = load_pool_validate(b->pool, &ledger, b->block, b->blocks);
    *cpu_rate = (double)(b->blocks * LOAD_BLOCK) / (measure_cpu() - cpu);
    load_ledger_close(&ledger);
    load_drop(path);
    return rate;
}

/* --- two nodes --- */

static void
start_server(struct bench *b, int i)
{
    struct load_node *n = &b->server[i];
    char key[128];

    *n = (struct load_node){
        .datadir = b->has[i],
        .log = b->log,
        .options = {"--discover", "no", "--peer-key", b->key}};
    load_node_start(n);
    load_node_place(n, b->connect[i], key);
}

/* The one without blocks makes its key by a first start. */
static void
start_servers(struct bench *b)
{
    struct load_node first = {.datadir = b->lacks, .log = b->log};
    char connect[512];

    load_node_start(&first);
    load_node_place(&first, connect, b->key);
    load_node_stop(&first);
    for (int i = 0; i < SERVERS; i++)
        start_server(b, i);
}

/* What came in a round. */
struct rates {
    double wall, cpu; /* bids a second; a second on a processor */
};

/* What each peer gave, in the order in which the node lists them. */
static void
count_given(struct bench *b, const struct load_node *n)
{
    json_t *peers, *peer;
    size_t i;

    if (!load_call(n->rpc, "getpeerinfo", NULL, &peers))
        support_die("the node does not answer getpeerinfo");
    json_array_foreach(peers, i, peer)
    {
        if (i < SERVERS)
            b->given[i] += support_json_u64(peer, "blocks");
    }
    json_decref(peers);
}

/* Block 1 holds the enrolments. */
static struct rates
fetch(struct bench *b, int servers)
{
    struct load_node n = {
        .datadir = b->lacks,
        .log = b->log,
        .options = {"--discover", "no", "--connect", b->connect[0],
                    servers > 1 ? "--connect" : NULL, b->connect[1]}};
    const long last = (long)b->blocks + 1;
    double end = measure_now() + PATIENCE_S, start = 0, now, cpu = 0;
    struct rates out;
    long from = 0, at;
    char path[PATH_MAX + 32];

    snprintf(path, sizeof(path), "%s/chain", b->lacks);
    load_drop(path);
    load_node_start(&n);
    do {
        usleep(POLL_US);
        at = load_node_height(&n, b->chain);
        now = measure_now();
        if (at >= 1 && start == 0) {
            start = now;
            cpu = load_node_cpu(&n);
            from = at;
        }
        if (now > end)
            support_die("%ld of %ld blocks came in time", at, last);
    } while (at < last);
    if (from == last)
        support_die("too few bids to be seen coming");
    out.wall = (double)(last - from) * LOAD_BLOCK / (now - start);
    cpu = load_node_cpu(&n) - cpu;
    out.cpu = (double)(last - from) * LOAD_BLOCK / (cpu > 0 ? cpu : 1e-3);
    if (servers > 1)
        count_given(b, &n);
    load_node_stop(&n);
    return out;
}

static void
print_share(const struct bench *b)
{
    uint64_t all = b->given[0] + b->given[1];
    uint64_t least = b->given[0] < b->given[1] ? b->given[0] : b->given[1];

    printf("sync_from_two_least_share %.3g %%\n",
           all > 0 ? 100.0 * (double)least / (double)all : 0.0);
}

int
main(void)
{
    unsigned long bids = measure_option(
        "GAVEL_BENCH_SYNC", getenv("GAVEL_BENCH_SMOKE") ? 10000 : 20000);
    struct bench *b = calloc(1, sizeof(*b));
    double local[ROUNDS], local_cpu[ROUNDS], synced[ROUNDS], synced_cpu[ROUNDS];
    double both[ROUNDS];

    if (b == NULL)
        return 1;
    load_two_cores();
    support_dir_make(&b->dir);
    for (int i = 0; i < SERVERS; i++)
        snprintf(b->has[i], sizeof(b->has[i]), "%s/has%d", b->dir.path, i);
    snprintf(b->lacks, sizeof(b->lacks), "%s/lacks", b->dir.path);
    snprintf(b->log, sizeof(b->log), "%s/log", b->dir.path);
    make_blocks(b, bids);
    start_servers(b);
    for (int r = 0; r < ROUNDS; r++) {
        struct rates rates;

        local[r] = validate(b, &local_cpu[r]);
        rates = fetch(b, 1);
        synced[r] = rates.wall;
        synced_cpu[r] = rates.cpu;
        both[r] = fetch(b, SERVERS).wall;
    }
    for (int i = 0; i < SERVERS; i++)
        load_node_stop(&b->server[i]);
    measure_ratio("sync_over_validate", synced, local, ROUNDS);
    measure_ratio("sync_over_validate_cpu", synced_cpu, local_cpu, ROUNDS);
    measure_ratio("sync_from_two_over_one", both, synced, ROUNDS);
    print_share(b);
    measure_print("sync_from_two", both, ROUNDS, "bids/s");
    measure_print("sync", synced, ROUNDS, "bids/s");
    support_dir_remove(&b->dir);
    for (size_t i = 0; i < b->blocks; i++)
        load_block_clear(&b->block[i]);
    load_block_clear(&b->enrolments);
    load_pool_free(b->pool);
    load_free(b->load);
    free(b->block);
    free(b);
    return 0;
}
