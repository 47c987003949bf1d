/* test_p12.c - keystores: what comes back, what is refused, what isolates. */
#include "src/pki/p12.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/unit/pki/fixture.h"

#define STORE fixture_text("of the store")
#define ENTRY fixture_text("of the entry")

struct test {
    struct fixture f;
    struct gv_p12 *p12;
    uint8_t *file;
    size_t len;
    struct gv_pki_error x;
};

static int
setup(void **state)
{
    struct test *t = calloc(1, sizeof(*t));

    fixture_make(&t->f);
    t->p12 = gv_p12_new();
    gv_p12_rounds(t->p12, GV_SEAL_ROUNDS_MIN);
    *state = t;
    return 0;
}

static int
teardown(void **state)
{
    struct test *t = *state;

    gv_p12_free(t->p12);
    fixture_free(&t->f);
    free(t->file);
    free(t);
    return 0;
}

static enum gv_rc
add(struct test *t, const char *alias, const struct fixture_id *id,
    struct gv_bytes password, X509 *above)
{
    STACK_OF(X509) *chain =
        fixture_stack(id->cert, above, t->f.root.cert, NULL);
    enum gv_rc rc =
        gv_p12_add_key(t->p12, alias, id->key, password, chain, &t->x);

    gv_chain_free(chain);
    return rc;
}

/* user under the CA with the store's password, server with its own, and the
 * root as trusted. */
static void
fill(struct test *t)
{
    assert_int_equal(add(t, "user", &t->f.user, STORE, t->f.ca.cert), GV_OK);
    assert_int_equal(add(t, "Server 1", &t->f.server, ENTRY, NULL), GV_OK);
    assert_int_equal(gv_p12_add_trusted(t->p12, "root", t->f.root.cert, &t->x),
                     GV_OK);
}

static void
write_file(struct test *t, struct gv_bytes password)
{
    free(t->file);
    t->file = gv_p12_write(t->p12, password, &t->len, &t->x);
    assert_non_null(t->file);
}

static enum gv_rc
read_file(struct test *t, struct gv_bytes password, struct gv_p12 **out)
{
    return gv_p12_read(gv_bytes(t->file, t->len), password, out, &t->x);
}

/* Write, drop, read. */
static void
reopen(struct test *t)
{
    write_file(t, STORE);
    gv_p12_free(t->p12);
    t->p12 = NULL;
    assert_int_equal(read_file(t, STORE, &t->p12), GV_OK);
    gv_p12_rounds(t->p12, GV_SEAL_ROUNDS_MIN);
}

static size_t
at(struct test *t, const char *alias)
{
    size_t i = 0;

    assert_int_equal(gv_p12_find(t->p12, alias, &i, &t->x), GV_OK);
    return i;
}

static int
chain_length(struct test *t, const char *alias)
{
    STACK_OF(X509) *chain = gv_p12_chain(t->p12, at(t, alias));
    int n = sk_X509_num(chain);

    gv_chain_free(chain);
    return n;
}

static bool
opens(struct test *t, const char *alias, struct gv_bytes password,
      EVP_PKEY *want)
{
    EVP_PKEY *key = NULL;
    enum gv_rc rc = gv_p12_key(t->p12, at(t, alias), password, &key, &t->x);

    if (rc == GV_OK)
        assert_int_equal(EVP_PKEY_eq(key, want), 1);
    else
        assert_int_equal(t->x.why, GV_PKI_PASSWORD);
    EVP_PKEY_free(key);
    return rc == GV_OK;
}

static void
a_keystore_comes_back_as_it_was_written(void **state)
{
    struct test *t = *state;
    STACK_OF(X509) * trusted, *all;
    struct gv_p12_entry e;

    fill(t);
    reopen(t);
    assert_int_equal(gv_p12_count(t->p12), 3);
    e = gv_p12_at(t->p12, at(t, "SERVER 1"));
    assert_string_equal(e.alias, "Server 1");
    assert_int_equal(e.kind, GV_P12_KEY);
    assert_int_equal(X509_cmp(e.cert, t->f.server.cert), 0);
    e = gv_p12_at(t->p12, at(t, "root"));
    assert_int_equal(e.kind, GV_P12_TRUSTED);
    assert_int_equal(X509_cmp(e.cert, t->f.root.cert), 0);
    assert_int_equal(chain_length(t, "user"), 3);
    assert_int_equal(chain_length(t, "Server 1"), 2);
    assert_true(opens(t, "user", STORE, t->f.user.key));
    trusted = gv_p12_trusted(t->p12);
    all = gv_p12_certs(t->p12);
    assert_int_equal(sk_X509_num(trusted), 1);
    assert_int_equal(sk_X509_num(all), 4);
    gv_chain_free(trusted);
    gv_chain_free(all);
}

static void
an_empty_keystore_comes_back_empty(void **state)
{
    struct test *t = *state;

    reopen(t);
    assert_int_equal(gv_p12_count(t->p12), 0);
}

static void
test_S4_57_an_entrys_password_opens_that_entry_alone(void **state)
{
    struct test *t = *state;

    fill(t);
    reopen(t);
    assert_true(opens(t, "Server 1", ENTRY, t->f.server.key));
    assert_false(opens(t, "Server 1", STORE, NULL));
    assert_false(opens(t, "user", ENTRY, NULL));
    assert_false(opens(t, "Server 1", fixture_text(""), NULL));
    assert_int_equal(
        gv_p12_set_password(t->p12, at(t, "Server 1"), STORE, ENTRY, &t->x),
        GV_REJECT);
    assert_int_equal(gv_p12_set_password(t->p12, at(t, "Server 1"), ENTRY,
                                         fixture_text("a third"), &t->x),
                     GV_OK);
    reopen(t);
    assert_true(opens(t, "Server 1", fixture_text("a third"), t->f.server.key));
    assert_false(opens(t, "Server 1", ENTRY, NULL));
    assert_true(opens(t, "user", STORE, t->f.user.key));
}

static void
trusted_entries_hold_no_key(void **state)
{
    struct test *t = *state;
    EVP_PKEY *key;

    fill(t);
    assert_int_equal(gv_p12_key(t->p12, at(t, "root"), STORE, &key, &t->x),
                     GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_REFUSED);
}

static void
wrong_passwords_and_changed_files_are_told_apart(void **state)
{
    struct test *t = *state;
    struct gv_p12 *p12;
    size_t blamed = 0, refused = 0;

    fill(t);
    write_file(t, STORE);
    assert_int_equal(read_file(t, ENTRY, &p12), GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_PASSWORD);
    for (size_t i = 3; i < t->len; i += 19) {
        t->file[i] ^= 0x10;
        assert_int_equal(read_file(t, STORE, &p12), GV_REJECT);
        assert_true(t->x.why == GV_PKI_DAMAGED || t->x.why == GV_PKI_PASSWORD);
        blamed += t->x.why == GV_PKI_PASSWORD;
        refused++;
        t->file[i] ^= 0x10;
    }
    /* Only a change that hits the encrypted part's head looks like a wrong
     * password. */
    assert_true(blamed < refused / 2);
    for (size_t i = 0; i < t->len; i += 37) {
        assert_int_equal(gv_p12_read(gv_bytes(t->file, i), STORE, &p12, &t->x),
                         GV_REJECT);
        assert_int_equal(t->x.why, GV_PKI_DAMAGED);
    }
    assert_int_equal(read_file(t, STORE, &p12), GV_OK);
    gv_p12_free(p12);
}

static void
refuse_alias(struct test *t, const char *alias, enum gv_pki_why why)
{
    assert_int_equal(gv_p12_add_trusted(t->p12, alias, t->f.ca.cert, &t->x),
                     GV_REJECT);
    assert_int_equal(t->x.why, why);
}

static void
aliases_are_unique_and_well_formed(void **state)
{
    struct test *t = *state;
    char name[GV_P12_ALIAS_MAX + 2];
    size_t i;

    fill(t);
    refuse_alias(t, "user", GV_PKI_DUPLICATE);
    refuse_alias(t, "UsEr", GV_PKI_DUPLICATE);
    assert_int_equal(add(t, "root", &t->f.user, STORE, t->f.ca.cert),
                     GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_DUPLICATE);
    refuse_alias(t, "", GV_PKI_REFUSED);
    refuse_alias(t, " a", GV_PKI_REFUSED);
    refuse_alias(t, "a ", GV_PKI_REFUSED);
    refuse_alias(t, "a\nb", GV_PKI_REFUSED);
    memset(name, 'a', sizeof(name));
    name[GV_P12_ALIAS_MAX + 1] = '\0';
    refuse_alias(t, name, GV_PKI_REFUSED);
    name[GV_P12_ALIAS_MAX] = '\0';
    assert_int_equal(gv_p12_add_trusted(t->p12, name, t->f.ca.cert, &t->x),
                     GV_OK);
    assert_int_equal(gv_p12_find(t->p12, "nobody", &i, &t->x), GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_UNKNOWN);
    assert_int_equal(gv_p12_count(t->p12), 4);
}

static void
removing_an_entry_keeps_what_others_need(void **state)
{
    struct test *t = *state;
    STACK_OF(X509) * all;

    assert_int_equal(add(t, "ca", &t->f.ca, STORE, NULL), GV_OK);
    assert_int_equal(add(t, "user", &t->f.user, STORE, t->f.ca.cert), GV_OK);
    reopen(t);
    assert_int_equal(gv_p12_remove(t->p12, at(t, "ca"), &t->x), GV_OK);
    reopen(t);
    assert_int_equal(gv_p12_count(t->p12), 1);
    assert_int_equal(chain_length(t, "user"), 3);
    assert_int_equal(gv_p12_remove(t->p12, 0, &t->x), GV_OK);
    all = gv_p12_certs(t->p12);
    assert_int_equal(sk_X509_num(all), 0);
    gv_chain_free(all);
}

static void
a_reply_of_the_ca_replaces_the_first_certificate(void **state)
{
    struct test *t = *state;
    struct fixture_id own = fixture_issue(GV_X509_USER, "new", NULL, 10);
    struct gv_x509_issue issue = {.kind = GV_X509_USER,
                                  .subject_key = own.key,
                                  .common_name = "new",
                                  .issuer = t->f.ca.cert,
                                  .issuer_key = t->f.ca.key,
                                  .not_before_ms = FIXTURE_NOW,
                                  .not_after_ms = FIXTURE_NOW + FIXTURE_DAY};
    STACK_OF(X509) *chain = fixture_stack(own.cert, NULL, NULL, NULL);
    X509 *cert = gv_x509_issue(&issue, &t->x.e);

    assert_int_equal(
        gv_p12_add_key(t->p12, "new", own.key, STORE, chain, &t->x), GV_OK);
    gv_chain_free(chain);
    chain = fixture_stack(t->f.user.cert, t->f.ca.cert, NULL, NULL);
    assert_int_equal(gv_p12_set_chain(t->p12, 0, chain, &t->x), GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_REFUSED);
    gv_chain_free(chain);
    chain = fixture_stack(cert, t->f.ca.cert, t->f.root.cert, NULL);
    assert_int_equal(gv_p12_set_chain(t->p12, 0, chain, &t->x), GV_OK);
    gv_chain_free(chain);
    reopen(t);
    assert_int_equal(chain_length(t, "new"), 3);
    assert_true(opens(t, "new", STORE, own.key));
    X509_free(cert);
    fixture_id_free(&own);
}

static void
a_key_needs_its_own_certificate(void **state)
{
    struct test *t = *state;
    struct fixture_id mixed = {t->f.user.key, t->f.server.cert};

    assert_int_equal(add(t, "mixed", &mixed, STORE, NULL), GV_REJECT);
    assert_int_equal(t->x.why, GV_PKI_REFUSED);
    assert_int_equal(gv_p12_count(t->p12), 0);
}

static void
rsa_keys_are_kept_too(void **state)
{
    struct test *t = *state;
    struct fixture_id issuer =
        fixture_issue(GV_X509_ISSUER, "issuer", &t->f.root, 10);
    struct fixture_id notary =
        fixture_issue(GV_X509_NOTARY, "notary", &t->f.root, 10);

    assert_int_equal(add(t, "issuer", &issuer, STORE, NULL), GV_OK);
    assert_int_equal(add(t, "notary", &notary, STORE, NULL), GV_OK);
    reopen(t);
    assert_true(opens(t, "issuer", STORE, issuer.key));
    assert_true(opens(t, "notary", STORE, notary.key));
    fixture_id_free(&issuer);
    fixture_id_free(&notary);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(a_keystore_comes_back_as_it_was_written),
        TEST(an_empty_keystore_comes_back_empty),
        TEST(test_S4_57_an_entrys_password_opens_that_entry_alone),
        TEST(trusted_entries_hold_no_key),
        TEST(wrong_passwords_and_changed_files_are_told_apart),
        TEST(aliases_are_unique_and_well_formed),
        TEST(removing_an_entry_keeps_what_others_need),
        TEST(a_reply_of_the_ca_replaces_the_first_certificate),
        TEST(a_key_needs_its_own_certificate),
        TEST(rsa_keys_are_kept_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
