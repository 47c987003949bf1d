/* worker.c - a few threads and a bounded queue of jobs. */
#include "src/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct job {
    void (*work)(void *arg);
    void *arg;
};

struct gv_workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *ring;
    unsigned room, head, count, threads;
    int niceness;
    bool stop;
    pthread_t thread[];
};

/* On Linux priorities are those of threads, by their own number. */
static void
stand_back(int by)
{
    id_t self = (id_t)syscall(SYS_gettid);

    if (by > 0)
        (void)setpriority(PRIO_PROCESS, self,
                          getpriority(PRIO_PROCESS, self) + by);
}

static void *
run(void *arg)
{
    struct gv_workers *w = arg;

    stand_back(w->niceness);
    pthread_mutex_lock(&w->lock);
    while (w->count > 0 || !w->stop) {
        struct job j;

        if (w->count == 0) {
            pthread_cond_wait(&w->wake, &w->lock);
            continue;
        }
        j = w->ring[w->head];
        w->head = (w->head + 1) % w->room;
        w->count--;
        pthread_mutex_unlock(&w->lock);
        j.work(j.arg);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct gv_workers *
gv_workers_new(unsigned threads, unsigned room, int niceness)
{
    struct gv_workers *w =
        calloc(1, sizeof(*w) + threads * sizeof(w->thread[0]));

    if (!w)
        return NULL;
    w->room = room;
    w->niceness = niceness;
    w->ring = calloc(room, sizeof(*w->ring));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    for (; w->ring && w->threads < threads; w->threads++)
        if (pthread_create(&w->thread[w->threads], NULL, run, w) != 0)
            break;
    if (w->ring && w->threads == threads)
        return w;
    gv_workers_free(w);
    return NULL;
}

void
gv_workers_free(struct gv_workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->threads; i++)
        pthread_join(w->thread[i], NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w->ring);
    free(w);
}

bool
gv_workers_submit(void *workers, void (*work)(void *), void *arg)
{
    struct gv_workers *w = workers;
    bool ok;

    pthread_mutex_lock(&w->lock);
    ok = !w->stop && w->count < w->room;
    if (ok) {
        w->ring[(w->head + w->count) % w->room] = (struct job){work, arg};
        w->count++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return ok;
}
