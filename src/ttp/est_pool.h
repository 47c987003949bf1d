/*
 * est_pool.h - where the handlers of est.h and tsahttp.h do their work.
 *
 * Thread-safety: submit must be safe from the HTTP thread.
 */
#ifndef GAVEL_TTP_EST_POOL_H
#define GAVEL_TTP_EST_POOL_H

#include <stdbool.h>

struct gv_est_pool {
    void *ctx;
    /* Run work(arg) later on another thread, exactly once; false when there
     * is no room (the client gets 503). NULL: run on the HTTP thread. */
    bool (*submit)(void *ctx, void (*work)(void *arg), void *arg);
};

#endif
