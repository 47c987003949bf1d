/*
 * pool.h - many like pieces of work over a few threads, each with its own
 * connections, and a progress bar on the calling thread.
 *
 * Pieces are taken in order, each by one thread. A piece that fails stops the
 * taking of more; the pieces under way end by themselves.
 */
#ifndef GAVEL_WALLET_POOL_H
#define GAVEL_WALLET_POOL_H

#include "wallet/cli.h"
#include "wallet/est.h"

/* What a thread owns. est is NULL unless the job names a CA. */
struct gv_pool_worker {
    struct gv_rpcclient *rpc;
    struct gv_est_client *est;
    struct gv_error e; /* why a piece failed */
};

struct gv_pool_job {
    const struct gv_cli *cli; /* for the node's address; read-only */
    const char *ca_url;       /* or NULL */
    const char *title;        /* of the bar: "bids" */
    size_t pieces;
    unsigned threads;
    /* Do piece i; false with worker->e set stops the job. */
    bool (*work)(void *arg, struct gv_pool_worker *worker, size_t i);
    void *arg;
    /* How far it is, out of total; NULL: pieces done. */
    size_t (*progress)(void *arg);
    size_t total;
};

/* GV_OK when every piece was done; GV_FAULT with e set. */
enum gv_rc gv_pool_run(const struct gv_pool_job *job,
                       struct gv_error *e) GV_MUST_CHECK;

#endif
