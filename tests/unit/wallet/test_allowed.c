/* test_allowed.c - the file of allowed bidders. */
#include "wallet/allowed.h"

#include <gavel/wire.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static enum gv_rc
parse(const char *text, bool caps, struct gv_bytes *list, struct gv_error *e)
{
    return gv_allowed_read(
        &(struct gv_allowed_file){"file", gv_bytes(text, strlen(text)), caps},
        list, e);
}

static void
entries_come_out_in_order(void **state)
{
    struct gv_bytes list;
    struct gv_error e;

    (void)state;
    assert_int_equal(
        parse("# who\n\n" B "\t 4294967295 # big\r\n \n" A, true, &list, &e),
        GV_OK);
    assert_int_equal(list.len, 2 * GV_ALLOWED_ENTRY);
    assert_int_equal(list.p[0], 0xaa);
    assert_int_equal(gv_le32(list.p + 32), 0);
    assert_int_equal(list.p[GV_ALLOWED_ENTRY], 0xbb);
    assert_int_equal(gv_le32(list.p + GV_ALLOWED_ENTRY + 32), UINT32_MAX);
    free((void *)list.p);
    assert_int_equal(parse("", false, &list, &e), GV_OK);
    assert_int_equal(list.len, 0);
    free((void *)list.p);
}

static void
a_bad_line_is_named(void **state)
{
    static const struct {
        const char *text;
        bool caps;
        const char *error;
    } cases[] = {
        {"a", false, "file:1: expected a ledger key of 64 hex digits alone"},
        {A "\n" A "1\n", true, "file:2: "},
        {"\n\n" A " 5\n", false, "file:3: "},
        {A " 0", true, "file:1: "},
        {A " -1", true, "file:1: "},
        {A " +1", true, "file:1: "},
        {A " 4294967296", true, "file:1: "},
        {A " 1 2", true, "file:1: "},
        {A "g", true, "file:1: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gv_bytes list;
        struct gv_error e;

        assert_int_equal(parse(cases[i].text, cases[i].caps, &list, &e),
                         GV_REJECT);
        if (strncmp(e.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("case %zu: %s", i, e.text);
    }
}

static void
there_is_a_most(void **state)
{
    size_t len = (size_t)(GV_ALLOWED_MAX + 1) * 65;
    char *text = malloc(len + 1);
    struct gv_bytes list;
    struct gv_error e;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i <= GV_ALLOWED_MAX; i++)
        snprintf(text + i * 65, 66, "%064zx\n", i);
    assert_int_equal(parse(text, false, &list, &e), GV_REJECT);
    assert_non_null(strstr(e.text, "more than"));
    text[len - 65] = '\0';
    assert_int_equal(parse(text, false, &list, &e), GV_OK);
    assert_int_equal(list.len, GV_ALLOWED_MAX * GV_ALLOWED_ENTRY);
    free((void *)list.p);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_out_in_order),
        cmocka_unit_test(a_bad_line_is_named),
        cmocka_unit_test(there_is_a_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
