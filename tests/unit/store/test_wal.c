/*
 * test_wal.c - telling a torn log from a damaged one.
 */
#include "chain/store/kv_rocksdb.h"
#include "chain/store/wal.h"
#include "fixture.h"

#define ROWS 60
#define ROW_SIZE 3000 /* so that records cross blocks */

struct fixture {
    struct support_dir dir;
    struct gv_kv_errors errors;
    char log[PATH_ROOM];
    off_t size; /* of the log */
    off_t last; /* of the log before its last batch */
};

static int
make_log(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct gv_kv_rocksdb_options o = {.dir = f->dir.path};
    char value[ROW_SIZE + 1], error[GV_KV_ERROR_MAX];
    struct gv_kv kv;

    *state = f;
    gv_kv_errors_init(&f->errors);
    support_dir_make(&f->dir);
    assert_int_equal(gv_kv_rocksdb_open(&o, &kv, error), GV_OK);
    memset(value, 'v', ROW_SIZE);
    value[ROW_SIZE] = '\0';
    for (int i = 0; i < ROWS; i++) {
        if (i > 0)
            f->last = find_log(f->dir.path, f->log, sizeof(f->log));
        value[0] = (char)('A' + i);
        assert_int_equal(put(&kv, value + ROW_SIZE - 5, value, true), GV_OK);
    }
    gv_kv_close(&kv);
    f->size = find_log(f->dir.path, f->log, sizeof(f->log));
    assert_true(f->size > 5 * 32768 && f->last < f->size);
    return 0;
}

static int
drop_log(void **state)
{
    struct fixture *f = *state;

    support_dir_remove(&f->dir);
    gv_kv_errors_free(&f->errors);
    free(f);
    return 0;
}

static enum gv_rc
check(struct fixture *f)
{
    return gv_wal_check(f->dir.path, &f->errors);
}

static void
test_whole_log(void **state)
{
    assert_int_equal(check(*state), GV_OK);
}

/* Wherever the end is torn off, it is a torn end. */
static void
test_torn_anywhere(void **state)
{
    struct fixture *f = *state;

    for (off_t size = f->size; size >= 0; size -= size > f->last ? 1 : 97) {
        assert_int_equal(truncate(f->log, size), 0);
        if (check(f) != GV_OK)
            fail_msg("torn at %lld: %s", (long long)size, f->errors.text);
    }
}

/* Space that was made but never written is zero. */
static void
test_zeros_behind_the_end(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(truncate(f->log, f->size + 100000), 0);
    assert_int_equal(check(f), GV_OK);
}

static void
test_any_changed_byte(void **state)
{
    struct fixture *f = *state;
    char want[64];

    for (off_t at = 0; at < f->last; at += 41) {
        flip(f->log, at, 0x40);
        if (check(f) != GV_FAULT)
            fail_msg("byte %lld changed unnoticed", (long long)at);
        flip(f->log, at, 0x40);
    }
    /* Nothing follows the last batch, but the record itself tells. */
    flip(f->log, f->last + 5, 0x40);
    assert_int_equal(check(f), GV_FAULT);
    snprintf(want, sizeof(want), "bad record at byte %lld", (long long)f->last);
    assert_non_null(strstr(f->errors.text, want));
    flip(f->log, f->last + 5, 0x40);
    flip(f->log, f->last + 6, 0x04);
    assert_int_equal(check(f), GV_FAULT);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(test_##name, make_log, drop_log)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_log),
        TEST(torn_anywhere),
        TEST(zeros_behind_the_end),
        TEST(any_changed_byte),
    };

    return cmocka_run_group_tests_name("wal", tests, NULL, NULL);
}
