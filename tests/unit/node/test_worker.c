/* The pool of the services' long jobs. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/worker.h"

/* A door that jobs wait at. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool open;
    unsigned waiting, done;
};

static void
gate_init(struct gate *g)
{
    *g = (struct gate){.open = false};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->moved, NULL);
}

static void
pass(void *arg)
{
    struct gate *g = arg;

    pthread_mutex_lock(&g->lock);
    g->waiting++;
    pthread_cond_broadcast(&g->moved);
    while (!g->open)
        pthread_cond_wait(&g->moved, &g->lock);
    g->done++;
    pthread_mutex_unlock(&g->lock);
}

static void
gate_await(struct gate *g, unsigned waiting)
{
    pthread_mutex_lock(&g->lock);
    while (g->waiting < waiting)
        pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void
gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->lock);
}

static void
jobs_run_side_by_side_and_the_queue_is_bounded(void **state)
{
    struct gv_workers *w = gv_workers_new(3, 5, 0);
    struct gate g;

    (void)state;
    gate_init(&g);
    assert_non_null(w);
    for (int i = 0; i < 3; i++)
        assert_true(gv_workers_submit(w, pass, &g));
    gate_await(&g, 3); /* all three threads are taken */
    for (int i = 0; i < 5; i++)
        assert_true(gv_workers_submit(w, pass, &g));
    assert_false(gv_workers_submit(w, pass, &g));
    gate_open(&g);
    gv_workers_free(w);
    assert_int_equal(g.done, 8);
}

static void
count(void *arg)
{
    atomic_fetch_add((atomic_uint *)arg, 1);
}

static void
free_finishes_what_is_queued(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct gv_workers *w = gv_workers_new(2, 256, 5);
        atomic_uint done = 0;

        for (int i = 0; i < 256; i++)
            assert_true(gv_workers_submit(w, count, &done));
        gv_workers_free(w);
        assert_int_equal(done, 256);
    }
    gv_workers_free(NULL);
}

static int
priority_here(void)
{
    return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
}

static void
tell_priority(void *arg)
{
    *(int *)arg = priority_here();
}

/* The pool's threads alone, by the given number. */
static void
threads_stand_back(void **state)
{
    int before = priority_here(), there[2] = {100, 100};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct gv_workers *w = gv_workers_new(1, 1, i);

        assert_non_null(w);
        assert_true(gv_workers_submit(w, tell_priority, &there[i]));
        gv_workers_free(w);
    }
    assert_int_equal(there[0], before);
    assert_int_equal(there[1], before == 19 ? 19 : before + 1);
    assert_int_equal(priority_here(), before);
}

struct sender {
    struct gv_workers *w;
    atomic_uint *done;
    unsigned sent;
};

static void *
send_many(void *arg)
{
    struct sender *s = arg;

    for (int i = 0; i < 2000; i++)
        s->sent += gv_workers_submit(s->w, count, s->done);
    return NULL;
}

static void
each_accepted_job_runs_once_whoever_sends(void **state)
{
    struct gv_workers *w = gv_workers_new(4, 8, 0);
    struct sender s[4];
    pthread_t thread[4];
    atomic_uint done = 0;
    unsigned sent = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        s[i] = (struct sender){w, &done, 0};
        assert_int_equal(pthread_create(&thread[i], NULL, send_many, &s[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        sent += s[i].sent;
    }
    gv_workers_free(w);
    assert_true(sent > 0);
    assert_int_equal(done, sent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_side_by_side_and_the_queue_is_bounded),
        cmocka_unit_test(free_finishes_what_is_queued),
        cmocka_unit_test(threads_stand_back),
        cmocka_unit_test(each_accepted_job_runs_once_whoever_sends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
