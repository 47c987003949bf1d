/* test_clientcert.c - every way in which a client's certificate is wrong, each
 * with its own verdict. */
#include "src/pki/x509.h"
#include "src/ttp/clientcert.h"
#include "src/ttp/revoked.h"
#include "tests/unit/ttp/twin.h"
#include "tests/unit/ttp/world.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#define DAY_MS (24 * 3600000ull)
#define USER GV_CLIENTCERT_ROLE(GV_ROLE_USER)
#define NODE GV_CLIENTCERT_ROLE(GV_ROLE_NODE)

struct court {
    struct world w;
    struct gv_revoked *revoked;
    struct gv_clientcert *judge;
    X509 *user, *node;
};

static bool
is_revoked(void *ctx, const struct gv_hash *fingerprint)
{
    return gv_revoked_has(ctx, fingerprint);
}

static struct gv_clientcert *
judge_of(struct court *c, const struct gv_params *params, X509 *root, X509 *ca)
{
    struct gv_error e;
    struct gv_clientcert *judge = gv_clientcert_new(
        &(struct gv_clientcert_options){.params = params,
                                        .root = root,
                                        .ca = ca,
                                        .is_revoked = is_revoked,
                                        .ctx = c->revoked,
                                        .now_ms = world_now,
                                        .clock_ctx = &c->w.now},
        &e);

    if (judge == NULL)
        fail_msg("%s", e.text);
    return judge;
}

/* A certificate of this CA, for any role and time. */
static X509 *
issue(struct court *c, enum gv_x509_kind kind, int64_t from_days,
      int64_t to_days)
{
    EVP_PKEY *key = gv_x509_key_new();
    struct gv_error e;
    X509 *cert = gv_x509_issue(
        &(struct gv_x509_issue){
            .kind = kind,
            .subject_key = key,
            .common_name = "Somebody",
            .issuer = c->w.f.roles.ca.cert,
            .issuer_key = c->w.f.roles.ca.key,
            .not_before_ms = c->w.now + (uint64_t)from_days * DAY_MS,
            .not_after_ms = c->w.now + (uint64_t)to_days * DAY_MS},
        &e);

    assert_non_null(cert);
    EVP_PKEY_free(key);
    return cert;
}

static int
set_up(void **state)
{
    struct court *c = calloc(1, sizeof(*c));

    world_make(&c->w, GV_CA_AUTO);
    c->revoked = gv_revoked_new();
    c->judge =
        judge_of(c, c->w.f.params, c->w.f.roles.root, c->w.f.roles.ca.cert);
    c->user = issue(c, GV_X509_USER, -1, 365);
    c->node = issue(c, GV_X509_NODE, -1, 365);
    *state = c;
    return 0;
}

static int
tear_down(void **state)
{
    struct court *c = *state;

    X509_free(c->user);
    X509_free(c->node);
    gv_clientcert_free(c->judge);
    gv_revoked_free(c->revoked);
    world_free(&c->w);
    free(c);
    return 0;
}

struct shown {
    X509 *cert;
    STACK_OF(X509) * chain;
    unsigned roles;
};

static void
verdict(const struct gv_clientcert *judge, struct shown s,
        enum gv_clientcert_verdict want, const char *text)
{
    struct gv_error why = {""};
    enum gv_clientcert_verdict got = gv_clientcert_judge(
        judge, s.cert, s.chain, s.roles != 0 ? s.roles : USER | NODE, &why);

    if (got != want || strstr(why.text, text) == NULL)
        fail_msg("expected %d \"%s\", got %d \"%s\"", want, text, got,
                 why.text);
}

static void
S4_61_good_ones_pass(void **state)
{
    struct court *c = *state;
    STACK_OF(X509) *chain = sk_X509_new_null();
    struct gv_clientcert *elsewhere =
        judge_of(c, c->w.f.params, c->w.f.roles.root, NULL);

    verdict(c->judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_OK, "");
    verdict(c->judge, (struct shown){.cert = c->node}, GV_CLIENTCERT_OK, "");
    verdict(c->judge, (struct shown){.cert = c->user, .roles = USER},
            GV_CLIENTCERT_OK, "");
    /* At a node that is not this CA, the client sends the CA's along. */
    verdict(elsewhere, (struct shown){.cert = c->user},
            GV_CLIENTCERT_UNKNOWN_ROOT, "");
    assert_true(sk_X509_push(chain, c->w.f.roles.ca.cert) > 0);
    verdict(elsewhere, (struct shown){c->user, chain, 0}, GV_CLIENTCERT_OK, "");
    assert_true(sk_X509_push(chain, c->w.f.roles.root) > 0);
    verdict(elsewhere, (struct shown){c->user, chain, 0}, GV_CLIENTCERT_OK, "");
    gv_clientcert_free(elsewhere);
    sk_X509_free(chain);
}

static void
S4_58_strangers_do_not_lead_to_the_root(void **state)
{
    struct court *c = *state;
    EVP_PKEY *key = gv_x509_key_new();
    struct gv_error e;
    struct gv_x509_issue r = {.kind = GV_X509_ROOT,
                              .subject_key = key,
                              .common_name = "Gavel regtest CA",
                              .issuer_key = key,
                              .not_before_ms = c->w.now - 2 * DAY_MS,
                              .not_after_ms = c->w.now - DAY_MS};
    X509 *root = gv_x509_issue(&r, &e), *user;
    STACK_OF(X509) *chain = sk_X509_new_null();

    assert_non_null(root);
    verdict(c->judge, (struct shown){0}, GV_CLIENTCERT_NONE,
            "needs a client certificate of network regtest");
    /* A stranger is a stranger before he is expired. */
    verdict(c->judge, (struct shown){.cert = root}, GV_CLIENTCERT_UNKNOWN_ROOT,
            "does not lead to the root of network regtest");
    r.kind = GV_X509_USER;
    r.issuer = root;
    user = gv_x509_issue(&r, &e);
    assert_non_null(user);
    verdict(c->judge, (struct shown){.cert = user}, GV_CLIENTCERT_UNKNOWN_ROOT,
            "does not lead to the root");
    assert_true(sk_X509_push(chain, root) > 0);
    verdict(c->judge, (struct shown){user, chain, 0},
            GV_CLIENTCERT_UNKNOWN_ROOT, "does not lead to the root");
    X509_free(user);
    X509_free(root);
    sk_X509_free(chain);
    EVP_PKEY_free(key);
}

/* A node of network test, shown a good certificate of regtest. */
static void
S4_61_other_networks_are_named(void **state)
{
    struct court *c = *state;
    const struct gv_params *test = gv_params_find("test");
    X509 *root = gv_x509_from_pem(
        gv_bytes(test->root_cert_pem, strlen(test->root_cert_pem)));
    struct gv_clientcert *judge = judge_of(c, test, root, NULL);
    STACK_OF(X509) *chain = sk_X509_new_null();

    assert_true(sk_X509_push(chain, c->w.f.roles.ca.cert) > 0);
    verdict(judge, (struct shown){c->user, chain, 0},
            GV_CLIENTCERT_OTHER_NETWORK,
            "of network regtest; this is network test");
    /* Without its CA nobody can tell. */
    verdict(judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_UNKNOWN_ROOT,
            "network test");
    gv_clientcert_free(judge);
    X509_free(root);
    sk_X509_free(chain);
}

static void
S4_61_roles_are_kept_apart(void **state)
{
    struct court *c = *state;

    verdict(c->judge, (struct shown){.cert = c->user, .roles = NODE},
            GV_CLIENTCERT_WRONG_ROLE, "another role: this needs a node's");
    verdict(c->judge, (struct shown){.cert = c->node, .roles = USER},
            GV_CLIENTCERT_WRONG_ROLE, "another role: this needs a user's");
    verdict(c->judge, (struct shown){.cert = c->w.f.roles.tsa.cert},
            GV_CLIENTCERT_WRONG_ROLE, "no client's");
    verdict(c->judge, (struct shown){.cert = c->w.f.roles.tls_cert},
            GV_CLIENTCERT_WRONG_ROLE, "no client's");
    verdict(c->judge, (struct shown){.cert = c->w.f.roles.ca.cert},
            GV_CLIENTCERT_WRONG_ROLE, "no client's");
}

static void
S4_61_expired_and_not_yet_valid(void **state)
{
    struct court *c = *state;
    X509 *old = issue(c, GV_X509_USER, -10, -1),
         *early = issue(c, GV_X509_USER, 1, 10);
    struct gv_hash *list = calloc(1, sizeof(*list));

    verdict(c->judge, (struct shown){.cert = old}, GV_CLIENTCERT_EXPIRED,
            "the client certificate has expired");
    verdict(c->judge, (struct shown){.cert = early}, GV_CLIENTCERT_NOT_YET,
            "the client certificate is not valid yet");
    /* Both expired and revoked: it is told once, and stays refused. */
    assert_int_equal(gv_x509_fingerprint(old, list), GV_OK);
    gv_revoked_set(c->revoked, list, 1);
    verdict(c->judge, (struct shown){.cert = old}, GV_CLIENTCERT_EXPIRED, "");
    /* The CA's own end. */
    c->w.now += 1830 * DAY_MS;
    verdict(c->judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_EXPIRED,
            "has expired");
    X509_free(old);
    X509_free(early);
}

static void
S4_61_revoked_ones_are_refused_while_they_are(void **state)
{
    struct court *c = *state;
    struct gv_hash *list = calloc(3, sizeof(*list)), user;

    assert_int_equal(gv_x509_fingerprint(c->user, &user), GV_OK);
    memset(&list[0], 0xff, sizeof(*list));
    list[1] = user;
    verdict(c->judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_OK, "");
    gv_revoked_set(c->revoked, list, 3);
    verdict(c->judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_REVOKED,
            "the client certificate is revoked");
    verdict(c->judge, (struct shown){.cert = c->node}, GV_CLIENTCERT_OK, "");
    /* The CA's certificate: whom it certified goes with it. */
    list = calloc(1, sizeof(*list));
    assert_int_equal(gv_x509_fingerprint(c->w.f.roles.ca.cert, list), GV_OK);
    gv_revoked_set(c->revoked, list, 1);
    verdict(c->judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_REVOKED,
            "the issuer of the client certificate is revoked");
    /* A branch without the REVOKE became the better one. */
    gv_revoked_set(c->revoked, NULL, 0);
    verdict(c->judge, (struct shown){.cert = c->user}, GV_CLIENTCERT_OK, "");
}

static void
S4_61_a_revoked_one_does_not_pass_with_its_other_signature(void **state)
{
    struct court *c = *state;
    struct gv_hash *list = calloc(1, sizeof(*list)), other;
    X509 *twin = twin_of(c->user);

    assert_int_equal(gv_x509_fingerprint(c->user, &list[0]), GV_OK);
    assert_int_equal(gv_x509_fingerprint(twin, &other), GV_OK);
    assert_false(GV_ID_EQ(&list[0], &other));
    verdict(c->judge, (struct shown){.cert = twin}, GV_CLIENTCERT_OK, "");
    gv_revoked_set(c->revoked, list, 1);
    verdict(c->judge, (struct shown){.cert = twin}, GV_CLIENTCERT_REVOKED,
            "is revoked");
    X509_free(twin);
}

static void
S4_61_no_bit_of_a_certificate_can_change(void **state)
{
    struct court *c = *state;
    struct gv_error why;
    size_t len;
    uint8_t *der = gv_x509_der(c->user, &len);

    assert_non_null(der);
    for (size_t at = 0; at < len; at++) {
        const unsigned char *p = der;
        X509 *bad;

        der[at] ^= 0x04;
        bad = d2i_X509(NULL, &p, (long)len);
        if (bad != NULL && gv_clientcert_judge(c->judge, bad, NULL, USER,
                                               &why) == GV_CLIENTCERT_OK)
            fail_msg("byte %zu changed and taken", at);
        X509_free(bad);
        der[at] ^= 0x04;
    }
    free(der);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(S4_61_good_ones_pass),
        TEST(S4_58_strangers_do_not_lead_to_the_root),
        TEST(S4_61_other_networks_are_named),
        TEST(S4_61_roles_are_kept_apart),
        TEST(S4_61_expired_and_not_yet_valid),
        TEST(S4_61_revoked_ones_are_refused_while_they_are),
        TEST(S4_61_a_revoked_one_does_not_pass_with_its_other_signature),
        TEST(S4_61_no_bit_of_a_certificate_can_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
