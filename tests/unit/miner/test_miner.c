/* test_miner.c - the miner against a node over real sockets: replaced and
 * unchanged templates, seals, a node that goes away, and the end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "miner/miner.h"
#include "src/base/files.h"
#include "tests/unit/miner/fake_node.h"

#define PATIENCE_MS 60000

struct seen {
    pthread_mutex_t lock;
    unsigned events[GV_MINER_REFUSED + 1];
    char text[512]; /* of the last event that had one */
};

struct fixture {
    struct fake_node node;
    struct seen seen;
    struct gv_miner *miner;
};

static void
on_event(void *ctx, const struct gv_miner_event *event)
{
    struct seen *s = ctx;

    pthread_mutex_lock(&s->lock);
    s->events[event->kind]++;
    if (event->text[0] != '\0')
        snprintf(s->text, sizeof(s->text), "%s", event->text);
    pthread_mutex_unlock(&s->lock);
}

static void
open_fixture(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    pthread_mutex_init(&f->seen.lock, NULL);
    fake_open(&f->node);
}

static void
mine(struct fixture *f, struct gv_miner_options o)
{
    struct gv_error e = {""};

    o.node = f->node.url;
    o.cookie = f->node.cookie;
    if (o.threads == 0)
        o.threads = 2;
    o.event = on_event;
    o.ctx = &f->seen;
    if (gv_miner_new(&o, &f->miner, &e) != GV_OK)
        fail_msg("%s", e.text);
}

static void
close_fixture(struct fixture *f)
{
    gv_miner_free(f->miner);
    fake_close(&f->node);
    pthread_mutex_destroy(&f->seen.lock);
}

static void
wait_count(pthread_mutex_t *lock, const unsigned *count, unsigned least)
{
    const double start = fake_now_ms();
    bool enough;

    do {
        pthread_mutex_lock(lock);
        enough = *count >= least;
        pthread_mutex_unlock(lock);
        assert_true(fake_now_ms() - start < PATIENCE_MS);
        if (!enough)
            fake_sleep_ms(1);
    } while (!enough);
}

static void
wait_event(struct fixture *f, enum gv_miner_event_kind kind, unsigned least)
{
    wait_count(&f->seen.lock, &f->seen.events[kind], least);
}

static unsigned
events(struct fixture *f, enum gv_miner_event_kind kind)
{
    unsigned n;

    pthread_mutex_lock(&f->seen.lock);
    n = f->seen.events[kind];
    pthread_mutex_unlock(&f->seen.lock);
    return n;
}

static void
wait_busy(struct fixture *f, unsigned busy)
{
    const double start = fake_now_ms();

    while (gv_miner_stats(f->miner).busy != busy) {
        fake_sleep_ms(1);
        assert_true(fake_now_ms() - start < PATIENCE_MS);
    }
}

static void
unchanged_template_goes_on_S4_89(void **state)
{
    struct fixture f;
    struct gv_miner_stats before, after;
    double start;

    (void)state;
    open_fixture(&f);
    fake_publish(&f.node, 1, FAKE_HOPELESS);
    mine(&f, (struct gv_miner_options){.poll_ms = 20});
    wait_busy(&f, 2);
    before = gv_miner_stats(f.miner);
    wait_count(&f.node.lock, &f.node.polls, 8);
    start = fake_now_ms();
    do {
        after = gv_miner_stats(f.miner);
        assert_true(fake_now_ms() - start < PATIENCE_MS);
    } while (after.hashes == before.hashes);
    assert_int_equal(after.generation, 1);
    assert_int_equal(after.busy, 2);
    assert_true(f.node.versions >= 7); /* each answer had another version */
    assert_int_equal(events(&f, GV_MINER_WORK), 1);
    assert_int_equal(f.node.submits, 0);
    /* all calls but the first named the template at hand */
    pthread_mutex_lock(&f.node.lock);
    assert_int_equal(f.node.long_polls, f.node.polls - 1);
    pthread_mutex_unlock(&f.node.lock);
    close_fixture(&f);
}

static int
ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
check_seal(const struct fake_node *n, unsigned template,
           enum fake_target target)
{
    uint8_t be[32], le[32], hash[32];

    fake_target32(target, be);
    for (size_t i = 0; i < 32; i++)
        le[i] = be[31 - i];
    gv_search_hash(n->seal, hash);
    assert_true(gv_search_meets(hash, le));
    assert_int_equal(n->sealed, template);
    assert_int_equal(n->seal[36], template);
}

/* From the node's new template, which is easy, to its seal at the node: the
 * search for the old, hopeless one must have stopped in between. */
static void
new_template_replaces_at_once_S4_89(void **state)
{
    enum { rounds = 21 };
    struct fixture f;
    double took[rounds];

    (void)state;
    open_fixture(&f);
    mine(&f, (struct gv_miner_options){.threads = 2});
    for (unsigned i = 0; i < rounds; i++) {
        const unsigned template = 2 * i + 1;
        double start;

        fake_publish(&f.node, template, FAKE_HOPELESS);
        wait_event(&f, GV_MINER_WORK, template);
        wait_busy(&f, 2);
        fake_sleep_ms(5);
        start = fake_now_ms();
        fake_publish(&f.node, template + 1, FAKE_EASY);
        wait_count(&f.node.lock, &f.node.submits, i + 1);
        took[i] = f.node.sealed_ms - start;
        check_seal(&f.node, template + 1, FAKE_EASY);
        wait_event(&f, GV_MINER_ACCEPTED, i + 1);
        assert_int_equal(gv_miner_stats(f.miner).generation, 2 * (i + 1));
    }
    qsort(took, rounds, sizeof(took[0]), ascending);
    printf("new template to its seal: median %.2f ms, worst %.2f ms\n",
           took[rounds / 2], took[rounds - 1]);
    assert_true(took[rounds / 2] < 50);
    assert_int_equal(f.node.submits, rounds);
    close_fixture(&f);
}

static void
ends_after_blocks(void **state)
{
    struct fixture f;
    struct gv_miner_stats s;

    (void)state;
    open_fixture(&f);
    f.node.advance = true;
    fake_publish(&f.node, 1, FAKE_EASY);
    mine(&f,
         (struct gv_miner_options){.blocks = 7, .strategy = GV_SEARCH_RANDOM});
    wait_event(&f, GV_MINER_DONE, 1);
    fake_sleep_ms(50);
    s = gv_miner_stats(f.miner);
    assert_int_equal(s.accepted, 7);
    assert_int_equal(events(&f, GV_MINER_ACCEPTED), 7);
    assert_int_equal(f.node.template, 8);
    assert_in_range(f.node.submits, 7, 7 + s.stale);
    close_fixture(&f);
}

/* The node dies with a seal unanswered and comes back, on the same port, with
 * a new cookie: the seal is submitted again. */
static void
seal_survives_a_restart_of_the_node(void **state)
{
    struct fixture f;
    uint8_t *before, *after, seal[80];
    size_t len;

    (void)state;
    open_fixture(&f);
    f.node.hold = true;
    fake_publish(&f.node, 1, FAKE_EASY);
    mine(&f, (struct gv_miner_options){.threads = 2});
    wait_count(&f.node.lock, &f.node.submits, 1);
    memcpy(seal, f.node.seal, 80);
    assert_int_equal(gv_file_read(f.node.cookie, 999, &before, &len, NULL), 0);
    fake_publish(&f.node, 2, FAKE_HOPELESS);
    wait_busy(&f, 2);
    fake_stop(&f.node);
    wait_event(&f, GV_MINER_OFFLINE, 1);
    wait_busy(&f, 0); /* what it would find has nowhere to go */
    assert_non_null(strstr(f.seen.text, f.node.url));
    f.node.hold = false;
    f.node.template = 1;
    f.node.target = FAKE_HOPELESS;
    fake_start(&f.node);
    wait_event(&f, GV_MINER_ACCEPTED, 1);
    wait_event(&f, GV_MINER_ONLINE, 1);
    assert_memory_equal(f.node.seal, seal, 80);
    wait_busy(&f, 2);
    assert_int_equal(gv_file_read(f.node.cookie, 999, &after, &len, NULL), 0);
    assert_memory_not_equal(before, after, len);
    assert_int_equal(events(&f, GV_MINER_OFFLINE), 1); /* told once */
    assert_int_equal(gv_miner_stats(f.miner).accepted, 1);
    free(before);
    free(after);
    close_fixture(&f);
}

/* A call that breaks once does not stop the search. */
static void
one_failure_leaves_the_search(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    fake_publish(&f.node, 1, FAKE_HOPELESS);
    mine(&f, (struct gv_miner_options){.threads = 2});
    wait_busy(&f, 2);
    wait_count(&f.node.lock, &f.node.long_polls, 1);
    pthread_mutex_lock(&f.node.lock);
    f.node.poll_error = GV_RPC_INTERNAL;
    fake_settle(&f.node, true);
    f.node.poll_error = 0;
    pthread_mutex_unlock(&f.node.lock);
    wait_event(&f, GV_MINER_ONLINE, 1);
    assert_int_equal(events(&f, GV_MINER_OFFLINE), 1);
    assert_int_equal(events(&f, GV_MINER_WORK), 1);
    assert_int_equal(gv_miner_stats(f.miner).generation, 1);
    assert_int_equal(gv_miner_stats(f.miner).busy, 2);
    close_fixture(&f);
}

static void
verdicts_are_counted(void **state)
{
    struct fixture f;
    struct gv_miner_stats s;

    (void)state;
    open_fixture(&f);
    f.node.submit_error = GV_RPC_REJECTED;
    fake_publish(&f.node, 1, FAKE_EASY);
    mine(&f, (struct gv_miner_options){.poll_ms = 60000});
    wait_event(&f, GV_MINER_REJECTED, 1);
    assert_string_equal(f.seen.text, "as the test wants it");
    pthread_mutex_lock(&f.node.lock);
    f.node.never_accept = true;
    pthread_mutex_unlock(&f.node.lock);
    fake_publish(&f.node, 2, FAKE_EASY);
    wait_event(&f, GV_MINER_STALE, 1);
    pthread_mutex_lock(&f.node.lock);
    f.node.never_accept = false;
    f.node.submit_error = GV_RPC_BUSY; /* asked again, not counted */
    pthread_mutex_unlock(&f.node.lock);
    fake_publish(&f.node, 3, FAKE_EASY);
    wait_event(&f, GV_MINER_ACCEPTED, 1);
    assert_int_equal(f.node.submits, 4);
    s = gv_miner_stats(f.miner);
    assert_int_equal(s.rejected, 1);
    assert_int_equal(s.stale, 1);
    assert_int_equal(s.accepted, 1);
    close_fixture(&f);
}

/* The same template after a seal of it is searched anew, with the version
 * that came with it. */
static void
sealed_template_is_begun_anew(void **state)
{
    struct fixture f;
    uint8_t first[80];

    (void)state;
    open_fixture(&f);
    f.node.never_accept = true;
    fake_publish(&f.node, 1, FAKE_EASY);
    mine(&f, (struct gv_miner_options){.poll_ms = 100});
    wait_event(&f, GV_MINER_STALE, 1);
    pthread_mutex_lock(&f.node.lock);
    memcpy(first, f.node.seal, 80);
    pthread_mutex_unlock(&f.node.lock);
    wait_event(&f, GV_MINER_STALE, 2);
    pthread_mutex_lock(&f.node.lock);
    assert_memory_not_equal(first, f.node.seal, 2);
    assert_memory_equal(first + 4, f.node.seal + 4, 72);
    pthread_mutex_unlock(&f.node.lock);
    assert_int_equal(events(&f, GV_MINER_WORK), 1);
    close_fixture(&f);
}

static void
no_work_is_waited_for(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    mine(&f, (struct gv_miner_options){.threads = 1});
    wait_event(&f, GV_MINER_NO_WORK, 1);
    assert_int_equal(gv_miner_stats(f.miner).generation, 0);
    fake_publish(&f.node, 1, FAKE_EASY);
    wait_event(&f, GV_MINER_ACCEPTED, 1);
    assert_int_equal(events(&f, GV_MINER_OFFLINE), 0);
    close_fixture(&f);
}

static void
refusing_node_ends_it(void **state)
{
    static const int codes[] = {GV_RPC_FORBIDDEN, GV_RPC_METHOD};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;

        open_fixture(&f);
        f.node.poll_error = codes[i];
        mine(&f, (struct gv_miner_options){.threads = 1});
        wait_event(&f, GV_MINER_REFUSED, 1);
        fake_sleep_ms(20);
        assert_int_equal(f.node.polls, 1);
        close_fixture(&f);
    }
}

static void
ends_at_once(void **state)
{
    struct fixture f;
    double start;

    (void)state;
    open_fixture(&f);
    fake_publish(&f.node, 1, FAKE_HOPELESS);
    mine(&f, (struct gv_miner_options){.poll_ms = 60000});
    wait_busy(&f, 2);
    wait_count(&f.node.lock, &f.node.long_polls, 1);
    start = fake_now_ms();
    gv_miner_free(f.miner);
    printf("ended in %.2f ms\n", fake_now_ms() - start);
    assert_true(fake_now_ms() - start < 1000);
    f.miner = NULL;
    close_fixture(&f);
    gv_miner_free(NULL);
}

/* With all nonces of a header used up, the search goes on in another, whose
 * version differs in the half that the node leaves to the miner. */
static void
version_is_rolled(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    f.node.versions = 0x1234;
    fake_publish(&f.node, 1, FAKE_RARE);
    mine(&f, (struct gv_miner_options){.nonces = 1 << 20, .poll_ms = 60000});
    wait_event(&f, GV_MINER_ACCEPTED, 1);
    check_seal(&f.node, 1, FAKE_RARE);
    printf("rolled %u times\n", gv_job_extra(f.node.seal));
    assert_true(gv_job_extra(f.node.seal) > 0);
    assert_int_equal(f.node.seal[0], 0x34);
    assert_int_equal(f.node.seal[1], 0x12);
    assert_int_equal(gv_miner_stats(f.miner).generation, 1);
    close_fixture(&f);
}

static void
bad_options(void **state)
{
    const struct gv_miner_options good = {.node = "http://127.0.0.1:1",
                                          .cookie = "/nonexistent",
                                          .threads = 1,
                                          .event = on_event};
    struct gv_miner_options o;
    struct gv_miner *m;
    struct gv_error e;

    (void)state;
    o = good, o.threads = 0;
    assert_int_equal(gv_miner_new(&o, &m, &e), GV_REJECT);
    assert_null(m);
    assert_non_null(strstr(e.text, "threads"));
    o = good, o.node = "127.0.0.1";
    assert_int_equal(gv_miner_new(&o, &m, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "127.0.0.1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unchanged_template_goes_on_S4_89),
        cmocka_unit_test(new_template_replaces_at_once_S4_89),
        cmocka_unit_test(ends_after_blocks),
        cmocka_unit_test(seal_survives_a_restart_of_the_node),
        cmocka_unit_test(one_failure_leaves_the_search),
        cmocka_unit_test(verdicts_are_counted),
        cmocka_unit_test(sealed_template_is_begun_anew),
        cmocka_unit_test(no_work_is_waited_for),
        cmocka_unit_test(refusing_node_ends_it),
        cmocka_unit_test(ends_at_once),
        cmocka_unit_test(version_is_rolled),
        cmocka_unit_test(bad_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
