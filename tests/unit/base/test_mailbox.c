/* The mailbox: order, limits, descriptor, close, and many threads. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/mailbox.h"

static void *
number(int n)
{
    int *message = malloc(sizeof(*message));

    *message = n;
    return message;
}

static int
taken(struct gv_mailbox *box)
{
    int *message = gv_mailbox_take(box);
    int n = message != NULL ? *message : -1;

    free(message);
    return n;
}

static bool
readable(struct gv_mailbox *box)
{
    struct pollfd fd = {.fd = gv_mailbox_fd(box), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void
keeps_order_and_descriptor(void **state)
{
    struct gv_mailbox_limits none = {0, 0};
    struct gv_mailbox *box = gv_mailbox_new(none, free);

    (void)state;
    assert_non_null(box);
    assert_false(readable(box));
    for (int i = 0; i < 5; i++)
        assert_int_equal(gv_mailbox_post(box, number(i), 1), GV_MAIL_OK);
    assert_true(readable(box));
    assert_int_equal(gv_mailbox_count(box), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(taken(box), i);
    assert_false(readable(box));
    assert_null(gv_mailbox_take(box));
    gv_mailbox_free(box);
}

static void
drains_in_batches(void **state)
{
    struct gv_mailbox_limits none = {0, 0};
    struct gv_mailbox *box = gv_mailbox_new(none, free);
    void *out[8];

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(gv_mailbox_post(box, number(i), 1), GV_MAIL_OK);
    assert_int_equal(gv_mailbox_drain(box, out, 8), 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(*(int *)out[i], i);
        free(out[i]);
    }
    assert_true(readable(box));
    assert_int_equal(gv_mailbox_post(box, number(10), 1), GV_MAIL_OK);
    assert_int_equal(gv_mailbox_drain(box, out, 8), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(*(int *)out[i], 8 + i);
        free(out[i]);
    }
    assert_false(readable(box));
    gv_mailbox_free(box);
}

static void
holds_its_limits(void **state)
{
    struct gv_mailbox_limits limits = {3, 100};
    struct gv_mailbox *box = gv_mailbox_new(limits, free);
    int *kept = number(7);

    (void)state;
    assert_int_equal(gv_mailbox_offer(box, kept, 101), GV_MAIL_FULL);
    assert_int_equal(gv_mailbox_post(box, number(1), 60), GV_MAIL_OK);
    assert_int_equal(gv_mailbox_post(box, number(2), 60), GV_MAIL_FULL);
    assert_int_equal(gv_mailbox_post(box, number(3), 40), GV_MAIL_OK);
    assert_int_equal(gv_mailbox_post(box, number(4), 0), GV_MAIL_OK);
    assert_int_equal(gv_mailbox_offer(box, kept, 0), GV_MAIL_FULL);
    assert_int_equal(taken(box), 1);
    assert_int_equal(gv_mailbox_offer(box, kept, 60), GV_MAIL_OK);
    assert_int_equal(taken(box), 3);
    assert_int_equal(taken(box), 4);
    assert_int_equal(taken(box), 7);
    gv_mailbox_free(box);
}

static void
closes_for_posts_not_for_takes(void **state)
{
    struct gv_mailbox_limits none = {0, 0};
    struct gv_mailbox *box = gv_mailbox_new(none, free);
    int *kept = number(9);

    (void)state;
    assert_false(gv_mailbox_wait(box, 1));
    assert_int_equal(gv_mailbox_post(box, number(1), 1), GV_MAIL_OK);
    gv_mailbox_close(box);
    gv_mailbox_close(box);
    assert_int_equal(gv_mailbox_post(box, number(2), 1), GV_MAIL_CLOSED);
    assert_int_equal(gv_mailbox_offer(box, kept, 1), GV_MAIL_CLOSED);
    free(kept);
    assert_false(gv_mailbox_done(box));
    assert_int_equal(taken(box), 1);
    assert_true(gv_mailbox_done(box));
    assert_true(readable(box));
    assert_true(gv_mailbox_wait(box, -1));
    gv_mailbox_free(box);
}

#define POSTERS 4
#define EACH 5000

static void *
post_many(void *arg)
{
    struct gv_mailbox *box = arg;

    for (int i = 0; i < EACH; i++) {
        int *message = number(i);

        while (gv_mailbox_offer(box, message, 1) == GV_MAIL_FULL)
            (void)gv_mailbox_wait(box, 0);
    }
    return NULL;
}

static void
many_threads_lose_nothing(void **state)
{
    struct gv_mailbox_limits limits = {64, 0};
    struct gv_mailbox *box = gv_mailbox_new(limits, free);
    pthread_t threads[POSTERS];
    long long sum = 0;
    int count = 0;

    (void)state;
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, box), 0);
    while (count < POSTERS * EACH) {
        assert_true(gv_mailbox_wait(box, 10000));
        for (int n; (n = taken(box)) >= 0; count++)
            sum += n;
    }
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sum, (long long)POSTERS * EACH * (EACH - 1) / 2);
    assert_int_equal(gv_mailbox_count(box), 0);
    gv_mailbox_free(box);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_descriptor),
        cmocka_unit_test(drains_in_batches),
        cmocka_unit_test(holds_its_limits),
        cmocka_unit_test(closes_for_posts_not_for_takes),
        cmocka_unit_test(many_threads_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
