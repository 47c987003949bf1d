/* test_tsa.c - the stamping engine, judged by the walker, by OpenSSL's
 * library and by the openssl program. */
#include "src/pki/x509.h"
#include "src/ttp/tsa.h"
#include "tests/unit/ttp/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t imprint[32] = {1, 2, 3};

static uint64_t
fake_now(void *ctx)
{
    return *(uint64_t *)ctx;
}

static struct gv_tsa *
open_tsa(const struct fixture *f, uint64_t *now)
{
    char lease[PATH_MAX + 32];
    struct gv_error e;
    struct gv_tsa *tsa;

    (void)snprintf(lease, sizeof(lease), "%s/tsa.lease", f->dir.path);
    tsa = gv_tsa_new(
        &(struct gv_tsa_options){.key = f->roles.tsa.key,
                                 .cert = f->roles.tsa.cert,
                                 .lease_path = lease,
                                 .now_us = now != NULL ? fake_now : NULL,
                                 .clock_ctx = now},
        &e);
    if (tsa == NULL)
        support_die("%s", e.text);
    return tsa;
}

static uint64_t
stamp(struct gv_tsa *tsa, enum gv_tsa_policy policy)
{
    uint8_t token[GV_TOKEN_MAX];
    size_t len;
    uint64_t t;
    struct gv_error e;

    assert_int_equal(gv_tsa_stamp(tsa, policy, imprint, token, &len, &t, &e),
                     GV_OK);
    return t;
}

static void
S0_08_the_walker_accepts_what_the_engine_makes(void **state)
{
    struct fixture f;
    struct gv_tsa *tsa;
    struct gv_authority a;
    struct gv_tsa_key *key;
    struct gv_reject why;
    uint8_t point[65], token[GV_TOKEN_MAX];

    (void)state;
    fixture_make(&f);
    tsa = open_tsa(&f, NULL);
    for (int policy = GV_TSA_PUBLISHED; policy <= GV_TSA_BLIND; policy++) {
        struct gv_tst tst;
        struct gv_error e;
        uint64_t t;
        size_t len;

        assert_int_equal(gv_tsa_authority(tsa, policy, "test", point, &a),
                         GV_OK);
        key = gv_tsa_key_new(&a, &why);
        assert_non_null(key);
        for (int i = 0; i < 200; i++) {
            assert_int_equal(
                gv_tsa_stamp(tsa, policy, imprint, token, &len, &t, &e), GV_OK);
            assert_int_equal(gv_tst_parse(gv_bytes(token, len), &tst, &why),
                             GV_OK);
            assert_int_equal(gv_tst_verify(&tst, &a, a.policy, key, &why),
                             GV_OK);
            assert_int_equal(tst.time_us, t);
            assert_memory_equal(tst.imprint, imprint, 32);
            assert_int_equal(tst.accuracy_us, GV_TSA_ACCURACY_MS * 1000);
        }
        gv_tsa_key_free(key);
    }
    gv_tsa_free(tsa);
    fixture_free(&f);
}

static void
time_never_stands_still_or_falls_back(void **state)
{
    struct fixture f;
    uint64_t now = 1800000000000000, last, t;
    struct gv_tsa *tsa;
    uint8_t token[GV_TOKEN_MAX];
    size_t len;
    struct gv_error e;

    (void)state;
    fixture_make(&f);
    tsa = open_tsa(&f, &now);
    last = stamp(tsa, GV_TSA_BLIND);
    assert_int_equal(last, now);
    for (int i = 0; i < 50; i++) {
        t = stamp(tsa, i % 2);
        assert_int_equal(t, ++last);
    }
    now -= 500000; /* half a second back: go on above */
    assert_int_equal(stamp(tsa, GV_TSA_BLIND), ++last);
    now -= 600000;
    assert_int_equal(
        gv_tsa_stamp(tsa, GV_TSA_BLIND, imprint, token, &len, &t, &e),
        GV_FAULT);
    assert_non_null(strstr(e.text, "behind"));
    now += 2000000;
    assert_int_equal(stamp(tsa, GV_TSA_BLIND), now);
    gv_tsa_free(tsa);
    fixture_free(&f);
}

static void
a_restart_and_a_crash_start_above_the_lease(void **state)
{
    struct fixture f;
    uint64_t now = 1800000000000000, last;
    struct gv_tsa *tsa, *crashed;
    struct gv_error e;
    char lease[PATH_MAX + 32];

    (void)state;
    fixture_make(&f);
    crashed = open_tsa(&f, &now);
    last = stamp(crashed, GV_TSA_BLIND);
    /* The first engine never ends: what is on disk is its lease. */
    tsa = open_tsa(&f, &now);
    assert_true(stamp(tsa, GV_TSA_BLIND) > last);
    assert_true(stamp(tsa, GV_TSA_BLIND) <=
                now + GV_TSA_ACCURACY_MS * 1000 + 2);
    last = stamp(tsa, GV_TSA_BLIND);
    gv_tsa_free(tsa);
    tsa = open_tsa(&f, &now); /* a clean stop gives the rest back */
    assert_int_equal(stamp(tsa, GV_TSA_BLIND), last + 1);
    gv_tsa_free(tsa);
    fixture_write(&f, "tsa.lease", "garbage\n", 8);
    (void)snprintf(lease, sizeof(lease), "%s/tsa.lease", f.dir.path);
    assert_null(gv_tsa_new(&(struct gv_tsa_options){.key = f.roles.tsa.key,
                                                    .cert = f.roles.tsa.cert,
                                                    .lease_path = lease},
                           &e));
    assert_non_null(strstr(e.text, "tsa.lease is damaged"));
    gv_tsa_free(crashed);
    fixture_free(&f);
}

/* Answer the query file "q" into "r". */
static void
respond(const struct fixture *f, struct gv_tsa *tsa)
{
    char path[PATH_MAX + 8];
    size_t n, len;
    uint8_t *query, *reply;

    (void)snprintf(path, sizeof(path), "%s/q", f->dir.path);
    query = support_file(path, &n);
    reply = gv_tsa_respond(tsa, gv_bytes(query, n), &len);
    assert_non_null(reply);
    fixture_write(f, "r", reply, len);
    free(reply);
    free(query);
}

static void
S0_08_openssl_ts_verify_accepts_tokens(void **state)
{
    struct fixture f;
    struct gv_tsa *tsa;

    (void)state;
    fixture_make(&f);
    tsa = open_tsa(&f, NULL);
    fixture_write(&f, "data", "hello", 5);
    assert_int_equal(
        fixture_shell(&f, "openssl ts -query -data data -sha256 -cert -out q"),
        0);
    respond(&f, tsa);
    assert_int_equal(fixture_shell(&f, "openssl ts -verify -queryfile q -in r "
                                       "-CAfile gavel-root.pem"),
                     0);
    assert_int_equal(
        fixture_shell(&f, "openssl ts -query -data data -sha256 -out q"), 0);
    respond(&f, tsa);
    assert_int_equal(
        fixture_shell(&f, "openssl ts -verify -queryfile q -in r -CAfile "
                          "gavel-root.pem -untrusted ttp/tsa-cert.pem"),
        0);
    fixture_write(&f, "data", "hellp", 5);
    assert_int_not_equal(
        fixture_shell(&f, "openssl ts -verify -data data -in r -CAfile "
                          "gavel-root.pem -untrusted ttp/tsa-cert.pem"),
        0);
    gv_tsa_free(tsa);
    fixture_free(&f);
}

static void
other_requests_get_a_reason(void **state)
{
    static const struct {
        const char *query, *text;
    } rows[] = {
        {"openssl ts -query -data data -sha512 -out q", "algorithm"},
        {"openssl ts -query -data data -sha256 -tspolicy 1.2.3 -out q",
         "policy"},
        {"openssl ts -query -data data -sha256 -tspolicy "
         "2.25.204276850882450990483442824798936756082.1.1 -out q",
         "policy"},
        {"echo nonsense >q", "format"},
        {"head -c 5000 /dev/zero >q", "format"},
    };
    struct fixture f;
    struct gv_tsa *tsa;

    (void)state;
    fixture_make(&f);
    tsa = open_tsa(&f, NULL);
    fixture_write(&f, "data", "hello", 5);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char command[256];

        assert_int_equal(fixture_shell(&f, rows[i].query), 0);
        respond(&f, tsa);
        (void)snprintf(command, sizeof(command),
                       "openssl ts -reply -in r -text >t && "
                       "grep -q 'Status: Rejected' t && grep -q '%s' t",
                       rows[i].text);
        if (fixture_shell(&f, command) != 0)
            fail_msg("wrong answer to: %s", rows[i].query);
    }
    gv_tsa_free(tsa);
    fixture_free(&f);
}

/* --- the clock --- */

struct doubt {
    uint64_t now;
    bool synced;
    unsigned told;
    char why[200]; /* "": the clock is believed */
};

static uint64_t
doubt_now(void *ctx)
{
    return ((struct doubt *)ctx)->now;
}

static bool
doubt_synced(void *ctx, struct gv_error *e)
{
    const struct doubt *d = ctx;

    if (!d->synced)
        gv_error_set(e, "nobody keeps it");
    return d->synced;
}

static void
doubt_told(void *ctx, const char *why)
{
    struct doubt *d = ctx;

    d->told++;
    (void)snprintf(d->why, sizeof(d->why), "%s", why != NULL ? why : "");
}

static void
a_clock_that_nobody_keeps_stops_the_stamps(void **state)
{
    struct fixture f;
    struct doubt d = {.now = 1700000000000000ull};
    struct gv_error e = {""};
    uint8_t token[GV_TOKEN_MAX];
    size_t len;
    uint64_t t, first;
    struct gv_tsa *tsa;

    (void)state;
    fixture_make(&f);
    tsa = gv_tsa_new(&(struct gv_tsa_options){.key = f.roles.tsa.key,
                                              .cert = f.roles.tsa.cert,
                                              .now_us = doubt_now,
                                              .synced = doubt_synced,
                                              .clock_ctx = &d,
                                              .on_clock = doubt_told,
                                              .on_clock_ctx = &d},
                     &e);
    assert_non_null(tsa);
    assert_false(gv_tsa_clock_ok(tsa, &e));
    assert_string_equal(e.text, "nobody keeps it");
    for (int i = 0; i < 3; i++) {
        e.text[0] = '\0';
        assert_int_equal(
            gv_tsa_stamp(tsa, GV_TSA_PUBLISHED, imprint, token, &len, &t, &e),
            GV_FAULT);
        assert_string_equal(e.text, "nobody keeps it");
    }
    assert_int_equal(d.told, 1);
    d.synced = true;
    first = stamp(tsa, GV_TSA_PUBLISHED);
    assert_int_equal(first, d.now);
    assert_int_equal(d.told, 2);
    assert_string_equal(d.why, "");
    /* The clock is synchronised and goes back: the same way of saying so. */
    d.now -= 2000000;
    assert_false(gv_tsa_clock_ok(tsa, &e));
    assert_non_null(strstr(d.why, "behind the last time stamp"));
    assert_int_equal(d.told, 3);
    d.now += 2000000;
    assert_true(gv_tsa_clock_ok(tsa, &e));
    assert_true(stamp(tsa, GV_TSA_PUBLISHED) > first);
    assert_int_equal(d.told, 4);
    gv_tsa_free(tsa);
    fixture_free(&f);
}

/* Write what a query over HTTP gets to a file of the fixture. */
static void
answer_query(const struct fixture *f, struct gv_tsa *tsa)
{
    char path[PATH_MAX + 32];
    uint8_t query[256], *resp;
    size_t n, len;
    FILE *in;

    (void)snprintf(path, sizeof(path), "%s/q.tsq", f->dir.path);
    in = fopen(path, "rb");
    assert_non_null(in);
    n = fread(query, 1, sizeof(query), in);
    assert_int_equal(fclose(in), 0);
    resp = gv_tsa_respond(tsa, gv_bytes(query, n), &len);
    assert_non_null(resp);
    fixture_write(f, "q.tsr", resp, len);
    free(resp);
}

static void
rfc_3161_is_told_that_the_time_is_not_available(void **state)
{
    struct fixture f;
    struct doubt d = {.now = 1700000000000000ull};
    struct gv_error e;
    struct gv_tsa *tsa;

    (void)state;
    fixture_make(&f);
    tsa = gv_tsa_new(&(struct gv_tsa_options){.key = f.roles.tsa.key,
                                              .cert = f.roles.tsa.cert,
                                              .now_us = doubt_now,
                                              .synced = doubt_synced,
                                              .clock_ctx = &d},
                     &e);
    assert_non_null(tsa);
    assert_int_equal(fixture_shell(&f, "echo x >data && openssl ts -query "
                                       "-data data -sha256 -out q.tsq"),
                     0);
    answer_query(&f, tsa);
    assert_int_equal(fixture_shell(&f, "openssl ts -reply -in q.tsr -text"), 0);
    assert_int_equal(
        fixture_shell(&f, "openssl ts -reply -in q.tsr -text >t 2>&1; grep -q "
                          "'Status: Rejected' t && grep -q 'time source is "
                          "not available' t"),
        0);
    d.synced = true;
    answer_query(&f, tsa);
    assert_int_equal(fixture_shell(&f, "openssl ts -reply -in q.tsr -text | "
                                       "grep -q 'Status: Granted'"),
                     0);
    gv_tsa_free(tsa);
    fixture_free(&f);
}

static void
keys_that_do_not_fit_are_refused(void **state)
{
    struct fixture f;
    struct gv_error e;

    (void)state;
    fixture_make(&f);
    assert_null(gv_tsa_new(&(struct gv_tsa_options){.key = f.roles.ca.key,
                                                    .cert = f.roles.tsa.cert},
                           &e));
    assert_null(gv_tsa_new(&(struct gv_tsa_options){.key = f.roles.ca.key,
                                                    .cert = f.roles.ca.cert},
                           &e));
    assert_non_null(strstr(e.text, "timeStamping"));
    fixture_free(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S0_08_the_walker_accepts_what_the_engine_makes),
        cmocka_unit_test(time_never_stands_still_or_falls_back),
        cmocka_unit_test(a_restart_and_a_crash_start_above_the_lease),
        cmocka_unit_test(S0_08_openssl_ts_verify_accepts_tokens),
        cmocka_unit_test(other_requests_get_a_reason),
        cmocka_unit_test(a_clock_that_nobody_keeps_stops_the_stamps),
        cmocka_unit_test(rfc_3161_is_told_that_the_time_is_not_available),
        cmocka_unit_test(keys_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
