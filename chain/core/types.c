/* types.c - hex, and the wiping of secrets. */
#include "gavel/types.h"

#include <openssl/crypto.h>

void
gv_wipe(void *p, size_t len)
{
    OPENSSL_cleanse(p, len);
}

/* Of 0 to 15. It may be a secret's, so there is no table and no branch. */
static char
hex_digit(uint32_t v)
{
    uint32_t letter = (9 - v) >> 31;

    return (char)('0' + v + letter * ('a' - '9' - 1));
}

char *
gv_hex(const void *in, size_t len, char *out)
{
    const uint8_t *p = in;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_digit(p[i] >> 4);
        out[2 * i + 1] = hex_digit(p[i] & 15);
    }
    out[2 * len] = '\0';
    return out;
}

/* The value of one hex digit, or -1. */
static int
digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum gv_rc
gv_unhex(const char *hex, void *out, size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i++) {
        int high = digit(hex[2 * i]);
        int low = high < 0 ? -1 : digit(hex[2 * i + 1]);

        if (low < 0)
            return GV_REJECT;
        p[i] = (uint8_t)(high << 4 | low);
    }
    return hex[2 * len] == '\0' ? GV_OK : GV_REJECT;
}
