/*
 * amount.c - checked money and its text form (gavel/amount.h).
 */
#include "gavel/amount.h"

#include "chain/core/decimal.h"

#define EXPONENT_MAX 8

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_tag_char(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z');
}

bool
gv_currency_valid(const struct gv_currency *c)
{
    size_t n = 0;

    while (n < sizeof(c->tag) && is_tag_char(c->tag[n]))
        n++;
    if (n == 0 || c->exponent > EXPONENT_MAX)
        return false;
    /* The rest is padding: one tag has one encoding. */
    for (; n < sizeof(c->tag); n++)
        if (c->tag[n] != '\0')
            return false;
    return true;
}

enum gv_rc
gv_currency_parse(const char *tag, uint8_t exponent, struct gv_currency *out)
{
    struct gv_currency c = {.exponent = exponent};
    size_t n = strlen(tag);

    if (n > sizeof(c.tag))
        return GV_REJECT;
    memcpy(c.tag, tag, n);
    if (!gv_currency_valid(&c))
        return GV_REJECT;
    *out = c;
    return GV_OK;
}

char *
gv_amount_text(struct gv_amount a, const struct gv_currency *c, char *out)
{
    char digits[DECIMAL_MAX];
    size_t n = decimal_put(a.minor, c->exponent + 1u, digits);
    size_t whole = n - c->exponent;
    char *p = out;

    memcpy(p, digits, whole);
    p += whole;
    if (c->exponent > 0) {
        *p++ = '.';
        memcpy(p, digits + whole, c->exponent);
        p += c->exponent;
    }
    *p++ = ' ';
    for (size_t i = 0; i < sizeof(c->tag) && c->tag[i] != '\0'; i++)
        *p++ = c->tag[i];
    *p = '\0';
    return out;
}

/* v = 10 v + digit; false when it does not fit. */
static bool
append_digit(uint64_t *v, unsigned digit)
{
    if (*v > (UINT64_MAX - digit) / 10)
        return false;
    *v = *v * 10 + digit;
    return true;
}

enum gv_rc
gv_amount_parse(const char *text, const struct gv_currency *c,
                struct gv_amount *out)
{
    const char *p = text;
    uint64_t v = 0;
    unsigned decimals = 0;

    if (!is_digit(*p))
        return GV_REJECT;
    for (; is_digit(*p); p++)
        if (!append_digit(&v, (unsigned)(*p - '0')))
            return GV_REJECT;
    if (*p == '.') {
        p++;
        if (!is_digit(*p))
            return GV_REJECT;
        for (; is_digit(*p) && decimals < c->exponent; p++, decimals++)
            if (!append_digit(&v, (unsigned)(*p - '0')))
                return GV_REJECT;
    }
    if (*p != '\0')
        return GV_REJECT;
    for (; decimals < c->exponent; decimals++)
        if (!append_digit(&v, 0))
            return GV_REJECT;
    out->minor = v;
    return GV_OK;
}
