/* ics.c - appointments as an iCalendar file (wallet/ics.h). */
#include "wallet/ics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define FOLD 75

struct line {
    FILE *out;
    int width; /* bytes so far */
};

static bool
continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes that must stay together; RFC 5545, 3.1. */
static void
put_unit(struct line *l, const char *p, int n)
{
    if (l->width + n > FOLD) {
        fputs("\r\n ", l->out);
        l->width = 1;
    }
    fwrite(p, 1, (size_t)n, l->out);
    l->width += n;
}

/* 3.3.11 TEXT: what separates values is escaped, what steers is left out. */
static void
put_text(struct line *l, const char *text)
{
    for (const char *p = text; *p != '\0';) {
        int n = 1;

        while (continues(p[n]))
            n++;
        if (*p == '\n')
            put_unit(l, "\\n", 2);
        else if (strchr("\\;,", *p) != NULL) {
            char pair[2] = {'\\', *p};

            put_unit(l, pair, 2);
        } else if ((unsigned char)*p >= 0x20 && *p != 0x7f)
            put_unit(l, p, n);
        p += n;
    }
}

static void
put_line(FILE *out, const char *name, const char *text)
{
    struct line l = {out, 0};

    put_unit(&l, name, (int)strlen(name));
    put_unit(&l, ":", 1);
    put_text(&l, text);
    fputs("\r\n", out);
}

static void
put_time(FILE *out, const char *name, uint64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    char text[32] = "19700101T000000Z";
    struct tm tm;

    if (gmtime_r(&s, &tm) != NULL)
        strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
    fprintf(out, "%s:%s\r\n", name, text);
}

void
gv_ics_begin(FILE *out)
{
    fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Gavel//gavel agenda//EN"
          "\r\nCALSCALE:GREGORIAN\r\n",
          out);
}

void
gv_ics_put(FILE *out, const struct gv_appointment *a, uint64_t now_ms)
{
    fputs("BEGIN:VEVENT\r\n", out);
    put_line(out, "UID", a->uid);
    put_time(out, "DTSTAMP", now_ms);
    put_time(out, "DTSTART", a->at_ms);
    put_line(out, "SUMMARY", a->summary);
    put_line(out, "DESCRIPTION", a->text);
    if (a->alarm_s > 0) {
        fprintf(out,
                "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT%" PRIu64 "S\r\n",
                a->alarm_s);
        put_line(out, "DESCRIPTION", a->summary);
        fputs("END:VALARM\r\n", out);
    }
    fputs("END:VEVENT\r\n", out);
}

void
gv_ics_end(FILE *out)
{
    fputs("END:VCALENDAR\r\n", out);
}
