/* fuzz_amount.c - amounts and currencies as people write them: the first byte
 * chooses the decimals. What is accepted prints as a text that reads as the
 * same amount. */
#include "gavel/amount.h"
#include "tests/fuzz/fuzz.h"

static void
try_amount(const char *text, const struct gv_currency *c)
{
    struct gv_amount a, again;
    char out[40];

    if (gv_amount_parse(text, c, &a) != GV_OK)
        return;
    gv_amount_text(a, c, out);
    fuzz_must(strcmp(strchr(out, ' '), " X") == 0);
    *strchr(out, ' ') = '\0';
    fuzz_must(gv_amount_parse(out, c, &again) == GV_OK);
    fuzz_must(again.minor == a.minor);
}

static void
try_currency(const char *text, uint8_t exponent)
{
    struct gv_currency c;

    if (gv_currency_parse(text, exponent, &c) != GV_OK)
        return;
    fuzz_must(gv_currency_valid(&c) && c.exponent == exponent);
    fuzz_must(strlen(text) <= sizeof(c.tag));
    fuzz_must(strncmp(c.tag, text, sizeof(c.tag)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_currency c = {.tag = {'X'}};
    char *text;

    if (size < 1)
        return 0;
    text = fuzz_string(data + 1, size - 1);
    try_currency(text, data[0]);
    c.exponent = data[0] % 9;
    try_amount(text, &c);
    free(text);
    return 0;
}
