/* seeds_store.c - seeds of what lies on the disk of a node: the rows of a
 * store, and a write-ahead log. */
#include "src/client/msglog.h"
#include "tests/fuzz/seeds.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain/state/chain.h"
#include "chain/store/kv_mem.h"
#include "chain/store/kv_rocksdb.h"
#include "tests/support/sample.h"
#include "tests/support/support.h"

#define NOW_MS (SAMPLE_OPENING_MS + UINT64_C(7200000))

/* --- rows, as fuzz_datadir.c reads them --- */

/* old: of schema 1, which has no rows of headers. */
static void
put_rows(const struct gv_kv *kv, bool old, struct gv_sink *s)
{
    if (old) {
        gv_put_u8(s, GV_CF_META);
        gv_put_b8(s, gv_bytes(GV_META_SCHEMA, strlen(GV_META_SCHEMA)));
        gv_put_b32(s, gv_bytes("\0\0\0\1", 4));
    }
    for (int cf = 0; cf < (old ? GV_CF_HEADER : GV_CF_COUNT); cf++) {
        struct gv_kv_range all = {.cf = (enum gv_cf)cf};
        struct gv_kv_iter *it;
        struct gv_kv_row row;

        if (gv_kv_iter_open(kv, &all, &it) != GV_OK)
            support_die("no memory");
        while (gv_kv_iter_next(it, &row) == GV_OK) {
            gv_put_u8(s, (uint8_t)cf);
            gv_put_b8(s, row.key);
            gv_put_b32(s, row.value);
        }
        gv_kv_iter_free(it);
    }
}

static void
save_rows(const char *corpus, const char *name, const struct gv_kv *kv,
          bool old)
{
    static uint8_t raw[1 << 16];
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));

    put_rows(kv, old, &s);
    if (s.failed)
        support_die("too many rows");
    seeds_save(corpus, "datadir", name, gv_bytes(raw, s.len));
}

/* An auction with one block, and a transaction that waits. */
static void
fill(struct gv_state *state, struct sample *s)
{
    struct gv_tx enrol = sample_enrol(s, 0), waits = sample_enrol(s, 1);
    struct sample_block at = {.chain = s->open.id,
                              .height = 1,
                              .time_ms = s->open.opening_ms + 1000,
                              .target = s->open.terms.target};
    struct gv_reject why;

    if (gv_state_add_tx(state, s->open.raw, NOW_MS, &why) != GV_OK)
        support_die("OPEN was refused");
    at.prev = gv_state_chain(state, &s->open.id)->sum.tip;
    if (gv_state_add_block(state, sample_block(s, &at, &enrol, 1), NOW_MS,
                           &why) != GV_OK ||
        gv_state_add_tx(state, waits.raw, NOW_MS, &why) != GV_OK ||
        gv_state_commit(state, true, NULL) != GV_OK)
        support_die("a block was refused");
}

static void
save_datadirs(const char *corpus)
{
    struct gv_state_options o = {
        .params = gv_params_find("regtest"), .seed = 7, .follow_all = true};
    struct gv_state *state;
    struct sample s;
    char error[256];

    sample_make(&s, NULL);
    o.keys = s.keys;
    if (gv_kv_mem_open(&o.kv) != GV_OK ||
        gv_state_open(&o, NOW_MS, &state, error, sizeof(error)) != GV_OK)
        support_die("cannot open a store");
    save_rows(corpus, "registry", &o.kv, false);
    fill(state, &s);
    save_rows(corpus, "auction", &o.kv, false);
    save_rows(corpus, "auction-of-schema-1", &o.kv, true);
    gv_state_close(state);
    gv_kv_close(&o.kv);
    sample_free(&s);
}

/* --- the log --- */

static void
write_log(const char *dir)
{
    struct gv_kv_rocksdb_options o = {.dir = dir};
    char error[GV_KV_ERROR_MAX];
    struct gv_kv kv;

    if (gv_kv_rocksdb_open(&o, &kv, error) != GV_OK)
        support_die("%s", error);
    for (uint8_t i = 0; i < 3; i++) {
        struct gv_kv_batch b = {0};

        gv_kv_batch_put(&b, GV_CF_CHAIN, gv_bytes(&i, 1),
                        gv_bytes("value of the row", 16));
        if (gv_kv_commit(&kv, &b, true) != GV_OK)
            support_die("cannot write a row");
        gv_kv_batch_free(&b);
    }
    gv_kv_close(&kv);
}

/* Two records of the message log, and what stands in one. */
static void
save_msglog(const char *corpus)
{
    static const uint8_t secret[32] = {1}, seed[32] = {2};
    struct gv_msglog_entry e = {.time_us = 5,
                                .session = 1,
                                .way = GV_MSGLOG_OUT,
                                .frame = gv_bytes("frame", 5)};
    struct gv_msglog_chain chain = {{0}, 0};
    uint8_t plain[64], file[512], owner[32];
    struct gv_sink s = gv_sink_buffer(plain, sizeof(plain));
    size_t len = 0;

    gv_msglog_put(&s, &e);
    if (gv_x25519_public(secret, owner) != GV_OK)
        support_die("no key");
    for (int i = 0; i < 2; i++) {
        if (gv_msglog_seal(&chain, owner, seed, gv_bytes(plain, s.len),
                           file + len) != GV_OK)
            support_die("cannot seal");
        len += GV_MSGLOG_HEAD + s.len + GV_HPKE_TAG;
    }
    seeds_save(corpus, "msglog", "records", gv_bytes(file, len));
    seeds_save(corpus, "msglog", "entries", gv_bytes(plain, s.len));
}

static void
save_log(const char *corpus)
{
    struct support_dir dir;
    struct dirent *entry;
    DIR *d;

    support_dir_make(&dir);
    write_log(dir.path);
    d = opendir(dir.path);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[PATH_MAX + 300];
        uint8_t *log;
        size_t len;

        if (dot == NULL || strcmp(dot, ".log") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir.path, entry->d_name);
        log = support_file(path, &len);
        seeds_save(corpus, "wal", "rows", gv_bytes(log, len));
        log[len / 2] ^= 1;
        seeds_save(corpus, "wal", "changed", gv_bytes(log, len));
        free(log);
    }
    closedir(d);
    support_dir_remove(&dir);
}

void
seeds_of_store(const char *corpus)
{
    save_datadirs(corpus);
    save_log(corpus);
    save_msglog(corpus);
}
