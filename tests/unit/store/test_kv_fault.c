/*
 * test_kv_fault.c - loss of power and injected faults.
 */
#include "chain/store/kv_fault.h"
#include "fixture.h"

static int
open_store(void **state)
{
    struct gv_kv *kv = calloc(1, sizeof(*kv));

    *state = kv;
    return gv_kv_fault_open(kv);
}

static int
close_store(void **state)
{
    gv_kv_close(*state);
    free(*state);
    return 0;
}

static void
test_crash_keeps_only_what_was_synced(void **state)
{
    const struct gv_kv *kv = *state;

    assert_int_equal(put(kv, "a", "1", false), GV_OK);
    assert_int_equal(gv_kv_fault_unsynced(kv), 1);
    assert_int_equal(put(kv, "b", "1", true), GV_OK);
    assert_int_equal(gv_kv_fault_unsynced(kv), 0);
    assert_int_equal(put(kv, "b", "2", false), GV_OK);
    assert_int_equal(put(kv, "c", "1", false), GV_OK);
    assert_true(has(kv, "c", "1"));
    assert_int_equal(gv_kv_fault_crash(kv, 0), GV_OK);
    assert_true(has(kv, "a", "1"));
    assert_true(has(kv, "b", "1"));
    assert_true(has(kv, "c", NULL));
    assert_int_equal(gv_kv_fault_unsynced(kv), 0);
    /* A second crash has nothing more to take. */
    assert_int_equal(gv_kv_fault_crash(kv, 9), GV_OK);
    assert_true(has(kv, "b", "1"));
}

/* What survives is always a prefix, and writing goes on from it. */
static void
test_crash_keeps_a_prefix(void **state)
{
    const struct gv_kv *kv = *state;
    char key[2] = "a";

    for (size_t keep = 0; keep <= 5; keep++) {
        struct gv_kv_batch all = {0};

        gv_kv_batch_delete_range(&all, GV_CF_CHAIN, text("a"), text("e"));
        assert_int_equal(gv_kv_commit(kv, &all, true), GV_OK);
        gv_kv_batch_free(&all);
        for (char c = 'a'; c < 'e'; c++) {
            key[0] = c;
            assert_int_equal(put(kv, key, "1", false), GV_OK);
        }
        assert_int_equal(gv_kv_fault_crash(kv, keep), GV_OK);
        for (char c = 'a'; c < 'e'; c++) {
            key[0] = c;
            assert_true(has(kv, key, (size_t)(c - 'a') < keep ? "1" : NULL));
        }
        assert_int_equal(put(kv, "z", "1", true), GV_OK);
        assert_true(has(kv, "z", "1"));
    }
}

static void
test_flush_and_empty_sync_make_durable(void **state)
{
    const struct gv_kv *kv = *state;
    struct gv_kv_batch none = {0};

    assert_int_equal(put(kv, "a", "1", false), GV_OK);
    assert_int_equal(gv_kv_commit(kv, &none, true), GV_OK);
    assert_int_equal(put(kv, "b", "1", false), GV_OK);
    assert_int_equal(gv_kv_flush(kv), GV_OK);
    assert_int_equal(gv_kv_fault_crash(kv, 0), GV_OK);
    assert_true(has(kv, "a", "1"));
    assert_true(has(kv, "b", "1"));
}

static void
test_faulted_commit_is_in_doubt(void **state)
{
    const struct gv_kv *kv = *state;
    char error[GV_KV_ERROR_MAX];

    for (size_t keep = 0; keep < 2; keep++) {
        assert_int_equal(put(kv, "a", "1", true), GV_OK);
        gv_kv_fault_at(kv, GV_KV_FAULT_COMMIT, 1);
        assert_int_equal(put(kv, "a", "2", true), GV_FAULT);
        assert_string_equal(gv_kv_error(kv, error, sizeof(error)),
                            "fault store: injected fault");
        assert_true(has(kv, "a", "1"));
        /* The store has stopped. */
        assert_int_equal(put(kv, "a", "3", true), GV_FAULT);
        assert_int_equal(gv_kv_flush(kv), GV_FAULT);
        assert_int_equal(gv_kv_fault_unsynced(kv), 1);
        assert_int_equal(gv_kv_fault_crash(kv, keep), GV_OK);
        assert_true(has(kv, "a", keep == 0 ? "1" : "2"));
        assert_int_equal(put(kv, "a", "4", false), GV_OK);
    }
}

static void
test_nth_get_and_step_fault(void **state)
{
    const struct gv_kv *kv = *state;
    struct gv_kv_range all = {.cf = GV_CF_CHAIN};
    struct gv_kv_value v;
    struct gv_kv_iter *it;
    struct gv_kv_row row;
    uint64_t before = gv_kv_fault_calls(kv, GV_KV_FAULT_GET);

    assert_int_equal(put(kv, "a", "1", true), GV_OK);
    gv_kv_fault_at(kv, GV_KV_FAULT_GET, 2);
    assert_true(has(kv, "a", "1"));
    assert_int_equal(gv_kv_get(kv, GV_CF_CHAIN, text("a"), &v), GV_FAULT);
    assert_null(v.p);
    assert_true(has(kv, "a", "1"));
    assert_int_equal(gv_kv_fault_calls(kv, GV_KV_FAULT_GET), before + 3);

    gv_kv_fault_at(kv, GV_KV_FAULT_ITER, 2);
    assert_int_equal(gv_kv_iter_open(kv, &all, &it), GV_OK);
    assert_int_equal(gv_kv_iter_next(it, &row), GV_FAULT);
    assert_int_equal(gv_kv_iter_next(it, &row), GV_OK);
    gv_kv_iter_free(it);
    gv_kv_fault_at(kv, GV_KV_FAULT_ITER, 1);
    assert_int_equal(gv_kv_iter_open(kv, &all, &it), GV_FAULT);
    assert_null(it);
}

/* What was read before the crash stays readable. */
static void
test_values_outlive_a_crash(void **state)
{
    const struct gv_kv *kv = *state;
    struct gv_kv_value v;

    assert_int_equal(put(kv, "a", "lost", false), GV_OK);
    assert_int_equal(gv_kv_get(kv, GV_CF_CHAIN, text("a"), &v), GV_OK);
    assert_int_equal(gv_kv_fault_crash(kv, 0), GV_OK);
    assert_true(has(kv, "a", NULL));
    assert_memory_equal(v.p, "lost", 4);
    gv_kv_value_free(&v);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(test_##name, open_store, close_store)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(crash_keeps_only_what_was_synced),
        TEST(crash_keeps_a_prefix),
        TEST(flush_and_empty_sync_make_durable),
        TEST(faulted_commit_is_in_doubt),
        TEST(nth_get_and_step_fault),
        TEST(values_outlive_a_crash),
    };

    return cmocka_run_group_tests_name("kv_fault", tests, NULL, NULL);
}
