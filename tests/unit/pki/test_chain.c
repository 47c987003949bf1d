/* test_chain.c - chains of certificates and their refusals; profiles. */
#include "src/pki/chain.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/unit/pki/fixture.h"

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fixture_make(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_free(*state);
    free(*state);
    return 0;
}

/* Verify user <- ca against one root, at a time, with lists or none. */
static enum gv_rc
verify(struct fixture *f, X509 *root, uint64_t at_ms, STACK_OF(X509_CRL) * crls)
{
    STACK_OF(X509) *others = fixture_stack(f->ca.cert, NULL, NULL, NULL);
    STACK_OF(X509) *roots = fixture_stack(root, NULL, NULL, NULL);
    struct gv_chain_check check = {.leaf = f->user.cert,
                                   .others = others,
                                   .roots = roots,
                                   .crls = crls,
                                   .kind = GV_X509_USER,
                                   .at_ms = at_ms};
    enum gv_rc rc = gv_chain_verify(&check, &f->x);

    gv_chain_free(others);
    gv_chain_free(roots);
    return rc;
}

static void
chains_are_found_among_many(void **state)
{
    struct fixture *f = *state;
    struct fixture_id twin = fixture_issue(GV_X509_CA, "ca", NULL, 10);
    STACK_OF(X509) *pool =
        fixture_stack(twin.cert, f->root.cert, f->server.cert, f->ca.cert);
    STACK_OF(X509) *chain = gv_chain_build(f->user.cert, pool);

    assert_int_equal(sk_X509_num(chain), 3);
    assert_ptr_equal(sk_X509_value(chain, 1), f->ca.cert);
    assert_ptr_equal(sk_X509_value(chain, 2), f->root.cert);
    assert_true(gv_chain_is_whole(chain));
    gv_chain_free(chain);
    gv_chain_free(pool);
    pool = fixture_stack(twin.cert, f->ca.cert, NULL, NULL);
    chain = gv_chain_build(f->user.cert, pool);
    assert_int_equal(sk_X509_num(chain), 2);
    assert_false(gv_chain_is_whole(chain));
    gv_chain_free(chain);
    gv_chain_free(pool);
    fixture_id_free(&twin);
}

static void
test_S4_61_a_chain_to_the_trusted_root_verifies_in_its_time(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(verify(f, f->root.cert, FIXTURE_NOW, NULL), GV_OK);
    assert_int_equal(
        verify(f, f->root.cert, FIXTURE_NOW + 101 * FIXTURE_DAY, NULL),
        GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_EXPIRED);
    assert_int_equal(
        verify(f, f->root.cert, FIXTURE_NOW - 2 * FIXTURE_DAY, NULL),
        GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_EXPIRED);
}

static void
test_S4_58_an_unknown_root_of_the_same_name_is_refused(void **state)
{
    struct fixture *f = *state;
    struct fixture_id other = fixture_issue(GV_X509_ROOT, "root", NULL, 1000);

    assert_int_equal(verify(f, other.cert, FIXTURE_NOW, NULL), GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_UNTRUSTED);
    fixture_id_free(&other);
}

static X509_CRL *
make_crl(const struct fixture_id *issuer, X509 *revoked, uint64_t next_ms)
{
    struct gv_x509_revoked line = {.time_ms = FIXTURE_NOW - 1000};
    struct gv_x509_crl crl = {.issuer = issuer->cert,
                              .issuer_key = issuer->key,
                              .list = &line,
                              .n = revoked != NULL,
                              .number = 1,
                              .now_ms = FIXTURE_NOW - 3600000,
                              .next_ms = next_ms};
    struct gv_error e;
    const unsigned char *p;
    uint8_t *der;
    size_t len;
    X509_CRL *out;

    if (revoked != NULL) {
        const ASN1_INTEGER *serial = X509_get0_serialNumber(revoked);

        line.serial = ASN1_STRING_get0_data(serial);
        line.serial_len = (size_t)ASN1_STRING_length(serial);
    }
    p = der = gv_x509_crl_make(&crl, &len, &e);
    assert_non_null(der);
    out = d2i_X509_CRL(NULL, &p, (long)len);
    free(der);
    return out;
}

/* The lists of the CA (with the user revoked, or until next_ms) and the
 * root. */
static enum gv_rc
verify_with(struct fixture *f, X509 *revoked, uint64_t next_ms, bool both)
{
    STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
    enum gv_rc rc;

    sk_X509_CRL_push(crls, make_crl(&f->ca, revoked, next_ms));
    if (both)
        sk_X509_CRL_push(crls,
                         make_crl(&f->root, NULL, FIXTURE_NOW + FIXTURE_DAY));
    rc = verify(f, f->root.cert, FIXTURE_NOW, crls);
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    return rc;
}

static void
test_S4_61_revocation_lists_are_heeded(void **state)
{
    struct fixture *f = *state;
    uint64_t soon = FIXTURE_NOW + 1000;

    assert_int_equal(verify_with(f, NULL, soon, true), GV_OK);
    assert_int_equal(verify_with(f, f->server.cert, soon, true), GV_OK);
    assert_int_equal(verify_with(f, f->user.cert, soon, true), GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_REVOKED);
    assert_int_equal(verify_with(f, NULL, FIXTURE_NOW - 1000, true), GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_NO_CRL);
    assert_int_equal(verify_with(f, NULL, soon, false), GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_NO_CRL);
}

static void
another_role_is_refused(void **state)
{
    struct fixture *f = *state;
    STACK_OF(X509) *roots = fixture_stack(f->root.cert, NULL, NULL, NULL);
    struct gv_chain_check check = {.leaf = f->server.cert,
                                   .roots = roots,
                                   .kind = GV_X509_TSA,
                                   .at_ms = FIXTURE_NOW};

    assert_int_equal(gv_chain_verify(&check, &f->x), GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_REFUSED);
    assert_non_null(strstr(f->x.e.text, "server"));
    check.kind = GV_X509_KINDS;
    assert_int_equal(gv_chain_verify(&check, &f->x), GV_OK);
    gv_chain_free(roots);
}

/* A certificate that a user signed, and one of a CA below the CA. */
static void
what_a_certificate_may_not_issue_does_not_verify(void **state)
{
    struct fixture *f = *state;
    struct fixture_id child =
        fixture_issue(GV_X509_USER, "child", &f->user, 10);
    struct fixture_id below = fixture_issue(GV_X509_CA, "below", &f->ca, 10);
    struct fixture_id deep = fixture_issue(GV_X509_USER, "deep", &below, 10);
    STACK_OF(X509) *roots = fixture_stack(f->root.cert, NULL, NULL, NULL);
    STACK_OF(X509) *others =
        fixture_stack(f->user.cert, f->ca.cert, below.cert, NULL);
    struct gv_chain_check check = {.leaf = child.cert,
                                   .others = others,
                                   .roots = roots,
                                   .kind = GV_X509_KINDS,
                                   .at_ms = FIXTURE_NOW};

    assert_int_equal(gv_chain_verify(&check, &f->x), GV_REJECT);
    assert_true(f->x.why == GV_PKI_UNTRUSTED || f->x.why == GV_PKI_NOT_CA);
    check.leaf = deep.cert;
    assert_int_equal(gv_chain_verify(&check, &f->x), GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_NOT_CA);
    gv_chain_free(others);
    gv_chain_free(roots);
    fixture_id_free(&child);
    fixture_id_free(&below);
    fixture_id_free(&deep);
}

static void
may(struct fixture *f, X509 *issuer, enum gv_x509_kind kind, int why)
{
    enum gv_rc rc = gv_chain_may_issue(issuer, kind, FIXTURE_NOW, &f->x);

    assert_int_equal(rc, why < 0 ? GV_OK : GV_REJECT);
    if (why >= 0)
        assert_int_equal(f->x.why, why);
}

static void
who_may_issue_what(void **state)
{
    struct fixture *f = *state;

    may(f, f->root.cert, GV_X509_CA, -1);
    may(f, f->root.cert, GV_X509_TSA, -1);
    may(f, f->ca.cert, GV_X509_USER, -1);
    may(f, f->ca.cert, GV_X509_CA, GV_PKI_NOT_CA);
    may(f, f->root.cert, GV_X509_ROOT, GV_PKI_NOT_CA);
    may(f, f->user.cert, GV_X509_USER, GV_PKI_NOT_CA);
    assert_int_equal(gv_chain_may_issue(f->ca.cert, GV_X509_USER,
                                        FIXTURE_NOW + 501 * FIXTURE_DAY, &f->x),
                     GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_EXPIRED);
    assert_int_equal(gv_chain_may_issue(f->ca.cert, GV_X509_USER,
                                        FIXTURE_NOW - 2 * FIXTURE_DAY, &f->x),
                     GV_REJECT);
    assert_int_equal(f->x.why, GV_PKI_EXPIRED);
}

/* Every kind is recognised by what its certificate says, and its key fits no
 * kind of another sort. */
static void
kinds_and_their_keys(void **state)
{
    struct fixture *f = *state;

    for (int k = 0; k < GV_X509_KINDS; k++) {
        enum gv_x509_kind kind = (enum gv_x509_kind)k;
        struct fixture_id id = fixture_issue(kind, "x", &f->root, 10);

        assert_int_equal(gv_x509_kind_of(id.cert), kind);
        for (int other = 0; other < GV_X509_KINDS; other++)
            assert_int_equal(gv_x509_key_fits(id.key, (enum gv_x509_kind)other),
                             other == k ||
                                 (other != GV_X509_ISSUER &&
                                  other != GV_X509_NOTARY &&
                                  k != GV_X509_ISSUER && k != GV_X509_NOTARY));
        fixture_id_free(&id);
    }
    assert_string_equal(gv_x509_kind_name(GV_X509_KINDS), "none");
}

static void
keys_of_other_sizes_do_not_fit(void **state)
{
    EVP_PKEY *small = EVP_RSA_gen(2048), *p384 = EVP_EC_gen("P-384");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *open = NULL;

    (void)state;
    assert_false(gv_x509_key_fits(small, GV_X509_NOTARY));
    assert_false(gv_x509_key_fits(p384, GV_X509_USER));
    /* RSA-PSS without RFC 9474's parameters. */
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 3072), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &open), 1);
    assert_false(gv_x509_key_fits(open, GV_X509_ISSUER));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(open);
    EVP_PKEY_free(small);
    EVP_PKEY_free(p384);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(chains_are_found_among_many),
        TEST(test_S4_61_a_chain_to_the_trusted_root_verifies_in_its_time),
        TEST(test_S4_58_an_unknown_root_of_the_same_name_is_refused),
        TEST(test_S4_61_revocation_lists_are_heeded),
        TEST(another_role_is_refused),
        TEST(what_a_certificate_may_not_issue_does_not_verify),
        TEST(who_may_issue_what),
        TEST(kinds_and_their_keys),
        cmocka_unit_test(keys_of_other_sizes_do_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
