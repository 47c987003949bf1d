/* verifier.c - signature checks on all cores, delivered in order. */
#include "src/verifier.h"

#include <pthread.h>
#include <stdlib.h>

#define SLICE 64 /* signatures taken at once: about 2 ms of work */

struct job {
    struct gv_task *task;
    struct job *next;
    size_t size, taken, done;
};

struct gv_verifier {
    const struct gv_keys *keys;
    void (*deliver)(void *arg, struct gv_task *task);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, *last; /* released, in order of delivery */
    struct job *work;         /* first with something left to take */
    bool delivering, stop;
    size_t count;
    struct job *held_first, *held_last; /* added, not yet released */
    unsigned threads;
    pthread_t thread[];
};

/* Give finished tasks back from the front of the line. One thread at a time
 * delivers, without the lock; the others go on verifying. */
static void
deliver_done(struct gv_verifier *v)
{
    if (v->delivering)
        return;
    v->delivering = true;
    while (v->first && v->first->done == v->first->size) {
        struct job *j = v->first;

        v->first = j->next;
        if (!v->first)
            v->last = NULL;
        pthread_mutex_unlock(&v->lock);
        v->deliver(v->arg, j->task);
        free(j);
        pthread_mutex_lock(&v->lock);
        v->count--;
    }
    v->delivering = false;
}

/* Take a slice of the first job that has one. */
static struct job *
take(struct gv_verifier *v, size_t *from, size_t *to)
{
    struct job *j = v->work;

    if (!j)
        return NULL;
    *from = j->taken;
    *to = j->size - j->taken > SLICE ? j->taken + SLICE : j->size;
    j->taken = *to;
    if (j->taken == j->size)
        v->work = j->next;
    return j;
}

static void *
run(void *arg)
{
    struct gv_verifier *v = arg;

    pthread_mutex_lock(&v->lock);
    while (!v->stop) {
        size_t from, to;
        struct job *j = take(v, &from, &to);

        if (!j) {
            pthread_cond_wait(&v->wake, &v->lock);
            continue;
        }
        pthread_mutex_unlock(&v->lock);
        gv_task_verify(j->task, v->keys, from, to);
        pthread_mutex_lock(&v->lock);
        j->done += to - from;
        if (j->done == j->size)
            deliver_done(v);
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

struct gv_verifier *
gv_verifier_new(const struct gv_keys *keys, unsigned threads,
                void (*deliver)(void *, struct gv_task *), void *arg)
{
    struct gv_verifier *v =
        calloc(1, sizeof(*v) + threads * sizeof(v->thread[0]));

    if (!v)
        return NULL;
    v->keys = keys;
    v->deliver = deliver;
    v->arg = arg;
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->wake, NULL);
    for (; v->threads < threads; v->threads++)
        if (pthread_create(&v->thread[v->threads], NULL, run, v) != 0) {
            gv_verifier_free(v, NULL, NULL);
            return NULL;
        }
    return v;
}

static void
free_jobs(struct job *j, void (*drop)(void *, struct gv_task *), void *arg)
{
    while (j) {
        struct job *next = j->next;

        if (drop)
            drop(arg, j->task);
        else
            gv_task_free(j->task);
        free(j);
        j = next;
    }
}

void
gv_verifier_free(struct gv_verifier *v, void (*drop)(void *, struct gv_task *),
                 void *arg)
{
    if (!v)
        return;
    pthread_mutex_lock(&v->lock);
    v->stop = true;
    pthread_cond_broadcast(&v->wake);
    pthread_mutex_unlock(&v->lock);
    for (unsigned i = 0; i < v->threads; i++)
        pthread_join(v->thread[i], NULL);
    free_jobs(v->first, drop, arg);
    free_jobs(v->held_first, drop, arg);
    pthread_cond_destroy(&v->wake);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

enum gv_rc
gv_verifier_add(struct gv_verifier *v, struct gv_task *task)
{
    struct job *j = calloc(1, sizeof(*j));

    if (!j)
        return GV_FAULT;
    j->task = task;
    /* At least one, so that every job is taken before it is delivered. */
    j->size = gv_task_size(task) ? gv_task_size(task) : 1;
    if (v->held_last)
        v->held_last->next = j;
    else
        v->held_first = j;
    v->held_last = j;
    pthread_mutex_lock(&v->lock);
    v->count++;
    pthread_mutex_unlock(&v->lock);
    return GV_OK;
}

void
gv_verifier_release(struct gv_verifier *v)
{
    if (!v->held_first)
        return;
    pthread_mutex_lock(&v->lock);
    if (v->last)
        v->last->next = v->held_first;
    else
        v->first = v->held_first;
    v->last = v->held_last;
    if (!v->work)
        v->work = v->held_first;
    v->held_first = v->held_last = NULL;
    pthread_cond_broadcast(&v->wake);
    pthread_mutex_unlock(&v->lock);
}

size_t
gv_verifier_count(struct gv_verifier *v)
{
    size_t n;

    pthread_mutex_lock(&v->lock);
    n = v->count;
    pthread_mutex_unlock(&v->lock);
    return n;
}
