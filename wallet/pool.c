/* pool.c - many like pieces of work over a few threads (wallet/pool.h). */
#include "wallet/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define TICK_MS 50
#define BAR 30

struct pool {
    const struct gv_pool_job *job;
    atomic_size_t next, done;
    atomic_uint running;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards e */
    struct gv_error *e;
};

static void
note_error(struct pool *p, const struct gv_error *e)
{
    pthread_mutex_lock(&p->lock);
    if (!atomic_exchange(&p->stop, true))
        gv_error_set(p->e, "%s", e->text);
    pthread_mutex_unlock(&p->lock);
}

static bool
worker_open(struct pool *p, struct gv_pool_worker *w)
{
    const struct gv_pool_job *job = p->job;

    w->rpc = gv_cli_client(job->cli, &w->e);
    if (w->rpc != NULL && job->ca_url != NULL)
        w->est = gv_est_client_new(job->ca_url, job->cli->params, &w->e);
    return w->rpc != NULL && (job->ca_url == NULL || w->est != NULL);
}

static void *
worker_main(void *arg)
{
    struct pool *p = arg;
    struct gv_pool_worker w = {.e = {"out of memory"}};
    size_t i;

    if (!worker_open(p, &w))
        note_error(p, &w.e);
    while (!atomic_load(&p->stop) &&
           (i = atomic_fetch_add(&p->next, 1)) < p->job->pieces) {
        if (!p->job->work(p->job->arg, &w, i))
            note_error(p, &w.e);
        else
            atomic_fetch_add(&p->done, 1);
    }
    gv_est_client_free(w.est);
    gv_rpcclient_free(w.rpc);
    atomic_fetch_sub(&p->running, 1);
    return NULL;
}

static void
draw(const struct gv_pool_job *job, size_t done)
{
    size_t total = job->total == 0 ? 1 : job->total;
    int fill = (int)(done * BAR / total);

    fprintf(stderr, "\r%-12s [%.*s%*s] %zu/%zu", job->title, fill,
            "##############################", BAR - fill, "", done, job->total);
}

/* Until every thread has ended, show how far they are. */
static void
watch(struct pool *p)
{
    const struct gv_pool_job *job = p->job;
    bool tty = isatty(STDERR_FILENO);

    while (atomic_load(&p->running) > 0) {
        if (tty)
            draw(job, job->progress != NULL ? job->progress(job->arg)
                                            : atomic_load(&p->done));
        gv_cli_sleep_ms(TICK_MS);
    }
    if (tty) {
        draw(job, job->progress != NULL ? job->progress(job->arg)
                                        : atomic_load(&p->done));
        fputc('\n', stderr);
    }
}

enum gv_rc
gv_pool_run(const struct gv_pool_job *job, struct gv_error *e)
{
    unsigned threads =
        job->pieces < job->threads ? (unsigned)job->pieces : job->threads;
    pthread_t *thread = calloc(threads == 0 ? 1 : threads, sizeof(*thread));
    struct pool p = {.job = job, .e = e};
    unsigned started = 0;

    if (thread == NULL) {
        gv_error_set(e, "out of memory");
        return GV_FAULT;
    }
    pthread_mutex_init(&p.lock, NULL);
    atomic_store(&p.running, threads);
    while (started < threads &&
           pthread_create(&thread[started], NULL, worker_main, &p) == 0)
        started++;
    if (started < threads) {
        struct gv_error why;

        atomic_fetch_sub(&p.running, threads - started);
        gv_error_set(&why, "cannot start %u threads", threads);
        note_error(&p, &why);
    }
    watch(&p);
    for (unsigned i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&p.lock);
    free(thread);
    return atomic_load(&p.stop) ? GV_FAULT : GV_OK;
}
