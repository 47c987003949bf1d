/* test_serve.c - keys for sellers and the signature that serves an OPEN, of
 * issuer and notary alike; and the log's proofs. */
#include <gavel/merkle.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/ttp/serve.h"
#include "tests/support/award.h"

/* --- asking for keys --- */

static struct gv_keys_ask
keys_ask(const struct award *w)
{
    return (struct gv_keys_ask){.registry = w->s.params->registry,
                                .seller = w->user[1].cert.cred,
                                .time_ms = w->now};
}

static void
sign_ask(const struct award *w, struct gv_keys_ask *ask, unsigned user)
{
    uint8_t digest[32];

    gv_keys_ask_digest(ask, digest);
    assert_int_equal(
        gv_key_sign(w->s.keys, &w->user[user].secret, digest, NULL, &ask->sig),
        GV_OK);
}

/* What issuer and notary say to it: the same. */
static void
expect_ask(struct award *w, const struct gv_keys_ask *ask, int status,
           const char *part)
{
    uint8_t raw[512], *out = NULL;
    struct gv_sink s = gv_sink_buffer(raw, sizeof(raw));
    struct gv_error e = {""};
    size_t len;

    gv_keys_ask_put(&s, ask);
    assert_int_equal(
        gv_issuer_keys(w->issuer, gv_bytes(raw, s.len), &out, &len, &e),
        status);
    assert_non_null(strstr(e.text, part));
    assert_int_equal(
        gv_notary_keys(w->notary[0], gv_bytes(raw, s.len), &out, &len, &e),
        status);
    assert_non_null(strstr(e.text, part));
    assert_null(out);
}

static void
test_S0_03_keys_are_for_certified_users(void **state)
{
    struct award *w = *state;
    struct gv_ttp_cert was = w->user[1].cert;
    struct gv_keys_ask ask = keys_ask(w);

    sign_ask(w, &ask, 2);
    expect_ask(w, &ask, 401, "signature");
    sign_ask(w, &ask, 1);
    ask.time_ms++;
    expect_ask(w, &ask, 401, "signature");
    ask.time_ms--;
    w->user[1].cert.revoked = true;
    expect_ask(w, &ask, 403, "revoked");
    w->user[1].cert = was;
    w->user[1].cert.cred.not_after_ms = w->now - 1;
    expect_ask(w, &ask, 403, "expired");
    w->user[1].cert = was;
    w->user[1].cert.cred.key = w->user[2].cert.cred.key;
    expect_ask(w, &ask, 403, "no such certificate");
    w->user[1].cert = was;
    w->user[1].unknown = true;
    expect_ask(w, &ask, 403, "no such certificate");
    w->user[1].unknown = false;
    w->answer = GV_FAULT;
    expect_ask(w, &ask, 503, "ledger");
    w->answer = GV_OK;
    ask.registry.b[0] ^= 1;
    sign_ask(w, &ask, 1);
    expect_ask(w, &ask, 403, "another network");
}

static void
a_request_is_good_for_five_minutes(void **state)
{
    struct award *w = *state;
    struct gv_keys_ask ask = keys_ask(w);
    uint64_t now = w->now;

    ask.time_ms = now - GV_KEYS_ASK_MS - 1;
    sign_ask(w, &ask, 1);
    expect_ask(w, &ask, 401, "5 minutes");
    ask.time_ms = now + GV_KEYS_ASK_MS + 1;
    sign_ask(w, &ask, 1);
    expect_ask(w, &ask, 401, "5 minutes");
    /* Just in time it goes on to the registry. */
    w->user[1].unknown = true;
    ask.time_ms = now - GV_KEYS_ASK_MS;
    sign_ask(w, &ask, 1);
    expect_ask(w, &ask, 403, "no such certificate");
    ask.time_ms = now + GV_KEYS_ASK_MS;
    sign_ask(w, &ask, 1);
    expect_ask(w, &ask, 403, "no such certificate");
}

/* --- serving --- */

typedef int serve_call(struct award *w, struct gv_bytes preimage, uint8_t **out,
                       size_t *len, struct gv_error *e);

static int
serve_issuer(struct award *w, struct gv_bytes preimage, uint8_t **out,
             size_t *len, struct gv_error *e)
{
    return (int)gv_issuer_serve(w->issuer, preimage, out, len, e);
}

static int
serve_notary(struct award *w, struct gv_bytes preimage, uint8_t **out,
             size_t *len, struct gv_error *e)
{
    return (int)gv_notary_serve(w->notary[0], preimage, out, len, e);
}

static void
expect_serve(struct award *w, serve_call *call, const struct gv_open *o,
             int status, const char *part)
{
    struct gv_sink s = gv_sink_count();
    struct gv_error e = {""};
    uint8_t *raw, *out = NULL;
    size_t len = 0;
    int got;

    gv_open_put_preimage(&s, o);
    raw = malloc(s.len);
    assert_non_null(raw);
    s = gv_sink_buffer(raw, s.len);
    gv_open_put_preimage(&s, o);
    got = call(w, gv_bytes(raw, s.len), &out, &len, &e);
    if (got != status || strstr(e.text, part) == NULL)
        fail_msg("%d %s in the place of %d %s", got, e.text, status, part);
    if (status == 200)
        assert_int_equal(len, 64);
    free(out);
    free(raw);
}

static void
the_same_open_is_served_again(void **state)
{
    struct award *w = *state;

    for (unsigned i = 0; i < 2; i++) {
        expect_serve(w, serve_issuer, &w->open, 200, "");
        expect_serve(w, serve_notary, &w->open, 200, "");
        award_restart(w);
    }
}

static void
a_key_serves_one_open(void **state)
{
    struct award *w = *state;
    struct gv_open o = w->open;

    o.salt[0] ^= 1; /* another auction */
    expect_serve(w, serve_issuer, &o, 409, "another auction");
    expect_serve(w, serve_notary, &o, 409, "another auction");
}

static void
keys_must_be_the_services_own(void **state)
{
    struct award *w = *state;
    struct gv_open o = w->open;
    uint8_t modulus[GV_RSA_SIZE];

    memcpy(modulus, o.issuer.challenge.p, GV_RSA_SIZE);
    modulus[100] ^= 1;
    o.salt[0] ^= 1;
    o.issuer.token = gv_bytes(modulus, GV_RSA_SIZE);
    expect_serve(w, serve_issuer, &o, 403, "no such key");
    o = w->open;
    o.notary[0].key = gv_bytes(modulus, GV_RSA_SIZE);
    expect_serve(w, serve_notary, &o, 403, "no such key");
}

static void
the_open_must_name_the_service_as_it_is(void **state)
{
    struct award *w = *state;
    struct gv_open o = w->open;

    o.issuer.operator_name = gv_bytes("Somebody", 8);
    o.notary[0].operator_name = gv_bytes("Somebody", 8);
    expect_serve(w, serve_issuer, &o, 403, "another token issuer");
    expect_serve(w, serve_notary, &o, 403, "does not name this notary");
    o = w->open;
    o.issuer.cred.fingerprint.b[0] ^= 1;
    o.notary[0].cred.fingerprint.b[0] ^= 1;
    expect_serve(w, serve_issuer, &o, 403, "another token issuer");
    expect_serve(w, serve_notary, &o, 403, "does not name this notary");
    o = w->open;
    o.notary[0] = o.notary[1];
    o.notary_count = 1;
    o.escrow_t = 1;
    expect_serve(w, serve_notary, &o, 403, "does not name this notary");
}

static void
what_is_no_open_is_refused(void **state)
{
    struct award *w = *state;
    struct gv_error e = {""};
    uint8_t *out = NULL;
    size_t len;

    assert_int_equal(serve_issuer(w, gv_bytes("x", 1), &out, &len, &e), 400);
    assert_non_null(strstr(e.text, "the OPEN is refused"));
    assert_int_equal(serve_notary(w, gv_bytes("x", 1), &out, &len, &e), 400);
    assert_null(out);
}

/* --- the log --- */

static void
paths_lead_to_the_root(void **state)
{
    struct gv_bytes leaves[9];
    uint8_t data[9], root[32], leaf[32], path[GV_MERKLE_MAX][32];
    size_t n;

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        data[i] = (uint8_t)i;
        leaves[i] = gv_bytes(&data[i], 1);
    }
    for (size_t count = 1; count <= 9; count++) {
        assert_int_equal(gv_serve_log_root(leaves, count, root), GV_OK);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(gv_serve_log_path(leaves, count, i, path, &n),
                             GV_OK);
            gv_merkle_leaf(leaves[i].p, 1, leaf);
            assert_true(gv_merkle_verify(leaf, i, count,
                                         (const uint8_t(*)[32])path, n, root));
        }
    }
    assert_int_equal(gv_serve_log_root(leaves, 0, root), GV_OK);
    assert_true(support_hex_is(root, 32,
                               "e3b0c44298fc1c149afbf4c8996fb924"
                               "27ae41e4649b934ca495991b7852b855"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, award_setup, award_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_S0_03_keys_are_for_certified_users),
        TEST(a_request_is_good_for_five_minutes),
        TEST(the_same_open_is_served_again),
        TEST(a_key_serves_one_open),
        TEST(keys_must_be_the_services_own),
        TEST(the_open_must_name_the_service_as_it_is),
        TEST(what_is_no_open_is_refused),
        cmocka_unit_test(paths_lead_to_the_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
