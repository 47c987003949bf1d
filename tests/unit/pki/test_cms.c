/* test_cms.c - files sealed for the holder of a certificate. */
#include "src/pki/cms.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/pki/fixture.h"

#define MIB (1u << 20)

/* Recipients with either kind of key, and others with either. */
struct holders {
    struct fixture_id root, p256, rsa, other_p256, other_rsa;
};

static int
setup(void **state)
{
    static struct holders h;

    h.root = fixture_issue(GV_X509_ROOT, "root", NULL, 1000);
    h.p256 = fixture_issue(GV_X509_USER, "seller", &h.root, 100);
    h.rsa = fixture_issue(GV_X509_NOTARY, "notary", &h.root, 100);
    h.other_p256 = fixture_issue(GV_X509_USER, "other", &h.root, 100);
    h.other_rsa = fixture_issue(GV_X509_NOTARY, "other", &h.root, 100);
    *state = &h;
    return 0;
}

static int
teardown(void **state)
{
    struct holders *h = *state;

    fixture_id_free(&h->root);
    fixture_id_free(&h->p256);
    fixture_id_free(&h->rsa);
    fixture_id_free(&h->other_p256);
    fixture_id_free(&h->other_rsa);
    return 0;
}

/* Freed by the caller, as all here. */
static struct gv_bytes
seal(const struct fixture_id *to, struct gv_bytes content)
{
    struct gv_error e = {""};
    size_t len = 0;
    uint8_t *der = gv_cms_seal(to->cert, content, &len, &e);

    if (der == NULL)
        fail_msg("%s", e.text);
    assert_int_equal(ERR_peek_error(), 0);
    return gv_bytes(der, len);
}

static uint8_t *
open_as(const struct fixture_id *who, struct gv_bytes der, size_t *len,
        struct gv_error *e)
{
    uint8_t *content;

    *e = (struct gv_error){""};
    content = gv_cms_open(der, who->cert, who->key, len, e);
    assert_int_equal(ERR_peek_error(), 0);
    assert_true(content != NULL || e->text[0] != '\0');
    return content;
}

static void
expect_closed(const struct fixture_id *who, struct gv_bytes der,
              const char *part)
{
    struct gv_error e;
    size_t len;

    assert_null(open_as(who, der, &len, &e));
    if (strstr(e.text, part) == NULL)
        fail_msg("%s in the place of %s", e.text, part);
}

/* --- round trips --- */

static void
expect_round_trip(const struct fixture_id *to, struct gv_bytes content)
{
    struct gv_bytes der = seal(to, content);
    struct gv_error e;
    size_t len = 0;
    uint8_t *out = open_as(to, der, &len, &e);

    if (out == NULL)
        fail_msg("%s", e.text);
    assert_int_equal(len, content.len);
    assert_memory_equal(out, content.len > 0 ? content.p : out, len);
    assert_int_equal(out[len], 0);
    if (content.len >= 16)
        assert_null(memmem(der.p, der.len, content.p, 16));
    free(out);
    free((void *)der.p);
}

static void
what_was_sealed_is_opened(void **state)
{
    struct holders *h = *state;
    const struct fixture_id *both[] = {&h->p256, &h->rsa};
    struct support_rng rng = support_rng_new();
    uint8_t *much = malloc(MIB);

    assert_non_null(much);
    support_rng_bytes(&rng, much, MIB);
    for (unsigned i = 0; i < 2; i++) {
        expect_round_trip(both[i], gv_bytes(NULL, 0));
        expect_round_trip(both[i], gv_bytes(much, 0));
        expect_round_trip(both[i], fixture_text("a\r\nb\n\n"));
        expect_round_trip(both[i], gv_bytes(much, MIB));
    }
    free(much);
}

static void
a_file_is_for_one_holder(void **state)
{
    struct holders *h = *state;
    const struct fixture_id *to[] = {&h->p256, &h->rsa};
    const struct fixture_id *other[] = {&h->other_p256, &h->other_rsa};

    for (unsigned i = 0; i < 2; i++) {
        struct gv_bytes der = seal(to[i], fixture_text("secret"));
        struct fixture_id mixed = {other[i]->key, to[i]->cert};

        for (unsigned k = 0; k < 2; k++)
            expect_closed(other[k], der, "not for this certificate and key");
        expect_closed(&mixed, der, "not for this certificate and key");
        mixed = (struct fixture_id){to[i]->key, other[i]->cert};
        expect_closed(&mixed, der, "not for this certificate and key");
        free((void *)der.p);
    }
}

/* RSA-PSS keys sign and do nothing else. */
static void
nothing_is_sealed_for_a_key_that_cannot_open(void **state)
{
    struct holders *h = *state;
    struct fixture_id pss =
        fixture_issue(GV_X509_ISSUER, "issuer", &h->root, 100);
    struct gv_error e = {""};
    size_t len;

    assert_null(gv_cms_seal(pss.cert, fixture_text("x"), &len, &e));
    assert_non_null(strstr(e.text, "cannot encrypt"));
    assert_int_equal(ERR_peek_error(), 0);
    fixture_id_free(&pss);
}

/* --- changed files --- */

/* A changed byte closes the file, but for the few that say the same in
 * another way (a name's letter case, the version of a recipient): these open
 * the same content. Every step-th bit is tried; 7 is still each byte. */
static void
expect_never_other_content(const struct fixture_id *to, size_t step)
{
    static const char text[] = "what was sealed";
    struct gv_bytes der = seal(to, fixture_text(text));
    uint8_t *raw = (uint8_t *)der.p;
    struct gv_error e;
    size_t len, same = 0;

    for (size_t i = 0; i < 8 * der.len; i += step) {
        uint8_t *out;

        raw[i / 8] ^= (uint8_t)(1u << i % 8);
        out = open_as(to, der, &len, &e);
        if (out != NULL) {
            same++;
            assert_string_equal(out, text);
            /* Never one of what follows the recipients. */
            assert_true(i / 8 < der.len - 82 - strlen(text));
        }
        free(out);
        raw[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_true(same < der.len);
    for (size_t n = 0; n < der.len; n++)
        expect_closed(to, gv_bytes(der.p, n), "CMS: ");
    free(raw);
}

static void
a_changed_file_never_opens_to_other_content(void **state)
{
    struct holders *h = *state;

    expect_never_other_content(&h->p256, 1);
    expect_never_other_content(&h->rsa, 7); /* slow */
}

static void
nothing_may_follow_a_file(void **state)
{
    struct holders *h = *state;
    struct gv_bytes der = seal(&h->p256, fixture_text("x"));
    uint8_t *longer = calloc(1, der.len + 1);

    assert_non_null(longer);
    memcpy(longer, der.p, der.len);
    expect_closed(&h->p256, gv_bytes(longer, der.len + 1), "not AuthEnveloped");
    expect_closed(&h->p256, fixture_text("no file"), "not AuthEnveloped");
    expect_closed(&h->p256, gv_bytes(NULL, 0), "not AuthEnveloped");
    free(longer);
    free((void *)der.p);
}

/* The two bytes of a length after 0x82. */
static void
shorten(uint8_t *at, unsigned by)
{
    unsigned len = (unsigned)at[2] << 8 | at[3];

    assert_int_equal(at[1], 0x82);
    len -= by;
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)len;
}

/* The library takes a tag of one byte, which is right for one forgery in 256:
 * all lengths but 16 are refused before it is asked. */
static void
a_tag_that_can_be_guessed_is_refused(void **state)
{
    struct holders *h = *state;

    for (unsigned tag = 0; tag <= 16; tag++) {
        struct gv_bytes der = seal(&h->p256, fixture_text("some content"));
        uint8_t *raw = (uint8_t *)der.p, *out;
        struct gv_error e;
        size_t len;

        shorten(raw, 16 - tag); /* ContentInfo, [0], AuthEnvelopedData */
        shorten(raw + 17, 16 - tag);
        shorten(raw + 21, 16 - tag);
        raw[der.len - 17] = (uint8_t)tag;
        out = open_as(&h->p256, gv_bytes(raw, der.len - 16 + tag), &len, &e);
        assert_int_equal(out != NULL, tag == 16);
        free(out);
        free(raw);
    }
}

/* The key of an AuthEnvelopedData opens an EnvelopedData with the same
 * recipients and anything as its content. */
static void
what_has_no_tag_is_refused(void **state)
{
    struct holders *h = *state;
    STACK_OF(X509) *to = fixture_stack(h->p256.cert, NULL, NULL, NULL);
    BIO *in = BIO_new_mem_buf("x", 1);
    CMS_ContentInfo *cms = CMS_encrypt(to, in, EVP_aes_256_cbc(), CMS_BINARY);
    unsigned char *der = NULL;
    int len = i2d_CMS_ContentInfo(cms, &der);

    assert_true(len > 0);
    expect_closed(&h->p256, gv_bytes(der, (size_t)len), "not AuthEnveloped");
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    sk_X509_pop_free(to, X509_free);
}

/* --- another reader --- */

static void
save(const char *path, struct gv_bytes bytes)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
}

static void
save_text(const char *path, char *text)
{
    assert_non_null(text);
    save(path, fixture_text(text));
    free(text);
}

/* In dir, where the files are. */
static int
openssl_decrypt(const char *dir)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        if (chdir(dir) == 0)
            execlp("openssl", "openssl", "cms", "-decrypt", "-inform", "DER",
                   "-in", "file", "-recip", "cert.pem", "-inkey", "key.pem",
                   "-out", "out", (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
expect_openssl_opens(const struct fixture_id *to)
{
    static const char text[] = "a\r\nfile\n for the holder";
    struct support_dir dir;
    struct gv_bytes der = seal(to, fixture_text(text));
    char path[4][PATH_MAX + 16];
    static const char *const names[] = {"file", "cert.pem", "key.pem", "out"};
    uint8_t *out;
    size_t len;

    support_dir_make(&dir);
    for (unsigned i = 0; i < 4; i++)
        (void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir.path, names[i]);
    save(path[0], der);
    save_text(path[1], gv_x509_pem(to->cert));
    save_text(path[2], gv_x509_key_pem(to->key, NULL, &len));
    assert_int_equal(openssl_decrypt(dir.path), 0);
    out = support_file(path[3], &len);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(out, text, len);
    free(out);
    free((void *)der.p);
    support_dir_remove(&dir);
}

static void
the_openssl_program_opens_it(void **state)
{
    struct holders *h = *state;

    expect_openssl_opens(&h->p256);
    expect_openssl_opens(&h->rsa);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_opened),
        cmocka_unit_test(a_file_is_for_one_holder),
        cmocka_unit_test(nothing_is_sealed_for_a_key_that_cannot_open),
        cmocka_unit_test(a_changed_file_never_opens_to_other_content),
        cmocka_unit_test(nothing_may_follow_a_file),
        cmocka_unit_test(a_tag_that_can_be_guessed_is_refused),
        cmocka_unit_test(what_has_no_tag_is_refused),
        cmocka_unit_test(the_openssl_program_opens_it),
    };

    return cmocka_run_group_tests_name("cms", tests, setup, teardown);
}
