/* test_content.c - a wallet's bytes: what comes back, what is refused. */
#include "wallet/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define HEAD 33

static const uint8_t entropy[32] = {1, 2, 3};

static uint8_t *
written(const struct gv_content *c, size_t *len)
{
    uint8_t *data = gv_content_write(c, len);

    assert_non_null(data);
    return data;
}

static void
what_was_written_is_read(void **state)
{
    struct gv_content c, again;
    const char *what;
    uint8_t *data;
    size_t len;

    (void)state;
    for (size_t n = 16; n <= 32; n += 4) {
        assert_int_equal(gv_content_new(gv_bytes(entropy, n), &c), GV_OK);
        json_array_append_new(json_object_get(c.json, "identities"),
                              json_pack("{ss}", "name", "ann"));
        json_object_set_new(json_object_get(c.json, "bids"), "id",
                            json_object());
        data = written(&c, &len);
        assert_int_equal(gv_content_read(gv_bytes(data, len), &again, &what),
                         GV_OK);
        assert_null(what);
        assert_int_equal(again.entropy_len, n);
        assert_memory_equal(again.entropy, c.entropy, 32);
        assert_true(json_equal(again.json, c.json));
        gv_content_clear(&c);
        gv_content_clear(&again);
        free(data);
    }
}

static void
no_other_entropy_is_taken(void **state)
{
    static const uint8_t long_one[64] = {1};
    static const size_t bad[] = {0, 12, 15, 17, 31, 33, 36, 64};
    struct gv_content c;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(gv_content_new(gv_bytes(long_one, bad[i]), &c),
                         GV_REJECT);
}

static void
refuse(const uint8_t *data, size_t len, const char *part)
{
    struct gv_content c;
    const char *what = NULL;

    assert_int_equal(gv_content_read(gv_bytes(data, len), &c, &what),
                     GV_REJECT);
    assert_string_equal(what, part);
    assert_null(c.json);
}

static void
a_bad_head_is_named(void **state)
{
    struct gv_content c;
    uint8_t *data;
    size_t len;

    (void)state;
    assert_int_equal(gv_content_new(gv_bytes(entropy, 16), &c), GV_OK);
    data = written(&c, &len);
    for (size_t n = 0; n < HEAD; n++)
        refuse(data, n, "length");
    refuse(data, HEAD, "JSON");
    data[0] = 17;
    refuse(data, len, "entropy");
    data[0] = 255;
    refuse(data, len, "entropy");
    data[0] = 16;
    data[HEAD - 1] = 1; /* behind the entropy */
    refuse(data, len, "entropy");
    gv_content_clear(&c);
    free(data);
}

static void
a_bad_member_is_named(void **state)
{
    static const struct {
        const char *json, *part;
    } cases[] = {
        {"", "JSON"},
        {"[]", "JSON"},
        {"{\"bids\":{},\"bids\":{}}", "JSON"},
        {"{}", "identities"},
        {"{\"identities\":{}}", "identities"},
        {"{\"identities\":[1]}", "identities"},
        {"{\"identities\":[{\"name\":1}]}", "identities"},
        {"{\"identities\":[]}", "enrolled"},
        {"{\"identities\":[],\"enrolled\":[]}", "enrolled"},
        {"{\"identities\":[],\"enrolled\":{}}", "bids"},
        {"{\"identities\":[],\"enrolled\":{},\"bids\":[]}", "bids"},
        {"{\"identities\":[],\"enrolled\":{},\"bids\":{\"a\":1}}", "bids"},
    };
    uint8_t data[HEAD + 80] = {16};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = strlen(cases[i].json);

        memcpy(data + HEAD, cases[i].json, n);
        refuse(data, HEAD + n, cases[i].part);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(no_other_entropy_is_taken),
        cmocka_unit_test(a_bad_head_is_named),
        cmocka_unit_test(a_bad_member_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
