/* Calendar files by RFC 5545. */
#include "wallet/ics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

static char *
calendar(const struct gv_appointment *a)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    gv_ics_begin(out);
    gv_ics_put(out, a, UINT64_C(1767323045000));
    gv_ics_end(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
an_appointment(void **state)
{
    const struct gv_appointment a = {"closes-ab@gavel", "A; b, c\\d",
                                     "one\ntwo\r", UINT64_C(1767323645999),
                                     900};
    char *text = calendar(&a);

    (void)state;
    assert_string_equal(
        text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
              "PRODID:-//Gavel//gavel agenda//EN\r\nCALSCALE:GREGORIAN\r\n"
              "BEGIN:VEVENT\r\nUID:closes-ab@gavel\r\n"
              "DTSTAMP:20260102T030405Z\r\nDTSTART:20260102T031405Z\r\n"
              "SUMMARY:A\\; b\\, c\\\\d\r\nDESCRIPTION:one\\ntwo\r\n"
              "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT900S\r\n"
              "DESCRIPTION:A\\; b\\, c\\\\d\r\nEND:VALARM\r\nEND:VEVENT\r\n"
              "END:VCALENDAR\r\n");
    free(text);
}

/* No line is longer than 75 bytes, no character is cut, and what is folded
 * reads as before. */
static void
long_lines_are_folded(void **state)
{
    char title[400] = "", unfolded[2000] = "";
    struct gv_appointment a = {"u", title, "", 0, 0};
    size_t n = 0;
    char *text;
    int end = 0;

    (void)state;
    for (size_t i = 0; i < 60; i++)
        end += snprintf(title + end, sizeof(title) - (size_t)end, "%s",
                        i % 3 == 0   ? "\xe2\x82\xac"
                        : i % 3 == 1 ? ","
                                     : "x");
    text = calendar(&a);
    for (char *line = text; *line != '\0';) {
        char *stop = strstr(line, "\r\n");

        assert_non_null(stop);
        assert_true(stop - line <= 75);
        assert_true(((unsigned char)line[*line == ' '] & 0xc0) != 0x80);
        line = stop + 2;
    }
    for (const char *p = text; *p != '\0';) {
        if (strncmp(p, "\r\n ", 3) == 0)
            p += 3;
        else if (*p == '\\')
            p++;
        else
            unfolded[n++] = *p++;
    }
    assert_non_null(strstr(unfolded, title));
    assert_null(strstr(text, "VALARM"));
    free(text);
}

static void
an_alarm_long_before(void **state)
{
    const struct gv_appointment a = {"u", "x", "", 0, UINT64_C(8640000000)};
    char *text = calendar(&a);

    (void)state;
    assert_non_null(strstr(text, "\r\nTRIGGER:-PT8640000000S\r\n"));
    free(text);
}

/* Nothing in a title makes a line of its own. */
static void
titles_stay_in_their_line(void **state)
{
    const struct gv_appointment a = {"u", "x\r\nATTACH:file\x01\x7f", "", 0, 0};
    char *text = calendar(&a);

    (void)state;
    assert_non_null(strstr(text, "SUMMARY:x\\nATTACH:file\r\n"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_appointment),
        cmocka_unit_test(long_lines_are_folded),
        cmocka_unit_test(an_alarm_long_before),
        cmocka_unit_test(titles_stay_in_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
