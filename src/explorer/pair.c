/* pair.c - a loop on two threads (pair.h). */
#include "src/explorer/pair.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct gv_pair {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool busy, stop; /* under the lock: the second thread's orders */
    size_t n;
    atomic_size_t next;
    bool (*round)(void *arg, size_t i);
    void *arg;
};

static void
work(struct gv_pair *p)
{
    size_t i;

    while ((i = atomic_fetch_add(&p->next, 1)) < p->n)
        if (!p->round(p->arg, i))
            atomic_store(&p->next, p->n);
}

static void *
second(void *arg)
{
    struct gv_pair *p = arg;

    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        if (!p->busy) {
            pthread_cond_wait(&p->changed, &p->lock);
            continue;
        }
        pthread_mutex_unlock(&p->lock);
        work(p);
        pthread_mutex_lock(&p->lock);
        p->busy = false;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct gv_pair *
gv_pair_new(bool second_thread)
{
    struct gv_pair *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->started =
        second_thread && pthread_create(&p->thread, NULL, second, p) == 0;
    return p;
}

void
gv_pair_free(struct gv_pair *p)
{
    if (!p)
        return;
    if (p->started) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void
gv_pair_run(struct gv_pair *p, size_t n, bool (*round)(void *arg, size_t i),
            void *arg)
{
    bool shared = p->started && n > 1;

    p->n = n;
    p->round = round;
    p->arg = arg;
    atomic_store(&p->next, 0);
    if (shared) {
        pthread_mutex_lock(&p->lock);
        p->busy = true;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
    }
    work(p);
    if (!shared)
        return;
    pthread_mutex_lock(&p->lock);
    while (p->busy)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
