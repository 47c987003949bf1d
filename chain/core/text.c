/* text.c - well-formed UTF-8 without control characters (text.h). */
#include "chain/core/text.h"

/* Length of the sequence at p and its code point; 0: malformed. Overlong
 * forms, surrogates and values above U+10FFFF are malformed (RFC 3629). */
static size_t
sequence(const uint8_t *p, size_t left, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xc0 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
               : p[0] < 0xf8 ? 4
                             : 0;

    if (n == 0 || n > left)
        return 0;
    *point = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (p[i] & 0x3f);
    }
    if (*point < least[n] || *point > 0x10ffff ||
        (*point >= 0xd800 && *point <= 0xdfff))
        return 0;
    return n;
}

static bool
is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

static bool
is_text(struct gv_bytes text, bool page)
{
    uint32_t point;
    size_t n;

    for (size_t i = 0; i < text.len; i += n) {
        n = sequence(text.p + i, text.len - i, &point);
        if (n == 0)
            return false;
        if (page && (point == '\n' || point == '\t'))
            continue;
        if (is_control(point))
            return false;
    }
    return true;
}

bool
text_is_line(struct gv_bytes text)
{
    return is_text(text, false);
}

bool
text_is_page(struct gv_bytes text)
{
    return is_text(text, true);
}

void
text_tame(char *text)
{
    uint8_t *p = (uint8_t *)text;
    size_t left = strlen(text), n;
    uint32_t point;

    for (; left > 0; p += n, left -= n) {
        n = sequence(p, left, &point);
        if (n > 0 && !is_control(point))
            continue;
        n = n > 0 ? n : 1;
        memset(p, '?', n);
    }
}
