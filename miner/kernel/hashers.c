/*
 * hashers.c - see hashers.h.
 *
 * One lock guards everything but the stop flags and the hash counters, which
 * are atomic. A thread takes its slice and lowers its own stop flag in one
 * hold of the lock, and whoever changes the job raises all flags in one hold,
 * so no thread can miss a change.
 */
#include "miner/kernel/hashers.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "miner/kernel/order.h"

#define SLICE_BITS 20
#define SLICE ((uint64_t)1 << SLICE_BITS)

struct worker {
    struct gv_hashers *hashers;
    pthread_t thread;
    atomic_bool stop;
    _Atomic uint64_t hashes;
};

struct gv_hashers {
    struct gv_hashers_options o;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* there is work, or the end */
    pthread_cond_t rest; /* busy became 0 */
    uint64_t generation;
    struct gv_search_job asked; /* as handed in */
    struct gv_search_job job;   /* as rolled since */
    struct order slices;        /* of job, still to be handed out */
    uint32_t rolled;
    unsigned busy;
    bool active;  /* the job wants a seal */
    bool spent;   /* every slice of it is handed out */
    bool dropped; /* by gv_hashers_stop; the same job may come again */
    bool ending, broken;
    unsigned started;
    struct worker worker[];
};

/* A piece of a job, owned by the thread that searches it. */
struct slice {
    uint64_t generation;
    struct gv_search_job job;
    struct gv_search_range range;
};

static void
slices_reset(struct gv_hashers *h)
{
    const struct gv_search_range all = {.strategy = h->o.strategy,
                                        .count = h->o.nonces >> SLICE_BITS,
                                        .seed = h->o.seed};

    gv_order_init(&h->slices, &all);
}

static void
bump_le32(uint8_t *b)
{
    for (int i = 0; i < 4; i++)
        if (++b[i] != 0)
            return;
}

/* The next header of the job; false: there is none. */
static bool
roll(struct gv_hashers *h)
{
    switch (h->o.roll) {
    case GV_HASHERS_ROLL_NONE:
        return false;
    case GV_HASHERS_ROLL_VERSION:
        if (++h->rolled == 0)
            return false;
        bump_le32(h->job.header80);
        return true;
    case GV_HASHERS_ROLL_TIME:
        if (h->rolled == h->o.roll_seconds)
            return false;
        h->rolled++;
        bump_le32(h->job.header80 + 68);
        return true;
    case GV_HASHERS_ROLL_CALLER:
        return h->o.next(h->o.ctx, h->job.header80);
    }
    return false;
}

/* With the lock held: the next slice, or false when there is none. */
static bool
slice_take(struct gv_hashers *h, struct slice *s)
{
    uint32_t index;

    if (!h->active || h->spent)
        return false;
    if (gv_order_next(&h->slices, &index, 1) == 0) {
        if (!roll(h)) {
            h->spent = true;
            return false;
        }
        slices_reset(h);
        (void)gv_order_next(&h->slices, &index, 1);
    }
    s->generation = h->generation;
    s->job = h->job;
    s->range.strategy = h->o.strategy;
    s->range.start = index << SLICE_BITS;
    s->range.count = SLICE;
    s->range.seed = h->o.seed + index;
    return true;
}

/* With the lock held: make every thread look again. */
static void
interrupt(struct gv_hashers *h)
{
    for (unsigned i = 0; i < h->o.threads; i++)
        atomic_store_explicit(&h->worker[i].stop, true, memory_order_relaxed);
}

/* Search a slice, without the lock; true: it found the seal of its job. */
static bool
slice_search(struct worker *w, struct slice *s, struct gv_search_result *r)
{
    struct gv_hashers *h = w->hashers;
    const enum gv_rc rc =
        gv_search(h->o.kernel, &s->job, &s->range, &w->stop, r);
    bool first = false;

    atomic_fetch_add_explicit(&w->hashes, r->hashes, memory_order_relaxed);
    if (rc == GV_ABSENT)
        return false;
    pthread_mutex_lock(&h->lock);
    if (rc != GV_OK)
        h->broken = true;
    else
        first = h->active && h->generation == s->generation;
    if (h->broken || first) {
        h->active = false;
        interrupt(h);
    }
    pthread_mutex_unlock(&h->lock);
    return first;
}

static void
slice_work(struct worker *w, struct slice *s)
{
    struct gv_search_result r;

    if (!slice_search(w, s, &r))
        return;
    gv_search_put_nonce(s->job.header80, r.nonce);
    w->hashers->o.found(w->hashers->o.ctx, s->generation, s->job.header80,
                        r.hash32);
}

static void *
worker_main(void *arg)
{
    struct worker *w = arg;
    struct gv_hashers *h = w->hashers;
    struct slice s;

    if (h->o.nice > 0) /* of this thread: Linux counts threads as processes;
                          refused or not, the search is right */
        (void)setpriority(PRIO_PROCESS, 0, h->o.nice);
    pthread_mutex_lock(&h->lock);
    while (!h->ending) {
        atomic_store_explicit(&w->stop, false, memory_order_relaxed);
        if (!slice_take(h, &s)) {
            pthread_cond_wait(&h->wake, &h->lock);
            continue;
        }
        h->busy++;
        pthread_mutex_unlock(&h->lock);
        slice_work(w, &s);
        pthread_mutex_lock(&h->lock);
        if (--h->busy == 0)
            pthread_cond_broadcast(&h->rest);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static bool
options_ok(const struct gv_hashers_options *o)
{
    return o->threads >= 1 && o->threads <= GV_HASHERS_THREADS_MAX &&
           o->nonces % SLICE == 0 && o->nonces <= GV_NONCES && o->nice >= 0 &&
           o->nice <= 19 && o->found != NULL &&
           (o->kernel == NULL || gv_kernel_usable(o->kernel)) &&
           (o->roll != GV_HASHERS_ROLL_CALLER || o->next != NULL);
}

enum gv_rc
gv_hashers_new(const struct gv_hashers_options *options,
               struct gv_hashers **out)
{
    struct gv_hashers *h;

    *out = NULL;
    if (!options_ok(options))
        return GV_REJECT;
    h = calloc(1, sizeof(*h) + options->threads * sizeof(h->worker[0]));
    if (h == NULL)
        return GV_FAULT;
    h->o = *options;
    if (h->o.kernel == NULL)
        h->o.kernel = gv_kernel_best();
    if (h->o.nonces == 0)
        h->o.nonces = GV_NONCES;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->wake, NULL);
    pthread_cond_init(&h->rest, NULL);
    for (; h->started < h->o.threads; h->started++) {
        struct worker *w = &h->worker[h->started];

        w->hashers = h;
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
            gv_hashers_free(h);
            return GV_FAULT;
        }
    }
    *out = h;
    return GV_OK;
}

void
gv_hashers_free(struct gv_hashers *h)
{
    if (h == NULL)
        return;
    pthread_mutex_lock(&h->lock);
    h->ending = true;
    h->active = false;
    interrupt(h);
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
    for (unsigned i = 0; i < h->started; i++)
        pthread_join(h->worker[i].thread, NULL);
    pthread_cond_destroy(&h->rest);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* The same but for the nonce, which is not part of a job. */
static bool
same_job(const struct gv_search_job *a, const struct gv_search_job *b)
{
    return memcmp(a->header80, b->header80, 76) == 0 &&
           memcmp(a->target32, b->target32, 32) == 0;
}

uint64_t
gv_hashers_set_job(struct gv_hashers *h, const struct gv_search_job *job)
{
    uint64_t generation;

    pthread_mutex_lock(&h->lock);
    if (!h->broken &&
        (h->dropped || h->generation == 0 || !same_job(&h->asked, job))) {
        h->asked = *job;
        h->job = *job;
        h->rolled = 0;
        h->generation++;
        h->active = true;
        h->spent = false;
        h->dropped = false;
        slices_reset(h);
        interrupt(h);
        pthread_cond_broadcast(&h->wake);
    }
    generation = h->generation;
    pthread_mutex_unlock(&h->lock);
    return generation;
}

void
gv_hashers_stop(struct gv_hashers *h)
{
    pthread_mutex_lock(&h->lock);
    h->active = false;
    h->dropped = true;
    interrupt(h);
    while (h->busy > 0)
        pthread_cond_wait(&h->rest, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

struct gv_hashers_stats
gv_hashers_stats(struct gv_hashers *h)
{
    struct gv_hashers_stats s = {0};

    pthread_mutex_lock(&h->lock);
    s.generation = h->generation;
    s.busy = h->busy;
    s.broken = h->broken;
    for (unsigned i = 0; i < h->o.threads; i++)
        s.hashes +=
            atomic_load_explicit(&h->worker[i].hashes, memory_order_relaxed);
    pthread_mutex_unlock(&h->lock);
    return s;
}
