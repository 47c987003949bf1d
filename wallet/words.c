/* words.c - amounts in English words (wallet/words.h). */
#include "wallet/words.h"

#include <inttypes.h>
#include <stdio.h>

static void
add(char out[GV_WORDS_MAX], const char *separator, const char *word)
{
    size_t len = strlen(out);

    snprintf(out + len, GV_WORDS_MAX - len, "%s%s", len == 0 ? "" : separator,
             word);
}

/* 1 to 999. */
static void
add_hundreds(char out[GV_WORDS_MAX], unsigned n)
{
    static const char *const small[] = {
        "",        "one",     "two",       "three",    "four",
        "five",    "six",     "seven",     "eight",    "nine",
        "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
    static const char *const tens[] = {"",       "",      "twenty", "thirty",
                                       "forty",  "fifty", "sixty",  "seventy",
                                       "eighty", "ninety"};

    if (n >= 100) {
        add(out, " ", small[n / 100]);
        add(out, " ", "hundred");
        n %= 100;
    }
    if (n >= 20) {
        add(out, " ", tens[n / 10]);
        n %= 10;
        if (n > 0)
            add(out, "-", small[n]);
    } else if (n > 0) {
        add(out, " ", small[n]);
    }
}

char *
gv_words(struct gv_amount a, const struct gv_currency *c,
         char out[GV_WORDS_MAX])
{
    static const char *const scale[] = {"",           "thousand", "million",
                                        "billion",    "trillion", "quadrillion",
                                        "quintillion"};
    uint64_t unit = 1, whole;
    char part[320];

    for (unsigned i = 0; i < c->exponent; i++)
        unit *= 10;
    whole = a.minor / unit;
    out[0] = '\0';
    if (whole == 0)
        add(out, " ", "zero");
    for (int group = 6; group >= 0; group--) {
        uint64_t base = 1;

        for (int i = 0; i < group; i++)
            base *= 1000;
        if (whole / base % 1000 == 0)
            continue;
        add_hundreds(out, (unsigned)(whole / base % 1000));
        if (group > 0)
            add(out, " ", scale[group]);
    }
    if (c->exponent > 0) {
        snprintf(part, sizeof(part), "and %0*" PRIu64 "/%" PRIu64, c->exponent,
                 a.minor % unit, unit);
        add(out, " ", part);
    }
    snprintf(part, sizeof(part), "%.4s", c->tag);
    add(out, " ", part);
    return out;
}
