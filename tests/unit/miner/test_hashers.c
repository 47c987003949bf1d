/* test_hashers.c - the worker threads: finds, replaced and unchanged jobs,
 * rolled headers, and how soon they stop. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "miner/kernel/hashers.h"
#include "miner/kernel/kernel.h"
#include "tests/support/support.h"

/* What the callbacks saw. */
struct seen {
    pthread_mutex_t lock;
    pthread_cond_t change;
    unsigned finds, asked;
    uint64_t generation;
    uint8_t header[80], hash[32];
    unsigned headers_left;
};

static struct seen *
seen_new(void)
{
    struct seen *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->change, NULL);
    return s;
}

static void
seen_free(struct seen *s)
{
    pthread_cond_destroy(&s->change);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void
on_found(void *ctx, uint64_t generation, const uint8_t header80[80],
         const uint8_t hash32[32])
{
    struct seen *s = ctx;

    pthread_mutex_lock(&s->lock);
    s->finds++;
    s->generation = generation;
    memcpy(s->header, header80, 80);
    memcpy(s->hash, hash32, 32);
    pthread_cond_broadcast(&s->change);
    pthread_mutex_unlock(&s->lock);
}

static bool
on_next(void *ctx, uint8_t header80[80])
{
    struct seen *s = ctx;
    bool more;

    pthread_mutex_lock(&s->lock);
    s->asked++;
    more = s->headers_left > 0;
    if (more) {
        s->headers_left--;
        header80[36]++;
    }
    pthread_mutex_unlock(&s->lock);
    return more;
}

static double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void
wait_finds(struct seen *s, unsigned finds)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&s->lock);
    while (s->finds < finds)
        assert_int_equal(pthread_cond_timedwait(&s->change, &s->lock, &until),
                         0);
    pthread_mutex_unlock(&s->lock);
}

static struct gv_hashers *
hashers_new(struct seen *s, struct gv_hashers_options o)
{
    struct gv_hashers *h;

    o.found = on_found;
    o.next = on_next;
    o.ctx = s;
    assert_int_equal(gv_hashers_new(&o, &h), GV_OK);
    return h;
}

/* Target met by one hash in 2^12, or by none at all in any real time. */
static struct gv_search_job
job_of(uint8_t tag, bool possible)
{
    struct gv_search_job job = {.header80 = {[40] = tag}};

    if (possible) {
        memset(job.target32, 0xff, 30);
        job.target32[30] = 0x0f;
    }
    return job;
}

static void
check_find(const struct seen *s, const struct gv_search_job *job)
{
    uint8_t hash[32];

    gv_search_hash(s->header, hash);
    assert_memory_equal(s->hash, hash, 32);
    assert_true(gv_search_meets(hash, job->target32));
    assert_memory_equal(s->header, job->header80, 76);
}

static void
one_find_a_job_S4_93(void **state)
{
    struct seen *s = seen_new();
    struct gv_hashers *h =
        hashers_new(s, (struct gv_hashers_options){.threads = 4});

    (void)state;
    for (unsigned i = 1; i <= 30; i++) {
        const struct gv_search_job job = job_of((uint8_t)i, true);

        assert_int_equal(gv_hashers_set_job(h, &job), i);
        wait_finds(s, i);
        assert_int_equal(gv_hashers_set_job(h, &job), i); /* sealed: at rest */
        gv_hashers_stop(h);
        assert_int_equal(s->finds, i);
        assert_int_equal(s->generation, i);
        check_find(s, &job);
    }
    assert_true(gv_hashers_stats(h).hashes > 0);
    assert_false(gv_hashers_stats(h).broken);
    gv_hashers_free(h);
    seen_free(s);
}

/* One thread is deterministic: it finds what gv_search finds. */
static void
one_thread_same_nonce_S4_84_S4_85(void **state)
{
    static const enum gv_search_strategy strategies[] = {
        GV_SEARCH_INCREASING, GV_SEARCH_DECREASING, GV_SEARCH_RANDOM};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct gv_search_job job = job_of(9, true);
        struct gv_search_range all = {.strategy = strategies[i],
                                      .count = GV_NONCES};
        struct seen *s = seen_new();
        struct gv_hashers *h = hashers_new(
            s, (struct gv_hashers_options){
                   .threads = 1, .nice = 19, .strategy = strategies[i]});
        struct gv_search_result r;
        uint8_t first[80];

        gv_hashers_set_job(h, &job);
        wait_finds(s, 1);
        check_find(s, &job);
        memcpy(first, s->header, 80);
        if (strategies[i] != GV_SEARCH_RANDOM) {
            assert_int_equal(gv_search(gv_kernel_best(), &job, &all, NULL, &r),
                             GV_OK);
            assert_memory_equal(s->hash, r.hash32, 32);
        }
        gv_hashers_stop(h);
        assert_int_equal(gv_hashers_set_job(h, &job), 2); /* anew */
        wait_finds(s, 2);
        assert_memory_equal(s->header, first, 80);
        gv_hashers_free(h);
        seen_free(s);
    }
}

static void
unchanged_job_goes_on_S4_89(void **state)
{
    struct seen *s = seen_new();
    struct gv_hashers *h =
        hashers_new(s, (struct gv_hashers_options){.threads = 2});
    struct gv_search_job job = job_of(1, false);

    (void)state;
    assert_int_equal(gv_hashers_set_job(h, &job), 1);
    sleep_ms(20);
    job.header80[77] = 5; /* the nonce is not part of a job */
    assert_int_equal(gv_hashers_set_job(h, &job), 1);
    assert_int_equal(gv_hashers_stats(h).generation, 1);
    sleep_ms(20);
    assert_int_equal(gv_hashers_stats(h).busy, 2);
    job.target32[0]++;
    assert_int_equal(gv_hashers_set_job(h, &job), 2);
    job = job_of(2, true);
    assert_int_equal(gv_hashers_set_job(h, &job), 3);
    wait_finds(s, 1);
    assert_int_equal(s->generation, 3);
    gv_hashers_free(h);
    seen_free(s);
}

static int
ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* From replacing or dropping a hopeless job until no thread works on it. */
static void
cancel_latency_S4_89(void **state)
{
    enum { rounds = 31 };
    struct seen *s = seen_new();
    struct gv_hashers *h =
        hashers_new(s, (struct gv_hashers_options){.threads = 2});
    double stop[rounds], swap[rounds];

    (void)state;
    for (unsigned i = 0; i < rounds; i++) {
        const struct gv_search_job job = job_of((uint8_t)i, false);
        struct gv_search_job easy = job_of(0xff, true);
        double start;

        gv_hashers_set_job(h, &job);
        sleep_ms(5);
        easy.header80[41] = (uint8_t)i;
        memset(easy.target32, 0xff, 32);
        start = now_ms();
        gv_hashers_set_job(h, &easy);
        wait_finds(s, i + 1);
        swap[i] = now_ms() - start;
        gv_hashers_stop(h);
        gv_hashers_set_job(h, &job);
        sleep_ms(5);
        start = now_ms();
        gv_hashers_stop(h);
        stop[i] = now_ms() - start;
        assert_int_equal(gv_hashers_stats(h).busy, 0);
    }
    qsort(stop, rounds, sizeof(stop[0]), ascending);
    qsort(swap, rounds, sizeof(swap[0]), ascending);
    printf("stop: median %.2f ms, worst %.2f ms; new job: %.2f, %.2f\n",
           stop[rounds / 2], stop[rounds - 1], swap[rounds / 2],
           swap[rounds - 1]);
    assert_true(stop[rounds / 2] < 50);
    assert_true(swap[rounds / 2] < 50);
    gv_hashers_free(h);
    seen_free(s);
}

/* A kernel for the rolling tests: it looks at no nonce and finds none, so that
 * a header is used up at once. */
static bool
always(void)
{
    return true;
}

static size_t
blind_scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    (void)w, (void)nonces;
    return n;
}

static const struct gv_kernel blind = {"blind", always, blind_scan};

static size_t
liar_scan(const struct kernel_work *w, const uint32_t *nonces, size_t n)
{
    (void)w, (void)nonces, (void)n;
    return 0;
}

static const struct gv_kernel liar = {"liar", always, liar_scan};

/* Wait until n nonces were tried and all rest. */
static void
wait_spent(struct gv_hashers *h, uint64_t n)
{
    const double start = now_ms();
    struct gv_hashers_stats s;

    do {
        sleep_ms(2);
        s = gv_hashers_stats(h);
        assert_true(now_ms() - start < 60000);
    } while (s.hashes < n || s.busy > 0);
    sleep_ms(10);
    assert_int_equal(gv_hashers_stats(h).hashes, n);
    assert_int_equal(gv_hashers_stats(h).busy, 0);
}

static void
rolls_until_spent(void **state)
{
    const uint64_t nonces = 2 << 20;
    struct gv_hashers_options o = {
        .kernel = &blind, .threads = 2, .nonces = nonces, .roll_seconds = 3};
    const struct gv_search_job job = job_of(1, false);
    struct seen *s = seen_new();
    struct gv_hashers *h = hashers_new(s, o);

    (void)state;
    gv_hashers_set_job(h, &job); /* not rolled at all */
    wait_spent(h, nonces);
    gv_hashers_free(h);
    o.roll = GV_HASHERS_ROLL_TIME;
    h = hashers_new(s, o);
    gv_hashers_set_job(h, &job);
    wait_spent(h, 4 * nonces);
    gv_hashers_free(h);
    o.roll = GV_HASHERS_ROLL_CALLER;
    s->headers_left = 2;
    h = hashers_new(s, o);
    gv_hashers_set_job(h, &job);
    wait_spent(h, 3 * nonces);
    assert_int_equal(s->asked, 3);
    assert_int_equal(s->finds, 0);
    gv_hashers_free(h);
    seen_free(s);
}

/* The real search meets a target of one in 2^24 only after rolling 2^20
 * nonces a header several times; the seal shows what was rolled. */
static void
rolled_header_is_sealed(void **state)
{
    static const enum gv_hashers_roll rolls[] = {
        GV_HASHERS_ROLL_VERSION, GV_HASHERS_ROLL_TIME, GV_HASHERS_ROLL_CALLER};
    static const size_t at[] = {0, 68, 36};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct seen *s = seen_new();
        struct gv_hashers *h =
            hashers_new(s, (struct gv_hashers_options){.threads = 2,
                                                       .roll = rolls[i],
                                                       .roll_seconds = 100,
                                                       .nonces = 1 << 20});
        struct gv_search_job job = {.header80 = {[50] = 3}};

        memset(job.target32, 0xff, 29);
        s->headers_left = 100;
        gv_hashers_set_job(h, &job);
        wait_finds(s, 1);
        printf("rolled %u times\n", s->header[at[i]]);
        assert_true(s->header[at[i]] > 0);
        assert_memory_equal(s->header + 4, job.header80 + 4, 32);
        job.header80[at[i]] = s->header[at[i]];
        check_find(s, &job);
        assert_true(s->header[78] < 0x10 && s->header[79] == 0);
        gv_hashers_free(h);
        seen_free(s);
    }
}

static void
broken_kernel_rests(void **state)
{
    const struct gv_hashers_options o = {.kernel = &liar, .threads = 2};
    const struct gv_search_job job = job_of(1, false);
    struct seen *s = seen_new();
    struct gv_hashers *h = hashers_new(s, o);
    const double start = now_ms();

    (void)state;
    gv_hashers_set_job(h, &job);
    while (!gv_hashers_stats(h).broken) {
        sleep_ms(1);
        assert_true(now_ms() - start < 60000);
    }
    gv_hashers_stop(h);
    assert_int_equal(s->finds, 0);
    gv_hashers_free(h);
    seen_free(s);
}

static void
options_out_of_range(void **state)
{
    const struct gv_hashers_options good = {.threads = 1, .found = on_found};
    struct gv_hashers_options o;
    struct gv_hashers *h;

    (void)state;
    o = good, o.threads = 0;
    assert_int_equal(gv_hashers_new(&o, &h), GV_REJECT);
    assert_null(h);
    o = good, o.threads = GV_HASHERS_THREADS_MAX + 1;
    assert_int_equal(gv_hashers_new(&o, &h), GV_REJECT);
    o = good, o.found = NULL;
    assert_int_equal(gv_hashers_new(&o, &h), GV_REJECT);
    o = good, o.roll = GV_HASHERS_ROLL_CALLER;
    assert_int_equal(gv_hashers_new(&o, &h), GV_REJECT);
    o = good, o.nice = 20;
    assert_int_equal(gv_hashers_new(&o, &h), GV_REJECT);
    o = good, o.nonces = 5;
    assert_int_equal(gv_hashers_new(&o, &h), GV_REJECT);
    assert_int_equal(gv_hashers_new(&good, &h), GV_OK);
    gv_hashers_free(h);
    gv_hashers_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_find_a_job_S4_93),
        cmocka_unit_test(one_thread_same_nonce_S4_84_S4_85),
        cmocka_unit_test(unchanged_job_goes_on_S4_89),
        cmocka_unit_test(cancel_latency_S4_89),
        cmocka_unit_test(rolls_until_spent),
        cmocka_unit_test(rolled_header_is_sealed),
        cmocka_unit_test(broken_kernel_rests),
        cmocka_unit_test(options_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
