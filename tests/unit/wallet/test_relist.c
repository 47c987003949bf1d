/*
 * test_relist.c - the line that links an auction to an older one
 * (wallet/relist.h).
 */
#include "wallet/relist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static const struct gv_chain_id first = {{1, 2}}, second = {{3, 4}};

static struct gv_bytes
view(const char *text)
{
    return gv_bytes(text, strlen(text));
}

static void
the_newest_link_is_the_last_line(void **state)
{
    struct gv_chain_id found;
    size_t len, again_len;
    char *once = gv_relist_text(view("A chair.\n"), &first, &len), *again;

    (void)state;
    assert_non_null(once);
    assert_int_equal(strlen(once), len);
    assert_memory_equal(once, "A chair.\n\nRelisted from auction 0102", 36);
    assert_true(gv_relist_from(view(once), &found));
    assert_true(GV_ID_EQ(&found, &first));
    again = gv_relist_text(view(once), &second, &again_len);
    assert_non_null(again);
    assert_int_equal(again_len, len);
    assert_true(gv_relist_from(view(again), &found));
    assert_true(GV_ID_EQ(&found, &second));
    assert_null(strstr(again, "0102"));
    free(once);
    free(again);
    once = gv_relist_text(view(""), &first, &len);
    assert_non_null(once);
    assert_int_equal(once[0], 'R');
    free(once);
}

static void
other_texts_have_no_link(void **state)
{
    static char long_text[GV_TEXT_MAX + 1];
    struct gv_chain_id found;
    size_t len;
    char *once = gv_relist_text(view("x"), &first, &len);

    (void)state;
    assert_false(gv_relist_from(view(""), &found));
    assert_false(gv_relist_from(view("Relisted from auction 01"), &found));
    assert_false(gv_relist_from(gv_bytes(once, len - 1), &found));
    once[2] = ' '; /* not at the beginning of a line */
    assert_false(gv_relist_from(view(once), &found));
    once[2] = '\n';
    once[len - 1] = 'g'; /* no hex digit */
    assert_false(gv_relist_from(view(once), &found));
    free(once);
    memset(long_text, 'x', GV_TEXT_MAX);
    assert_null(gv_relist_text(view(long_text), &first, &len));
    assert_true(len > GV_TEXT_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_link_is_the_last_line),
        cmocka_unit_test(other_texts_have_no_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
