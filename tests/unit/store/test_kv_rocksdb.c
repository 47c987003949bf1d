/*
 * test_kv_rocksdb.c - what a disk can do to a datadir: torn and damaged logs,
 * a second process, newer data, no room, no right to write. Each ends in one
 * plain message and with nothing acknowledged lost.
 */
#include "chain/store/kv_rocksdb.h"
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/foreign_store.h"

static int
open_dir(void **state)
{
    struct support_dir *dir = calloc(1, sizeof(*dir));

    support_dir_make(dir);
    *state = dir;
    return 0;
}

static int
drop_dir(void **state)
{
    struct support_dir *dir = *state;

    umount2(dir->path, MNT_DETACH); /* what a failed test left mounted */
    support_dir_remove(dir);
    free(dir);
    return 0;
}

static const char *
path(void **state)
{
    return ((struct support_dir *)*state)->path;
}

static struct gv_kv
must_open(const char *dir)
{
    struct gv_kv_rocksdb_options o = {.dir = dir};
    char error[GV_KV_ERROR_MAX];
    struct gv_kv kv;

    if (gv_kv_rocksdb_open(&o, &kv, error) != GV_OK)
        fail_msg("%s", error);
    assert_string_equal(error, "");
    return kv;
}

/* Opening is refused with a text that names the datadir and has `word`. */
static void
refuse(const char *dir, uint64_t floor, const char *word)
{
    struct gv_kv_rocksdb_options o = {.dir = dir, .floor = floor};
    char error[GV_KV_ERROR_MAX];
    struct gv_kv kv;

    assert_int_equal(gv_kv_rocksdb_open(&o, &kv, error), GV_FAULT);
    assert_null(kv.ops);
    if (strstr(error, dir) == NULL || strstr(error, word) == NULL)
        fail_msg("not the text expected: %s", error);
}

static void
put_number(const struct gv_kv *kv, unsigned i, bool sync)
{
    char key[16];

    snprintf(key, sizeof(key), "row %05u", i);
    assert_int_equal(put(kv, key, "some value", sync), GV_OK);
}

static bool
has_number(const struct gv_kv *kv, unsigned i)
{
    char key[16];

    snprintf(key, sizeof(key), "row %05u", i);
    return has(kv, key, "some value");
}

/* A store with n rows that lie in its log alone. */
static void
make_log(const char *dir, unsigned n)
{
    struct gv_kv kv = must_open(dir);

    for (unsigned i = 0; i < n; i++)
        put_number(&kv, i, i + 1 < n);
    gv_kv_close(&kv);
}

static void
test_rows_survive_close_and_flush(void **state)
{
    struct gv_kv kv;

    make_log(path(state), 10);
    for (int flush = 0; flush < 2; flush++) {
        kv = must_open(path(state));
        for (unsigned i = 0; i < 10; i++)
            assert_true(has_number(&kv, i));
        assert_int_equal(gv_kv_flush(&kv), GV_OK);
        gv_kv_close(&kv);
    }
    kv = must_open(path(state));
    assert_true(has_number(&kv, 9));
    gv_kv_close(&kv);
}

/* Run this program anew, in a process that shares nothing with this one, with
 * two arguments for main; returns its wait status. */
static int
run_self(const char *verb, const char *dir, const char *word)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        execl("/proc/self/exe", "test_kv_rocksdb", verb, dir, word,
              (char *)NULL);
        _exit(99);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
test_killed_process_loses_nothing(void **state)
{
    int status = run_self("--write", path(state), "");
    struct gv_kv kv;

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    kv = must_open(path(state));
    for (unsigned i = 0; i < 500; i++)
        assert_true(has_number(&kv, i));
    gv_kv_close(&kv);
}

/* Only the last batch, which was not synced, may go. */
static void
test_torn_log_tail_is_cut_off(void **state)
{
    char log[PATH_ROOM];
    struct gv_kv kv;
    off_t size;

    make_log(path(state), 300);
    size = find_log(path(state), log, sizeof(log));
    assert_int_equal(truncate(log, size - 7), 0);
    kv = must_open(path(state));
    for (unsigned i = 0; i < 299; i++)
        assert_true(has_number(&kv, i));
    assert_false(has_number(&kv, 299));
    put_number(&kv, 299, true);
    gv_kv_close(&kv);
    kv = must_open(path(state));
    assert_true(has_number(&kv, 299));
    gv_kv_close(&kv);
}

/* Whatever byte it is, lengths and types among them, up to the very end. */
static void
test_flipped_byte_in_the_log_is_refused(void **state)
{
    char log[PATH_ROOM];
    off_t size;

    make_log(path(state), 300);
    size = find_log(path(state), log, sizeof(log));
    for (off_t at = 0; at < size; at += 5) {
        uint8_t mask = at % 2 == 0 ? 0x40 : 0x04;

        flip(log, at, mask);
        refuse(path(state), 0, "is damaged");
        flip(log, at, mask);
    }
}

static void
test_missing_current_is_refused(void **state)
{
    char file[PATH_ROOM];

    make_log(path(state), 10);
    snprintf(file, sizeof(file), "%s/CURRENT", path(state));
    assert_int_equal(unlink(file), 0);
    refuse(path(state), 0, "is damaged: its file CURRENT is missing");
}

static void
test_flipped_byte_in_a_body_faults(void **state)
{
    size_t size = 200000;
    char *body = calloc(1, size), file[PATH_ROOM], error[GV_KV_ERROR_MAX];
    struct gv_kv kv = must_open(path(state));
    struct gv_kv_batch b = {0};
    struct gv_kv_value v;
    DIR *d = opendir(path(state));
    struct dirent *e;
    int blobs = 0;

    gv_kv_batch_put(&b, GV_CF_BLOCK, text("b"), gv_bytes(body, size));
    assert_int_equal(gv_kv_commit(&kv, &b, true), GV_OK);
    assert_int_equal(gv_kv_flush(&kv), GV_OK);
    gv_kv_close(&kv);
    while ((e = readdir(d)) != NULL)
        if (strstr(e->d_name, ".blob") != NULL) {
            snprintf(file, sizeof(file), "%s/%s", path(state), e->d_name);
            flip(file, (off_t)size / 2, 0x40);
            blobs++;
        }
    closedir(d);
    assert_int_equal(blobs, 1);
    kv = must_open(path(state));
    assert_int_equal(gv_kv_get(&kv, GV_CF_BLOCK, text("b"), &v), GV_FAULT);
    assert_non_null(strstr(gv_kv_error(&kv, error, sizeof(error)),
                           "is damaged: Corruption"));
    gv_kv_close(&kv);
    gv_kv_batch_free(&b);
    free(body);
}

static void
test_second_open_is_refused(void **state)
{
    struct gv_kv kv = must_open(path(state));
    int status;

    refuse(path(state), 0, "is already open in this process");
    status = run_self("--refuse", path(state), "is in use by another process");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    put_number(&kv, 1, true);
    gv_kv_close(&kv);
}

static void
set_schema(const char *dir, struct gv_bytes value)
{
    struct gv_kv kv = must_open(dir);
    struct gv_kv_batch b = {0};

    if (value.len == 0)
        gv_kv_batch_delete(&b, GV_CF_META, text("schema"));
    else
        gv_kv_batch_put(&b, GV_CF_META, text("schema"), value);
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("a"), text("1"));
    assert_int_equal(gv_kv_commit(&kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
    gv_kv_close(&kv);
}

static void
test_newer_schema_is_refused(void **state)
{
    set_schema(path(state), gv_bytes("\0\0\0\3", 4));
    refuse(path(state), 0,
           "written by a newer Gavel: schema 3, this program knows 2");
}

/* Early versions had a column for an indexer. */
static void
test_a_column_of_an_early_version_is_tolerated(void **state)
{
    struct gv_kv kv;

    make_log(path(state), 3);
    foreign_store_add_column(path(state), "index");
    for (int again = 0; again < 2; again++) {
        kv = must_open(path(state));
        for (unsigned i = 0; i < 3; i++)
            assert_true(has_number(&kv, i));
        put_number(&kv, 3, true);
        gv_kv_close(&kv);
    }
}

static void
test_a_column_of_a_newer_version_is_refused(void **state)
{
    make_log(path(state), 3);
    foreign_store_add_column(path(state), "later");
    refuse(path(state), 0,
           "written by a newer Gavel: it has a column \"later\"");
}

static void
test_unreadable_schema_is_refused(void **state)
{
    set_schema(path(state), gv_bytes("\0\0\1", 3));
    refuse(path(state), 0, "unreadable schema number");
}

static void
test_missing_schema_beside_data_is_refused(void **state)
{
    set_schema(path(state), gv_bytes(NULL, 0));
    refuse(path(state), 0, "no schema number");
}

static void
test_not_a_directory(void **state)
{
    char file[PATH_ROOM], below[PATH_ROOM];

    snprintf(file, sizeof(file), "%s/file", path(state));
    close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    refuse(file, 0, "is not a directory");
    snprintf(below, sizeof(below), "%s/no/such", path(state));
    refuse(below, 0, "cannot create datadir");
}

/* More room than any disk has: refused before RocksDB sees the directory. */
static void
test_floor_refuses_open(void **state)
{
    DIR *d;
    int entries = 0;

    refuse(path(state), UINT64_MAX / 2, "MiB free");
    d = opendir(path(state));
    while (readdir(d) != NULL)
        entries++;
    closedir(d);
    assert_int_equal(entries, 2);
}

static void
test_nearly_full_disk_stops_with_a_message(void **state)
{
    static const size_t size = 1u << 20;
    struct gv_kv_rocksdb_options o = {.dir = path(state)};
    char *body = calloc(1, size), error[GV_KV_ERROR_MAX];
    struct gv_kv_batch b = {0};
    struct gv_kv kv;
    unsigned written = 0;

    if (mount("none", o.dir, "tmpfs", 0, "size=128m") != 0) {
        print_message("skipped: mounting a tmpfs is not permitted here\n");
        free(body);
        skip();
    }
    if (gv_kv_rocksdb_open(&o, &kv, error) != GV_OK)
        fail_msg("%s", error);
    for (; written < 100; written++) {
        struct gv_key key;

        gv_key_init(&key);
        gv_key_u32(&key, written);
        gv_kv_batch_clear(&b);
        gv_kv_batch_put(&b, GV_CF_BLOCK, gv_key_view(&key),
                        gv_bytes(body, size));
        if (gv_kv_commit(&kv, &b, true) != GV_OK)
            break;
    }
    assert_in_range(written, 5, 99);
    gv_kv_error(&kv, error, sizeof(error));
    assert_non_null(strstr(error, "MiB free"));
    assert_non_null(strstr(error, "stopping"));
    assert_int_equal(put(&kv, "a", "1", true), GV_FAULT);
    assert_int_equal(gv_kv_flush(&kv), GV_FAULT);
    gv_kv_close(&kv);
    refuse(o.dir, 100u << 20, "MiB free");
    /* With room again, nothing acknowledged is lost. */
    assert_int_equal(mount("none", o.dir, "tmpfs", MS_REMOUNT, "size=512m"), 0);
    if (gv_kv_rocksdb_open(&o, &kv, error) != GV_OK)
        fail_msg("%s", error);
    for (unsigned i = 0; i <= written; i++) {
        struct gv_kv_value v;
        struct gv_key key;

        gv_key_init(&key);
        gv_key_u32(&key, i);
        assert_int_equal(gv_kv_get(&kv, GV_CF_BLOCK, gv_key_view(&key), &v),
                         i < written ? GV_OK : GV_ABSENT);
        gv_kv_value_free(&v);
    }
    gv_kv_close(&kv);
    assert_int_equal(umount(o.dir), 0);
    gv_kv_batch_free(&b);
    free(body);
}

static void
test_read_only_mount_is_refused(void **state)
{
    const char *dir = path(state);

    make_log(dir, 3);
    if (mount(dir, dir, NULL, MS_BIND, NULL) != 0) {
        print_message("skipped: bind mounts are not permitted here\n");
        skip();
    }
    assert_int_equal(
        mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    refuse(dir, 0, "is on a read-only file system");
    assert_int_equal(umount(dir), 0);
}

/* What the second process does: write and die, or expect to be refused. */
static int
second_process(char **argv)
{
    struct gv_kv_rocksdb_options o = {.dir = argv[2]};
    char error[GV_KV_ERROR_MAX];
    enum gv_rc rc;
    struct gv_kv kv;

    rc = gv_kv_rocksdb_open(&o, &kv, error);
    if (strcmp(argv[1], "--refuse") == 0)
        return rc == GV_FAULT && strstr(error, argv[3]) != NULL ? 0 : 1;
    if (rc != GV_OK)
        return 1;
    for (unsigned i = 0; i < 500; i++)
        put_number(&kv, i, false);
    return kill(getpid(), SIGKILL);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(test_##name, open_dir, drop_dir)

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_survive_close_and_flush),
        TEST(killed_process_loses_nothing),
        TEST(torn_log_tail_is_cut_off),
        TEST(flipped_byte_in_the_log_is_refused),
        TEST(missing_current_is_refused),
        TEST(flipped_byte_in_a_body_faults),
        TEST(second_open_is_refused),
        TEST(newer_schema_is_refused),
        TEST(a_column_of_an_early_version_is_tolerated),
        TEST(a_column_of_a_newer_version_is_refused),
        TEST(unreadable_schema_is_refused),
        TEST(missing_schema_beside_data_is_refused),
        TEST(not_a_directory),
        TEST(floor_refuses_open),
        TEST(nearly_full_disk_stops_with_a_message),
        TEST(read_only_mount_is_refused),
    };

    if (argc == 4)
        return second_process(argv);
    return cmocka_run_group_tests_name("kv_rocksdb", tests, NULL, NULL);
}
