/* The message log (N28): sealed to its owner, chained, bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/net/diary.h"

static const uint8_t secret[32] = {7, 1};

struct log {
    char dir[64], path[128];
    struct gv_diary_options opt;
};

static void
log_init(struct log *l, size_t max)
{
    memset(l, 0, sizeof(*l));
    snprintf(l->dir, sizeof(l->dir), "/tmp/gavel-msglog-XXXXXX");
    assert_non_null(mkdtemp(l->dir));
    snprintf(l->path, sizeof(l->path), "%s/messages.log", l->dir);
    l->opt.path = l->path;
    l->opt.max_bytes = max;
    assert_int_equal(gv_x25519_public(secret, l->opt.owner), GV_OK);
}

static void
log_clear(struct log *l)
{
    char name[160];

    unlink(l->path);
    for (int i = 1; i <= GV_DIARY_OLD + 1; i++) {
        snprintf(name, sizeof(name), "%s.%d", l->path, i);
        unlink(name);
    }
    assert_int_equal(rmdir(l->dir), 0);
}

static struct gv_diary *
log_open(struct log *l)
{
    struct gv_error e = {""};
    struct gv_diary *d = gv_diary_open(&l->opt, &e);

    if (d == NULL)
        fail_msg("%s", e.text);
    return d;
}

static uint8_t *
read_log(const struct log *l, int old, size_t *len)
{
    struct gv_error e;
    char name[160];
    uint8_t *all;

    snprintf(name, sizeof(name), old ? "%s.%d" : "%s", l->path, old);
    return gv_file_read(name, 1u << 26, &all, len, &e) == GV_OK ? all : NULL;
}

/* Walk a file: entries in it; SIZE_MAX when the chain or a seal is broken. */
static size_t
walk(struct gv_bytes all, struct gv_msglog_chain *chain, bool *any,
     const uint8_t key[32])
{
    struct gv_msglog_record record;
    struct gv_msglog_entry e;
    struct gv_reader r, in;
    size_t n = 0, len;
    uint8_t *plain;

    if (all.len < 8 || memcmp(all.p, GV_MSGLOG_MAGIC, 8) != 0)
        return SIZE_MAX;
    r = gv_reader(gv_bytes(all.p + 8, all.len - 8));
    while (gv_msglog_read(&r, &record)) {
        if (!gv_msglog_follows(chain, &record, any))
            return SIZE_MAX;
        plain = gv_msglog_open(&record, key, &len);
        if (plain == NULL)
            return SIZE_MAX;
        in = gv_reader(gv_bytes(plain, len));
        while (gv_msglog_next(&in, &e))
            n++;
        free(plain);
        if (in.failed)
            return SIZE_MAX;
    }
    return r.failed ? SIZE_MAX : n;
}

static size_t
walk_one(const struct log *l, const uint8_t key[32])
{
    struct gv_msglog_chain chain = {{0}, 0};
    bool any = false;
    size_t len = 0, n;
    uint8_t *all = read_log(l, 0, &len);

    assert_non_null(all);
    n = walk(gv_bytes(all, len), &chain, &any, key);
    free(all);
    return n;
}

static void
test_S1_13_messages_are_sealed_to_their_owner(void **state)
{
    static const uint8_t other[32] = {8, 1};
    static const char text[] = "a message nobody else may read";
    struct gv_diary *d;
    struct log l;
    size_t len;
    uint8_t *all;

    (void)state;
    log_init(&l, 0);
    d = log_open(&l);
    for (unsigned i = 0; i < 100; i++)
        gv_diary_note(d, i, i % GV_MSGLOG_LOST, gv_bytes(text, sizeof(text)));
    gv_diary_note(NULL, 1, 1, gv_bytes(text, sizeof(text)));
    gv_diary_free(d);
    assert_int_equal(walk_one(&l, secret), 100);
    assert_int_equal(walk_one(&l, other), SIZE_MAX);
    all = read_log(&l, 0, &len);
    assert_null(memmem(all, len, text, 9));
    free(all);
    log_clear(&l);
}

/* Every byte is covered. */
static void
test_S1_13_a_change_shows(void **state)
{
    struct gv_msglog_chain zero = {{0}, 0}, chain;
    struct gv_diary *d;
    struct log l;
    size_t len;
    uint8_t *all;
    bool any;

    (void)state;
    log_init(&l, 0);
    for (int run = 0; run < 3; run++) {
        d = log_open(&l);
        gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes("x", 1));
        gv_diary_free(d);
    }
    all = read_log(&l, 0, &len);
    for (size_t i = 0; i < len; i++) {
        all[i] ^= 1;
        chain = zero;
        any = false;
        assert_int_equal(walk(gv_bytes(all, len), &chain, &any, secret),
                         SIZE_MAX);
        all[i] ^= 1;
    }
    chain = zero;
    any = false;
    assert_int_equal(walk(gv_bytes(all, len), &chain, &any, secret), 3);
    assert_int_equal(chain.number, 3);
    free(all);
    log_clear(&l);
}

static void
test_S1_13_a_record_that_is_missing_shows(void **state)
{
    struct gv_msglog_chain chain = {{0}, 0};
    struct gv_msglog_record record;
    struct gv_diary *d;
    struct gv_reader r;
    struct log l;
    uint8_t *all;
    size_t len;
    bool any = false;

    (void)state;
    log_init(&l, 0);
    for (int run = 0; run < 3; run++) {
        d = log_open(&l);
        gv_diary_note(d, 1, GV_MSGLOG_OUT, gv_bytes("x", 1));
        gv_diary_free(d);
    }
    all = read_log(&l, 0, &len);
    r = gv_reader(gv_bytes(all + 8, len - 8));
    assert_true(gv_msglog_read(&r, &record));
    assert_true(gv_msglog_follows(&chain, &record, &any));
    assert_true(gv_msglog_read(&r, &record)); /* the one left out */
    assert_true(gv_msglog_read(&r, &record));
    assert_false(gv_msglog_follows(&chain, &record, &any));
    free(all);
    log_clear(&l);
}

/* What a crash left of a record goes, and the chain goes on. */
static void
test_a_cut_record_is_taken_away(void **state)
{
    struct gv_diary *d;
    struct stat st;
    struct log l;

    (void)state;
    log_init(&l, 0);
    d = log_open(&l);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes("first", 5));
    gv_diary_free(d);
    assert_int_equal(stat(l.path, &st), 0);
    d = log_open(&l);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes("second", 6));
    gv_diary_free(d);
    assert_int_equal(truncate(l.path, st.st_size + 50), 0);
    d = log_open(&l);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes("third", 5));
    gv_diary_free(d);
    assert_int_equal(walk_one(&l, secret), 2);
    log_clear(&l);
}

/* Five files at most, and one chain through all of them. */
static void
test_files_are_bounded_and_chained(void **state)
{
    struct gv_msglog_chain chain = {{0}, 0};
    uint8_t frame[2000] = {0};
    struct gv_diary *d;
    struct log l;
    bool any = true;
    uint8_t *all;
    size_t len;

    (void)state;
    log_init(&l, 4096);
    for (int run = 0; run < 20; run++) {
        d = log_open(&l);
        gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes(frame, sizeof(frame)));
        gv_diary_free(d);
    }
    assert_null(read_log(&l, GV_DIARY_OLD + 1, &len));
    for (int old = GV_DIARY_OLD; old >= 0; old--) {
        all = read_log(&l, old, &len);
        assert_non_null(all);
        assert_in_range(len, 8, 4096);
        assert_int_equal(walk(gv_bytes(all, len), &chain, &any, secret), 1);
        free(all);
    }
    assert_int_equal(chain.number, 20);
    log_clear(&l);
}

/* --- what cannot be written --- */

/* The soft limit is this now; what it was. */
static rlim_t
limit(__rlimit_resource_t what, rlim_t now)
{
    struct rlimit r;
    rlim_t before;

    assert_int_equal(getrlimit(what, &r), 0);
    before = r.rlim_cur;
    r.rlim_cur = now;
    assert_int_equal(setrlimit(what, &r), 0);
    return before;
}

/* Entries and the messages that they say were lost; the chain is whole. */
static size_t
walk_lost(const struct log *l, int old, struct gv_msglog_chain *chain,
          uint64_t *lost)
{
    struct gv_msglog_record record;
    struct gv_msglog_entry e;
    struct gv_reader r, in;
    size_t len, n = 0;
    uint8_t *plain, *all = read_log(l, old, &len);
    bool any = false;

    assert_non_null(all);
    assert_memory_equal(all, GV_MSGLOG_MAGIC, 8);
    r = gv_reader(gv_bytes(all + 8, len - 8));
    while (gv_msglog_read(&r, &record)) {
        assert_true(gv_msglog_follows(chain, &record, &any));
        plain = gv_msglog_open(&record, secret, &len);
        assert_non_null(plain);
        in = gv_reader(gv_bytes(plain, len));
        while (gv_msglog_next(&in, &e)) {
            n += e.way != GV_MSGLOG_LOST;
            *lost += e.way == GV_MSGLOG_LOST ? gv_le64(e.frame.p) : 0;
        }
        free(plain);
    }
    assert_false(r.failed);
    free(all);
    return n;
}

/* Does the node's log say so, within some seconds? */
static bool
says(int fd, const char *text)
{
    static const struct timespec pause = {0, 5000000};
    char all[4096];

    for (int i = 0; i < 4000; i++) {
        ssize_t n = pread(fd, all, sizeof(all), 0);

        if (n > 0 && memmem(all, (size_t)n, text, strlen(text)) != NULL)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* A disk that is full when a file begins, or in a record, is no end of it. */
static void
test_S1_13_a_full_disk_spoils_nothing(void **state)
{
    struct gv_msglog_chain chain = {{0}, 0};
    uint8_t frame[2000] = {0};
    struct gv_error e = {""};
    uint64_t lost = 0;
    struct gv_diary *d;
    struct stat st;
    struct log l;
    rlim_t most;

    (void)state;
    log_init(&l, 0);
    signal(SIGXFSZ, SIG_IGN);
    most = limit(RLIMIT_FSIZE, 3);
    assert_null(gv_diary_open(&l.opt, &e));
    limit(RLIMIT_FSIZE, most);
    assert_int_equal(stat(l.path, &st), 0);
    assert_int_equal(st.st_size, 3);

    d = log_open(&l);
    limit(RLIMIT_FSIZE, 500);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes(frame, sizeof(frame)));
    gv_diary_free(d); /* the record was cut off */
    limit(RLIMIT_FSIZE, most);
    signal(SIGXFSZ, SIG_DFL);
    d = log_open(&l);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes(frame, sizeof(frame)));
    gv_diary_free(d);
    assert_int_equal(walk_lost(&l, 0, &chain, &lost), 1);
    log_clear(&l);
}

/* The next file cannot begin for a while: what is lost is counted, and the
 * chain goes on. */
static void
test_S1_13_a_file_that_cannot_begin_is_tried_again(void **state)
{
    struct gv_log_options where = {.level = GV_LOG_INFO};
    struct gv_msglog_chain chain = {{0}, 0};
    uint8_t frame[3000] = {0};
    struct gv_error e = {""};
    uint64_t lost = 0;
    struct gv_diary *d;
    char node_log[160];
    struct log l;
    rlim_t most;
    size_t kept;
    int fd;

    (void)state;
    log_init(&l, 4096);
    snprintf(node_log, sizeof(node_log), "%s/node.log", l.dir);
    where.file = node_log;
    l.opt.log = gv_log_open(&where, &e);
    fd = open(node_log, O_RDONLY);
    assert_true(l.opt.log != NULL && fd >= 0);
    d = log_open(&l);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes(frame, sizeof(frame)));
    gv_diary_free(d);
    d = log_open(&l);
    most = limit(RLIMIT_NOFILE, 0);
    gv_diary_note(d, 1, GV_MSGLOG_IN, gv_bytes(frame, sizeof(frame)));
    assert_true(says(fd, "the message log is not written"));
    limit(RLIMIT_NOFILE, most);
    assert_int_not_equal(access(l.path, F_OK), 0);
    gv_diary_note(d, 1, GV_MSGLOG_OUT, gv_bytes(frame, sizeof(frame)));
    gv_diary_free(d);
    kept = walk_lost(&l, 1, &chain, &lost);
    kept += walk_lost(&l, 0, &chain, &lost);
    assert_int_equal(kept, 2);
    assert_int_equal(lost, 1);
    assert_true(says(fd, "the message log is written again"));
    close(fd);
    gv_log_free(l.opt.log);
    unlink(node_log);
    log_clear(&l);
}

static void
test_what_is_no_log_or_no_key_is_refused(void **state)
{
    struct gv_error e = {""};
    struct log l;

    (void)state;
    log_init(&l, 0);
    assert_int_equal(
        gv_file_write(l.path, gv_bytes("something else", 14), 0600, &e), GV_OK);
    assert_null(gv_diary_open(&l.opt, &e));
    assert_non_null(strstr(e.text, "no message log"));
    unlink(l.path);
    memset(l.opt.owner, 0, 32);
    assert_null(gv_diary_open(&l.opt, &e));
    assert_non_null(strstr(e.text, "X25519"));
    log_clear(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_S1_13_messages_are_sealed_to_their_owner),
        cmocka_unit_test(test_S1_13_a_change_shows),
        cmocka_unit_test(test_S1_13_a_record_that_is_missing_shows),
        cmocka_unit_test(test_a_cut_record_is_taken_away),
        cmocka_unit_test(test_files_are_bounded_and_chained),
        cmocka_unit_test(test_S1_13_a_full_disk_spoils_nothing),
        cmocka_unit_test(test_S1_13_a_file_that_cannot_begin_is_tried_again),
        cmocka_unit_test(test_what_is_no_log_or_no_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
