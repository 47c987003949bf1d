/* test_job.c - work and verdicts as a node words them, settings, and the
 * measurement of kernels. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>
#include <gavel/params.h>

#include "miner/bench.h"
#include "miner/job.h"
#include "miner/settings.h"

#define SEAL_HEX                                                               \
    "0500010200000000000000000000000000000000000000000000000000000000"         \
    "0000000011000000000000000000000000000000000000000000000000000000"         \
    "000000002233445566778899aabbccdd"
#define ID_HEX                                                                 \
    "ABCDEF0000000000000000000000000000000000000000000000000000000001"
#define TARGET_HEX                                                             \
    "00000fff00000000000000000000000000000000000000000000000000000080"

static json_t *
work(void)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "template", ID_HEX,
                     "seal", SEAL_HEX, "target", TARGET_HEX, "chains", 3,
                     "time_ms", 5, "news", "ignored");
}

static void
reads_a_job(void **state)
{
    json_t *result = work();
    struct gv_error e = {""};
    struct gv_job job;

    (void)state;
    assert_int_equal(gv_job_read(result, &job, &e), GV_OK);
    assert_string_equal(job.template, "abcdef000000000000000000000000000000000"
                                      "0000000000000000000000001");
    assert_int_equal(job.chains, 3);
    assert_int_equal(job.search.header80[0], 5);
    assert_int_equal(job.search.header80[36], 0x11);
    assert_int_equal(job.search.header80[79], 0xdd);
    /* big-endian hex, little-endian number */
    assert_int_equal(job.search.target32[0], 0x80);
    assert_int_equal(job.search.target32[28], 0xff);
    assert_int_equal(job.search.target32[29], 0x0f);
    assert_int_equal(job.search.target32[31], 0);
    json_decref(result);
}

static void
names_the_bad_field(void **state)
{
    static const char *const fields[] = {"template", "seal", "target",
                                         "chains"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        json_t *const bad[] = {NULL, json_string("12"), json_true(),
                               json_integer(-1), json_null()};

        for (size_t k = 0; k < 5; k++) {
            json_t *result = work();
            struct gv_error e = {""};
            struct gv_job job;

            if (bad[k] == NULL)
                json_object_del(result, fields[i]);
            else
                json_object_set_new(result, fields[i], bad[k]);
            assert_int_equal(gv_job_read(result, &job, &e), GV_REJECT);
            assert_non_null(strstr(e.text, fields[i]));
            json_decref(result);
        }
    }
}

static void
reads_a_verdict(void **state)
{
    static const struct {
        const char *text;
        enum gv_rc rc;
        size_t accepted;
        bool stale;
    } cases[] = {
        {"{\"accepted\":[],\"stale\":true}", GV_OK, 0, true},
        {"{\"accepted\":[\"aa\",\"bb\"],\"stale\":false}", GV_OK, 2, false},
        {"{\"accepted\":[\"aa\"],\"stale\":true,\"x\":1}", GV_OK, 1, true},
        {"{\"accepted\":1,\"stale\":true}", GV_REJECT, 0, false},
        {"{\"accepted\":[]}", GV_REJECT, 0, false},
        {"[]", GV_REJECT, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *result = json_loads(cases[i].text, 0, NULL);
        struct gv_job_verdict v;
        struct gv_error e;

        assert_int_equal(gv_job_read_verdict(result, &v, &e), cases[i].rc);
        assert_int_equal(v.accepted, cases[i].accepted);
        assert_int_equal(v.stale, cases[i].stale);
        json_decref(result);
    }
}

/* Only bytes 2 and 3 move, and come back after 2^16 steps. */
static void
extra_is_the_upper_version(void **state)
{
    uint8_t header[80], first[80];

    (void)state;
    memset(header, 0x77, sizeof(header));
    header[2] = 0xff;
    header[3] = 0x01;
    memcpy(first, header, 80);
    assert_int_equal(gv_job_extra(header), 0x1ff);
    gv_job_extra_next(header);
    assert_int_equal(gv_job_extra(header), 0x200);
    for (unsigned i = 1; i < 65536; i++) {
        assert_int_not_equal(gv_job_extra(header), gv_job_extra(first));
        gv_job_extra_next(header);
    }
    assert_memory_equal(header, first, 80);
}

/* --- settings --- */

/* As if the program were called with these words. The strings that the
 * settings borrow lie in line. */
static enum gv_rc
settings(struct gv_settings *s, struct gv_error *e, char line[256],
         const char *words)
{
    char *environment[] = {NULL};
    char *argv[16] = {line};
    char *rest;
    int argc = 1;

    snprintf(line, 256, "gavel-miner %s", words);
    argv[0] = strtok_r(line, " ", &rest);
    while ((argv[argc] = strtok_r(NULL, " ", &rest)) != NULL)
        argc++;
    memset(e, 0, sizeof(*e));
    return gv_settings_read(argc, argv, environment, s, e);
}

static void
settings_are_read(void **state)
{
    char port[64], line[256];
    struct gv_settings s;
    struct gv_error e;

    (void)state;
    assert_int_equal(
        settings(&s, &e, line,
                 "--network regtest --datadir /d --threads 3 --strategy "
                 "random --kernel c --blocks 9 --json"),
        GV_OK);
    snprintf(port, sizeof(port), "http://127.0.0.1:%u",
             (unsigned)gv_params_find("regtest")->rpc_port);
    assert_string_equal(s.node.node, port);
    assert_string_equal(s.cookie, "/d/.cookie");
    assert_int_equal(s.threads, 3);
    assert_int_equal(s.strategy, GV_SEARCH_RANDOM);
    assert_string_equal(gv_kernel_name(s.kernel), "c");
    assert_int_equal(s.blocks, 9);
    assert_int_equal(s.benchmark, 0);
    assert_true(s.json);
    gv_settings_clear(&s);
    assert_int_equal(
        settings(&s, &e, line,
                 "--node http://h:1 --cookie=/c --strategy=decreasing"),
        GV_OK);
    assert_string_equal(s.node.node, "http://h:1");
    assert_string_equal(s.cookie, "/c");
    assert_true(s.threads >= 1);
    assert_int_equal(s.strategy, GV_SEARCH_DECREASING);
    assert_null(s.kernel);
    gv_settings_clear(&s);
    assert_int_equal(settings(&s, &e, line, "--benchmark 2"), GV_OK);
    assert_int_equal(s.benchmark, 2);
    gv_settings_clear(&s);
}

static void
bad_settings_are_named(void **state)
{
    static const char *const cases[][2] = {
        {"--kernel", "abacus"},       {"--threads", "1025"},
        {"--strategy", "lucky"},      {"--benchmark", "0"},
        {"--blocks", "-1"},           {"--network", "moon"},
        {"--config", "/nonexistent"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char words[64], line[256];
        struct gv_settings s;
        struct gv_error e;

        snprintf(words, sizeof(words), "%s %s", cases[i][0], cases[i][1]);
        assert_int_equal(settings(&s, &e, line, words), GV_REJECT);
        assert_non_null(strstr(e.text, cases[i][1]));
        gv_settings_clear(&s);
    }
}

/* --- the measurement --- */

struct rows {
    struct gv_bench_row row[16];
    size_t n;
};

static void
on_row(void *ctx, const struct gv_bench_row *row)
{
    struct rows *rows = ctx;

    assert_true(rows->n < 16);
    rows->row[rows->n++] = *row;
}

/* On a busy machine a thread may not run at all within a short time: then the
 * measurement is made again, with ten times as much. */
static unsigned
measure_all(struct rows *rows)
{
    struct gv_bench_options options = {
        .threads = 2, .ms = 30, .stop_fd = -1, .row = on_row, .ctx = rows};

    for (;; options.ms *= 10) {
        size_t busy = 0;

        rows->n = 0;
        assert_int_equal(gv_bench_run(&options), GV_OK);
        while (busy < rows->n && rows->row[busy].hashes > 0)
            busy++;
        if (busy == rows->n || options.ms >= 3000)
            return options.ms;
    }
}

static void
every_usable_kernel_is_measured(void **state)
{
    struct rows rows = {.n = 0};
    unsigned ms = measure_all(&rows);
    const struct gv_kernel *k;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; (k = gv_kernel_at(i)) != NULL; i++) {
        if (!gv_kernel_usable(k))
            continue;
        for (unsigned threads = 1; threads <= 2; threads++) {
            const struct gv_bench_row *row = &rows.row[n++];

            assert_true(n <= rows.n);
            assert_string_equal(row->kernel, gv_kernel_name(k));
            assert_int_equal(row->threads, threads);
            assert_true(row->hashes > 0);
            assert_true(row->ns >= ms * UINT64_C(1000000));
        }
    }
    assert_true(n > 0);
    assert_int_equal(rows.n, n);
}

static void
measurement_can_be_given_up(void **state)
{
    struct rows rows = {.n = 0};
    struct gv_bench_options options = {.kernel = gv_kernel_best(),
                                       .threads = 1,
                                       .ms = 60000,
                                       .row = on_row,
                                       .ctx = &rows};
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    options.stop_fd = ends[0];
    assert_int_equal(gv_bench_run(&options), GV_ABSENT);
    assert_int_equal(rows.n, 0);
    close(ends[0]);
    close(ends[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_job),
        cmocka_unit_test(names_the_bad_field),
        cmocka_unit_test(reads_a_verdict),
        cmocka_unit_test(extra_is_the_upper_version),
        cmocka_unit_test(settings_are_read),
        cmocka_unit_test(bad_settings_are_named),
        cmocka_unit_test(every_usable_kernel_is_measured),
        cmocka_unit_test(measurement_can_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
