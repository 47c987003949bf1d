/* test_p12_foreign.c - PKCS#12 files that others made, well and ill. */
#include <openssl/pkcs12.h>
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "src/pki/p12.h"
#include "tests/unit/pki/fixture.h"

#define PASSWORD "secret"

struct test {
    struct fixture f;
    struct gv_p12 *p12;
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

    gv_p12_free(t->p12);
    fixture_free(&t->f);
    free(t);
    return 0;
}

/* Read what the library's structure encodes to; takes the structure. */
static enum gv_rc
read_back(struct test *t, PKCS12 *file)
{
    unsigned char *der = NULL;
    int len = i2d_PKCS12(file, &der);
    enum gv_rc rc;

    assert_true(len > 0);
    assert_true(gv_p12_is(gv_bytes(der, (size_t)len)));
    gv_p12_free(t->p12);
    t->p12 = NULL;
    rc = gv_p12_read(gv_bytes(der, (size_t)len), fixture_text(PASSWORD),
                     &t->p12, &t->x);
    OPENSSL_free(der);
    PKCS12_free(file);
    return rc;
}

static PKCS12 *
create(struct test *t, const char *name, int nid_key, int nid_cert, int rounds)
{
    STACK_OF(X509) *above =
        fixture_stack(t->f.ca.cert, t->f.root.cert, NULL, NULL);
    PKCS12 *file = PKCS12_create(PASSWORD, name, t->f.user.key, t->f.user.cert,
                                 above, nid_key, nid_cert, rounds, rounds, 0);

    gv_chain_free(above);
    assert_non_null(file);
    return file;
}

static void
one_user_entry(struct test *t, const char *alias)
{
    STACK_OF(X509) * chain;
    EVP_PKEY *key;

    assert_int_equal(gv_p12_count(t->p12), 1);
    assert_string_equal(gv_p12_at(t->p12, 0).alias, alias);
    chain = gv_p12_chain(t->p12, 0);
    assert_int_equal(sk_X509_num(chain), 3);
    gv_chain_free(chain);
    assert_int_equal(gv_p12_key(t->p12, 0, fixture_text(PASSWORD), &key, &t->x),
                     GV_OK);
    assert_int_equal(EVP_PKEY_eq(key, t->f.user.key), 1);
    EVP_PKEY_free(key);
}

static void
the_librarys_own_files_are_read(void **state)
{
    struct test *t = *state;
    int triple = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;

    assert_int_equal(read_back(t, create(t, "ann", 0, 0, 0)), GV_OK);
    one_user_entry(t, "ann");
    assert_int_equal(read_back(t, create(t, "ann", triple, triple, 5)), GV_OK);
    one_user_entry(t, "ann");
    assert_int_equal(read_back(t, create(t, "ann", 0, -1, 5)), GV_OK);
    one_user_entry(t, "ann");
}

static void
entries_without_a_usable_name_are_numbered(void **state)
{
    struct test *t = *state;

    assert_int_equal(read_back(t, create(t, NULL, 0, 0, 5)), GV_OK);
    one_user_entry(t, "1");
    assert_int_equal(read_back(t, create(t, "a\033[2Jb", 0, 0, 5)), GV_OK);
    one_user_entry(t, "1");
}

static void
refused(struct test *t, PKCS12 *file, const char *says)
{
    assert_int_equal(read_back(t, file), GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_DAMAGED);
    assert_non_null(strstr(t->x.e.text, says));
}

static void
what_nothing_protects_is_refused(void **state)
{
    struct test *t = *state;

    refused(t, create(t, "ann", -1, 0, 5), "without encryption");
    refused(t,
            PKCS12_create(PASSWORD, "ann", t->f.user.key, t->f.user.cert, NULL,
                          0, 0, 5, -1, 0),
            "not authenticated");
}

/* A file that would keep the processor busy for hours ends at once. */
static void
too_many_rounds_are_refused(void **state)
{
    struct test *t = *state;
    const ASN1_INTEGER *n;
    PKCS12 *file = create(t, "ann", 0, 0, 5);

    PKCS12_get0_mac(NULL, NULL, NULL, &n, file);
    assert_int_equal(ASN1_INTEGER_set_int64((ASN1_INTEGER *)(uintptr_t)n,
                                            GV_SEAL_ROUNDS_MAX + 1),
                     1);
    refused(t, file, "too many rounds");
    file = create(t, "ann", 0, 0, 5);
    PKCS12_get0_mac(NULL, NULL, NULL, &n, file);
    assert_int_equal(ASN1_INTEGER_set_int64((ASN1_INTEGER *)(uintptr_t)n, -1),
                     1);
    refused(t, file, "too many rounds");
}

/* One part of plain data that holds these bags, authenticated. */
static PKCS12 *
wrap(STACK_OF(PKCS12_SAFEBAG) * bags)
{
    STACK_OF(PKCS7) *safes = NULL;
    PKCS12 *file;

    assert_int_equal(PKCS12_add_safe(&safes, bags, -1, 0, NULL), 1);
    file = PKCS12_add_safes(safes, 0);
    assert_non_null(file);
    assert_int_equal(PKCS12_set_mac(file, PASSWORD, -1, NULL, 0, 5, NULL), 1);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return file;
}

static PKCS12_SAFEBAG *
trusted_bag(X509 *cert, const char *alias)
{
    PKCS12_SAFEBAG *bag = PKCS12_SAFEBAG_create_cert(cert);

    assert_int_equal(PKCS12_add_friendlyname_utf8(bag, alias, -1), 1);
    assert_int_equal(PKCS12_add1_attr_by_txt(
                         bag, GV_P12_OID_TRUSTED, V_ASN1_OBJECT,
                         (void *)OBJ_nid2obj(NID_anyExtendedKeyUsage), -1),
                     1);
    return bag;
}

static void
what_cannot_be_kept_is_refused(void **state)
{
    struct test *t = *state;
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;

    assert_non_null(PKCS12_add_secret(&bags, NID_pkcs8ShroudedKeyBag,
                                      (const unsigned char *)"abc", 3));
    refused(t, wrap(bags), "other than");
    bags = sk_PKCS12_SAFEBAG_new_null();
    sk_PKCS12_SAFEBAG_push(bags, trusted_bag(t->f.root.cert, "one"));
    sk_PKCS12_SAFEBAG_push(bags, trusted_bag(t->f.ca.cert, "ONE"));
    refused(t, wrap(bags), "one alias");
    bags = NULL;
    assert_non_null(
        PKCS12_add_key(&bags, t->f.user.key, 0, 5, NID_aes_256_cbc, PASSWORD));
    refused(t, wrap(bags), "without its certificate");
}

static void
other_certificates_stay_where_they_are(void **state)
{
    struct test *t = *state;
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    STACK_OF(X509) * all;
    uint8_t *bytes;
    size_t len;

    sk_PKCS12_SAFEBAG_push(bags, trusted_bag(t->f.root.cert, "root"));
    sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create_cert(t->f.user.cert));
    assert_int_equal(read_back(t, wrap(bags)), GV_OK);
    assert_int_equal(gv_p12_count(t->p12), 1);
    assert_int_equal(gv_p12_remove(t->p12, 0, &t->x), GV_OK);
    gv_p12_rounds(t->p12, 1);
    bytes = gv_p12_write(t->p12, fixture_text(PASSWORD), &len, &t->x);
    assert_non_null(bytes);
    gv_p12_free(t->p12);
    assert_int_equal(gv_p12_read(gv_bytes(bytes, len), fixture_text(PASSWORD),
                                 &t->p12, &t->x),
                     GV_OK);
    free(bytes);
    all = gv_p12_certs(t->p12);
    assert_int_equal(sk_X509_num(all), 1);
    assert_int_equal(X509_cmp(sk_X509_value(all, 0), t->f.user.cert), 0);
    gv_chain_free(all);
}

/* What is written is what keytool and openssl ask for: PBES2 with AES-256 and
 * SHA-256, and enough rounds everywhere. */
static void
test_S4_54_written_files_use_pbes2_and_enough_rounds(void **state)
{
    struct test *t = *state;
    STACK_OF(X509) *chain = fixture_stack(t->f.user.cert, NULL, NULL, NULL);
    const ASN1_INTEGER *n;
    const unsigned char *p;
    STACK_OF(PKCS7) * safes;
    const X509_ALGOR *a;
    uint8_t *bytes;
    uint64_t rounds;
    PKCS12 *file;
    size_t len;

    t->p12 = gv_p12_new();
    assert_int_equal(gv_p12_add_key(t->p12, "ann", t->f.user.key,
                                    fixture_text(PASSWORD), chain, &t->x),
                     GV_OK);
    gv_chain_free(chain);
    bytes = gv_p12_write(t->p12, fixture_text(PASSWORD), &len, &t->x);
    p = bytes;
    file = d2i_PKCS12(NULL, &p, (long)len);
    assert_non_null(file);
    PKCS12_get0_mac(NULL, &a, NULL, &n, file);
    assert_int_equal(OBJ_obj2nid(a->algorithm), NID_sha256);
    assert_true(ASN1_INTEGER_get(n) >= 10000);
    safes = PKCS12_unpack_authsafes(file);
    assert_int_equal(sk_PKCS7_num(safes), 2);
    a = sk_PKCS7_value(safes, 0)->d.encrypted->enc_data->algorithm;
    assert_int_equal(OBJ_obj2nid(a->algorithm), NID_pbes2);
    assert_true(gv_seal_rounds(a, &rounds) && rounds >= 10000);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(file);
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(the_librarys_own_files_are_read),
        TEST(entries_without_a_usable_name_are_numbered),
        TEST(what_nothing_protects_is_refused),
        TEST(too_many_rounds_are_refused),
        TEST(what_cannot_be_kept_is_refused),
        TEST(other_certificates_stay_where_they_are),
        TEST(test_S4_54_written_files_use_pbes2_and_enough_rounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
