/*
 * test_kv.c - one suite of behaviour, run on every kind of store.
 */
#include "chain/store/kv_fault.h"
#include "chain/store/kv_mem.h"
#include "chain/store/kv_rocksdb.h"
#include "fixture.h"

#include <pthread.h>

struct fixture {
    struct gv_kv kv;
    struct support_dir dir;
    bool has_dir;
};

static int
open_mem(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    return gv_kv_mem_open(&f->kv);
}

static int
open_fault(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    return gv_kv_fault_open(&f->kv);
}

static int
open_rocksdb(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct gv_kv_rocksdb_options o = {0};
    char error[GV_KV_ERROR_MAX];

    *state = f;
    support_dir_make(&f->dir);
    f->has_dir = true;
    o.dir = f->dir.path;
    return gv_kv_rocksdb_open(&o, &f->kv, error);
}

static int
close_store(void **state)
{
    struct fixture *f = *state;

    gv_kv_close(&f->kv);
    if (f->has_dir)
        support_dir_remove(&f->dir);
    free(f);
    return 0;
}

static const struct gv_kv *
store(void **state)
{
    return &((struct fixture *)*state)->kv;
}

static void
test_get(void **state)
{
    const struct gv_kv *kv = store(state);
    struct gv_kv_value v;
    uint8_t overlong[GV_KEY_MAX + 1] = {0};

    assert_true(has(kv, "a", NULL));
    assert_int_equal(put(kv, "a", "1", false), GV_OK);
    assert_int_equal(put(kv, "empty", "", true), GV_OK);
    assert_true(has(kv, "a", "1"));
    assert_true(has(kv, "empty", ""));
    assert_true(has(kv, "aa", NULL));
    assert_int_equal(put(kv, "a", "2", false), GV_OK);
    assert_true(has(kv, "a", "2"));
    /* Columns are apart. */
    assert_int_equal(gv_kv_get(kv, GV_CF_POOL, text("a"), &v), GV_ABSENT);
    assert_null(v.p);
    assert_int_equal(
        gv_kv_get(kv, GV_CF_CHAIN, gv_bytes(overlong, sizeof(overlong)), &v),
        GV_ABSENT);
    gv_kv_value_free(&v);
    gv_kv_value_free(NULL);
}

/* A value that was read stays as it was while the store moves on. */
static void
test_value_is_owned(void **state)
{
    const struct gv_kv *kv = store(state);
    struct gv_kv_value v;

    assert_int_equal(put(kv, "a", "old", false), GV_OK);
    assert_int_equal(gv_kv_get(kv, GV_CF_CHAIN, text("a"), &v), GV_OK);
    assert_int_equal(put(kv, "a", "new", false), GV_OK);
    assert_int_equal(v.len, 3);
    assert_memory_equal(v.p, "old", 3);
    gv_kv_value_free(&v);
    assert_true(has(kv, "a", "new"));
}

static void
test_batch_keeps_order(void **state)
{
    const struct gv_kv *kv = store(state);
    struct gv_kv_batch b;

    gv_kv_batch_init(&b);
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("a"), text("1"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("b"), text("1"));
    gv_kv_batch_delete(&b, GV_CF_CHAIN, text("a"));
    gv_kv_batch_delete(&b, GV_CF_CHAIN, text("never there"));
    gv_kv_batch_delete_range(&b, GV_CF_CHAIN, text("b"), text("c"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("b"), text("2"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("c"), text("1"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("c"), text("2"));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    assert_true(has(kv, "a", NULL));
    assert_true(has(kv, "b", "2"));
    assert_true(has(kv, "c", "2"));
    /* Cleared, it is empty: committing it changes nothing. */
    gv_kv_batch_clear(&b);
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    assert_int_equal(gv_kv_commit(kv, &b, true), GV_OK);
    assert_true(has(kv, "c", "2"));
    gv_kv_batch_delete(&b, GV_CF_CHAIN, text("c"));
    assert_int_equal(gv_kv_commit(kv, &b, true), GV_OK);
    assert_true(has(kv, "b", "2"));
    assert_true(has(kv, "c", NULL));
    gv_kv_batch_free(&b);
    gv_kv_batch_free(NULL);
}

static void
check_walk(const struct gv_kv *kv, struct gv_kv_range range, const char *want)
{
    char got[512];

    range.cf = GV_CF_CHAIN;
    walk(kv, &range, got);
    assert_string_equal(got, want);
}

static void
fill(const struct gv_kv *kv, const char *keys)
{
    struct gv_kv_batch b = {0};

    for (; *keys != '\0'; keys += strlen(keys) + 1)
        gv_kv_batch_put(&b, GV_CF_CHAIN, text(keys), text("v"));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    gv_kv_batch_free(&b);
}

static void
test_delete_ranges(void **state)
{
    const struct gv_kv *kv = store(state);
    struct gv_kv_batch b = {0};
    struct gv_key end;

    fill(kv, "a\0b1\0b2\0b\xff\xff\0c\0\xff\xff\0");
    gv_kv_batch_delete_range(&b, GV_CF_CHAIN, text("b"), text("c"));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    check_walk(kv, (struct gv_kv_range){0}, "a c \xff\xff ");
    gv_kv_batch_clear(&b);
    gv_kv_batch_delete_range(&b, GV_CF_CHAIN, text("c"), text("a"));
    gv_kv_batch_delete_range(&b, GV_CF_CHAIN, text("c"), text("c"));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    check_walk(kv, (struct gv_kv_range){0}, "a c \xff\xff ");
    gv_kv_batch_clear(&b);
    gv_key_prefix_end(text("\xff"), &end);
    gv_kv_batch_delete_range(&b, GV_CF_CHAIN, text("\xff"), gv_key_view(&end));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    check_walk(kv, (struct gv_kv_range){0}, "a c ");
    gv_kv_batch_clear(&b);
    gv_kv_batch_delete_range(&b, GV_CF_CHAIN, text(""), gv_key_view(&end));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    check_walk(kv, (struct gv_kv_range){0}, "");
    gv_kv_batch_free(&b);
}

/* Expands to a range; fields in the order prefix, from, after, reverse. */
static struct gv_kv_range
range(const char *prefix, const char *from, bool after, bool reverse)
{
    return (struct gv_kv_range){.prefix = text(prefix),
                                .from = text(from),
                                .after = after,
                                .reverse = reverse};
}

static void
test_walk(void **state)
{
    const struct gv_kv *kv = store(state);

    check_walk(kv, range("", "", false, false), "");
    check_walk(kv, range("", "", false, true), "");
    fill(kv, "a\0b\0ba\0bc\0be\0c\0");
    check_walk(kv, range("", "", false, false), "a b ba bc be c ");
    check_walk(kv, range("", "", false, true), "c be bc ba b a ");
    check_walk(kv, range("b", "", false, false), "b ba bc be ");
    check_walk(kv, range("b", "", false, true), "be bc ba b ");
    check_walk(kv, range("x", "", false, true), "");
    check_walk(kv, range("b", "bc", false, false), "bc be ");
    check_walk(kv, range("b", "bc", true, false), "be ");
    check_walk(kv, range("b", "bc", false, true), "bc ba b ");
    check_walk(kv, range("b", "bc", true, true), "ba b ");
    /* The beginning need not exist nor lie inside. */
    check_walk(kv, range("b", "bb", true, false), "bc be ");
    check_walk(kv, range("b", "bd", false, true), "bc ba b ");
    check_walk(kv, range("b", "a", true, false), "b ba bc be ");
    check_walk(kv, range("b", "c", false, false), "");
    check_walk(kv, range("b", "c", false, true), "be bc ba b ");
    check_walk(kv, range("b", "a", false, true), "");
    check_walk(kv, range("b", "be", true, false), "");
    check_walk(kv, range("b", "b", true, true), "");
}

static void
test_walk_overlong(void **state)
{
    const struct gv_kv *kv = store(state);
    char s[GV_KEY_MAX + 10];

    memset(s, 'b', sizeof(s));
    s[sizeof(s) - 1] = '\0';
    fill(kv, "a\0b\0c\0");
    check_walk(kv, range("", s, false, false), "c ");
    check_walk(kv, range("", s, true, false), "c ");
    check_walk(kv, range("", s, false, true), "b a ");
    check_walk(kv, range(s, "", false, false), "");
    check_walk(kv, range(s, "", false, true), "");
}

static void
expect(struct gv_kv_iter *it, const char *key)
{
    struct gv_kv_row row;

    if (key == NULL) {
        assert_int_equal(gv_kv_iter_next(it, &row), GV_ABSENT);
        return;
    }
    assert_int_equal(gv_kv_iter_next(it, &row), GV_OK);
    assert_true(gv_bytes_eq(row.key, text(key)));
    assert_true(gv_bytes_eq(row.value, text("v")));
}

static void
test_seek(void **state)
{
    const struct gv_kv *kv = store(state);
    struct gv_kv_range b = {.cf = GV_CF_CHAIN, .prefix = text("b")};
    struct gv_kv_iter *it;

    fill(kv, "a\0b\0ba\0bc\0be\0c\0");
    for (int reverse = 0; reverse < 2; reverse++) {
        b.reverse = reverse;
        assert_int_equal(gv_kv_iter_open(kv, &b, &it), GV_OK);
        gv_kv_iter_seek(it, text("bb"));
        expect(it, reverse ? "ba" : "bc");
        expect(it, reverse ? "b" : "be");
        expect(it, NULL);
        gv_kv_iter_seek(it, text("bc"));
        expect(it, "bc");
        gv_kv_iter_seek(it, text("a"));
        expect(it, reverse ? NULL : "b");
        gv_kv_iter_seek(it, text("c"));
        expect(it, reverse ? "be" : NULL);
        gv_kv_iter_free(it);
    }
    gv_kv_iter_free(NULL);
}

static void
test_walk_is_a_snapshot(void **state)
{
    const struct gv_kv *kv = store(state);
    struct gv_kv_range all = {.cf = GV_CF_CHAIN};
    struct gv_kv_batch b = {0};
    struct gv_kv_iter *it;

    fill(kv, "a\0b\0c\0");
    assert_int_equal(gv_kv_iter_open(kv, &all, &it), GV_OK);
    expect(it, "a");
    gv_kv_batch_delete(&b, GV_CF_CHAIN, text("b"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("bb"), text("w"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, text("c"), text("w"));
    assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
    gv_kv_batch_free(&b);
    expect(it, "b");
    expect(it, "c");
    expect(it, NULL);
    gv_kv_iter_free(it);
    check_walk(kv, all, "a bb c ");
}

/* A wrong batch faults, changes nothing, and says why. */
static void
test_wrong_batches(void **state)
{
    const struct gv_kv *kv = store(state);
    uint8_t overlong[GV_KEY_MAX + 1] = {0};
    char error[GV_KV_ERROR_MAX];
    struct gv_kv_batch b = {0};

    gv_kv_batch_put(&b, GV_CF_CHAIN, text("a"), text("1"));
    gv_kv_batch_put(&b, GV_CF_CHAIN, gv_bytes(overlong, sizeof(overlong)),
                    text("1"));
    assert_string_equal(gv_kv_error(kv, error, sizeof(error)), "");
    assert_int_equal(gv_kv_commit(kv, &b, true), GV_FAULT);
    assert_non_null(strstr(gv_kv_error(kv, error, sizeof(error)),
                           "a key that is empty or too long"));
    assert_true(has(kv, "a", NULL));
    gv_kv_batch_free(&b);
    /* and the store takes no more */
    assert_int_equal(put(kv, "a", "1", true), GV_FAULT);
    assert_true(has(kv, "a", NULL));
}

static void
test_large_values_flush_and_stat(void **state)
{
    const struct gv_kv *kv = store(state);
    size_t size = 300000;
    uint8_t *body = malloc(size), got;
    struct gv_kv_batch b = {0};
    struct gv_kv_value v;
    struct gv_kv_stat st;

    for (uint32_t h = 0; h < 100; h++) {
        struct gv_key key;

        gv_key_init(&key);
        gv_key_u32(&key, 1);
        gv_key_u32(&key, h);
        memset(body, (int)h, size);
        gv_kv_batch_clear(&b);
        gv_kv_batch_put(&b, GV_CF_BLOCK, gv_key_view(&key),
                        gv_bytes(body, size));
        assert_int_equal(gv_kv_commit(kv, &b, h % 10 == 9), GV_OK);
    }
    assert_int_equal(gv_kv_flush(kv), GV_OK);
    for (uint32_t h = 0; h < 100; h++) {
        struct gv_key key;

        gv_key_init(&key);
        gv_key_u32(&key, 1);
        gv_key_u32(&key, h);
        assert_int_equal(gv_kv_get(kv, GV_CF_BLOCK, gv_key_view(&key), &v),
                         GV_OK);
        assert_int_equal(v.len, size);
        got = v.p[size - 1];
        gv_kv_value_free(&v);
        assert_int_equal(got, h);
    }
    assert_int_equal(gv_kv_stat(kv, &st), GV_OK);
    assert_int_equal(st.rows[GV_CF_BLOCK], 100);
    assert_int_equal(st.rows[GV_CF_POOL], 0);
    assert_true(st.memory_bytes + st.disk_bytes >= 100 * size);
    free(body);
    gv_kv_batch_free(&b);
}

/* The same random work gives the same rows on a plain model. */
static void
test_against_a_model(void **state)
{
    const struct gv_kv *kv = store(state);
    bool model[256] = {false};
    uint32_t seed = 12345;

    for (int round = 0; round < 300; round++) {
        struct gv_kv_batch b = {0};

        for (int i = 0; i < 5; i++) {
            uint8_t lo, hi;

            seed = seed * 1664525 + 1013904223;
            lo = (uint8_t)(seed >> 24);
            hi = (uint8_t)(seed >> 16);
            if (seed % 16 < 12) {
                gv_kv_batch_put(&b, GV_CF_ROWS, gv_bytes(&lo, 1), text("x"));
                model[lo] = true;
            } else if (seed % 16 < 15) {
                gv_kv_batch_delete(&b, GV_CF_ROWS, gv_bytes(&lo, 1));
                model[lo] = false;
            } else {
                gv_kv_batch_delete_range(&b, GV_CF_ROWS, gv_bytes(&lo, 1),
                                         gv_bytes(&hi, 1));
                for (int k = lo; k < hi; k++)
                    model[k] = false;
            }
        }
        assert_int_equal(gv_kv_commit(kv, &b, false), GV_OK);
        gv_kv_batch_free(&b);
        for (int k = 0; k < 256 && round % 50 == 49; k++) {
            struct gv_kv_value v;
            uint8_t key = (uint8_t)k;

            assert_int_equal(gv_kv_get(kv, GV_CF_ROWS, gv_bytes(&key, 1), &v),
                             model[k] ? GV_OK : GV_ABSENT);
            gv_kv_value_free(&v);
        }
    }
}

/* Both rows of a pair are always written together; readers see that. */
static void *
read_pairs(void *arg)
{
    const struct gv_kv *kv = arg;

    for (int i = 0; i < 300; i++) {
        struct gv_kv_range all = {.cf = GV_CF_CHAIN};
        struct gv_kv_iter *it;
        struct gv_kv_row row;
        uint8_t seen[2] = {0};
        size_t n = 0;

        if (gv_kv_iter_open(kv, &all, &it) != GV_OK)
            return arg;
        while (n < 2 && gv_kv_iter_next(it, &row) == GV_OK)
            seen[n++] = row.value.p[0];
        gv_kv_iter_free(it);
        if (n != 2 || seen[0] != seen[1])
            return arg;
    }
    return NULL;
}

static void
test_readers_beside_a_writer(void **state)
{
    struct gv_kv kv = *store(state);
    struct gv_kv_batch b = {0};
    pthread_t reader[2];
    void *wrong;

    for (int i = 0; i < 500; i++) {
        uint8_t v = (uint8_t)i;

        gv_kv_batch_clear(&b);
        gv_kv_batch_put(&b, GV_CF_CHAIN, text("a"), gv_bytes(&v, 1));
        gv_kv_batch_put(&b, GV_CF_CHAIN, text("b"), gv_bytes(&v, 1));
        assert_int_equal(gv_kv_commit(&kv, &b, false), GV_OK);
        for (int t = 0; t < 2 && i == 0; t++)
            assert_int_equal(pthread_create(&reader[t], NULL, read_pairs, &kv),
                             0);
    }
    for (int t = 0; t < 2; t++) {
        pthread_join(reader[t], &wrong);
        assert_null(wrong);
    }
    gv_kv_batch_free(&b);
}

#define ON(kind, name)                                                         \
    {                                                                          \
#name " on " #kind, test_##name, open_##kind, close_store, NULL        \
    }
#define SUITE(kind)                                                            \
    ON(kind, get), ON(kind, value_is_owned), ON(kind, batch_keeps_order),      \
        ON(kind, delete_ranges), ON(kind, walk), ON(kind, walk_overlong),      \
        ON(kind, seek), ON(kind, walk_is_a_snapshot), ON(kind, wrong_batches), \
        ON(kind, large_values_flush_and_stat), ON(kind, against_a_model),      \
        ON(kind, readers_beside_a_writer)

int
main(void)
{
    const struct CMUnitTest tests[] = {SUITE(mem), SUITE(fault),
                                       SUITE(rocksdb)};

    return cmocka_run_group_tests_name("kv", tests, NULL, NULL);
}
