/* test_columns.c - tables and CSV of the wallet (wallet/columns.h). */
#include "wallet/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

/* One row under the heads "a|>b". */
static char *
csv_of(const char *first, const char *second)
{
    struct gv_columns *t = gv_columns_new("a|>b");
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(t);
    assert_non_null(out);
    gv_columns_cell(t, "%s", first);
    gv_columns_cell(t, "%s", second);
    gv_columns_csv(t, out);
    gv_columns_free(t);
    fclose(out);
    return text;
}

static void
test_what_separates_is_quoted(void **state)
{
    char *text = csv_of("A \"hat\", grey", "12.50 EUR");

    (void)state;
    assert_string_equal(text, "a,b\n\"A \"\"hat\"\", grey\",12.50 EUR\n");
    free(text);
}

static void
test_no_title_is_a_formula(void **state)
{
    static const char *const rows[][2] = {
        {"=HYPERLINK(1)", "a,b\n'=HYPERLINK(1),-\n"},
        {"=A1,\"x\"", "a,b\n\"'=A1,\"\"x\"\"\",-\n"},
        {"+1", "a,b\n'+1,-\n"},
        {"-50% today", "a,b\n'-50% today,-\n"},
        {"@SUM(1)", "a,b\n'@SUM(1),-\n"},
        {"a=b", "a,b\na=b,-\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = csv_of(rows[i][0], "-");

        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_separates_is_quoted),
        cmocka_unit_test(test_no_title_is_a_formula),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
