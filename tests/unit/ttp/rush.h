/*
 * rush.h - the same service asked by several threads in one moment, for tests.
 *
 * Thread-safety: one thread calls; what it sends is made before.
 */
#ifndef GAVEL_TESTS_UNIT_TTP_RUSH_H
#define GAVEL_TESTS_UNIT_TTP_RUSH_H

#include <gavel/types.h>
#include <pthread.h>
#include <stdlib.h>

#include "src/base/error.h"
#include "tests/support/support.h"

#define RUSH 8 /* threads */

struct errand {
    void (*run)(struct errand *e); /* asks, and keeps what is answered */
    void *service;
    void *call;
    struct gv_bytes request;
    int status;
    uint8_t *raw; /* heap */
    size_t len;
    struct gv_error e;
    pthread_barrier_t *start;
};

static inline void *
rush_thread(void *arg)
{
    struct errand *e = arg;

    (void)pthread_barrier_wait(e->start);
    e->run(e);
    return NULL;
}

static inline void
rush(struct errand all[RUSH])
{
    pthread_barrier_t start;
    pthread_t thread[RUSH];

    if (pthread_barrier_init(&start, NULL, RUSH) != 0)
        support_die("no barrier");
    for (unsigned i = 0; i < RUSH; i++) {
        all[i].start = &start;
        if (pthread_create(&thread[i], NULL, rush_thread, &all[i]) != 0)
            support_die("no thread");
    }
    for (unsigned i = 0; i < RUSH; i++)
        (void)pthread_join(thread[i], NULL);
    (void)pthread_barrier_destroy(&start);
}

/* How many were answered so. */
static inline unsigned
rush_count(const struct errand all[RUSH], int status)
{
    unsigned n = 0;

    for (unsigned i = 0; i < RUSH; i++)
        n += all[i].status == status;
    return n;
}

static inline void
rush_clear(struct errand all[RUSH])
{
    for (unsigned i = 0; i < RUSH; i++)
        free(all[i].raw);
}

#endif
