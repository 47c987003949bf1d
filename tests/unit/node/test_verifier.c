/* The pool of verifying threads: order, verdicts, what is inside at a stop. */
#include <pthread.h>

#include "src/verifier.h"
#include "tests/unit/state/stage.h"

#define TASKS_MAX 512
#define BLOCK_BIDS 200

/* What came back, in order. */
struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct gv_task *task[TASKS_MAX];
    size_t count;
};

static void
inbox_init(struct inbox *box)
{
    memset(box, 0, sizeof(*box));
    pthread_mutex_init(&box->lock, NULL);
    pthread_cond_init(&box->more, NULL);
}

static void
deliver(void *arg, struct gv_task *task)
{
    struct inbox *box = arg;

    pthread_mutex_lock(&box->lock);
    box->task[box->count++] = task;
    pthread_cond_signal(&box->more);
    pthread_mutex_unlock(&box->lock);
}

static void
await(struct inbox *box, size_t count)
{
    pthread_mutex_lock(&box->lock);
    while (box->count < count)
        pthread_cond_wait(&box->more, &box->lock);
    pthread_mutex_unlock(&box->lock);
}

/* --- tasks --- */

static struct gv_task *
task_of(struct world *w, struct gv_bytes raw, bool is_block, size_t n)
{
    struct gv_reject why = {.index = GV_NO_INDEX};
    struct gv_task *t = NULL;
    enum gv_rc rc = is_block
                        ? gv_task_block(w->st, raw, w->now_ms, true, &t, &why)
                        : gv_task_tx(w->st, raw, w->now_ms, &t, &why);

    if (rc != GV_OK || !t)
        fail_why("task", rc, &why, w);
    gv_task_set_user(t, (void *)(uintptr_t)(n + 1));
    return t;
}

static size_t
number_of(const struct gv_task *t)
{
    return (size_t)(uintptr_t)gv_task_user(t) - 1;
}

static struct gv_task *
bid_task(struct stage *g, size_t n, bool spoilt)
{
    struct gv_tx bid = sample_bid(&g->w.s, n % 2, (uint32_t)n + 1, 100 + n);
    uint8_t *raw = sample_alloc(&g->w.s, bid.raw.len);

    memcpy(raw, bid.raw.p, bid.raw.len);
    if (spoilt)
        raw[bid.raw.len - 1] ^= 1;
    return task_of(&g->w, gv_bytes(raw, bid.raw.len), false, n);
}

/* A block with BLOCK_BIDS bids and their stamp: many slices. */
static struct gv_bytes
big_block(struct stage *g)
{
    struct gv_tx *tx = calloc(BLOCK_BIDS + 1, sizeof(*tx));
    struct gv_bytes raw;

    for (uint32_t i = 0; i < BLOCK_BIDS; i++)
        tx[i] = sample_bid(&g->w.s, i % 2, 5000 + i, 100 + i);
    tx[BLOCK_BIDS] = sample_stamp(&g->w.s, 0, US(START + 500), tx, BLOCK_BIDS);
    raw = world_block(&g->w, g->c, START + 1000, tx, BLOCK_BIDS + 1);
    free(tx);
    return raw;
}

static struct gv_task *
empty_block_task(struct stage *g, size_t n)
{
    struct gv_bytes raw = world_block(&g->w, g->c, START + 1000 + n, NULL, 0);
    struct gv_task *t = task_of(&g->w, raw, true, n);

    assert_int_equal(gv_task_size(t), 0);
    return t;
}

static struct gv_verifier *
verifier(struct stage *g, unsigned threads, struct inbox *box)
{
    struct gv_verifier *v = gv_verifier_new(g->w.s.keys, threads, deliver, box);

    assert_non_null(v);
    return v;
}

/* --- tests --- */

/* Small, empty and very big tasks mixed, one bid in ten spoilt, released in
 * uneven groups. */
static void
mixed(unsigned threads)
{
    struct stage g;
    struct inbox box;
    struct gv_verifier *v;
    struct gv_bytes big;

    stage_plain(&g);
    inbox_init(&box);
    v = verifier(&g, threads, &box);
    big = big_block(&g);
    for (size_t n = 0; n < 120; n++) {
        struct gv_task *t = n % 30 == 7   ? task_of(&g.w, big, true, n)
                            : n % 10 == 3 ? empty_block_task(&g, n)
                                          : bid_task(&g, n, n % 10 == 5);

        assert_int_equal(gv_verifier_add(v, t), GV_OK);
        if (n % 17 == 0)
            gv_verifier_release(v);
    }
    gv_verifier_release(v);
    gv_verifier_release(v);
    await(&box, 120);
    for (size_t n = 0; n < 120; n++) {
        struct gv_reject why;
        enum gv_rc rc = gv_task_verdict(box.task[n], &why);

        assert_int_equal(number_of(box.task[n]), n);
        if (n % 30 != 7 && n % 10 == 5) {
            assert_int_equal(rc, GV_REJECT);
            assert_int_equal(why.code, GV_BAD_SIGNATURE);
        } else {
            assert_int_equal(rc, GV_OK);
        }
        gv_task_free(box.task[n]);
    }
    gv_verifier_free(v, NULL, NULL);
    world_free(&g.w);
}

static void
one_thread_gives_tasks_back_in_order(void **state)
{
    (void)state;
    mixed(1);
}

static void
many_threads_give_tasks_back_in_order(void **state)
{
    (void)state;
    mixed(8);
}

/* A block that entered is worth something only when every slice of it was
 * looked at: one bad signature anywhere refuses it. */
static void
every_slice_of_a_block_is_verified(void **state)
{
    (void)state;
    for (uint32_t bad = 0; bad < BLOCK_BIDS; bad += 33) {
        struct gv_tx *tx = calloc(BLOCK_BIDS, sizeof(*tx));
        struct gv_reject why;
        struct inbox box;
        struct stage g;
        struct gv_verifier *v;
        struct gv_task *t;

        stage_plain(&g);
        inbox_init(&box);
        v = verifier(&g, 4, &box);
        for (uint32_t i = 0; i < BLOCK_BIDS; i++)
            tx[i] = sample_bid(&g.w.s, i % 2, 1 + i, 100 + i);
        tx[bad].u.bid.sig.b[63] ^= 1;
        tx[bad].raw = sample_encode(&g.w.s, &tx[bad]);
        t = task_of(&g.w, world_block(&g.w, g.c, START + 1000, tx, BLOCK_BIDS),
                    true, 0);
        assert_int_equal(gv_verifier_add(v, t), GV_OK);
        gv_verifier_release(v);
        await(&box, 1);
        assert_int_equal(gv_task_verdict(t, &why), GV_REJECT);
        assert_int_equal(why.code, GV_BAD_SIGNATURE);
        assert_int_equal(why.index, bad);
        gv_task_free(t);
        gv_verifier_free(v, NULL, NULL);
        world_free(&g.w);
        free(tx);
    }
}

static void
count_falls_to_zero(void **state)
{
    struct stage g;
    struct inbox box;
    struct gv_verifier *v;

    (void)state;
    stage_plain(&g);
    inbox_init(&box);
    v = verifier(&g, 2, &box);
    for (size_t n = 0; n < 40; n++)
        assert_int_equal(gv_verifier_add(v, bid_task(&g, n, false)), GV_OK);
    assert_int_equal(gv_verifier_count(v), 40); /* none is released */
    gv_verifier_release(v);
    await(&box, 40);
    while (gv_verifier_count(v) > 0)
        sched_yield();
    for (size_t n = 0; n < 40; n++)
        gv_task_free(box.task[n]);
    gv_verifier_free(v, NULL, NULL);
    world_free(&g.w);
}

/* Delivered or dropped: each task comes back exactly once, wherever a stop
 * meets it. */
static void
a_stop_drops_each_task_once(void **state)
{
    struct stage g;

    (void)state;
    stage_plain(&g);
    for (int round = 0; round < 12; round++) {
        struct inbox done, dropped;
        bool seen[60] = {false};
        struct gv_verifier *v;

        inbox_init(&done);
        inbox_init(&dropped);
        v = verifier(&g, 3, &done);
        for (size_t n = 0; n < 60; n++) {
            assert_int_equal(gv_verifier_add(v, bid_task(&g, n, false)), GV_OK);
            if (n == 20)
                gv_verifier_release(v);
            if (n == 40 && round % 2)
                gv_verifier_release(v);
        }
        if (round % 3 == 0)
            await(&done, 5);
        gv_verifier_free(v, deliver, &dropped);
        assert_int_equal(done.count + dropped.count, 60);
        for (size_t i = 0; i < 60; i++) {
            struct gv_task *t =
                i < done.count ? done.task[i] : dropped.task[i - done.count];

            assert_false(seen[number_of(t)]);
            seen[number_of(t)] = true;
            gv_task_free(t);
        }
        /* Without a receiver they are freed. */
        v = verifier(&g, 1, &done);
        assert_int_equal(gv_verifier_add(v, bid_task(&g, 0, false)), GV_OK);
        gv_verifier_free(v, NULL, NULL);
    }
    gv_verifier_free(NULL, NULL, NULL);
    world_free(&g.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_gives_tasks_back_in_order),
        cmocka_unit_test(many_threads_give_tasks_back_in_order),
        cmocka_unit_test(every_slice_of_a_block_is_verified),
        cmocka_unit_test(count_falls_to_zero),
        cmocka_unit_test(a_stop_drops_each_task_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
