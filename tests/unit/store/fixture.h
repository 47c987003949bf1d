/*
 * fixture.h - what the tests of the store share: short words for writing
 * and reading rows, and for damaging files.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/store/kv.h"
#include "tests/support/support.h"

/* Holds the path of a directory and a name in it. */
#define PATH_ROOM (PATH_MAX + 512)

static inline struct gv_bytes
text(const char *s)
{
    return gv_bytes(s, strlen(s));
}

/* One row, one batch. */
static inline enum gv_rc
put(const struct gv_kv *kv, const char *key, const char *value, bool sync)
{
    struct gv_kv_batch b = {0};
    enum gv_rc rc;

    gv_kv_batch_put(&b, GV_CF_CHAIN, text(key), text(value));
    rc = gv_kv_commit(kv, &b, sync);
    gv_kv_batch_free(&b);
    return rc;
}

/* True when the row is there with that value; value NULL: when it is not. */
static inline bool
has(const struct gv_kv *kv, const char *key, const char *value)
{
    struct gv_kv_value v;
    enum gv_rc rc = gv_kv_get(kv, GV_CF_CHAIN, text(key), &v);
    bool same = rc == GV_OK && value != NULL &&
                gv_bytes_eq(gv_bytes(v.p, v.len), text(value));

    assert_int_not_equal(rc, GV_FAULT);
    gv_kv_value_free(&v);
    return value == NULL ? rc == GV_ABSENT : same;
}

/* The keys of a walk, each followed by a blank, in out. */
static inline void
walk(const struct gv_kv *kv, const struct gv_kv_range *range, char out[512])
{
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    enum gv_rc rc;
    size_t n = 0;

    assert_int_equal(gv_kv_iter_open(kv, range, &it), GV_OK);
    while ((rc = gv_kv_iter_next(it, &row)) == GV_OK) {
        assert_true(n + row.key.len + 2 < 512);
        memcpy(out + n, row.key.p, row.key.len);
        n += row.key.len;
        out[n++] = ' ';
    }
    assert_int_equal(rc, GV_ABSENT);
    assert_int_equal(gv_kv_iter_next(it, &row), GV_ABSENT);
    out[n] = '\0';
    gv_kv_iter_free(it);
}

/* Path and size of the largest log file. */
static inline off_t
find_log(const char *dir, char *out, size_t cap)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    struct stat st;
    off_t size = -1;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);

        if (len < 5 || strcmp(e->d_name + len - 4, ".log") != 0)
            continue;
        assert_int_equal(fstatat(dirfd(d), e->d_name, &st, 0), 0);
        if (st.st_size > size) {
            size = st.st_size;
            snprintf(out, cap, "%s/%s", dir, e->d_name);
        }
    }
    closedir(d);
    assert_true(size > 0);
    return size;
}

/* Change one byte of a file; twice undoes it. */
static inline void
flip(const char *file, off_t at, uint8_t mask)
{
    int fd = open(file, O_RDWR | O_CLOEXEC);
    uint8_t byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

#endif
