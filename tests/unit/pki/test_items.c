/* test_items.c - files of certificates, keys, requests and lists; and what is
 * said of them in words. */
#include "src/pki/items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "src/pki/request.h"
#include "src/pki/text.h"
#include "tests/unit/pki/fixture.h"

struct test {
    struct fixture f;
    struct gv_items items;
    struct gv_pki_error x;
};

static int
setup(void **state)
{
    struct test *t = calloc(1, sizeof(*t));

    fixture_make(&t->f);
    *state = t;
    return 0;
}

static int
teardown(void **state)
{
    struct test *t = *state;

    gv_items_clear(&t->items);
    fixture_free(&t->f);
    free(t);
    return 0;
}

static enum gv_rc
items(struct test *t, struct gv_bytes bytes)
{
    gv_items_clear(&t->items);
    return gv_items_read(bytes, &t->items, &t->x);
}

static void
refused(struct test *t, struct gv_bytes bytes)
{
    assert_int_equal(items(t, bytes), GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_DAMAGED);
}

static void
a_pem_file_may_hold_a_key_and_its_chain(void **state)
{
    struct test *t = *state;
    char *leaf = gv_x509_pem(t->f.user.cert), *ca = gv_x509_pem(t->f.ca.cert);
    size_t len;
    char *key = gv_x509_key_pem(t->f.user.key, NULL, &len);
    char text[8192];

    snprintf(text, sizeof(text), "a word before\n%s%sa word after\n%s", leaf,
             key, ca);
    assert_int_equal(items(t, fixture_text(text)), GV_OK);
    assert_int_equal(sk_X509_num(t->items.certs), 2);
    assert_int_equal(EVP_PKEY_eq(t->items.key, t->f.user.key), 1);
    snprintf(text, sizeof(text), "%s%s", key, key);
    refused(t, fixture_text(text));
    /* A block that is cut off is not the end of the file. */
    snprintf(text, sizeof(text), "%s%.200s", leaf, ca);
    refused(t, fixture_text(text));
    snprintf(text, sizeof(text), "%s-----BEGIN X-----\nAAAA\n-----END X-----\n",
             leaf);
    refused(t, fixture_text(text));
    free(key);
    free(leaf);
    free(ca);
}

static void
encrypted_keys_open_with_their_password(void **state)
{
    struct test *t = *state;
    size_t len;
    char *key = gv_x509_key_pem(t->f.user.key, "secret", &len);

    assert_int_equal(items(t, gv_bytes(key, len)), GV_OK);
    assert_null(t->items.key);
    assert_int_equal(gv_items_open(&t->items, fixture_text("wrong"), &t->x),
                     GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_PASSWORD);
    assert_int_equal(gv_items_open(&t->items, fixture_text("secret"), &t->x),
                     GV_OK);
    assert_int_equal(EVP_PKEY_eq(t->items.key, t->f.user.key), 1);
    free(key);
}

static void
der_files_hold_one_object(void **state)
{
    struct test *t = *state;
    unsigned char *key = NULL;
    size_t len;
    uint8_t *der = gv_x509_der(t->f.user.cert, &len);
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(t->f.user.key);
    int n = i2d_PKCS8_PRIV_KEY_INFO(p8, &key);

    assert_int_equal(items(t, gv_bytes(der, len)), GV_OK);
    assert_int_equal(X509_cmp(sk_X509_value(t->items.certs, 0), t->f.user.cert),
                     0);
    refused(t, gv_bytes(der, len - 1));
    assert_int_equal(items(t, gv_bytes(key, (size_t)n)), GV_OK);
    assert_int_equal(EVP_PKEY_eq(t->items.key, t->f.user.key), 1);
    PKCS8_PRIV_KEY_INFO_free(p8);
    OPENSSL_free(key);
    free(der);
}

static void
what_holds_nothing_is_refused(void **state)
{
    struct test *t = *state;
    static const uint8_t zeros[64] = {0x30, 0x3e};

    refused(t, gv_bytes(NULL, 0));
    refused(t, fixture_text("no PEM at all"));
    refused(t, gv_bytes(zeros, sizeof(zeros)));
}

static void
requests_are_signed_by_their_key(void **state)
{
    struct test *t = *state;
    X509_REQ *made = gv_request_make(X509_get_subject_name(t->f.user.cert),
                                     t->f.user.key, &t->x);
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(made, &der);
    char *pem = gv_request_pem(made);
    X509_REQ *bad;

    assert_int_equal(items(t, fixture_text(pem)), GV_OK);
    assert_int_equal(
        EVP_PKEY_eq(X509_REQ_get0_pubkey(t->items.request), t->f.user.key), 1);
    assert_int_equal(items(t, gv_bytes(der, (size_t)len)), GV_OK);
    der[len - 1] ^= 1;
    assert_int_equal(gv_request_read(gv_bytes(der, (size_t)len), &bad, &t->x),
                     GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_DAMAGED);
    OPENSSL_free(der);
    X509_REQ_free(made);
    free(pem);
}

static void
says(char *text, const char *want)
{
    assert_string_equal(text, want);
    OPENSSL_free(text);
}

static char *
extension(const X509 *cert, int nid)
{
    return gv_text_extension(
        X509_get_ext(cert, X509_get_ext_by_NID(cert, nid, -1)));
}

static void
certificates_in_words(void **state)
{
    struct test *t = *state;
    struct fixture_id odd =
        fixture_issue(GV_X509_USER, "Zo\xc3\xab\033[2J,x", &t->f.ca, 10);

    says(gv_text_name(X509_get_subject_name(odd.cert)),
         "CN=Zo\xc3\xab\\1B[2J\\,x");
    says(gv_text_key(t->f.user.key), "EC P-256, 256 bits");
    says(gv_text_key(NULL), "unusable");
    says(extension(t->f.ca.cert, NID_basic_constraints), "CA:TRUE, pathlen:0");
    says(extension(t->f.server.cert, NID_subject_alt_name),
         "DNS:localhost, IP Address:127.0.0.1");
    says(extension(t->f.user.cert, NID_ext_key_usage),
         "TLS Web Client Authentication, Gavel user "
         "(2.25.204276850882450990483442824798936756082.2.1)");
    fixture_id_free(&odd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(a_pem_file_may_hold_a_key_and_its_chain),
        TEST(encrypted_keys_open_with_their_password),
        TEST(der_files_hold_one_object),
        TEST(what_holds_nothing_is_refused),
        TEST(requests_are_signed_by_their_key),
        TEST(certificates_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
