/* tst_time.c - the two time forms of DER, in their one canonical spelling. */
#include "chain/rules/tst_time.h"

struct clock {
    uint32_t year, month, day, hour, minute, second;
};

/* n decimal digits at p; false if one is none. */
static bool
number(const uint8_t *p, size_t n, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *out = *out * 10 + (uint32_t)(p[i] - '0');
    }
    return true;
}

static bool
leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* "MMDDhhmmss" behind a year that is already known. */
static bool
read_rest(const uint8_t *p, struct clock *c)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31};

    if (!number(p, 2, &c->month) || !number(p + 2, 2, &c->day) ||
        !number(p + 4, 2, &c->hour) || !number(p + 6, 2, &c->minute) ||
        !number(p + 8, 2, &c->second) || c->month < 1 || c->month > 12)
        return false;
    return c->day >= 1 &&
           c->day <= days[c->month - 1] +
                         (uint32_t)(c->month == 2 && leap(c->year)) &&
           c->hour < 24 && c->minute < 60 && c->second < 60;
}

static uint64_t
seconds_since_1970(const struct clock *c)
{
    static const uint16_t before[12] = {0,   31,  59,  90,  120, 151,
                                        181, 212, 243, 273, 304, 334};
    uint64_t y = c->year - 1;
    /* 719162 days lie between 0001-01-01 and 1970-01-01. */
    uint64_t day = y * 365 + y / 4 - y / 100 + y / 400 - 719162 +
                   before[c->month - 1] + c->day - 1 +
                   (uint64_t)(c->month > 2 && leap(c->year));

    return ((day * 24 + c->hour) * 60 + c->minute) * 60 + c->second;
}

/* ".f", 1 to 6 digits, the last not 0. */
static bool
read_fraction(const uint8_t *p, size_t len, uint32_t *us)
{
    if (len < 2 || len > 7 || p[0] != '.' || p[len - 1] == '0' ||
        !number(p + 1, len - 1, us))
        return false;
    for (size_t i = len; i < 7; i++)
        *us *= 10;
    return true;
}

bool
tst_time_general(struct gv_bytes text, uint64_t *us)
{
    struct clock c;
    uint32_t fraction = 0;

    if (text.len < 15 || text.p[text.len - 1] != 'Z' ||
        !number(text.p, 4, &c.year) || c.year < 2000 || c.year > 2200 ||
        !read_rest(text.p + 4, &c))
        return false;
    if (text.len > 15 && !read_fraction(text.p + 14, text.len - 15, &fraction))
        return false;
    *us = seconds_since_1970(&c) * 1000000 + fraction;
    return true;
}

bool
tst_time_utc(struct gv_bytes text)
{
    struct clock c;

    if (text.len != 13 || text.p[12] != 'Z' || !number(text.p, 2, &c.year) ||
        c.year > 49)
        return false;
    c.year += 2000;
    return read_rest(text.p + 2, &c);
}
