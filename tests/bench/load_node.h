/*
 * load_node.h - a gaveld of its own process on regtest, for benchmarks.
 *
 * Ports are chosen by the system. What cannot be done ends the program, and
 * whatever was started here ends with it.
 */
#ifndef GAVEL_TESTS_BENCH_LOAD_NODE_H
#define GAVEL_TESTS_BENCH_LOAD_NODE_H

#include <sys/types.h>

#include "src/client/rpcclient.h"
#include "tests/support/support.h"

#define LOAD_OPTIONS 12

struct load_node {
    const char *datadir;
    const char *log;                   /* file, appended to */
    const char *options[LOAD_OPTIONS]; /* of gaveld, more, up to a NULL */
    /* filled by start */
    pid_t pid;
    int port; /* of JSON-RPC */
    struct gv_rpcclient *rpc;
};

/* Path of a program of this build ($GAVEL_BUILD); it must be there. */
void load_program(const char *name, char out[PATH_MAX]);

/* Run a program; log: where its output goes, or NULL. It ends with this one. */
pid_t load_spawn(const char *const argv[], const char *log);
/* Its status as waitpid gives it. */
int load_wait(pid_t pid);
/* Run it to its end, which must be exit code 0. */
void load_run(const char *const argv[], const char *log);

/* Make the directory of a node that was killed as soon as the last of so many
 * bids in one auction was synced; auction is its id. */
void load_datadir(const char *dir, unsigned long bids, char auction[65]);

/* Start gaveld and wait for its first answer. */
void load_node_start(struct load_node *n);
/* SIGTERM; it must end with 0. */
void load_node_stop(struct load_node *n);
/* Where its peers connect to, as --connect takes it, and its key. */
void load_node_place(const struct load_node *n, char connect[512],
                     char key[128]);
/* Bytes that came from its peers, of some second ago. */
double load_node_received(const struct load_node *n);
/* Height of a chain, or -1 without it. */
long load_node_height(const struct load_node *n, const char *chain);
/* Remove a directory and what is in it. */
void load_drop(const char *path);
/* Seconds on a processor so far, of all threads; resident megabytes. */
double load_node_cpu(const struct load_node *n);
double load_node_memory(const struct load_node *n);
/* One more client of its JSON-RPC. */
struct gv_rpcclient *load_node_client(const struct load_node *n);

/* A call; false: it has no result. Takes params. */
bool load_call(struct gv_rpcclient *rpc, const char *method, json_t *params,
               json_t **result);

#endif
