/* load_pool.c - see load_pool.h. */
#include "tests/bench/load_pool.h"

#include <pthread.h>

#include "src/verifier.h"
#include "tests/bench/measure.h"

#define AHEAD 4 /* blocks on their way through the pool at once */

/* Tasks that come back from the pool, in order. */
struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct gv_task *task[AHEAD];
    size_t first, count;
};

struct load_pool {
    struct gv_verifier *verifier;
    struct inbox in;
};

static void
deliver(void *arg, struct gv_task *task)
{
    struct inbox *in = arg;

    pthread_mutex_lock(&in->lock);
    in->task[(in->first + in->count++) % AHEAD] = task;
    pthread_cond_signal(&in->filled);
    pthread_mutex_unlock(&in->lock);
}

static struct gv_task *
take(struct inbox *in)
{
    struct gv_task *task;

    pthread_mutex_lock(&in->lock);
    while (in->count == 0)
        pthread_cond_wait(&in->filled, &in->lock);
    task = in->task[in->first];
    in->first = (in->first + 1) % AHEAD;
    in->count--;
    pthread_mutex_unlock(&in->lock);
    return task;
}

static void
send_block(struct load_ledger *x, struct gv_verifier *pool,
           const struct load_block *b)
{
    struct gv_reject why;
    struct gv_task *task;
    char text[200];

    if (gv_task_block(x->st, gv_bytes(b->raw, b->len), b->time_ms, true, &task,
                      &why) != GV_OK ||
        task == NULL)
        support_die("block: %s", gv_reject_text(&why, text, sizeof(text)));
    if (gv_task_size(task) < b->bids)
        support_die("a block came with its signatures verified");
    if (gv_verifier_add(pool, task) != GV_OK)
        support_die("no memory");
    gv_verifier_release(pool);
}

static void
accept_block(struct load_ledger *x, struct gv_task *task, uint64_t now_ms)
{
    struct gv_reject why;
    bool connected;
    char text[200];

    x->now_ms = now_ms;
    if (gv_task_accept(x->st, task, now_ms, &connected, &why) != GV_OK ||
        !connected)
        support_die("block: %s", gv_reject_text(&why, text, sizeof(text)));
    load_ledger_commit(x);
}

double
load_pool_validate(struct load_pool *p, struct load_ledger *x,
                   const struct load_block *block, size_t blocks)
{
    size_t sent = 0;
    double start = measure_now();

    for (size_t done = 0; done < blocks; done++) {
        for (; sent < blocks && sent < done + AHEAD; sent++)
            send_block(x, p->verifier, &block[sent]);
        accept_block(x, take(&p->in), block[done].time_ms);
    }
    return (double)(blocks * LOAD_BLOCK) / (measure_now() - start);
}

struct load_pool *
load_pool_new(struct load *load)
{
    struct load_pool *p = calloc(1, sizeof(*p));

    if (p == NULL)
        support_die("no memory");
    pthread_mutex_init(&p->in.lock, NULL);
    pthread_cond_init(&p->in.filled, NULL);
    p->verifier =
        gv_verifier_new(load_sample(load)->keys, LOAD_CORES, deliver, &p->in);
    if (p->verifier == NULL)
        support_die("no threads");
    return p;
}

void
load_pool_free(struct load_pool *p)
{
    gv_verifier_free(p->verifier, NULL, NULL);
    free(p);
}
