/* load_node.c - see load_node.h. */
#include "tests/bench/load_node.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/measure.h"

#define READY_S 120
#define ARGS 32

void
load_program(const char *name, char out[PATH_MAX])
{
    const char *build = getenv("GAVEL_BUILD");

    snprintf(out, PATH_MAX, "%s/%s", build != NULL ? build : "build/release",
             name);
    if (access(out, X_OK) != 0)
        support_die("%s is not built", out);
}

pid_t
load_spawn(const char *const argv[], const char *log)
{
    pid_t pid;

    fflush(stdout); /* or the child prints it once more */
    pid = fork();
    if (pid < 0)
        support_die("cannot fork");
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (log != NULL && (freopen(log, "a", stdout) == NULL ||
                        dup2(STDOUT_FILENO, STDERR_FILENO) < 0))
        _exit(126);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

int
load_wait(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        support_die("cannot wait");
    return status;
}

void
load_run(const char *const argv[], const char *log)
{
    int status = load_wait(load_spawn(argv, log));

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        support_die("%s failed", argv[0]);
}

/* --- a node --- */

bool
load_call(struct gv_rpcclient *rpc, const char *method, json_t *params,
          json_t **result)
{
    struct gv_rpcclient_error error = {0};
    enum gv_rc rc = gv_rpcclient_call(rpc, method, params, result, &error);

    gv_rpcclient_error_clear(&error);
    return rc == GV_OK;
}

/* The port once ports.json is complete; 0 before. */
static int
read_port(const struct load_node *n)
{
    char path[PATH_MAX + 32];
    json_t *ports;
    int port;

    snprintf(path, sizeof(path), "%s/ports.json", n->datadir);
    ports = json_load_file(path, 0, NULL);
    port = (int)json_integer_value(json_object_get(ports, "rpc"));
    json_decref(ports);
    return port;
}

struct gv_rpcclient *
load_node_client(const struct load_node *n)
{
    char url[64], cookie[PATH_MAX + 32];
    struct gv_rpcclient_options options = {.node = url, .cookie = cookie};
    struct gv_rpcclient *client;
    struct gv_error e;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d", n->port);
    snprintf(cookie, sizeof(cookie), "%s/.cookie", n->datadir);
    client = gv_rpcclient_new(&options, &e);
    if (client == NULL)
        support_die("%s", e.text);
    return client;
}

static void
spawn_node(struct load_node *n)
{
    char gaveld[PATH_MAX], ports[PATH_MAX + 32];
    const char *any = "127.0.0.1:0";
    const char *argv[ARGS] = {gaveld,       "--network",   "regtest",
                              "--datadir",  n->datadir,    "--rpc-bind",
                              any,          "--p2p-bind",  any,
                              "--tls-bind", any,           "--submit-bind",
                              "no",         "--log-level", "warn"};
    size_t count = 15;

    for (size_t i = 0; i < LOAD_OPTIONS && n->options[i] != NULL; i++)
        argv[count++] = n->options[i];
    load_program("gaveld", gaveld);
    snprintf(ports, sizeof(ports), "%s/ports.json", n->datadir);
    unlink(ports);
    n->pid = load_spawn(argv, n->log);
}

void
load_node_start(struct load_node *n)
{
    double end = measure_now() + READY_S;
    json_t *status;

    n->rpc = NULL;
    n->port = 0;
    spawn_node(n);
    while (measure_now() < end) {
        if (n->rpc == NULL && (n->port = read_port(n)) != 0)
            n->rpc = load_node_client(n);
        if (n->rpc != NULL && load_call(n->rpc, "status", NULL, &status)) {
            json_decref(status);
            return;
        }
        if (waitpid(n->pid, NULL, WNOHANG) == n->pid)
            support_die("gaveld ended; its log is %s", n->log);
        usleep(1000);
    }
    kill(n->pid, SIGKILL);
    support_die("gaveld was not ready after %d s", READY_S);
}

void
load_node_stop(struct load_node *n)
{
    int status;

    gv_rpcclient_free(n->rpc);
    n->rpc = NULL;
    kill(n->pid, SIGTERM);
    status = load_wait(n->pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        support_die("gaveld did not stop cleanly; its log is %s", n->log);
}

double
load_node_cpu(const struct load_node *n)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(n->pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0)
        support_die("the processor time of gaveld cannot be read");
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double
load_node_memory(const struct load_node *n)
{
    unsigned long pages = 0;
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/statm", (int)n->pid);
    f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
        support_die("%s cannot be read", path);
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

void
load_node_place(const struct load_node *n, char connect[512], char key[128])
{
    const json_t *p2p;
    json_t *status;

    if (!load_call(n->rpc, "status", NULL, &status))
        support_die("the node does not answer status");
    p2p = json_object_get(status, "p2p");
    snprintf(key, 128, "%s", json_string_value(json_object_get(p2p, "key")));
    snprintf(connect, 512, "%s#%s",
             json_string_value(json_object_get(p2p, "endpoint")), key);
    json_decref(status);
}

double
load_node_received(const struct load_node *n)
{
    json_t *peers, *peer;
    double sum = 0;
    size_t i;

    if (!load_call(n->rpc, "getpeerinfo", NULL, &peers))
        support_die("the node does not answer getpeerinfo");
    json_array_foreach(peers, i, peer)
    {
        sum += (double)support_json_u64(peer, "bytes_in");
    }
    json_decref(peers);
    return sum;
}

long
load_node_height(const struct load_node *n, const char *chain)
{
    json_t *params = json_pack("{ss}", "chain", chain), *result;
    long found;

    if (!load_call(n->rpc, "getblockcount", params, &result))
        return -1;
    found = (long)json_integer_value(result);
    json_decref(result);
    return found;
}

void
load_drop(const char *path)
{
    const char *const argv[] = {"rm", "-rf", path, NULL};

    load_run(argv, NULL);
}
