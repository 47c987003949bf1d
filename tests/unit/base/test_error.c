/* test_error.c - errors stay one printable line, whatever they quote. */
#include "src/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#include "chain/core/text.h"

static void
what_is_quoted_is_tamed(void **state)
{
    static const struct {
        const char *given, *kept;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"na\xc3\xafve \xf0\x9f\x92\xb6", "na\xc3\xafve \xf0\x9f\x92\xb6"},
        {"a\nb\tc\x7f", "a?b?c?"},
        {"\x1b[2J", "?[2J"},
        {"\xc2\x9b"
         "2J",
         "??2J"},                /* C1 */
        {"\xff\x80", "??"},      /* never in UTF-8 */
        {"\xc3(", "?("},         /* not continued */
        {"\xc0\xaf", "??"},      /* overlong */
        {"\xe2\x82", "??"},      /* cut */
        {"\xed\xa0\x80", "???"}, /* a surrogate */
    };
    struct gv_error e;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        gv_error_set(&e, "%s", cases[i].given);
        assert_string_equal(e.text, cases[i].kept);
    }
}

static void
a_cut_leaves_text(void **state)
{
    char text[1024];
    struct gv_error e;

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', shift);
        text[shift] = '\0';
        while (strlen(text) < 600)
            memcpy(text + strlen(text), "\xe2\x82\xac", 4);
        gv_error_set(&e, "%s", text);
        assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
        assert_true(text_is_line(gv_bytes(e.text, strlen(e.text))));
    }
}

static void
nobody_need_listen(void **state)
{
    (void)state;
    gv_error_set(NULL, "%d", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_quoted_is_tamed),
        cmocka_unit_test(a_cut_leaves_text),
        cmocka_unit_test(nobody_need_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
