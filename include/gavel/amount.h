/*
 * amount.h - money: unsigned 64-bit minor units, and their text form.
 *
 * A currency is a tag of up to four capital letters or digits and a decimal
 * exponent (EUR, 2: 12345 is 123.45). No floats, no rounding: a text with
 * more decimals than the exponent is refused.
 */
#ifndef GAVEL_AMOUNT_H
#define GAVEL_AMOUNT_H

#include "gavel/types.h"

struct gv_amount {
    uint64_t minor;
};

struct gv_currency {
    char tag[4];      /* padded with zero bytes, 1 to 4 of [A-Z0-9] */
    uint8_t exponent; /* 0 to 8 decimals */
};

bool gv_currency_valid(const struct gv_currency *c);
/* "EUR" -> tag; GV_REJECT for anything that is no tag. */
enum gv_rc gv_currency_parse(const char *tag, uint8_t exponent,
                             struct gv_currency *out) GV_MUST_CHECK;

/* "123.45 EUR". out holds at least 40 bytes. Returns out. */
char *gv_amount_text(struct gv_amount a, const struct gv_currency *c,
                     char *out);
/* "123.45" or "123" -> minor units. GV_REJECT: empty, sign, other characters,
 * too many decimals, too large. */
enum gv_rc gv_amount_parse(const char *text, const struct gv_currency *c,
                           struct gv_amount *out) GV_MUST_CHECK;

#endif
