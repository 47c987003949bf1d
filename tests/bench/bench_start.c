/*
 * bench_start.c - how long gaveld takes to start on a datadir with one auction
 * of GAVEL_BENCH_BIDS (100000) bids, and how much memory it then has: after
 * kill -9 and after a clean stop.
 *
 * The datadir is filled by a child that is killed as soon as the last bid is
 * synced, so its log is as long as a busy node's. Every round starts from a
 * copy of it: once as it is, once more after a clean stop. "start" ends with
 * the first answer to `status`; "look" is the first `getauction`, for which
 * the node reads the whole auction into memory.
 */
#include "tests/bench/load.h"
#include "tests/bench/load_node.h"
#include "tests/bench/measure.h"

#define ROUNDS 5

struct bench {
    struct support_dir dir;
    char built[PATH_MAX + 16], work[PATH_MAX + 16], log[PATH_MAX + 16];
    char auction[65];
    unsigned long bids;
};

struct figures {
    double start[ROUNDS], look[ROUNDS], memory[ROUNDS];
};

/* --- a node --- */

static double
resident_mb(pid_t pid)
{
    char path[64], line[200];
    unsigned long kb = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (sscanf(line, "VmRSS: %lu kB", &kb) == 1)
            break;
    if (f == NULL || kb == 0)
        support_die("%s has no VmRSS", path);
    fclose(f);
    return (double)kb / 1024;
}

static void
look(struct bench *b, struct gv_rpcclient *client)
{
    json_t *params = json_pack("{ss}", "auction", b->auction), *auction;
    uint64_t total;

    if (!load_call(client, "getauction", params, &auction))
        support_die("the node does not answer getauction");
    total = support_json_u64(json_object_get(auction, "bids"), "total");
    if (total < b->bids)
        support_die("%lu bids were synced, %lu are there", b->bids,
                    (unsigned long)total);
    json_decref(auction);
}

/* Start, look, measure, stop cleanly. */
static void
run_node(struct bench *b, struct figures *f, int round)
{
    struct load_node node = {.datadir = b->work, .log = b->log};
    double start = measure_now();

    load_node_start(&node);
    f->start[round] = (measure_now() - start) * 1e3;
    start = measure_now();
    look(b, node.rpc);
    f->look[round] = (measure_now() - start) * 1e3;
    f->memory[round] = resident_mb(node.pid);
    load_node_stop(&node);
}

static void
print_figures(const char *when, struct figures *f)
{
    char name[64];

    snprintf(name, sizeof(name), "start_after_%s", when);
    measure_print(name, f->start, ROUNDS, "ms");
    snprintf(name, sizeof(name), "look_after_%s", when);
    measure_print(name, f->look, ROUNDS, "ms");
    snprintf(name, sizeof(name), "memory_after_%s", when);
    measure_print(name, f->memory, ROUNDS, "MB");
}

int
main(void)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct figures killed, clean;

    if (b == NULL)
        return 1;
    b->bids = measure_option("GAVEL_BENCH_BIDS", 100000);
    support_dir_make(&b->dir);
    snprintf(b->log, sizeof(b->log), "%s/log", b->dir.path);
    snprintf(b->built, sizeof(b->built), "%s/built", b->dir.path);
    snprintf(b->work, sizeof(b->work), "%s/work", b->dir.path);
    load_datadir(b->built, b->bids, b->auction);
    printf("start_bids %lu\n", b->bids);
    for (int r = 0; r < ROUNDS; r++) {
        const char *const copy[] = {"cp", "-r", b->built, b->work, NULL};
        const char *const drop[] = {"rm", "-rf", b->work, NULL};

        load_run(copy, NULL);
        run_node(b, &killed, r);
        run_node(b, &clean, r);
        load_run(drop, NULL);
    }
    print_figures("kill", &killed);
    print_figures("stop", &clean);
    support_dir_remove(&b->dir);
    free(b);
    return 0;
}
