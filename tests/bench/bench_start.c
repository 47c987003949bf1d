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
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/client/rpcclient.h"
#include "tests/bench/load.h"
#include "tests/bench/measure.h"

#define ROUNDS 5
#define READY_S 120

struct bench {
    struct support_dir dir;
    char built[PATH_MAX + 16], work[PATH_MAX + 16], gaveld[PATH_MAX];
    char auction[65];
    unsigned long bids;
};

struct figures {
    double start[ROUNDS], look[ROUNDS], memory[ROUNDS];
};

/* --- processes --- */

static pid_t
spawn(const char *const argv[], const char *log)
{
    pid_t pid;

    fflush(stdout); /* or the child prints it once more */
    pid = fork();

    if (pid < 0)
        support_die("cannot fork");
    if (pid > 0)
        return pid;
    if (log != NULL && (freopen(log, "a", stdout) == NULL ||
                        dup2(STDOUT_FILENO, STDERR_FILENO) < 0))
        _exit(126);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static int
wait_end(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        support_die("cannot wait");
    return status;
}

static void
must_run(const char *const argv[])
{
    int status = wait_end(spawn(argv, NULL));

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        support_die("%s failed", argv[0]);
}

/* --- the datadir --- */

static void
fill_datadir(struct bench *b, int out)
{
    char path[PATH_MAX + 32];
    struct load *load = load_new(GV_CERTIFIED);
    struct load_ledger ledger;
    struct load_block block;
    const struct gv_chain_id *id = &load_sample(load)->open.id;

    snprintf(path, sizeof(path), "%s/chain", b->built);
    load_ledger_open(load, path, &ledger);
    for (unsigned long bids = 0; bids < b->bids;) {
        load_next(load, &block);
        load_ledger_add(&ledger, &block);
        bids += block.bids;
        load_block_clear(&block);
    }
    if (write(out, id->b, 32) != 32)
        support_die("cannot tell the auction's id");
    kill(getpid(), SIGKILL);
}

static void
make_datadir(struct bench *b)
{
    uint8_t id[32];
    int ends[2], status;
    pid_t pid;

    if (mkdir(b->built, 0700) != 0 || pipe(ends) != 0)
        support_die("cannot make %s", b->built);
    pid = fork();
    if (pid < 0)
        support_die("cannot fork");
    if (pid == 0) {
        fill_datadir(b, ends[1]);
        _exit(1);
    }
    status = wait_end(pid);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL ||
        read(ends[0], id, 32) != 32)
        support_die("the datadir was not filled");
    close(ends[0]);
    close(ends[1]);
    gv_hex(id, 32, b->auction);
}

/* --- a node --- */

static pid_t
start_node(struct bench *b)
{
    char log[PATH_MAX + 32], ports[PATH_MAX + 32];
    const char *any = "127.0.0.1:0";
    const char *const argv[] = {
        b->gaveld, "--network",   "regtest", "--datadir",
        b->work,   "--rpc-bind",  any,       "--p2p-bind",
        any,       "--tls-bind",  any,       "--submit-bind",
        "no",      "--log-level", "warn",    NULL};

    snprintf(log, sizeof(log), "%s/log", b->dir.path);
    snprintf(ports, sizeof(ports), "%s/ports.json", b->work);
    unlink(ports);
    return spawn(argv, log);
}

/* The port once ports.json is complete; 0 before. */
static int
read_port(const struct bench *b)
{
    char path[PATH_MAX + 32];
    json_t *ports;
    int port;

    snprintf(path, sizeof(path), "%s/ports.json", b->work);
    ports = json_load_file(path, 0, NULL);
    port = (int)json_integer_value(json_object_get(ports, "rpc"));
    json_decref(ports);
    return port;
}

static struct gv_rpcclient *
connect_node(const struct bench *b, int port)
{
    char url[64], cookie[PATH_MAX + 32];
    struct gv_rpcclient_options options = {.node = url, .cookie = cookie};
    struct gv_rpcclient *client;
    struct gv_error e;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
    snprintf(cookie, sizeof(cookie), "%s/.cookie", b->work);
    client = gv_rpcclient_new(&options, &e);
    if (client == NULL)
        support_die("%s", e.text);
    return client;
}

static bool
answers(struct gv_rpcclient *client, const char *method, json_t *params,
        json_t **result)
{
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc = gv_rpcclient_call(client, method, params, result, &error);

    gv_rpcclient_error_clear(&error);
    return rc == GV_OK;
}

static struct gv_rpcclient *
wait_ready(struct bench *b, pid_t pid)
{
    struct gv_rpcclient *client = NULL;
    double end = measure_now() + READY_S;
    json_t *status;

    while (measure_now() < end) {
        int port = client != NULL ? 1 : read_port(b);

        if (client == NULL && port != 0)
            client = connect_node(b, port);
        if (client != NULL && answers(client, "status", NULL, &status)) {
            json_decref(status);
            return client;
        }
        if (waitpid(pid, NULL, WNOHANG) == pid)
            support_die("gaveld ended; its log is %s/log", b->dir.path);
        usleep(1000);
    }
    kill(pid, SIGKILL);
    support_die("gaveld was not ready after %d s", READY_S);
}

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

    if (!answers(client, "getauction", params, &auction))
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
    double start = measure_now();
    pid_t pid = start_node(b);
    struct gv_rpcclient *client = wait_ready(b, pid);
    int status;

    f->start[round] = (measure_now() - start) * 1e3;
    start = measure_now();
    look(b, client);
    f->look[round] = (measure_now() - start) * 1e3;
    f->memory[round] = resident_mb(pid);
    gv_rpcclient_free(client);
    kill(pid, SIGTERM);
    status = wait_end(pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        support_die("gaveld did not stop cleanly; its log is %s/log",
                    b->dir.path);
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
    const char *build = getenv("GAVEL_BUILD");
    struct bench *b = calloc(1, sizeof(*b));
    struct figures killed, clean;

    if (b == NULL)
        return 1;
    b->bids = measure_option("GAVEL_BENCH_BIDS", 100000);
    support_dir_make(&b->dir);
    snprintf(b->gaveld, sizeof(b->gaveld), "%s/gaveld",
             build != NULL ? build : "build/release");
    if (access(b->gaveld, X_OK) != 0)
        support_die("%s is not built", b->gaveld);
    snprintf(b->built, sizeof(b->built), "%s/built", b->dir.path);
    snprintf(b->work, sizeof(b->work), "%s/work", b->dir.path);
    make_datadir(b);
    printf("start_bids %lu\n", b->bids);
    for (int r = 0; r < ROUNDS; r++) {
        const char *const copy[] = {"cp", "-r", b->built, b->work, NULL};
        const char *const drop[] = {"rm", "-rf", b->work, NULL};

        must_run(copy);
        run_node(b, &killed, r);
        run_node(b, &clean, r);
        must_run(drop);
    }
    print_figures("kill", &killed);
    print_figures("stop", &clean);
    support_dir_remove(&b->dir);
    free(b);
    return 0;
}
