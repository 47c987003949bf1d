/* test_bip39.c - the published vectors of recovery words, and bad words. */
#include "wallet/bip39.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "tests/support/support.h"

static void
words_and_seed_of_every_vector(void **state)
{
    json_t *file = support_vector_json("bip39/vectors_english.json");
    const json_t *list = json_object_get(file, "english"), *v;
    size_t i;

    (void)state;
    if (file == NULL)
        skip();
    assert_true(json_array_size(list) >= 24);
    json_array_foreach(list, i, v)
    {
        const char *hex = json_string_value(json_array_get(v, 0));
        const char *words = json_string_value(json_array_get(v, 1));
        uint8_t back[GV_BIP39_ENTROPY_MAX], seed[GV_BIP39_SEED_SIZE];
        char text[GV_BIP39_TEXT_MAX];
        struct gv_error e;
        size_t len, back_len;
        uint8_t *entropy = support_unhex_new(hex, &len);

        assert_int_equal(gv_bip39_words(gv_bytes(entropy, len), text), GV_OK);
        assert_string_equal(text, words);
        assert_int_equal(gv_bip39_entropy(words, back, &back_len, &e), GV_OK);
        assert_int_equal(back_len, len);
        assert_memory_equal(back, entropy, len);
        assert_int_equal(gv_bip39_seed(text, "TREZOR", seed), GV_OK);
        assert_true(support_hex_is(seed, sizeof(seed),
                                   json_string_value(json_array_get(v, 2))));
        free(entropy);
    }
    json_decref(file);
}

static void
the_list_is_the_published_one(void **state)
{
    char path[4096], word[16];
    FILE *f;
    unsigned n = 0;

    (void)state;
    if (!support_vector("bip39/english.txt", path))
        skip();
    f = fopen(path, "r");
    assert_non_null(f);
    while (fscanf(f, "%15s", word) == 1) {
        /* 12 words whose first 11 bits are n. */
        uint8_t entropy[16] = {(uint8_t)(n >> 3), (uint8_t)(n << 5)};
        char text[GV_BIP39_TEXT_MAX];

        assert_int_equal(gv_bip39_words(gv_bytes(entropy, 16), text), GV_OK);
        text[strcspn(text, " ")] = '\0';
        assert_string_equal(text, word);
        n++;
    }
    fclose(f);
    assert_int_equal(n, 2048);
}

static void
case_and_white_space_do_not_matter(void **state)
{
    uint8_t out[GV_BIP39_ENTROPY_MAX];
    struct gv_error e;
    size_t len;

    (void)state;
    assert_int_equal(
        gv_bip39_entropy("\n ABANDON abandon\tabandon  abandon abandon abandon "
                         "abandon abandon abandon abandon abandon About\r\n",
                         out, &len, &e),
        GV_OK);
    assert_int_equal(len, 16);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(out[i], 0);
}

static void
bad_words_are_named_by_position_alone(void **state)
{
    static const struct {
        const char *words, *error;
    } bad[] = {
        {"", "0 words"},
        {"abandon", "1 words"},
        {"abandon abandon abandon abandon abandon abandon abandon abandon "
         "abandon abandon abandon abandon",
         "checksum"},
        {"abandon abandn abandon abandon abandon abandon abandon abandon "
         "abandon abandon abandon about",
         "word 2 "},
        {"abandonabandonabandonabandon x", "word 1 "},
        {"abandon abandon abandon abandon abandon abandon abandon abandon "
         "abandon abandon abandon abandon abandon abandon abandon abandon "
         "abandon abandon abandon abandon abandon abandon abandon abandon "
         "abandon",
         "more than 24"},
    };
    uint8_t out[GV_BIP39_ENTROPY_MAX];
    struct gv_error e;
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(gv_bip39_entropy(bad[i].words, out, &len, &e),
                         GV_REJECT);
        assert_non_null(strstr(e.text, bad[i].error));
        assert_null(strstr(e.text, "aband"));
    }
}

static void
entropy_of_another_length_is_refused(void **state)
{
    uint8_t entropy[33] = {0};
    char text[GV_BIP39_TEXT_MAX];

    (void)state;
    assert_int_equal(gv_bip39_words(gv_bytes(entropy, 15), text), GV_REJECT);
    assert_int_equal(gv_bip39_words(gv_bytes(entropy, 18), text), GV_REJECT);
    assert_int_equal(gv_bip39_words(gv_bytes(entropy, 33), text), GV_REJECT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_seed_of_every_vector),
        cmocka_unit_test(the_list_is_the_published_one),
        cmocka_unit_test(case_and_white_space_do_not_matter),
        cmocka_unit_test(bad_words_are_named_by_position_alone),
        cmocka_unit_test(entropy_of_another_length_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
