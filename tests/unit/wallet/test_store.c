/* test_store.c - the wallet on disk: what is kept, what is refused. */
#include "wallet/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/support/support.h"
#include "wallet/words.h"

static const uint8_t entropy[32] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};

struct fixture {
    struct support_dir dir;
    char file[PATH_MAX + 16];
    struct gv_passphrase pass;
    struct gv_error e;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    support_dir_make(&f->dir);
    snprintf(f->file, sizeof(f->file), "%s/wallet.json", f->dir.path);
    f->pass.len = 4;
    memcpy(f->pass.text, "pass", 5);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    support_dir_remove(&f->dir);
    free(f);
    return 0;
}

static struct gv_wallet *
create(struct fixture *f)
{
    struct gv_wallet *w;

    assert_int_equal(gv_wallet_create(f->dir.path, gv_params_find("regtest"),
                                      gv_bytes(entropy, 32), &f->pass, &w,
                                      &f->e),
                     GV_OK);
    return w;
}

static void
a_wallet_comes_back_as_it_was_saved(void **state)
{
    struct fixture *f = *state;
    struct gv_wallet *w = create(f);
    struct gv_persona ann, back;
    uint8_t der[] = {1, 2, 3}, *got;
    size_t len;

    assert_int_equal(gv_wallet_add(w, "ann", &ann), GV_OK);
    assert_int_equal(gv_wallet_add(w, "bob", &back), GV_OK);
    ann.cred.key = ann.key;
    ann.cred.role = GV_ROLE_USER;
    ann.cred.not_after_ms = 99;
    ann.issuer.b[0] = 5;
    assert_int_equal(gv_wallet_certify(w, &ann, gv_bytes(der, 3)), GV_OK);
    assert_int_equal(gv_wallet_set_enrolled(w, 0, "ab"), GV_OK);
    json_object_set_new(gv_wallet_bids(w), "id", json_object());
    assert_int_equal(gv_wallet_save(w, &f->e), GV_OK);
    gv_wallet_free(w);

    assert_int_equal(gv_wallet_open(f->dir.path, &f->pass, &w, &f->e), GV_OK);
    assert_int_equal(gv_wallet_identities(w), 2);
    assert_int_equal(gv_wallet_find(w, "ann", &back), GV_OK);
    assert_true(back.certified && GV_ID_EQ(&back.key, &ann.key));
    assert_int_equal(back.cred.not_after_ms, 99);
    assert_int_equal(back.issuer.b[0], 5);
    assert_int_equal(gv_wallet_find(w, "bob", &back), GV_OK);
    assert_false(back.certified);
    assert_int_equal(gv_wallet_find(w, "eve", &back), GV_ABSENT);
    assert_true(gv_wallet_enrolled(w, 0, "ab"));
    assert_false(gv_wallet_enrolled(w, 1, "ab"));
    assert_int_equal(json_object_size(gv_wallet_bids(w)), 1);
    got = gv_wallet_der(w, 0, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(got, der, 3);
    free(got);
    gv_wallet_free(w);
}

static void
the_file_is_private_and_shows_no_secret(void **state)
{
    struct fixture *f = *state;
    char hex[65], name[GV_SEALED_NETWORK_MAX + 1];
    struct stat st;
    uint8_t *text;
    size_t len;

    gv_wallet_free(create(f));
    assert_int_equal(stat(f->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    text = support_file(f->file, &len);
    assert_null(strstr((char *)text, gv_hex(entropy, 5, hex)));
    assert_null(memmem(text, len, entropy, 5));
    free(text);
    assert_int_equal(gv_wallet_network(f->dir.path, name, &f->e), GV_OK);
    assert_string_equal(name, "regtest");
}

static void
a_wrong_passphrase_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct gv_wallet *w;

    gv_wallet_free(create(f));
    f->pass.text[3] = 'S';
    assert_int_equal(gv_wallet_open(f->dir.path, &f->pass, &w, &f->e),
                     GV_REJECT);
    assert_non_null(strstr(f->e.text, "wrong passphrase"));
    assert_null(strstr(f->e.text, "pasS"));
}

static void
a_second_wallet_does_not_replace_the_first(void **state)
{
    struct fixture *f = *state;
    struct gv_wallet *w;

    gv_wallet_free(create(f));
    assert_int_equal(gv_wallet_create(f->dir.path, gv_params_find("regtest"),
                                      gv_bytes(entropy, 32), &f->pass, &w,
                                      &f->e),
                     GV_REJECT);
}

/* Any byte: the file still opens to the same, or is refused with words. */
static void
a_changed_byte_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct gv_wallet *w;
    uint8_t *text;
    size_t len, refused = 0;

    gv_wallet_free(create(f));
    text = support_file(f->file, &len);
    for (size_t i = 0; i < len; i++) {
        FILE *out = fopen(f->file, "wb");

        assert_non_null(out);
        text[i] ^= 1;
        assert_int_equal(fwrite(text, 1, len, out), len);
        assert_int_equal(fclose(out), 0);
        text[i] ^= 1;
        f->e.text[0] = '\0';
        /* Another power of two would only cost time. */
        if (i > 0 && text[i] >= '0' && text[i] <= '9' && text[i - 1] <= '9' &&
            memmem(text + (i < 12 ? 0 : i - 12), 12, "\"n\"", 3) != NULL)
            continue;
        if (gv_wallet_open(f->dir.path, &f->pass, &w, &f->e) == GV_OK) {
            gv_wallet_free(w);
            /* White space and the case of hex digits carry no meaning. */
            assert_true(text[i] <= ' ' || (text[i] ^ 1) <= ' ');
        } else {
            assert_true(f->e.text[0] != '\0');
            refused++;
        }
    }
    assert_true(refused > len / 2);
    free(text);
}

/* What scrypt does not take is the file's fault, not the machine's. */
static void
parameters_that_scrypt_refuses(void **state)
{
    static const struct {
        const char *n, *r;
    } bad[] = {{"1", "8"}, {"0", "8"}, {"3", "8"}, {"65536", "1"}};
    struct fixture *f = *state;
    struct gv_sealed k;
    char text[512];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text),
                 "{\"format\":\"gavel-wallet\",\"version\":1,\"network\":"
                 "\"regtest\",\"cipher\":\"aes-256-gcm\",\"kdf\":{\"name\":"
                 "\"scrypt\",\"n\":%s,\"r\":%s,\"p\":1,\"salt\":\"%064d\"}}",
                 bad[i].n, bad[i].r, 0);
        assert_int_equal(
            gv_sealed_head(
                &(struct gv_sealed_file){&gv_sealed_wallet, "file",
                                         gv_bytes(text, strlen(text))},
                &k, &f->e),
            GV_REJECT);
        assert_non_null(strstr(f->e.text, "kdf.n"));
    }
}

static void
no_wallet_is_said_so(void **state)
{
    struct fixture *f = *state;
    struct gv_wallet *w;

    assert_int_equal(gv_wallet_open(f->dir.path, &f->pass, &w, &f->e),
                     GV_ABSENT);
    assert_false(gv_wallet_exists(f->dir.path));
}

static void
amounts_in_words(void **state)
{
    static const struct {
        uint64_t minor;
        uint8_t exponent;
        const char *words;
    } cases[] = {
        {0, 0, "zero EUR"},
        {5, 2, "zero and 05/100 EUR"},
        {123450, 2, "one thousand two hundred thirty-four and 50/100 EUR"},
        {1000000, 0, "one million EUR"},
        {20015, 0, "twenty thousand fifteen EUR"},
        {UINT64_MAX, 0,
         "eighteen quintillion four hundred forty-six quadrillion seven "
         "hundred forty-four trillion seventy-three billion seven hundred nine "
         "million five hundred fifty-one thousand six hundred fifteen EUR"},
    };
    struct gv_currency c;
    char out[GV_WORDS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(gv_currency_parse("EUR", cases[i].exponent, &c),
                         GV_OK);
        assert_string_equal(
            gv_words((struct gv_amount){cases[i].minor}, &c, out),
            cases[i].words);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_wallet_comes_back_as_it_was_saved,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_file_is_private_and_shows_no_secret,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_passphrase_opens_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_second_wallet_does_not_replace_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(parameters_that_scrypt_refuses, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_noticed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_wallet_is_said_so, setup, teardown),
        cmocka_unit_test(amounts_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
