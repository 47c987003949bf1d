/*
 * worker.h - the bounded pools of the TTP's services: threads for work that
 * the http thread must not do. Jobs of milliseconds have one pool, and long
 * ones, as issuance, another of lower priority, so that neither a token nor
 * JSON-RPC waits for them.
 *
 * Thread-safety: submit from any thread.
 */
#ifndef GAVEL_WORKER_H
#define GAVEL_WORKER_H

#include <stdbool.h>

struct gv_workers;

/* NULL: no memory or no threads. At most `room` jobs wait. niceness: by how
 * much the threads stand back behind the process's others (nice(2)). */
struct gv_workers *gv_workers_new(unsigned threads, unsigned room,
                                  int niceness);
/* Finishes what is queued, then ends the threads. */
void gv_workers_free(struct gv_workers *w);

/* Run work(arg) once on some thread; false when there is no room. The first
 * argument is a struct gv_workers *, so that it fits struct gv_est_pool. */
bool gv_workers_submit(void *workers, void (*work)(void *arg), void *arg);

#endif
