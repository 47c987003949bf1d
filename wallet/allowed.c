/* allowed.c - the file of allowed bidders (wallet/allowed.h). */
#include "wallet/allowed.h"

#include <gavel/wire.h>
#include <stdlib.h>

#define KEY_DIGITS 64

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct gv_bytes
trim(struct gv_bytes line)
{
    const uint8_t *comment =
        line.len == 0 ? NULL : memchr(line.p, '#', line.len);

    if (comment != NULL)
        line.len = (size_t)(comment - line.p);
    while (line.len > 0 && is_blank(line.p[line.len - 1]))
        line.len--;
    while (line.len > 0 && is_blank(line.p[0]))
        line = gv_bytes(line.p + 1, line.len - 1);
    return line;
}

/* Decimal digits alone, 1 to UINT32_MAX. */
static bool
read_cap(struct gv_bytes text, uint32_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || v > UINT32_MAX / 10)
            return false;
        v = v * 10 + (uint64_t)(text.p[i] - '0');
    }
    *out = (uint32_t)v;
    return v >= 1 && v <= UINT32_MAX;
}

static bool
read_entry(struct gv_bytes line, bool caps, uint8_t out[GV_ALLOWED_ENTRY])
{
    char hex[KEY_DIGITS + 1];
    uint32_t cap = 0;

    if (line.len < KEY_DIGITS)
        return false;
    memcpy(hex, line.p, KEY_DIGITS);
    hex[KEY_DIGITS] = '\0';
    if (gv_unhex(hex, out, 32) != GV_OK)
        return false;
    line = gv_bytes(line.p + KEY_DIGITS, line.len - KEY_DIGITS);
    if (line.len > 0 &&
        (!caps || !is_blank(line.p[0]) || !read_cap(trim(line), &cap)))
        return false;
    gv_le32_put(out + 32, cap);
    return true;
}

static int
by_key(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static enum gv_rc
read_lines(const struct gv_allowed_file *file, uint8_t *list, size_t *n,
           struct gv_error *e)
{
    struct gv_bytes rest = file->text;

    for (unsigned number = 1; rest.len > 0; number++) {
        const uint8_t *end = memchr(rest.p, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.p) : rest.len;
        struct gv_bytes line = trim(gv_bytes(rest.p, len));

        len += end != NULL;
        rest = gv_bytes(rest.p + len, rest.len - len);
        if (line.len == 0)
            continue;
        if (*n == GV_ALLOWED_MAX) {
            gv_error_set(e, "%s: more than %d bidders", file->name,
                         GV_ALLOWED_MAX);
            return GV_REJECT;
        }
        if (!read_entry(line, file->caps, list + *n * GV_ALLOWED_ENTRY)) {
            gv_error_set(e, "%s:%u: expected a ledger key of 64 hex digits%s",
                         file->name, number,
                         file->caps ? " and maybe a cap"
                                    : " alone (caps need --per-bidder)");
            return GV_REJECT;
        }
        ++*n;
    }
    return GV_OK;
}

enum gv_rc
gv_allowed_read(const struct gv_allowed_file *file, struct gv_bytes *list,
                struct gv_error *e)
{
    uint8_t *entries = malloc((size_t)GV_ALLOWED_MAX * GV_ALLOWED_ENTRY);
    size_t n = 0;
    enum gv_rc rc;

    if (entries == NULL) {
        gv_error_set(e, "%s: out of memory", file->name);
        return GV_FAULT;
    }
    rc = read_lines(file, entries, &n, e);
    if (rc != GV_OK) {
        free(entries);
        return rc;
    }
    qsort(entries, n, GV_ALLOWED_ENTRY, by_key);
    *list = gv_bytes(entries, n * GV_ALLOWED_ENTRY);
    return GV_OK;
}
