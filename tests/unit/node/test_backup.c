/* test_backup.c - a node's services in a file and back: nothing is lost, and
 * the stamping engine never dates anything twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/store/key.h"
#include "chain/store/kv_rocksdb.h"
#include "src/backup.h"
#include "src/ttp/image.h"
#include "src/ttp/tsa.h"
#include "tests/unit/ttp/fixture.h"

#define START_US (1700000000ull * 1000000)

struct house {
    struct fixture f;
    struct gv_passphrase pass;
    char file[PATH_MAX + 32], target[PATH_MAX + 32];
};

static void
house_make(struct house *h)
{
    memset(h, 0, sizeof(*h));
    fixture_make(&h->f);
    h->pass.len = 6;
    memcpy(h->pass.text, "secret", 7);
    (void)snprintf(h->file, sizeof(h->file), "%s/backup", h->f.dir.path);
    (void)snprintf(h->target, sizeof(h->target), "%s/target", h->f.dir.path);
}

static struct gv_backup_options
options(const struct house *h, bool restore, uint64_t now_us)
{
    return (struct gv_backup_options){.datadir =
                                          restore ? h->target : h->f.dir.path,
                                      .params = h->f.params,
                                      .file = h->file,
                                      .passphrase = &h->pass,
                                      .now_ms = now_us / 1000};
}

static void
store_open(const char *datadir, struct gv_kv *kv)
{
    char dir[PATH_MAX + 64], e[GV_KV_ERROR_MAX];
    struct gv_kv_rocksdb_options o = {.dir = dir};

    (void)snprintf(dir, sizeof(dir), "%s/chain", datadir);
    if (gv_kv_rocksdb_open(&o, kv, e) != GV_OK)
        support_die("%s", e);
}

static uint64_t
fake_now(void *ctx)
{
    return *(uint64_t *)ctx;
}

static struct gv_tsa *
engine(const struct house *h, const char *datadir, uint64_t *now)
{
    char lease[PATH_MAX + 64];
    struct gv_tsa_options o = {.key = h->f.roles.tsa.key,
                               .cert = h->f.roles.tsa.cert,
                               .lease_path = lease,
                               .now_us = fake_now,
                               .clock_ctx = now};
    struct gv_error e;
    struct gv_tsa *tsa;

    (void)snprintf(lease, sizeof(lease), "%s/ttp/tsa.lease", datadir);
    tsa = gv_tsa_new(&o, &e);
    if (tsa == NULL)
        support_die("%s", e.text);
    return tsa;
}

static enum gv_rc
stamp(struct gv_tsa *tsa, uint64_t *t)
{
    static const uint8_t imprint[32] = {1};
    uint8_t token[GV_TOKEN_MAX];
    struct gv_error e;
    size_t len;

    return gv_tsa_stamp(tsa, GV_TSA_BLIND, imprint, token, &len, t, &e);
}

/* The worst case: the clock stood still, so the engine ran ahead of it, and
 * everything since the backup is lost. */
static void
no_serial_repeats_after_a_restore(void **state)
{
    struct house h;
    uint64_t now = START_US, last = 0, t;
    struct gv_backup_options o;
    struct gv_backup_tally tally;
    struct gv_error e;
    struct gv_tsa *tsa;

    (void)state;
    house_make(&h);
    tsa = engine(&h, h.f.dir.path, &now);
    assert_int_equal(stamp(tsa, &t), GV_OK);
    o = options(&h, false, now);
    assert_int_equal(gv_backup_make(&o, &tally, &e), GV_OK);
    now += 950000;
    for (int i = 0; i < 20; i++)
        assert_int_equal(stamp(tsa, &last), GV_OK);
    now -= 950000;
    assert_int_equal(stamp(tsa, &last), GV_OK);
    assert_true(last > now + 900000);
    gv_tsa_free(tsa);
    o = options(&h, true, now);
    assert_int_equal(gv_backup_restore(&o, &tally, &e), GV_OK);
    assert_int_equal(tally.time_ms, START_US / 1000);
    tsa = engine(&h, h.target, &now);
    assert_int_equal(stamp(tsa, &t), GV_FAULT);
    now += GV_TSA_RESTORE_US - 1000000 + 1;
    assert_int_equal(stamp(tsa, &t), GV_OK);
    assert_true(t > last);
    gv_tsa_free(tsa);
    fixture_free(&h.f);
}

static void
a_lease_is_raised_and_never_lowered(void **state)
{
    struct house h;
    uint64_t now = START_US, t;
    char path[PATH_MAX + 64];
    struct gv_error e;
    struct gv_tsa *tsa;

    (void)state;
    house_make(&h);
    (void)snprintf(path, sizeof(path), "%s/ttp/tsa.lease", h.f.dir.path);
    assert_int_equal(gv_tsa_lease_raise(path, START_US + 500, &e), GV_OK);
    assert_int_equal(gv_tsa_lease_raise(path, START_US, &e), GV_OK);
    tsa = engine(&h, h.f.dir.path, &now);
    assert_int_equal(stamp(tsa, &t), GV_OK);
    assert_int_equal(t, START_US + 501);
    gv_tsa_free(tsa);
    fixture_write(&h.f, "ttp/tsa.lease", "12\n", 3);
    assert_int_equal(gv_tsa_lease_raise(path, START_US, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "is damaged"));
    fixture_free(&h.f);
}

static void
every_record_comes_back(void **state)
{
    static const uint8_t big[3000] = {9};
    struct house h;
    struct gv_kv kv;
    struct gv_key restored;
    struct gv_kv_batch b;
    struct gv_kv_value v;
    struct gv_backup_options o;
    struct gv_backup_tally tally;
    struct gv_error e;

    (void)state;
    house_make(&h);
    store_open(h.f.dir.path, &kv);
    gv_kv_batch_init(&b);
    gv_kv_batch_put(&b, GV_CF_TTP, gv_bytes("c1", 2), gv_bytes("one", 3));
    gv_kv_batch_put(&b, GV_CF_TTP, gv_bytes("i2", 2),
                    gv_bytes(big, sizeof(big)));
    gv_kv_batch_put(&b, GV_CF_TTP, gv_bytes("n", 1), gv_bytes("", 0));
    gv_kv_batch_put(&b, GV_CF_POOL, gv_bytes("p", 1), gv_bytes("x", 1));
    assert_int_equal(gv_kv_commit(&kv, &b, true), GV_OK);
    gv_kv_batch_free(&b);
    /* Whoever holds the store holds off the backup. */
    o = options(&h, false, START_US);
    assert_int_equal(gv_backup_make(&o, &tally, &e), GV_FAULT);
    assert_non_null(strstr(e.text, "already open"));
    gv_kv_close(&kv);
    assert_int_equal(gv_backup_make(&o, &tally, &e), GV_OK);
    assert_int_equal(tally.rows, 3);
    o = options(&h, true, START_US);
    assert_int_equal(gv_backup_restore(&o, &tally, &e), GV_OK);
    assert_int_equal(tally.rows, 3);
    store_open(h.target, &kv);
    /* V5: a validator must know that it may have forgotten its votes. */
    gv_key_init(&restored);
    gv_key_text(&restored, GV_META_RESTORED);
    assert_int_equal(gv_kv_get(&kv, GV_CF_META, gv_key_view(&restored), &v),
                     GV_OK);
    gv_key_init(&restored);
    gv_key_u64(&restored, o.now_ms);
    assert_int_equal(v.len, restored.len);
    assert_memory_equal(v.p, restored.b, restored.len);
    gv_kv_value_free(&v);
    assert_int_equal(gv_kv_get(&kv, GV_CF_TTP, gv_bytes("i2", 2), &v), GV_OK);
    assert_int_equal(v.len, sizeof(big));
    assert_memory_equal(v.p, big, sizeof(big));
    gv_kv_value_free(&v);
    assert_int_equal(gv_kv_get(&kv, GV_CF_TTP, gv_bytes("n", 1), &v), GV_OK);
    gv_kv_value_free(&v);
    assert_int_equal(gv_kv_get(&kv, GV_CF_POOL, gv_bytes("p", 1), &v),
                     GV_ABSENT);
    gv_kv_close(&kv);
    assert_int_equal(fixture_shell(&h.f, "rm target/ttp/tsa.lease && "
                                         "diff -r ttp target/ttp"),
                     0);
    fixture_free(&h.f);
}

static void
a_network_of_the_same_name_is_told_apart(void **state)
{
    struct house h;
    struct gv_params twin;
    struct gv_backup_options o;
    struct gv_backup_tally tally;
    struct gv_error e;

    (void)state;
    house_make(&h);
    o = options(&h, false, START_US);
    assert_int_equal(gv_backup_make(&o, &tally, &e), GV_OK);
    o = options(&h, true, START_US);
    twin = *h.f.params;
    twin.registry.b[0] ^= 1;
    o.params = &twin;
    assert_int_equal(gv_backup_restore(&o, &tally, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "of another network called regtest"));
    assert_int_equal(fixture_shell(&h.f, "test ! -e target"), 0);
    fixture_free(&h.f);
}

/* --- the bytes --- */

static enum gv_rc
count(void *arg, enum gv_image_kind kind, struct gv_bytes name,
      struct gv_bytes content)
{
    size_t *n = arg;

    assert_true(kind == GV_IMAGE_FILE || kind == GV_IMAGE_ROW);
    assert_true(name.len > 0 && content.len > 0);
    (*n)++;
    return GV_OK;
}

static void
an_image_cut_short_visits_nothing(void **state)
{
    struct gv_image m = {0};
    struct gv_chain_id registry = {{5}}, got;
    uint64_t time;
    size_t n = 0;

    (void)state;
    gv_image_begin(&m, &registry, 77);
    gv_image_add(&m, GV_IMAGE_FILE, gv_bytes("a/b.pem", 7), gv_bytes("x", 1));
    gv_image_add(&m, GV_IMAGE_ROW, gv_bytes("\0k", 2), gv_bytes("yy", 2));
    assert_int_equal(gv_image_end(&m), GV_OK);
    for (size_t len = 0; len < m.len; len++)
        assert_int_equal(
            gv_image_read(gv_bytes(m.p, len), &got, &time, count, &n),
            GV_REJECT);
    assert_int_equal(n, 0);
    assert_int_equal(
        gv_image_read(gv_bytes(m.p, m.len), &got, &time, count, &n), GV_OK);
    assert_int_equal(n, 2);
    assert_int_equal(time, 77);
    assert_true(GV_ID_EQ(&got, &registry));
    gv_image_clear(&m);
}

static void
no_file_is_named_out_of_its_directory(void **state)
{
    static const char *const bad[] = {
        "",     "/a",    "a/",  "../a", "a/../b", "a//b",    ".a",
        "a/.b", "a/b/c", "a b", "a\\b", "a\n",    "\xc3\xa4"};
    static const char *const good[] = {"a", "ca-key.pem", "x-1/00ff.key"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(gv_image_name_ok(gv_bytes(bad[i], strlen(bad[i]))));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(gv_image_name_ok(gv_bytes(good[i], strlen(good[i]))));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_serial_repeats_after_a_restore),
        cmocka_unit_test(a_lease_is_raised_and_never_lowered),
        cmocka_unit_test(every_record_comes_back),
        cmocka_unit_test(a_network_of_the_same_name_is_told_apart),
        cmocka_unit_test(an_image_cut_short_visits_nothing),
        cmocka_unit_test(no_file_is_named_out_of_its_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
